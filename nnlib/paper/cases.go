package paper

import (
	"context"
	"fmt"
	"math"

	"nuclab/nnlib"
	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nuclide"
)

// Case is one test run, and what a net and the small network say about it.
type Case struct {
	Index  int64   // number of the run
	T, Rho float64 // K, g/cm3
	// Input is the state that the net starts from, Target what becomes of it, Net the answer: mass fractions in the order
	// of the table's nuclides. Small is the small network's, in the order of its own.
	Input, Target, Net, Small []float64
	// YeError is |dYe|/Ye of the net, SmallYeError of the small network.
	YeError, SmallYeError float64
}

// Cases returns the runs of a test set with the answers of the model for the label time dt, s, one of the set's
// dataset.Table.Labels. With the targets of dataset.PaperTest the net is applied twice, as the paper did.
func Cases(ctx context.Context, m *nnlib.Model, set *dataset.Set, dt float64) ([]Case, error) {
	if set.Protocol == dataset.Train {
		return nil, fmt.Errorf("paper: cases of %s, which is no test set", set.Dir)
	}
	place := -1
	for k, label := range set.Labels {
		if math.Abs(label/dt-1) < 1e-9 {
			place = k
		}
	}
	if place < 0 {
		return nil, fmt.Errorf("paper: no time %g s in the test set; it has %v", dt, set.Labels)
	}
	t, err := set.Load(place)
	if err != nil {
		return nil, err
	}
	n, small := len(t.Nuclides), len(t.SmallNuclides)
	end := t.Ends[0]
	var cases []Case
	var states []nucnet.State
	for _, r := range t.OK() {
		c := Case{Index: t.Index[r], T: t.T[r], Rho: t.Rho[r], Input: end.Input[r*n : (r+1)*n], Target: end.X[r*n : (r+1)*n],
			Small: end.Small.X[r*small : (r+1)*small]}
		cases, states = append(cases, c), append(states, nucnet.State{T: c.T, Rho: c.Rho, X: c.Input})
	}
	times := 1
	if set.Protocol == dataset.PaperTest {
		times = 2
	}
	for range times {
		answers, err := m.Predict(ctx, states, dt)
		if err != nil {
			return nil, err
		}
		for i, a := range answers {
			cases[i].Net, states[i].X = a.X, a.X
		}
	}
	for i := range cases {
		c := &cases[i]
		ye := nuclide.MomentsOf(t.Nuclides, c.Target).Ye
		c.YeError = math.Abs(nuclide.MomentsOf(t.Nuclides, c.Net).Ye-ye) / ye
		c.SmallYeError = math.Abs(nuclide.MomentsOf(t.SmallNuclides, c.Small).Ye-ye) / ye
	}
	return cases, nil
}

// Typical returns the case whose error of Ye is nearest to the given one.
func Typical(cases []Case, ye float64) (Case, error) {
	if len(cases) == 0 {
		return Case{}, fmt.Errorf("paper: no cases to choose from")
	}
	best := cases[0]
	for _, c := range cases[1:] {
		if math.Abs(c.YeError-ye) < math.Abs(best.YeError-ye) {
			best = c
		}
	}
	return best, nil
}
