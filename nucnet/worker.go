package nucnet

import (
	"math"

	"nuclab/nucnet/approx21"
	"nuclab/nucnet/ode"
)

// worker holds what one burn at a time needs: rates at its temperature and
// density, and room to work in. It is the right-hand side of the equations
//
//	dY_i/dt = sum over links of (exit - entrance multiplicity) (R_forward - R_reverse) + weak reactions
//
// Links add their net flux: near equilibrium the two directions cancel to many
// digits, and whatever rounding leaves of them moves no mass or charge.
type worker struct {
	plan    *plan
	methods []ode.Method // by place in solvers
	problem ode.Problem

	temperature, density, ye0 float64
	strong                    bool // some strong rate is not zero
	lambda, reverse           []float64
	rates                     []ratePair // before screening; of pairs, then others
	wideRates                 []float64  // of pairs again, at plan.lanes
	lost                      []float64  // by the heavier nuclides of pairs, zero between calls
	y                         []float64  // state with a 1 behind the nuclides in place of what follows

	screening screenState
	weak      weakState
	small     *smallWorker // nil unless the network is small

	heat  *heating    // nil unless energy changes the temperature
	along *Trajectory // nil unless the temperature is given against time

	columns [4][]float64 // of the Jacobian: change, sum Y, sum Z^2 Y, energy
	// Right-hand sides at other temperatures, for derivatives.
	byTemperature, shifted []float64

	minimum []float64 // admissible abundances
	trace   float64   // abundance far below the tolerated errors, not 0
	scale   []float64 // of the absolute tolerance

	evaluated []float64 // the state of the last right-hand side, only where likeMESA asks for it

	watch func(t float64, y []float64) // sees all components at output times, unless nil
}

// ratePair is what the products of the Y of both sides of a link are multiplied
// by.
type ratePair struct{ forward, reverse float64 }

func (p *plan) newWorker() *worker {
	links := len(p.hot) + len(p.others)
	w := &worker{
		plan:    p,
		methods: make([]ode.Method, len(solvers)),
		lambda:  make([]float64, links),
		reverse: make([]float64, links),
		rates:   make([]ratePair, links),
		y:       vectors(p.n + width - 1),
		lost:    vectors(p.n + width - 1),
		minimum: make([]float64, p.n),
		scale:   make([]float64, p.dim),

		wideRates:     make([]float64, 2*width*len(p.wide)),
		byTemperature: make([]float64, p.dim),
		shifted:       make([]float64, p.dim),
	}
	for i := range w.columns {
		w.columns[i] = make([]float64, p.dim+1)
	}
	w.screening.init(p)
	if p.small != nil {
		w.small = p.small.newWorker()
		w.weak.init(p, approx21.WeakCount, w.small.evalWeak)
	} else {
		w.weak.init(p, len(p.weak), p.links.EvalWeak)
	}
	w.problem = ode.Problem{Structure: p.structure, Func: w.slope, Jacobian: w.jacobian, Admissible: w.admissible}
	return w
}

// get returns a worker that no one else uses, put gives it back.
func (p *plan) get() *worker {
	select {
	case w := <-p.pool:
		return w
	default:
		return p.newWorker()
	}
}

func (p *plan) put(w *worker) {
	select {
	case p.pool <- w:
	default:
	}
}

// setState makes temperature (K) and density (g/cm3) those of all that follows.
func (w *worker) setState(t, rho float64) {
	if t == w.temperature && rho == w.density {
		return
	}
	p := w.plan
	w.temperature, w.density = t, rho
	w.screening.valid, w.weak.valid = false, false
	w.strong = false
	if w.small != nil {
		w.small.rates.Begin(t, rho)
	} else {
		p.links.EvalStrong(t, w.lambda, w.reverse, nil, nil)
	}
	powers := [4]float64{1, rho, rho * rho, rho * rho * rho}
	k := 0
	for _, list := range [][]flow{p.pairs, p.others} {
		for i := range list {
			f := &list[i]
			r := &w.rates[k]
			r.forward = w.lambda[f.link] * f.forward * powers[f.nIn-1]
			r.reverse = w.reverse[f.link] * f.reverse * powers[f.nOut-1]
			w.strong = w.strong || *r != ratePair{}
			k++
		}
	}
	for i, at := range p.lanes {
		w.wideRates[at], w.wideRates[at+width] = w.rates[i].forward, w.rates[i].reverse
	}
}

