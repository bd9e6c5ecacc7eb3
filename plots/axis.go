package plots

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// axis is one side of a frame: a range, linear or logarithmic, and its label. A logarithmic one may fall, from a min
// above its max.
type axis struct {
	min, max float64
	log      bool
	label    string
	// hideLabels leaves out the numbers, for a panel that shares them with its neighbour.
	hideLabels bool
}

// tick is a mark on an axis; a minor one has no label.
type tick struct {
	value float64
	label string
}

// at returns the place of x along the axis, 0 to 1 inside its range.
func (a axis) at(x float64) float64 {
	if a.log {
		return math.Log(x/a.min) / math.Log(a.max/a.min)
	}
	return (x - a.min) / (a.max - a.min)
}

// ticks returns the marks of the axis with some n labels.
func (a axis) ticks(n int) []tick {
	if a.log {
		return logTicks(min(a.min, a.max), max(a.min, a.max), n)
	}
	return linearTicks(a.min, a.max, n)
}

// Power returns 10^k in markup.
func Power(k int) string {
	return "10^{" + strings.Replace(strconv.Itoa(k), "-", "\u2212", 1) + "}"
}

// logTicks labels powers of ten, every one or as many apart as leaves some n, and marks either the powers between
// them or, if none is skipped, the multiples 2 to 9. A range of less than two powers has its 1, 2 and 5 labelled, one
// of less than a factor of five the steps of a linear axis.
func logTicks(lo, hi float64, n int) []tick {
	if hi/lo < 5 && lo > 0.0099 && hi < 1001 {
		return linearTicks(lo, hi, n)
	}
	first, last := int(math.Floor(math.Log10(lo)+1e-9)), int(math.Ceil(math.Log10(hi)-1e-9))
	inside := func(v float64) bool { return v >= lo*(1-1e-9) && v <= hi*(1+1e-9) }
	powers := 0
	for k := first; k <= last; k++ {
		if inside(math.Pow10(k)) {
			powers++
		}
	}
	step := max(1, (powers+n-1)/max(n, 1))
	var out []tick
	for k := first; k <= last; k++ {
		v := math.Pow10(k)
		if inside(v) {
			t := tick{value: v}
			if k%step == 0 {
				t.label = Power(k)
				if powers < 2 {
					t.label = short(v)
				}
			}
			out = append(out, t)
		}
		if step > 1 {
			continue
		}
		for m := 2; m <= 9; m++ {
			v := float64(m) * math.Pow10(k)
			if !inside(v) {
				continue
			}
			t := tick{value: v}
			if powers < 2 && (m == 2 || m == 5) {
				t.label = short(v)
			}
			out = append(out, t)
		}
	}
	return out
}

// short returns a number with one digit that counts: "0.5", "20", or "2×10^{7}" where that is shorter.
func short(v float64) string {
	k := int(math.Floor(math.Log10(v) + 1e-9))
	if v > 0.0099 && v < 10001 {
		return strconv.FormatFloat(v, 'f', max(0, -k), 64)
	}
	if m := v / math.Pow10(k); m > 1.5 {
		return fmt.Sprintf("%.0f\u00d7%s", m, Power(k))
	}
	return Power(k)
}

// linearTicks labels multiples of 1, 2 or 5 times a power of ten and marks four or five parts between them.
func linearTicks(lo, hi float64, n int) []tick {
	raw := (hi - lo) / float64(max(n, 1))
	base := math.Pow10(int(math.Floor(math.Log10(raw))))
	step, parts := 10*base, 5
	for _, c := range []struct {
		m     float64
		parts int
	}{{1, 5}, {2, 4}, {5, 5}} {
		if c.m*base >= raw*(1-1e-9) {
			step, parts = c.m*base, c.parts
			break
		}
	}
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	minor := step / float64(parts)
	var out []tick
	for i := math.Ceil(lo/minor - 1e-6); i*minor <= hi+1e-6*minor; i++ {
		t := tick{value: i * minor}
		if int(i)%parts == 0 {
			t.label = strings.Replace(strconv.FormatFloat(i*minor+0, 'f', digits, 64), "-", "\u2212", 1)
		}
		out = append(out, t)
	}
	return out
}

// frame is a rectangle of the page with its two axes.
type frame struct {
	draw.Canvas // the data's rectangle
	x, y        axis
	right       *axis // another upright axis; nil: the left one is on both sides
	// leftRoom and rightRoom are those of the upright axes, with which labels of frames below one another line up; 0:
	// what the axis takes.
	leftRoom, rightRoom vg.Length
}

const (
	frameWidth  = vg.Length(0.6)
	majorTick   = vg.Length(4)
	minorTick   = vg.Length(2.2)
	tickPadding = vg.Length(3)
)

// point returns the place of (x, y) on the page.
func (f frame) point(x, y float64) vg.Point {
	return vg.Point{X: f.X(f.x.at(x)), Y: f.Y(f.y.at(y))}
}

// counts returns how many labels suit the two sides.
func (f frame) counts() (nx, ny int) {
	across := vg.Length(38)
	if !f.x.log {
		across = 26
	}
	return max(2, int(f.Size().X/across)), max(2, int(f.Size().Y/24))
}

