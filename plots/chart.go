package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"nuclab/nucnet/nuclide"
)

// Magic numbers of protons and neutrons: closed shells.
var magicNumbers = []int{2, 8, 20, 28, 50, 82}

// Chart shows a number for every nuclide, a mass fraction for one, as colour on the chart of nuclides: neutron number
// to the right, charge number upward, one panel or several with one colour scale. Stable nuclides have a dark rim,
// magic numbers a pair of lines.
type Chart struct {
	Panels []ChartPanel
	// Label says what the colours are, in markup; empty: "Mass fraction *X*".
	Label string
	// Min and Max are the ends of the logarithmic colour scale. A Max of 0 is the power of ten at or above the largest
	// value, a Min of 0 six decades below it. Smaller values show as empty cells.
	Min, Max float64
	Name     int       // so many of the largest nuclides are listed in each panel, with their values
	Columns  int       // panels side by side; 0: up to three
	Width    vg.Length // 0: OneColumn for one panel, TwoColumns for more
}

// ChartPanel is one chart of nuclides. Values[i] belongs to Nuclides[i].
type ChartPanel struct {
	Title    string // in markup
	Nuclides []nuclide.Nuclide
	Values   []float64
}

// Figure draws the charts. It reports lengths that do not fit, numbers that are negative or not finite, nuclides that
// stand twice and scales that run backwards.
func (ch Chart) Figure() (*Figure, error) {
	if len(ch.Panels) == 0 {
		return nil, fmt.Errorf("plots: chart: no panels")
	}
	largest, maxN, maxZ := 0.0, 0, 0
	data := Table{Columns: []string{"panel", "nuclide", "Z", "N", "value"}}
	for k, p := range ch.Panels {
		if len(p.Nuclides) != len(p.Values) || len(p.Values) == 0 {
			return nil, fmt.Errorf("plots: chart: panel %d has %d nuclides and %d values", k+1, len(p.Nuclides), len(p.Values))
		}
		seen := map[nuclide.Nuclide]bool{}
		for i, n := range p.Nuclides {
			v := p.Values[i]
			if !(v >= 0) || math.IsInf(v, 1) {
				return nil, fmt.Errorf("plots: chart: panel %d: %s has the value %g, want 0 or more", k+1, n, v)
			}
			if seen[n] {
				return nil, fmt.Errorf("plots: chart: panel %d: %s stands twice", k+1, n)
			}
			seen[n] = true
			largest, maxN, maxZ = max(largest, v), max(maxN, n.N()), max(maxZ, n.Z())
			data.Rows = append(data.Rows, []any{k + 1, n.String(), n.Z(), n.N(), v})
		}
	}
	if ch.Max == 0 {
		ch.Max = 1
		if largest > 0 {
			ch.Max = math.Pow10(int(math.Ceil(math.Log10(largest) - 1e-9)))
		}
	}
	if ch.Min == 0 {
		ch.Min = ch.Max * 1e-6
	}
	if !(ch.Min > 0 && ch.Min < ch.Max) || math.IsInf(ch.Max, 1) {
		return nil, fmt.Errorf("plots: chart: colour scale from %g to %g: want 0 < Min < Max", ch.Min, ch.Max)
	}
	if ch.Label == "" {
		ch.Label = "Mass fraction *X*"
	}
	if ch.Columns <= 0 {
		ch.Columns = min(len(ch.Panels), 3)
	}
	ch.Columns = min(ch.Columns, len(ch.Panels))
	if ch.Width == 0 {
		ch.Width = TwoColumns
		if len(ch.Panels) == 1 {
			ch.Width = OneColumn
		}
	}
	lay := chartLayout{Chart: ch, maxN: maxN, maxZ: maxZ}
	return &Figure{Alt: ch.alt(), Width: ch.Width, Height: lay.height(ch.Width), Data: data, draw: lay.draw}, nil
}

// alt names the leading nuclides of each panel.
func (ch Chart) alt() string {
	s := "Chart of nuclides, neutron number to the right, charge number upward, coloured by size on a logarithmic scale."
	for k, p := range ch.Panels {
		order := byFraction(p.Values)
		s += fmt.Sprintf(" Panel %d: largest", k+1)
		for m, i := range order[:min(3, len(order))] {
			if m > 0 {
				s += ","
			}
			s += fmt.Sprintf(" %s %.2g", p.Nuclides[i], p.Values[i])
		}
		s += "."
	}
	return s
}

