package plots

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Architecture draws a neural network from its inputs on the left to its outputs on the right: a column of neurons for
// each layer, the higher the more there are, with their number below and the activation above.
type Architecture struct {
	Inputs, Outputs []Terminal
	Layers          []Layer   // hidden ones, in order
	Title           string    // in the upper left corner of the page, in markup
	Width           vg.Length // 0: TwoColumns
}

// Terminal is one or more neurons of the first or the last layer that stand for one kind of quantity.
type Terminal struct {
	Name       string // in markup
	Count      int
	Activation string // of outputs; empty: none
}

// Layer is a hidden layer.
type Layer struct {
	Width      int
	Activation string
	Residual   bool // what comes in is added to what goes out
}

// Figure draws the network. It reports layers and terminals without neurons.
func (a Architecture) Figure() (*Figure, error) {
	data := Table{Columns: []string{"layer", "name", "neurons", "activation"}}
	terminals := func(number int, list []Terminal) (sum int, err error) {
		for _, t := range list {
			if t.Count < 1 {
				return 0, fmt.Errorf("plots: architecture: %s has %d neurons", plain(t.Name), t.Count)
			}
			sum += t.Count
			data.Rows = append(data.Rows, []any{number, plain(t.Name), t.Count, t.Activation})
		}
		if sum == 0 {
			return 0, fmt.Errorf("plots: architecture: inputs or outputs are missing")
		}
		return sum, nil
	}
	in, err := terminals(0, a.Inputs)
	if err != nil {
		return nil, err
	}
	widths := []int{in}
	for i, l := range a.Layers {
		if l.Width < 1 {
			return nil, fmt.Errorf("plots: architecture: layer %d has %d neurons", i+1, l.Width)
		}
		widths = append(widths, l.Width)
		data.Rows = append(data.Rows, []any{i + 1, fmt.Sprintf("hidden %d", i+1), l.Width, l.Activation})
	}
	out, err := terminals(len(a.Layers)+1, a.Outputs)
	if err != nil {
		return nil, err
	}
	widths = append(widths, out)
	if a.Width == 0 {
		a.Width = TwoColumns
	}
	lay := architectureLayout{a, a.columns(in, out)}
	height := min(a.Width*0.75, 3.2*vg.Inch)
	return &Figure{Alt: a.alt(widths), Width: a.Width, Height: height, Data: data, draw: lay.draw}, nil
}

func (a Architecture) alt(widths []int) string {
	names := func(list []Terminal) string {
		var s []string
		for _, t := range list {
			name := plain(t.Name)
			if t.Count > 1 {
				name += fmt.Sprintf(" (%d)", t.Count)
			}
			s = append(s, name)
		}
		return strings.Join(s, ", ")
	}
	return fmt.Sprintf("Neural network of %d layers of weights, %s neurons wide. Inputs: %s. Outputs: %s.", len(widths)-1,
		strings.ReplaceAll(strings.Trim(fmt.Sprint(widths), "[]"), " ", "-"), names(a.Inputs), names(a.Outputs))
}

// neurons is one column of the drawing, or, without groups, the dots that stand for layers like those beside them.
type neurons struct {
	groups     []int // neurons of each kind
	activation string
	residual   bool
	label      string
}

// mostColumns is how many layers are drawn one by one.
const mostColumns = 14

// columns lists what is drawn from left to right. In a deep network most of the longest run of equal layers is left out.
func (a Architecture) columns(in, out int) []neurons {
	first, last := neurons{label: fmt.Sprint(in)}, neurons{label: fmt.Sprint(out)}
	for _, t := range a.Inputs {
		first.groups = append(first.groups, t.Count)
	}
	for _, t := range a.Outputs {
		last.groups = append(last.groups, t.Count)
	}
	from, length := 0, 0
	for i := 0; i < len(a.Layers); {
		j := i
		for j < len(a.Layers) && a.Layers[j] == a.Layers[i] {
			j++
		}
		if j-i > length {
			from, length = i, j-i
		}
		i = j
	}
	skip := len(a.Layers) + 2 - mostColumns + 1 // the dots are a column too
	if skip < 2 || length < skip+2 {
		skip = 0
	}
	list := []neurons{first}
	for i, l := range a.Layers {
		switch {
		case i == from+length-1-skip && skip > 0:
			list = append(list, neurons{label: fmt.Sprintf("%d more", skip)})
		case i > from+length-1-skip && i < from+length-1:
		default:
			list = append(list, neurons{[]int{l.Width}, l.Activation, l.Residual, fmt.Sprint(l.Width)})
		}
	}
	return append(list, last)
}

