package plots

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// errorPanels is like the paper's figure of errors: three quantities for two networks.
func errorPanels() Panels {
	dt := []float64{1e-6, 1e-3, 1}
	var rows [][]Panel
	for k, name := range []string{"*Y*_{e}", "*ε*_{nuc}", "*ε*_{ν}"} {
		scale := math.Pow(10, float64(k))
		row := make([]Panel, 2)
		for c := range row {
			row[c] = Panel{
				Y: Scale{Label: "Error of " + name + " (%)"},
				Traces: []Trace{
					{Name: "NNN", X: dt, Y: []float64{0.4 * scale, 0.5 * scale, 0.45 * scale}, Look: Marks, Color: 3},
					{Name: "approx21", X: dt, Y: []float64{2 * scale, math.NaN(), 3 * scale}},
				},
			}
		}
		rows = append(rows, row)
	}
	rows[0][0].Title, rows[0][1].Title = "mesa_80", "mesa_151"
	rows[0][0].Bands = []Band{{Name: "published", Y: [2]float64{0.33, 0.53}}}
	return Panels{XLabel: "d*t* (s)", Rows: rows}
}

func TestPanels(t *testing.T) {
	f, err := errorPanels().Figure()
	if err != nil {
		t.Fatal(err)
	}
	if f.Width != TwoColumns {
		t.Errorf("width %v, want two columns", f.Width)
	}
	d := read(t, f)
	d.wants(t, "(a) mesa_80", "(b) mesa_151", "(c)", "(f)", "NNN", "approx21", "published", "nuc", "(%)", "\u22126")
	// The axes are labelled once: each row on the left, each column below.
	for text, want := range map[string]int{"Error of": 3, "d": 2, "NNN": 1} {
		if n := count(d.texts, text); n != want {
			t.Errorf("%q stands %d times, want %d", text, n, want)
		}
	}
	// 18 marks and one in the key; the band and its sample.
	if n := d.fills[strings.ToUpper(hexOf(lineColor(2)))]; n != 19 {
		t.Errorf("%d marks, want 19", n)
	}
	if n := d.fills["#E2E2E2"]; n != 2 {
		t.Errorf("%d bands, want 2", n)
	}
	if len(f.Data.Rows) != 38 || !slices.Equal(f.Data.Rows[0], []any{"a", "NNN", 1e-6, 0.4}) || !slices.Equal(f.Data.Rows[7], []any{"a", "published", "", 0.53}) {
		t.Errorf("data %v", f.Data.Rows[:8])
	}
	if !strings.Contains(f.Alt, "Panel (a), mesa_80, Error of Ye (%) against dt (s). NNN: 0.4 to 0.5. approx21: 2 to 3.") {
		t.Errorf("alt text %q", f.Alt)
	}
}

func count(list []string, s string) (n int) {
	for _, v := range list {
		if v == s {
			n++
		}
	}
	return n
}

// TestPanelsAligned: frames of one row have the same height, those of one column the same left edge, whatever stands on
// their axes.
func TestPanelsAligned(t *testing.T) {
	ps := errorPanels()
	ps.Rows[1][0].Y.Label = ""
	if err := second(ps.Figure()); err != nil {
		t.Fatal(err)
	}
	lay := panelsLayout{Panels: ps, columns: 2, panelHeight: 100}
	if err := lay.axes(); err != nil {
		t.Fatal(err)
	}
	for r := range ps.Rows {
		a, b := lay.left[r][0], lay.left[r][1]
		if a.min != b.min || a.max != b.max || a.hideLabels || !b.hideLabels {
			t.Errorf("row %d: axes %+v and %+v", r, a, b)
		}
	}
	ps.OwnY = true
	ps.Rows[0][1].Traces[1].Y = []float64{5, 50, 500}
	lay = panelsLayout{Panels: ps, columns: 2, panelHeight: 100}
	if err := lay.axes(); err != nil {
		t.Fatal(err)
	}
	if a, b := lay.left[0][0], lay.left[0][1]; a.max >= b.max || b.hideLabels {
		t.Errorf("own axes %+v and %+v", a, b)
	}
}

// TestPanelsTwoAxes: a trace on the right axis is drawn by that one's scale.
func TestPanelsTwoAxes(t *testing.T) {
	x := []float64{3, 6, 12}
	f, err := Panels{XLabel: "Layers", LinearX: true, Rows: [][]Panel{{{
		Y: Scale{Label: "Time (s)", Min: 1, Max: 100}, Right: Scale{Label: "Faster by", Linear: true, Min: 0, Max: 40},
		Traces: []Trace{{Name: "burner", X: x, Y: []float64{2, 4, 50}}, {Name: "ratio", X: x, Y: []float64{10, 20, 30}, Right: true, Look: Linked}},
	}}}}.Figure()
	if err != nil {
		t.Fatal(err)
	}
	read(t, f).wants(t, "Time (s)", "Faster by", "Layers", "20", "30")
	if f.Width != OneColumn {
		t.Errorf("width %v, want one column", f.Width)
	}
}

func TestPanelsErrors(t *testing.T) {
	for name, change := range map[string]func(*Panels){
		"no panels":   func(p *Panels) { p.Rows = nil },
		"ragged":      func(p *Panels) { p.Rows[1] = p.Rows[1][:1] },
		"lengths":     func(p *Panels) { p.Rows[0][0].Traces[0].X = nil },
		"infinite":    func(p *Panels) { p.Rows[0][0].Traces[0].Y[1] = math.Inf(1) },
		"nothing":     func(p *Panels) { p.Rows[2][1].Traces = nil },
		"all zero":    func(p *Panels) { p.Rows[2][1].Traces = []Trace{{X: []float64{1}, Y: []float64{0}}} },
		"band":        func(p *Panels) { p.Rows[0][0].Bands[0].Y = [2]float64{2, 1} },
		"backwards":   func(p *Panels) { p.Rows[0][0].Y.Min, p.Rows[0][0].Y.Max = 5, 2 },
		"look":        func(p *Panels) { p.Rows[0][0].Traces[0].Look = 17 },
		"mark":        func(p *Panels) { p.Rows[0][0].Traces[0].Mark = 9 },
		"colour":      func(p *Panels) { p.Rows[0][0].Traces[0].Color = -1 },
		"below 0":     func(p *Panels) { p.Rows[0][0].Y.Min = -1 },
		"empty right": func(p *Panels) { p.Rows[0][0].Right = Scale{Min: 3, Max: 2}; p.Rows[0][0].Traces[1].Right = true },
	} {
		p := errorPanels()
		change(&p)
		if _, err := p.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: panels: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
