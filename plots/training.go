package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Training shows the loss of a network on its training and validation samples against the epoch, the loss on a
// logarithmic axis.
type Training struct {
	Train      []float64 // loss of each epoch
	Validation []float64 // loss of each epoch, or empty
	// Best is the epoch whose network was kept, counted from 1; 0: the one with the smallest validation loss.
	Best  int
	Title string
	Width vg.Length // 0: OneColumn
}

// Losses draws the losses of a training so far: those of each epoch on the training and the validation samples, and the
// number of the best epoch, counted from 1, as [Training] has them. It is what follows a training in a notebook.
func Losses(train, validation []float64, best int) (*Figure, error) {
	return Training{Train: train, Validation: validation, Best: best}.Figure()
}

// Figure draws the curves. It reports lengths that do not fit and losses that are not positive and finite.
func (t Training) Figure() (*Figure, error) {
	n := len(t.Train)
	if n == 0 {
		return nil, fmt.Errorf("plots: training: no epochs")
	}
	if len(t.Validation) != 0 && len(t.Validation) != n {
		return nil, fmt.Errorf("plots: training: %d epochs of training but %d of validation", n, len(t.Validation))
	}
	if t.Best < 0 || t.Best > n {
		return nil, fmt.Errorf("plots: training: best epoch %d of %d", t.Best, n)
	}
	lo, hi := math.Inf(1), 0.0
	for _, curve := range [][]float64{t.Train, t.Validation} {
		for i, v := range curve {
			if !(v > 0) || math.IsInf(v, 1) {
				return nil, fmt.Errorf("plots: training: loss %g at epoch %d cannot stand on a logarithmic axis", v, i+1)
			}
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if t.Best == 0 && len(t.Validation) > 0 {
		for i, v := range t.Validation {
			if t.Best == 0 || v < t.Validation[t.Best-1] {
				t.Best = i + 1
			}
		}
	}
	if t.Width == 0 {
		t.Width = OneColumn
	}
	margin := max(math.Pow(hi/lo, 0.08), 1.05)
	lo, hi = lo/margin, hi*margin

	epochs := make([]float64, n)
	data := Table{Columns: []string{"epoch", "train"}}
	if len(t.Validation) > 0 {
		data.Columns = append(data.Columns, "validation")
	}
	for i := range epochs {
		epochs[i] = float64(i + 1)
		row := []any{i + 1, t.Train[i]}
		if len(t.Validation) > 0 {
			row = append(row, t.Validation[i])
		}
		data.Rows = append(data.Rows, row)
	}
	alt := fmt.Sprintf("Loss against epoch over %d epochs; the training loss falls from %.3g to %.3g.", n, t.Train[0], t.Train[n-1])
	if t.Best > 0 && len(t.Validation) > 0 {
		alt += fmt.Sprintf(" The best validation loss, %.3g, is that of epoch %d.", t.Validation[t.Best-1], t.Best)
	}
	fig := &Figure{Alt: alt, Width: t.Width, Height: t.Width * 0.75, Data: data}
	fig.draw = func(c draw.Canvas) {
		top := vg.Length(4)
		if t.Title != "" {
			top += vg.Points(labelSize) + 3
		}
		f := inset(c,
			axis{min: 0, max: max(1.03*float64(n), 2), label: "Epoch"},
			axis{min: lo, max: hi, log: true, label: "Loss"}, 6, top)
		if t.Title != "" {
			write(c, t.Title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X, Y: f.Max.Y + 3 + vg.Points(labelSize)/2})
		}
		if t.Best > 0 {
			curve := t.Validation
			if len(curve) == 0 {
				curve = t.Train
			}
			p := f.point(float64(t.Best), curve[t.Best-1])
			f.StrokeLines(bestLine, []vg.Point{{X: p.X, Y: f.Min.Y}, p})
		}
		f.drawCurve(epochs, t.Train, 0)
		f.drawCurve(epochs, t.Validation, 1)
		f.draw()
		t.legend(f)
	}
	return fig, nil
}

// drawCurve strokes a loss curve, with dots as long as these can be told apart.
func (f frame) drawCurve(xs, ys []float64, index int) {
	if len(ys) == 0 {
		return
	}
	f.polyline(LineStyle(index), xs, ys)
	if len(xs) <= 40 {
		for i := range xs {
			f.dot(xs[i], ys[i], index, 1.5)
		}
	}
}

// dot draws a filled circle for an even index, one of white with a coloured rim for an odd one.
func (f frame) dot(x, y float64, index int, radius vg.Length) {
	p := f.point(x, y)
	circle := draw.GlyphStyle{Color: lineColor(index), Radius: radius, Shape: draw.CircleGlyph{}}
	f.DrawGlyph(circle, p)
	if index%2 == 1 {
		circle.Color, circle.Radius = gray(0xff), radius*0.55
		f.DrawGlyph(circle, p)
	}
}

// bestLine drops from the best epoch's loss to its number.
var bestLine = draw.LineStyle{Color: gray(0x50), Width: 0.7, Dashes: []vg.Length{1.5, 1.5}}

// legend names the curves and the best epoch in the upper right corner, where a falling loss leaves room.
func (t Training) legend(f frame) {
	type entry struct {
		name string
		line draw.LineStyle
		clr  color.Color
	}
	curve := func(name string, i int) entry {
		return entry{name, LineStyle(i), textColor(i)}
	}
	entries := []entry{curve("training", 0)}
	if len(t.Validation) > 0 {
		entries = append(entries, curve("validation", 1))
	}
	if t.Best > 0 {
		entries = append(entries, entry{fmt.Sprintf("best: epoch %d", t.Best), bestLine, gray(0x50)})
	}
	width := vg.Length(0)
	for _, e := range entries {
		width = max(width, textWidth(e.name, tickSize))
	}
	x, y := f.Max.X-10-width, f.Max.Y-12
	for _, e := range entries {
		f.StrokeLines(e.line, []vg.Point{{X: x - 24, Y: y}, {X: x - 4, Y: y}})
		write(f.Canvas, e.name, tickSize, e.clr, draw.XLeft, vg.Point{X: x, Y: y})
		y -= vg.Points(tickSize) * 1.4
	}
}