type architectureLayout struct {
	Architecture
	columns []neurons
}

// stack is a column of the drawing with its places on the page.
type stack struct {
	neurons
	x     vg.Length
	at    []vg.Point // neurons drawn
	mid   []vg.Point // middle of each group
	whole []bool     // whether all neurons of a group are drawn; if not there are dots in its middle
}

// place stacks a column's neurons around a height, from top to bottom: of large groups only some, the more the larger.
func (n neurons) place(x, middle, pitch vg.Length, most int) stack {
	s := stack{neurons: n, x: x}
	y := vg.Length(0) // downward
	for g, count := range n.groups {
		if g > 0 {
			y += 0.5 * pitch
		}
		draws := min(count, max(3, int(math.Round(float64(most)*math.Log2(float64(count))/11)))) // 11: that of 2048
		whole, top := draws == count, y
		for i := range draws {
			if !whole && 2*i >= draws && 2*(i-1) < draws {
				y += pitch // for the dots
			}
			s.at = append(s.at, vg.Point{X: x, Y: -y})
			y += pitch
		}
		// Of an odd number the upper part has one more.
		m := (top + y - pitch) / 2
		if !whole && draws%2 == 1 {
			m += pitch / 2
		}
		s.mid, s.whole = append(s.mid, vg.Point{X: x, Y: -m}), append(s.whole, whole)
	}
	shift := middle + (y-pitch)/2
	for _, list := range [][]vg.Point{s.at, s.mid} {
		for i := range list {
			list[i].Y += shift
		}
	}
	return s
}

func (t Terminal) label() string {
	if t.Count > 1 {
		return fmt.Sprintf("%s (%d)", t.Name, t.Count)
	}
	return t.Name
}

// Colours of the columns, as numbers of lineColor.
const (
	inputColor  = 0
	outputColor = 1
	hiddenColor = 2
)

func (l architectureLayout) color(k int) int {
	switch k {
	case 0:
		return inputColor
	case len(l.columns) - 1:
		return outputColor
	}
	return hiddenColor
}

