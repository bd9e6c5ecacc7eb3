package plots

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestCurves(t *testing.T) {
	x, y := []float64{1, 2, 4, 8}, []float64{1e-3, 0, 1, 1e3}
	for name, c := range map[string]Curves{
		"logarithmic": {Curves: []Curve{{"^{12}C(α,γ)", x, y}, {"other", x, []float64{5, 4, 3, 2}}}, XLabel: "*T* (K)", YLabel: "λ"},
		"linear":      {Curves: []Curve{{"a", []float64{-1, 0, 1}, []float64{-2, 0, 5}}}, LinearX: true, LinearY: true},
		"level":       {Curves: []Curve{{"a", x, []float64{3, 3, 3, 3}}}, LinearY: true},
		"level, log":  {Curves: []Curve{{"a", x, []float64{3, 3, 3, 3}}}, Title: "*T*", Width: TwoColumns},
		"short axis":  {Curves: []Curve{{"a", x, y}}, Min: 1e-2, Max: 10},
	} {
		fig, err := c.Figure()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if svg := fig.SVG(); strings.Contains(svg, "NaN") || !strings.Contains(svg, "<svg") {
			t.Errorf("%s: %.200s", name, svg)
		}
	}
}

// TestCurvesDrawn: all points stand in the table, each curve is named once, and those of one look are told apart.
func TestCurvesDrawn(t *testing.T) {
	x := []float64{1, 10, 100}
	f, err := Curves{Curves: []Curve{{"^{12}C(α,γ)", x, []float64{1e-3, 1, 1e3}}, {"other", x, []float64{5, 4, 3}}}, XLabel: "*T* (K)", YLabel: "*λ*"}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Data.Rows) != 6 || !slices.Equal(f.Data.Rows[2], []any{"12C(α,γ)", 100.0, 1e3}) {
		t.Errorf("data %v", f.Data.Rows)
	}
	d := read(t, f)
	d.wants(t, "12", "C(α,γ)", "other", "T", "(K)", "λ", "\u22122", "1", "2")
	for _, i := range []int{0, 1} {
		if stroke := "stroke:" + strings.ToUpper(hexOf(lineColor(i))); !strings.Contains(f.SVG(), stroke) {
			t.Errorf("no line in %s", stroke)
		}
	}
}

func TestCurvesRefuse(t *testing.T) {
	x := []float64{1, 2, 3}
	for name, c := range map[string]Curves{
		"none":         {},
		"lengths":      {Curves: []Curve{{"a", x, x[:2]}}},
		"NaN":          {Curves: []Curve{{"a", x, []float64{1, math.NaN(), 2}}}},
		"infinite":     {Curves: []Curve{{"a", x, []float64{1, math.Inf(1), 2}}}},
		"nothing":      {Curves: []Curve{{"a", x, []float64{0, -1, 2}}}},
		"one x":        {Curves: []Curve{{"a", []float64{1, 1}, []float64{1, 2}}}},
		"backwards":    {Curves: []Curve{{"a", x, x}}, Min: 5, Max: 2},
		"from below 0": {Curves: []Curve{{"a", x, x}}, Min: -5, Max: 2},
	} {
		if _, err := c.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: curves: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
