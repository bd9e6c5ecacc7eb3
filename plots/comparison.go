package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"nuclab/nucnet/nuclide"
)

// Comparison sets several compositions side by side, one nuclide a row, the largest mass fraction of the first
// composition on top, on a logarithmic axis: a burn beside a prediction, or beside nuclear statistical equilibrium.
type Comparison struct {
	Nuclides []nuclide.Nuclide
	Series   []Series // one to four
	Top      int      // rows; 0: 14
	Min      float64  // smallest X on the axis; 0: the power of ten at or below the smallest drawn, not under 1e-8
	Title    string   // in markup
	Width    vg.Length
}

// Series is a named composition, one mass fraction for each nuclide of the figure.
type Series struct {
	Name string // in markup
	X    []float64
}

// Figure draws the comparison. It reports lengths that do not fit and mass fractions that are negative or not finite.
func (co Comparison) Figure() (*Figure, error) {
	if len(co.Series) == 0 || len(co.Series) > 4 {
		return nil, fmt.Errorf("plots: comparison: %d compositions, want 1 to 4", len(co.Series))
	}
	for _, s := range co.Series {
		if err := checkFractions("comparison", s.Name, co.Nuclides, s.X); err != nil {
			return nil, err
		}
	}
	if co.Top <= 0 {
		co.Top = 14
	}
	if co.Width == 0 {
		co.Width = OneColumn
	}
	order := byFraction(co.Series[0].X)
	order = order[:min(co.Top, len(order))]
	lo, hi := math.Inf(1), 0.0
	data := Table{Columns: []string{"nuclide"}}
	for _, s := range co.Series {
		data.Columns = append(data.Columns, s.Name)
	}
	for _, i := range order {
		row := []any{co.Nuclides[i].String()}
		for _, s := range co.Series {
			row = append(row, s.X[i])
			if s.X[i] > 0 {
				lo, hi = min(lo, s.X[i]), max(hi, s.X[i])
			}
		}
		data.Rows = append(data.Rows, row)
	}
	if hi == 0 {
		return nil, fmt.Errorf("plots: comparison: every mass fraction is 0")
	}
	if co.Min == 0 {
		co.Min = max(math.Pow10(int(math.Floor(math.Log10(lo)+1e-9))), 1e-8)
	}
	hi = max(hi*1.4, co.Min*10)
	const row = 11
	top := vg.Length(16)
	if co.Title != "" {
		top += titleHeight
	}
	fig := &Figure{
		Alt:    fmt.Sprintf("Mass fractions of the %d nuclides with most of %s, side by side on a logarithmic axis.", len(order), plain(co.Series[0].Name)),
		Width:  co.Width,
		Height: top + 32 + row*vg.Length(len(order)+1),
		Data:   data,
	}
	fig.draw = func(c draw.Canvas) {
		left := vg.Length(0)
		for _, i := range order {
			left = max(left, textWidth(Label(co.Nuclides[i]), tickSize))
		}
		x := axis{min: co.Min, max: hi, log: true, label: "Mass fraction *X*"}
		f := frame{Canvas: draw.Crop(c, left+8, -8, x.depth()+2, -top), x: x, y: axis{min: -float64(len(order)), max: 1}}
		for r, i := range order {
			y := f.Y(f.y.at(-float64(r)))
			f.StrokeLines(draw.LineStyle{Color: gray(0xdd), Width: 0.4}, []vg.Point{{X: f.Min.X, Y: y}, {X: f.Max.X, Y: y}})
			write(c, Label(co.Nuclides[i]), tickSize, ink, draw.XRight, vg.Point{X: f.Min.X - 4, Y: y})
			// Later series first, so that the first lies on top.
			for k := len(co.Series) - 1; k >= 0; k-- {
				v := co.Series[k].X[i]
				if v < co.Min {
					mark(f.Canvas, leftward, k, vg.Point{X: f.Min.X + 4, Y: y})
					continue
				}
				mark(f.Canvas, shapes[k], k, vg.Point{X: f.X(f.x.at(v)), Y: y})
			}
		}
		f.drawX()
		f.drawSides()
		co.key(f)
		if co.Title != "" {
			write(c, co.Title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X, Y: c.Max.Y - titleHeight/2 - 2})
		}
	}
	return fig, nil
}

// key names the series above the frame.
func (co Comparison) key(f frame) {
	x, y := f.Min.X+4, f.Max.Y+8
	for k, s := range co.Series {
		mark(f.Canvas, shapes[k], k, vg.Point{X: x, Y: y})
		write(f.Canvas, s.Name, tickSize, textColor(k), draw.XLeft, vg.Point{X: x + 6, Y: y})
		x += 6 + textWidth(s.Name, tickSize) + 16
	}
}

// Parity shows predicted against reference mass fractions on logarithmic axes. Equal ones lie on the diagonal, those a
// factor of two apart on the broken lines; the largest and the worst are named.
type Parity struct {
	Nuclides              []nuclide.Nuclide
	Reference, Prediction []float64
	// ReferenceName and PredictionName stand on the axes, in markup; empty: "burn" and "prediction".
	ReferenceName, PredictionName string
	Min                           float64 // smallest X on the axes; 0: 1e-8
	Name                          int     // nuclides to name; 0: 10
	Title                         string
	Width                         vg.Length // 0: OneColumn
}

