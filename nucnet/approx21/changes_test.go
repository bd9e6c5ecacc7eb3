package approx21

import (
	"errors"
	"math"
	"testing"

	"nuclab/nucnet/rate"
)

// TestScaled looks at the flows that a factor on one elementary rate changes, and at those that it does not.
func TestScaled(t *testing.T) {
	n := network(t, "approx21_cr60_plus_co56")
	parse := func(s string) rate.Reaction {
		r, err := rate.ParseHandle(s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	scaled := func(factor float64, reaction string, both bool) *Network {
		m, err := n.Scaled(factor, parse(reaction), both)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	const temperature, rho = 3e9, 1e7
	y := make([]float64, len(n.members))
	for i := range y {
		y[i] = 1e-3
	}
	fluxes := func(n *Network) map[string]Flux {
		e := evaluator(t, n, Options{})
		e.Begin(temperature, rho)
		list := make([]Flux, len(n.flows))
		e.Fluxes(y, conditions(e, temperature, rho, momentsOf(n, y)), list)
		named := map[string]Flux{}
		for i, f := range n.flows {
			sum := named[f.Text]
			named[f.Text] = Flux{sum.Forward + list[i].Forward, sum.Reverse + list[i].Reverse}
		}
		return named
	}
	before := fluxes(n)
	for _, c := range []struct {
		n                *Network
		flow             string
		forward, reverse float64
	}{
		{scaled(2, "r_c12_ag_o16", false), "c12 + he4 -> o16", 2, 1},
		{scaled(2, "r_o16_ga_c12", false), "c12 + he4 -> o16", 1, 2},
		{scaled(2, "r_o16_ga_c12", true), "c12 + he4 -> o16", 2, 2},
		{scaled(2, "r_c12_ag_o16", true), "o16 + he4 -> ne20", 1, 1},
		{scaled(3, "r_he4_he4_he4_to_c12", true), "3 he4 -> c12", 3, 3},
		{scaled(0.5, "r_ni56_wk_co56", true), "ni56 -> co56", 0.5, 1},
		{scaled(0.5, "r_ni56_wk_co56", true), "co56 -> fe56", 1, 1},
		{n.ScaledWeak(4), "co56 -> fe56", 4, 1},
		{n.ScaledWeak(4), "prot -> neut", 4, 1},
		{n.ScaledWeak(4), "3 he4 -> c12", 1, 1},
		{n, "3 he4 -> c12", 1, 1}, // n has stayed as it was
	} {
		old, ok := before[c.flow]
		got := fluxes(c.n)[c.flow]
		if !ok || math.Abs(got.Forward-c.forward*old.Forward) > 1e-14*got.Forward || math.Abs(got.Reverse-c.reverse*old.Reverse) > 1e-14*got.Reverse {
			t.Errorf("%s: flux %g, was %g, want factors %g, %g", c.flow, got, old, c.forward, c.reverse)
		}
	}
	if _, err := n.Scaled(2, parse("r_si28_ng_si29"), true); !errors.Is(err, ErrNoReaction) {
		t.Errorf("a reaction it does not have: %v", err)
	}
}
