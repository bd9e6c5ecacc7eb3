package approx21

import (
	"fmt"
	"strings"
)

// specs lists what happens in the network, with the elementary rates r for the sources.
func specs[T number[T]](n *Network, r *rates) []spec[T] {
	direct := func(text string, l link) spec[T] {
		return spec[T]{text: text, source: r.source[l], forward: one[T](l.forward()), reverse: one[T](l.reverse())}
	}
	oneWay := func(text string, l link) spec[T] {
		return spec[T]{text: text, source: r.source[l], forward: one[T](l.forward())}
	}
	list := alphaChain(r, direct)
	list = append(list, ironGroup[T]()...)
	list = append(list, heavyIons(r, oneWay)...)
	list = append(list, hydrogen(r, oneWay)...)
	return append(list, weak[T](n, r)...)
}

// one is a single elementary rate.
func one[T number[T]](d direction) func(*state[T]) T { return func(s *state[T]) T { return s.r[d] } }

func alphaChain[T number[T]](r *rates, direct func(string, link) spec[T]) []spec[T] {
	triple := direct("3 he4 -> c12", tripleAlpha)
	triple.factor = 1. / 6
	list := []spec[T]{
		triple,
		direct("c12 + he4 -> o16", c12ag),
		direct("o16 + he4 -> ne20", o16ag),
		direct("ne20 + he4 -> mg24", ne20ag),
	}
	// Captures directly and through an odd nucleus, which a proton leaves by (p,g) or back by (p,a): the share of
	// the latter is s.back.
	for _, c := range []struct {
		text       string
		ag, ap, pg link
	}{
		{"mg24 + he4 -> si28", mg24ag, mg24ap, al27pg},
		{"si28 + he4 -> s32", si28ag, si28ap, p31pg},
		{"s32 + he4 -> ar36", s32ag, s32ap, cl35pg},
		{"ar36 + he4 -> ca40", ar36ag, ar36ap, k39pg},
		{"ca40 + he4 -> ti44", ca40ag, ca40ap, sc43pg},
		{"ti44 + he4 -> cr48", ti44ag, ti44ap, v47pg},
		{"cr48 + he4 -> fe52", cr48ag, cr48ap, mn51pg},
	} {
		hidden, _, _ := strings.Cut(elementary[c.pg].reaction, "(")
		list = append(list, spec[T]{
			text:   c.text,
			source: fmt.Sprintf("%s, and by %s: %s, %s", r.source[c.ag], hidden, r.source[c.ap], r.source[c.pg]),
			forward: func(s *state[T]) T {
				return s.r[c.ag.forward()].add(s.r[c.ap.forward()].scale(1 - s.back[c.ap]))
			},
			reverse: func(s *state[T]) T {
				return s.r[c.ag.reverse()].add(s.r[c.pg.reverse()].scale(s.back[c.ap]))
			},
		})
	}
	return append(list, direct("fe52 + he4 -> ni56", fe52ag))
}

