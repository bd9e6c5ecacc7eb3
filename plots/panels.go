package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panels shows quantities against one that they share, as errors against the time step or the number of layers, in rows
// and columns of panels whose frames are aligned. Panels below one another share the horizontal axis, panels beside one
// another the upright ones. Traces of one name look alike everywhere, and a key above the panels names them once.
type Panels struct {
	XLabel  string // in markup
	LinearX bool   // otherwise the axis is logarithmic
	// Rows of panels, from the top; each row has as many panels.
	Rows [][]Panel
	// OwnY gives panels beside one another upright axes of their own.
	OwnY  bool
	Width vg.Length // 0: OneColumn for one column of panels, else TwoColumns
}

// Panel is one of them, with an axis on the left and, if any trace asks for it, another one on the right.
type Panel struct {
	Title string // in markup, beside the panel's letter
	Y     Scale
	Right Scale
	// Bands lie behind the traces and belong to the left axis.
	Bands  []Band
	Traces []Trace
}

// Scale is an upright axis.
type Scale struct {
	Label  string // in markup
	Linear bool   // otherwise the axis is logarithmic
	// Min and Max are the ends of the axis; one that is 0 follows from what is drawn.
	Min, Max float64
}

// Trace is a row of points. Points with a coordinate that is not a number, or on a logarithmic axis 0 or less, are gaps.
type Trace struct {
	Name string // in markup
	X, Y []float64
	Look Look
	// Color is the number of the colour, dashes and marks, from 1; 0 takes the next number, faint ones not counted.
	Color int
	Mark  Mark // 0: goes with the colour
	Open  bool // marks are white inside
	Right bool // the right axis is the trace's
}

// Mark is the shape of a trace's marks.
type Mark int

// Shapes of marks.
const (
	Circle Mark = iota + 1
	Square
	Triangle
	Diamond
)

// Look is how a trace is drawn.
type Look int

// Looks of traces.
const (
	Line      Look = iota
	Marks          // a mark at each point
	Linked         // marks and the line through them
	Published      // faint marks, for values of others to compare with
)

// Band is a range of values, as a publication gives it in place of single ones.
type Band struct {
	Name string     // in markup; bands of one name look alike
	X    [2]float64 // from and to; zeros: all along the axis
	Y    [2]float64
}

// Figure draws the panels. It reports lengths that do not fit, infinite coordinates, axes that run backwards, rows of
// different lengths and panels in which nothing can be shown.
func (ps Panels) Figure() (*Figure, error) {
	if len(ps.Rows) == 0 || len(ps.Rows[0]) == 0 {
		return nil, fmt.Errorf("plots: panels: none to draw")
	}
	lay := panelsLayout{Panels: ps, columns: len(ps.Rows[0])}
	data := Table{Columns: []string{"panel", "series", "x", "y"}}
	for r, row := range ps.Rows {
		if len(row) != lay.columns {
			return nil, fmt.Errorf("plots: panels: row %d has %d panels and row 1 has %d", r+1, len(row), lay.columns)
		}
		for c, p := range row {
			if err := p.check(); err != nil {
				return nil, fmt.Errorf("plots: panels: panel (%s): %w", lay.letter(r, c), err)
			}
			for _, t := range p.Traces {
				for i := range t.X {
					data.Rows = append(data.Rows, []any{lay.letter(r, c), plain(t.Name), t.X[i], t.Y[i]})
				}
			}
			for _, b := range p.Bands { // two corners, without x if the band goes all along the axis
				for k := range 2 {
					x := any("")
					if b.X != [2]float64{} {
						x = b.X[k]
					}
					data.Rows = append(data.Rows, []any{lay.letter(r, c), plain(b.Name), x, b.Y[k]})
				}
			}
		}
	}
	if lay.Width == 0 {
		lay.Width = TwoColumns
		if lay.columns == 1 {
			lay.Width = OneColumn
		}
	}
	lay.panelHeight = lay.Width / vg.Length(lay.columns) * 0.72
	if len(ps.Rows) > 1 {
		lay.panelHeight = min(lay.panelHeight, max(1.5*vg.Inch, 7.5*vg.Inch/vg.Length(len(ps.Rows)))) * 0.8
	}
	if err := lay.axes(); err != nil {
		return nil, err
	}
	lay.entries = lay.names()
	height := vg.Length(len(ps.Rows))*(lay.panelHeight+panelGap) - panelGap + lay.x.depth() + newKey(lay.entries, lay.Width).height() + panelEdge + 2
	return &Figure{Alt: lay.alt(), Width: lay.Width, Height: height, Data: data, draw: lay.draw}, nil
}

