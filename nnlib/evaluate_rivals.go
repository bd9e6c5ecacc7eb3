package nnlib

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/sample"
)

// AddNSE adds the errors of nuclear statistical equilibrium at the initial Ye.
func (e *Evaluation) AddNSE(ctx context.Context) error {
	for i, q := range e.tests {
		guess := make([]outcome, len(q.states))
		for k, s := range q.states {
			if err := ctx.Err(); err != nil {
				return err
			}
			guess[k] = outcome{x: s.X}
			eq, err := nse.Solve(e.list, s.T, s.Rho, electronFraction(e.list, s.X), nse.Options{})
			if err == nil {
				guess[k] = outcome{x: eq.X, epsNuc: released(e.list, s.X, eq.X),
					charge: math.Abs(electronFraction(e.list, eq.X) - electronFraction(e.list, s.X))}
			} else if !errors.Is(err, nse.ErrInput) && !errors.Is(err, nse.ErrConvergence) {
				return err
			}
		}
		e.Times[i].NSE = score(e.list, guess, q.truth)
	}
	return nil
}

// AddNearest adds the errors of the nearest neighbour: the answer is the
// training sample's whose log T, log rho and Ye are nearest, each measured by
// its spread in the training samples.
func (e *Evaluation) AddNearest(ctx context.Context, train *dataset.Table) error {
	if err := sameNuclides(train.Nuclides, e.list); err != nil {
		return err
	}
	have := good(train)
	if len(have) == 0 {
		return fmt.Errorf("nnlib: no training samples: no nearest neighbours")
	}
	d := surveyed(train, have).box()
	place := func(T, rho float64, x []float64) [3]float64 {
		at := func(b [2]float64, v float64) float64 { return (v - b[0]) / max(b[1]-b[0], 1e-300) }
		return [3]float64{at(d.LogT, math.Log10(T)), at(d.LogRho, math.Log10(rho)), at(d.Ye, electronFraction(e.list, x))}
	}
	n := len(e.list)
	places := make([][3]float64, len(have))
	for i, r := range have {
		places[i] = place(train.T[r], train.Rho[r], train.X[r*n:(r+1)*n])
	}
	label := labelOf(dataset.Protocol(e.Protocol))
	for i, q := range e.tests {
		k, err := timeIndex(train, e.Times[i].T)
		if err != nil {
			return err
		}
		neighbour := make([]int, len(q.states))
		for j, s := range q.states {
			if err := ctx.Err(); err != nil {
				return err
			}
			p, least := place(s.T, s.Rho, s.X), math.Inf(1)
			for l, c := range places {
				x, y, z := p[0]-c[0], p[1]-c[1], p[2]-c[2]
				if d := x*x + y*y + z*z; d < least {
					least, neighbour[j] = d, have[l]
				}
			}
		}
		guess, err := outcomes(label, &train.Ends[k], n, neighbour)
		if err != nil {
			return err
		}
		e.Times[i].Nearest = score(e.list, guess, q.truth)
	}
	return nil
}

// union returns the nuclides of two networks, and a function that brings
// outcomes of one to them. A small network's second kind of proton is h1.
func union(a, b []nuclide.Nuclide) ([]nuclide.Nuclide, func([]nuclide.Nuclide, []outcome) []outcome) {
	list := slices.Clone(a)
	place := func(n nuclide.Nuclide) int {
		if n == nuclide.Prot {
			n = nuclide.Proton
		}
		if i := slices.Index(list, n); i >= 0 {
			return i
		}
		list = append(list, n)
		return len(list) - 1
	}
	for _, n := range b {
		place(n)
	}
	return list, func(own []nuclide.Nuclide, all []outcome) []outcome {
		moved := make([]outcome, len(all))
		for i, o := range all {
			x := make([]float64, len(list))
			for j, n := range own {
				x[place(n)] += o.x[j]
			}
			moved[i] = outcome{x, o.epsNuc, o.epsNu, o.charge}
		}
		return moved
	}
}

