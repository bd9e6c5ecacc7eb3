package plots

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestHistogram(t *testing.T) {
	h := Histogram{Samples: []Sample{{"NNN", []float64{1e-6, 2e-6, 1e-5, 5e-4, 0}}, {"approx21", []float64{1e-3, 1e-2}}}, Bins: 4, LogX: true, XLabel: "|Δ*Y*_{e}|"}
	f, err := h.Figure()
	if err != nil {
		t.Fatal(err)
	}
	// A bin is a decade here; the value of 0 is in none, that of the upper end in the last one.
	want := [][]any{{"NNN", 1e-6, 1e-5, 2.0}, {"NNN", 1e-5, 1e-4, 1.0}, {"NNN", 1e-4, 1e-3, 1.0}, {"NNN", 1e-3, 1e-2, 0.0},
		{"approx21", 1e-6, 1e-5, 0.0}, {"approx21", 1e-5, 1e-4, 0.0}, {"approx21", 1e-4, 1e-3, 0.0}, {"approx21", 1e-3, 1e-2, 2.0}}
	if len(f.Data.Rows) != len(want) {
		t.Fatalf("%d rows", len(f.Data.Rows))
	}
	for i, row := range f.Data.Rows {
		near := func(k int) bool { return math.Abs(row[k].(float64)/want[i][k].(float64)-1) < 1e-12 }
		if row[0] != want[i][0] || !near(1) || !near(2) || row[3] != want[i][3] {
			t.Errorf("row %d is %v, want %v", i, row, want[i])
		}
	}
	read(t, f).wants(t, "NNN", "approx21", "Number", "|Δ", "e", "0", "1")
	if !strings.Contains(f.Alt, "NNN: 5 values, most between 1e-06 and 1e-05.") {
		t.Errorf("alt text %q", f.Alt)
	}
	h.Fraction, h.LogY = true, true
	if f, err = h.Figure(); err != nil {
		t.Fatal(err)
	}
	if f.Data.Rows[0][3] != 0.4 || !slices.Contains(read(t, f).texts, "Fraction") {
		t.Errorf("fractions %v", f.Data.Rows[0])
	}
	one, err := Histogram{Samples: []Sample{{"", []float64{3, 3}}}}.Figure()
	if err != nil || len(one.Data.Rows) != 10 {
		t.Errorf("equal values: %v", err)
	}
}

func TestHistogramErrors(t *testing.T) {
	values := []Sample{{"a", []float64{1, 2}}}
	for name, h := range map[string]Histogram{
		"no samples":   {},
		"bins":         {Samples: values, Bins: -1},
		"not a number": {Samples: []Sample{{"a", []float64{math.NaN()}}}},
		"empty":        {Samples: []Sample{{"a", nil}}},
		"backwards":    {Samples: values, Min: 2, Max: 1},
		"outside":      {Samples: values, Min: 5, Max: 6},
		"from below 0": {Samples: values, Min: -1, Max: 2, LogX: true},
		"nothing":      {Samples: []Sample{{"a", []float64{-1, 0}}}, LogX: true},
	} {
		if _, err := h.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: histogram: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