// draw draws the frame, ticks inward on all four sides as astronomers have them, the numbers and the labels.
func (f frame) draw() {
	f.drawX()
	f.drawY()
	if f.right != nil {
		f.drawRight()
	}
	f.drawSides()
}

// drawSides draws the frame alone.
func (f frame) drawSides() {
	f.StrokeLines(draw.LineStyle{Color: ink, Width: frameWidth}, outlineOf(f.Canvas))
}

func (f frame) drawX() {
	nx, _ := f.counts()
	thin := draw.LineStyle{Color: ink, Width: frameWidth * 0.8}
	for _, t := range f.x.ticks(nx) {
		x, l := f.X(f.x.at(t.value)), minorTick
		if t.label != "" {
			l = majorTick
			if !f.x.hideLabels {
				write(f.Canvas, t.label, tickSize, ink, draw.XCenter,
					vg.Point{X: x, Y: f.Min.Y - tickPadding - vg.Points(tickSize)*0.5})
			}
		}
		f.StrokeLine2(thin, x, f.Min.Y, x, f.Min.Y+l)
		f.StrokeLine2(thin, x, f.Max.Y, x, f.Max.Y-l)
	}
	if f.x.label != "" {
		write(f.Canvas, f.x.label, labelSize, ink, draw.XCenter,
			vg.Point{X: f.Center().X, Y: f.Min.Y - f.x.depth() + vg.Points(labelSize)*0.5})
	}
}

func (f frame) drawY() {
	f.drawUpright(f.y, f.Min.X, 1, f.leftRoom)
	if f.right == nil { // the marks of the left axis stand on both sides
		bare := f.y
		bare.hideLabels, bare.label = true, ""
		f.drawUpright(bare, f.Max.X, -1, 0)
	}
}

// drawRight draws the marks, the numbers and the label of the right axis.
func (f frame) drawRight() { f.drawUpright(*f.right, f.Max.X, -1, f.rightRoom) }

// drawUpright draws an axis at the edge of the frame from where marks point inwards: 1 to the right, -1 to the left.
// Room is what numbers and label take at least.
func (f frame) drawUpright(a axis, edge, inwards, room vg.Length) {
	_, ny := f.counts()
	align := draw.XRight
	if inwards < 0 {
		align = draw.XLeft
	}
	thin := draw.LineStyle{Color: ink, Width: frameWidth * 0.8}
	for _, t := range a.ticks(ny) {
		y, l := f.Y(a.at(t.value)), minorTick
		if t.label != "" {
			l = majorTick
			if !a.hideLabels {
				write(f.Canvas, t.label, tickSize, ink, align, vg.Point{X: edge - inwards*tickPadding, Y: y})
			}
		}
		f.StrokeLine2(thin, edge, y, edge+inwards*l, y)
	}
	if a.label != "" {
		writeRotated(f.Canvas, a.label, labelSize, ink, draw.XCenter,
			vg.Point{X: edge - inwards*(max(a.breadth(ny), room)-vg.Points(labelSize)*0.5), Y: f.Center().Y}, math.Pi/2)
	}
}

// depth returns the room below the frame that numbers and label of a horizontal axis take.
func (a axis) depth() vg.Length {
	d := vg.Length(0)
	if !a.hideLabels {
		d += tickPadding + vg.Points(tickSize)
	}
	if a.label != "" {
		d += tickPadding + vg.Points(labelSize)
	}
	return d
}

// breadth returns the room left of the frame that numbers and label of a vertical axis take.
func (a axis) breadth(n int) vg.Length {
	b := vg.Length(0)
	if !a.hideLabels {
		for _, t := range a.ticks(n) {
			b = max(b, tickPadding+textWidth(t.label, tickSize))
		}
	}
	if a.label != "" {
		b += tickPadding + vg.Points(labelSize)
	}
	return b
}

// inset returns the part of the page left for the data between margins that hold the axes' numbers and labels, with
// right and top as given.
func inset(c draw.Canvas, x, y axis, right, top vg.Length) frame {
	const pad = 2
	_, ny := frame{Canvas: c}.counts()
	return frame{Canvas: draw.Crop(c, y.breadth(ny)+pad, -right, x.depth()+pad, -top), x: x, y: y}
}

// polyline strokes points given in data coordinates, cut at the frame. Points that a logarithmic axis cannot show end
// the line and start a new one.
func (f frame) polyline(style draw.LineStyle, xs, ys []float64) {
	var line []vg.Point
	flush := func() {
		if len(line) > 1 {
			f.StrokeLines(style, f.ClipLinesXY(line)...)
		}
		line = nil
	}
	for i, x := range xs {
		p := f.point(x, ys[i])
		if math.IsNaN(float64(p.X)) || math.IsInf(float64(p.X), 0) || math.IsNaN(float64(p.Y)) || math.IsInf(float64(p.Y), 0) {
			flush()
			continue
		}
		line = append(line, p)
	}
	flush()
}
