package plots

import (
	"image/color"
	"math"
	"sync"

	"gonum.org/v1/plot/palette/brewer"
	"gonum.org/v1/plot/vg"
)

var (
	ink   = color.Gray{Y: 0x00}
	faint = color.Gray{Y: 0x8c} // guide lines
	pale  = color.Gray{Y: 0xf2} // a nuclide below the colour scale
	edge  = color.Gray{Y: 0xc4} // outline of a chart's cell
)

// lineColors are those of Okabe and Ito (2008), told apart with every common colour blindness, with grey in the place
// of their yellow, which is lost on white paper.
var lineColors = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermillion
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0x00, 0x00, 0x00, 0xff}, // black
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x80, 0x80, 0x80, 0xff}, // grey
}

// lineDashes tell the lines apart in a grey print. Their number has no factor in common with that of the colours, and
// neighbours differ in both.
var lineDashes = [][]vg.Length{
	nil,
	{5, 1.8},
	{1.4, 1.4},
	{6, 1.6, 1.2, 1.6},
	{9, 2.2},
}

func lineColor(i int) color.NRGBA { return lineColors[i%len(lineColors)] }
func lineDash(i int) []vg.Length  { return lineDashes[i%len(lineDashes)] }
func textColor(i int) color.NRGBA { return darken(lineColor(i)) }
func gray(y uint8) color.Color    { return color.Gray{Y: y} }
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	return (0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b))
}

// linear undoes the transfer function of sRGB (IEC 61966-2-1).
func linear(v uint32) float64 {
	x := float64(v) / 0xffff
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// darken returns a colour dark enough for small type on white: a contrast of 4.5 as WCAG asks.
func darken(c color.NRGBA) color.NRGBA {
	for 1.05/(luminance(c)+0.05) < 4.5 {
		c.R, c.G, c.B = uint8(float64(c.R)*0.95), uint8(float64(c.G)*0.95), uint8(float64(c.B)*0.95)
	}
	return c
}

// heatColors is ColorBrewer's YlGnBu: from a light yellow to a dark blue, darker all the way, so it keeps its order in
// grey and with every colour blindness.
var heatColors = sync.OnceValue(func() []color.Color {
	p, err := brewer.GetPalette(brewer.TypeSequential, "YlGnBu", 9)
	if err != nil {
		return []color.Color{color.White, color.Black}
	}
	return p.Colors()
})

// heat returns the colour for f, 0 to 1.
func heat(f float64) color.Color {
	cs := heatColors()
	f = min(max(f, 0), 1) * float64(len(cs)-1)
	i := min(int(f), len(cs)-2)
	f -= float64(i)
	r0, g0, b0, _ := cs[i].RGBA()
	r1, g1, b1, _ := cs[i+1].RGBA()
	blend := func(a, b uint32) uint8 { return uint8(math.Round((float64(a)*(1-f) + float64(b)*f) / 0x101)) }
	return color.NRGBA{blend(r0, r1), blend(g0, g1), blend(b0, b1), 0xff}
}
