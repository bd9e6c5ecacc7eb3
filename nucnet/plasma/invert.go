package plasma

import (
	"fmt"
	"math"

	"nuclab/nucnet/nuclide"
)

// AtDensityEnergy returns the state at density rho (g/cm3) whose internal energy is e (erg/g, see State.E). The search
// starts from temperature guess (K), or somewhere sensible if that is 0. Errors wrap ErrRange, also where no
// temperature in MinT..MaxT has that energy.
func AtDensityEnergy(rho, e float64, m nuclide.Moments, guess float64) (State, error) {
	return find(search{moments: m, unknown: temperature, fixed: rho, given: energy, target: e}, guess)
}

// AtDensityPressure returns the state at density rho (g/cm3) whose pressure is p (erg/cm3), as AtDensityEnergy does.
func AtDensityPressure(rho, p float64, m nuclide.Moments, guess float64) (State, error) {
	return find(search{moments: m, unknown: temperature, fixed: rho, given: pressure, target: p}, guess)
}

// AtTemperaturePressure returns the state at temperature t (K) whose pressure is p (erg/cm3). The search starts from
// density guess (g/cm3), or somewhere sensible if that is 0. Errors wrap ErrRange, also where no density in
// MinRho..MaxRho has that pressure, as below the pressure of radiation.
func AtTemperaturePressure(t, p float64, m nuclide.Moments, guess float64) (State, error) {
	return find(search{moments: m, unknown: density, fixed: t, given: pressure, target: p}, guess)
}

// quantities that a search is for or from.
type quantity string

const (
	temperature quantity = "T"
	density     quantity = "rho"
	energy      quantity = "E"
	pressure    quantity = "P"
)

// search is for the temperature or density, the other being fixed, at which energy or pressure has a target value.
type search struct {
	moments        nuclide.Moments
	unknown, given quantity
	fixed, target  float64
}

// limits returns the range of the unknown and where to start without a guess.
func (s *search) limits() (lo, hi, start float64) {
	if s.unknown == density {
		return MinRho, MaxRho, 1e6
	}
	return MinT, MaxT, 1e9
}

// at returns the state at x and the given quantity there with its derivative.
func (s *search) at(x float64) (state State, v, slope float64, err error) {
	if s.unknown == density {
		state, err = At(s.fixed, x, s.moments)
	} else {
		state, err = At(x, s.fixed, s.moments)
	}
	q := state.E
	if s.given == pressure {
		q = state.P
	}
	if s.unknown == density {
		return state, q.Value, q.DRho, err
	}
	return state, q.Value, q.DT, err
}

// find runs Newton's method on the logarithm of the unknown, bracketed: both quantities grow with it. An end of the
// range is looked at only when a step leads beyond it.
func find(s search, guess float64) (State, error) {
	if !(s.target > 0) || math.IsInf(s.target, 1) {
		return State{}, fmt.Errorf("plasma: %s = %g: %w: want a positive number", s.given, s.target, ErrRange)
	}
	lo, hi, x := s.limits()
	if guess != 0 {
		if !(guess > 0) {
			return State{}, fmt.Errorf("plasma: guess of %s = %g: %w: want a positive number, or 0 for none", s.unknown, guess, ErrRange)
		}
		x = min(max(guess, lo), hi)
	}
	// What lies below and above the root so far; 0 and +Inf until a state has been seen there.
	below, above := 0.0, math.Inf(1)
	for range 200 {
		state, v, slope, err := s.at(x)
		if err != nil {
			return State{}, err
		}
		miss := v - s.target
		if math.Abs(miss) <= 2e-15*s.target {
			return state, nil
		}
		if miss > 0 {
			above = x
		} else {
			below = x
		}
		if above <= lo || below >= hi {
			return State{}, fmt.Errorf("plasma: %s = %g: %w: it is %g at %s = %g, the end of the range", s.given, s.target, ErrRange, v, s.unknown, x)
		}
		next := x * math.Exp(-miss/(slope*x))
		switch {
		case next > below && next < above && next > lo && next < hi:
		case next >= hi && math.IsInf(above, 1):
			next = hi
		case next <= lo && below == 0:
			next = lo
		default:
			next = math.Sqrt(max(below, lo) * min(above, hi))
		}
		if math.Abs(next-x) <= 4e-16*x || above-below <= 4e-16*x {
			return state, nil
		}
		x = next
	}
	return State{}, fmt.Errorf("plasma: %s of %s = %g: %w", s.unknown, s.given, s.target, ErrConvergence)
}
