package plots

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdfCanvas is a vg.Canvas that writes PDF. Unlike gonum's own it takes any number of fonts, embeds only the letters
// used, keeps Greek as text, and gives the same bytes for the same drawing.
type pdfCanvas struct {
	doc    *fpdf.Fpdf
	w, h   vg.Length
	state  []pdfState
	fonts  map[string]bool
	images int
}

type pdfState struct {
	color color.Color
	width vg.Length
}

// reproduciblePDF makes documents free of the time of day and of the order of Go's maps. These are settings of the PDF
// library as a whole, so they are made once, when the first document is wanted.
var reproduciblePDF = sync.OnceFunc(func() {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	fpdf.SetDefaultCatalogSort(true)
	fpdf.SetDefaultCreationDate(epoch)
	fpdf.SetDefaultModificationDate(epoch)
})

func newPDF(w, h vg.Length) *pdfCanvas {
	reproduciblePDF()
	c := &pdfCanvas{
		doc: fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: w.Points(), Ht: h.Points()}}),
		w:   w, h: h,
		state: []pdfState{{}},
		fonts: map[string]bool{},
	}
	c.doc.SetMargins(0, 0, 0)
	c.doc.SetAutoPageBreak(false, 0)
	c.doc.AddPage()
	vg.Initialize(c)
	// The page's origin is at its upper left, vg's at the lower left.
	c.doc.TransformBegin()
	c.Translate(vg.Point{Y: h})
	c.Scale(1, -1)
	return c
}

func (c *pdfCanvas) top() *pdfState { return &c.state[len(c.state)-1] }

func (c *pdfCanvas) Size() (w, h vg.Length) { return c.w, c.h }

func (c *pdfCanvas) SetLineWidth(w vg.Length) {
	c.top().width = w
	c.doc.SetLineWidth(w.Points())
}

func (c *pdfCanvas) SetLineDash(dashes []vg.Length, offset vg.Length) {
	d := make([]float64, len(dashes))
	for i, l := range dashes {
		d[i] = l.Points()
	}
	c.doc.SetDashPattern(d, offset.Points())
}

func (c *pdfCanvas) SetColor(clr color.Color) {
	if clr == nil {
		clr = color.Black
	}
	c.top().color = clr
	n := color.NRGBAModel.Convert(clr).(color.NRGBA)
	r, g, b := int(n.R), int(n.G), int(n.B)
	c.doc.SetFillColor(r, g, b)
	c.doc.SetDrawColor(r, g, b)
	c.doc.SetTextColor(r, g, b)
	c.doc.SetAlpha(float64(n.A)/0xff, "Normal")
}

func (c *pdfCanvas) Rotate(rad float64) { c.doc.TransformRotate(-rad*180/math.Pi, 0, 0) }

func (c *pdfCanvas) Translate(pt vg.Point) {
	c.doc.TransformTranslate(pt.X.Points(), pt.Y.Points())
}

func (c *pdfCanvas) Scale(x, y float64) { c.doc.TransformScale(x*100, y*100, 0, 0) }

func (c *pdfCanvas) Push() {
	c.state = append(c.state, *c.top())
	c.doc.TransformBegin()
}

func (c *pdfCanvas) Pop() {
	c.doc.TransformEnd()
	c.state = c.state[:len(c.state)-1]
	// The library remembers what it wrote last, not what the end of a group brings back.
	c.SetColor(c.top().color)
	c.SetLineWidth(c.top().width)
}

func (c *pdfCanvas) Stroke(p vg.Path) {
	if c.top().width > 0 {
		c.path(p)
		c.doc.DrawPath("D")
	}
}

func (c *pdfCanvas) Fill(p vg.Path) {
	c.path(p)
	c.doc.DrawPath("F")
}

