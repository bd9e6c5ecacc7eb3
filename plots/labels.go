package plots

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// labelled is a line in data coordinates with the text that names it and its place in the order of colours.
type labelled struct {
	xs, ys []float64
	text   string
	index  int
}

const (
	leader      = vg.Length(9)               // from the frame to a label beside it
	labelHeight = vg.Length(tickSize * 1.02) // from one label to the next
)

// labelLines names every line: beside the frame, at the height where the line ends, if it ends inside; else along the
// line where there is room. Labels that would overlap move apart, joined to their lines by leaders.
func (f frame) labelLines(lines []labelled) {
	var ending, leaving []labelled
	for _, l := range lines {
		y := f.y.at(l.ys[len(l.ys)-1])
		if y >= 0 && y <= 1 {
			ending = append(ending, l)
		} else {
			leaving = append(leaving, l)
		}
	}
	f.labelEnds(ending)
	f.labelInside(leaving, lines)
}

func (f frame) labelEnds(lines []labelled) {
	end := func(l labelled) vg.Point {
		return f.point(l.xs[len(l.xs)-1], l.ys[len(l.ys)-1])
	}
	slices.SortStableFunc(lines, func(a, b labelled) int { return cmp.Compare(end(a).Y, end(b).Y) })
	want := make([]float64, len(lines))
	for i, l := range lines {
		want[i] = float64(end(l).Y)
	}
	places := spread(want, float64(labelHeight), float64(f.Min.Y), float64(f.Max.Y))
	for i, l := range lines {
		from, y := end(l), vg.Length(places[i])
		f.StrokeLines(draw.LineStyle{Color: lineColor(l.index), Width: 0.5},
			[]vg.Point{{X: from.X + 1, Y: from.Y}, {X: f.Max.X + leader - 1.5, Y: y}})
		write(f.Canvas, l.text, tickSize, textColor(l.index), draw.XLeft, vg.Point{X: f.Max.X + leader, Y: y})
	}
}

// spread moves rising heights apart to at least gap, within lo and hi if they fit, with the least sum of squares of the
// moves (pool adjacent violators on want[i] - i gap).
func spread(want []float64, gap, lo, hi float64) []float64 {
	n := len(want)
	if n > 1 && gap*float64(n-1) > hi-lo {
		gap = (hi - lo) / float64(n-1)
	}
	type block struct {
		sum   float64
		count int
	}
	var blocks []block
	for i, w := range want {
		blocks = append(blocks, block{w - gap*float64(i), 1})
		for k := len(blocks) - 1; k > 0; k-- {
			a, b := blocks[k-1], blocks[k]
			if a.sum*float64(b.count) <= b.sum*float64(a.count) {
				break
			}
			blocks = append(blocks[:k-1], block{a.sum + b.sum, a.count + b.count})
		}
	}
	out := make([]float64, 0, n)
	for _, b := range blocks {
		// Bounds on the heights are bounds on the pooled values too, because these rise.
		v := min(max(b.sum/float64(b.count), lo), hi-gap*float64(n-1))
		for range b.count {
			out = append(out, v+gap*float64(len(out)))
		}
	}
	return out
}

