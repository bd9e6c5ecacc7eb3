package nucnet

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// Errors that callers may want to tell apart with errors.Is.
var (
	ErrNoReaction = errors.New("not a reaction of the network")
	ErrFixed      = errors.New("the reactions of this network are fixed")
)

// recipe is how a network gets its reactions. It does not change once used.
type recipe struct {
	library *rate.Library // nil for a small network, which has its own reactions
	rules   rate.Rules
	without map[string]bool    // by directed reaction
	factors map[string]float64 // by directed reaction
	changes []string
}

// with returns a copy of r that may be changed, with one more line on what
// tells the network from others of its nuclides.
func (r recipe) with(change string, args ...any) recipe {
	r.without, r.factors = maps.Clone(r.without), maps.Clone(r.factors)
	if r.without == nil {
		r.without = map[string]bool{}
	}
	if r.factors == nil {
		r.factors = map[string]float64{}
	}
	r.changes = append(r.changes[:len(r.changes):len(r.changes)], fmt.Sprintf(change, args...))
	return r
}

// scale multiplies the rate of a directed reaction.
func (r *recipe) scale(reaction string, factor float64) {
	if old, ok := r.factors[reaction]; ok {
		factor *= old
	}
	r.factors[reaction] = factor
}

func (r *recipe) links(members []nuclide.Nuclide, b rate.Balance) (*rate.Links, error) {
	l, err := r.library.LinksBy(members, b, r.rules)
	if err != nil {
		return nil, err
	}
	if len(r.without) > 0 {
		l = l.Without(func(x rate.Reaction) bool { return r.without[x.String()] })
	}
	if len(r.factors) > 0 {
		l = l.Scaled(func(x rate.Reaction) float64 {
			if f, ok := r.factors[x.String()]; ok {
				return f
			}
			return 1
		})
	}
	return l, nil
}

// NewBy returns the network of the given nuclides with the reactions that
// other rules than those of [New] find among them.
func NewBy(name string, members []nuclide.Nuclide, rules rate.Rules) (*Network, error) {
	library, err := rate.Default()
	if err != nil {
		return nil, fmt.Errorf("nucnet: %w", err)
	}
	return cook(name, members, recipe{library: library, rules: rules})
}

// By returns the network of the same nuclides with the reactions that rules
// find. What else was changed in n is changed in it too.
func (n *Network) By(rules rate.Rules) (*Network, error) {
	if err := n.free(); err != nil {
		return nil, err
	}
	r := n.recipe
	r.rules = rules
	return cook(n.name, n.members, r)
}

// Without returns a network without the given reactions. A strong reaction
// goes together with its reverse. n stays as it is.
//
// The error wraps [ErrNoReaction] for a reaction that n does not have, and
// [ErrFixed] if n is one of the small networks.
func (n *Network) Without(reactions ...rate.Reaction) (*Network, error) {
	reactions = canonical(reactions)
	if err := n.has(reactions); err != nil {
		return nil, err
	}
	r := n.recipe.with("without %s", names(reactions))
	for _, x := range reactions {
		r.without[x.String()] = true
	}
	return cook(n.name, n.members, r)
}

// Scaled returns a network in which the rates of the given reactions are
// multiplied by factor, 0 or more. A strong reaction is scaled in both
// directions, which leaves equilibrium where it is. The reactions of the small
// networks are here those that they are made of, c12(a,g)o16, fe52(n,g)fe53 and
// the like. n stays as it is. Errors wrap [ErrNoReaction] for a reaction that n
// does not have, or [ErrOption] for a factor that cannot be one.
func (n *Network) Scaled(factor float64, reactions ...rate.Reaction) (*Network, error) {
	return n.scaled(factor, reactions, true)
}

// ScaledOneWay is Scaled for the named directions alone: detailed balance no
// longer holds.
func (n *Network) ScaledOneWay(factor float64, reactions ...rate.Reaction) (*Network, error) {
	return n.scaled(factor, reactions, false)
}