func (p Panel) check() error {
	for _, t := range p.Traces {
		if len(t.X) != len(t.Y) {
			return fmt.Errorf("%s: %d values of x but %d of y", plain(t.Name), len(t.X), len(t.Y))
		}
		if t.Color < 0 || t.Look < Line || t.Look > Published || t.Mark < 0 || t.Mark > Diamond {
			return fmt.Errorf("%s: colour %d, look %d, mark %d", plain(t.Name), t.Color, t.Look, t.Mark)
		}
		for i := range t.X {
			if math.IsInf(t.X[i], 0) || math.IsInf(t.Y[i], 0) {
				return fmt.Errorf("%s: point %g, %g", plain(t.Name), t.X[i], t.Y[i])
			}
		}
	}
	for _, b := range p.Bands {
		if !(b.Y[0] < b.Y[1] && b.X[0] <= b.X[1]) || math.IsInf(b.Y[1]-b.Y[0], 0) || math.IsInf(b.X[1]-b.X[0], 0) {
			return fmt.Errorf("%s: a band from %g to %g", plain(b.Name), b.Y[0], b.Y[1])
		}
	}
	return nil
}

const (
	panelGap  = vg.Length(5)  // between panels
	panelEdge = vg.Length(6)  // right of and above all panels
	panelHead = vg.Length(12) // free of points below the upper edge, for the letter
)

type panelsLayout struct {
	Panels
	columns     int
	panelHeight vg.Length
	x           axis
	left, right [][]axis // [rows][columns]; a right one without ends is not there
	entries     []keyEntry
}

// letter returns the name of a panel: a, b, c, ...
func (l panelsLayout) letter(row, column int) string {
	n := row*l.columns + column
	if n >= 26 {
		return string(rune('a'+n/26-1)) + string(rune('a'+n%26))
	}
	return string(rune('a' + n))
}

func (l panelsLayout) single() bool { return l.columns*len(l.Rows) == 1 }

// axes finds the ends of all axes.
func (l *panelsLayout) axes() error {
	x := newSpan(!l.LinearX)
	for r, row := range l.Rows {
		left, right := make([]span, len(row)), make([]span, len(row))
		for c, p := range row {
			left[c], right[c] = newSpan(!p.Y.Linear), newSpan(!p.Right.Linear)
			shown := false
			for _, t := range p.Traces {
				y := &left[c]
				if t.Right {
					y = &right[c]
				}
				for i := range t.X {
					if x.shows(t.X[i]) && y.shows(t.Y[i]) && t.X[i] == t.X[i] && t.Y[i] == t.Y[i] {
						x.take(t.X[i])
						y.take(t.Y[i])
						shown = true
					}
				}
			}
			if !shown {
				return fmt.Errorf("plots: panels: panel (%s) has no point that its axes can show", l.letter(r, c))
			}
			for _, b := range p.Bands {
				for k := range 2 {
					if left[c].shows(b.Y[k]) {
						left[c].take(b.Y[k])
					}
					if b.X != [2]float64{} && x.shows(b.X[k]) {
						x.take(b.X[k])
					}
				}
			}
		}
		if !l.OwnY {
			left, right = together(left), together(right)
		}
		lefts, rights := make([]axis, len(row)), make([]axis, len(row))
		for c, p := range row {
			var err error
			first, last := c == 0 || l.OwnY, c == len(row)-1 || l.OwnY
			if lefts[c], err = l.upright(p.Y, left[c], first); err == nil {
				rights[c], err = l.upright(p.Right, right[c], last)
			}
			if err != nil {
				return fmt.Errorf("plots: panels: panel (%s): %w", l.letter(r, c), err)
			}
		}
		l.left, l.right = append(l.left, lefts), append(l.right, rights)
	}
	l.x = axis{min: x.lo, max: x.hi, log: !l.LinearX, label: l.XLabel}
	if l.LinearX {
		margin := max(0.05*(x.hi-x.lo), 1e-9*math.Abs(x.hi))
		if x.lo == x.hi {
			margin = max(1, math.Abs(x.hi)*0.5)
		}
		l.x.min, l.x.max = x.lo-margin, x.hi+margin
	} else {
		margin := max(math.Pow(x.hi/x.lo, 0.05), 1.3)
		l.x.min, l.x.max = x.lo/margin, x.hi*margin
	}
	return nil
}

