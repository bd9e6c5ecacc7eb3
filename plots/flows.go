package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"nuclab/nucnet/nuclide"
)

// Flows shows by arrows on the chart of nuclides what reactions turn into what: the larger a flow, the wider and the
// darker its arrow, one scale for all panels. Behind them the nuclides are the darker grey the more there is of them.
type Flows struct {
	Panels []FlowPanel
	// Label says what the sizes of arrows are, in markup; empty: "Flow (mol g^{−1} s^{−1})".
	Label string
	// Min and Max are the ends of the logarithmic scale of flows. A Max of 0 is the power of ten at or above the
	// largest, a Min of 0 four decades below it. Smaller flows are not drawn, larger ones as if they were Max.
	Min, Max float64
	// MinN and MinZ leave out the nuclides with fewer neutrons or protons, and the arrows from and to them.
	MinN, MinZ int
	Columns    int       // panels side by side; 0: up to three
	Width      vg.Length // 0: OneColumn for one panel, TwoColumns for more
}

// FlowPanel is one chart of nuclides with its arrows.
type FlowPanel struct {
	Title    string // in markup
	Nuclides []nuclide.Nuclide
	X        []float64 // mass fractions, one for each nuclide; nil: not shown
	Arrows   []Arrow
}

// Arrow is a flow from one nuclide to another, both of which are in the panel. Flow is 0 or more; arrows between the
// same nuclides in the same direction add up.
type Arrow struct {
	From, To nuclide.Nuclide
	Flow     float64
}

// Abundances of which the grey of a cell tells: those below are as pale as none.
const minGray, maxGray = 1e-4, 1.0

// Figure draws the flows. It reports lengths that do not fit, numbers that are negative or not finite, arrows whose
// ends are the same or not in the panel, and scales that run backwards.
func (fl Flows) Figure() (*Figure, error) {
	if len(fl.Panels) == 0 {
		return nil, fmt.Errorf("plots: flows: no panels")
	}
	if fl.MinN < 0 || fl.MinZ < 0 {
		return nil, fmt.Errorf("plots: flows: a chart from N = %d, Z = %d: want 0 or more", fl.MinN, fl.MinZ)
	}
	lay := flowLayout{chartLayout: chartLayout{minN: fl.MinN, minZ: fl.MinZ}}
	data := Table{Columns: []string{"panel", "from", "to", "flow"}}
	largest := 0.0
	for k, p := range fl.Panels {
		inside, err := fl.inside(p)
		if err != nil {
			return nil, fmt.Errorf("plots: flows: panel %d: %w", k+1, err)
		}
		arrows, err := sumArrows(p, inside.Nuclides)
		if err != nil {
			return nil, fmt.Errorf("plots: flows: panel %d: %w", k+1, err)
		}
		for _, n := range inside.Nuclides {
			lay.maxN, lay.maxZ = max(lay.maxN, n.N()), max(lay.maxZ, n.Z())
		}
		for _, a := range slices.Backward(arrows) {
			largest = max(largest, a.Flow)
			data.Rows = append(data.Rows, []any{k + 1, a.From.String(), a.To.String(), a.Flow})
		}
		lay.Panels = append(lay.Panels, inside)
		lay.arrows = append(lay.arrows, arrows)
	}
	if lay.maxZ < fl.MinZ || lay.maxN < fl.MinN {
		return nil, fmt.Errorf("plots: flows: no nuclide has N of %d and Z of %d or more", fl.MinN, fl.MinZ)
	}
	if fl.Max == 0 {
		fl.Max = 1
		if largest > 0 {
			fl.Max = math.Pow10(int(math.Ceil(math.Log10(largest) - 1e-9)))
		}
	}
	if fl.Min == 0 {
		fl.Min = fl.Max * 1e-4
	}
	if !(fl.Min > 0 && fl.Min < fl.Max) || math.IsInf(fl.Max, 1) {
		return nil, fmt.Errorf("plots: flows: scale from %g to %g: want 0 < Min < Max", fl.Min, fl.Max)
	}
	if fl.Label == "" {
		fl.Label = "Flow (mol g^{\u22121} s^{\u22121})"
	}
	lay.Columns = fl.Columns
	if lay.Columns <= 0 {
		lay.Columns = min(len(fl.Panels), 3)
	}
	lay.Columns = min(lay.Columns, len(fl.Panels))
	if fl.Width == 0 {
		fl.Width = TwoColumns
		if len(fl.Panels) == 1 {
			fl.Width = OneColumn
		}
	}
	lay.scale, lay.label, lay.keyRoom = axis{min: fl.Min, max: fl.Max, log: true}, fl.Label, arrowRoom
	for _, p := range fl.Panels {
		lay.abundances = lay.abundances || p.X != nil
	}
	return &Figure{Alt: lay.alt(), Width: fl.Width, Height: lay.height(fl.Width), Data: data, draw: lay.draw}, nil
}

