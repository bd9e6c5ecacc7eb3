package plots

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Evolution shows temperature, density and time step of stellar cores against the time left until each of them ends, in
// three panels one above the other. All axes are logarithmic; time left falls to the right.
type Evolution struct {
	Tracks []EvolutionTrack
	// ShadeT (K) and ShadeRho (g/cm3) are shaded from the first to the second number, unless these are equal: where a
	// network was trained, for one.
	ShadeT, ShadeRho [2]float64
	Steps            []float64 // steps (s) drawn as level lines in the lowest panel
	// Left is the time left (s) on the right edge; 0: the shortest of any track, a thousandth of a second or more.
	Left  float64
	Width vg.Length // 0: OneColumn
}

// EvolutionTrack is one core. T, Rho and Dt have a number for each time; a Dt of 0 is unknown and leaves a gap.
type EvolutionTrack struct {
	Name       string    // in markup
	Time       []float64 // s, rising; the track ends at the last one
	T, Rho, Dt []float64 // K, g/cm3, s
	Events     []Event
}

// Event is a moment worth a mark, as the end of silicon burning. Events of several tracks that have one name share a
// shape.
type Event struct {
	Name string // in markup
	Time float64
}

// Figure draws the tracks. It reports lengths that do not fit, times that do not rise, numbers that a logarithmic axis
// cannot show and events outside of their tracks.
func (e Evolution) Figure() (*Figure, error) {
	if len(e.Tracks) == 0 {
		return nil, fmt.Errorf("plots: evolution: no tracks")
	}
	lay := evolutionLayout{Evolution: e}
	data := Table{Columns: []string{"track", "t", "left", "T", "rho", "dt"}}
	first, last := 0.0, math.Inf(1)
	for i := range lay.ranges {
		lay.ranges[i] = [2]float64{math.Inf(1), 0}
	}
	for k, t := range e.Tracks {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("plots: evolution: track %d: %w", k+1, err)
		}
		end := t.Time[len(t.Time)-1]
		for i, time := range t.Time {
			data.Rows = append(data.Rows, []any{k + 1, time, end - time, t.T[i], t.Rho[i], t.Dt[i]})
			if left := end - time; left > 0 {
				first, last = max(first, left), min(last, left)
			}
			for j, v := range [3]float64{t.T[i], t.Rho[i], t.Dt[i]} {
				if v > 0 {
					lay.ranges[j][0], lay.ranges[j][1] = min(lay.ranges[j][0], v), max(lay.ranges[j][1], v)
				}
			}
		}
		for _, v := range t.Events {
			if !slices.Contains(lay.events, v.Name) {
				lay.events = append(lay.events, v.Name)
			}
		}
	}
	if e.Left == 0 {
		lay.Left = min(max(last, 1e-3), first/2)
	}
	if !(lay.Left > 0 && lay.Left < first) {
		return nil, fmt.Errorf("plots: evolution: %g s left on the right edge, want some between 0 and %g", e.Left, first)
	}
	lay.first = first
	for _, s := range [][2]float64{e.ShadeT, e.ShadeRho} {
		if !(s[0] >= 0 && s[1] >= s[0]) || math.IsInf(s[1], 1) {
			return nil, fmt.Errorf("plots: evolution: shade from %g to %g", s[0], s[1])
		}
	}
	for _, s := range e.Steps {
		if !(s > 0) || math.IsInf(s, 1) {
			return nil, fmt.Errorf("plots: evolution: step %g s cannot stand on a logarithmic axis", s)
		}
		lay.ranges[2] = [2]float64{min(lay.ranges[2][0], s), max(lay.ranges[2][1], s)}
	}
	if lay.ranges[2][1] == 0 { // no step is known
		lay.ranges[2] = [2]float64{lay.Left, first}
	}
	for i, s := range [][2]float64{e.ShadeT, e.ShadeRho} {
		if s[1] > s[0] && s[0] > 0 {
			lay.ranges[i] = [2]float64{min(lay.ranges[i][0], s[0]), max(lay.ranges[i][1], s[1])}
		}
	}
	if lay.Width == 0 {
		lay.Width = OneColumn
	}
	height := min(lay.Width*1.55, 6.2*vg.Inch)
	return &Figure{Alt: lay.alt(), Width: lay.Width, Height: height, Data: data, draw: lay.draw}, nil
}

func (t EvolutionTrack) check() error {
	n := len(t.Time)
	if n < 2 || len(t.T) != n || len(t.Rho) != n || len(t.Dt) != n {
		return fmt.Errorf("%d times, %d temperatures, %d densities, %d steps: want as many of each, two or more", n, len(t.T), len(t.Rho), len(t.Dt))
	}
	for i, time := range t.Time {
		if math.IsNaN(time) || math.IsInf(time, 0) || i > 0 && time < t.Time[i-1] {
			return fmt.Errorf("time %g s is not finite or falls", time)
		}
		if !(t.T[i] > 0 && t.Rho[i] > 0 && t.Dt[i] >= 0) || math.IsInf(t.T[i]+t.Rho[i]+t.Dt[i], 1) {
			return fmt.Errorf("at %g s: T = %g K, rho = %g g/cm3, step %g s", time, t.T[i], t.Rho[i], t.Dt[i])
		}
	}
	if t.Time[n-1] == t.Time[0] {
		return fmt.Errorf("all times are %g s", t.Time[0])
	}
	for _, v := range t.Events {
		if !(v.Time >= t.Time[0] && v.Time <= t.Time[n-1]) {
			return fmt.Errorf("event %q at %g s, outside of %g to %g s", v.Name, v.Time, t.Time[0], t.Time[n-1])
		}
	}
	return nil
}

