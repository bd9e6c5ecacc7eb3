package approx21

import (
	"fmt"
	"strings"
)

// specs lists what happens in the network, with the elementary rates r for the sources.
func (n *Network) specs(r *rates) []spec {
	direct := func(text string, l link) spec {
		return spec{text: text, source: r.source[l], forward: one(l.forward()), reverse: one(l.reverse())}
	}
	oneWay := func(text string, l link) spec {
		return spec{text: text, source: r.source[l], forward: one(l.forward())}
	}
	list := n.alphaChain(r, direct)
	list = append(list, ironGroup()...)
	list = append(list, heavyIons(r, oneWay)...)
	list = append(list, hydrogen(r, oneWay)...)
	return append(list, n.weak(r)...)
}

// one is a single elementary rate.
func one(d direction) func(*state) dual { return func(s *state) dual { return s.r[d] } }

func (n *Network) alphaChain(r *rates, direct func(string, link) spec) []spec {
	triple := direct("3 he4 -> c12", tripleAlpha)
	triple.factor = 1. / 6
	list := []spec{
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
		list = append(list, spec{
			text:   c.text,
			source: fmt.Sprintf("%s, and by %s: %s, %s", r.source[c.ag], hidden, r.source[c.ap], r.source[c.pg]),
			forward: func(s *state) dual {
				return s.r[c.ag.forward()].add(s.r[c.ap.forward()].scale(1 - s.back[c.ap]))
			},
			reverse: func(s *state) dual {
				return s.r[c.ag.reverse()].add(s.r[c.pg.reverse()].scale(s.back[c.ap]))
			},
		})
	}
	return append(list, direct("fe52 + he4 -> ni56", fe52ag))
}

// ironGroup lists what passes through isotopes in steady state. Each source names them; the rates multiply what leads
// into them, what leads on, and their lifetime.
func ironGroup() []spec {
	product := func(lifetime func(*state) *dual, in, on direction) func(*state) dual {
		return func(s *state) dual {
			t := lifetime(s)
			if t.v == 0 {
				return dual{}
			}
			return s.r[in].mul(s.r[on]).mul(*t)
		}
	}
	fe53 := func(s *state) *dual { return &s.fe53 }
	fe55 := func(s *state) *dual { return &s.fe55 }
	co55 := func(s *state) *dual { return &s.co55 }
	co57 := func(s *state) *dual { return &s.co57 }
	neutrons, protons := []int{byNeut}, []int{byProt}
	return []spec{
		{text: "fe52 + 2 neut -> fe54", source: "by fe53", by: neutrons,
			forward: product(fe53, fe52ng.forward(), fe53ng.forward()),
			reverse: product(fe53, fe53ng.reverse(), fe52ng.reverse())},
		{text: "fe54 + 2 neut -> fe56", source: "by fe55", by: neutrons,
			forward: product(fe55, fe54ng.forward(), fe55ng.forward()),
			reverse: product(fe55, fe55ng.reverse(), fe54ng.reverse())},
		{text: "fe54 + he4 -> fe56 + 2 prot", source: "by co57", by: protons,
			forward: product(co57, fe54ap.forward(), fe56pg.reverse()),
			reverse: product(co57, fe56pg.forward(), fe54ap.reverse())},
		{text: "fe54 + 2 prot -> ni56", source: "by co55", by: protons,
			forward: product(co55, fe54pg.forward(), co55pg.forward()),
			reverse: product(co55, co55pg.reverse(), fe54pg.reverse())},
		{text: "fe52 + he4 -> fe54 + 2 prot", source: "by co55", by: protons,
			forward: product(co55, fe52ap.forward(), fe54pg.reverse()),
			reverse: product(co55, fe54pg.forward(), fe52ap.reverse())},
		{text: "fe52 + he4 + prot -> ni56 + prot", source: "by co55", by: protons,
			forward: product(co55, fe52ap.forward(), co55pg.forward()),
			reverse: product(co55, co55pg.reverse(), fe52ap.reverse())},
		{text: "2 neut + 2 prot -> he4", source: "by h2 and he3", by: []int{byNeut, byProt},
			forward: func(s *state) dual {
				return s.r[h1ng.forward()].mul(s.r[h2pg.forward()]).mul(s.r[he3ng.forward()]).mul(s.he3)
			},
			reverse: func(s *state) dual {
				return s.r[he3ng.reverse()].mul(s.r[h2pg.reverse()]).mul(s.r[h1ng.reverse()]).mul(s.he3)
			}},
	}
}