// inside returns the nuclides shown, with their mass fractions.
func (fl Flows) inside(p FlowPanel) (ChartPanel, error) {
	if p.X != nil && len(p.X) != len(p.Nuclides) {
		return ChartPanel{}, fmt.Errorf("%d nuclides and %d mass fractions", len(p.Nuclides), len(p.X))
	}
	c := ChartPanel{Title: p.Title}
	seen := map[nuclide.Nuclide]bool{}
	for i, n := range p.Nuclides {
		x := 0.0
		if p.X != nil {
			x = p.X[i]
		}
		if !(x >= 0) || math.IsInf(x, 1) {
			return c, fmt.Errorf("X(%s) = %g, want 0 or more", n, x)
		}
		if seen[n] {
			return c, fmt.Errorf("%s stands twice", n)
		}
		seen[n] = true
		if n.N() >= fl.MinN && n.Z() >= fl.MinZ {
			c.Nuclides, c.Values = append(c.Nuclides, n), append(c.Values, x)
		}
	}
	return c, nil
}

// sumArrows returns the arrows between nuclides that are shown, those of the same ends as one, the smallest first.
func sumArrows(p FlowPanel, shown []nuclide.Nuclide) ([]Arrow, error) {
	in := map[nuclide.Nuclide]bool{} // whether a nuclide of the panel is shown
	for _, n := range p.Nuclides {
		in[n] = false
	}
	for _, n := range shown {
		in[n] = true
	}
	var sums []Arrow
	index := map[[2]nuclide.Nuclide]int{}
	for _, a := range p.Arrows {
		from, hasFrom := in[a.From]
		to, hasTo := in[a.To]
		switch {
		case !hasFrom || !hasTo:
			return nil, fmt.Errorf("arrow from %s to %s: not both are in the panel", a.From, a.To)
		case a.From.Z() == a.To.Z() && a.From.N() == a.To.N():
			return nil, fmt.Errorf("arrow from %s to itself", a.From)
		case !(a.Flow >= 0) || math.IsInf(a.Flow, 1):
			return nil, fmt.Errorf("flow from %s to %s of %g, want 0 or more", a.From, a.To, a.Flow)
		}
		if !from || !to {
			continue
		}
		ends := [2]nuclide.Nuclide{a.From, a.To}
		i, ok := index[ends]
		if !ok {
			i = len(sums)
			index[ends] = i
			sums = append(sums, Arrow{From: a.From, To: a.To})
		}
		sums[i].Flow += a.Flow
	}
	slices.SortStableFunc(sums, func(a, b Arrow) int { return cmp.Compare(a.Flow, b.Flow) })
	return sums, nil
}

// flowLayout is a chartLayout whose values are mass fractions, with arrows on them.
type flowLayout struct {
	chartLayout
	arrows     [][]Arrow // of each panel, the smallest first
	scale      axis      // of flows
	label      string
	abundances bool
}

func (l flowLayout) alt() string {
	s := "Charts of nuclides, neutron number to the right, charge number upward, with arrows for the flows between them, wider and darker for larger ones on a logarithmic scale."
	for k, arrows := range l.arrows {
		s += fmt.Sprintf(" Panel %d: largest", k+1)
		for i := range min(3, len(arrows)) {
			if i > 0 {
				s += ","
			}
			a := arrows[len(arrows)-1-i]
			s += fmt.Sprintf(" %s to %s %.2g", a.From, a.To, a.Flow)
		}
		s += "."
	}
	return s
}

func (l flowLayout) draw(c draw.Canvas) {
	frames, cell := l.frames(c)
	for k, f := range frames {
		rim := draw.LineStyle{Color: gray(0x70), Width: min(0.6, cell*0.08)}
		l.drawCells(f, l.Panels[k], cell, rim, grayOf)
		for _, a := range l.arrows[k] {
			if a.Flow >= l.scale.min {
				from := f.point(float64(a.From.N()), float64(a.From.Z()))
				to := f.point(float64(a.To.N()), float64(a.To.Z()))
				l.arrow(f.Canvas, from, to, a.Flow, cell)
			}
		}
		f.draw()
		l.writeTitle(f, k)
	}
	l.arrowKey(l.beside(frames), cell)
}

