package plots

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"gonum.org/v1/plot/vg"

	"nuclab/nucnet/nuclide"
)

// everyFigure is one of each kind, with real networks' numbers of nuclides, at the width that it has unless told.
func everyFigure(t testing.TB) map[string]*Figure {
	t.Helper()
	list := parse(t, "neut h1 he4 c12 o16 ne20 mg24 si28 s32 ar36 ca40 ti44 cr48 fe52 fe54 fe56 ni56 zn60 kr72 sr80 zr90")
	x := make([]float64, len(list))
	for i := range x {
		x[i] = math.Pow10(-i % 7)
	}
	panel := ChartPanel{"*T* = 7 GK", list, x}
	flow := FlowPanel{"", list, x, []Arrow{{list[2], list[3], 1}, {list[7], list[8], 1e-3}}}
	curve := Curve{"^{12}C", []float64{1, 10, 100}, []float64{1e-9, 1e-3, 10}}
	out := map[string]*Figure{}
	for name, f := range map[string]interface{ Figure() (*Figure, error) }{
		"abundances":   silicon(t),
		"architecture": paperNet(11),
		"chart":        Chart{Panels: []ChartPanel{panel}},
		"three charts": Chart{Panels: []ChartPanel{panel, panel, panel}},
		"six charts":   Chart{Panels: slices.Repeat([]ChartPanel{panel}, 6)},
		"by mass":      ByMass{Nuclides: list, Series: []Series{{"burn", x}, {"NNN", x}}},
		"comparison":   Comparison{Nuclides: list, Series: []Series{{"burn", x}, {"NNN", x}}},
		"parity":       Parity{Nuclides: list, Reference: x, Prediction: x},
		"curves":       Curves{Curves: []Curve{curve}, XLabel: "*T* (K)", YLabel: "*λ*"},
		"evolution":    cores(),
		"flows":        Flows{Panels: []FlowPanel{flow}},
		"histogram":    Histogram{Samples: []Sample{{"NNN", x}}, LogX: true, XLabel: "*X*"},
		"panels":       errorPanels(),
		"training":     Training{Train: []float64{3, 1, 0.5}, Validation: []float64{3, 1, 0.7}},
	} {
		fig, err := f.Figure()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = fig
	}
	return out
}

var fontSize = regexp.MustCompile(`font-size:([0-9.]+)px`)

// TestLegible: no letter of any figure is smaller in print than the 6 points that AAS Journals ask for.
func TestLegible(t *testing.T) {
	for name, f := range everyFigure(t) {
		sizes := fontSize.FindAllStringSubmatch(f.SVG(), -1)
		if len(sizes) == 0 {
			t.Errorf("%s: no text", name)
		}
		for _, m := range sizes {
			if size, err := strconv.ParseFloat(m[1], 64); err != nil || size < 6-1e-9 {
				t.Errorf("%s: type of %s points", name, m[1])
				break
			}
		}
	}
}

func TestPages(t *testing.T) {
	f, err := errorPanels().Figure()
	if err != nil {
		t.Fatal(err)
	}
	before := read(t, f)
	for p, want := range map[Page][2]vg.Length{
		OneColumnPage:  {OneColumn, OneColumn * f.Height / f.Width},
		TwoColumnsPage: {TwoColumns, f.Height},
		Slide:          {f.Width * (7.5 * vg.Inch / f.Height), 7.5 * vg.Inch}, // high, so that its height fills the slide
	} {
		g := f.For(p)
		if math.Abs(float64(g.Width/want[0]-1)) > 1e-9 || math.Abs(float64(g.Height/want[1]-1)) > 1e-9 {
			t.Errorf("%v: %v by %v, want %v", p, g.Width, g.Height, want)
		}
		if d := read(t, g); !slices.Contains(d.texts, "(a) mesa_80") || g.Alt != f.Alt || len(g.Data.Rows) != len(f.Data.Rows) {
			t.Errorf("%v: %q", p, d.texts)
		}
		if q, err := PageOf(p.String()); err != nil || q != p {
			t.Errorf("page %q is %v, %v", p.String(), q, err)
		}
	}
	// A slide has the same text, of the same sizes before it is enlarged.
	if after := read(t, f.For(Slide)); !slices.Equal(before.texts, after.texts) || before.paths != after.paths {
		t.Error("a slide shows something else")
	}
	if _, err := PageOf("poster"); err == nil {
		t.Error("no error for an unknown page")
	}
	wide, err := Chart{Panels: []ChartPanel{{"", nuclide.All(), make([]float64, len(nuclide.All()))}}, Max: 1, Width: TwoColumns}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	if g := wide.For(Slide); g.Width > slideWidth*1.0001 || g.Height > slideHeight*1.0001 {
		t.Errorf("a slide of %v by %v", g.Width, g.Height)
	}
}