func (n *Network) scaled(factor float64, reactions []rate.Reaction, both bool) (*Network, error) {
	if err := checkFactor(factor); err != nil {
		return nil, err
	}
	reactions = canonical(reactions)
	what := "%g times %s"
	if !both {
		what += ", this way only"
	}
	r := n.recipe.with(what, factor, names(reactions))
	if n.small != nil {
		return n.scaledSmall(factor, reactions, both, r)
	}
	if err := n.has(reactions); err != nil {
		return nil, err
	}
	done := map[string]bool{}
	for _, x := range reactions {
		for _, name := range []string{x.String(), x.Reverse().String()} {
			if !done[name] {
				done[name] = true
				r.scale(name, factor)
			}
			if !both || x.Weak() {
				break
			}
		}
	}
	return cook(n.name, n.members, r)
}

func checkFactor(factor float64) error {
	if !(factor >= 0) || math.IsInf(factor, 0) {
		return fmt.Errorf("nucnet: %w: factor %g on rates, want 0 or more", ErrOption, factor)
	}
	return nil
}

// Replace returns a network with a user's own rates in place of those for the
// same reactions, or of their reverses, and beside them where n has none. Rates
// with nuclides that are not members have no effect. n stays as it is.
func (n *Network) Replace(rates ...rate.Own) (*Network, error) {
	if err := n.free(); err != nil {
		return nil, err
	}
	library, err := n.recipe.library.WithOwn(rates...)
	if err != nil {
		return nil, fmt.Errorf("nucnet: %w", err)
	}
	var list []rate.Reaction
	for _, r := range rates {
		list = append(list, r.Reaction)
	}
	return n.replace(library, list)
}

// ReplaceFrom is Replace with fits in the format of REACLIB, read from r. name
// stands for the text in errors, which tell the line. It also returns the
// reactions replaced or added, those that concern n alone.
func (n *Network) ReplaceFrom(r io.Reader, name string) (*Network, []rate.Reaction, error) {
	if err := n.free(); err != nil {
		return nil, nil, err
	}
	library, list, err := n.recipe.library.WithFits(r, name)
	if err != nil {
		return nil, nil, fmt.Errorf("nucnet: %w", err)
	}
	var mine []rate.Reaction
	for _, x := range list {
		if n.holds(x) {
			mine = append(mine, x)
		}
	}
	m, err := n.replace(library, mine)
	return m, mine, err
}

// holds reports whether all nuclides of a reaction are members.
func (n *Network) holds(r rate.Reaction) bool {
	for _, side := range [][]nuclide.Nuclide{r.In, r.Out} {
		for _, m := range side {
			if n.Index(m) < 0 {
				return false
			}
		}
	}
	return true
}

func (n *Network) replace(library *rate.Library, list []rate.Reaction) (*Network, error) {
	r := n.recipe.with("own rates for %s", names(list))
	r.library = library
	return cook(n.name, n.members, r)
}

// Changes lists what was changed with Without, Scaled and Replace, in words.
func (n *Network) Changes() []string { return append([]string(nil), n.recipe.changes...) }

// free reports whether the reactions of n can be changed.
func (n *Network) free() error {
	if n.recipe.library == nil {
		return fmt.Errorf("nucnet: %s: %w", n.name, ErrFixed)
	}
	return nil
}

// has reports which of the reactions n does not have.
func (n *Network) has(reactions []rate.Reaction) error {
	if err := n.free(); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, r := range n.Reactions() {
		known[r.String()] = true
	}
	for _, r := range reactions {
		if !known[r.String()] {
			return fmt.Errorf("nucnet: %s: %s: %w", n.name, r, ErrNoReaction)
		}
	}
	return nil
}

// canonical returns the reactions as the network writes them.
func canonical(reactions []rate.Reaction) []rate.Reaction {
	var list []rate.Reaction
	for _, r := range reactions {
		list = append(list, rate.NewReaction(r.In, r.Out))
	}
	return list
}

func names(reactions []rate.Reaction) string {
	if len(reactions) > 4 {
		return fmt.Sprintf("%d reactions", len(reactions))
	}
	var list []string
	for _, r := range reactions {
		list = append(list, r.String())
	}
	return strings.Join(list, ", ")
}
