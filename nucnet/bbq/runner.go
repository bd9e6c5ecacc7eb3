package bbq

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// ErrZone is wrapped by errors about states that BBQ does not burn.
var ErrZone = errors.New("not a state to burn")

// Options are what an inlist does not say. The zero value imitates BBQ with the fastest solver.
type Options struct {
	// DetailedBalance is the release of MESA to imitate, or "correct". "" stands for r2305.
	DetailedBalance string
	// Solver is one of nucnet.SolverNames, "" for the default.
	Solver string
	// Workers is the number of zones burnt at once where they do not depend on each other. 0 stands for the number of
	// processors. Files do not depend on it.
	Workers int
	// Progress, unless nil, is called after every zone, from one goroutine at a time. total is 0 where there is no end.
	Progress func(done, total int)
	// Warn, unless nil, is told what an inlist asks for and does not get, and what else a user should know.
	Warn func(string)
}

// Runner burns with the network and the physics of an inlist. It may be used concurrently, but for Run.
type Runner struct {
	in  *Inlist
	opt Options
	net *nucnet.Network

	burn nucnet.Options

	mu     sync.Mutex
	warned map[string]bool
}

// Zone is a state and how long it burns.
type Zone struct {
	Time         float64   // s
	LogT, LogRho float64   // log10 of K and g/cm3
	X            []float64 // mass fractions in the order of the network
}

// Burnt is what becomes of a zone.
type Burnt struct {
	EpsNuc float64   // rest-mass energy released less EpsNu times the time, erg/g
	EpsNu  float64   // loss by neutrinos at the end, erg/g/s
	X      []float64 // mass fractions, none below 1e-30, adding up to 1
}

// New returns a Runner. Errors about the network wrap those of package nucnet, about reactions those of package rate.
func New(in *Inlist, opt Options) (*Runner, error) {
	r := &Runner{in: in, opt: opt, warned: map[string]bool{}}
	if opt.DetailedBalance == "" {
		opt.DetailedBalance = rate.R2305.String()
	}
	balance, err := rate.ParseBalance(opt.DetailedBalance)
	if err != nil {
		return nil, fmt.Errorf("bbq: %w", err)
	}
	if opt.Solver != "" && !slices.Contains(nucnet.SolverNames(), opt.Solver) {
		return nil, fmt.Errorf("bbq: %w: solver %q, want one of %v", nucnet.ErrOption, opt.Solver, nucnet.SolverNames())
	}
	if r.opt.Workers <= 0 {
		r.opt.Workers = runtime.GOMAXPROCS(0)
	}
	for _, w := range in.Warnings {
		r.warn(w)
	}
	// BBQ's error per step is eps times the larger of Y and odescal. Below 1e-13 it is rounding that counts.
	rtol := max(in.Eps, 1e-13)
	r.burn = nucnet.Options{Screening: in.Screening, DetailedBalance: balance, Solver: opt.Solver, LikeMESA: true,
		RTol: rtol, ATol: min(rtol*in.Odescal, 0.1), MaxSteps: in.MaxSteps}
	asMESA := balance != rate.Correct
	rules := rate.Rules{OneWay: asMESA, Exothermic: asMESA, ListedNeutrinos: asMESA, Blend: in.Blend, Suzuki: in.Suzuki}
	if r.net, err = nucnet.ReadNet(r.path(in.NetName), rules); err != nil {
		return nil, fmt.Errorf("bbq: %s: net_name: %w", in.File, err)
	}
	if in.Blend != (rate.Blend{}) && strings.HasPrefix(r.net.Name(), "approx21") {
		r.warn(fmt.Sprintf("%s: nuclear: the temperatures at which weak tables set in are left out: those of %s are fixed", in.File, r.net.Name()))
	}
	return r, r.factors()
}

func (r *Runner) warn(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opt.Warn != nil && !r.warned[text] {
		r.warned[text] = true
		r.opt.Warn(text)
	}
}

// path returns where a file that the inlist names is.
func (r *Runner) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.in.Dir, name)
}

