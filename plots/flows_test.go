package plots

import (
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet/nuclide"
)

func arrow(t testing.TB, from, to string, flow float64) Arrow {
	ends := parse(t, from+" "+to)
	return Arrow{ends[0], ends[1], flow}
}

func TestFlows(t *testing.T) {
	nuclides := parse(t, "h1 he4 si28 p31 s32 fe54 ni56 prot")
	x := []float64{1e-3, 0.01, 0.5, 1e-7, 0.2, 0.2, 0.1, 0}
	arrows := []Arrow{
		arrow(t, "si28", "s32", 3), arrow(t, "si28", "p31", 0.4), arrow(t, "p31", "s32", 0.4), arrow(t, "si28", "s32", 2),
		arrow(t, "ni56", "fe54", 1e-9), arrow(t, "he4", "h1", 1),
	}
	f, err := Flows{Panels: []FlowPanel{{"first", nuclides, x, arrows}, {"second", nuclides, nil, arrows[:1]}}, MinN: 10, MinZ: 10}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, f)
	d.wants(t, "(a) first", "(b) second", "Si", "S", "Ni", "Flow (mol g", "Neutron number", "X", "10", "1")
	if slices.Contains(d.texts, "He") {
		t.Error("helium is named on a chart from Z = 10 on")
	}
	// The scale goes from 1e-3 to 10. Two flows between the same nuclides are one arrow of 5; the smallest is not drawn.
	for flow, count := range map[float64]int{5: 1, 3: 1, 0.4: 2} {
		hex := strings.ToUpper(hexOf(arrowColor(1 + math.Log10(flow/10)/4).(color.NRGBA)))
		if d.fills[hex] != count {
			t.Errorf("%d arrows in the colour %s of a flow of %g, want %d", d.fills[hex], hex, flow, count)
		}
	}
	if want := []any{1, "si28", "s32", 5.0}; len(f.Data.Rows) != 5 || !slices.Equal(f.Data.Rows[0], want) {
		t.Errorf("data %v, want first %v", f.Data.Rows, want)
	}
	if !strings.Contains(f.Alt, "Panel 1: largest si28 to s32 5, ") {
		t.Errorf("alt text %q", f.Alt)
	}
	if f.Width != TwoColumns {
		t.Errorf("width %v", f.Width)
	}
	none, err := Flows{Panels: []FlowPanel{{"", nuclides, x, nil}}}.Figure()
	if err != nil || none.Width != OneColumn {
		t.Errorf("without arrows: %v", err)
	}
}

func TestFlowErrors(t *testing.T) {
	nuclides := parse(t, "he4 si28 s32")
	x := []float64{0, 0.5, 0.5}
	panel := func(a ...Arrow) []FlowPanel { return []FlowPanel{{"", nuclides, x, a}} }
	for name, fl := range map[string]Flows{
		"no panels":      {},
		"lengths":        {Panels: []FlowPanel{{"", nuclides, x[1:], nil}}},
		"negative X":     {Panels: []FlowPanel{{"", nuclides, []float64{0, -1, 0}, nil}}},
		"twice":          {Panels: []FlowPanel{{"", append(slices.Clone(nuclides), nuclides[0]), nil, nil}}},
		"not in panel":   {Panels: panel(arrow(t, "si28", "ar36", 1))},
		"to itself":      {Panels: panel(arrow(t, "si28", "si28", 1))},
		"negative":       {Panels: panel(arrow(t, "si28", "s32", -1))},
		"not a number":   {Panels: panel(arrow(t, "si28", "s32", math.NaN()))},
		"scale":          {Panels: panel(), Min: 2, Max: 1},
		"nothing inside": {Panels: panel(), MinZ: 30},
		"below zero":     {Panels: panel(), MinZ: -1},
	} {
		if _, err := fl.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: flows: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestArrowColors: darker all the way, and the lightest still stands out from the palest cells.
func TestArrowColors(t *testing.T) {
	last := luminance(grayOf(0))
	if c := (last + 0.05) / (luminance(arrowColor(0)) + 0.05); c < 1.7 {
		t.Errorf("contrast of the smallest flow with an empty cell %.2f", c)
	}
	for i := range 101 {
		l := luminance(arrowColor(float64(i) / 100))
		if l >= last {
			t.Errorf("the scale is not darker at %d %%", i)
		}
		last = l
	}
	last = 2
	for _, x := range []float64{0, 1e-3, 1e-2, 0.1, 1} {
		l := luminance(grayOf(x))
		if l >= last {
			t.Errorf("the cell of X = %g is not darker", x)
		}
		last = l
	}
}

func BenchmarkFlows(b *testing.B) {
	nuclides := nuclide.All()
	p := FlowPanel{Nuclides: nuclides}
	for i := range nuclides[1:] {
		p.Arrows = append(p.Arrows, Arrow{nuclides[i], nuclides[i+1], float64(i)})
	}
	for b.Loop() {
		f, err := Flows{Panels: []FlowPanel{p}}.Figure()
		if err != nil {
			b.Fatal(err)
		}
		f.SVG()
	}
}