// labelInside writes the names of lines that leave the frame close beside them: near the highest point, away from other
// lines, covering none.
func (f frame) labelInside(lines, all []labelled) {
	const step = 2 // points between samples of a line
	var dots []vg.Point
	samples := make(map[int][]vg.Point)
	for _, l := range all {
		for i := 1; i < len(l.xs); i++ {
			p, q := f.point(l.xs[i-1], l.ys[i-1]), f.point(l.xs[i], l.ys[i])
			n := 1 + int(math.Hypot(float64(q.X-p.X), float64(q.Y-p.Y))/step)
			for k := range n {
				if r := p.Add(q.Sub(p).Scale(vg.Length(k) / vg.Length(n))); f.Contains(r) {
					samples[l.index] = append(samples[l.index], r)
				}
			}
		}
		dots = append(dots, samples[l.index]...)
	}
	const edge = 6 // free of labels along the frame, where the ticks are
	var taken []vg.Rectangle
	for _, l := range lines {
		w, h := textWidth(l.text, tickSize), vg.Length(tickSize*0.9)
		own := samples[l.index]
		peak := f.Min.Y
		for _, p := range own {
			peak = max(peak, p.Y)
		}
		best, lowest := vg.Rectangle{}, math.Inf(1)
		for i := 0; i < len(own); i += 3 {
			p := own[i]
			base := 0.12 * float64(peak-p.Y)
			if base >= lowest {
				continue
			}
			// A reader takes the name for that of the nearest line.
			base += 0.6 * float64(others(p, dots, own))
			for _, d := range []vg.Point{{Y: h * 0.9}, {Y: -h * 0.9}, {X: w/2 + 3}, {X: -w/2 - 3}, {X: w/2 + 1, Y: h * 0.8},
				{X: -w/2 - 1, Y: h * 0.8}, {X: w/2 + 1, Y: -h * 0.8}, {X: -w/2 - 1, Y: -h * 0.8}} {
				if base >= lowest {
					break
				}
				r := box(p.Add(d), w, h)
				if r.Min.X < f.Min.X+edge || r.Max.X > f.Max.X-edge || r.Min.Y < f.Min.Y+edge || r.Max.Y > f.Max.Y-edge {
					continue
				}
				if cost := base + 3*clutter(r, dots, taken); cost < lowest {
					best, lowest = r, cost
				}
			}
		}
		if math.IsInf(lowest, 1) {
			continue // no part of the line is inside the frame
		}
		taken = append(taken, best)
		write(f.Canvas, l.text, tickSize, textColor(l.index), draw.XCenter, best.Min.Add(best.Max).Scale(0.5))
	}
}

// others counts the dots within some points of p that are not a line's own.
func others(p vg.Point, dots, own []vg.Point) int {
	const reach = 7
	count := func(list []vg.Point) (n int) {
		for _, q := range list {
			if d := q.Sub(p); d.X*d.X+d.Y*d.Y < reach*reach {
				n++
			}
		}
		return n
	}
	return count(dots) - count(own)
}

// box returns the rectangle of a width and height around a point.
func box(m vg.Point, w, h vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: m.Sub(vg.Point{X: w / 2, Y: h / 2}), Max: m.Add(vg.Point{X: w / 2, Y: h / 2})}
}

// nameNear writes a text near a point, where it covers the least and lies close, with a leader if it is not next to the
// point. It returns the place taken, or false if there is none inside the frame.
func (f frame) nameNear(at vg.Point, text string, dots []vg.Point, taken []vg.Rectangle) (vg.Rectangle, bool) {
	w, h := textWidth(text, noteSize), vg.Length(noteSize*0.9)
	best, lowest := vg.Rectangle{}, math.Inf(1)
	for _, away := range []vg.Length{4, 8, 13, 19, 26} {
		for k := range 16 {
			sin, cos := math.Sincos(float64(k) * math.Pi / 8)
			// The nearest side or corner of the text lies that far away.
			r := box(at.Add(vg.Point{X: (away + w/2) * vg.Length(cos), Y: (away + h/2) * vg.Length(sin)}), w, h)
			if r.Min.X < f.Min.X+5 || r.Max.X > f.Max.X-5 || r.Min.Y < f.Min.Y+5 || r.Max.Y > f.Max.Y-5 {
				continue
			}
			if cost := clutter(r, dots, taken) + float64(away)/4; cost < lowest {
				best, lowest = r, cost
			}
		}
	}
	if math.IsInf(lowest, 1) {
		return best, false
	}
	near := vg.Point{X: min(max(at.X, best.Min.X), best.Max.X), Y: min(max(at.Y, best.Min.Y), best.Max.Y)}
	if d := near.Sub(at); math.Hypot(float64(d.X), float64(d.Y)) > 6 {
		f.StrokeLines(draw.LineStyle{Color: faint, Width: 0.4}, []vg.Point{at, near})
	}
	write(f.Canvas, text, noteSize, ink, draw.XCenter, best.Min.Add(best.Max).Scale(0.5))
	return best, true
}

// clutter is how badly a label in r would cover lines and other labels.
func clutter(r vg.Rectangle, dots []vg.Point, taken []vg.Rectangle) float64 {
	const margin = 1.5
	cost := 0.0
	for _, p := range dots {
		if p.X > r.Min.X-margin && p.X < r.Max.X+margin && p.Y > r.Min.Y-margin && p.Y < r.Max.Y+margin {
			cost++
		}
	}
	for _, t := range taken {
		if t.Min.X < r.Max.X+margin && r.Min.X < t.Max.X+margin && t.Min.Y < r.Max.Y+margin && r.Min.Y < t.Max.Y+margin {
			cost += 100
		}
	}
	return cost
}
