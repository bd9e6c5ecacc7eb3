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
	forwardRate, reverseRate  []float64 // R = rate x product of Y, before screening; pairs, then others
	y                         []float64 // state with a 1 behind the nuclides in place of what follows

	screening screenState
	weak      weakState
	small     *smallWorker // nil unless the network is small

	columns [3][]float64 // of the Jacobian: change, sum Y, sum Z^2 Y
	minimum []float64    // admissible abundances
	scale   []float64    // of the absolute tolerance

	watch func(t float64, y []float64) // sees all components at output times, unless nil
}

func (p *plan) newWorker() *worker {
	links := len(p.hot) + len(p.others)
	w := &worker{
		plan:        p,
		methods:     make([]ode.Method, len(solvers)),
		lambda:      make([]float64, links),
		reverse:     make([]float64, links),
		forwardRate: make([]float64, links),
		reverseRate: make([]float64, links),
		y:           make([]float64, p.n+1),
		minimum:     make([]float64, p.n),
		scale:       make([]float64, p.dim),
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

// begin prepares for a burn at temperature t (K) and density rho (g/cm3) from
// electron fraction ye0.
func (w *worker) begin(t, rho, ye0 float64, opt Options, set ode.Settings) {
	p := w.plan
	w.temperature, w.density, w.ye0 = t, rho, ye0
	w.strong = false
	if w.small != nil {
		w.small.rates.Begin(t, rho)
	} else {
		p.links.EvalStrong(t, w.lambda, w.reverse, nil, nil)
	}
	k := 0
	for _, list := range [][]flow{p.pairs, p.others} {
		for i := range list {
			f := &list[i]
			w.forwardRate[k] = w.lambda[f.link] * f.forward * math.Pow(rho, float64(f.nIn-1))
			w.reverseRate[k] = w.reverse[f.link] * f.reverse * math.Pow(rho, float64(f.nOut-1))
			w.strong = w.strong || w.forwardRate[k] != 0 || w.reverseRate[k] != 0
			k++
		}
	}
	w.screening.begin(opt.RTol)
	w.weak.begin(opt.RTol)
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

// slope is the right-hand side.
func (w *worker) slope(_ float64, y, dst []float64) {
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
		// partners; the sum of weak changes there is restored below.
		w.strongSlope(y, dst[:n+1])
		dst[n] = 0
	}
	if len(p.weak) > 0 {
		w.weak.update(w, y)
		w.weakSlope(dst)
	}
	if p.sumY >= 0 {
		var s, zz float64
		for i, d := range dst[:n] {
			s += d
			zz += p.net.z[i] * p.net.z[i] * d
		}
		dst[p.sumY] = s
		if p.sumZZ >= 0 {
			dst[p.sumZZ] = zz
		}
	}
}

func (w *worker) strongSlope(y, dst []float64) {
	p := w.plan
	ye := w.y[:len(dst)]
	kf, kr := w.forwardRate[:len(p.hot)], w.reverseRate[:len(p.hot)]
	factor := w.screening.factor
	if p.screener != nil {
		w.screening.update(w, y)
	}
	for i, f := range p.hot[:p.captures] {
		net := kf[i]*factor[f.in]*ye[f.a]*ye[f.b] - kr[i]*ye[f.c]
		dst[f.a] -= net
		dst[f.b] -= net
		dst[f.c] += net
	}
	for i := p.captures; i < len(p.hot); i++ {
		f := p.hot[i]
		net := kf[i]*factor[f.in]*ye[f.a]*ye[f.b] - kr[i]*factor[f.out]*ye[f.c]*ye[f.d]
		dst[f.a] -= net
		dst[f.b] -= net
		dst[f.c] += net
		dst[f.d] += net
	}
	base := len(p.pairs)
	for i := range p.others {
		f := &p.others[i]
		forward := w.forwardRate[base+i] * factor[f.channelIn]
		reverse := w.reverseRate[base+i] * factor[f.channelOut]
		net := forward*ye[f.in[0]]*ye[f.in[1]]*ye[f.in[2]]*ye[f.in[3]] -
			reverse*ye[f.out[0]]*ye[f.out[1]]*ye[f.out[2]]*ye[f.out[3]]
		for _, k := range f.in[:f.nIn] {
			dst[k] -= net
		}
		for _, k := range f.out[:f.nOut] {
			dst[k] += net
		}
	}
}

// jacobian stores the derivatives of slope.
func (w *worker) jacobian(_ float64, y, dst []float64) {
	p := w.plan
	n := p.n
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
	for k, places := range [][]int32{p.jacobian.change, p.jacobian.sumY, p.jacobian.sumZZ} {
		for i, at := range places {
			if at >= 0 {
				dst[at] += w.columns[k][i]
			}
		}
	}
}

func (w *worker) strongJacobian(dst []float64) {
	p, y := w.plan, w.y
	s := &w.screening
	for i := range p.pairs {
		f := &p.pairs[i]
		a, b, c, d := y[f.in[0]], y[f.in[1]], y[f.out[0]], y[f.out[1]]
		forward := w.forwardRate[i] * s.factor[f.channelIn]
		reverse := w.reverseRate[i] * s.factor[f.channelOut]
		if p.screener != nil {
			w.screenColumns(f, forward*a*b, reverse*c*d)
		}
		// Derivatives of the net flux by the nuclides of both sides, and the
		// rows that lose and gain by it. Nearly all links have two nuclides
		// in and one or two out.
		places := f.places
		switch da, db, dc, dd := forward*b, forward*a, reverse*d, reverse*c; {
		case f.nIn == 2 && f.nOut == 1:
			at := (*[9]int32)(places)
			dst[at[0]] -= da
			dst[at[1]] -= db
			dst[at[2]] += dc
			dst[at[3]] -= da
			dst[at[4]] -= db
			dst[at[5]] += dc
			dst[at[6]] += da
			dst[at[7]] += db
			dst[at[8]] -= dc
		case f.nIn == 2 && f.nOut == 2:
			at := (*[16]int32)(places)
			dst[at[0]] -= da
			dst[at[1]] -= db
			dst[at[2]] += dc
			dst[at[3]] += dd
			dst[at[4]] -= da
			dst[at[5]] -= db
			dst[at[6]] += dc
			dst[at[7]] += dd
			dst[at[8]] += da
			dst[at[9]] += db
			dst[at[10]] -= dc
			dst[at[11]] -= dd
			dst[at[12]] += da
			dst[at[13]] += db
			dst[at[14]] -= dc
			dst[at[15]] -= dd
		default:
			var by [4]float64
			m := copy(by[:], []float64{da, db}[:f.nIn])
			m += copy(by[m:], []float64{-dc, -dd}[:f.nOut])
			scatter(dst, places, by[:m], f.nIn)
		}
	}
	base := len(p.pairs)
	for i := range p.others {
		f := &p.others[i]
		forward := w.forwardRate[base+i] * s.factor[f.channelIn]
		reverse := w.reverseRate[base+i] * s.factor[f.channelOut]
		if p.screener != nil {
			w.screenColumns(f, forward*y[f.in[0]]*y[f.in[1]]*y[f.in[2]]*y[f.in[3]],
				reverse*y[f.out[0]]*y[f.out[1]]*y[f.out[2]]*y[f.out[3]])
		}
		var by [8]float64
		for k := range f.nIn {
			by[k] = forward * others(y, &f.in, k)
		}
		m := f.nIn + f.nOut
		for k := range f.nOut {
			by[f.nIn+k] = -reverse * others(y, &f.out, k)
		}
		scatter(dst, f.places, by[:m], f.nIn)
	}
}

// scatter adds the derivatives of a net flux to the rows that gain by it, and
// takes them from the first rows, which lose.
func scatter(dst []float64, places []int32, by []float64, lose int) {
	m := len(by)
	for row := range len(places) / m {
		for k, at := range places[row*m : (row+1)*m] {
			if row < lose {
				dst[at] -= by[k]
			} else {
				dst[at] += by[k]
			}
		}
	}
}

// others returns the product of the abundances of one side without the k-th.
func others(y []float64, side *[4]int32, k int) float64 {
	product := 1.0
	for j, i := range side {
		if j != k {
			product *= y[i]
		}
	}
	return product
}

// lightScale is the part of the absolute tolerance that nuclides with A <= 4
// get. They are what all others burn with, so that an error in the traces of
// them that are there before a fuel ignites grows with what they set off.
const lightScale = 0.01
