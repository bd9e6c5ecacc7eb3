package rate

import (
	"fmt"
	"slices"

	"nuclab/nucnet/nuclide"
)

// Kind tells where a rate comes from.
type Kind int

// Strong is a fit of REACLIB, Reverse follows from the fit of the opposite direction by detailed balance, Table is a
// weak rate interpolated in a table and WeakFit one that REACLIB fits.
const (
	KindStrong Kind = iota
	KindReverse
	KindWeakTable
	KindWeakFit
)

// String returns "strong", "reverse", "weak table" or "weak fit".
func (k Kind) String() string {
	return nameOf([]string{"strong", "reverse", "weak table", "weak fit"}, int(k))
}

// Single is one reaction by itself, to be asked for its rate.
type Single struct {
	Reaction
	Kind    Kind
	Source  string  // label of the fit, or source of the table
	Q       float64 // MeV released, from atomic masses
	links   *Links
	reverse bool // links holds the opposite direction
}

// Value is the rate of a reaction at one state.
type Value struct {
	Lambda  float64 // N_A^(n-1)<sigma v>, s^-1 for one reactant; captures of electrons hold their density
	Reverse float64 // the same for the opposite direction of a strong reaction, 0 for a weak one
	QNu     float64 // MeV per reaction to neutrinos
}

// Reaction looks up one reaction, strong ones with reverse rates of the given kind. It need not be of the classes
// that Links searches. Errors wrap ErrReaction, ErrNotFound or nuclide.ErrUnknown.
func (l *Library) Reaction(r Reaction, kind Balance) (*Single, error) {
	return l.ReactionBy(r, kind, Rules{})
}

// ReactionBy is Reaction with the weak tables that rules say.
func (l *Library) ReactionBy(r Reaction, kind Balance, rules Rules) (*Single, error) {
	if n := max(len(r.In), len(r.Out)); n > maxSide || min(len(r.In), len(r.Out)) == 0 {
		return nil, fmt.Errorf("rate: %s: %w: want one to %d nuclides on either side", r, ErrReaction, maxSide)
	}
	members := slices.Concat(r.In, r.Out)
	nuclide.Sort(members)
	f, err := newFinder(l, slices.Compact(members), kind)
	if err != nil {
		return nil, err
	}
	f.rules = rules
	if rules.Suzuki {
		if f.fine, err = suzuki(); err != nil {
			return nil, err
		}
	}
	f.add(NewReaction(r.In, r.Out))
	s := &Single{Reaction: r, Q: r.Q(), links: f.links}
	switch {
	case len(f.links.Strong) > 0:
		link := &f.links.Strong[0]
		s.Source = link.Label
		if s.reverse = keyOf(link.Reaction) != keyOf(r); s.reverse {
			s.Kind = KindReverse
		}
	case len(f.links.Tables) > 0:
		s.Kind, s.Source = KindWeakTable, f.links.Tables[0].Source
	case len(f.links.Fits) > 0:
		s.Kind = KindWeakFit
		for _, w := range f.links.Fits {
			s.Source = joinLabel(s.Source, w.Label)
		}
	case r.Weak():
		return nil, fmt.Errorf("rate: %s: %w: neither a weak table nor REACLIB has it", r, ErrNotFound)
	default:
		return nil, fmt.Errorf("rate: %s: %w: REACLIB has no fit for it in either direction", r, ErrNotFound)
	}
	return s, nil
}

// Eval returns the rate at temperature t (K). rhoYe, the density times the electron fraction (g/cm3), matters for
// weak reactions only.
func (s *Single) Eval(t, rhoYe float64) Value {
	if len(s.links.Strong) > 0 {
		var fwd, rev [1]float64
		s.links.EvalStrong(t, fwd[:], rev[:], nil, nil)
		if s.reverse {
			return Value{Lambda: rev[0], Reverse: fwd[0]}
		}
		return Value{Lambda: fwd[0], Reverse: rev[0]}
	}
	n := s.links.Weak()
	lambda, qnu := make([]float64, n), make([]float64, n)
	s.links.EvalWeak(t, rhoYe, lambda, qnu, nil)
	var v Value
	for k := range lambda {
		v.Lambda += lambda[k]
		v.QNu += lambda[k] * qnu[k]
	}
	if v.Lambda > 0 {
		v.QNu /= v.Lambda
	}
	return v
}

// NeedsDensity reports whether the rate depends on density.
func (s *Single) NeedsDensity() bool {
	return s.Kind == KindWeakTable || slices.ContainsFunc(s.links.Fits, func(w WeakFit) bool { return w.Electron })
}