// together returns as many spans, all of them that which holds all.
func together(list []span) []span {
	all := list[0]
	for _, s := range list[1:] {
		all.lo, all.hi = min(all.lo, s.lo), max(all.hi, s.hi)
	}
	return slices.Repeat([]span{all}, len(list))
}

// upright returns an upright axis for what spans s; one without ends if that is nothing.
func (l *panelsLayout) upright(sc Scale, s span, labelled bool) (axis, error) {
	a := axis{min: sc.Min, max: sc.Max, log: !sc.Linear, label: sc.Label, hideLabels: !labelled}
	if !labelled {
		a.label = ""
	}
	if s.lo > s.hi {
		return axis{log: a.log}, nil
	}
	if a.log {
		margin := max(math.Pow(s.hi/s.lo, 0.07), 1.15)
		if a.min == 0 {
			a.min = s.lo / margin
		}
		if a.max == 0 {
			a.max = s.hi * margin
		}
	} else {
		margin := 0.07 * (s.hi - s.lo)
		if margin == 0 {
			margin = max(math.Abs(s.hi)*0.1, 1e-12)
		}
		if a.min == 0 {
			a.min = s.lo - margin
			if s.lo >= 0 {
				a.min = max(a.min, 0)
			}
		}
		if a.max == 0 {
			a.max = s.hi + margin
		}
	}
	if !(a.min < a.max) || a.log && !(a.min > 0) || math.IsInf(a.max-a.min, 0) {
		return a, fmt.Errorf("an axis from %g to %g", a.min, a.max)
	}
	if sc.Max == 0 && (!l.single() || l.Rows[0][0].Title != "") {
		a = a.withHead(l.panelHeight)
	}
	return a, nil
}

// withHead returns a rising axis of a frame so high that goes on upward, to leave room for a panel's letter.
func (a axis) withHead(height vg.Length) axis {
	head := float64(min(panelHead/height, 0.5))
	if a.log {
		a.max *= math.Pow(a.max/a.min, head/(1-head))
	} else {
		a.max += (a.max - a.min) * head / (1 - head)
	}
	return a
}

// names lists the traces and bands by name in the order of their first appearance, with what they look like.
func (l panelsLayout) names() (list []keyEntry) {
	next, published, bands := 0, 0, 0
	for _, row := range l.Rows {
		for _, p := range row {
			for _, t := range p.Traces {
				if find(list, t.Name, false) != nil {
					continue
				}
				e := keyEntry{name: t.Name, look: t.Look, shape: t.Mark, open: t.Open}
				switch {
				case t.Look == Published:
					e.index = published
					published++
				case t.Color > 0:
					e.index = t.Color - 1
				default:
					e.index = next
				}
				if t.Look != Published {
					next = max(next, e.index+1)
				}
				list = append(list, e)
			}
			for _, b := range p.Bands {
				if find(list, b.Name, true) == nil {
					list = append(list, keyEntry{name: b.Name, index: bands, band: true})
					bands++
				}
			}
		}
	}
	return list
}

func find(list []keyEntry, name string, band bool) *keyEntry {
	for i, e := range list {
		if e.name == name && e.band == band {
			return &list[i]
		}
	}
	return nil
}

