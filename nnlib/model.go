package nnlib

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

// Model is one or more nets for the same nuclides, each for its own time.
type Model struct {
	// Nets in ascending order of time once saved or loaded.
	Nets []*Net
}

// ErrTime is wrapped by the error for a time that no net of a model has.
var ErrTime = errors.New("no net for this time")

// ErrState is wrapped by errors about states that cannot be burnt.
var ErrState = errors.New("bad state")

// Prediction is what a net says about a state after its time.
type Prediction struct {
	// X are the mass fractions in the order of the model's nuclides; they sum to 1.
	X []float64
	// Ye is the electron fraction of X.
	Ye float64
	// EpsNuc [erg/g] is the net's energy output: what is released, less the
	// neutrinos' share, over the whole time (or over the label's last row, where
	// the net was trained so: Config.Label).
	EpsNuc float64
	// EpsNu [erg/g/s] is the rate of neutrino losses at the end.
	EpsNu float64
	// Q [erg/g] is the rest-mass energy released, not an output of the net but
	// what follows from the change of composition.
	Q float64
	// WeakChange is the change of Ye by weak reactions, of a physical net, whose X
	// has it; 0 of other nets, which do not know.
	WeakChange float64
	// InDomain reports whether the state lies in the training samples' box.
	InDomain bool
	// Uncertainty is the error that a physical net expects of this answer, mean |dX|
	// over the nuclides; 0 of other nets, which have no idea.
	Uncertainty float64
	// Burnt reports whether a Hybrid had the answer from a burn.
	Burnt bool
}

// Times returns the times of the nets in s, ascending; of a physical net, which
// has all between two, the powers of ten.
func (m *Model) Times() []float64 {
	var t []float64
	for _, n := range m.Nets {
		t = append(t, n.times()...)
	}
	slices.Sort(t)
	return t
}

// times returns the net's time, or the powers of ten in its span.
func (n *Net) times() []float64 {
	if !n.physical() {
		return []float64{n.Time}
	}
	var t []float64
	for k := math.Ceil(math.Log10(n.Span[0] * (1 - spanMargin))); ; k++ {
		dt, _ := strconv.ParseFloat(fmt.Sprintf("1e%g", k), 64) // math.Pow may miss the nearest number
		if !n.covers(dt) {
			return t
		}
		t = append(t, dt)
	}
}

// spanMargin is how far beyond its span a physical net is asked, since times are
// differences.
const spanMargin = 1e-3

// covers reports whether the net can be asked for a time in s.
func (n *Net) covers(dt float64) bool {
	if n.physical() {
		return n.Span[0]*(1-spanMargin) <= dt && dt <= n.Span[1]*(1+spanMargin)
	}
	return math.Abs(n.Time-dt) <= 1e-9*n.Time
}

// Nuclides returns the nuclides that states and predictions are made of.
func (m *Model) Nuclides() []nuclide.Nuclide {
	if len(m.Nets) == 0 {
		return nil
	}
	return m.Nets[0].Nuclides
}

// Network returns the name of the reaction network that the model emulates, ""
// if unknown.
func (m *Model) Network() string {
	if len(m.Nets) == 0 {
		return ""
	}
	return m.Nets[0].Config.Network
}

// check reports a model whose nets do not belong together, and sorts them.
func (m *Model) check() error {
	if len(m.Nets) == 0 {
		return errors.New("nnlib: a model without nets")
	}
	slices.SortStableFunc(m.Nets, func(a, b *Net) int { return cmp.Compare(a.Time, b.Time) })
	for i, n := range m.Nets {
		if !slices.Equal(n.Nuclides, m.Nets[0].Nuclides) {
			return fmt.Errorf("nnlib: the nets for %g s and %g s have different nuclides", m.Nets[0].Time, n.Time)
		}
		if n.physical() && len(m.Nets) > 1 {
			return errors.New("nnlib: a physical net beside another in a model")
		}
		if i > 0 && n.Time == m.Nets[i-1].Time {
			return fmt.Errorf("nnlib: two nets for %g s", n.Time)
		}
	}
	return nil
}

// Net returns the net for a time in s. The error wraps ErrTime and names the
// times there are.
func (m *Model) Net(dt float64) (*Net, error) {
	for _, n := range m.Nets {
		if n.covers(dt) {
			return n, nil
		}
	}
	var have []string
	nets := slices.Clone(m.Nets) // those that were not saved may be in any order
	slices.SortStableFunc(nets, func(a, b *Net) int { return cmp.Compare(a.Time, b.Time) })
	for _, n := range nets {
		if n.physical() {
			have = append(have, fmt.Sprintf("%.4g to %.4g", n.Span[0], n.Span[1]))
		} else {
			have = append(have, fmt.Sprintf("%g", n.Time))
		}
	}
	return nil, fmt.Errorf("nnlib: t = %g s: %w; the model has %s", dt, ErrTime, strings.Join(have, ", "))
}

