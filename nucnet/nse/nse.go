// Package nse solves nuclear statistical equilibrium: the composition in which strong and electromagnetic reactions
// balance at a given temperature, density and electron fraction.
package nse

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet/nuclide"
)

// ErrInput is wrapped by errors about a state or a list of nuclides for which equilibrium is not defined.
var ErrInput = errors.New("no equilibrium defined")

// ErrConvergence is wrapped by the error of a search that did not converge.
var ErrConvergence = errors.New("not converged")

// Limits of temperature in K and density in g/cm3. Partition functions are held above 1e10 K.
const (
	MinT, MaxT     = 1e9, 1e11
	MinRho, MaxRho = 1e-10, 1e12
)

// Options changes what Solve computes. The zero value includes the Coulomb interaction.
type Options struct {
	// NoCoulomb leaves out the interaction of the nuclei with the plasma.
	NoCoulomb bool
}

// Result is an equilibrium.
type Result struct {
	X          []float64 // mass fractions in the order of the members, adding up to 1
	MuP, MuN   float64   // chemical potentials of proton and neutron without rest mass, MeV; MuP holds the Coulomb part
	Iterations int
}

// Solve returns the equilibrium of the members at temperature t (K), density rho (g/cm3) and electron fraction ye:
//
//	X = A g G m_u/rho (m k T/(2 pi hbar^2))^(3/2) exp((Z mu_p + N mu_n + B - mu_C)/kT)
//
// with statistical weight g, partition function G, atomic mass m, binding energy B and the Coulomb chemical potential
// mu_C of Chabrier & Potekhin (1998, PRE 58, 4941). A enters as an integer, m does not: this is the fixed point of
// rates in detailed balance. Errors wrap ErrInput, or ErrConvergence.
//
// Of the two protons of the small networks it is prot that takes part in equilibrium; h1 beside it has X = 0.
func Solve(members []nuclide.Nuclide, t, rho, ye float64, opt Options) (Result, error) {
	if i := slices.Index(members, nuclide.Proton); i >= 0 && slices.Contains(members, nuclide.Prot) {
		r, err := Solve(slices.Delete(slices.Clone(members), i, i+1), t, rho, ye, opt)
		if err == nil {
			r.X = slices.Insert(r.X, i, 0)
		}
		return r, err
	}
	if err := check(members, t, rho, ye); err != nil {
		return Result{}, err
	}
	s := newSystem(members, t, rho, ye, opt)
	start := -9 / s.kT
	p, n, iterations, ok := s.newton(start, start, 100)
	if !ok {
		// Nested searches are slower but cannot miss: see nested.
		var more int
		p, n, more = s.nested()
		iterations += more
		p, n, more, ok = s.newton(p, n, 20)
		iterations += more
	}
	if !ok {
		return Result{}, fmt.Errorf("nse: T = %g K, rho = %g g/cm3, Ye = %g: %w", t, rho, ye, ErrConvergence)
	}
	m := s.moments(p, n)
	for i := range s.x {
		s.x[i] /= m.sum
	}
	return Result{X: s.x, MuP: p * s.kT, MuN: n * s.kT, Iterations: iterations}, nil
}

func check(members []nuclide.Nuclide, t, rho, ye float64) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("nse: %w: %s", ErrInput, fmt.Sprintf(format, args...))
	}
	switch {
	case !(t >= MinT && t <= MaxT):
		return fail("T = %g K, want %g to %g", t, MinT, MaxT)
	case !(rho >= MinRho && rho <= MaxRho):
		return fail("rho = %g g/cm3, want %g to %g", rho, MinRho, MaxRho)
	case len(members) == 0:
		return fail("no nuclides")
	}
	low, high := math.Inf(1), math.Inf(-1)
	seen := make(map[nuclide.Nuclide]bool, len(members))
	for _, n := range members {
		switch {
		case math.IsNaN(n.MassExcess()) || math.IsNaN(n.Spin()):
			return fail("%q has no known mass or spin", n)
		case seen[n]:
			return fail("%s is named twice", n)
		}
		seen[n] = true
		ratio := float64(n.Z()) / float64(n.A())
		low, high = min(low, ratio), max(high, ratio)
	}
	if !(ye > low && ye < high) {
		hint := ""
		if !seen[nuclide.Neutron] || !seen[nuclide.Proton] && !seen[nuclide.Prot] {
			hint = "; with neut and h1 among the nuclides any Ye from 0 to 1 can be reached"
		}
		return fail("Ye = %g, want it between %.4g and %.4g, the Z/A of the nuclides%s", ye, low, high, hint)
	}
	return nil
}

// system holds what Solve knows of each member; chemical potentials are in units of kT.
type system struct {
	z, n, excess []float64 // Z, N, Z/A - ye
	constant     []float64 // ln X at zero chemical potentials
	largest      float64   // magnitude among constant
	x            []float64 // mass fractions, in proportion
	kT           float64   // MeV
}