// factors changes rates as the inlist says.
func (r *Runner) factors() error {
	change := func(what string, n *nucnet.Network, err error) error {
		if err != nil {
			return fmt.Errorf("bbq: %s: %s: %w", r.in.File, what, err)
		}
		r.net = n
		return nil
	}
	if r.in.FakeFactor != defaults().FakeFactor || r.in.FakeFrom != defaults().FakeFrom {
		n, err := r.net.WithCaptureOnIron(r.in.FakeFactor, r.in.FakeFrom)
		if err := change("fe56ec_fake_factor", n, err); err != nil {
			return err
		}
	}
	if f := r.in.WeakRateFactor; f != 1 {
		n, err := r.net.ScaledWeak(f)
		if err := change("weak_rate_factor", n, err); err != nil {
			return err
		}
	}
	for _, f := range r.in.SpecialFactors {
		what := fmt.Sprintf("line %d: special_rate_factor of %s", f.line, f.Reaction)
		x, err := rate.ParseHandle(f.Reaction)
		if err != nil {
			r.warn(fmt.Sprintf("%s: %s is left out: %v", r.in.File, what, err))
			continue
		}
		n, err := r.net.ScaledOneWay(f.Factor, x)
		if err := change(what, n, err); err != nil {
			return err
		}
	}
	return nil
}

// Network returns the network that the inlist asks for.
func (r *Runner) Network() *nucnet.Network { return r.net }

// The limits of BBQ, and those of the network.
const (
	maxLogT  = 11
	maxSlip  = 1e-2 // of the sum of mass fractions
	floorX   = 1e-30
	coldestT = 1e3 // K; strong rates are 0 and weak ones constant far above
)

// Burn burns one zone. The error wraps [ErrZone] for one that BBQ refuses; others are those of [nucnet.Network.Burn].
func (r *Runner) Burn(ctx context.Context, z Zone) (Burnt, error) {
	switch {
	case !(z.Time >= 0) || math.IsInf(z.Time, 0):
		return Burnt{}, fmt.Errorf("bbq: %w: time %g s, want 0 or more", ErrZone, z.Time)
	case !(z.LogT <= maxLogT):
		return Burnt{}, fmt.Errorf("bbq: %w: log T = %g, want at most %d", ErrZone, z.LogT, maxLogT)
	case len(z.X) != r.net.Len():
		return Burnt{}, fmt.Errorf("bbq: %w: %d mass fractions for the %d nuclides of %s", ErrZone, len(z.X), r.net.Len(), r.net.Name())
	}
	x, err := clean(z.X, 0)
	if err != nil {
		return Burnt{}, err
	}
	s := nucnet.State{T: max(math.Pow(10, z.LogT), coldestT), Rho: math.Pow(10, z.LogRho), X: x}
	result, err := r.net.Burn(ctx, s, []float64{z.Time}, r.burn)
	if err != nil {
		return Burnt{}, err
	}
	end := result.Samples[0]
	x, err = clean(end.X, floorX)
	return Burnt{EpsNuc: end.EpsNucBBQ, EpsNu: end.EpsNu, X: x}, err
}

// clean returns mass fractions between floor and 1 that add up to 1, if they nearly do.
func clean(x []float64, floor float64) ([]float64, error) {
	c := make([]float64, len(x))
	sum := 0.0
	for i, v := range x {
		if math.IsNaN(v) || v < -maxSlip {
			return nil, fmt.Errorf("bbq: %w: mass fraction %g", ErrZone, v)
		}
		c[i] = min(max(v, floor), 1)
		sum += c[i]
	}
	if !(math.Abs(sum-1) <= maxSlip) {
		return nil, fmt.Errorf("bbq: %w: mass fractions add up to %g, want 1 within %g", ErrZone, sum, maxSlip)
	}
	if sum != 1 {
		for i := range c {
			c[i] = max(c[i]/sum, floor)
		}
	}
	return c, nil
}

// uniform returns equal mass fractions.
func uniform(nuclides []nuclide.Nuclide) []float64 {
	x := make([]float64, len(nuclides))
	for i := range x {
		x[i] = 1 / float64(len(x))
	}
	return x
}