// chartLayout divides the page among the panels. All cells are squares of one size.
type chartLayout struct {
	Chart
	minN, minZ int // of the range; 0 unless a part of the chart is shown
	maxN, maxZ int
	keyRoom    vg.Length // right of the panels for another key than the colour bar; 0: none
}

const (
	chartLeft   = vg.Length(27) // numbers and label of the Z axis
	chartBottom = vg.Length(24) // numbers and label of the N axis
	chartTop    = vg.Length(4)
	chartGap    = vg.Length(6)  // between panels
	titleHeight = vg.Length(12) // a panel's title, above it
	barWidth    = vg.Length(7)
	barRoom     = vg.Length(42) // colour bar beside several panels, with its numbers and label
	chartBorder = 1.2           // cells between frame and outermost nuclides
	symbolRoom  = 1.4           // further cells on the left for the symbols
)

// spanN and spanZ are the widths of a panel's ranges in cells.
func (l chartLayout) spanN() float64 { return float64(l.maxN-l.minN) + 1 + 2*chartBorder + symbolRoom }
func (l chartLayout) spanZ() float64 { return float64(l.maxZ-l.minZ) + 1 + 2*chartBorder }

func (l chartLayout) rows() int { return (len(l.Panels) + l.Columns - 1) / l.Columns }

// barBeside reports whether the colour bar stands beside the panels; a single one has room for it in its lower right
// corner, where there are no nuclides.
func (l chartLayout) barBeside() bool {
	return l.keyRoom > 0 || len(l.Panels) > 1 || l.maxZ < 12 || l.maxN < 14
}

func (l chartLayout) right() vg.Length {
	if l.keyRoom > 0 {
		return l.keyRoom
	}
	if l.barBeside() {
		return barRoom
	}
	return 4
}

func (l chartLayout) title() vg.Length {
	for _, p := range l.Panels {
		if p.Title != "" {
			return titleHeight
		}
	}
	return 0
}

func (l chartLayout) cell(width vg.Length) vg.Length {
	w := width - chartLeft - l.right() - vg.Length(l.Columns-1)*chartGap
	return w / vg.Length(float64(l.Columns)*l.spanN())
}

func (l chartLayout) height(width vg.Length) vg.Length {
	panel := l.cell(width)*vg.Length(l.spanZ()) + l.title()
	return chartTop + chartBottom + vg.Length(l.rows())*panel + vg.Length(l.rows()-1)*chartGap
}

func (l chartLayout) draw(c draw.Canvas) {
	frames, cell := l.frames(c)
	for k, p := range l.Panels {
		f := frames[k]
		l.drawPanel(f, p, cell)
		l.writeTitle(f, k)
		below := f.Min.Y + 10
		if !l.barBeside() {
			l.insetBar(f)
			below += 42
		}
		if k == 0 {
			l.key(f, cell, vg.Point{X: f.Max.X - 10, Y: below})
		}
		if k == 0 || !l.barBeside() {
			below += 14
		}
		l.listLargest(f, p, below)
	}
	if l.barBeside() {
		l.verticalBar(l.beside(frames))
	}
}

// frames places the panels on a page and returns the side of a cell.
func (l chartLayout) frames(c draw.Canvas) ([]frame, vg.Length) {
	size := c.Size()
	cell := l.cell(size.X)
	if h := l.height(size.X); h > size.Y { // a page lower than the figure asks for
		cell *= size.Y / h
	}
	w, h := cell*vg.Length(l.spanN()), cell*vg.Length(l.spanZ())
	frames := make([]frame, len(l.Panels))
	for k := range frames {
		col, row := k%l.Columns, k/l.Columns
		lower := k+l.Columns >= len(l.Panels)
		x := c.Min.X + chartLeft + vg.Length(col)*(w+chartGap)
		y := c.Max.Y - chartTop - vg.Length(row)*(h+l.title()+chartGap) - l.title() - h
		f := frame{
			Canvas: draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + w, Y: y + h}}},
			x:      axis{min: float64(l.minN) - 0.5 - chartBorder - symbolRoom, max: float64(l.maxN) + 0.5 + chartBorder, hideLabels: !lower},
			y:      axis{min: float64(l.minZ) - 0.5 - chartBorder, max: float64(l.maxZ) + 0.5 + chartBorder, hideLabels: col > 0},
		}
		if lower {
			f.x.label = "Neutron number *N*"
		}
		if col == 0 {
			f.y.label = "Charge number *Z*"
		}
		frames[k] = f
	}
	return frames, cell
}