// Predict returns what becomes of the states after dt seconds, which one of the
// nets must have been trained for.
func (m *Model) Predict(ctx context.Context, states []nucnet.State, dt float64) ([]Prediction, error) {
	n, err := m.Net(dt)
	if err != nil {
		return nil, err
	}
	return n.after(ctx, states, dt)
}

// Predict returns what becomes of the states after the net's time.
func (n *Net) Predict(ctx context.Context, states []nucnet.State) ([]Prediction, error) {
	return n.after(ctx, states, n.Time)
}

// after returns what becomes of the states after dt seconds, which the net covers.
func (n *Net) after(ctx context.Context, states []nucnet.State, dt float64) ([]Prediction, error) {
	for i, s := range states {
		if err := n.checkState(s); err != nil {
			return nil, fmt.Errorf("nnlib: state %d: %w", i, err)
		}
	}
	if len(states) == 0 {
		return nil, nil
	}
	if n.physical() {
		return n.predictPhysical(ctx, states, dt)
	}
	var x []float32
	for _, s := range states {
		x = n.Scaling.appendInput(x, s.T, s.Rho, s.X)
	}
	out := make([]float32, len(x))
	if err := n.run(ctx, len(states), [][]float32{x}, out); err != nil {
		return nil, err
	}
	ps := make([]Prediction, len(states))
	cols, count := n.dims[0], len(n.Nuclides)
	for i, s := range states {
		row := out[i*cols : (i+1)*cols]
		p := Prediction{X: make([]float64, count), EpsNuc: float64(row[count]) * n.Config.EnergyScale, EpsNu: float64(row[count+1]) * n.Config.NeutrinoScale}
		sum := 0.0
		for j := range p.X {
			p.X[j] = math.Exp(float64(row[j]))
			sum += p.X[j]
		}
		if !(sum > 0) || math.IsInf(sum, 0) {
			return nil, fmt.Errorf("nnlib: state %d: the net's output is not a composition", i)
		}
		for j := range p.X {
			p.X[j] /= sum // single precision leaves some 1e-7
		}
		p.Q = released(n.Nuclides, s.X, p.X)
		p.Ye = electronFraction(n.Nuclides, p.X)
		p.InDomain = n.Domain.Contains(s.T, s.Rho, electronFraction(n.Nuclides, s.X), s.X)
		ps[i] = p
	}
	return ps, nil
}

// perX returns what a unit of each mass fraction adds: Z/A to Ye, and to the
// rest-mass energy released, erg/g.
func perX(nuclides []nuclide.Nuclide) (ye, energy []float64) {
	for _, n := range nuclides {
		a := float64(n.A())
		ye, energy = append(ye, float64(n.Z())/a), append(energy, -nuclide.ErgPerGram*n.MassExcess()/a)
	}
	return ye, energy
}

// released returns the rest-mass energy, erg/g, that a change of mass fractions
// releases.
func released(nuclides []nuclide.Nuclide, before, after []float64) float64 {
	q := 0.0
	for i, n := range nuclides {
		q -= nuclide.ErgPerGram * (after[i] - before[i]) / float64(n.A()) * n.MassExcess()
	}
	return q
}

func (n *Net) checkState(s nucnet.State) error {
	if len(s.X) != len(n.Nuclides) {
		return fmt.Errorf("%w: %d mass fractions, the net has %d nuclides", ErrState, len(s.X), len(n.Nuclides))
	}
	if !(s.T > 0) || math.IsInf(s.T, 0) {
		return fmt.Errorf("%w: T = %g K", ErrState, s.T)
	}
	if !(s.Rho > 0) || math.IsInf(s.Rho, 0) {
		return fmt.Errorf("%w: rho = %g g/cm3", ErrState, s.Rho)
	}
	sum := 0.0
	for i, x := range s.X {
		if !(x >= 0) {
			return fmt.Errorf("%w: X(%v) = %g", ErrState, n.Nuclides[i], x)
		}
		sum += x
	}
	if !(math.Abs(sum-1) <= nuclide.SumTolerance) {
		return fmt.Errorf("%w: the mass fractions sum to %g, not 1", ErrState, sum)
	}
	return nil
}
