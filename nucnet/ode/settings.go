package ode

import (
	"errors"
	"fmt"
	"math"
)

// Settings hold the tolerances and limits of an integration. The zero value is
// useful.
type Settings struct {
	// RTol is the tolerated error of one step relative to each component. If
	// RTol is 0 it is defaulted to 1e-6.
	RTol float64

	// ATol is added to the tolerance of every component. If ATol is 0 and
	// Scale is nil it is defaulted to 1e-12.
	ATol float64

	// Scale, if not nil, multiplies ATol component by component.
	Scale []float64

	// InitialStep is the first step to be tried. If it is 0 it is estimated.
	InitialStep float64

	// MaxSteps limits the accepted and rejected steps together. If it is 0 it
	// is defaulted to 1e6.
	MaxSteps int
}

func (s Settings) withDefaults() Settings {
	if s.RTol == 0 {
		s.RTol = 1e-6
	}
	if s.ATol == 0 && s.Scale == nil {
		s.ATol = 1e-12
	}
	if s.MaxSteps == 0 {
		s.MaxSteps = 1e6
	}
	return s
}

func (s Settings) check(dim int) error {
	switch {
	case !(s.RTol >= 0) || math.IsInf(s.RTol, 0):
		return fmt.Errorf("%w: relative tolerance %g", ErrSettings, s.RTol)
	case !(s.ATol >= 0) || math.IsInf(s.ATol, 0):
		return fmt.Errorf("%w: absolute tolerance %g", ErrSettings, s.ATol)
	case s.Scale != nil && len(s.Scale) != dim:
		return fmt.Errorf("%w: %d scales for %d components", ErrSettings, len(s.Scale), dim)
	case !(s.InitialStep >= 0):
		return fmt.Errorf("%w: initial step %g", ErrSettings, s.InitialStep)
	case s.MaxSteps < 0:
		return fmt.Errorf("%w: %d steps at most", ErrSettings, s.MaxSteps)
	}
	return nil
}

// Stats counts the work of an integration.
type Stats struct {
	Steps          int // accepted steps
	Rejected       int // steps that were tried and repeated smaller
	RHS            int // evaluations of Func
	Jacobians      int // evaluations of Jacobian
	Factorizations int
	Solves         int // linear systems solved
	Refinements    int // of these, improved by iterative refinement
}

// Add adds the work of another integration.
func (s *Stats) Add(other Stats) {
	s.Steps += other.Steps
	s.Rejected += other.Rejected
	s.RHS += other.RHS
	s.Jacobians += other.Jacobians
	s.Factorizations += other.Factorizations
	s.Solves += other.Solves
	s.Refinements += other.Refinements
}

// Errors that end an integration early. The state reached is with them in an
// [*Error].
var (
	ErrStepSize  = errors.New("the step size fell below what the time resolves")
	ErrMaxSteps  = errors.New("too many steps")
	ErrNotFinite = errors.New("the right-hand side is not finite")
	ErrSettings  = errors.New("invalid setting")

	// ErrNotAdmissible comes from [Problem.Admissible].
	ErrNotAdmissible = errors.New("the errors tolerated have led to a state that cannot be")
)

// Error reports where an integration ended and why.
type Error struct {
	Time float64 // time reached
	Step float64 // size of the step that was to follow
	Err  error   // the reason: one of this package's errors, or that of a cancelled context
}

func (e *Error) Error() string {
	return fmt.Sprintf("ode: stopped at t = %.6g with step %.3g: %v", e.Time, e.Step, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }
