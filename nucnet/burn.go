package nucnet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
)

// Sample is the state at one time of a burn.
type Sample struct {
	Time float64   // s
	T    float64   // K
	Rho  float64   // g/cm3
	X    []float64 // mass fractions in the order of the network, at least 0
	Ye   float64   // electron fraction

	// Least is the smallest mass fraction before those below 0, by no more than
	// Options.ATol, are shown as 0 in X.
	Least float64

	// Q is the rest-mass energy released since the start, erg/g, from atomic
	// masses: the annihilation of positrons is in it.
	Q float64
	// EpsNu is the energy that neutrinos of weak reactions carry away at this
	// time, erg/g/s, and EpsNuIntegral its integral since the start, erg/g.
	EpsNu, EpsNuIntegral float64
	// EpsNuc = Q - EpsNuIntegral is the energy left in the matter, erg/g.
	EpsNuc float64
	// EpsNucBBQ = Q - EpsNu t, with the time t since the start, is what the code
	// BBQ prints for it.
	EpsNucBBQ float64
}

// Result is the outcome of a burn.
type Result struct {
	Samples []Sample // one for each time, fewer if the burn ended early
	End     Sample   // the state reached
	Stats   ode.Stats

	// Restarts is how often the burn began anew, with a tenth of the relative
	// tolerance and a hundredth of the absolute one, because errors that were
	// tolerated had led to negative abundances that are more than that. Stats
	// count all that was done.
	Restarts int
}

// Stopped is the error of a burn that ended early. It wraps the reason: one of
// the errors of package ode, or that of a cancelled context.
type Stopped struct {
	Network string
	State   State   // where the burn began
	Time    float64 // s, reached
	Err     error
	Advice  string // what to try, empty where that is up to the caller
}

func (e *Stopped) Error() string {
	text := fmt.Sprintf("nucnet: %s from T = %g K, rho = %g g/cm3: %v", e.Network, e.State.T, e.State.Rho, e.Err)
	if e.Advice != "" {
		text += "; try " + e.Advice
	}
	return text
}

// Unwrap returns the reason.
func (e *Stopped) Unwrap() error { return e.Err }

func (n *Network) stopped(s State, opt Options, reached float64, err error) error {
	e := &Stopped{Network: n.name, State: s, Time: reached, Err: err}
	other := fmt.Sprintf("the solver %s", solvers[0].name)
	if opt.Solver == solvers[0].name {
		other = fmt.Sprintf("the solver %s with a relative tolerance of 1e-4", Fallback)
	}
	switch {
	case errors.Is(err, ode.ErrMaxSteps):
		e.Advice = fmt.Sprintf("more steps than %d, a larger relative tolerance than %g, or %s", opt.MaxSteps, opt.RTol, other)
	case errors.Is(err, ode.ErrStepSize), errors.Is(err, ode.ErrNotAdmissible):
		e.Advice = other
	case errors.Is(err, ode.ErrNotFinite) && opt.Heating != NoHeating:
		e.Advice = "a start further from the limits of the equation of state"
	case errors.Is(err, ode.ErrNotFinite):
		e.Advice = "a lower density; rates are beyond what floating-point numbers hold"
	}
	return e
}

// Burn follows the abundances from s and returns them at the given times (s),
// which count from the start and must not decrease. Temperature and density are
// constant unless opt.Heating says otherwise. One Network serves any number of
// goroutines.
//
// Wrong input gives an error that wraps [ErrState], [ErrTimes] or [ErrOption].
// A burn that ends early returns the samples it has, the state reached and an
// error of type [*Stopped].
func (n *Network) Burn(ctx context.Context, s State, times []float64, opt Options) (*Result, error) {
	if len(times) > 0 && times[0] < 0 {
		return nil, fmt.Errorf("nucnet: %w: %g s, want a time not below 0", ErrTimes, times[0])
	}
	return n.burn(ctx, s, nil, times, opt)
}

func (n *Network) burn(ctx context.Context, s State, along *Trajectory, times []float64, opt Options) (*Result, error) {
	opt = opt.WithDefaults()
	if err := opt.check(); err != nil {
		return nil, err
	}
	if err := n.check(s); err != nil {
		return nil, err
	}
	if err := checkTimes(times); err != nil {
		return nil, err
	}
	p, err := n.planFor(opt.key())
	if err != nil {
		return nil, fmt.Errorf("nucnet: %s: %w", n.name, err)
	}
	w := p.get()
	defer p.put(w)
	return w.burn(ctx, s, along, times, opt)
}

// burn burns as opt say, and again with smaller tolerances where errors that were
// tolerated have led to abundances that cannot be.
func (w *worker) burn(ctx context.Context, s State, along *Trajectory, times []float64, opt Options) (*Result, error) {
	const restarts = 3
	asked := opt
	var stats ode.Stats
	for k := 0; ; k++ {
		result, reached, err := w.try(ctx, s, along, times, opt)
		if result == nil {
			return nil, err
		}
		result.Stats.Add(stats)
		result.Restarts = k
		if err == nil {
			return result, nil
		}
		if k == restarts || !errors.Is(err, ode.ErrNotAdmissible) && !errors.Is(err, ode.ErrStepSize) {
			return result, w.plan.net.stopped(s, asked, reached, err)
		}
		stats = result.Stats
		opt.RTol, opt.ATol = max(opt.RTol/10, minRTol), opt.ATol/100
	}
}