// scoreSmall measures what the small network says by the nuclides of both.
func (q *test) scoreSmall(own, small []nuclide.Nuclide) *Errors {
	list, move := union(own, small)
	return score(list, move(small, q.small), move(own, q.truth))
}

// AddSmall adds the errors of the small network to tests that come without: it
// burns their states, brought to its nuclides. The options are those of the data
// set's own burns.
func (e *Evaluation) AddSmall(ctx context.Context, opt nucnet.Options) error {
	if len(e.tests) == 0 || e.tests[0].small != nil {
		return nil
	}
	net, err := nucnet.Stock(sample.SmallNetwork)
	if err != nil {
		return err
	}
	states, err := smallStates(net, e.list, e.tests[0].states) // the same for all times
	if err != nil {
		return err
	}
	times := make([]float64, len(e.Times))
	for i, t := range e.Times {
		times[i] = t.T
	}
	results, err := net.BurnBatch(ctx, states, times, opt)
	if err != nil {
		return fmt.Errorf("nnlib: burning with the small network: %w", err)
	}
	for i := range e.tests {
		q := &e.tests[i]
		for _, r := range results {
			s := r.Samples[i]
			q.small = append(q.small, outcome{s.X, s.EpsNuc, s.EpsNu, math.NaN()})
		}
		e.Times[i].Approx21 = q.scoreSmall(e.list, net.Nuclides())
	}
	return nil
}

// smallStates brings states of a network to the nuclides of a small one. The mass
// of each nuclide goes to the nearest by numbers of neutrons and protons, that of
// free protons to prot. Nuclei are then tilted so that Ye is what it was.
func smallStates(small *nucnet.Network, list []nuclide.Nuclide, states []nucnet.State) ([]nucnet.State, error) {
	members := small.Nuclides()
	to := make([]int, len(list))
	for i, n := range list {
		least := math.MaxInt
		for j, m := range members {
			dN, dZ := n.N()-m.N(), n.Z()-m.Z()
			d := 2 * (dN*dN + dZ*dZ)
			if m == nuclide.Proton {
				d++ // prot is the same
			}
			if d < least {
				least, to[i] = d, j
			}
		}
	}
	z := make([]float64, len(members))
	for j, m := range members {
		z[j] = float64(m.Z()) / float64(m.A())
	}
	moved := make([]nucnet.State, len(states))
	for k, s := range states {
		x := make([]float64, len(members))
		for i, v := range s.X {
			x[to[i]] += v
		}
		if err := keepYe(members, x, z, electronFraction(list, s.X)); err != nil {
			return nil, fmt.Errorf("nnlib: state %d in the nuclides of %s: %w", k, small.Name(), err)
		}
		moved[k] = nucnet.State{T: s.T, Rho: s.Rho, X: x}
	}
	return moved, nil
}

// keepYe tilts the nuclei of a composition so that it has the electron fraction
// ye; z is Z/A. Where those there are cannot have it, traces of all others join.
func keepYe(nuclides []nuclide.Nuclide, x, z []float64, ye float64) error {
	var place []int
	nuclei, rest := 0.0, ye
	for i, n := range nuclides {
		if n.A() == 1 {
			rest -= x[i] * z[i]
			continue
		}
		place = append(place, i)
		nuclei += x[i]
	}
	if nuclei == 0 {
		return nil
	}
	logs, part, zs := make([]float64, len(place)), make([]float64, len(place)), make([]float64, len(place))
	for k, i := range place {
		logs[k], zs[k] = math.Log(x[i]), z[i]
	}
	if sample.Tilt(part, logs, zs, rest/nuclei) != nil {
		for k, i := range place {
			logs[k] = math.Log(max(x[i], 1e-12))
		}
		if err := sample.Tilt(part, logs, zs, rest/nuclei); err != nil {
			return err
		}
	}
	for k, i := range place {
		x[i] = nuclei * part[k]
	}
	return nil
}
