package plots

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// svgCanvas is gonum's SVG canvas that notes which letters are drawn, so that a figure can bring them along: a reader
// without Liberation Sans would see other letters in other places.
type svgCanvas struct {
	*vgsvg.Canvas
	upright, italic map[rune]bool
}

func newSVG(w, h vg.Length) svgCanvas {
	return svgCanvas{vgsvg.New(w, h), map[rune]bool{}, map[rune]bool{}}
}

func (c svgCanvas) FillString(f font.Face, pt vg.Point, text string) {
	c.Canvas.FillString(f, pt, text)
	if f.Font.Typeface != typeface.Typeface || f.Font.Variant != typeface.Variant || f.Font.Weight != stdfont.WeightNormal {
		return // a font of the caller's
	}
	chars := c.upright
	if f.Font.Style == stdfont.StyleItalic {
		chars = c.italic
	}
	for _, r := range text {
		chars[r] = true
	}
}

// document returns the SVG with its fonts, named anew: two figures on one page each keep their own.
func (c svgCanvas) document() string {
	var b bytes.Buffer
	c.Canvas.WriteTo(&b) // a bytes.Buffer takes everything
	family, rules := c.fontRules()
	// Where the font is not taken, Arial and Helvetica have the same widths.
	s := strings.ReplaceAll(b.String(), "font-family:Liberation Sans;font-variant:normal;font-weight:normal;",
		"font-family:"+family+",'Liberation Sans',Arial,Helvetica,sans-serif;")
	if i := strings.Index(s, "<g "); i >= 0 && rules != "" {
		s = s[:i] + "<defs><style>" + rules + "</style></defs>\n" + s[i:]
	}
	return s
}

// fontRules returns the CSS that defines the letters used and the name of the family.
func (c svgCanvas) fontRules() (family, css string) {
	h := sha256.New()
	for _, face := range []struct {
		style stdfont.Style
		name  string
		chars map[rune]bool
	}{{stdfont.StyleNormal, "normal", c.upright}, {stdfont.StyleItalic, "italic", c.italic}} {
		if len(face.chars) == 0 {
			continue
		}
		fnt := typeface
		fnt.Style = face.style
		small, err := subsetOf(fonts().Lookup(fnt, 1), slices.Collect(maps.Keys(face.chars)))
		if err != nil {
			continue // the reader's own font will do
		}
		h.Write(small)
		css += fmt.Sprintf("@font-face{font-family:FAMILY;font-style:%s;src:url(data:font/ttf;base64,%s)}\n", face.name,
			base64.StdEncoding.EncodeToString(small))
	}
	family = fmt.Sprintf("nuclab-%x", h.Sum(nil)[:4])
	return family, strings.ReplaceAll(css, "FAMILY", family)
}

// subsetOf returns the subset of a face.
func subsetOf(face font.Face, chars []rune) ([]byte, error) {
	var raw bytes.Buffer
	if _, err := face.Face.WriteSourceTo(nil, &raw); err != nil {
		return nil, err
	}
	var buf sfnt.Buffer
	return subset(raw.Bytes(), chars, func(c rune) (uint16, bool) {
		id, err := face.Face.GlyphIndex(&buf, c)
		return uint16(id), err == nil
	})
}
