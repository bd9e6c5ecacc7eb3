package approx21

// state holds the rates at one composition.
type state struct {
	y                   []float64
	neut, prot, h1, he4 dual            // abundances
	r                   [2 * links]dual // elementary rates, screened
	weak                [weakRates]dual
	back                [links]float64 // share of (p,a) among what a proton does to the product of an (a,p), by that link
	fake                float64
	fe53, fe55          dual // lifetimes of isotopes in steady state, s; 0 where they are not
	co55, co57          dual
	he3                 dual // the same for h2 and he3 together, s2
}

// leastRate is the inverse of the longest lifetime that counts as short.
const leastRate = 1e-50

// prepare computes the rates at abundances y.
func (e *Evaluator) prepare(y []float64, c *Conditions) *state {
	s := &e.state
	s.y = y
	at := &e.net.named
	s.neut, s.prot = variable(y[at[byNeut]], byNeut), variable(y[at[byProt]], byProt)
	s.h1, s.he4 = variable(y[at[byH1]], byH1), variable(y[at[byHe4]], byHe4)
	for d := range s.r {
		channel := e.channel[d]
		v := e.raw[d] * c.Factor[channel]
		s.r[d] = dual{v: v}
		for k, g := range c.Gradient {
			if g != nil {
				s.r[d].d[byYe+k] = v * g[channel]
			}
		}
	}
	for k := range s.weak {
		s.weak[k] = dual{v: c.Weak[k]}
		s.weak[k].d[byYe] = c.WeakSlope[k]
	}
	s.fe53, s.fe55, s.co55, s.co57, s.he3 = dual{}, dual{}, dual{}, dual{}, dual{}
	if e.hot {
		s.lifetimes()
	}
	return s
}

func (s *state) lifetimes() {
	r := &s.r
	s.fe53 = s.neut.mul(r[fe53ng.forward()]).add(r[fe52ng.reverse()]).inverse(leastRate)
	s.fe55 = s.neut.mul(r[fe55ng.forward()]).add(r[fe54ng.reverse()]).inverse(leastRate)
	s.co57 = s.prot.mul(r[fe54ap.reverse()]).add(r[fe56pg.reverse()]).inverse(leastRate)
	s.co55 = s.prot.mul(r[co55pg.forward()].add(r[fe52ap.reverse()])).add(r[fe54pg.reverse()]).inverse(leastRate)
	// h2 and he3 between the capture of the first neutron and that of the second.
	deuteron := s.prot.mul(r[h2pg.forward()]).add(r[h1ng.reverse()]).mul(s.neut).mul(r[he3ng.forward()])
	s.he3 = r[h2pg.reverse()].mul(r[h1ng.reverse()]).add(deuteron).inverse(leastRate)
}

// electron returns the share of be7 that captures an electron; the rest becomes b8.
func (s *state) electron() dual {
	capture := s.weak[weakBe7]
	sum := s.h1.mul(s.r[be7pg.forward()]).add(capture)
	if sum.v < leastRate {
		return constant(0.5)
	}
	return capture.mul(sum.inverse(0))
}

// scarce is the abundance of h1, mol/g, below which a flow that takes up h1, but whose rate does not depend on it,
// slows down. MESA lets the abundance become negative and lifts it then.
const scarce = 1e-10

// present returns 1 where there is h1, and passes to 0 and below with its abundance.
func (s *state) present() dual {
	x, size := s.h1.v, s.h1.v
	if size < 0 {
		size = -size
	}
	p := constant(x / (size + scarce))
	p.d[byH1] = scarce / ((size + scarce) * (size + scarce))
	return p
}

// atMost limits the rate so that its product with an abundance is not above limit.
func (a dual) atMost(limit float64, abundance dual) dual {
	if abundance.v > 1e-30 && a.v*abundance.v > limit {
		return abundance.inverse(0).scale(limit)
	}
	return a
}

// flux returns the flux that the drive makes, 0 if it is none.
func (d *drive) flux(s *state) float64 {
	if d.rate == nil {
		return 0
	}
	x := d.factor * d.rate(s).v
	for _, i := range d.of {
		x *= s.y[i]
	}
	return x
}

// gradient adds the derivatives of sign times the flux by the flow's columns, and by the means of the plasma.
func (d *drive) gradient(s *state, sign float64, columns []float64, plasma *[3]float64) {
	if d.rate == nil {
		return
	}
	rate := d.rate(s)
	all := sign * d.factor
	for j, column := range d.columns {
		others := sign * d.factor * rate.v
		for k, i := range d.of {
			if k != j {
				others *= s.y[i]
			}
		}
		columns[column] += others
		all *= s.y[d.of[j]]
	}
	for k, column := range d.named {
		if column >= 0 {
			columns[column] += all * rate.d[k]
		}
	}
	for k := range plasma {
		plasma[k] += all * rate.d[byYe+k]
	}
}