// ironGroup lists what passes through isotopes in steady state. Each source names them. A rate is that of what leads
// into them times the probability of what leads on, the rate of that times their lifetime.
//
// Where two nucleons are captured, the flux goes with the abundance of the nucleon once as such and once as part of
// the probability.
func ironGroup[T number[T]]() []spec[T] {
	type rate = func(*state[T]) T
	product := func(factors ...rate) rate {
		return func(s *state[T]) T {
			x := factors[0](s)
			for _, f := range factors[1:] {
				x = x.mul(f(s))
			}
			return x
		}
	}
	neut := func(s *state[T]) T { return s.neut }
	prot := func(s *state[T]) T { return s.prot }
	fe53 := func(s *state[T]) T { return s.fe53 }
	fe55 := func(s *state[T]) T { return s.fe55 }
	co55 := func(s *state[T]) T { return s.co55 }
	co57 := func(s *state[T]) T { return s.co57 }
	he3 := func(s *state[T]) T { return s.he3 }
	in := func(l link) rate { return one[T](l.forward()) }
	out := func(l link) rate { return one[T](l.reverse()) }
	neutrons, protons := []int{byNeut}, []int{byProt}
	return []spec[T]{
		{text: "fe52 + 2 neut -> fe54", of: "fe52 + neut", source: "by fe53", by: neutrons,
			forward: product(in(fe52ng), in(fe53ng), neut, fe53),
			reverse: product(out(fe53ng), out(fe52ng), fe53)},
		{text: "fe54 + 2 neut -> fe56", of: "fe54 + neut", source: "by fe55", by: neutrons,
			forward: product(in(fe54ng), in(fe55ng), neut, fe55),
			reverse: product(out(fe55ng), out(fe54ng), fe55)},
		{text: "fe54 + he4 -> fe56 + 2 prot", reverseOf: "fe56 + prot", source: "by co57", by: protons,
			forward: product(in(fe54ap), out(fe56pg), co57),
			reverse: product(in(fe56pg), out(fe54ap), prot, co57)},
		{text: "fe54 + 2 prot -> ni56", of: "fe54 + prot", source: "by co55", by: protons,
			forward: product(in(fe54pg), in(co55pg), prot, co55),
			reverse: product(out(co55pg), out(fe54pg), co55)},
		{text: "fe52 + he4 -> fe54 + 2 prot", reverseOf: "fe54 + prot", source: "by co55", by: protons,
			forward: product(in(fe52ap), out(fe54pg), co55),
			reverse: product(in(fe54pg), out(fe52ap), prot, co55)},
		{text: "fe52 + he4 + prot -> ni56 + prot", of: "fe52 + he4", reverseOf: "ni56", source: "by co55", by: protons,
			forward: product(in(fe52ap), in(co55pg), prot, co55),
			reverse: product(out(co55pg), out(fe52ap), prot, co55)},
		{text: "2 neut + 2 prot -> he4", of: "neut + prot", source: "by h2 and he3", by: []int{byNeut, byProt},
			forward: product(in(h1ng), in(h2pg), in(he3ng), neut, prot, he3),
			reverse: product(out(he3ng), out(h2pg), out(h1ng), he3)},
	}
}

// Oxygen burning splits into channels of fixed shares: an alpha particle, a proton and p31, a neutron and s31, which
// ends as s32. The proton is captured again by p31.
const (
	oxygenAlpha   = 0.56
	oxygenProtons = 0.34
	oxygenNeutron = 0.10
)

func heavyIons[T number[T]](r *rates, oneWay func(string, link) spec[T]) []spec[T] {
	half := func(s spec[T]) spec[T] {
		s.factor = 0.5
		return s
	}
	oxygen := func(share func(back float64) float64) func(*state[T]) T {
		return func(s *state[T]) T {
			return s.r[o16o16p.forward()].add(s.r[o16o16a.forward()]).scale(share(s.back[si28ap]))
		}
	}
	source := r.source[o16o16a]
	return []spec[T]{
		half(oneWay("2 c12 -> ne20 + he4", c12c12)),
		half(oneWay("c12 + o16 -> mg24 + he4", c12o16)),
		half(oneWay("c12 + o16 -> si28", c12o16)),
		half(spec[T]{text: "2 o16 -> si28 + he4", source: source,
			forward: oxygen(func(back float64) float64 { return oxygenAlpha + oxygenProtons*back })}),
		half(spec[T]{text: "2 o16 -> s32", source: source,
			forward: oxygen(func(back float64) float64 { return oxygenNeutron + oxygenProtons*(1-back) })}),
		oneWay("n14 + 1.5 he4 -> ne20", n14ag).from("n14 + he4"),
	}
}

func (s spec[T]) from(of string) spec[T] {
	s.of = of
	return s
}

