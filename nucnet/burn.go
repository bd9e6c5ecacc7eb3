package nucnet

import (
	"context"
	"fmt"
	"slices"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
)

// Sample is the state at one time of a burn.
type Sample struct {
	Time float64   // s
	X    []float64 // mass fractions in the order of the network
	Ye   float64   // electron fraction

	// Q is the rest-mass energy released since the start, erg/g, from atomic
	// masses: the annihilation of positrons is in it.
	Q float64
	// EpsNu is the energy that neutrinos of weak reactions carry away at this
	// time, erg/g/s, and EpsNuIntegral its integral since the start, erg/g.
	EpsNu, EpsNuIntegral float64
	// EpsNuc = Q - EpsNuIntegral is the energy left in the matter, erg/g.
	EpsNuc float64
	// EpsNucBBQ = Q - EpsNu Time is what the code BBQ prints for it.
	EpsNucBBQ float64
}

// Result is the outcome of a burn.
type Result struct {
	Samples []Sample // one for each time, fewer if the burn ended early
	Stats   ode.Stats
}

// Burn follows the abundances from s at constant temperature and density and
// returns them at the given times (s), which count from the start and must not
// decrease. One Network serves any number of goroutines.
//
// Wrong input gives an error that wraps [ErrState], [ErrTimes] or [ErrOption].
// A burn that ends early returns the samples it has with an error that wraps
// that of the integration: see package ode, and ctx.Err() after a cancellation.
func (n *Network) Burn(ctx context.Context, s State, times []float64, opt Options) (*Result, error) {
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
	p, err := n.planFor(planKey{opt.DetailedBalance, opt.Screening, opt.Weak})
	if err != nil {
		return nil, fmt.Errorf("nucnet: %s: %w", n.name, err)
	}
	w := p.get()
	defer p.put(w)
	return w.burn(ctx, s, times, opt)
}

func (w *worker) burn(ctx context.Context, s State, times []float64, opt Options) (*Result, error) {
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
	start, y := w.prepare(s, opt, settings)
	result := &Result{Samples: make([]Sample, 0, len(times))}
	var err error
	result.Stats, err = ode.Solve(ctx, w.methods[k], &w.problem, 0, y, times, settings, func(_ int, t float64, y []float64) error {
		if w.watch != nil {
			w.watch(t, y)
		}
		result.Samples = append(result.Samples, w.sample(t, start, y))
		return nil
	})
	if err != nil {
		return result, fmt.Errorf("nucnet: %s at T = %g K, rho = %g g/cm3: %w", p.net.name, s.T, s.Rho, err)
	}
	return result, nil
}

// prepare begins a burn at s and returns its molar abundances and all
// components.
func (w *worker) prepare(s State, opt Options, set ode.Settings) (start, y []float64) {
	p := w.plan
	start = make([]float64, p.n)
	ye := 0.0
	for i, x := range s.X {
		start[i] = x / p.net.a[i]
		ye += p.net.z[i] * start[i]
	}
	w.begin(s.T, s.Rho, ye, opt, set)
	y = make([]float64, p.dim)
	w.initial(start, y)
	return start, y
}

// sample describes the state y at time t of a burn from molar abundances start.
func (w *worker) sample(t float64, start, y []float64) Sample {
	p := w.plan
	s := Sample{Time: t, X: make([]float64, p.n)}
	for i := range s.X {
		s.X[i] = max(y[i]*p.net.a[i], 0)
		s.Ye += p.net.z[i] * y[i]
		s.Q -= (y[i] - start[i]) * p.net.dm[i]
	}
	s.Q *= nuclide.ErgPerGram
	s.EpsNu = w.neutrinoLoss(y) * nuclide.ErgPerGram
	s.EpsNuIntegral = y[p.loss] * nuclide.ErgPerGram
	s.EpsNuc = s.Q - s.EpsNuIntegral
	s.EpsNucBBQ = s.Q - s.EpsNu*t
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
		sum += w.weak.nu[i] * r
	}
	return sum
}
