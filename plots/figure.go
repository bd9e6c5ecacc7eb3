package plots

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"html"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Widths of figures in AAS Journals, print size.
const (
	OneColumn  = 3.5 * vg.Inch
	TwoColumns = 7.1 * vg.Inch
)

// Dots per inch of PNG pictures: on a screen, two for every CSS pixel; in print, what journals ask of line art drawn
// with half tones.
const (
	screenDPI = 192
	printDPI  = 600
)

// Figure is a finished drawing with the numbers behind it. A notebook shows it by itself.
type Figure struct {
	// Alt says in a sentence or two what the figure shows, for those who cannot see it.
	Alt string
	// Width and Height are the size in print.
	Width, Height vg.Length
	// Data holds the numbers drawn.
	Data Table

	draw func(draw.Canvas)
}

// Table is the numbers behind a figure: the column names and the rows, whose values are strings, ints or float64s.
type Table struct {
	Columns []string
	Rows    [][]any
}

// Draw draws the figure over the whole of c, whatever its size.
func (f *Figure) Draw(c draw.Canvas) {
	c.FillPolygon(color.White, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
	f.draw(c)
}

// WriterTo returns the drawing in a format, "svg", "pdf" or "png", with the signature of gonum's plot.Plot.WriterTo.
// A width or height of 0 is the figure's own.
func (f *Figure) WriterTo(w, h vg.Length, format string) (io.WriterTo, error) {
	if w <= 0 {
		w = f.Width
	}
	if h <= 0 {
		h = f.Height
	}
	switch format {
	case "svg":
		return bytes.NewReader(f.svg(w, h)), nil
	case "pdf":
		b, err := f.pdf(w, h)
		return bytes.NewReader(b), err
	case "png":
		b, err := f.png(w, h, screenDPI)
		return bytes.NewReader(b), err
	}
	return nil, fmt.Errorf("plots: unknown format %q: want svg, pdf or png", format)
}

// SVG returns the figure as a document for a screen, print size, with its text as text.
func (f *Figure) SVG() string { return string(f.svg(f.Width, f.Height)) }

// PNG returns the figure as a picture with two dots for every CSS pixel of its print size.
func (f *Figure) PNG() ([]byte, error) { return f.png(f.Width, f.Height, screenDPI) }

// String returns Alt.
func (f *Figure) String() string { return f.Alt }

// MIMEBundle returns the figure as a notebook stores it: vector drawing, picture with its size on the screen, and text
// for those who see neither.
func (f *Figure) MIMEBundle() (data, metadata map[string]any) {
	data = map[string]any{"image/svg+xml": f.SVG(), "text/plain": f.Alt}
	metadata = map[string]any{"image/svg+xml": map[string]any{"alt": f.Alt}}
	if b, err := f.PNG(); err == nil {
		const css = 96. / 72 // CSS pixels a point
		data["image/png"] = b
		metadata["image/png"] = map[string]any{"width": int(f.Width * css), "height": int(f.Height * css), "alt": f.Alt}
	}
	return data, metadata
}

func (f *Figure) svg(w, h vg.Length) []byte {
	c := newSVG(w, h)
	f.Draw(draw.New(c))
	s := c.document()
	if f.Alt != "" {
		alt := html.EscapeString(f.Alt)
		s = strings.Replace(s, "<svg ", `<svg role="img" aria-label="`+alt+`" `, 1)
	}
	return []byte(s)
}

func (f *Figure) png(w, h vg.Length, dpi int) ([]byte, error) {
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))
	f.Draw(draw.New(c))
	var b bytes.Buffer
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(&b)
	return withResolution(b.Bytes(), dpi), err
}

// withResolution adds to a PNG file the size of its dots, so that programs print it at the size meant (chunk pHYs, in
// dots per metre, after the header of fixed length).
func withResolution(picture []byte, dpi int) []byte {
	const header = 8 + 25
	if len(picture) < header {
		return picture
	}
	perMetre := uint32(math.Round(float64(dpi) / 0.0254))
	chunk := []byte("pHYs")
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = append(chunk, 1) // the unit is the metre
	whole := binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4))
	whole = binary.BigEndian.AppendUint32(append(whole, chunk...), crc32.ChecksumIEEE(chunk))
	return slices.Concat(picture[:header], whole, picture[header:])
}

func (f *Figure) pdf(w, h vg.Length) ([]byte, error) {
	c := newPDF(w, h)
	f.Draw(draw.New(c))
	var b bytes.Buffer
	err := c.writeTo(&b)
	return b.Bytes(), err
}
