package cli

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// history is a log of MESA from before the depletion of oxygen to the collapse: time, T, rho, X of oxygen and silicon and
// the velocity of the core.
func history(t *testing.T, path string) {
	t.Helper()
	var b strings.Builder
	line := func(fields ...any) {
		for _, f := range fields {
			fmt.Fprintf(&b, "%41v", f)
		}
		b.WriteString(" \n")
	}
	line(1)
	line("version_number")
	line(`"r23.05.1"`)
	b.WriteString("\n")
	line(1, 2, 3, 4, 5, 6, 7, 8)
	line("model_number", "star_age_sec", "log_dt", "log_center_T", "log_center_Rho", "center_o16", "center_si28", "fe_core_infall")
	for i, row := range [][]float64{
		{0, 4, 9.2, 6.8, 0.3, 0.4, 0}, // oxygen burns
		{1e6, 4, 9.3, 7.1, 9e-4, 0.5, 0},
		{2e6, 3, 9.5, 7.9, 1e-6, 0.3, 0},
		{2.2e6, 2, 9.6, 8.3, 1e-7, 9e-4, 1e5},
		{2.20001e6, -2, 9.8, 9.2, 1e-8, 1e-5, 4e7}, // falls with 400 km/s
		{2.200011e6, -3, 9.9, 9.6, 1e-8, 1e-5, 9e7},
	} {
		line(i+1, row[0], row[1], row[2], row[3], row[4], row[5], row[6])
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestStarNotebooks runs the notebooks of figures 1, 2, 7 and A1, the first with a history of MESA and the others with
// little to do: every cell succeeds, and what the figures hold is right.
func TestStarNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the cells of notebooks")
	}
	dir := t.TempDir()
	history(t, filepath.Join(dir, "history.data"))
	run := func(name string, parameters ...string) (shown string, table [][]string) {
		t.Helper()
		shown, _ = runNotebook(t, dir, name, append([]string{"scale=tiny"}, parameters...)...)
		exported(t, dir, name)
		f, err := os.Open(filepath.Join(dir, "figures", name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r := csv.NewReader(f)
		r.Comment = '#'
		if table, err = r.ReadAll(); err != nil || len(table) < 2 {
			t.Fatalf("%s.csv: %d rows, %v", name, len(table), err)
		}
		return shown, table[1:]
	}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}

	// The star's track begins with the depletion of oxygen, and the collapse is where it falls faster than 300 km/s.
	shown, table := run("fig1", "histories=a star="+filepath.Join(dir, "history.data"))
	if len(table) != 5 || number(table[0][2]) != 1.200011e6 || math.Abs(number(table[0][3])/math.Pow(10, 9.3)-1) > 1e-9 {
		t.Errorf("fig1: %d rows, the first %v", len(table), table[0])
	}
	for _, want := range []string{"oxygen depleted", "silicon depleted", "6.31 GK", "1.6e+09 g/cm³"} {
		if !strings.Contains(shown, want) {
			t.Errorf("fig1: no %q in what it shows", want)
		}
	}

	// The drawing follows the hyperparameters.
	shown, _ = run("fig2", "full=false", "layers=4", "width=24", "first=20")
	if !strings.Contains(shown, "82-20-24-24-24-82 neurons wide") {
		t.Error("fig2: the drawing is of another net")
	}

	// Burns and nets have a time for each of the nine steps.
	_, table = run("fig7", "full=false", "batch=4")
	times := map[string]int{}
	for _, row := range table {
		if !(number(row[3]) > 0) {
			t.Errorf("fig7: %v", row)
		}
		times[row[0]+" "+row[1]]++
	}
	for _, want := range []string{"a burner, 80", "a burner, 151", "a approx21", "a physical net, 80", "b physical net, 80"} {
		if times[want] != 9 {
			t.Errorf("fig7: %d times of %s", times[want], want)
		}
	}

	// Of each panel the largest: the paper's labels in the upper row, of which the middle one does not name carbon, and those
	// of equilibrium, which no rate decides, in the lower one.
	_, table = run("figA1")
	x := map[string]float64{}
	for _, row := range table {
		x[row[0]+" "+row[1]] = number(row[4])
	}
	for panel, want := range map[int]string{1: "si30", 3: "si30", 4: "fe56", 5: "fe56", 6: "fe56"} {
		most := ""
		for _, row := range table {
			if row[0] == fmt.Sprint(panel) && (most == "" || number(row[4]) > x[row[0]+" "+most]) {
				most = row[1]
			}
		}
		if most != want {
			t.Errorf("figA1: panel %d has most of %s, want %s", panel, most, want)
		}
	}
	for _, labels := range []string{"1 si30 mg26 si31", "2 mg26 na23 b11 mg24", "3 si30 si31 mg26"} {
		for _, n := range strings.Fields(labels)[1:] {
			if x[labels[:2]+n] < 0.05 {
				t.Errorf("figA1: X(%s) = %g in panel %s, which the paper names", n, x[labels[:2]+n], labels[:1])
			}
		}
	}
	for key, v := range x {
		if name, ok := strings.CutPrefix(key, "5 "); ok && math.Abs(v-x["6 "+name]) > 1e-8 {
			t.Errorf("figA1: X(%s) = %g after burning, %g in equilibrium", name, v, x["6 "+name])
		}
	}
}