// grayOf returns the grey of a nuclide's cell.
func grayOf(x float64) color.Color {
	if x < minGray {
		return gray(0xfa)
	}
	f := min(math.Log(x/minGray)/math.Log(maxGray/minGray), 1)
	return gray(uint8(0xf0 - f*(0xf0-0xa8)))
}

// Sizes of the key: of its arrows, and of the whole of it right of the panels.
const (
	arrowLength = vg.Length(14)
	arrowRoom   = vg.Length(54)
)

// look returns the width and colour of an arrow.
func (l flowLayout) look(flow float64, cell vg.Length) (vg.Length, color.Color) {
	at := min(max(l.scale.at(flow), 0), 1)
	widest := min(max(cell*0.34, 1.1), 3)
	return 0.3 + vg.Length(at)*(widest-0.3), arrowColor(at)
}

// arrowColor runs from amber by red to a near black, for 0 to 1: unlike the grey of the cells, and darker all the way,
// so that it keeps its order in grey.
func arrowColor(f float64) color.Color {
	stops := []color.NRGBA{{0xf2, 0xa0, 0x3c, 0xff}, {0xd9, 0x4e, 0x3a, 0xff}, {0x8c, 0x20, 0x6b, 0xff}, {0x1e, 0x0b, 0x40, 0xff}}
	f = min(max(f, 0), 1) * float64(len(stops)-1)
	i := min(int(f), len(stops)-2)
	f -= float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-f) + float64(b)*f)) }
	a, b := stops[i], stops[i+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// arrow draws an arrow between the middles of two cells, a little short of both.
func (l flowLayout) arrow(c draw.Canvas, from, to vg.Point, flow float64, cell vg.Length) {
	width, clr := l.look(flow, cell)
	d := to.Sub(from)
	length := vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	if length == 0 {
		return
	}
	along := d.Scale(1 / length)
	across := vg.Point{X: -along.Y, Y: along.X}
	short := min(0.12*cell, 0.2*length)
	tail, tip := from.Add(along.Scale(short)), to.Sub(along.Scale(short))
	head := min(max(2.2*width, 0.35*cell), 0.6*(length-2*short))
	half := max(1.1*width, 0.2*cell)
	neck := tip.Sub(along.Scale(head))
	side := func(p vg.Point, by vg.Length) vg.Point { return p.Add(across.Scale(by)) }
	c.FillPolygon(clr, []vg.Point{side(tail, -width/2), side(neck, -width/2), side(neck, -half), tip, side(neck, half), side(neck, width/2), side(tail, width/2)})
}

// arrowKey draws sample arrows from the smallest to the largest flow, right of the panels, and below them the greys.
func (l flowLayout) arrowKey(c draw.Canvas, cell vg.Length) {
	below := vg.Length(0)
	if l.abundances {
		below = min(46, c.Size().Y*0.32)
		g := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: c.Min, Max: vg.Point{X: c.Max.X, Y: c.Min.Y + below - 12}}}
		colorBar(g, axis{min: minGray, max: maxGray, log: true}, 2, "*X*", func(f float64) color.Color { return grayOf(minGray * math.Pow(maxGray/minGray, f)) })
	}
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: c.Min.Y + below}, Max: c.Max}
	room := area.Max.Y - area.Min.Y - 12
	widest := vg.Length(0)
	for _, t := range l.scale.ticks(max(2, int(room/10))) {
		if t.label == "" {
			continue
		}
		y := area.Min.Y + 6 + room*vg.Length(l.scale.at(t.value))
		l.arrow(c, vg.Point{X: area.Min.X - 1, Y: y}, vg.Point{X: area.Min.X + arrowLength, Y: y}, t.value, cell)
		write(c, t.label, tickSize, ink, draw.XLeft, vg.Point{X: area.Min.X + arrowLength + 1.5, Y: y})
		widest = max(widest, textWidth(t.label, tickSize))
	}
	writeRotated(c, l.label, labelSize, ink, draw.XCenter,
		vg.Point{X: area.Min.X + arrowLength + widest + 3 + vg.Points(labelSize)/2, Y: (area.Min.Y + area.Max.Y) / 2}, math.Pi/2)
}