// hydrogen lists the burning of h1: a few net reactions at the pace of their slowest step, with MeV to neutrinos. The
// lifetimes of b8, o15 and f17 limit three of them.
func hydrogen[T number[T]](r *rates, oneWay func(string, link) spec[T]) []spec[T] {
	slow := func(text, of string, l link, factor, nu float64) spec[T] {
		s := oneWay(text, l).from(of)
		s.factor, s.nu = factor, nu
		return s
	}
	beryllium := func(branch func(*state[T]) T, nu float64) spec[T] {
		return spec[T]{text: "he3 + h1 + he4 -> 2 he4", of: "he3 + h1 + he4", source: r.source[he3ag], nu: nu, by: []int{byH1, byHe4},
			forward: func(s *state[T]) T {
				return atMost(s.r[he3ag.forward()], limitB8, s.he4).mul(s.scarcity()).mul(branch(s))
			}}
	}
	nitrogen := func(text string, nu float64, share func(back float64) float64) spec[T] {
		return spec[T]{text: text, of: "n14 + h1", source: r.source[n14pg] + ", n15: " + r.source[n15pa], nu: nu, by: []int{byH1},
			forward: func(s *state[T]) T { return atMost(s.r[n14pg.forward()], limitO15, s.h1).scale(share(s.back[n15pa])) }}
	}
	oxygen := slow("o16 + 2 h1 -> n14 + he4", "o16 + h1", o16pg, 1, 1.013221)
	oxygen.by = []int{byH1}
	oxygen.forward = func(s *state[T]) T { return atMost(s.r[o16pg.forward()], limitF17, s.h1) }
	return []spec[T]{
		slow("3 h1 -> he3", "2 h1", h1h1, 0.5, 0.2668),
		slow("2 he3 -> he4 + 2 h1", "2 he3", he3he3, 0.5, 0),
		beryllium((*state[T]).electron, 0.8),
		beryllium(func(s *state[T]) T { return s.electron().scale(-1).plus(1) }, 6.735),
		slow("c12 + 2 h1 -> n14", "c12 + h1", c12pg, 1, 0.706),
		nitrogen("n14 + 2 h1 -> c12 + he4", 0.9964, func(back float64) float64 { return back }),
		nitrogen("n14 + 2 h1 -> o16", 0, func(back float64) float64 { return 1 - back }),
		oxygen,
	}
}

// Largest products of a rate and the abundance it is to be multiplied with.
const (
	limitB8  = 0.896
	limitO15 = 5.68e-3 / 1.57
	limitF17 = 0.0105
)

// weak lists captures and decays.
func weak[T number[T]](n *Network, r *rates) []spec[T] {
	tabulated := func(i int) string { return r.weak.Tables[i].Source }
	rate := func(i int) func(*state[T]) T { return func(s *state[T]) T { return s.weak[i] } }
	const source = "electron and positron capture"
	list := []spec[T]{
		{text: "3 h1 -> he3", of: "h1", source: source, forward: rate(weakProton)},
		{text: "prot -> neut", source: source, forward: rate(weakProton)},
		{text: "neut -> prot", source: source, forward: rate(weakNeutron)},
	}
	const nuNi56, nuCo56, nuFe56 = 0.41, 0.84, 2.6
	if n.hasCo56 {
		list = append(list,
			spec[T]{text: "ni56 -> co56", source: tabulated(0), forward: rate(weakNi56), nu: nuNi56, tabulated: true},
			spec[T]{text: "co56 -> fe56", source: tabulated(1), forward: rate(weakCo56), nu: nuCo56, tabulated: true})
	} else {
		list = append(list, spec[T]{text: "ni56 -> fe56", source: tabulated(0), forward: rate(weakNi56), nu: nuNi56 + nuCo56, tabulated: true})
	}
	// Electron captures on iron, which follow ni56 -> co56 by a fixed factor, make one neutron-rich nuclide.
	return append(list, spec[T]{text: n.fake, of: "fe56", source: "a fraction of ni56 -> co56", nu: nuFe56,
		forward: func(s *state[T]) T { return s.weak[weakNi56].scale(s.fake) }})
}