// Figure draws the comparison. It reports lengths that do not fit and mass fractions that are negative or not finite.
func (p Parity) Figure() (*Figure, error) {
	for _, s := range []Series{{"reference", p.Reference}, {"prediction", p.Prediction}} {
		if err := checkFractions("parity", s.Name, p.Nuclides, s.X); err != nil {
			return nil, err
		}
	}
	if p.Min == 0 {
		p.Min = 1e-8
	}
	if !(p.Min > 0 && p.Min < 1) {
		return nil, fmt.Errorf("plots: parity: smallest X %g: want one between 0 and 1", p.Min)
	}
	if p.Name <= 0 {
		p.Name = 10
	}
	if p.Width == 0 {
		p.Width = OneColumn
	}
	ref, pred := cmp.Or(p.ReferenceName, "burn"), cmp.Or(p.PredictionName, "prediction")
	data := Table{Columns: []string{"nuclide", "reference", "prediction"}}
	for i, n := range p.Nuclides {
		data.Rows = append(data.Rows, []any{n.String(), p.Reference[i], p.Prediction[i]})
	}
	fig := &Figure{
		Alt: fmt.Sprintf("Mass fractions of %d nuclides, %s against %s, both axes logarithmic, with the line of equality.",
			len(p.Nuclides), plain(pred), plain(ref)),
		Width: p.Width, Height: p.Width * 0.95, Data: data,
	}
	fig.draw = func(c draw.Canvas) {
		top := vg.Length(4)
		if p.Title != "" {
			top += titleHeight
		}
		f := inset(c,
			axis{min: p.Min, max: 2, log: true, label: "*X*, " + ref},
			axis{min: p.Min, max: 2, log: true, label: "*X*, " + pred}, 6, top)
		if side := min(f.Size().X, f.Size().Y); side > 0 { // a square, so that the diagonal is one
			f.Max = f.Min.Add(vg.Point{X: side, Y: side})
		}
		if p.Title != "" {
			write(c, p.Title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X, Y: f.Max.Y + titleHeight/2})
		}
		f.polyline(draw.LineStyle{Color: faint, Width: 0.7}, []float64{p.Min, 2}, []float64{p.Min, 2})
		for _, q := range []float64{0.5, 2} {
			f.polyline(draw.LineStyle{Color: faint, Width: 0.5, Dashes: []vg.Length{2, 2}}, []float64{p.Min, 2}, []float64{q * p.Min, q * 2})
		}
		p.points(f)
		f.draw()
	}
	return fig, nil
}

// points marks and names the nuclides. One that is too small for an axis lies at its edge, as a triangle that points
// outward.
func (p Parity) points(f frame) {
	const inside = 5
	at := func(i int) vg.Point {
		pt := f.point(max(p.Reference[i], p.Min), max(p.Prediction[i], p.Min))
		if p.Reference[i] < p.Min {
			pt.X += inside
		}
		if p.Prediction[i] < p.Min {
			pt.Y += inside
		}
		return pt
	}
	var drawn []int
	for i := range p.Nuclides {
		if max(p.Reference[i], p.Prediction[i]) > p.Min {
			drawn = append(drawn, i)
		}
	}
	var dots []vg.Point
	for _, i := range drawn {
		pt := at(i)
		switch {
		case p.Reference[i] < p.Min:
			mark(f.Canvas, leftward, 0, pt)
		case p.Prediction[i] < p.Min:
			mark(f.Canvas, downward, 0, pt)
		default:
			mark(f.Canvas, shapes[0], 0, pt)
		}
		for k := range 8 {
			sin, cos := math.Sincos(float64(k) * math.Pi / 4)
			dots = append(dots, pt, pt.Add(vg.Point{X: markRadius * vg.Length(cos), Y: markRadius * vg.Length(sin)}))
		}
	}
	for v := 0.0; v <= 1; v += 0.005 { // the three lines are better not covered either
		x := f.x.min * math.Pow(f.x.max/f.x.min, v)
		dots = append(dots, f.point(x, x/2), f.point(x, x), f.point(x, 2*x))
	}
	// Half of the names go to the largest nuclides, half to those farthest from the diagonal, where a factor counts the
	// less the smaller the nuclide.
	size := func(i int) float64 { return max(p.Reference[i], p.Prediction[i]) }
	miss := func(i int) float64 {
		return math.Abs(math.Log(max(p.Reference[i], p.Min)/max(p.Prediction[i], p.Min))) * math.Pow(size(i), 0.25)
	}
	var named []int
	for _, key := range []func(int) float64{size, miss} {
		slices.SortStableFunc(drawn, func(i, j int) int { return cmp.Compare(key(j), key(i)) })
		for _, i := range drawn[:min(len(drawn), (p.Name+1)/2)] {
			if !slices.Contains(named, i) {
				named = append(named, i)
			}
		}
	}
	var taken []vg.Rectangle
	for _, i := range named {
		r, ok := f.nameNear(at(i), Label(p.Nuclides[i]), dots, taken)
		if ok {
			taken = append(taken, r)
		}
	}
}

// byFraction returns the places of x, largest first.
func byFraction(x []float64) []int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(x[j], x[i]) })
	return order
}

// checkFractions reports a length that does not fit the nuclides and values that are negative or not finite.
func checkFractions(figure, name string, nuclides []nuclide.Nuclide, x []float64) error {
	if len(x) != len(nuclides) || len(x) == 0 {
		return fmt.Errorf("plots: %s: %q has %d mass fractions for %d nuclides", figure, name, len(x), len(nuclides))
	}
	for i, v := range x {
		if !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("plots: %s: %q has X(%s) = %g, want 0 or more", figure, name, nuclides[i], v)
		}
	}
	return nil
}
