package rate

import (
	"math"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate/reaclib"
)

// f9 is (1e9 k m_u/(2 pi hbar^2))^(3/2)/N_A in mol/cm3, the phase space of a particle of 1 u at T9 = 1.
var f9 = math.Pow(1e9*nuclide.Boltzmann*nuclide.AtomicMass/(2*math.Pi*nuclide.HBar*nuclide.HBar), 1.5) / nuclide.Avogadro

// balance is the ratio of a reverse rate to its forward one, without partition functions:
//
//	ln ratio = constant + power ln T9 - q/(k T9)
type balance struct{ constant, power, q float64 }

// eval returns the logarithm of the ratio and its derivative with respect to T9.
func (b *balance) eval(p *reaclib.Powers) (ln, dT9 float64) {
	boltzmann := b.q / boltzmannT9 * p.Inv
	return b.constant + b.power*p.Ln - boltzmann, (b.power + boltzmann) * p.Inv
}

// nacreHelium is the one reaction that MESA reverses with NACRE's own formula instead, where it has T9^(3/2) for the
// T9^(-3/2) of Angulo et al. (1999, Nucl. Phys. A 656, 3).
const nacreHelium = "he3 + he3 -> he4 + h1 + h1"

// newBalance returns the ratio for the reverse of r. In Correct balance it is
//
//	(D_out/D_in) prod_in g / prod_out g (prod_in m/prod_out m)^(3/2) (f9 T9^(3/2))^(N_in-N_out) exp(-Q/kT)
//
// with statistical weights g, atomic masses m in u and D the product of factorials of multiplicities on a side: D is
// there because lambda does not hold the 1/D of identical particles. The other kinds change single factors of it.
func newBalance(r Reaction, kind Balance) balance {
	b := balance{q: r.Q()}
	if kind != Correct && r.String() == nacreHelium {
		b = newBalance(r, Correct)
		b.power += 3
		return b
	}
	difference := float64(len(r.In) - len(r.Out))
	space, mass := difference, 1.5
	switch kind {
	case R2305:
		space = 0
		if len(r.Out) == 1 {
			space = 1
		}
	case R2408:
		mass = 1.5 * difference
	}
	for _, n := range r.In {
		b.constant += math.Log(n.Spin()) + mass*math.Log(n.Mass())
	}
	for _, n := range r.Out {
		b.constant -= math.Log(n.Spin()) + mass*math.Log(n.Mass())
	}
	b.constant += space * math.Log(f9)
	b.power = 1.5 * space
	if kind == Correct {
		b.constant += math.Log(identical(r.Out) / identical(r.In))
	}
	return b
}

// identical returns the product of the factorials of multiplicities in a sorted list.
func identical(list []nuclide.Nuclide) float64 {
	product, run := 1.0, 1.0
	for i := 1; i < len(list); i++ {
		if run++; list[i] != list[i-1] {
			run = 1
		}
		product *= run
	}
	return product
}