func (l architectureLayout) draw(c draw.Canvas) {
	const (
		below  = vg.Length(27) // numbers and what the columns are
		above  = vg.Length(14) // activations
		beside = vg.Length(10) // between the outer neurons and their names
		narrow = 8             // columns, of which more have fewer neurons each
	)
	top := vg.Length(4)
	if l.Title != "" {
		top += vg.Points(labelSize) + 3
		write(c, l.Title, labelSize, ink, draw.XLeft, vg.Point{X: c.Min.X + 4, Y: c.Max.Y - 3 - vg.Points(labelSize)/2})
	}
	names := func(list []Terminal) (w vg.Length) {
		for _, t := range list {
			w = max(w, textWidth(t.label(), labelSize), textWidth(t.Activation, tickSize))
		}
		return w + beside + 2
	}
	area := draw.Crop(c, names(l.Inputs), -names(l.Outputs), below, -top-above)
	n, most := len(l.columns), 12
	if n > narrow {
		most = 9
	}
	highest := vg.Length(1) // column, in distances from one neuron to the next
	for _, col := range l.columns {
		if one := col.place(0, 0, 1, most); one.at != nil {
			highest = max(highest, one.at[0].Y-one.at[len(one.at)-1].Y+1)
		}
	}
	pitch := area.Size().Y / highest
	radius := min(pitch*0.36, area.Size().X/vg.Length(n)*0.2)
	stacks := make([]stack, n)
	for k, col := range l.columns {
		stacks[k] = col.place(area.X(float64(k)/float64(n-1)), area.Center().Y, pitch, most)
	}
	for k := 1; k < n; k++ {
		connect(c, stacks[k-1].at, stacks[k].at)
	}
	for k, s := range stacks {
		if s.groups == nil {
			dots(c, vg.Point{X: s.x, Y: area.Center().Y}, vg.Point{X: 4})
		}
		for _, p := range s.at {
			neuron(c, p, radius, l.color(k))
		}
		for g, m := range s.mid {
			if !s.whole[g] {
				dots(c, m, vg.Point{Y: pitch * 0.3})
			}
		}
		write(c, s.label, tickSize, ink, draw.XCenter, vg.Point{X: s.x, Y: area.Min.Y - 8})
		write(c, s.activation, tickSize, textColor(l.color(k)), draw.XCenter, vg.Point{X: s.x, Y: area.Max.Y + above/2 + 2})
		if s.residual && k > 0 {
			bypass(c, stacks[k-1].x, s.x, area.Max.Y-1)
		}
	}
	for g, t := range l.Inputs {
		t.write(c, stacks[0].mid[g].Add(vg.Point{X: -beside}), draw.XRight)
	}
	for g, t := range l.Outputs {
		t.write(c, stacks[n-1].mid[g].Add(vg.Point{X: beside}), draw.XLeft)
	}
	part := func(text string, x vg.Length, clr int) {
		write(c, text, labelSize, textColor(clr), draw.XCenter, vg.Point{X: x, Y: area.Min.Y - 20})
	}
	part("input", stacks[0].x, inputColor)
	part("output", stacks[n-1].x, outputColor)
	if n > 2 {
		part("hidden layers", area.Center().X, hiddenColor)
	}
}

// write names a terminal beside it.
func (t Terminal) write(c draw.Canvas, p vg.Point, x draw.XAlignment) {
	if t.Activation != "" {
		const apart = vg.Length(labelSize) * 0.62
		write(c, t.Activation, tickSize, textColor(outputColor), x, vg.Point{X: p.X, Y: p.Y - apart})
		p.Y += apart
	}
	write(c, t.label(), labelSize, ink, x, p)
}

// connect joins all places of one column with all of the next.
func connect(c draw.Canvas, from, to []vg.Point) {
	var p vg.Path
	for _, a := range from {
		for _, b := range to {
			p.Move(a)
			p.Line(b)
		}
	}
	if len(p) > 0 {
		c.SetLineStyle(draw.LineStyle{Color: gray(0xb8), Width: 0.25})
		c.Stroke(p)
	}
}

func neuron(c draw.Canvas, at vg.Point, radius vg.Length, index int) {
	var p vg.Path
	p.Move(vg.Point{X: at.X + radius, Y: at.Y})
	p.Arc(at, radius, 0, 2*math.Pi)
	p.Close()
	clr := lineColor(index)
	light := func(v uint8) uint8 { return uint8(0xff - (0xff-int(v))/3) }
	c.SetColor(color.NRGBA{light(clr.R), light(clr.G), light(clr.B), 0xff})
	c.Fill(p)
	c.SetLineStyle(draw.LineStyle{Color: clr, Width: 0.7})
	c.Stroke(p)
}

// dots draws three dots around a place.
func dots(c draw.Canvas, at, step vg.Point) {
	for k := -1; k <= 1; k++ {
		c.DrawGlyph(draw.GlyphStyle{Color: gray(0x40), Radius: 0.8, Shape: draw.CircleGlyph{}}, at.Add(step.Scale(vg.Length(k))))
	}
}

// bypass draws an arc over a layer from what comes in to what goes out.
func bypass(c draw.Canvas, from, to, y vg.Length) {
	var p vg.Path
	p.Move(vg.Point{X: from, Y: y})
	p.CubeTo(vg.Point{X: from + (to-from)/4, Y: y + 5}, vg.Point{X: to - (to-from)/4, Y: y + 5}, vg.Point{X: to, Y: y})
	c.SetLineStyle(draw.LineStyle{Color: lineColor(hiddenColor), Width: 0.8})
	c.Stroke(p)
}