// Oxygen burning splits into channels of fixed shares: an alpha particle, a proton and p31, a neutron and s31, which
// ends as s32. The proton is captured again by p31.
const (
	oxygenAlpha   = 0.56
	oxygenProtons = 0.34
	oxygenNeutron = 0.10
)

func heavyIons(r *rates, oneWay func(string, link) spec) []spec {
	half := func(s spec) spec {
		s.factor = 0.5
		return s
	}
	oxygen := func(share func(back float64) float64) func(*state) dual {
		return func(s *state) dual {
			return s.r[o16o16p.forward()].add(s.r[o16o16a.forward()]).scale(share(s.back[si28ap]))
		}
	}
	source := r.source[o16o16a]
	return []spec{
		half(oneWay("2 c12 -> ne20 + he4", c12c12)),
		half(oneWay("c12 + o16 -> mg24 + he4", c12o16)),
		half(oneWay("c12 + o16 -> si28", c12o16)),
		half(spec{text: "2 o16 -> si28 + he4", source: source,
			forward: oxygen(func(back float64) float64 { return oxygenAlpha + oxygenProtons*back })}),
		half(spec{text: "2 o16 -> s32", source: source,
			forward: oxygen(func(back float64) float64 { return oxygenNeutron + oxygenProtons*(1-back) })}),
		oneWay("n14 + 1.5 he4 -> ne20", n14ag).from("n14 + he4"),
	}
}

func (s spec) from(of string) spec {
	s.of = of
	return s
}

// hydrogen lists the burning of h1: a few net reactions at the pace of their slowest step, with MeV to neutrinos. The
// lifetimes of b8, o15 and f17 limit three of them.
func hydrogen(r *rates, oneWay func(string, link) spec) []spec {
	slow := func(text, of string, l link, factor, nu float64) spec {
		s := oneWay(text, l).from(of)
		s.factor, s.nu = factor, nu
		return s
	}
	beryllium := func(branch func(*state) dual, nu float64) spec {
		return spec{text: "he3 + h1 + he4 -> 2 he4", of: "he3 + he4", source: r.source[he3ag], nu: nu, by: []int{byH1, byHe4},
			forward: func(s *state) dual {
				return s.r[he3ag.forward()].atMost(limitB8, s.he4).mul(s.present()).mul(branch(s))
			}}
	}
	nitrogen := func(text string, nu float64, share func(back float64) float64) spec {
		return spec{text: text, of: "n14 + h1", source: r.source[n14pg] + ", n15: " + r.source[n15pa], nu: nu, by: []int{byH1},
			forward: func(s *state) dual { return s.r[n14pg.forward()].atMost(limitO15, s.h1).scale(share(s.back[n15pa])) }}
	}
	oxygen := slow("o16 + 2 h1 -> n14 + he4", "o16 + h1", o16pg, 1, 1.013221)
	oxygen.by = []int{byH1}
	oxygen.forward = func(s *state) dual { return s.r[o16pg.forward()].atMost(limitF17, s.h1) }
	return []spec{
		slow("3 h1 -> he3", "2 h1", h1h1, 0.5, 0.2668),
		slow("2 he3 -> he4 + 2 h1", "2 he3", he3he3, 0.5, 0),
		beryllium((*state).electron, 0.8),
		beryllium(func(s *state) dual { return constant(1).add(s.electron().scale(-1)) }, 6.735),
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
func (n *Network) weak(r *rates) []spec {
	tabulated := func(i int) string { return r.weak.Tables[i].Source }
	rate := func(i int) func(*state) dual { return func(s *state) dual { return s.weak[i] } }
	const source = "electron and positron capture"
	list := []spec{
		{text: "3 h1 -> he3", of: "h1", source: source, forward: rate(weakProton)},
		{text: "prot -> neut", source: source, forward: rate(weakProton)},
		{text: "neut -> prot", source: source, forward: rate(weakNeutron)},
	}
	const nuNi56, nuCo56, nuFe56 = 0.41, 0.84, 2.6
	if n.hasCo56 {
		list = append(list,
			spec{text: "ni56 -> co56", source: tabulated(0), forward: rate(weakNi56), nu: nuNi56},
			spec{text: "co56 -> fe56", source: tabulated(1), forward: rate(weakCo56), nu: nuCo56})
	} else {
		list = append(list, spec{text: "ni56 -> fe56", source: tabulated(0), forward: rate(weakNi56), nu: nuNi56 + nuCo56})
	}
	// Electron captures on iron, which follow ni56 -> co56 by a fixed factor, make one neutron-rich nuclide.
	return append(list, spec{text: n.fake, of: "fe56", source: "a fraction of ni56 -> co56", nu: nuFe56,
		forward: func(s *state) dual { return s.weak[weakNi56].scale(s.fake) }})
}
