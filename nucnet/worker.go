package nucnet

import (
	"math"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
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

	columns [3][]float64 // of the Jacobian: change, sum Y, sum Z^2 Y
	minimum []float64    // admissible abundances
	scale   []float64    // of the absolute tolerance

	watch func(t float64, y []float64) // sees all components at output times, unless nil
}

func (p *plan) newWorker() *worker {
	links := len(p.links.Strong)
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
	w.weak.init(p)
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
	p.links.EvalStrong(t, w.lambda, w.reverse, nil, nil)
	w.strong = false
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
	kf, kr := w.forwardRate, w.reverseRate
	kf, kr = kf[:len(p.hot)], kr[:len(p.hot)]
	if p.screener == nil {
		for i, f := range p.hot {
			net := kf[i]*ye[f.a]*ye[f.b] - kr[i]*ye[f.c]*ye[f.d]
			dst[f.a] -= net
			dst[f.b] -= net
			dst[f.c] += net
			dst[f.d] += net
		}
	} else {
		w.screening.update(w, y)
		factor := w.screening.factor
		for i, f := range p.hot {
			net := kf[i]*factor[f.in]*ye[f.a]*ye[f.b] - kr[i]*factor[f.out]*ye[f.c]*ye[f.d]
			dst[f.a] -= net
			dst[f.b] -= net
			dst[f.c] += net
			dst[f.d] += net
		}
	}
	base := len(p.pairs)
	for i := range p.others {
		f := &p.others[i]
		forward, reverse := w.forwardRate[base+i], w.reverseRate[base+i]
		if p.screener != nil {
			forward *= w.screening.factor[f.channelIn]
			reverse *= w.screening.factor[f.channelOut]
		}
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

func (w *worker) weakSlope(dst []float64) {
	p, s := w.plan, &w.weak
	for i := range p.weak {
		d := &p.weak[i]
		r := s.rate[i] * w.y[d.in[0]]
		for _, k := range d.in[1:d.nIn] {
			r *= w.y[k]
		}
		if r == 0 {
			continue
		}
		for _, k := range d.in[:d.nIn] {
			dst[k] -= r
		}
		for _, k := range d.out[:d.nOut] {
			dst[k] += r
		}
		dst[p.change] += d.charge * r
		dst[p.loss] += s.nu[i] * r
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
		forward, reverse := w.forwardRate[i], w.reverseRate[i]
		if p.screener != nil {
			forward *= s.factor[f.channelIn]
			reverse *= s.factor[f.channelOut]
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
		forward, reverse := w.forwardRate[base+i], w.reverseRate[base+i]
		if p.screener != nil {
			forward *= s.factor[f.channelIn]
			reverse *= s.factor[f.channelOut]
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

// screenColumns adds the derivatives of a link's net flux by what its
// enhancement factors depend on.
func (w *worker) screenColumns(f *flow, forward, reverse float64) {
	s := &w.screening
	for k := range s.variables {
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

func (w *worker) weakJacobian(y, dst []float64) {
	p, s := w.plan, &w.weak
	column := w.columns[0]
	perYe := 0.0
	if ye := w.ye0 + y[p.change]; ye > 0 {
		perYe = 1 / ye
	}
	for i := range p.weak {
		d := &p.weak[i]
		lambda := s.rate[i]
		r := lambda
		for k := range d.in[:d.nIn] {
			r *= w.y[d.in[k]]
		}
		m := d.nIn
		rows := d.nIn + d.nOut
		for k := range m {
			by := lambda * others(w.y, &d.in, k)
			for j := range m {
				dst[d.places[j*m+k]] -= by
			}
			for j := m; j < rows; j++ {
				dst[d.places[j*m+k]] += by
			}
			dst[d.places[rows*m+k]] += d.charge * by
			dst[d.places[(rows+1)*m+k]] += s.nu[i] * by
		}
		dr := r * s.slope[i] * perYe
		for _, k := range d.in[:d.nIn] {
			column[k] -= dr
		}
		for _, k := range d.out[:d.nOut] {
			column[k] += dr
		}
		column[p.change] += d.charge * dr
		column[p.loss] += s.nu[i]*dr + r*s.nuSlope[i]*perYe
	}
}

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
	limit     float64      // largest change of ln f away from the reference
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
		return
	}
	s.variables = 2
	if p.sumZZ >= 0 {
		s.variables = 3
	}
	s.values = p.screener.NewEnhancement()
	channels := p.screener.Channels + 1
	s.base, s.factor = make([]float64, channels), make([]float64, channels)
	for k := range s.gradient {
		s.gradient[k] = make([]float64, channels)
	}
	s.base[channels-1], s.factor[channels-1] = 1, 1
}

func (s *screenState) begin(rtol float64) {
	s.valid = false
	s.limit = 0.07 * math.Sqrt(rtol)
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
	moved := 0.0
	far := false // the gradient at the reference may be no guide, it is zero where there is no screening
	for k := range s.variables {
		d[k] = now[k] - s.at[k]
		moved += math.Abs(d[k]) * s.largest[k]
		far = far || math.Abs(d[k]) > 0.02*math.Abs(now[k])
	}
	far = far || math.Abs(now[0]/now[1]-1) < 5*switchWidth
	if !s.valid || s.always || far || !(moved <= s.limit) {
		s.evaluate(w, now)
		return
	}
	last := len(s.factor) - 1
	g0, g1, g2 := s.gradient[0][:last], s.gradient[1][:last], s.gradient[2][:last]
	factor := s.factor[:last]
	for c, f := range s.base[:last] {
		z := g0[c]*d[0] + g1[c]*d[1] + g2[c]*d[2]
		factor[c] = f * (1 + z*(1+z*0.5))
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

// weakState holds the weak rates of a burn. Those from tables depend on the
// composition through rho Ye and are followed from a reference as the
// enhancement factors are.
type weakState struct {
	plan               *plan
	lambda, qnu, slope []float64 // at the reference; slope = d ln lambda/d ln(rho Ye)
	density            []float64 // rho^(reactants - 1) x symmetry
	dqnu               []float64 // d qnu/d ln(rho Ye)
	shifted, shiftedNu []float64
	rate               []float64 // now, for products of Y
	nu, nuSlope        []float64 // MeV per reaction, now; and d nu/d ln(rho Ye)
	at, now, steepest  float64   // Ye
	limit              float64
	valid, always      bool
}

func (s *weakState) init(p *plan) {
	s.plan = p
	n := len(p.weak)
	for _, x := range []*[]float64{&s.lambda, &s.qnu, &s.slope, &s.density, &s.dqnu, &s.shifted, &s.shiftedNu, &s.rate,
		&s.nu, &s.nuSlope} {
		*x = make([]float64, n)
	}
}

func (s *weakState) begin(rtol float64) {
	s.valid = false
	s.limit = 0.6 * math.Sqrt(rtol)
}

func (s *weakState) update(w *worker, y []float64) {
	ye := w.ye0 + y[s.plan.change]
	if s.valid && ye == s.now {
		return
	}
	s.now = ye
	d := math.Log(ye / s.at)
	if !s.valid || s.always || !(math.Abs(d)*s.steepest <= s.limit) {
		s.evaluate(w, ye)
		d = 0
	}
	for i, l := range s.lambda {
		z := s.slope[i] * d
		s.rate[i] = l * (1 + z*(1+z*0.5))
		s.nu[i] = s.qnu[i] + s.dqnu[i]*d
	}
}

// evaluate makes an electron fraction the new reference.
func (s *weakState) evaluate(w *worker, ye float64) {
	const shift = 1e-6 // in ln(rho Ye), for the derivative of qnu
	p := s.plan
	s.at, s.valid = ye, true
	p.links.EvalWeak(w.temperature, w.density*ye, s.lambda, s.qnu, s.slope)
	p.links.EvalWeak(w.temperature, w.density*ye*(1+shift), s.shifted, s.shiftedNu, nil)
	s.steepest = 1
	for i := range s.lambda {
		d := &p.weak[i]
		if s.lambda[i] > 0 {
			s.slope[i] /= s.lambda[i]
		}
		s.steepest = max(s.steepest, math.Abs(s.slope[i]))
		s.dqnu[i] = (s.shiftedNu[i] - s.qnu[i]) / shift
		s.nuSlope[i] = s.dqnu[i]
		s.lambda[i] *= d.symmetry * math.Pow(w.density, float64(d.nIn-1))
	}
}
