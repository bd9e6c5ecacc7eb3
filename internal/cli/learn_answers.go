package cli

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"nuclab/nucnet/nuclide"
)

// answers writes what a model says of many states, row by row.
type answers interface {
	add(answerRow)
	flush() error // reports what any add met
	end() error
}

func newAnswers(w io.Writer, format string, p *prediction) answers {
	names := p.model.Nuclides()
	b := bufio.NewWriterSize(w, 1<<16)
	switch format {
	case "json":
		return newJSONAnswers(b, p)
	case "csv":
		c := &csvAnswers{b, csv.NewWriter(b)}
		c.w.Write(answerColumns(names))
		return c
	case "parquet":
		return newParquetAnswers(w, names)
	}
	t := &textAnswers{b}
	fmt.Fprintf(b, textHead, "row", "T [K]", "rho [g/cm3]", "t [s]", "ye", "q [erg/g]", "eps_nuc [erg/g]", "eps_nu [erg/g/s]", "in domain")
	return t
}

// answerColumns are the names of an answer's columns.
func answerColumns(names []nuclide.Nuclide) []string {
	columns := []string{"row", "T", "rho", "t"}
	for _, n := range names {
		columns = append(columns, "X_"+n.String())
	}
	return append(columns, "ye", "q", "eps_nuc", "eps_nuc_bbq", "eps_nu", "eps_nu_integral", "in_domain")
}

// numbers are the values of an answer's columns between the row and in_domain.
func (r answerRow) numbers() []float64 {
	v := append([]float64{r.T, r.rho, r.t}, r.X...)
	return append(v, r.Ye, r.Q, r.EpsNuc, r.Q-r.EpsNu*r.t, r.EpsNu, r.Q-r.EpsNuc)
}

type csvAnswers struct {
	b *bufio.Writer
	w *csv.Writer
}

func (c *csvAnswers) add(r answerRow) {
	record := []string{strconv.Itoa(r.row)}
	for _, v := range r.numbers() {
		record = append(record, strconv.FormatFloat(v, 'g', -1, 64))
	}
	c.w.Write(append(record, strconv.FormatBool(r.InDomain)))
}

func (c *csvAnswers) flush() error {
	c.w.Flush()
	return errors.Join(c.w.Error(), c.b.Flush())
}

func (c *csvAnswers) end() error { return c.flush() }

// jsonAnswers writes one document piece by piece.
type jsonAnswers struct {
	b     *bufio.Writer
	names []nuclide.Nuclide
	rows  int
	err   error
}

func newJSONAnswers(b *bufio.Writer, p *prediction) *jsonAnswers {
	head, err := json.Marshal(map[string]any{"schema": "nuclab.predict/1", "network": p.model.Network(),
		"options": map[string]string{"model": p.path, "states": p.states}})
	b.Write(head[:max(len(head)-1, 0)])
	b.WriteString(`,"samples":[`)
	return &jsonAnswers{b: b, names: p.model.Nuclides(), err: err}
}

func (j *jsonAnswers) add(r answerRow) {
	s := predicted(j.names, r.t, r.Prediction)
	t, rho := number(r.T), number(r.rho)
	s.T, s.Rho = &t, &rho
	text, err := json.Marshal(struct {
		Row int `json:"row"`
		burnSample
	}{r.row, s})
	j.err = errors.Join(j.err, err)
	if j.rows++; j.rows > 1 {
		j.b.WriteByte(',')
	}
	j.b.WriteByte('\n')
	j.b.Write(text)
}

func (j *jsonAnswers) flush() error { return errors.Join(j.err, j.b.Flush()) }

func (j *jsonAnswers) end() error {
	j.b.WriteString("\n]}\n")
	return j.flush()
}

// parquetAnswers writes columns in the order of their names.
type parquetAnswers struct {
	w     *parquet.GenericWriter[any]
	place []int // of each of answerColumns in the file
	rows  []parquet.Row
}

func newParquetAnswers(w io.Writer, names []nuclide.Nuclide) *parquetAnswers {
	columns := answerColumns(names)
	group := parquet.Group{}
	for _, c := range columns {
		group[c] = parquet.Leaf(parquet.DoubleType)
	}
	group["row"] = parquet.Leaf(parquet.Int64Type)
	group["in_domain"] = parquet.Leaf(parquet.BooleanType)
	sorted := slices.Sorted(slices.Values(columns))
	a := &parquetAnswers{w: parquet.NewGenericWriter[any](w, parquet.NewSchema("nuclab", group))}
	for _, c := range columns {
		a.place = append(a.place, slices.Index(sorted, c))
	}
	return a
}

func (a *parquetAnswers) add(r answerRow) {
	row := make(parquet.Row, len(a.place))
	put := func(column int, v parquet.Value) {
		row[a.place[column]] = v.Level(0, 0, a.place[column])
	}
	put(0, parquet.Int64Value(int64(r.row)))
	for i, v := range r.numbers() {
		put(i+1, parquet.DoubleValue(v))
	}
	put(len(a.place)-1, parquet.BooleanValue(r.InDomain))
	a.rows = append(a.rows, row)
}

func (a *parquetAnswers) flush() error {
	_, err := a.w.WriteRows(a.rows)
	a.rows = a.rows[:0]
	return errors.Join(err, a.w.Flush()) // a group of rows
}

func (a *parquetAnswers) end() error { return a.w.Close() }

// textAnswers is a table for people, without mass fractions.
type textAnswers struct{ b *bufio.Writer }

const textHead = "%8s  %-12s %-12s %-10s %-9s %-13s %-15s %-16s %s\n"

func (t *textAnswers) add(r answerRow) {
	g := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
	fmt.Fprintf(t.b, textHead, strconv.Itoa(r.row), g(r.T), g(r.rho), g(r.t), g(r.Ye), g(r.Q), g(r.EpsNuc), g(r.EpsNu), strconv.FormatBool(r.InDomain))
}

func (t *textAnswers) flush() error { return t.b.Flush() }
func (t *textAnswers) end() error   { return t.b.Flush() }
