package nucnet

import (
	"errors"
	"fmt"

	"nuclab/nucnet/approx21"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
)

// newSmall returns the network of that name of package approx21.
func newSmall(name string) (*Network, error) {
	small, err := approx21.New(name)
	if err != nil {
		return nil, fmt.Errorf("nucnet: %w", err)
	}
	return fromSmall(small, recipe{})
}

func fromSmall(small *approx21.Network, r recipe) (*Network, error) {
	n := newNetwork(small.Name(), small.Nuclides())
	n.recipe = r
	n.small = small
	var entries [][2]int
	for _, e := range small.Entries() {
		if e[0] < len(n.members) {
			entries = append(entries, e)
		}
	}
	p, err := ode.NewPattern(len(n.members), entries)
	if err != nil {
		return nil, err
	}
	n.eliminate(p)
	return n, nil
}

// scaledSmall is scaled for a small network, whose elementary reactions have factors.
func (n *Network) scaledSmall(factor float64, reactions []rate.Reaction, both bool, r recipe) (*Network, error) {
	small := n.small
	for _, x := range reactions {
		var err error
		if small, err = small.Scaled(factor, x, both); errors.Is(err, approx21.ErrNoReaction) {
			return nil, fmt.Errorf("nucnet: %s: %s: %w, those of %s are c12(a,g)o16 and the like", n.name, x, ErrNoReaction, n.name)
		} else if err != nil {
			return nil, fmt.Errorf("nucnet: %w", err)
		}
	}
	return fromSmall(small, r)
}

// ScaledWeak returns a network with all weak rates multiplied by factor, 0 or more. n stays as it is.
func (n *Network) ScaledWeak(factor float64) (*Network, error) {
	if n.small == nil {
		var weak []rate.Reaction
		for _, x := range n.Reactions() {
			if x.Weak() {
				weak = append(weak, x.Reaction)
			}
		}
		return n.Scaled(factor, weak...)
	}
	if err := checkFactor(factor); err != nil {
		return nil, err
	}
	return fromSmall(n.small.ScaledWeak(factor), n.recipe.with("%g times all weak reactions", factor))
}

// WithCaptureOnIron returns one of the small networks with electrons captured by fe56 at factor times the rate of ni56
// -> co56 from the temperature from (K) on, which stands there for what makes matter neutron-rich. By default that is
// 1e-7 times and 3e9 K. n stays as it is. Other networks, which follow these captures one by one, are returned as they
// are.
func (n *Network) WithCaptureOnIron(factor, from float64) (*Network, error) {
	if err := checkFactor(factor); err != nil {
		return nil, err
	}
	if n.small == nil {
		return n, nil
	}
	return fromSmall(n.small.WithCaptureOnIron(factor, from), n.recipe.with("electron captures on fe56 %g times those on ni56 from %g K on", factor, from))
}

// smallReaction returns a net reaction as one of whole nuclides, and how often
// it has to happen for that.
func (n *Network) smallReaction(f *approx21.Flow) (r Reaction, times float64) {
	whole, times := n.small.Reaction(f)
	kind := Strong
	switch {
	case f.Weak() && f.Tabulated:
		kind = WeakTable
	case f.Weak():
		kind = WeakFit
	}
	return Reaction{whole, kind, f.Source, times * f.Q}, times
}

func (n *Network) smallReactions() (list []Reaction) {
	flows := n.small.Flows()
	for i := range flows {
		r, _ := n.smallReaction(&flows[i])
		list = append(list, r)
		if flows[i].TwoWay {
			list = append(list, Reaction{r.Reaction.Reverse(), Reverse, r.Source, -r.Q})
		}
	}
	return list
}

