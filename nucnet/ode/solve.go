package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Method is a formula that advances a solution step by step. Its values hold
// work space that grows on first use and is then reused, so one value serves
// many integrations but only one at a time.
type Method interface {
	// String returns the name of the method.
	String() string

	// start prepares for an integration from the state in it.
	start(it *integration) error

	// step advances it by one accepted step, changing it.t, it.y and it.h. A
	// method that cannot interpolate does not go beyond limit.
	step(it *integration, limit float64) error

	// interpolates reports whether the method steps over output times.
	interpolates() bool

	// at stores the solution at a time within the last step in dst.
	at(it *integration, t float64, dst []float64)
}

// integration is the state that driver and method share.
type integration struct {
	ctx     context.Context
	p       *Problem
	set     Settings
	t, tEnd float64
	rest    float64 // what rounding has taken from t: steps may be too short to see in it
	y       []float64
	h       float64 // size of the next step to try
	stats   Stats

	refusals int     // of steps that end where y is not admissible
	refused  float64 // time at which the first of these ended
}

// Solve integrates the problem from y at time t0 and calls out at each of the
// given times, which must not decrease nor lie before t0. y is overwritten by
// the solution at the last time reached; out gets a slice that is valid during
// the call, and ends the integration by returning an error; it may be nil. With
// the same arguments Solve gives the same bits, whatever the method was used for
// before.
//
// Errors that end the integration early are of type [*Error], those of out are
// returned as they are. Cancellation of ctx is noticed at every step.
func Solve(ctx context.Context, m Method, p *Problem, t0 float64, y []float64, times []float64, s Settings,
	out func(k int, t float64, y []float64) error) (Stats, error) {
	if m == nil || p == nil || p.Structure == nil || p.Func == nil || p.Jacobian == nil {
		return Stats{}, errors.New("ode: want a method, and a problem with Structure, Func and Jacobian")
	}
	if out == nil {
		out = func(int, float64, []float64) error { return nil }
	}
	n := p.Structure.Dim()
	if len(y) != n {
		return Stats{}, fmt.Errorf("ode: %d initial values for %d components", len(y), n)
	}
	if err := s.check(n); err != nil {
		return Stats{}, fmt.Errorf("ode: %w", err)
	}
	last := t0
	for _, t := range times {
		if !(t >= last) || math.IsInf(t, 0) {
			return Stats{}, fmt.Errorf("ode: output time %g after %g", t, last)
		}
		last = t
	}
	it := &integration{ctx: ctx, p: p, set: s.withDefaults(), t: t0, tEnd: last, y: y}
	for _, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Stats{}, &Error{t0, 0, ErrNotFinite}
		}
	}
	started := false
	for k, t := range times {
		for it.t < t {
			if !started {
				started = true
				if err := m.start(it); err != nil {
					return it.stats, &Error{it.t, it.h, err}
				}
			}
			if err := m.step(it, t); err != nil {
				return it.stats, &Error{it.t, it.h, err}
			}
		}
		state := y
		if it.t > t {
			state = make([]float64, n)
			m.at(it, t, state)
		}
		if err := out(k, t, state); err != nil {
			return it.stats, err
		}
		if k == len(times)-1 && it.t > t {
			copy(y, state)
		}
	}
	return it.stats, nil
}

// maxRefusals is how often steps are refused on the way through one of them before
// it is clear that the solution itself leads to where it should not.
const maxRefusals = 30

// again checks the limits that hold for every attempt at a step.
func (it *integration) again() error {
	if err := it.ctx.Err(); err != nil {
		return err
	}
	if it.stats.Steps+it.stats.Rejected >= it.set.MaxSteps {
		return ErrMaxSteps
	}
	if it.refusals > maxRefusals {
		return ErrNotAdmissible
	}
	resolved := 1e-16
	if it.p.TimeDerivative == nil {
		resolved = 1e-30 // with rest, which is all that such a problem needs of the time
	}
	if !(it.h > 4*math.SmallestNonzeroFloat64+resolved*math.Abs(it.t)) {
		return ErrStepSize
	}
	return nil
}

// left returns the time from the present one to limit.
func (it *integration) left(limit float64) float64 { return limit - it.t - it.rest }

// fit returns the size of the next step that does not go beyond limit. Two equal
// steps are better than one and a very short one.
func (it *integration) fit(limit float64) float64 {
	switch left := it.left(limit); {
	case it.h >= left*0.999:
		return left
	case it.h > left/2:
		return left / 2
	}
	return it.h
}

// advance moves the time by a step.
func (it *integration) advance(h, limit float64) {
	if h == it.left(limit) {
		it.t, it.rest = limit, 0
		return
	}
	h += it.rest
	t := it.t + h
	it.rest = h - (t - it.t)
	it.t = t
}

// refuses reports whether a step of size it.h that would end at y is to be
// repeated with half its size, because y is not admissible.
func (it *integration) refuses(y []float64) bool {
	end := it.t + it.h
	if it.p.Admissible == nil || it.p.Admissible(y) || !it.p.Admissible(it.y) {
		if end >= it.refused {
			it.refusals = 0
		}
		return false
	}
	if it.refusals == 0 {
		it.refused = end
	}
	it.refusals++
	return true
}

// rhs evaluates the right-hand side.
func (it *integration) rhs(t float64, y, dst []float64) {
	it.stats.RHS++
	it.p.Func(t, y, dst)
}

// norm returns the largest of errors relative to their tolerances, so that 1 is
// just tolerable. Each component has the smaller of its tolerances at the two
// states: what has fallen far in a step is to be as accurate as all else. The
// norm is not finite if an error is not.
func (it *integration) norm(err, y0, y1 []float64) float64 {
	worst := 0.0
	rtol, atol, scale := it.set.RTol, it.set.ATol, it.set.Scale
	y0, y1 = y0[:len(err)], y1[:len(err)]
	for i, e := range err {
		if e == 0 {
			continue // a component that is and stays zero may have no tolerance
		}
		tol := atol
		if scale != nil {
			tol *= scale[i]
		}
		e = math.Abs(e) / (tol + rtol*min(math.Abs(y0[i]), math.Abs(y1[i])))
		if !(e <= worst) {
			worst = e
			if e != e {
				break
			}
		}
	}
	return worst
}

// firstStep estimates a first step from the slope f0 at the initial state and
// a trial step with it, for a method of the given order.
//
// E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations
// I (1993), section II.4.
func (it *integration) firstStep(order int, f0, y1, f1 []float64) float64 {
	if it.set.InitialStep > 0 {
		return it.set.InitialStep
	}
	span := it.tEnd - it.t
	d0 := it.norm(it.y, it.y, it.y)
	d1 := it.norm(f0, it.y, it.y)
	h := 1e-6 * span
	if d0 > 1e-5 && d1 > 1e-5 {
		h = 0.01 * d0 / d1
	}
	h = min(h, span)
	for i, f := range f0 {
		y1[i] = it.y[i] + h*f
	}
	it.rhs(it.t+h, y1, f1)
	for i, f := range f0 {
		f1[i] -= f
	}
	d2 := it.norm(f1, it.y, it.y) / h
	h1 := max(1e-6*span, 1e-3*h)
	if d := max(d1, d2); d-d != 0 {
		h1 = 1e-3 * h // the trial step went where the right-hand side ends
	} else if d > 1e-15 {
		h1 = math.Pow(0.01/d, 1/float64(order+1))
	}
	return min(100*h, h1, span)
}