// try burns once. With an error, but for that of a state that cannot be, it
// returns what the burn had and the time it reached.
func (w *worker) try(ctx context.Context, s State, along *Trajectory, times []float64, opt Options) (result *Result, reached float64, err error) {
	p := w.plan
	k := slices.IndexFunc(solvers, func(s solver) bool { return s.name == opt.Solver })
	if w.methods[k] == nil {
		w.methods[k] = solvers[k].make()
	}
	settings := ode.Settings{
		RTol:     opt.RTol * solvers[k].rtol,
		ATol:     opt.ATol * solvers[k].atol,
		Scale:    w.scale,
		MaxSteps: opt.MaxSteps,
	}
	y, err := w.prepare(s, along, opt, settings)
	if err != nil {
		return nil, 0, fmt.Errorf("nucnet: %s: %w: %w", p.net.name, ErrState, err)
	}
	if m, ok := w.methods[k].(*ode.BaderDeuflhard); ok && opt.LikeMESA {
		w.likeMESA(m, &settings, y)
		defer w.likeItself(m)
	}
	t0 := 0.0
	stops := times
	if along != nil {
		t0 = along.Time[0]
		stops = along.stops(times)
	}
	result = &Result{Samples: make([]Sample, 0, len(times))}
	result.Stats, err = ode.Solve(ctx, w.methods[k], &w.problem, t0, y, stops, settings, func(_ int, t float64, y []float64) error {
		if w.watch != nil {
			w.watch(t, y)
		}
		for len(result.Samples) < len(times) && times[len(result.Samples)] == t {
			result.Samples = append(result.Samples, w.sample(t, t-t0, y))
			if along == nil {
				break // Solve calls once for each
			}
		}
		return nil
	})
	if err != nil {
		reached = t0
		var stopped *ode.Error
		if errors.As(err, &stopped) {
			reached = stopped.Time
		}
		result.End = w.sample(reached, reached-t0, y)
		return result, reached, err
	}
	result.End = result.Samples[len(result.Samples)-1]
	return result, result.End.Time, nil
}

// prepare begins a burn at s and returns its components.
func (w *worker) prepare(s State, along *Trajectory, opt Options, set ode.Settings) (y []float64, err error) {
	p := w.plan
	start := make([]float64, p.n)
	ye := 0.0
	for i, x := range s.X {
		start[i] = x / p.net.a[i]
		ye += p.net.z[i] * start[i]
	}
	w.begin(s.T, s.Rho, ye, opt, set)
	y = make([]float64, p.dim)
	w.initial(start, y)
	w.heat, w.along, w.problem.TimeDerivative = nil, nil, nil
	switch {
	case opt.Heating != NoHeating:
		w.heat = &heating{isobaric: opt.Heating == Isobaric}
		y[p.energy], err = w.heat.start(s, w.moments(y))
	case along != nil:
		w.along, w.problem.TimeDerivative = along, w.timeDerivative
	}
	return y, err
}

// sample describes the state y at time t of a burn that has lasted for some time
// (s).
func (w *worker) sample(t, lasted float64, y []float64) Sample {
	p := w.plan
	w.follow(t, y)
	s := Sample{Time: t, T: w.temperature, Rho: w.density, X: make([]float64, p.n), Least: math.Inf(1)}
	for i := range s.X {
		x := y[i] * p.net.a[i]
		s.Least = min(s.Least, x)
		s.X[i] = max(x, 0)
		s.Ye += p.net.z[i] * y[i]
	}
	s.Q = y[p.released] * nuclide.ErgPerGram
	if w.evaluated == nil {
		s.EpsNu = w.neutrinoLoss(y) * nuclide.ErgPerGram
	} else {
		s.EpsNu = w.neutrinoLoss(w.evaluated) * nuclide.ErgPerGram
	}
	s.EpsNuIntegral = y[p.loss] * nuclide.ErgPerGram
	s.EpsNuc = s.Q - s.EpsNuIntegral
	s.EpsNucBBQ = s.Q - s.EpsNu*lasted
	return s
}

// neutrinoLoss returns the loss by neutrinos at the state y, MeV mol/g/s.
func (w *worker) neutrinoLoss(y []float64) float64 {
	p := w.plan
	if w.small != nil {
		return w.small.loss(w, y)
	}
	if len(p.weak) == 0 {
		return 0
	}
	w.weak.update(w, y)
	sum := 0.0
	for i := range p.weak {
		d := &p.weak[i]
		r := w.weak.rate[i]
		for _, k := range d.in[:d.nIn] {
			r *= y[k]
		}
		sum += w.weak.nu(i) * r
	}
	return sum
}
