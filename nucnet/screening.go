package nucnet

import (
	"math"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// screenState holds the enhancement factors of a burn. They depend on few
// sums of the composition and change slowly, so they are evaluated at a
// reference and followed to first order in their logarithms from there, until
// the neglected second order could show at the tolerance.
type screenState struct {
	plan      *plan
	variables int // Ye, sum Y and perhaps sum Z^2 Y
	values    *rate.Enhancement
	at        [3]float64 // the reference
	valid     bool
	limit     float64      // of the second order in ln f
	largest   [3]float64   // of the gradient
	gradient  [3][]float64 // of ln f by the variables, for each channel and the one of factor 1
	base      []float64    // factors at the reference
	factor    []float64    // factors now
	now       [3]float64
	always    bool // evaluate afresh every time
}

func (s *screenState) init(p *plan) {
	s.plan = p
	if p.screener == nil {
		s.factor = []float64{1}
		s.gradient = [3][]float64{{0}, {0}, {0}}
		return
	}
	s.variables = 2
	if p.sumZZ >= 0 {
		s.variables = 3
	}
	s.values = p.screener.NewEnhancement()
	channels := p.screener.Channels + 1
	s.base, s.factor = vectors(channels), vectors(channels)
	for k := range s.gradient {
		s.gradient[k] = vectors(channels)
	}
	s.base[channels-1], s.factor[channels-1] = 1, 1
}

func (s *screenState) begin(rtol float64) {
	s.valid = false
	s.limit = 0.5 * rtol
}

// update brings the factors to the state y.
func (s *screenState) update(w *worker, y []float64) {
	p := s.plan
	now := [3]float64{w.ye0 + y[p.change], y[p.sumY], 0}
	if p.sumZZ >= 0 {
		now[2] = y[p.sumZZ]
	}
	if s.valid && now == s.now {
		return
	}
	s.now = now
	var d [3]float64
	moved, relative := 0.0, 0.0
	// Where there is no screening, as for the sums that a step too long leads
	// to, the gradient is zero, which is no guide to where there is some.
	far := math.Abs(now[0]/now[1]-1) < 5*switchWidth
	guide := 0.1
	if !(s.at[0]/s.at[1] > 1+5*switchWidth) {
		guide = 0.02
	}
	for k := range s.variables {
		d[k] = now[k] - s.at[k]
		moved += math.Abs(d[k]) * s.largest[k]
		relative += math.Abs(d[k] / now[k])
		far = far || !(math.Abs(d[k]) <= guide*math.Abs(now[k]))
	}
	// The second order is about the first times the relative change.
	if !s.valid || s.always || far || !(moved*relative <= s.limit) {
		s.evaluate(w, now)
		return
	}
	follow(s.factor, s.base, s.gradient[0], s.gradient[1], d[0], d[1])
	if s.variables > 2 {
		follow(s.factor, s.factor, s.gradient[2], s.gradient[2], d[2], 0)
	}
}

// maxLog keeps exponentials finite.
const maxLog = 700

// switchWidth is the range of Zbar above 1 within which screening sets in.
// There is none up to Zbar = 1, in MESA and in package rate, and all of it
// beyond; an equilibrium with a composition right there would have no solution.
const switchWidth = 0.01

// evaluate makes a state the new reference.
func (s *screenState) evaluate(w *worker, now [3]float64) {
	s.at, s.valid = now, true
	abar := 1 / now[1]
	m := nuclide.Moments{Abar: abar, Zbar: now[0] * abar, Z2bar: now[2] * abar, Ye: now[0]}
	e := s.values
	s.plan.screener.Eval(w.temperature, w.density, m, e)
	s.largest = [3]float64{}
	if x := (m.Zbar - 1) / switchWidth; x > 0 && x < 1 {
		on, slope := x*x*(3-2*x), 6*x*(1-x)/switchWidth
		for c, h := range e.H {
			e.H[c] *= on
			e.DAbar[c] *= on
			e.DZbar[c] = e.DZbar[c]*on + h*slope
			e.DZ2bar[c] *= on
		}
	}
	for c, h := range e.H {
		f := math.Exp(min(h, maxLog))
		s.base[c], s.factor[c] = f, f
		g := [3]float64{
			e.DZbar[c] * abar,
			-abar * (abar*e.DAbar[c] + m.Zbar*e.DZbar[c] + m.Z2bar*e.DZ2bar[c]),
			e.DZ2bar[c] * abar,
		}
		for k, v := range g {
			s.gradient[k][c] = v
			s.largest[k] = max(s.largest[k], math.Abs(v))
		}
	}
}

// screenColumns adds the derivatives of a link's net flux by what its
// enhancement factors depend on, from the variable first on.
func (w *worker) screenColumns(f *flow, first int, forward, reverse float64) {
	s := &w.screening
	for k := first; k < s.variables; k++ {
		g := s.gradient[k]
		d := forward*g[f.channelIn] - reverse*g[f.channelOut]
		column := w.columns[k]
		for _, i := range f.in[:f.nIn] {
			column[i] -= d
		}
		for _, i := range f.out[:f.nOut] {
			column[i] += d
		}
	}
}