func (l panelsLayout) alt() string {
	var s strings.Builder
	for r, row := range l.Rows {
		for c, p := range row {
			if !l.single() {
				fmt.Fprintf(&s, "Panel (%s), ", l.letter(r, c))
			}
			if p.Title != "" {
				fmt.Fprintf(&s, "%s, ", plain(p.Title))
			}
			fmt.Fprintf(&s, "%s against %s.", plain(p.Y.Label), plain(l.XLabel))
			for _, t := range p.Traces {
				lo, hi := math.Inf(1), math.Inf(-1)
				for _, y := range t.Y {
					if y == y {
						lo, hi = min(lo, y), max(hi, y)
					}
				}
				if lo <= hi {
					fmt.Fprintf(&s, " %s: %.3g to %.3g.", plain(t.Name), lo, hi)
				}
			}
			s.WriteByte(' ')
		}
	}
	return strings.TrimSpace(s.String())
}

func (l panelsLayout) draw(c draw.Canvas) {
	size := c.Size()
	key := newKey(l.entries, size.X)
	top := c.Max.Y - key.height() - panelEdge
	below := l.x.depth() + 2
	rows := vg.Length(len(l.Rows))
	height := (top - c.Min.Y - below - (rows-1)*panelGap) / rows
	n := max(2, int(height/24))
	// Columns are as wide as what stands between them allows, each the same.
	before, after := make([]vg.Length, l.columns), make([]vg.Length, l.columns)
	between := vg.Length(0)
	for k := range l.columns {
		for r := range l.Rows {
			before[k] = max(before[k], l.left[r][k].breadth(n))
			if a := l.right[r][k]; a.min < a.max {
				after[k] = max(after[k], a.breadth(n))
			}
		}
		between += before[k] + after[k]
	}
	width := (size.X - between - 2 - panelEdge - vg.Length(l.columns-1)*panelGap) / vg.Length(l.columns)
	x := c.Min.X + 2
	for k := range l.columns {
		x += before[k]
		for r, row := range l.Rows {
			y := top - vg.Length(r)*(height+panelGap)
			f := frame{x: l.x, y: l.left[r][k], leftRoom: before[k], rightRoom: after[k], Canvas: draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: x, Y: y - height}, Max: vg.Point{X: x + width, Y: y}}}}
			if r < len(l.Rows)-1 {
				f.x.hideLabels, f.x.label = true, ""
			}
			if a := l.right[r][k]; a.min < a.max {
				f.right = &a
			}
			l.panel(f, row[k])
			title := row[k].Title
			if !l.single() {
				title = strings.TrimSpace("(" + l.letter(r, k) + ") " + title)
			}
			write(c, title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X + 6, Y: f.Max.Y - panelHead + 3})
		}
		x += width + after[k] + panelGap
	}
	key.draw(c, vg.Point{X: c.Min.X + 2 + before[0], Y: c.Max.Y - 2})
}

func (l panelsLayout) panel(f frame, p Panel) {
	for _, b := range p.Bands {
		lo, hi := f.Min.X, f.Max.X
		if b.X != [2]float64{} {
			lo, hi = max(lo, f.X(f.x.at(b.X[0]))), min(hi, f.X(f.x.at(b.X[1])))
		}
		low := f.Min.Y
		if at := f.y.at(b.Y[0]); at > 0 {
			low = f.Y(at)
		}
		high := min(f.Max.Y, f.Y(f.y.at(b.Y[1])))
		if lo < hi && low < high {
			f.FillPolygon(bandColor(find(l.entries, b.Name, true).index), []vg.Point{{X: lo, Y: low}, {X: hi, Y: low}, {X: hi, Y: high}, {X: lo, Y: high}})
		}
	}
	draws := func(marks bool) {
		for _, t := range p.Traces {
			g := f
			if t.Right && f.right != nil {
				g.y = *f.right
			}
			e := *find(l.entries, t.Name, false)
			if !marks && e.lined() {
				g.polyline(LineStyle(e.index), t.X, t.Y)
			}
			if !marks || !e.marked() {
				continue
			}
			for i := range t.X {
				if u, v := g.x.at(t.X[i]), g.y.at(t.Y[i]); u >= 0 && u <= 1 && v >= 0 && v <= 1 {
					e.mark(g.Canvas, g.point(t.X[i], t.Y[i]))
				}
			}
		}
	}
	draws(false)
	draws(true)
	f.draw()
}
