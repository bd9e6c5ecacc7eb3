package nucnet

import (
	"cmp"
	"fmt"
	"math"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// Flow is how fast one link of a network goes at a state, in both directions,
// mol/g/s.
type Flow struct {
	Reaction
	Forward, Reverse float64
}

// Net returns the net flow of In into Out, negative where the reverse is
// faster, mol/g/s.
func (f Flow) Net() float64 { return f.Forward - f.Reverse }

// Gross returns what flows in both directions together, mol/g/s. Near
// equilibrium it is far more than the net flow.
func (f Flow) Gross() float64 { return f.Forward + f.Reverse }

// Ends returns the nuclides between which the arrow of the net flow goes on a
// chart of nuclides: the heaviest of either side, in the direction of the flow.
func (f Flow) Ends() (from, to nuclide.Nuclide) {
	if len(f.In) == 0 || len(f.Out) == 0 {
		return from, to
	}
	from, to = f.In[0], f.Out[0]
	if f.Net() < 0 {
		from, to = to, from
	}
	return from, to
}

// CompareNet orders flows for package slices, the largest net flow of either
// direction first.
func CompareNet(a, b Flow) int { return cmp.Compare(math.Abs(b.Net()), math.Abs(a.Net())) }

// CompareGross orders flows for package slices, the largest gross flow first.
func CompareGross(a, b Flow) int { return cmp.Compare(b.Gross(), a.Gross()) }

// Flows returns how fast all links of the network go at a state: strong ones in
// the direction that carries the fit, then weak ones, which have no reverse.
// With the changes of abundance that each makes they add up to dY/dt. Only the
// physics of opt matters. Errors are those of [Network.Burn].
func (n *Network) Flows(s State, opt Options) ([]Flow, error) {
	opt = opt.WithDefaults()
	if err := opt.check(); err != nil {
		return nil, err
	}
	if err := n.check(s); err != nil {
		return nil, err
	}
	if n.small != nil {
		return n.smallFlows(s, opt)
	}
	y := map[nuclide.Nuclide]float64{}
	for i, m := range n.members {
		y[m] = s.X[i] / n.a[i]
	}
	flux := func(r rate.Reaction, lambda float64) float64 {
		product, repeat := lambda*math.Pow(s.Rho, float64(len(r.In)-1)), 1.0
		for i, m := range r.In {
			if repeat++; i == 0 || m != r.In[i-1] {
				repeat = 1
			}
			product *= y[m] / repeat
		}
		return product
	}
	l, err := n.linksFor(opt.DetailedBalance)
	if err != nil {
		return nil, fmt.Errorf("nucnet: %s: %w", n.name, err)
	}
	moments := nuclide.MomentsOf(n.members, s.X)
	factor := enhancement(l, s, opt.Screening, moments)
	forward, reverse := make([]float64, len(l.Strong)), make([]float64, len(l.Strong))
	l.EvalStrong(s.T, forward, reverse, nil, nil)
	flows := make([]Flow, 0, len(l.Strong)+l.Weak())
	for i := range l.Strong {
		link := &l.Strong[i]
		in, out := factor(i)
		flows = append(flows, Flow{Reaction{link.Reaction, Strong, link.Label, link.Q},
			flux(link.Reaction, forward[i]) * in, flux(link.Reaction.Reverse(), reverse[i]) * out})
	}
	if opt.Weak == NoWeak {
		return flows, nil
	}
	lambda, qnu := make([]float64, l.Weak()), make([]float64, l.Weak())
	l.EvalWeak(s.T, s.Rho*moments.Ye, lambda, qnu, nil)
	for i := range l.Tables {
		t := &l.Tables[i]
		flows = append(flows, Flow{Reaction{t.Reaction, WeakTable, t.Source, t.Q}, flux(t.Reaction, lambda[i]), 0})
	}
	for i := range l.Fits {
		f := &l.Fits[i]
		flows = append(flows, Flow{Reaction{f.Reaction, WeakFit, f.Label, f.Q}, flux(f.Reaction, lambda[len(l.Tables)+i]), 0})
	}
	return flows, nil
}

// enhancement returns a function for the enhancement factors of a strong link
// in its two directions.
func enhancement(l *rate.Links, s State, kind rate.Screening, m nuclide.Moments) func(link int) (in, out float64) {
	if kind == rate.Unscreened {
		return func(int) (in, out float64) { return 1, 1 }
	}
	screener := l.Screener(kind)
	e := screener.NewEnhancement()
	screener.Eval(s.T, s.Rho, m, e)
	of := func(channel int) float64 {
		if channel < 0 {
			return 1
		}
		return math.Exp(e.H[channel])
	}
	return func(link int) (in, out float64) { return of(screener.Forward[link]), of(screener.Reverse[link]) }
}