// begin prepares for a burn from temperature t (K), density rho (g/cm3) and
// electron fraction ye0.
func (w *worker) begin(t, rho, ye0 float64, opt Options, set ode.Settings) {
	p := w.plan
	w.ye0 = ye0
	w.temperature = math.NaN() // so that nothing is taken from the last burn
	w.setState(t, rho)
	w.screening.begin(opt.RTol)
	w.weak.begin(opt.RTol)
	w.trace = 0.1*lightScale*opt.ATol + math.SmallestNonzeroFloat64
	clear(w.scale)
	for i := range w.minimum {
		w.minimum[i] = -opt.ATol / p.net.a[i]
		w.scale[i] = 1 / p.net.a[i]
		if p.net.a[i] <= 4 {
			w.scale[i] *= lightScale
		}
	}
	if w.small != nil {
		// Nucleons turn into nuclei of A = 56 by twos there, and an error in
		// their number is one in the number of those.
		for i := range w.minimum {
			w.minimum[i] = -opt.ATol
			w.scale[i] = 1. / 56
		}
	}
	// Both integrals start from zero and grow to 1e-2 or so; below 1e-5 their
	// relative error does not matter.
	w.scale[p.change] = 1e-5 * set.RTol / set.ATol
	w.scale[p.loss] = w.scale[p.change]
	w.scale[p.released] = math.Inf(1) // as accurate as the abundances that it adds up
}

// initial stores the components at the start of a burn in dst.
func (w *worker) initial(y, dst []float64) {
	p := w.plan
	clear(dst)
	copy(dst, y)
	for i, v := range y {
		if p.sumY >= 0 {
			dst[p.sumY] += v
		}
		if p.sumZZ >= 0 {
			dst[p.sumZZ] += p.net.z[i] * p.net.z[i] * v
		}
	}
}

// admissible reports whether no abundance is more negative than the tolerance
// explains.
func (w *worker) admissible(y []float64) bool {
	for i, least := range w.minimum {
		if y[i] < least {
			return false
		}
	}
	return true
}

// follow brings temperature and density to time and state. It reports whether
// there is matter like that.
func (w *worker) follow(t float64, y []float64) bool {
	switch {
	case w.along != nil:
		w.setState(w.along.At(t))
	case w.heat != nil:
		if !w.heat.find(w, y) {
			return false
		}
		w.setState(w.heat.last.T, w.heat.last.Rho)
	}
	return true
}

// slope is the right-hand side.
func (w *worker) slope(t float64, y, dst []float64) {
	if !w.follow(t, y) {
		// The step that led here is too long.
		for i := range dst {
			dst[i] = math.NaN()
		}
		return
	}
	w.rightHandSide(y, dst)
}

// rightHandSide is slope at the worker's temperature and density. Invariants take
// the place of what is left at zero: the sums, the energy and what was released.
func (w *worker) rightHandSide(y, dst []float64) {
	p := w.plan
	n := p.n
	clear(dst)
	copy(w.y[:n], y[:n])
	w.y[n] = 1
	if w.small != nil {
		w.small.slope(w, y, dst)
	}
	if w.strong {
		// The place behind the nuclides collects what flows for absent
		// partners.
		w.strongSlope(y, dst[:n+1])
		dst[n] = 0
	}
	if len(p.weak) > 0 {
		w.weak.update(w, y)
		w.weakSlope(dst)
	}
}

// jacobian stores the derivatives of slope.
func (w *worker) jacobian(t float64, y, dst []float64) {
	p := w.plan
	n := p.n
	w.follow(t, y) // the slope at the same state went before and found it
	clear(dst)
	copy(w.y[:n], y[:n])
	w.y[n] = 1
	for i := range w.columns {
		clear(w.columns[i])
	}
	if w.small != nil {
		w.small.jacobian(w, y, dst)
	}
	if w.strong {
		if p.screener != nil {
			w.screening.update(w, y)
		}
		w.strongJacobian(dst)
	}
	if len(p.weak) > 0 {
		w.weak.update(w, y)
		w.weakJacobian(y, dst)
	}
	if w.heat != nil {
		w.heat.columns(w, y)
	}
	for k, places := range p.jacobian.columns {
		for i, at := range places {
			if at >= 0 {
				dst[at] += w.columns[k][i]
			}
		}
	}
}

// lightScale is the part of the absolute tolerance that nuclides with A <= 4
// get. They are what all others burn with, so that an error in the traces of
// them that are there before a fuel ignites grows with what they set off.
const lightScale = 0.01
