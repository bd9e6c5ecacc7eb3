package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curves shows quantities against one other, as rates against temperature, with the name of each curve at its line.
type Curves struct {
	Curves []Curve
	// XLabel and YLabel name the axes, in markup.
	XLabel, YLabel string
	// LinearX and LinearY make an axis linear; otherwise it is logarithmic.
	LinearX, LinearY bool
	// Min and Max are the ends of the upright axis. If both are 0 they are those of the curves, and on a logarithmic
	// axis a Min of 0 alone is 12 decades below the top.
	Min, Max float64
	Title    string    // in the upper left corner of the page, in markup
	Width    vg.Length // 0: OneColumn
}

// Curve is one of them. On a logarithmic axis points with a coordinate of 0 or less are gaps.
type Curve struct {
	Name string // in markup
	X, Y []float64
}

// decades is how much of a logarithmic axis is shown unless the caller says more.
const decades = 12

// Figure draws the curves. It reports lengths that do not fit, coordinates that are not finite, curves of which nothing
// can be shown, and axes that run backwards.
func (cs Curves) Figure() (*Figure, error) {
	if len(cs.Curves) == 0 {
		return nil, fmt.Errorf("plots: curves: none to draw")
	}
	x, y := newSpan(!cs.LinearX), newSpan(!cs.LinearY)
	data := Table{Columns: []string{"curve", "x", "y"}}
	for _, c := range cs.Curves {
		if len(c.X) != len(c.Y) {
			return nil, fmt.Errorf("plots: curves: %s: %d values of x but %d of y", plain(c.Name), len(c.X), len(c.Y))
		}
		shown := 0
		for i := range c.X {
			if math.IsNaN(c.X[i]+c.Y[i]) || math.IsInf(c.X[i]+c.Y[i], 0) {
				return nil, fmt.Errorf("plots: curves: %s: point %g, %g", plain(c.Name), c.X[i], c.Y[i])
			}
			data.Rows = append(data.Rows, []any{plain(c.Name), c.X[i], c.Y[i]})
			if x.shows(c.X[i]) && y.shows(c.Y[i]) {
				x.take(c.X[i])
				y.take(c.Y[i])
				shown++
			}
		}
		if shown < 2 {
			return nil, fmt.Errorf("plots: curves: %s: fewer than two points that the axes can show", plain(c.Name))
		}
	}
	if x.lo == x.hi {
		return nil, fmt.Errorf("plots: curves: all points have x = %g", x.lo)
	}
	vertical, err := cs.upright(y)
	if err != nil {
		return nil, err
	}
	if cs.Width == 0 {
		cs.Width = OneColumn
	}
	fig := &Figure{Alt: cs.alt(), Width: cs.Width, Height: min(cs.Width*0.75, 3.6*vg.Inch), Data: data}
	lay := curvesLayout{cs, axis{min: x.lo, max: x.hi, log: !cs.LinearX, label: cs.XLabel}, vertical}
	fig.draw = lay.draw
	return fig, nil
}

// upright returns the upright axis for curves that span y.
func (cs Curves) upright(y span) (axis, error) {
	a := axis{min: cs.Min, max: cs.Max, log: !cs.LinearY, label: cs.YLabel}
	switch {
	case cs.Min == 0 && cs.Max == 0 && cs.LinearY:
		margin := max(0.06*(y.hi-y.lo), 1e-12*math.Abs(y.hi), math.SmallestNonzeroFloat64)
		a.min, a.max = y.lo-margin, y.hi+margin
	case cs.LinearY:
	default:
		if a.max == 0 {
			a.max = y.hi * max(math.Pow(y.hi/y.lo, 0.04), 1.1)
		}
		if a.min == 0 {
			a.min = max(y.lo/max(math.Pow(y.hi/y.lo, 0.04), 1.1), a.max*math.Pow10(-decades))
		}
	}
	if !(a.min < a.max) || a.log && !(a.min > 0) || math.IsInf(a.max-a.min, 0) {
		return a, fmt.Errorf("plots: curves: an axis from %g to %g", a.min, a.max)
	}
	return a, nil
}

// span is a range of coordinates.
type span struct {
	lo, hi float64
	log    bool
}

func newSpan(log bool) span         { return span{math.Inf(1), math.Inf(-1), log} }
func (s span) shows(v float64) bool { return !s.log || v > 0 }
func (s *span) take(v float64)      { s.lo, s.hi = min(s.lo, v), max(s.hi, v) }

func (cs Curves) alt() string {
	axes := func(linear bool) string {
		if linear {
			return "linear"
		}
		return "logarithmic"
	}
	s := fmt.Sprintf("%s (%s) against %s (%s).", plain(cs.YLabel), axes(cs.LinearY), plain(cs.XLabel), axes(cs.LinearX))
	for _, c := range cs.Curves {
		n := len(c.X) - 1
		s += fmt.Sprintf(" %s: from %.3g at %.3g to %.3g at %.3g.", plain(c.Name), c.Y[0], c.X[0], c.Y[n], c.X[n])
	}
	return s
}

type curvesLayout struct {
	Curves
	x, y axis
}

func (l curvesLayout) draw(c draw.Canvas) {
	right, top := vg.Length(8), vg.Length(4)
	for _, curve := range l.Curves.Curves {
		right = max(right, textWidth(curve.Name, tickSize)+leader+8)
	}
	if l.Title != "" {
		top += vg.Points(labelSize) + 3
	}
	f := inset(c, l.x, l.y, right, top)
	f.Max.Y = max(f.Max.Y, f.Min.Y+1)
	var lines []labelled
	for i, curve := range l.Curves.Curves {
		f.polyline(LineStyle(i), curve.X, curve.Y)
		line := labelled{text: curve.Name, index: i}
		for k, x := range curve.X {
			if y := curve.Y[k]; !(l.x.log && x <= 0 || l.y.log && y <= 0) {
				line.xs, line.ys = append(line.xs, x), append(line.ys, y)
			}
		}
		lines = append(lines, line)
	}
	f.draw()
	var ending, leaving []labelled
	for _, line := range lines {
		end := len(line.xs) - 1
		if y := f.y.at(line.ys[end]); f.x.at(line.xs[end]) > 0.98 && y >= 0 && y <= 1 {
			ending = append(ending, line)
		} else {
			leaving = append(leaving, line)
		}
	}
	f.labelEnds(ending)
	f.labelInside(leaving, lines)
	if l.Title != "" {
		write(c, l.Title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X, Y: f.Max.Y + 3 + vg.Points(labelSize)/2})
	}
}
