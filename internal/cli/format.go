package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// output writes a verb's data as the table a person reads, or as JSON or CSV for a program.
type output struct {
	w      io.Writer
	format string
}

// outputFlag adds --format to cmd, which checks it before its work starts.
func (a *app) outputFlag(cmd *cobra.Command) *output {
	o := &output{w: a.stdout}
	cmd.Flags().StringVar(&o.format, "format", "table", "output: table, json or csv")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		switch o.format {
		case "table", "json", "csv":
			return nil
		}
		return badInput("--format: %q is none of table, json, csv", o.format)
	}
	return o
}

// grid is rows of strings, numbers and other printable values under column names.
type grid struct {
	head []string
	rows [][]any
}

func (t *grid) add(row ...any) { t.rows = append(t.rows, row) }

// write prints doc as JSON, or the tables, which carry the same facts, as text or CSV. Notes are lines for a person only.
func (o *output) write(doc any, notes []string, tables ...*grid) error {
	switch o.format {
	case "json":
		e := json.NewEncoder(o.w)
		e.SetEscapeHTML(false) // -> stays what it is
		return e.Encode(doc)
	case "csv":
		w := csv.NewWriter(o.w)
		for i, t := range tables {
			if i > 0 {
				w.Flush()
				fmt.Fprintln(o.w)
			}
			w.Write(t.head)
			for _, row := range t.rows {
				w.Write(cells(row, -1))
			}
		}
		w.Flush()
		return w.Error()
	}
	for _, n := range notes {
		fmt.Fprintln(o.w, n)
	}
	for i, t := range tables {
		if i > 0 || len(notes) > 0 {
			fmt.Fprintln(o.w)
		}
		w := tabwriter.NewWriter(o.w, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, strings.Join(t.head, "\t"))
		for _, row := range t.rows {
			fmt.Fprintln(w, strings.Join(cells(row, 6), "\t"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// cells formats a row; digits < 0 means all that a float64 has.
func cells(row []any, digits int) []string {
	s := make([]string, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case float64:
			s[i] = strconv.FormatFloat(v, 'g', digits, 64)
		default:
			s[i] = fmt.Sprint(v)
		}
	}
	return s
}

// number is a float64 in JSON, null where JSON has no such number.
type number float64

func (x number) MarshalJSON() ([]byte, error) {
	if v := float64(x); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
	}
	return []byte("null"), nil
}

// byName is a JSON object of numbers that keeps its order.
type byName[S fmt.Stringer] struct {
	names  []S
	values []float64
}

func (m byName[S]) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, name := range m.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, name.String())
		b = append(b, ':')
		v, _ := number(m.values[i]).MarshalJSON()
		b = append(b, v...)
	}
	return append(b, '}'), nil
}
