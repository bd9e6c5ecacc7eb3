package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"nuclab/nucnet/nuclide"
)

// ByMass shows compositions against the mass number A: the mass fractions of all nuclides of one A together, on a
// logarithmic axis, the largest peaks with the name of the nuclide that there is most of.
type ByMass struct {
	Nuclides []nuclide.Nuclide
	Series   []Series // one mass fraction for each nuclide
	Min      float64  // smallest X on the axis; 0: 1e-6
	Name     int      // peaks of the first composition to name; 0: 8
	Title    string   // in the upper left corner of the page, in markup
	Width    vg.Length
}

// Figure draws the compositions. It reports lengths that do not fit, mass fractions that are negative or not finite, and
// compositions below the axis.
func (b ByMass) Figure() (*Figure, error) {
	if len(b.Series) == 0 {
		return nil, fmt.Errorf("plots: by mass: no composition")
	}
	if b.Min == 0 {
		b.Min = 1e-6
	}
	if !(b.Min > 0 && b.Min < 1) {
		return nil, fmt.Errorf("plots: by mass: smallest X %g: want one between 0 and 1", b.Min)
	}
	if b.Name <= 0 {
		b.Name = 8
	}
	if b.Width == 0 {
		b.Width = OneColumn
	}
	lay := byMassLayout{ByMass: b}
	data := Table{Columns: []string{"A"}}
	most := 0
	for _, n := range b.Nuclides {
		most = max(most, n.A())
	}
	exists := make([]bool, most+1)
	for _, n := range b.Nuclides {
		exists[n.A()] = true
	}
	for _, s := range b.Series {
		if err := checkFractions("by mass", s.Name, b.Nuclides, s.X); err != nil {
			return nil, err
		}
		sums := make([]float64, most+1)
		top := 0.0
		for i, n := range b.Nuclides {
			sums[n.A()] += s.X[i]
			top = max(top, sums[n.A()])
		}
		if top < b.Min {
			return nil, fmt.Errorf("plots: by mass: %q has nothing above %g", plain(s.Name), b.Min)
		}
		lay.sums = append(lay.sums, sums)
		data.Columns = append(data.Columns, plain(s.Name))
	}
	alt := "Mass fraction against mass number, on a logarithmic axis."
	for k, s := range b.Series {
		peak := 0
		for a, x := range lay.sums[k] {
			if x > lay.sums[k][peak] {
				peak = a
			}
		}
		alt += fmt.Sprintf(" %s: most at A = %d, %.2g.", plain(s.Name), peak, lay.sums[k][peak])
	}
	for a := 1; a <= most; a++ {
		if !exists[a] {
			for k := range lay.sums {
				lay.sums[k][a] = math.NaN() // a gap
			}
			continue
		}
		row := []any{a}
		for k := range lay.sums {
			row = append(row, lay.sums[k][a])
		}
		data.Rows = append(data.Rows, row)
	}
	return &Figure{Alt: alt, Width: b.Width, Height: min(b.Width*0.75, 3.4*vg.Inch), Data: data, draw: lay.draw}, nil
}

type byMassLayout struct {
	ByMass
	sums [][]float64 // [series][A]
}

func (l byMassLayout) draw(c draw.Canvas) {
	title := vg.Length(0)
	if l.Title != "" {
		title = vg.Points(labelSize) + 3
		write(c, l.Title, labelSize, ink, draw.XLeft, vg.Point{X: c.Min.X + 4, Y: c.Max.Y - 3 - vg.Points(labelSize)/2})
	}
	var entries []keyEntry
	for k, s := range l.Series {
		entries = append(entries, keyEntry{name: s.Name, index: k})
	}
	key := newKey(entries, c.Size().X)
	most := len(l.sums[0]) - 1
	f := inset(c, axis{min: 0, max: float64(most) + 1.5, label: "Mass number *A*"},
		axis{min: l.Min, max: 4, log: true, label: "Mass fraction *X*(*A*)"}, 6, title+key.height()+4)
	key.draw(c, vg.Point{X: f.Min.X, Y: c.Max.Y - title})
	as := make([]float64, most+1)
	for a := range as {
		as[a] = float64(a)
	}
	var dots []vg.Point
	for k := len(l.sums) - 1; k >= 0; k-- { // the first lies on top
		ys := make([]float64, most+1)
		for a, x := range l.sums[k] {
			ys[a] = x
			if x < l.Min { // the line leaves the axis downward, not level
				ys[a] = l.Min * 1e-2
			}
		}
		f.polyline(LineStyle(k), as[1:], ys[1:])
		for a := 1; a <= most; a++ {
			if l.sums[k][a] >= l.Min {
				p := f.point(as[a], l.sums[k][a])
				f.dot(as[a], l.sums[k][a], k, 1.5)
				dots = append(dots, p, p.Add(vg.Point{Y: -2}), p.Add(vg.Point{Y: 2}))
			}
		}
	}
	l.names(f, dots)
	f.draw()
}

// names writes at the largest local peaks of the first composition which nuclide there is most of.
func (l byMassLayout) names(f frame, dots []vg.Point) {
	x := l.sums[0]
	at := func(a int) float64 {
		if a < 1 || a >= len(x) || x[a] != x[a] {
			return 0
		}
		return x[a]
	}
	peaks := make([]float64, len(x))
	for a := range x {
		if v := at(a); v >= l.Min && v >= at(a-1) && v >= at(a+1) {
			peaks[a] = v
		}
	}
	var taken []vg.Rectangle
	for _, a := range byFraction(peaks)[:min(l.Name, len(peaks))] {
		if peaks[a] == 0 {
			break
		}
		best := -1
		for i, n := range l.Nuclides {
			if n.A() == a && (best < 0 || l.Series[0].X[i] > l.Series[0].X[best]) {
				best = i
			}
		}
		if r, ok := f.nameNear(f.point(float64(a), x[a]), Label(l.Nuclides[best]), dots, taken); ok {
			taken = append(taken, r)
		}
	}
}
