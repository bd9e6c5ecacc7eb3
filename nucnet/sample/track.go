package sample

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"nuclab/nucnet"
	"nuclab/nucnet/star"
)

// burnt makes a composition as Paper does and burns it at the point's temperature and density for a random time of 1e-10
// to 1e2 s, uniform in its logarithm, among those at which Ye still lies within the design's range.
func (s *Sampler) burnt(ctx context.Context, rng *rand.Rand, p *Point) error {
	if err := s.paper(rng, p); err != nil {
		return err
	}
	const first, decades = -10, 12
	u := rng.Float64()
	times := make([]float64, decades)
	for k := range times {
		times[k] = math.Pow(10, first+float64(k)+u)
	}
	r, err := s.Network.Burn(ctx, nucnet.State{T: p.T, Rho: p.Rho, X: p.X}, times, s.Options)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var stopped *nucnet.Stopped
	if err != nil && !errors.As(err, &stopped) {
		return err
	}
	// What a burn that stopped has reached is as good a state as any.
	within := 0
	for within < len(r.Samples) && r.Samples[within].Ye >= s.Ye[0] && r.Samples[within].Ye <= s.Ye[1] {
		within++
	}
	if within > 0 {
		copy(p.X, r.Samples[rng.IntN(within)].X)
	}
	sumToOne(p.X)
	p.Ye = dot(p.X, s.z)
	return nil
}

// coreTracks are the models that Core takes its states from.
type coreTracks struct {
	sync.Mutex
	tracks [][]star.Point // stretches of consecutive points within the ranges of the design
}

// coreMasses are those of the models, in solar masses: lighter cores cool before they burn silicon.
var coreMasses = []float64{1.45, 1.6, 1.8}

// get returns the models and makes them first, the first time.
func (c *coreTracks) get(ctx context.Context, s *Sampler) ([][]star.Point, error) {
	c.Lock()
	defer c.Unlock()
	if c.tracks != nil {
		return c.tracks, nil
	}
	evolutions, errs := make([]*star.Evolution, len(coreMasses)), make([]error, len(coreMasses))
	var group sync.WaitGroup
	for i, m := range coreMasses {
		group.Go(func() {
			core := star.Core{Network: s.Network, Mass: m, Options: s.Options, Step: 0.1,
				EndT: min(math.Pow(10, s.LogT[1]), 5e10), EndRho: math.Pow(10, s.LogRho[1])}
			evolutions[i], errs[i] = core.Evolve(ctx, nil)
			if errors.Is(errs[i], star.ErrCore) { // it begins outside the ranges
				evolutions[i], errs[i] = &star.Evolution{}, nil
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	inside := func(v float64, r [2]float64) bool { return v >= r[0] && v <= r[1] }
	var tracks [][]star.Point
	for _, e := range evolutions {
		var stretch []star.Point
		end := func() {
			if len(stretch) > 1 {
				tracks = append(tracks, stretch)
			}
			stretch = nil
		}
		for _, p := range e.Points {
			if inside(math.Log10(p.T), s.LogT) && inside(math.Log10(p.Rho), s.LogRho) && inside(p.Ye, s.Ye) {
				stretch = append(stretch, p)
			} else {
				end()
			}
		}
		end()
	}
	if tracks == nil {
		return nil, fmt.Errorf("sample: %w: no core of %v solar masses comes through log10 T %v, log10 rho %v, Ye %v", ErrRange, coreMasses, s.LogT, s.LogRho, s.Ye)
	}
	c.tracks = tracks
	return tracks, nil
}

// alongCore takes a state from a random place of a random core: between two points of the model ln T, ln rho and X are
// linear. Temperature and density then move by a standard deviation of 1 % and 3 %, which leaves the composition a
// little out of balance, as a step of a star's evolution does.
func (s *Sampler) alongCore(ctx context.Context, rng *rand.Rand, p *Point) error {
	tracks, err := s.core.get(ctx, s)
	if err != nil {
		return err
	}
	steps := 0
	for _, t := range tracks {
		steps += len(t) - 1
	}
	k := rng.IntN(steps)
	var a, b *star.Point
	for _, t := range tracks {
		if k < len(t)-1 {
			a, b = &t[k], &t[k+1]
			break
		}
		k -= len(t) - 1
	}
	u := rng.Float64()
	between := func(a, b float64) float64 { return a + u*(b-a) }
	jittered := func(a, b, spread float64, r [2]float64) float64 {
		v := between(math.Log10(a), math.Log10(b)) + spread/math.Ln10*rng.NormFloat64()
		return math.Pow(10, min(max(v, r[0]), r[1]))
	}
	p.T = jittered(a.T, b.T, 0.01, s.LogT)
	p.Rho = jittered(a.Rho, b.Rho, 0.03, s.LogRho)
	sum := 0.0
	for i := range p.X {
		p.X[i] = max(between(a.X[i], b.X[i]), 0)
		sum += p.X[i]
	}
	for i := range p.X {
		p.X[i] /= sum
	}
	sumToOne(p.X)
	p.Ye = dot(p.X, s.z)
	return nil
}
