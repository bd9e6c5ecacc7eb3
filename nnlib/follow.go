package nnlib

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/sample"
)

// A star asks for one step after the other, each from where the last one ended, so
// that errors add up. Follow compares such answers with burns, step by step.

// Path is what matter goes through in steps of equal length.
type Path struct {
	X []float64 // mass fractions at the start
	// T [K] and Rho [g/cm3] during each step, or a single one of each for all steps.
	T, Rho []float64
}

// at returns temperature and density during a step, counted from 0.
func (p *Path) at(step int) (T, rho float64) {
	return p.T[min(step, len(p.T)-1)], p.Rho[min(step, len(p.Rho)-1)]
}

// Stepper says what becomes of states after dt seconds, as Model, Hybrid and Burner do.
type Stepper interface {
	Predict(ctx context.Context, states []nucnet.State, dt float64) ([]Prediction, error)
}

// Burner is the Stepper that burns every step.
type Burner struct {
	Network *nucnet.Network
	Options nucnet.Options
}

// Predict burns the states.
func (b Burner) Predict(ctx context.Context, states []nucnet.State, dt float64) ([]Prediction, error) {
	results, err := b.Network.BurnBatch(ctx, states, []float64{dt}, b.Options)
	if err != nil {
		return nil, err
	}
	all := make([]Prediction, len(states))
	for i, r := range results {
		s := r.Samples[0]
		all[i] = Prediction{X: s.X, Ye: s.Ye, EpsNuc: s.EpsNuc, EpsNu: s.EpsNu, Q: s.Q, InDomain: true, Burnt: true,
			WeakChange: s.Ye - electronFraction(b.Network.Nuclides(), states[i].X)}
	}
	return all, nil
}

// Unchanged is the Stepper for which nothing ever happens.
type Unchanged struct{}

// Predict returns the states as they are.
func (Unchanged) Predict(_ context.Context, states []nucnet.State, _ float64) ([]Prediction, error) {
	all := make([]Prediction, len(states))
	for i, s := range states {
		all[i] = Prediction{X: s.X, InDomain: true}
	}
	return all, nil
}

// Follow is a number of steps along one or more paths.
type Follow struct {
	Network *nucnet.Network // whose burns are the truth
	Options nucnet.Options  // of the burns
	Paths   []Path
	Dt      float64 // length of a step, s
	Steps   int
	// Progress, unless nil, is told how many steps of how many are done, of all paths together.
	Progress func(done, total int)
}

// ErrPath is wrapped by errors about paths that cannot be followed.
var ErrPath = errors.New("bad path")

func (f *Follow) check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("nnlib: %w: %s", ErrPath, fmt.Sprintf(format, args...))
	}
	switch {
	case len(f.Paths) == 0:
		return wrong("there is none")
	case f.Steps < 1:
		return wrong("%d steps, want 1 or more", f.Steps)
	case !(f.Dt > 0) || math.IsInf(f.Dt, 0):
		return wrong("steps of %g s", f.Dt)
	}
	for i, p := range f.Paths {
		for _, n := range []int{len(p.T), len(p.Rho)} {
			if n != 1 && n != f.Steps {
				return wrong("path %d has %d temperatures and %d densities, want 1 or, for each step, %d", i, len(p.T), len(p.Rho), f.Steps)
			}
		}
		if len(p.X) != f.Network.Len() {
			return wrong("path %d has %d mass fractions, %s has %d nuclides", i, len(p.X), f.Network.Name(), f.Network.Len())
		}
	}
	return nil
}

// Burnt are the burns along all paths, which answers are compared with.
type Burnt struct {
	Follow
	X      [][][]float64 // mass fractions after each step, [paths][steps][nuclides]
	EpsNuc [][]float64   // energy left in the matter since the start, erg/g, [paths][steps]
}

