package approx21

import (
	"errors"
	"fmt"
	"slices"

	"nuclab/nucnet/rate"
)

// ErrNoReaction is wrapped by the error for a reaction that is not one of those a network is made of.
var ErrNoReaction = errors.New("not an elementary reaction of the network")

// changes are a user's own factors on rates.
type changes struct {
	strongFactor         [2 * links]float64
	weakFactor           [weakRates]float64
	fakeFactor, fakeFrom float64 // of electron captures by fe56
}

func unchanged() changes {
	c := changes{fakeFactor: 1e-7, fakeFrom: 3e9}
	for d := range c.strongFactor {
		c.strongFactor[d] = 1
	}
	for k := range c.weakFactor {
		c.weakFactor[k] = 1
	}
	return c
}

// weakNames are the weak reactions, by their places in what EvalWeak fills.
var weakNames = [weakRates][]string{
	weakNi56:    {"ni56 -> co56", "ni56 -> fe56"},
	weakCo56:    {"co56 -> fe56"},
	weakBe7:     {"be7 -> li7"},
	weakProton:  {"prot -> neut", "h1 -> neut"},
	weakNeutron: {"neut -> prot", "neut -> h1"},
}

// Scaled returns a network in which the rate of one of the reactions that n is made of is multiplied by factor, in both
// directions if both is true and it is strong. These are c12(a,g)o16, fe52(n,g)fe53 and the like, not what they come to
// together. n stays as it is. The error for another reaction wraps [ErrNoReaction].
func (n *Network) Scaled(factor float64, r rate.Reaction, both bool) (*Network, error) {
	own, err := n.ratesFor(rate.Correct)
	if err != nil {
		return nil, fmt.Errorf("approx21: %w", err)
	}
	m := *n
	name := r.String()
	for k, names := range weakNames {
		if slices.Contains(names, name) {
			m.weakFactor[k] *= factor
			return &m, nil
		}
	}
	found := false
	for l := range links {
		for d, x := range []rate.Reaction{own.reactions[l], own.reactions[l].Reverse()} {
			if x.String() != name {
				continue
			}
			found = true
			m.strongFactor[l.forward()+direction(d)] *= factor
			if both {
				m.strongFactor[l.reverse()-direction(d)] *= factor
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("approx21: %s: %s: %w", n.name, r, ErrNoReaction)
	}
	return &m, nil
}

// ScaledWeak returns a network with all weak rates multiplied by factor. n stays as it is.
func (n *Network) ScaledWeak(factor float64) *Network {
	m := *n
	for k := range m.weakFactor {
		m.weakFactor[k] *= factor
	}
	return &m
}

// WithCaptureOnIron returns a network in which electrons are captured by fe56 at factor times the rate of ni56 -> co56
// from the temperature from (K) on. By default that is 1e-7 times and 3e9 K. n stays as it is.
func (n *Network) WithCaptureOnIron(factor, from float64) *Network {
	m := *n
	m.fakeFactor, m.fakeFrom = factor, from
	return &m
}
