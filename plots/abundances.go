package plots

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"nuclab/nucnet/nuclide"
)

// Label returns the name of a nuclide in markup, mass number raised: "^{56}Ni"; "n" and "p" for the neutron and the
// second proton of small networks.
func Label(n nuclide.Nuclide) string {
	switch n {
	case nuclide.Neutron:
		return "n"
	case nuclide.Prot:
		return "p"
	}
	return "^{" + strconv.Itoa(n.A()) + "}" + Element(n.Z())
}

// Element returns the chemical symbol of charge number z as it is printed, "n" for 0.
func Element(z int) string {
	if z == 0 {
		return "n"
	}
	s := nuclide.Symbol(z)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Abundances shows mass fractions against time, both on logarithmic axes, with the name of each nuclide at its line.
type Abundances struct {
	Times    []float64         // in s, rising; a time of 0, or with none left, is left out
	Nuclides []nuclide.Nuclide // one for each element of a row of X
	X        [][]float64       // mass fractions, [times][nuclides]

	Top   int               // lines drawn: the nuclides that reach the largest X; 0: 12
	Show  []nuclide.Nuclide // these nuclides instead
	Min   float64           // smallest X on the axis; 0: 1e-5
	Left  bool              // against the time left until the last one, which falls to the right, instead of time
	Title string            // in the upper left corner of the page, in markup
	Width vg.Length         // 0: TwoColumns
}

// Figure draws the abundances. It reports lengths that do not fit, times that do not rise, numbers that are not finite
// and an empty selection.
func (a Abundances) Figure() (*Figure, error) {
	if len(a.Times) != len(a.X) {
		return nil, fmt.Errorf("plots: abundances: %d times but %d rows of X", len(a.Times), len(a.X))
	}
	var times []float64
	var rows [][]float64
	for k, t := range a.Times {
		if len(a.X[k]) != len(a.Nuclides) {
			return nil, fmt.Errorf("plots: abundances: %d mass fractions at time %g s for %d nuclides", len(a.X[k]), t, len(a.Nuclides))
		}
		if !(t >= 0) || math.IsInf(t, 1) || k > 0 && t <= a.Times[k-1] {
			return nil, fmt.Errorf("plots: abundances: time %g s is not finite or does not rise", t)
		}
		for i, x := range a.X[k] {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("plots: abundances: X(%s) = %g at time %g s", a.Nuclides[i], x, t)
			}
		}
		if a.Left {
			t = a.Times[len(a.Times)-1] - t
		}
		if t > 0 {
			times, rows = append(times, t), append(rows, a.X[k])
		}
	}
	if len(times) < 2 {
		return nil, fmt.Errorf("plots: abundances: want at least two times that a logarithmic axis can show, have %d", len(times))
	}
	if a.Min == 0 {
		a.Min = 1e-5
	}
	if a.Min < 0 || a.Min >= 1 {
		return nil, fmt.Errorf("plots: abundances: smallest X %g: want one between 0 and 1", a.Min)
	}
	if a.Top == 0 {
		a.Top = 12
	}
	if a.Width == 0 {
		a.Width = TwoColumns
	}
	chosen, err := a.choose(rows)
	if err != nil {
		return nil, err
	}

	lines := make([]labelled, len(chosen))
	for j, i := range chosen {
		ys := make([]float64, len(rows))
		for k, row := range rows {
			// A line that leaves the axis should point down, however far it falls.
			ys[k] = max(row[i], a.Min*1e-3)
		}
		lines[j] = labelled{xs: times, ys: ys, text: Label(a.Nuclides[i]), index: j}
	}
	fig := &Figure{
		Alt:   a.alt(rows, chosen),
		Width: a.Width,
		Data:  a.table(times, rows, chosen),
	}
	fig.Height = min(a.Width*0.62, 3.6*vg.Inch)
	if a.Width <= OneColumn {
		fig.Height = a.Width * 0.85
	}
	fig.draw = func(c draw.Canvas) {
		right := vg.Length(16)
		for _, l := range lines {
			right = max(right, textWidth(l.text, tickSize)+leader+4)
		}
		top := vg.Length(4)
		if a.Title != "" {
			top += vg.Points(labelSize) + 3
		}
		f := inset(c,
			axis{min: times[0], max: times[len(times)-1], log: true, label: a.timeLabel()},
			axis{min: a.Min, max: 1.5, log: true, label: "Mass fraction *X*"},
			right, top)
		f.Max.Y = max(f.Max.Y, f.Min.Y+1)
		for _, l := range lines {
			f.polyline(LineStyle(l.index), l.xs, l.ys)
		}
		f.draw()
		f.labelLines(lines)
		if a.Title != "" {
			write(c, a.Title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X, Y: f.Max.Y + 3 + vg.Points(labelSize)/2})
		}
	}
	return fig, nil
}

func (a Abundances) timeLabel() string {
	if a.Left {
		return "Time left (s)"
	}
	return "Time *t* (s)"
}

// choose returns the places of the nuclides to draw, those that reach the most first.
func (a Abundances) choose(rows [][]float64) ([]int, error) {
	var chosen []int
	if len(a.Show) > 0 {
		for _, n := range a.Show {
			i := slices.Index(a.Nuclides, n)
			if i < 0 {
				return nil, fmt.Errorf("plots: abundances: no column for %s", n)
			}
			chosen = append(chosen, i)
		}
		return chosen, nil
	}
	peak := make([]float64, len(a.Nuclides))
	for _, row := range rows {
		for i, x := range row {
			peak[i] = max(peak[i], x)
		}
	}
	for i, x := range peak {
		if x > a.Min {
			chosen = append(chosen, i)
		}
	}
	slices.SortStableFunc(chosen, func(i, j int) int {
		switch {
		case peak[i] > peak[j]:
			return -1
		case peak[i] < peak[j]:
			return 1
		}
		return 0
	})
	if len(chosen) == 0 {
		return nil, fmt.Errorf("plots: abundances: no mass fraction exceeds %g", a.Min)
	}
	return chosen[:min(len(chosen), a.Top)], nil
}

func (a Abundances) alt(rows [][]float64, chosen []int) string {
	last := rows[len(rows)-1]
	best := slices.MaxFunc(chosen, func(i, j int) int {
		switch {
		case last[i] < last[j]:
			return -1
		case last[i] > last[j]:
			return 1
		}
		return 0
	})
	against := "time"
	if a.Left {
		against = "the time left"
	}
	return fmt.Sprintf("Mass fractions of %d nuclides against %s, both axes logarithmic. At the end %s is the largest shown, with %.2g.",
		len(chosen), against, a.Nuclides[best], last[best])
}

func (a Abundances) table(times []float64, rows [][]float64, chosen []int) Table {
	t := Table{Columns: []string{"t"}}
	if a.Left {
		t.Columns[0] = "left"
	}
	for _, i := range chosen {
		t.Columns = append(t.Columns, "X_"+a.Nuclides[i].String())
	}
	for k, time := range times {
		row := []any{time}
		for _, i := range chosen {
			row = append(row, rows[k][i])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