func newSystem(members []nuclide.Nuclide, t, rho, ye float64, opt Options) *system {
	s := &system{kT: nuclide.BoltzmannMeV * t, x: make([]float64, len(members))}
	// Number of states per volume of a particle of 1 u, in mol/g.
	states := 1.5*math.Log(nuclide.AtomicMass*nuclide.Boltzmann*t/(2*math.Pi*nuclide.HBar*nuclide.HBar)) -
		math.Log(rho*nuclide.Avogadro)
	gammaE := electronCoupling(t, rho*ye)
	for _, m := range members {
		z, a := float64(m.Z()), float64(m.A())
		lnG, _ := m.LnPartition(t)
		c := states + math.Log(a*m.Spin()) + 1.5*math.Log(m.Mass()) + lnG + m.Binding()/s.kT
		if !opt.NoCoulomb && z > 0 {
			c -= coulomb(gammaE * math.Pow(z, 5./3))
		}
		s.z, s.n, s.excess = append(s.z, z), append(s.n, a-z), append(s.excess, z/a-ye)
		s.constant = append(s.constant, c)
		s.largest = max(s.largest, math.Abs(c))
	}
	return s
}

// electronCoupling returns e^2 (4 pi n_e/3)^(1/3)/kT at temperature t (K) and rho Ye (g/cm3).
func electronCoupling(t, rhoYe float64) float64 {
	ne := rhoYe / nuclide.AtomicMass
	return nuclide.Charge * nuclide.Charge * math.Cbrt(4*math.Pi/3*ne) / (nuclide.Boltzmann * t)
}

// coulomb returns the Coulomb chemical potential over kT of an ion with coupling gamma, eq. 28 of Chabrier & Potekhin
// (1998).
func coulomb(gamma float64) float64 {
	const a1, a2 = -0.9052, 0.6322
	a3 := -math.Sqrt(3)/2 - a1/math.Sqrt(a2)
	root := math.Sqrt(gamma)
	return a1*(math.Sqrt(gamma*(a2+gamma))-a2*math.Log(math.Sqrt(gamma/a2)+math.Sqrt(1+gamma/a2))) +
		2*a3*(root-math.Atan(root))
}

// moments describe the mass fractions at some chemical potentials, which need not add up to 1: their sum and its
// logarithm, means over them of Z and N, of the excess e = Z/A - ye and of its size, and the covariances of e with
// Z and N. Means of e are summed as such: where nuclides of Z/A = ye hold all but a trace of the mass, the trace
// still decides.
type moments struct{ sum, lnSum, z, n, e, size, ez, en float64 }

// moments fills s.x, scaled so that the largest is 1.
func (s *system) moments(p, n float64) moments {
	scale := math.Inf(-1)
	for i := range s.x {
		s.x[i] = s.constant[i] + s.z[i]*p + s.n[i]*n
		scale = max(scale, s.x[i])
	}
	var m moments
	for i := range s.x {
		x := math.Exp(s.x[i] - scale)
		s.x[i] = x
		e := x * s.excess[i]
		m.sum += x
		m.z += x * s.z[i]
		m.n += x * s.n[i]
		m.e += e
		m.size += math.Abs(e)
		m.ez += e * s.z[i]
		m.en += e * s.n[i]
	}
	m.lnSum = scale + math.Log(m.sum)
	for _, v := range []*float64{&m.z, &m.n, &m.e, &m.size, &m.ez, &m.en} {
		*v /= m.sum
	}
	m.ez -= m.e * m.z
	m.en -= m.e * m.n
	return m
}

// newton solves ln sum X = 0 and mean Z/A = ye from p and n on, with steps of at most 2.
func (s *system) newton(p, n float64, limit int) (float64, float64, int, bool) {
	const epsilon = 4e-16 // rounding of one term
	for i := 1; i <= limit; i++ {
		m := s.moments(p, n)
		if math.Abs(m.lnSum) <= epsilon*s.largest && math.Abs(m.e) <= epsilon*m.size {
			return p, n, i, true
		}
		det := m.z*m.en - m.n*m.ez
		dp, dn := -(m.lnSum*m.en-m.n*m.e)/det, -(m.z*m.e-m.ez*m.lnSum)/det
		if !(math.Abs(dp) < math.MaxFloat64 && math.Abs(dn) < math.MaxFloat64) {
			return p, n, i, false
		}
		if math.Abs(dp)+math.Abs(dn) <= 1e-14*(1+math.Abs(p)+math.Abs(n)) {
			return p, n, i, true
		}
		cut := min(1, 2/max(math.Abs(dp), math.Abs(dn)))
		p, n = p+cut*dp, n+cut*dn
	}
	return p, n, limit, false
}

// nested solves the two equations one inside the other. At a fixed difference d = p - n the logarithm of the sum of X
// grows with n and is convex, so that Newton steps approach the root monotonically after the first; on the roots Ye
// grows with d, which is bisected.
func (s *system) nested() (p, n float64, iterations int) {
	solve := func(d float64) (excess float64) {
		n = 50 / s.kT
		for range 200 {
			iterations++
			m := s.moments(n+d, n)
			excess = m.e
			step := m.lnSum / (m.z + m.n)
			n -= step
			if math.Abs(step) < 1e-12*(1+math.Abs(n)) {
				break
			}
		}
		return excess
	}
	low, high := -100/s.kT, 100/s.kT
	for range 10 { // a mixture far from any that nature makes may need more
		if solve(low) > 0 {
			low *= 2
		}
		if solve(high) < 0 {
			high *= 2
		}
	}
	for range 100 {
		d := (low + high) / 2
		if solve(d) < 0 {
			low = d
		} else {
			high = d
		}
		p = n + d
	}
	return p, n, iterations
}
