package plots

import (
	"slices"
	"strings"
	"testing"
)

func TestByMass(t *testing.T) {
	list := parse(t, "neut h1 he4 si28 fe56 co56 ni56 fe57")
	b := ByMass{Nuclides: list, Series: []Series{{"burn", []float64{0.01, 0.02, 0.1, 0.2, 0.3, 0.1, 0.2, 0.07}}, {"NSE", []float64{0, 0, 0, 1e-9, 1, 0, 0, 0}}}}
	f, err := b.Figure()
	if err != nil {
		t.Fatal(err)
	}
	// Isobars count together, and mass numbers without a nuclide have no row.
	if len(f.Data.Rows) != 5 || !slices.Equal(f.Data.Columns, []string{"A", "burn", "NSE"}) {
		t.Fatalf("data %v", f.Data)
	}
	for i, want := range [][]any{{1, 0.03, 0.0}, {4, 0.1, 0.0}, {28, 0.2, 1e-9}, {56, 0.6000000000000001, 1.0}, {57, 0.07, 0.0}} {
		if !slices.Equal(f.Data.Rows[i], want) {
			t.Errorf("row %v, want %v", f.Data.Rows[i], want)
		}
	}
	d := read(t, f)
	d.wants(t, "burn", "NSE", "Mass number", "A", "56", "Fe", "28", "Si", "He", "H")
	if slices.Contains(d.texts, "57") {
		t.Error("the flank of a peak is named")
	}
	if !strings.Contains(f.Alt, "burn: most at A = 56, 0.6. NSE: most at A = 56, 1.") {
		t.Errorf("alt text %q", f.Alt)
	}
	for name, change := range map[string]func(*ByMass){
		"no series": func(b *ByMass) { b.Series = nil },
		"lengths":   func(b *ByMass) { b.Series[0].X = b.Series[0].X[1:] },
		"negative":  func(b *ByMass) { b.Series[0].X[0] = -1 },
		"minimum":   func(b *ByMass) { b.Min = 2 },
		"nothing":   func(b *ByMass) { b.Series[0].X = make([]float64, 8) },
	} {
		c := b
		c.Series = slices.Clone(b.Series)
		c.Series[0].X = slices.Clone(b.Series[0].X)
		change(&c)
		if _, err := c.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: by mass: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
