package plasma

import (
	"fmt"
	"math"

	"nuclab/nucnet/nuclide"
)

const (
	electronRest = nuclide.ElectronMass * nuclide.LightSpeed * nuclide.LightSpeed // erg
	compton      = nuclide.HBar / (nuclide.ElectronMass * nuclide.LightSpeed)     // reduced Compton wavelength, cm
	phaseSpace   = 1 / (math.Pi * math.Pi * compton * compton * compton)          // electrons per cm3 and unit of gas.n
)

// electrons is the Fermi gas of given net density at a temperature.
type electrons struct {
	beta    float64 // kT/(m c^2)
	eta, mu float64 // chemical potential over kT without and with the rest mass
	gas     gas
}

// newElectrons returns the gas at t (K) with density n (1/cm3) of electrons less positrons.
func newElectrons(t, n float64) (electrons, error) {
	e, err := solveElectrons(n/phaseSpace, nuclide.Boltzmann*t/electronRest)
	if err != nil {
		return e, fmt.Errorf("plasma: electrons at T = %g K, %g/cm3: %w", t, n, err)
	}
	return e, nil
}

// solveElectrons returns the gas whose moment n is the given one.
func solveElectrons(n, beta float64) (electrons, error) {
	e := electrons{beta: beta}
	rest := 1 / beta
	if n == 0 { // no net charge: pairs alone
		e.eta = -rest
		if rest < pairless {
			e.gas = fermi(e.eta, 0, e.beta)
		} else {
			e.gas.d1 = 1 // nothing at all, d1 only divides
		}
		return e, nil
	}
	// The unknown is mu where there may be pairs, since n vanishes with it, and eta else.
	offset, lo := 0.0, math.Inf(-1)
	v := etaGuess(n, e.beta)
	if rest < pairless {
		offset, lo = rest, 0
		v = math.Asinh(math.Exp(min(v+rest, 700))/2) + max(v+rest-700, 0)
	}
	hi := math.Inf(1)
	for range 100 {
		e.eta, e.mu = v-offset, v-offset+rest
		if offset > 0 {
			e.mu = v
		}
		e.gas = fermi(e.eta, e.mu, e.beta)
		// Halley's step for ln(gas.n/n), which is close to linear in v without degeneracy.
		miss := math.Log(e.gas.n / n)
		if math.Abs(miss) < 1e-14 {
			return e, nil
		}
		slope := e.gas.d1 / e.gas.n
		step := miss / slope
		curve := e.gas.d2/e.gas.d1 - slope // second over first derivative of ln gas.n
		if h := 1 - 0.5*step*curve; h > 0.5 {
			step /= h
		}
		if miss > 0 {
			hi = v
		} else {
			lo = v
		}
		next := v - step
		switch {
		case math.Abs(step) < 4e-16*math.Abs(v):
			return e, nil
		case next > lo && next < hi:
		case math.IsInf(lo, -1):
			next = hi - 10
		case math.IsInf(hi, 1):
			next = 2*lo + 10
		default:
			next = (lo + hi) / 2
		}
		v = next
	}
	return e, ErrConvergence
}

// etaGuess estimates eta of an electron gas without positrons of density n (in phaseSpace) to some percent: it is the
// interpolation of Nilsson (1973, Phys. Stat. Sol. A 19, K75) between a Boltzmann gas and a cold one, with
// relativistic forms of both limits.
func etaGuess(n, beta float64) float64 {
	states := math.Sqrt(math.Pi/2) * math.Pow(beta*(1+1.3655*beta), 1.5) // 2 beta^3 for large beta
	z := n / states
	pf := math.Cbrt(3 * n)
	cold := pf * pf / (1 + math.Sqrt(1+pf*pf)) / beta
	boltzmann := -0.5
	if d := z - 1; math.Abs(d) > 1e-4 {
		boltzmann = math.Log(z) / (1 - z*z)
	}
	c := 0.24 + 1.08*cold
	return boltzmann + cold*c*c/(1+c*c)
}
