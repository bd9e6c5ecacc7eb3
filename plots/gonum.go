package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Style gives a plot of gonum's own the look of the figures here: their typeface and sizes, markup in every text, and
// powers of ten on logarithmic axes. It returns p.
func Style(p *plot.Plot) *plot.Plot {
	p.TextHandler = Markup{Fonts: fonts()}
	set := func(f *font.Font, size float64) { *f = style(size, nil, 0, 0).Font }
	set(&p.Title.TextStyle.Font, labelSize)
	p.Title.TextStyle.Handler = p.TextHandler
	p.Title.Padding = 3
	set(&p.Legend.TextStyle.Font, tickSize)
	p.Legend.TextStyle.Handler = p.TextHandler
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		set(&a.Label.TextStyle.Font, labelSize)
		a.Label.TextStyle.Handler = p.TextHandler
		a.Label.Padding = 2
		set(&a.Tick.Label.Font, tickSize)
		a.Tick.Label.Handler = p.TextHandler
		a.Width, a.Tick.Width = frameWidth, frameWidth*0.8
		a.Tick.Length = majorTick
		a.Padding = 0
		_, log := a.Scale.(plot.LogScale)
		a.Tick.Marker = ticker{log}
	}
	return p
}

// LineStyle returns the look of the i-th line of a figure, from 0: colour and dashes tell lines apart, also in grey.
func LineStyle(i int) draw.LineStyle {
	return draw.LineStyle{Color: lineColor(i), Width: 1.1, Dashes: lineDash(i)}
}

// ticker offers the ticks of the figures here to gonum's plots.
type ticker struct{ log bool }

func (t ticker) Ticks(min, max float64) []plot.Tick {
	var out []plot.Tick
	for _, k := range (axis{min: min, max: max, log: t.log}).ticks(6) {
		out = append(out, plot.Tick{Value: k.value, Label: k.label})
	}
	return out
}

// FromPlot makes a figure of a plot of gonum's own, so that Export can write it: at a size in print, with the numbers
// behind it and a sentence for those who cannot see it.
func FromPlot(p *plot.Plot, w, h vg.Length, data Table, alt string) *Figure {
	// Labels with raised or lowered parts reach beyond the box that gonum leaves for them.
	return &Figure{Alt: alt, Width: w, Height: h, Data: data, draw: func(c draw.Canvas) { p.Draw(draw.Crop(c, 3, -3, 2, -2)) }}
}
