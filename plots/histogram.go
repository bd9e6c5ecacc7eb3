package plots

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Histogram shows how values are spread, as errors over the samples of a test: each sample as a line of steps, with the
// same bins for all.
type Histogram struct {
	Samples []Sample
	Bins    int // 0: the square root of the number of values in the largest sample, from 10 to 50
	// Min and Max are the ends of the bins; if both are 0 they are those of the values. Values outside are counted, but
	// in no bin.
	Min, Max float64
	LogX     bool // bins are equally wide in the logarithm; values of 0 or less are in no bin
	LogY     bool
	Fraction bool      // instead of numbers, show what part of its sample is in a bin
	XLabel   string    // in markup
	Title    string    // in the upper left corner of the page, in markup
	Width    vg.Length // 0: OneColumn
}

// Sample is a named set of values, in any order.
type Sample struct {
	Name   string // in markup
	Values []float64
}

// Figure draws the histogram. It reports values that are not finite, bins that run backwards and samples with nothing in
// any bin.
func (h Histogram) Figure() (*Figure, error) {
	if len(h.Samples) == 0 || h.Bins < 0 {
		return nil, fmt.Errorf("plots: histogram: %d samples, %d bins", len(h.Samples), h.Bins)
	}
	x, largest := newSpan(h.LogX), 0
	for _, s := range h.Samples {
		for _, v := range s.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("plots: histogram: %s has the value %g", plain(s.Name), v)
			}
			if x.shows(v) {
				x.take(v)
			}
		}
		largest = max(largest, len(s.Values))
	}
	if h.Bins == 0 {
		h.Bins = min(max(int(math.Sqrt(float64(largest))), 10), 50)
	}
	if h.Min == 0 && h.Max == 0 {
		h.Min, h.Max = x.lo, x.hi
		if h.Min == h.Max { // one bin around the only value
			margin := max(math.Abs(h.Min)*0.1, 1e-12)
			h.Min, h.Max = h.Min-margin, h.Max+margin
		}
	}
	if !(h.Min < h.Max) || h.LogX && !(h.Min > 0) || math.IsInf(h.Max-h.Min, 0) {
		return nil, fmt.Errorf("plots: histogram: bins from %g to %g", h.Min, h.Max)
	}
	if h.Width == 0 {
		h.Width = OneColumn
	}
	lay := histogramLayout{Histogram: h, edges: h.edges()}
	data := Table{Columns: []string{"sample", "from", "to", "value"}}
	for _, s := range h.Samples {
		heights, err := lay.heights(s)
		if err != nil {
			return nil, err
		}
		lay.steps = append(lay.steps, heights)
		for i, v := range heights {
			data.Rows = append(data.Rows, []any{plain(s.Name), lay.edges[i], lay.edges[i+1], v})
		}
	}
	return &Figure{Alt: lay.alt(), Width: h.Width, Height: min(h.Width*0.75, 3.6*vg.Inch), Data: data, draw: lay.draw}, nil
}

// edges returns the ends of the bins.
func (h Histogram) edges() []float64 {
	out := make([]float64, h.Bins+1)
	for i := range out {
		f := float64(i) / float64(h.Bins)
		if h.LogX {
			out[i] = h.Min * math.Pow(h.Max/h.Min, f)
		} else {
			out[i] = h.Min + f*(h.Max-h.Min)
		}
	}
	out[h.Bins] = h.Max
	return out
}

type histogramLayout struct {
	Histogram
	edges []float64
	steps [][]float64 // [samples][bins]
}

// heights counts a sample's values, in the last bin those at its upper end too.
func (l histogramLayout) heights(s Sample) ([]float64, error) {
	out := make([]float64, l.Bins)
	shown := 0
	for _, v := range s.Values {
		if v < l.Min || v > l.Max {
			continue
		}
		i, exact := slices.BinarySearch(l.edges, v)
		if !exact {
			i-- // to the edge below
		}
		out[min(i, l.Bins-1)]++
		shown++
	}
	if shown == 0 {
		return nil, fmt.Errorf("plots: histogram: %s has no value from %g to %g", plain(s.Name), l.Min, l.Max)
	}
	if l.Fraction {
		for i := range out {
			out[i] /= float64(len(s.Values))
		}
	}
	return out, nil
}

func (l histogramLayout) alt() string {
	s := fmt.Sprintf("Histogram of %s in %d bins from %.3g to %.3g.", plain(l.XLabel), l.Bins, l.Min, l.Max)
	for k, steps := range l.steps {
		top := 0
		for i, v := range steps {
			if v > steps[top] {
				top = i
			}
		}
		s += fmt.Sprintf(" %s: %d values, most between %.3g and %.3g.", plain(l.Samples[k].Name), len(l.Samples[k].Values), l.edges[top], l.edges[top+1])
	}
	return s
}

func (l histogramLayout) draw(c draw.Canvas) {
	lo, hi := math.Inf(1), 0.0
	for _, steps := range l.steps {
		for _, v := range steps {
			if v > 0 {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	y := axis{max: max(hi*1.08, 5), label: "Number"} // there are no ticks between whole numbers
	if l.Fraction {
		y.max, y.label = hi*1.08, "Fraction"
	}
	if l.LogY {
		y.log, y.min, y.max = true, lo*0.7, hi*1.5
	}
	title := vg.Length(0)
	if l.Title != "" {
		title = vg.Points(labelSize) + 3
	}
	var names []keyEntry
	for k, s := range l.Samples {
		if s.Name != "" {
			names = append(names, keyEntry{name: s.Name, index: k})
		}
	}
	key := newKey(names, c.Size().X)
	f := inset(c, axis{min: l.Min, max: l.Max, log: l.LogX, label: l.XLabel}, y, 8, title+key.height()+4)
	if l.Title != "" {
		write(c, l.Title, labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X, Y: c.Max.Y - 3 - vg.Points(labelSize)/2})
	}
	key.draw(c, vg.Point{X: f.Min.X, Y: c.Max.Y - title})
	for k, steps := range l.steps {
		// An empty bin reaches the lower edge, on a logarithmic axis too.
		xs, ys := []float64{l.edges[0]}, []float64{y.min}
		for i, v := range steps {
			v = max(v, y.min)
			xs, ys = append(xs, l.edges[i], l.edges[i+1]), append(ys, v, v)
		}
		xs, ys = append(xs, l.edges[len(steps)]), append(ys, y.min)
		f.polyline(LineStyle(k), xs, ys)
	}
	f.draw()
}