func (c *pdfCanvas) path(p vg.Path) {
	var at vg.Point
	for i, s := range p {
		switch s.Type {
		case vg.MoveComp:
			at = s.Pos
			c.doc.MoveTo(at.X.Points(), at.Y.Points())
		case vg.LineComp:
			at = s.Pos
			c.doc.LineTo(at.X.Points(), at.Y.Points())
		case vg.CurveComp:
			c1 := s.Control[0]
			c2 := s.Control[len(s.Control)-1]
			if len(s.Control) == 1 { // a quadratic curve as a cubic one
				c1, c2 = at.Add(c1.Sub(at).Scale(2./3)), s.Pos.Add(c1.Sub(s.Pos).Scale(2./3))
			}
			at = s.Pos
			c.curve(c1, c2, at)
		case vg.ArcComp:
			at = c.arc(s, i == 0)
		case vg.CloseComp:
			c.doc.ClosePath()
		}
	}
}

func (c *pdfCanvas) curve(c1, c2, to vg.Point) {
	c.doc.CurveBezierCubicTo(c1.X.Points(), c1.Y.Points(), c2.X.Points(), c2.Y.Points(), to.X.Points(), to.Y.Points())
}

// arc draws an arc in pieces of at most a quarter turn, which cubic curves follow to 3e-4 of the radius.
func (c *pdfCanvas) arc(s vg.PathComp, first bool) vg.Point {
	on := func(angle float64) (p, tangent vg.Point) {
		sin, cos := math.Sincos(angle)
		r := s.Radius
		return s.Pos.Add(vg.Point{X: r * vg.Length(cos), Y: r * vg.Length(sin)}), vg.Point{X: -r * vg.Length(sin), Y: r * vg.Length(cos)}
	}
	n := int(math.Ceil(math.Abs(s.Angle)/(math.Pi/2) - 1e-9))
	step := s.Angle / float64(max(n, 1))
	k := vg.Length(4. / 3 * math.Tan(step/4))
	p, t := on(s.Start)
	if first {
		c.doc.MoveTo(p.X.Points(), p.Y.Points())
	} else {
		c.doc.LineTo(p.X.Points(), p.Y.Points())
	}
	for i := range n {
		q, u := on(s.Start + float64(i+1)*step)
		c.curve(p.Add(t.Scale(k)), q.Sub(u.Scale(k)), q)
		p, t = q, u
	}
	return p
}

func (c *pdfCanvas) FillString(f font.Face, pt vg.Point, text string) {
	if f.Font.Size == 0 || text == "" {
		return
	}
	name := f.Name()
	if !c.fonts[name] {
		var raw bytes.Buffer
		if _, err := f.Face.WriteSourceTo(nil, &raw); err != nil {
			c.doc.SetError(fmt.Errorf("font %s: %w", name, err))
			return
		}
		c.doc.AddUTF8FontFromBytes(name, "", raw.Bytes())
		c.fonts[name] = true
	}
	c.doc.SetFont(name, "", f.Font.Size.Points())
	c.doc.TransformBegin()
	c.Translate(pt)
	c.Scale(1, -1)
	c.doc.Text(0, 0, text)
	c.doc.TransformEnd()
}

func (c *pdfCanvas) DrawImage(r vg.Rectangle, img image.Image) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		c.doc.SetError(err)
		return
	}
	c.images++
	name, options := fmt.Sprintf("image%d", c.images), fpdf.ImageOptions{ImageType: "png"}
	c.doc.RegisterImageOptionsReader(name, options, &b)
	size := r.Size()
	c.doc.TransformBegin()
	c.Translate(vg.Point{X: r.Min.X, Y: r.Max.Y})
	c.Scale(1, -1)
	c.doc.ImageOptions(name, 0, 0, size.X.Points(), size.Y.Points(), false, options, 0, "")
	c.doc.TransformEnd()
}

// writeTo ends the document and writes it.
func (c *pdfCanvas) writeTo(w io.Writer) error {
	c.doc.TransformEnd()
	return c.doc.Output(w)
}
