package plots

import (
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// shape is a marker's outline around the origin, in units of its radius.
type shape struct {
	points []vg.Point // nil: a circle
	open   bool       // white inside
}

// shapes are those of the first, second, ... series of a figure.
var shapes = []shape{
	{},
	{points: polygon(4, math.Pi/4, 1.15), open: true},
	{points: polygon(3, math.Pi/2, 1.25)},
	{points: polygon(4, 0, 1.3), open: true},
}

// eventShapes are those of the moments of a track.
var eventShapes = []shape{{}, {points: polygon(4, 0, 1.35)}, {points: polygon(4, math.Pi/4, 1.2)}, {points: polygon(3, math.Pi/2, 1.25)}}

// leftward and downward mark values that lie beyond the left and the lower edge.
var (
	leftward = shape{points: polygon(3, math.Pi, 1.2), open: true}
	downward = shape{points: polygon(3, -math.Pi/2, 1.2), open: true}
)

// polygon returns the corners of a regular polygon, the first one in direction start.
func polygon(n int, start, radius float64) []vg.Point {
	p := make([]vg.Point, n)
	for i := range p {
		sin, cos := math.Sincos(start + 2*math.Pi*float64(i)/float64(n))
		p[i] = vg.Point{X: vg.Length(radius * cos), Y: vg.Length(radius * sin)}
	}
	return p
}

const markRadius = vg.Length(2.3)

// mark draws a marker in the colour of series index.
func mark(c draw.Canvas, s shape, index int, at vg.Point) { markIn(c, s, lineColor(index), at) }

func markIn(c draw.Canvas, s shape, clr color.Color, at vg.Point) {
	var p vg.Path
	if s.points == nil {
		p.Move(vg.Point{X: at.X + markRadius, Y: at.Y})
		p.Arc(at, markRadius, 0, 2*math.Pi)
	} else {
		for i, q := range s.points {
			q = at.Add(q.Scale(markRadius))
			if i == 0 {
				p.Move(q)
			} else {
				p.Line(q)
			}
		}
	}
	p.Close()
	if s.open {
		c.SetColor(gray(0xff))
	} else {
		c.SetColor(clr)
	}
	c.Fill(p)
	c.SetLineStyle(draw.LineStyle{Color: clr, Width: 0.9})
	c.Stroke(p)
}

// plain returns text without its markup.
func plain(s string) string {
	return strings.NewReplacer("\\*", "*", "\\", "", "*", "", "^{", "", "_{", "", "}", "").Replace(s)
}
