package approx21

// state holds the rates at one composition.
type state[T number[T]] struct {
	neut, prot T            // sizes of abundances, mol/g
	h1, he4    T            // abundances
	r          [2 * links]T // elementary rates, screened
	weak       [weakRates]T
	fe53, fe55 T // lifetimes of isotopes in steady state, s; 0 where they are not
	co55, co57 T
	he3        T // the same for h2 and he3 together, s2
	*fixed
}

// fixed is what depends on temperature and density alone.
type fixed struct {
	raw  [2 * links]float64 // elementary rates without screening
	back [links]float64     // share of (p,a) among what a proton does to the product of an (a,p), by that link
	fake float64            // electron captures by fe56 relative to ni56
	hot  bool               // intermediate isotopes are in steady state
}

// values computes the rates at abundances y.
func (e *Evaluator) values(y []float64, c *Conditions) *state[plain] {
	s := &e.plain
	s.fixed = &e.fixed
	at := &e.net.named
	s.neut, s.prot = size(plain(y[at[byNeut]])), size(plain(y[at[byProt]]))
	s.h1, s.he4 = plain(y[at[byH1]]), plain(y[at[byHe4]])
	for d := range s.r {
		s.r[d] = plain(e.raw[d] * c.Factor[e.channel[d]])
	}
	for k := range s.weak {
		s.weak[k] = plain(c.Weak[k])
	}
	s.lifetimes()
	return s
}

// derivatives computes the rates at abundances y with their derivatives.
func (e *Evaluator) derivatives(y []float64, c *Conditions) *state[dual] {
	s := &e.dual
	s.fixed = &e.fixed
	at := &e.net.named
	s.neut, s.prot = size(variable(y[at[byNeut]], byNeut)), size(variable(y[at[byProt]], byProt))
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
	s.lifetimes()
	return s
}

// leastRate is the inverse of the longest lifetime that counts as short.
const leastRate = 1e-50

func (s *state[T]) lifetimes() {
	if !s.hot {
		var zero T
		s.fe53, s.fe55, s.co55, s.co57, s.he3 = zero, zero, zero, zero, zero
		return
	}
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
func (s *state[T]) electron() T {
	capture := s.weak[weakBe7]
	sum := s.h1.mul(s.r[be7pg.forward()]).add(capture)
	if sum.value() < leastRate {
		var zero T
		return zero.plus(0.5)
	}
	return capture.mul(sum.inverse(0))
}

// scarce is the abundance, mol/g, below which what is used up at a pace that does not depend on its own abundance runs
// out smoothly. MESA lets such abundances become negative and lifts them then.
const scarce = 1e-10

// scarcity is to be multiplied with the abundance of h1: it makes it 1 unless that is scarce.
func (s *state[T]) scarcity() T { return size(s.h1).plus(scarce).inverse(0) }

// atMost limits the rate so that its product with an abundance is not above limit.
func atMost[T number[T]](rate T, limit float64, abundance T) T {
	y := size(abundance).plus(scarce)
	if rate.value()*y.value() > limit {
		return y.inverse(0).scale(limit)
	}
	return rate
}

// size returns |x|.
func size[T number[T]](x T) T {
	if x.value() < 0 {
		return x.scale(-1)
	}
	return x
}