// writeTitle writes a panel's title above it, with its letter if there are several.
func (l chartLayout) writeTitle(f frame, k int) {
	title := l.Panels[k].Title
	if title == "" {
		return
	}
	if len(l.Panels) > 1 {
		title = fmt.Sprintf("(%c) ", 'a'+k) + title
	}
	write(f.Canvas, title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X, Y: f.Max.Y + titleHeight/2})
}

// beside returns the room for a colour bar right of all panels, as high as they are.
func (l chartLayout) beside(frames []frame) draw.Canvas {
	x := frames[l.Columns-1].Max.X + 6
	return draw.Canvas{Canvas: frames[0].Canvas.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: x, Y: frames[len(frames)-1].Min.Y}, Max: vg.Point{X: x + barWidth, Y: frames[0].Max.Y}}}
}

// drawPanel draws one chart into its frame.
func (l chartLayout) drawPanel(f frame, p ChartPanel, cell vg.Length) {
	scale := axis{min: l.Min, max: l.Max, log: true}
	l.drawCells(f, p, cell, stableRim(cell), func(v float64) color.Color {
		if v < l.Min {
			return pale
		}
		return heat(scale.at(v))
	})
	f.draw()
	l.massNumbers(f, p, cellValues(p), scale, cell)
}

// listLargest writes the largest nuclides with their values where there are none, in the lower right corner from a
// height upward.
func (l chartLayout) listLargest(f frame, p ChartPanel, bottom vg.Length) {
	const line = vg.Length(noteSize) * 1.35
	order := byFraction(p.Values)
	order = order[:min(l.Name, len(order))]
	widest := vg.Length(0)
	for _, i := range order {
		widest = max(widest, textWidth(digits(p.Values[i]), noteSize))
	}
	for k, i := range order {
		if p.Values[i] < l.Min {
			break
		}
		at := vg.Point{X: f.Max.X - 6 - widest, Y: bottom + line*vg.Length(len(order)-1-k)}
		write(f.Canvas, Label(p.Nuclides[i]), noteSize, ink, draw.XRight, at.Add(vg.Point{X: -4}))
		write(f.Canvas, digits(p.Values[i]), noteSize, ink, draw.XLeft, at)
	}
}

// digits returns a number with two digits that count, in markup.
func digits(v float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 1, 64), "e")
	k, _ := strconv.Atoi(exponent) // digits, as FormatFloat has just written
	if k >= -2 && k <= 1 {
		return strconv.FormatFloat(v, 'f', 1-k, 64)
	}
	return mantissa + "\u00d7" + Power(k)
}

// cellValues returns the values of a panel by N and Z. The two kinds of protons of small networks share a cell.
func cellValues(p ChartPanel) map[[2]int]float64 {
	values := map[[2]int]float64{}
	for i, n := range p.Nuclides {
		values[[2]int{n.N(), n.Z()}] += p.Values[i]
	}
	return values
}

// drawCells draws the nuclides of a panel in the colours of their values, stable ones with a strong rim, their symbols
// and the magic numbers.
func (l chartLayout) drawCells(f frame, p ChartPanel, cell vg.Length, strong draw.LineStyle, clr func(float64) color.Color) {
	square := func(n, z float64, half float64) []vg.Point {
		return []vg.Point{f.point(n-half, z-half), f.point(n+half, z-half), f.point(n+half, z+half), f.point(n-half, z+half)}
	}
	l.magic(f, p)
	values := cellValues(p)
	leftmost := map[int]int{}
	for _, n := range p.Nuclides {
		if m, ok := leftmost[n.Z()]; !ok || n.N() < m {
			leftmost[n.Z()] = n.N()
		}
	}
	rim := draw.LineStyle{Color: edge, Width: min(0.4, cell*0.06)}
	for _, n := range p.Nuclides {
		v := values[[2]int{n.N(), n.Z()}]
		s := square(float64(n.N()), float64(n.Z()), 0.5)
		f.FillPolygon(clr(v), s)
		f.StrokeLines(rim, append(s, s[0], s[1]))
	}
	for _, n := range p.Nuclides {
		if !math.IsInf(n.HalfLife(), 1) {
			continue
		}
		s := square(float64(n.N()), float64(n.Z()), 0.5-0.5*float64(strong.Width/cell))
		f.StrokeLines(strong, append(s, s[0], s[1]))
	}
	l.symbols(f, leftmost, cell)
}

