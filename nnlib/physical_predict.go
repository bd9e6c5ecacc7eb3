package nnlib

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"

	"nuclab/nnlib/op"
	"nuclab/nucnet"
)

// predictPhysical returns what becomes of states after dt seconds.
func (n *Net) predictPhysical(ctx context.Context, states []nucnet.State, dt float64) ([]Prediction, error) {
	count, p := len(n.Nuclides), n.physics
	wide := []int{physicalInputs(count), guessed(count)}
	in := [][]float32{make([]float32, len(states)*wide[0]), make([]float32, len(states)*wide[1])}
	cols := count + quantities + 2
	out := make([]float32, len(states)*cols)
	starts := make([]start, len(states))
	threads := or(n.threads, runtime.GOMAXPROCS(0))
	g, gctx := errgroup.WithContext(ctx)
	for k := range min(threads, len(states)) {
		g.Go(func() error {
			ln := make([]float32, 2*count)
			for i := k; i < len(states); i += threads {
				if err := gctx.Err(); err != nil {
					return err
				}
				q, err := p.start(states[i], ln[:count], ln[count:])
				if err != nil {
					return fmt.Errorf("nnlib: state %d: %w", i, err)
				}
				q.fill(dt, in[0][i*wide[0]:(i+1)*wide[0]], in[1][i*wide[1]:(i+1)*wide[1]])
				starts[i] = start{ye: q.ye}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := n.run(ctx, len(states), in, out); err != nil {
		return nil, err
	}
	ps := make([]Prediction, len(states))
	z := make([]float64, count+1)
	for i, s := range states {
		row := out[i*cols : (i+1)*cols]
		for j := range count {
			z[j] = float64(row[j])
		}
		// Single precision leaves some 1e-7 in the sum and in Ye.
		change := changeUnit * math.Sinh(float64(row[count+quantities+1]))
		z[count] = starts[i].ye + change
		if n.Config.without(withoutTilt) {
			op.LogSoftmax(count, count, z[:count], z[:count])
		} else {
			op.TiltRows(p.za, count+1, z, z)
		}
		q := Prediction{X: make([]float64, count), EpsNu: math.Exp(float64(row[count+1])), WeakChange: change, Uncertainty: math.Exp(float64(row[count+3]))}
		for j := range q.X {
			q.X[j] = math.Exp(z[j])
		}
		q.Ye = electronFraction(n.Nuclides, q.X)
		if math.IsNaN(q.Ye) {
			return nil, fmt.Errorf("nnlib: state %d: the net's output is not a composition", i)
		}
		q.Q = released(n.Nuclides, s.X, q.X)
		q.EpsNuc = q.Q - dt*math.Exp(float64(row[count+2]))
		q.InDomain = n.Domain.Contains(s.T, s.Rho, starts[i].ye, s.X)
		ps[i] = q
	}
	return ps, nil
}