func (n *Network) smallFlows(s State, opt Options) ([]Flow, error) {
	p, err := n.planFor(opt.key())
	if err != nil {
		return nil, fmt.Errorf("nucnet: %s: %w", n.name, err)
	}
	w := p.get()
	defer p.put(w)
	y, err := w.prepare(s, nil, opt, ode.Settings{RTol: opt.RTol, ATol: opt.ATol})
	if err != nil {
		return nil, err
	}
	w.small.conditions(w, y)
	net := n.small.Flows()
	fluxes := make([]approx21.Flux, len(net))
	w.small.rates.Fluxes(y[:p.n], &w.small.at, fluxes)
	var list []Flow
	for i := range net {
		if r, times := n.smallReaction(&net[i]); opt.Weak == WeakRates || !net[i].Weak() {
			list = append(list, Flow{r, fluxes[i].Forward / times, fluxes[i].Reverse / times})
		}
	}
	return list, nil
}

// smallPlan is what a plan has for a small network in place of links. The
// components of the solution are the same.
type smallPlan struct {
	net      *approx21.Network
	rates    *approx21.Evaluator // for workers to copy
	screener *rate.Screener
	places   []int32 // of the network's entries in the values of the Jacobian
}

func newSmallPlan(n *approx21.Network, k planKey) (*smallPlan, error) {
	e, err := n.NewEvaluator(approx21.Options{Screening: k.screening, Balance: k.balance, NoWeak: k.weak == NoWeak})
	if err != nil {
		return nil, err
	}
	return &smallPlan{net: n, rates: e, screener: e.Screener()}, nil
}

// dependencies lists the entries of the Jacobian.
func (s *smallPlan) dependencies(p *plan) [][2]int {
	entries := s.net.Entries()
	return append(entries, p.denseColumns()...)
}

// smallWorker is what a worker has for a small network.
type smallWorker struct {
	rates  *approx21.Evaluator
	at     approx21.Conditions
	values []float64 // of the network's entries
	rows   []float64 // nuclides, change and loss
}

func (s *smallPlan) newWorker() *smallWorker {
	return &smallWorker{
		rates:  s.rates.Clone(),
		at:     approx21.Conditions{WeakSlope: make([]float64, approx21.WeakCount)},
		values: make([]float64, len(s.places)),
		rows:   make([]float64, s.net.Rows()),
	}
}

// evalWeak is what links have for it. Losses by neutrinos are up to the flows.
func (s *smallWorker) evalWeak(t, rhoYe float64, lambda, qnu, slope []float64) {
	clear(qnu)
	if slope == nil {
		slope = s.at.WeakSlope
	}
	s.rates.EvalWeak(t, rhoYe, lambda, slope)
}

// conditions brings all that follows the composition to the state y.
func (s *smallWorker) conditions(w *worker, y []float64) {
	p := w.plan
	if p.screener != nil {
		w.screening.update(w, y)
		s.at.Gradient = w.screening.gradient
		if w.screening.variables < 3 {
			s.at.Gradient[2] = nil
		}
	}
	s.at.Factor = w.screening.factor
	w.weak.update(w, y)
	s.at.Weak = w.weak.rate
	perYe := 0.0
	if ye := w.ye0 + y[p.change]; ye > 0 {
		perYe = 1 / ye
	}
	for i, r := range w.weak.rate {
		s.at.WeakSlope[i] = r * w.weak.slope[i] * perYe
	}
}

func (s *smallWorker) slope(w *worker, y, dst []float64) {
	s.conditions(w, y)
	s.rates.Slope(y[:w.plan.n], &s.at, dst[:w.plan.n+2])
}

func (s *smallWorker) jacobian(w *worker, y, dst []float64) {
	s.conditions(w, y)
	rows := w.plan.n + 2
	s.rates.Jacobian(y[:w.plan.n], &s.at, s.values, [3][]float64{w.columns[0][:rows], w.columns[1][:rows], w.columns[2][:rows]})
	for k, at := range w.plan.small.places {
		dst[at] += s.values[k]
	}
}

// loss returns the loss by neutrinos, MeV mol/g/s.
func (s *smallWorker) loss(w *worker, y []float64) float64 {
	s.conditions(w, y)
	s.rates.Slope(y[:w.plan.n], &s.at, s.rows)
	return s.rows[w.plan.loss]
}
