package plots

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Page is what a figure is to appear on.
type Page int

// Pages.
const (
	OneColumnPage  Page = iota // a column of AASTeX, 3.5 inches wide
	TwoColumnsPage             // both columns of AASTeX, 7.1 inches wide
	Slide                      // a slide of 13.33 by 7.5 inches, with type and lines enlarged
)

// Size of a slide in the format 16:9 of presentation programs.
const (
	slideWidth  = 13.333 * vg.Inch
	slideHeight = 7.5 * vg.Inch
)

// PageOf returns the page of a name, as a setting has it: "column", "page" or "slide".
func PageOf(name string) (Page, error) {
	for p, s := range pageNames {
		if s == name {
			return Page(p), nil
		}
	}
	return 0, fmt.Errorf("plots: unknown page %q: want column, page or slide", name)
}

var pageNames = [...]string{"column", "page", "slide"}

// String returns the page's name.
func (p Page) String() string {
	if p < 0 || int(p) >= len(pageNames) {
		return fmt.Sprintf("Page(%d)", int(p))
	}
	return pageNames[p]
}

// For returns the figure as it is on a page. In a journal its type keeps its size, and the frames take the room that is
// left; on a slide everything grows with the figure, as far as the slide allows. An unknown page changes nothing.
func (f *Figure) For(p Page) *Figure {
	g := *f
	switch p {
	case OneColumnPage, TwoColumnsPage:
		g.Width = OneColumn
		if p == TwoColumnsPage {
			g.Width = TwoColumns
		}
		g.Height = f.Height * g.Width / f.Width
	case Slide:
		zoom := min(slideWidth/f.Width, slideHeight/f.Height)
		g.Width, g.Height = f.Width*zoom, f.Height*zoom
		g.draw = func(c draw.Canvas) {
			size := c.Size()
			z := size.X / f.Width
			c.Push()
			c.Translate(c.Min)
			c.Scale(float64(z), float64(z))
			f.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Max: size.Scale(1 / z)}})
			c.Pop()
		}
	}
	return &g
}