// Burn makes the burns, as many at a time as there are processors. Steps of one
// temperature and density are a single burn that is read after each of them.
func (f Follow) Burn(ctx context.Context) (*Burnt, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	b := &Burnt{Follow: f, X: make([][][]float64, len(f.Paths)), EpsNuc: make([][]float64, len(f.Paths))}
	var mu sync.Mutex
	sum := 0
	done := func(steps int) {
		if f.Progress != nil {
			mu.Lock()
			defer mu.Unlock()
			sum += steps
			f.Progress(sum, len(f.Paths)*f.Steps)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range f.Paths {
		g.Go(func() (err error) {
			if b.X[i], b.EpsNuc[i], err = f.walk(ctx, p, done); err != nil {
				return fmt.Errorf("nnlib: path %d: %w", i, err)
			}
			return nil
		})
	}
	return b, g.Wait()
}

// walk burns along a path and tells done of every stretch that ends.
func (f *Follow) walk(ctx context.Context, p Path, done func(steps int)) (x [][]float64, energy []float64, err error) {
	now, before := p.X, 0.0
	for from := 0; from < f.Steps; {
		T, rho := p.at(from)
		var times []float64
		for to := from; to < f.Steps; to++ {
			if t, r := p.at(to); t != T || r != rho {
				break
			}
			times = append(times, float64(to-from+1)*f.Dt)
		}
		r, err := f.Network.Burn(ctx, nucnet.State{T: T, Rho: rho, X: now}, times, f.Options)
		if err != nil {
			return nil, nil, fmt.Errorf("from step %d: %w", from+1, err)
		}
		for _, s := range r.Samples {
			x, energy = append(x, s.X), append(energy, before+s.EpsNuc)
		}
		now, before = x[len(x)-1], energy[len(energy)-1]
		from += len(times)
		done(len(times))
	}
	return x, energy, nil
}

// Drift is how far answers are from the burns after each step, [paths][steps].
type Drift struct {
	Dt     float64     // length of a step, s
	Ye     [][]float64 // Ye less that of the burn
	X      [][]float64 // mean |dX| over the nuclides
	EpsNuc [][]float64 // energy left in the matter since the start less that of the burn, erg/g
	// Outside is the part of all steps that began outside of a model's domain, Burnt that of
	// those that a Hybrid burnt.
	Outside, Burnt float64
	End            [][]float64 // mass fractions at the end, [paths][nuclides]
}

// Compare lets s answer step by step, each time from its own last answer.
func (b *Burnt) Compare(ctx context.Context, s Stepper) (*Drift, error) {
	d := newDrift(b.Dt, len(b.Paths))
	list := b.Network.Nuclides()
	states, energy := make([]nucnet.State, len(b.Paths)), make([]float64, len(b.Paths))
	for i, p := range b.Paths {
		states[i].X = p.X
	}
	outside, burnt := 0, 0
	for k := range b.Steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, p := range b.Paths {
			states[i].T, states[i].Rho = p.at(k)
		}
		answers, err := s.Predict(ctx, states, b.Dt)
		if err != nil {
			return nil, fmt.Errorf("nnlib: step %d: %w", k+1, err)
		}
		for i, a := range answers {
			if !a.InDomain {
				outside++
			}
			if a.Burnt {
				burnt++
			}
			states[i].X = a.X
			energy[i] += a.EpsNuc
			d.add(i, list, a.X, b.X[i][k], energy[i]-b.EpsNuc[i][k])
		}
	}
	for _, s := range states {
		d.End = append(d.End, s.X)
	}
	all := float64(b.Steps * len(b.Paths))
	d.Outside, d.Burnt = float64(outside)/all, float64(burnt)/all
	return d, nil
}

// CompareSmall lets the network approx21_cr60_plus_co56 follow the same paths from the
// same starts, brought to its nuclides, and returns its burns as well. Errors of X are
// those of the nuclides of both networks.
func (b *Burnt) CompareSmall(ctx context.Context) (*Drift, *Burnt, error) {
	small, err := nucnet.Stock(sample.SmallNetwork)
	if err != nil {
		return nil, nil, err
	}
	f, own := b.Follow, b.Network.Nuclides()
	f.Network, f.Paths = small, make([]Path, len(b.Paths))
	for i, p := range b.Paths {
		moved, err := smallStates(small, own, []nucnet.State{{X: p.X}})
		if err != nil {
			return nil, nil, err
		}
		f.Paths[i] = Path{X: moved[0].X, T: p.T, Rho: p.Rho}
	}
	burns, err := f.Burn(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, move := union(own, small.Nuclides())
	moved := func(n []nuclide.Nuclide, x []float64) []float64 { return move(n, []outcome{{x: x}})[0].x }
	d := newDrift(b.Dt, len(b.Paths))
	for i := range b.Paths {
		for k, x := range burns.X[i] {
			d.add(i, list, moved(small.Nuclides(), x), moved(own, b.X[i][k]), burns.EpsNuc[i][k]-b.EpsNuc[i][k])
		}
		d.End = append(d.End, burns.X[i][b.Steps-1])
	}
	return d, burns, nil
}

func newDrift(dt float64, paths int) *Drift {
	return &Drift{Dt: dt, Ye: make([][]float64, paths), X: make([][]float64, paths), EpsNuc: make([][]float64, paths)}
}

// add takes in the next step of a path.
func (d *Drift) add(path int, list []nuclide.Nuclide, x, truth []float64, energy float64) {
	ye, dX := 0.0, 0.0
	for i, n := range list {
		off := x[i] - truth[i]
		ye += off * float64(n.Z()) / float64(n.A())
		dX += math.Abs(off) / float64(len(list))
	}
	d.Ye[path], d.X[path], d.EpsNuc[path] = append(d.Ye[path], ye), append(d.X[path], dX), append(d.EpsNuc[path], energy)
}