// symbols writes the chemical symbols left of their rows: all of them if there is room for legible type, else every
// second or third one.
func (l chartLayout) symbols(f frame, leftmost map[int]int, cell vg.Length) {
	size, every := min(tickSize, float64(cell)*1.02), 1
	if size < leastSize {
		size, every = leastSize, int(math.Ceil(leastSize/(1.02*float64(cell))))
	}
	for z := l.minZ + l.minZ%every; z <= l.maxZ; z += every { // in order, so that the same figure has the same bytes
		n, ok := leftmost[z]
		if !ok {
			continue
		}
		p := f.point(float64(n)-0.5, float64(z))
		p.X -= 1.5
		// Clear the lines of magic numbers behind the letters.
		w, h := textWidth(Element(z), size), vg.Points(size)*0.42
		f.FillPolygon(gray(0xff), []vg.Point{{X: p.X - w, Y: p.Y - h}, {X: p.X, Y: p.Y - h}, {X: p.X, Y: p.Y + h}, {X: p.X - w, Y: p.Y + h}})
		write(f.Canvas, Element(z), size, ink, draw.XRight, p)
	}
}

// massNumbers writes A into the cells where these are large enough to read it.
func (l chartLayout) massNumbers(f frame, p ChartPanel, values map[[2]int]float64, scale axis, cell vg.Length) {
	size := float64(cell) * 0.47
	if size < leastSize {
		return
	}
	for _, n := range p.Nuclides {
		v := values[[2]int{n.N(), n.Z()}]
		clr := gray(0x20)
		if v >= l.Min && luminance(heat(scale.at(v))) < 0.25 {
			clr = gray(0xff)
		}
		write(f.Canvas, fmt.Sprint(n.A()), min(size, tickSize), clr, draw.XCenter, f.point(float64(n.N()), float64(n.Z())))
	}
}

// key explains the rim of stable nuclides, ending at a point.
func (l chartLayout) key(f frame, cell vg.Length, end vg.Point) {
	write(f.Canvas, "stable", noteSize, ink, draw.XRight, end)
	half, line := cell/2, stableRim(cell)
	x := end.X - textWidth("stable", noteSize) - 3 - cell
	r := []vg.Point{{X: x, Y: end.Y - half}, {X: x + cell, Y: end.Y - half}, {X: x + cell, Y: end.Y + half}, {X: x, Y: end.Y + half}}
	f.FillPolygon(pale, r)
	f.StrokeLines(line, append(r, r[0], r[1]))
}

func stableRim(cell vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: ink, Width: min(0.9, cell*0.13)}
}

// magic draws a pair of lines along every magic number as far as there are nuclides, and a little beyond.
func (l chartLayout) magic(f frame, p ChartPanel) {
	line := draw.LineStyle{Color: faint, Width: 0.5, Dashes: []vg.Length{2.2, 1.6}}
	for _, m := range magicNumbers {
		var ns, zs []int // the other number of the nuclides with N = m, with Z = m
		for _, n := range p.Nuclides {
			if n.N() == m {
				ns = append(ns, n.Z())
			}
			if n.Z() == m {
				zs = append(zs, n.N())
			}
		}
		const beyond = 2.2
		for _, side := range []float64{-0.5, 0.5} {
			at := float64(m) + side
			if len(ns) > 0 {
				lo, hi := float64(slices.Min(ns))-beyond, float64(slices.Max(ns))+beyond
				f.polyline(line, []float64{at, at}, []float64{lo, hi})
			}
			if len(zs) > 0 {
				lo, hi := float64(slices.Min(zs))-beyond-symbolRoom, float64(slices.Max(zs))+beyond
				f.polyline(line, []float64{lo, hi}, []float64{at, at})
			}
		}
	}
}
