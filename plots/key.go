package plots

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// keyEntry is a name and its look.
type keyEntry struct {
	name  string
	index int // of colour, dashes and marks
	look  Look
	shape Mark // 0: by the index
	open  bool
	band  bool
	event bool // a moment of a track
}

// key is names with samples of their looks, in lines as wide as the page.
type key [][]keyEntry

const (
	keyLine   = vg.Length(10) // from one line to the next
	keySample = vg.Length(18) // the width of a line or band
)

func newKey(entries []keyEntry, width vg.Length) (lines key) {
	const margin = 26 // left of it there are the numbers of an axis
	room := vg.Length(0)
	for _, e := range entries {
		if e.name == "" {
			continue
		}
		if len(lines) == 0 || e.width() > room {
			lines, room = append(lines, nil), width-margin
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], e)
		room -= e.width() + 10
	}
	return lines
}

func (k key) height() vg.Length { return vg.Length(len(k)) * keyLine }

// draw writes the key from the left end of its upper line downward.
func (k key) draw(c draw.Canvas, at vg.Point) {
	at.Y -= keyLine / 2
	for _, line := range k {
		x := at.X
		for _, e := range line {
			e.draw(c, vg.Point{X: x, Y: at.Y})
			x += e.width() + 10
		}
		at.Y -= keyLine
	}
}

func (e keyEntry) width() vg.Length { return e.sample() + 3 + textWidth(e.name, tickSize) }

func (e keyEntry) lined() bool  { return !e.band && !e.event && (e.look == Line || e.look == Linked) }
func (e keyEntry) marked() bool { return e.event || !e.band && e.look != Line }

// sample is the width of what stands before the name.
func (e keyEntry) sample() vg.Length {
	if e.band || e.lined() {
		return keySample
	}
	return 2 * markRadius
}

func (e keyEntry) draw(c draw.Canvas, at vg.Point) {
	w, clr := e.sample(), color.Color(ink)
	if e.band {
		c.FillPolygon(bandColor(e.index), []vg.Point{{X: at.X, Y: at.Y - 3}, {X: at.X + w, Y: at.Y - 3}, {X: at.X + w, Y: at.Y + 3}, {X: at.X, Y: at.Y + 3}})
	} else if e.look != Published && !e.event {
		clr = textColor(e.index)
	}
	if e.lined() {
		c.StrokeLines(LineStyle(e.index), []vg.Point{at, {X: at.X + w, Y: at.Y}})
	}
	if e.marked() {
		e.mark(c, vg.Point{X: at.X + w/2, Y: at.Y})
	}
	write(c, e.name, tickSize, clr, draw.XLeft, vg.Point{X: at.X + w + 3, Y: at.Y})
}

// mark draws an entry's mark.
func (e keyEntry) mark(c draw.Canvas, at vg.Point) {
	s, clr := shapes[e.index%len(shapes)], color.Color(lineColor(e.index))
	if e.shape > 0 {
		s = shapes[e.shape-1]
	}
	s.open = e.open
	switch {
	case e.look == Published:
		s.open, clr = true, faint
	case e.event:
		s, clr = eventShapes[e.index%len(eventShapes)], gray(0x60)
	}
	markIn(c, s, clr, at)
}

// bandColor is light enough for marks on it to stand out.
func bandColor(i int) color.Color { return gray([]uint8{0xe2, 0xcc, 0xee}[i%3]) }
