package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// barSteps is the number of patches that a colour bar is made of: more than the eye can tell apart.
const barSteps = 128

// ramp fills a rectangle with a colour scale, given for 0 to 1, rising to the right or upward.
func ramp(c draw.Canvas, upward bool, clr func(float64) color.Color) {
	for i := range barSteps {
		// Patches overlap the next one, so that no viewer shows seams.
		lo, hi := float64(i)/barSteps, min(float64(i+2)/barSteps, 1)
		r := vg.Rectangle{Min: vg.Point{X: c.X(lo), Y: c.Min.Y}, Max: vg.Point{X: c.X(hi), Y: c.Max.Y}}
		if upward {
			r = vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: c.Y(lo)}, Max: vg.Point{X: c.Max.X, Y: c.Y(hi)}}
		}
		c.FillPolygon(clr((float64(i)+0.5)/barSteps), []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}})
	}
}

func outlineOf(c draw.Canvas) []vg.Point {
	return []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}, c.Min, {X: c.Max.X, Y: c.Min.Y}}
}

// verticalBar draws the colour scale into c, its numbers and label to the right.
func (l chartLayout) verticalBar(c draw.Canvas) {
	colorBar(c, axis{min: l.Min, max: l.Max, log: true}, max(2, int(c.Size().Y/16)), l.Label, heat)
}

// colorBar draws a colour scale with some n numbers and a label to its right.
func colorBar(c draw.Canvas, scale axis, n int, label string, clr func(float64) color.Color) {
	ramp(c, true, clr)
	thin := draw.LineStyle{Color: ink, Width: 0.5}
	widest := vg.Length(0)
	for _, t := range scale.ticks(n) {
		y := c.Y(scale.at(t.value))
		if t.label == "" {
			c.StrokeLine2(thin, c.Max.X-1.6, y, c.Max.X, y)
			continue
		}
		c.StrokeLine2(thin, c.Max.X-3, y, c.Max.X, y)
		write(c, t.label, tickSize, ink, draw.XLeft, vg.Point{X: c.Max.X + 2.5, Y: y})
		widest = max(widest, textWidth(t.label, tickSize))
	}
	c.StrokeLines(draw.LineStyle{Color: ink, Width: frameWidth}, outlineOf(c))
	writeRotated(c, label, labelSize, ink, draw.XCenter,
		vg.Point{X: c.Max.X + 2.5 + widest + 2 + vg.Points(labelSize)/2, Y: c.Center().Y}, math.Pi/2)
}

// insetBar draws the colour scale and the key into the empty lower right corner of a chart.
func (l chartLayout) insetBar(f frame) {
	scale := axis{min: l.Min, max: l.Max, log: true}
	w := f.Size().X * 0.36
	x, y := f.Max.X-10-w, f.Min.Y+22
	c := draw.Canvas{Canvas: f.Canvas.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + w, Y: y + 6}}}
	ramp(c, false, heat)
	thin := draw.LineStyle{Color: ink, Width: 0.5}
	for _, t := range scale.ticks(4) {
		at := c.X(scale.at(t.value))
		if t.label == "" {
			c.StrokeLine2(thin, at, c.Min.Y, at, c.Min.Y+1.3)
			continue
		}
		c.StrokeLine2(thin, at, c.Min.Y, at, c.Min.Y+2.5)
		write(c, t.label, noteSize, ink, draw.XCenter, vg.Point{X: at, Y: c.Min.Y - 6})
	}
	c.StrokeLines(draw.LineStyle{Color: ink, Width: frameWidth}, outlineOf(c))
	write(c, l.Label, noteSize, ink, draw.XCenter, vg.Point{X: c.Center().X, Y: c.Max.Y + 7})
}