// at returns the value of a quantity at a time between two points, linear in its logarithm.
func (t EvolutionTrack) at(time float64, values []float64) float64 {
	i, _ := slices.BinarySearch(t.Time, time)
	if i == 0 || t.Time[i] == time || values[i-1] <= 0 || values[i] <= 0 {
		return values[i]
	}
	w := (time - t.Time[i-1]) / (t.Time[i] - t.Time[i-1])
	return math.Exp((1-w)*math.Log(values[i-1]) + w*math.Log(values[i]))
}

type evolutionLayout struct {
	Evolution
	first  float64       // longest time left
	ranges [3][2]float64 // of T, rho and dt
	events []string      // names, each once
}

func (l evolutionLayout) alt() string {
	s := "Temperature, density and time step against the time left, all axes logarithmic, time running to the right."
	for k, t := range l.Tracks {
		n := len(t.T) - 1
		name := plain(t.Name)
		if name == "" {
			name = fmt.Sprintf("Track %d", k+1)
		}
		s += fmt.Sprintf(" %s: from %.2g K and %.2g g/cm3 to %.2g K and %.2g g/cm3 in %.2g s.", name, t.T[0], t.Rho[0], t.T[n], t.Rho[n], t.Time[n]-t.Time[0])
	}
	return s
}

func (l evolutionLayout) draw(c draw.Canvas) {
	const gap, top, right = 5, 4, 6
	labels := [3]string{"*T* (K)", "*\u03c1* (g cm^{\u22123})", "Time step (s)"}
	x := axis{min: l.first, max: l.Left, log: true, label: "Time left (s)"}
	below := x.depth() + 2
	keys := l.keys(c.Size().X)
	key := keys[0].height() + keys[1].height()
	height := (c.Size().Y - below - top - key - 2*gap) / 3
	var ys [3]axis
	for i, r := range l.ranges {
		margin := max(math.Pow(r[1]/r[0], 0.06), 1.08)
		ys[i] = axis{min: r[0] / margin, max: r[1] * margin, log: true, label: labels[i]}.withHead(height)
	}
	left := vg.Length(0)
	for _, y := range ys {
		left = max(left, y.breadth(max(2, int(height/24)))+2)
	}
	for i, y := range ys {
		high := c.Max.Y - top - key - vg.Length(i)*(height+gap)
		f := frame{Canvas: draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: c.Min.X + left, Y: high - height}, Max: vg.Point{X: c.Max.X - right, Y: high}}}, x: x, y: y}
		if i < 2 {
			f.x.hideLabels, f.x.label = true, ""
		}
		f.leftRoom = left - 2
		l.panel(f, i)
		write(c, fmt.Sprintf("(%c)", 'a'+i), labelSize, ink, draw.XLeft, vg.Point{X: f.Min.X + 6, Y: f.Max.Y - panelHead + 3})
	}
	at := vg.Point{X: c.Min.X + left, Y: c.Max.Y - top + 2}
	for _, k := range keys {
		k.draw(c, at)
		at.Y -= k.height()
	}
}

// panel draws the i-th quantity.
func (l evolutionLayout) panel(f frame, i int) {
	if i < 2 {
		shade := [2][2]float64{l.ShadeT, l.ShadeRho}[i]
		if shade[1] > shade[0] {
			lo, hi := f.Min.Y, f.Max.Y
			if shade[0] > 0 {
				lo = max(lo, f.Y(f.y.at(shade[0])))
			}
			hi = min(hi, f.Y(f.y.at(shade[1])))
			if hi > lo {
				f.FillPolygon(gray(0xe6), []vg.Point{{X: f.Min.X, Y: lo}, {X: f.Max.X, Y: lo}, {X: f.Max.X, Y: hi}, {X: f.Min.X, Y: hi}})
			}
		}
	} else {
		for _, s := range l.Steps {
			f.polyline(draw.LineStyle{Color: faint, Width: 0.5, Dashes: []vg.Length{2, 2}}, []float64{l.first, l.Left}, []float64{s, s})
		}
	}
	for k, t := range l.Tracks {
		values := [3][]float64{t.T, t.Rho, t.Dt}[i]
		end := t.Time[len(t.Time)-1]
		var xs, ys []float64
		for j, time := range t.Time {
			y := values[j]
			if y == 0 {
				y = math.NaN()
			}
			xs, ys = append(xs, end-time), append(ys, y)
		}
		f.polyline(LineStyle(k), xs, ys)
		for _, v := range t.Events {
			left := max(end-v.Time, l.Left) // the end itself is marked on the edge
			if y := t.at(v.Time, values); y > 0 && left <= l.first {
				mark(f.Canvas, eventShapes[slices.Index(l.events, v.Name)%len(eventShapes)], k, f.point(left, y))
			}
		}
	}
	f.draw()
}

// keys name the tracks in a line above the panels and the events in one below it; a single track needs no name.
func (l evolutionLayout) keys(width vg.Length) [2]key {
	var tracks, events []keyEntry
	for k, t := range l.Tracks {
		tracks = append(tracks, keyEntry{name: t.Name, index: k})
	}
	for k, name := range l.events {
		events = append(events, keyEntry{name: name, index: k, event: true})
	}
	return [2]key{newKey(tracks, width), newKey(events, width)}
}
