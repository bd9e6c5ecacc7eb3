package nucnet

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nuclab/nucnet/ode"
	"nuclab/nucnet/plasma"
	"nuclab/nucnet/rate"
)

// Weak says which weak reactions a burn includes.
type Weak int

// WeakRates includes all weak reactions of the network; NoWeak leaves only
// strong ones.
const (
	WeakRates Weak = iota
	NoWeak
)

var weakNames = []string{"tables", "none"}

// String returns the name that ParseWeak reads.
func (w Weak) String() string {
	if w < 0 || int(w) >= len(weakNames) {
		return fmt.Sprint(int(w))
	}
	return weakNames[w]
}

// ParseWeak reads "tables" or "none".
func ParseWeak(s string) (Weak, error) {
	i := slices.Index(weakNames, strings.ToLower(s))
	if i < 0 {
		return 0, fmt.Errorf("nucnet: %q: %w for weak rates, want one of %s", s, ErrOption, strings.Join(weakNames, ", "))
	}
	return Weak(i), nil
}

// Options choose the physics and the accuracy of a burn. The zero value is the
// best physics at the default accuracy.
type Options struct {
	Screening       rate.Screening
	Weak            Weak
	DetailedBalance rate.Balance
	Heating         Heating

	// Solver names the integration method, one of [SolverNames]; empty stands
	// for the first of them.
	Solver string

	// LikeMESA makes the solver bader-deuflhard follow MESA's one-zone burner in
	// all that shows: RTol is then MESA's eps, and ATol its eps times odescal,
	// both of the molar abundances Y. It has no effect on other solvers, and does
	// not go with heating.
	LikeMESA bool

	// RTol and ATol are the tolerated errors of one step in mass fractions X,
	// relative and absolute. 0 stands for 1e-6 and 1e-12.
	RTol, ATol float64

	// MaxSteps limits the steps of the integration. 0 stands for 100,000.
	MaxSteps int
}

// WithDefaults returns the options with every zero replaced by what it stands
// for.
func (o Options) WithDefaults() Options {
	if o.Solver == "" {
		o.Solver = solvers[0].name
	}
	if o.RTol == 0 {
		o.RTol = 1e-6
	}
	if o.ATol == 0 {
		o.ATol = 1e-12
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 100_000
	}
	return o
}

// minRTol is the smallest relative tolerance, some hundred times what rounding
// leaves.
const minRTol = 1e-13

// solver is an integration method and what its error test has to be given so
// that a burn ends about as accurate as Options ask. Measured on random states
// against burns with far smaller tolerances: steps of Rodas5P are much better
// than its estimate, which is that of the embedded formula, while errors of a
// BDF, many small steps, add up. Backward Euler cannot be that accurate.
type solver struct {
	name       string
	make       func() ode.Method
	rtol, atol float64 // factors on the tolerances
}

var solvers = []solver{
	{"rodas5p", func() ode.Method { return &ode.Rodas5P{} }, 14, 1},
	{"rodas4", func() ode.Method { return &ode.Rodas4{} }, 5, 5},
	{"bdf", func() ode.Method { return &ode.BDF{} }, 0.03, 0.3},
	{"bader-deuflhard", func() ode.Method { return &ode.BaderDeuflhard{} }, 1, 1},
	{"backward-euler", func() ode.Method { return &ode.BackwardEuler{} }, 10, 10},
}

// Fallback names the solver to try where the default one gives up: the one that
// takes any step, though of order 1. Its error is about the square root of the
// relative tolerance, one in a hundred for 1e-4.
const Fallback = "backward-euler"

// SolverNames returns the names of the integration methods, the default first.
func SolverNames() []string {
	var names []string
	for _, s := range solvers {
		names = append(names, s.name)
	}
	return names
}

// check reports what is wrong with options after WithDefaults.
func (o Options) check() error {
	switch {
	case o.Screening < rate.Chugunov || o.Screening > rate.Unscreened:
		return fmt.Errorf("nucnet: %w: screening %v", ErrOption, o.Screening)
	case o.Weak < WeakRates || o.Weak > NoWeak:
		return fmt.Errorf("nucnet: %w: weak rates %v", ErrOption, o.Weak)
	case o.DetailedBalance < rate.Correct || o.DetailedBalance > rate.R2604:
		return fmt.Errorf("nucnet: %w: detailed balance %v", ErrOption, o.DetailedBalance)
	case o.Heating < NoHeating || o.Heating > Isobaric:
		return fmt.Errorf("nucnet: %w: heating %v", ErrOption, o.Heating)
	case !slices.Contains(SolverNames(), o.Solver):
		return fmt.Errorf("nucnet: %w: solver %q, want one of %s", ErrOption, o.Solver, strings.Join(SolverNames(), ", "))
	case !(o.RTol >= minRTol && o.RTol < 1):
		return fmt.Errorf("nucnet: %w: relative tolerance %g, want %g to 1", ErrOption, o.RTol, minRTol)
	case !(o.ATol > 0 && o.ATol < 1):
		return fmt.Errorf("nucnet: %w: absolute tolerance %g, want more than 0 and less than 1", ErrOption, o.ATol)
	case o.LikeMESA && o.Heating != NoHeating:
		return fmt.Errorf("nucnet: %w: MESA's one-zone burner has no heating", ErrOption)
	case o.MaxSteps < 0:
		return fmt.Errorf("nucnet: %w: %d steps at most", ErrOption, o.MaxSteps)
	}
	return nil
}

// State is where a burn starts.
type State struct {
	T   float64   // K, 1e3 to 1e11
	Rho float64   // g/cm3, 1e-10 to 1e12
	X   []float64 // mass fractions in the order of the network
}

// The range of states.
const (
	minT, maxT     = plasma.MinT, plasma.MaxT
	minRho, maxRho = plasma.MinRho, plasma.MaxRho
)

// check reports what is wrong with a state; the error wraps [ErrState].
func (n *Network) check(s State) error {
	switch {
	case !(s.T >= minT && s.T <= maxT):
		return fmt.Errorf("nucnet: %w: T = %g K, want %g to %g", ErrState, s.T, minT, maxT)
	case !(s.Rho >= minRho && s.Rho <= maxRho):
		return fmt.Errorf("nucnet: %w: rho = %g g/cm3, want %g to %g", ErrState, s.Rho, minRho, maxRho)
	case len(s.X) != len(n.members):
		return fmt.Errorf("nucnet: %w: %d mass fractions for the %d nuclides of %s", ErrState, len(s.X), len(n.members), n.name)
	}
	sum := 0.0
	for i, x := range s.X {
		if !(x >= 0) || math.IsInf(x, 0) {
			return fmt.Errorf("nucnet: %w: X(%s) = %g, want 0 to 1", ErrState, n.members[i], x)
		}
		sum += x
	}
	if !(math.Abs(sum-1) <= 1e-6) {
		return fmt.Errorf("nucnet: %w: mass fractions add up to %.9g, want 1 within 1e-6", ErrState, sum)
	}
	return nil
}

// checkTimes reports what is wrong with output times; the error wraps
// [ErrTimes].
func checkTimes(times []float64) error {
	if len(times) == 0 {
		return fmt.Errorf("nucnet: %w: want at least one", ErrTimes)
	}
	last := math.Inf(-1)
	for _, t := range times {
		switch {
		case math.IsNaN(t) || math.IsInf(t, 0):
			return fmt.Errorf("nucnet: %w: %g s, want a finite time", ErrTimes, t)
		case t < last:
			return fmt.Errorf("nucnet: %w: %g s after %g s, want them in increasing order", ErrTimes, t, last)
		}
		last = t
	}
	return nil
}
