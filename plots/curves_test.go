package plots

import (
	"math"
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
