package plots

import (
	"image/color"
	"math"
	"strings"
	"sync"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes of type in print, in points. AAS Journals ask for 6 or more.
const (
	labelSize = 8.0
	tickSize  = 7.0
	noteSize  = 6.5
)

// Markup is a handler for gonum/plot text (plot.Plot.TextHandler) that reads ^{..} as a superscript, _{..} as a
// subscript and *..* as italic; a backslash takes the next character as it is.
type Markup struct {
	Fonts *font.Cache
}

var _ text.Handler = Markup{}

// run is a stretch of text of one font, size and height.
type run struct {
	text  string
	font  font.Font
	shift vg.Length
}

// Raised and lowered text, as fractions of the size of the type around it, and the least size of any text in points.
const (
	scriptScale = 0.72
	superShift  = 0.36
	subShift    = -0.16
	leastSize   = 6.0
)

func (m Markup) runs(txt string, fnt font.Font) []run {
	var (
		out    []run
		b      strings.Builder
		italic bool
		script rune
	)
	flush := func() {
		if b.Len() == 0 {
			return
		}
		r := run{text: b.String(), font: fnt}
		if italic {
			r.font.Style = stdfont.StyleItalic
		}
		switch script {
		case '^':
			r.shift, r.font.Size = superShift*fnt.Size, scriptSize(fnt.Size)
		case '_':
			r.shift, r.font.Size = subShift*fnt.Size, scriptSize(fnt.Size)
		}
		out = append(out, r)
		b.Reset()
	}
	rs := []rune(txt)
	for i := 0; i < len(rs); i++ {
		switch c := rs[i]; {
		case c == '\\' && i+1 < len(rs):
			i++
			b.WriteRune(rs[i])
		case c == '*':
			flush()
			italic = !italic
		case (c == '^' || c == '_') && i+1 < len(rs) && rs[i+1] == '{':
			flush()
			script = c
			i++
		case c == '}' && script != 0:
			flush()
			script = 0
		default:
			b.WriteRune(c)
		}
	}
	flush()
	return out
}

// scriptSize returns the size of scripts at type of a size.
func scriptSize(size vg.Length) vg.Length {
	return max(scriptScale*size, min(vg.Points(leastSize), size))
}

// Cache returns the fonts used.
func (m Markup) Cache() *font.Cache { return m.Fonts }

// Extents returns the extents of a font.
func (m Markup) Extents(fnt font.Font) font.Extents {
	face := m.Fonts.Lookup(fnt, fnt.Size)
	return face.Extents()
}

// Lines splits a text into lines.
func (m Markup) Lines(txt string) []string {
	return strings.Split(strings.TrimRight(txt, "\n"), "\n")
}

// Box returns the width of one line of text, its height above and depth below the base line.
func (m Markup) Box(txt string, fnt font.Font) (width, height, depth vg.Length) {
	for _, r := range m.runs(txt, fnt) {
		face := m.Fonts.Lookup(r.font, r.font.Size)
		width += face.Width(r.text)
	}
	face := m.Fonts.Lookup(fnt, fnt.Size)
	ext := face.Extents()
	return width, ext.Ascent, ext.Descent
}

// Draw draws the text on the canvas, aligned at pt as the style says.
func (m Markup) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	c.SetColor(sty.Color)
	c.Push()
	defer c.Pop()
	c.Translate(pt)
	if sty.Rotation != 0 {
		c.Rotate(sty.Rotation)
	}
	ext := m.Extents(sty.Font)
	lines := m.Lines(txt)
	height := ext.Ascent + ext.Descent + vg.Length(len(lines)-1)*sty.Font.Size
	for i, line := range lines {
		w, _, _ := m.Box(line, sty.Font)
		x := vg.Length(sty.XAlign) * w
		y := (1+vg.Length(sty.YAlign))*height - ext.Ascent - vg.Length(i)*sty.Font.Size
		for _, r := range m.runs(line, sty.Font) {
			x += m.drawRun(c, r, vg.Point{X: x, Y: y + r.shift})
		}
	}
}

// drawRun draws one run with its base line starting at pt and returns its width.
func (m Markup) drawRun(c vg.Canvas, r run, pt vg.Point) vg.Length {
	face := m.Fonts.Lookup(r.font, r.font.Size)
	// SVG drops blanks at the start of a text.
	word := strings.TrimLeft(r.text, " ")
	pt.X += face.Width(r.text[:len(r.text)-len(word)])
	c.FillString(face, pt, word)
	return face.Width(r.text)
}

// fonts holds the Liberation family, parsed when the first figure is drawn.
var fonts = sync.OnceValue(func() *font.Cache { return font.NewCache(liberation.Collection()) })

// typeface is that of the figures.
var typeface = font.Font{Typeface: "Liberation", Variant: "Sans"}

// style returns a text style of the figures' typeface.
func style(size float64, clr color.Color, x draw.XAlignment, y draw.YAlignment) text.Style {
	return text.Style{
		Color:   clr,
		Font:    font.From(typeface, vg.Points(size)),
		XAlign:  x,
		YAlign:  y,
		Handler: Markup{Fonts: fonts()},
	}
}

// textWidth returns the width of one line at a size in points.
func textWidth(txt string, size float64) vg.Length {
	return style(size, nil, draw.XLeft, draw.YTop).Width(txt)
}

// capHeight is the height of a digit as a fraction of the type size: what the eye takes for the height of a label.
const capHeight = 0.72

// write draws one line of text so that the digits' middle, not the font's box, is centred at pt vertically.
func write(c draw.Canvas, txt string, size float64, clr color.Color, x draw.XAlignment, pt vg.Point) {
	writeRotated(c, txt, size, clr, x, pt, 0)
}

func writeRotated(c draw.Canvas, txt string, size float64, clr color.Color, x draw.XAlignment, pt vg.Point, angle float64) {
	s := style(size, clr, x, draw.YTop)
	s.Rotation = angle
	// From the top of the font's box down to its base line is the ascent; the digits reach capHeight above that.
	up := s.FontExtents().Ascent - vg.Points(size)*capHeight/2
	sin, cos := math.Sincos(angle)
	c.FillText(s, pt.Add(vg.Point{X: -up * vg.Length(sin), Y: up * vg.Length(cos)}), txt)
}
