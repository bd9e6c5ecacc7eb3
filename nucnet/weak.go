package nucnet

import "math"

// weakState holds the weak rates of a burn. Those from tables depend on the
// composition through rho Ye and are followed from a reference as the
// enhancement factors are.
type weakState struct {
	plan               *plan
	eval               func(t, rhoYe float64, lambda, qnu, slope []float64)
	lambda, qnu, slope []float64 // at the reference; slope = d ln lambda/d ln(rho Ye)
	dqnu               []float64 // d qnu/d ln(rho Ye)
	shifted, shiftedNu []float64
	rate               []float64 // now, for products of Y
	at, now, steepest  float64   // Ye
	moved              float64   // ln Ye since the reference
	limit              float64
	valid, always      bool
}

func (s *weakState) init(p *plan, n int, eval func(t, rhoYe float64, lambda, qnu, slope []float64)) {
	s.plan, s.eval = p, eval
	for _, x := range []*[]float64{&s.lambda, &s.qnu, &s.slope, &s.dqnu, &s.shifted, &s.shiftedNu, &s.rate} {
		*x = vectors(n)
	}
}

func (s *weakState) begin(rtol float64) {
	s.valid = false
	s.limit = 1.2 * math.Sqrt(rtol)
}

// update brings the rates to the state y.
func (s *weakState) update(w *worker, y []float64) {
	ye := w.ye0 + y[s.plan.change]
	if s.valid && ye == s.now {
		return
	}
	s.now = ye
	s.moved = math.Log(ye / s.at)
	if !s.valid || s.always || !(math.Abs(s.moved)*s.steepest <= s.limit) {
		s.evaluate(w, ye)
		s.moved = 0
	}
	follow(s.rate, s.lambda, s.slope, s.slope, s.moved, 0)
}

// nu returns what neutrinos take away in one reaction now, MeV.
func (s *weakState) nu(i int) float64 { return s.qnu[i] + s.dqnu[i]*s.moved }

// evaluate makes an electron fraction the new reference.
func (s *weakState) evaluate(w *worker, ye float64) {
	const shift = 1e-6 // in ln(rho Ye), for the derivative of qnu
	p := s.plan
	s.at, s.valid = ye, true
	s.eval(w.temperature, w.density*ye, s.lambda, s.qnu, s.slope)
	s.eval(w.temperature, w.density*ye*(1+shift), s.shifted, s.shiftedNu, nil)
	s.steepest = 1
	for i := range s.lambda {
		if s.lambda[i] > 0 {
			s.slope[i] /= s.lambda[i]
		}
		s.steepest = max(s.steepest, math.Abs(s.slope[i]))
		s.dqnu[i] = (s.shiftedNu[i] - s.qnu[i]) / shift
	}
	for i := range p.weak {
		d := &p.weak[i]
		s.lambda[i] *= d.symmetry * math.Pow(w.density, float64(d.nIn-1))
	}
}

// weakSlope adds the weak reactions to the right-hand side.
func (w *worker) weakSlope(dst []float64) {
	p, s := w.plan, &w.weak
	y, sum := unchecked(w.y), unchecked(dst)
	rate, qnu, dqnu := s.rate[:len(p.weak)], s.qnu[:len(p.weak)], s.dqnu[:len(p.weak)]
	moved := s.moved
	var change, loss float64
	for i, d := range p.plain {
		r := rate[i] * y[d.in]
		sum[d.in] -= r
		sum[d.out] += r
		change += d.charge * r
		loss += (qnu[i] + dqnu[i]*moved) * r
	}
	for i := len(p.plain); i < len(p.weak); i++ {
		d := &p.weak[i]
		r := rate[i]
		for _, k := range d.in[:d.nIn] {
			r *= w.y[k]
		}
		for _, k := range d.in[:d.nIn] {
			dst[k] -= r
		}
		for _, k := range d.out[:d.nOut] {
			dst[k] += r
		}
		change += d.charge * r
		loss += (qnu[i] + dqnu[i]*moved) * r
	}
	dst[p.change] += change
	dst[p.loss] += loss
}

// weakJacobian adds their derivatives.
func (w *worker) weakJacobian(y, dst []float64) {
	p, s := w.plan, &w.weak
	column := w.columns[0]
	perYe := 0.0
	if ye := w.ye0 + y[p.change]; ye > 0 {
		perYe = 1 / ye
	}
	for i := range p.weak {
		d := &p.weak[i]
		lambda, nu := s.rate[i], s.nu(i)
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
			dst[d.places[(rows+1)*m+k]] += nu * by
		}
		dr := r * s.slope[i] * perYe
		for _, k := range d.in[:d.nIn] {
			column[k] -= dr
		}
		for _, k := range d.out[:d.nOut] {
			column[k] += dr
		}
		column[p.change] += d.charge * dr
		column[p.loss] += nu*dr + r*s.dqnu[i]*perYe
	}
}
