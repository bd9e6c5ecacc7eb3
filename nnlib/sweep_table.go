package nnlib

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
)

// Runs are the results of a sweep. A notebook shows them as a table of the
// settings that differ, the best epoch and its losses.
type Runs []Run

// differing returns the names of what is not the same in all runs: "t" and
// settings. First is left out where it is the width, as it is by default.
func (r Runs) differing() (names []string) {
	differ := func(of func(Run) any) bool {
		return slices.ContainsFunc(r, func(run Run) bool { return of(run) != of(r[0]) })
	}
	if differ(func(run Run) any { return run.Time }) {
		names = append(names, "t")
	}
	for i, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if f.Tag.Get("json") == "-" || f.Name == "First" && !differ(func(run Run) any { return run.Settings.First - run.Settings.Width }) {
			continue
		}
		if differ(func(run Run) any { return reflect.ValueOf(run.Settings).Field(i).Interface() }) {
			names = append(names, key(f))
		}
	}
	return names
}

// values returns settings by name.
func (r Run) values(names []string) []string {
	settings := reflect.ValueOf(r.Settings)
	at := map[string]string{"t": exact(r.Time)}
	if r.Time == 0 {
		at["t"] = "all"
	}
	for i, f := range reflect.VisibleFields(settings.Type()) {
		at[key(f)] = fmt.Sprint(settings.Field(i).Interface())
	}
	var values []string
	for _, n := range names {
		values = append(values, at[n])
	}
	return values
}

// losses returns the epochs, the number of the best, and the six losses of this.
func (r Run) losses(format func(float64) string) []string {
	epochs := 0
	if r.History != nil {
		epochs = len(r.History.Epochs)
	}
	if r.Best == nil {
		return []string{fmt.Sprint(epochs), "", "", "", "", "", "", ""}
	}
	row := []string{fmt.Sprint(epochs), fmt.Sprint(r.Best.Epoch)}
	for _, l := range []Loss{r.Best.Training, r.Best.Validation} {
		row = append(row, format(l.Total), format(l.Composition), format(l.Energy))
	}
	return row
}

var lossNames = []string{"epochs", "best_epoch", "training_total", "training_composition", "training_energy",
	"validation_total", "validation_composition", "validation_energy"}

// WriteCSV writes a line for each run: t in s, "all" for a physical net, the settings that differ, the
// number of weights, epochs, the best epoch and its losses, the file of the
// model or why there is none.
func (r Runs) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	names := r.differing()
	if !slices.Contains(names, "t") {
		names = append([]string{"t"}, names...)
	}
	c.Write(slices.Concat(names, []string{"weights"}, lossNames, []string{"model", "failed"}))
	for _, run := range r {
		c.Write(slices.Concat(run.values(names), []string{fmt.Sprint(run.Weights)}, run.losses(exact), []string{run.Model, run.Failed}))
	}
	c.Flush()
	return c.Error()
}

// WriteJSON writes all that is known of the runs, with their histories.
func (r Runs) WriteJSON(w io.Writer) error {
	return json.NewEncoder(w).Encode(struct {
		Schema string `json:"schema"`
		Runs   []Run  `json:"runs"`
	}{"nuclab.sweep/1", r})
}

// grid is the table for people.
func (r Runs) grid() [][]string {
	names := r.differing()
	rows := [][]string{slices.Concat(names, []string{"weights", "epochs", "best", "training loss", "validation loss", "of it composition", "failed"})}
	for _, run := range r {
		l := run.losses(func(v float64) string { return fmt.Sprintf("%.4g", v) })
		rows = append(rows, slices.Concat(run.values(names), []string{fmt.Sprint(run.Weights), l[0], l[1], l[2], l[5], l[6], run.Failed}))
	}
	return rows
}

// Markdown returns the table as a notebook shows it.
func (r Runs) Markdown() string {
	var b strings.Builder
	for i, row := range r.grid() {
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
	return b.String()
}

// String returns the table as text.
func (r Runs) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, row := range r.grid() {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
	return b.String()
}
