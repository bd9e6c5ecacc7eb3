package rate

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func links(t testing.TB, list string, kind Balance, rules Rules) *Links {
	t.Helper()
	l, err := library(t).LinksBy(members(t, list), kind, rules)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func reaction(t testing.TB, s string) Reaction {
	t.Helper()
	r, err := ParseReaction(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// strong returns the place of a strong link by the name of its forward direction, -1 if it is not there.
func (l *Links) strong(name string) int {
	return slices.IndexFunc(l.Strong, func(s Link) bool { return s.String() == name })
}

// MESA r23.05.1 counts 607 reactions in mesa_80 and 1518 in mesa_151: one of its three one-way reactions is among each,
// and all three need tritium.
func TestOneWay(t *testing.T) {
	for _, c := range []struct {
		name, list string
		want       int
	}{{"mesa_80", net80, 607}, {"mesa_151", net151, 1518}, {"mesa_330", net330, 3934 + 3}} {
		for _, kind := range []Balance{Correct, R2305} {
			l := links(t, c.list, kind, Rules{OneWay: true})
			if l.Directions() != c.want {
				t.Errorf("%s, %v: %d directions, want %d", c.name, kind, l.Directions(), c.want)
			}
		}
	}
	l := links(t, net80, R2305, Rules{OneWay: true})
	k := l.strong(reaction(t, "he3 + li7 -> n + p + 2 he4").String())
	if k < 0 {
		t.Fatal("he3 + li7 is missing")
	}
	n := len(l.Strong)
	fwd, rev, dfwd, drev := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	l.EvalStrong(5e9, fwd, rev, dfwd, drev)
	if !(fwd[k] > 0) || rev[k] != 0 || drev[k] != 0 {
		t.Errorf("rates %g and %g, want the second to be 0", fwd[k], rev[k])
	}
}

func TestAllReactions(t *testing.T) {
	classes, all := links(t, net151, Correct, Rules{}), links(t, net151, Correct, Rules{All: true})
	names := map[string]bool{}
	for i := range all.Strong {
		names[all.Strong[i].String()] = true
	}
	for i := range all.Fits {
		names[all.Fits[i].String()] = true
	}
	for i := range classes.Strong {
		if s := classes.Strong[i].String(); !names[s] {
			t.Errorf("%s is not among all", s)
		}
	}
	// What MESA leaves out though REACLIB has it.
	for _, s := range []string{"n + p + 2 he4 -> h1 + be9", "n16 -> c12 + he4", "p + n + 2 he4 -> he3 + li7"} {
		r := reaction(t, s)
		if !names[r.String()] && !names[r.Reverse().String()] {
			t.Errorf("%s is missing", s)
		}
	}
	if len(names) != len(all.Strong)+len(all.Fits)-1 { // p + p -> d has two fits
		t.Errorf("%d names for %d strong links and %d fits", len(names), len(all.Strong), len(all.Fits))
	}
}

func TestScaledLinks(t *testing.T) {
	l := links(t, net80, Correct, Rules{})
	name := reaction(t, "c12(a,g)o16").String()
	twice := l.Scaled(func(r Reaction) float64 {
		switch {
		case r.String() == name:
			return 3
		case r.Weak():
			return 0.5
		}
		return 1
	}).Scaled(func(Reaction) float64 { return 2 })
	n, w := len(l.Strong), l.Weak()
	var plain, scaled [4][]float64
	for i := range plain {
		plain[i], scaled[i] = make([]float64, n), make([]float64, n)
	}
	l.EvalStrong(3e9, plain[0], plain[1], plain[2], plain[3])
	twice.EvalStrong(3e9, scaled[0], scaled[1], scaled[2], scaled[3])
	for k := range l.Strong {
		want := 2.0
		if l.Strong[k].String() == name {
			want = 6
		}
		for i, f := range []float64{want, 2, want, 2} {
			if got := scaled[i][k]; math.Abs(got-f*plain[i][k]) > 1e-15*math.Abs(got) {
				t.Errorf("%s, %d: %g, want %g times %g", &l.Strong[k], i, got, f, plain[i][k])
			}
		}
	}
	var a, b [3][]float64
	for i := range a {
		a[i], b[i] = make([]float64, w), make([]float64, w)
	}
	l.EvalWeak(3e9, 1e8, a[0], a[1], a[2])
	twice.EvalWeak(3e9, 1e8, b[0], b[1], b[2])
	for i := range a { // 0.5 times 2, and neutrinos of one reaction keep their energy
		if !slices.Equal(a[i], b[i]) {
			t.Errorf("weak values %d differ", i)
		}
	}
}

func TestLinksWithout(t *testing.T) {
	l := links(t, net80, Correct, Rules{})
	gone := map[string]bool{reaction(t, "o16(g,a)c12").String(): true, "ni56 -> co56": true}
	w := l.Without(func(r Reaction) bool { return gone[r.String()] })
	if w.Directions() != l.Directions()-3 || w.strong(reaction(t, "c12(a,g)o16").String()) >= 0 {
		t.Errorf("%d directions of %d are left, want 3 fewer", w.Directions(), l.Directions())
	}
}

// A blend moved to higher temperature lets the rate on earth hold there.
func TestBlend(t *testing.T) {
	list := "n; h1; he4; fe56; co56; ni56"
	hot := links(t, list, Correct, Rules{Blend: Blend{HeavyOff: 1, HeavyOn: 2}})
	light := links(t, list, Correct, Rules{Blend: Blend{Off: 1, On: 2, HeavyZ: 29}})
	usual := links(t, list, Correct, Rules{})
	at := func(l *Links, T float64) map[string]float64 {
		lambda, qnu := make([]float64, l.Weak()), make([]float64, l.Weak())
		l.EvalWeak(T, 1e7, lambda, qnu, nil)
		m := map[string]float64{}
		for i := range l.Tables {
			m[l.Tables[i].String()] = lambda[i]
		}
		return m
	}
	const name = "ni56 -> co56"
	cold := at(usual, 1e6)[name]
	if cold < 1.3e-6 || cold > 1.33e-6 { // half-life 6.08 d
		t.Errorf("rate on earth %g/s", cold)
	}
	for what, l := range map[string]*Links{"of heavy nuclides": hot, "of light ones": light} {
		if got := at(l, 0.9e9)[name]; got != cold {
			t.Errorf("blend %s: %g at 9e8 K, want %g", what, got, cold)
		}
		mean := (cold + at(usual, 1.5e9)[name]) / 2
		if got := at(l, 1.5e9)[name]; math.Abs(got/mean-1) > 1e-12 {
			t.Errorf("blend %s: %g at 1.5e9 K, want %g", what, got, mean)
		}
		if got, want := at(l, 2.1e9)[name], at(usual, 2.1e9)[name]; got != want {
			t.Errorf("blend %s: %g at 2.1e9 K, want %g", what, got, want)
		}
	}
}

func TestOwnRates(t *testing.T) {
	two := Own{Reaction: reaction(t, "c12(a,g)o16"), Label: "mine", Coeffs: [][7]float64{{1}, {2, 0, 0, 0, 0, 0, 1}}}
	weak := Own{Reaction: reaction(t, "ni56 -> co56"), Label: "mine", Coeffs: [][7]float64{{-3}}}
	outside := Own{Reaction: reaction(t, "c12 + si28 -> ca40"), Label: "mine", Coeffs: [][7]float64{{0}}}
	l, err := library(t).WithOwn(two, weak, outside)
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) Value {
		t.Helper()
		r, err := l.Reaction(reaction(t, s), Correct)
		if err != nil {
			t.Fatal(err)
		}
		return r.Eval(2e9, 1e8)
	}
	if got, want := at("c12(a,g)o16").Lambda, math.Exp(1)+2*math.Exp(2); math.Abs(got/want-1) > 1e-14 {
		t.Errorf("lambda %g, want %g", got, want)
	}
	if got, want := at("ni56 -> co56").Lambda, math.Exp(-3); math.Abs(got/want-1) > 1e-14 {
		t.Errorf("weak lambda %g, want %g", got, want)
	}
	for _, kind := range []Balance{Correct, R2305} {
		all, err := l.Links(members(t, net80), kind)
		if err != nil {
			t.Fatal(err)
		}
		if k := all.strong(outside.String()); k < 0 || all.Strong[k].Label != "mine" {
			t.Errorf("%v: %s was not added", kind, outside)
		}
		if all.Directions() != 606+2 {
			t.Errorf("%v: %d directions, want 608", kind, all.Directions())
		}
	}
	// A fit of the endothermic direction alone also serves the modes that look at the other.
	back := Own{Reaction: reaction(t, "o16(g,a)c12"), Label: "mine", Coeffs: [][7]float64{{1}}}
	if l, err = library(t).WithOwn(back); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Balance{Correct, R2305} {
		r, err := l.Reaction(back.Reaction, kind)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Eval(2e9, 1).Lambda; math.Abs(got/math.E-1) > 1e-14 {
			t.Errorf("%v: lambda %g, want e", kind, got)
		}
	}
	bad := Own{Reaction: reaction(t, "c12(a,g)o16")}
	if _, err := library(t).WithOwn(bad); !errors.Is(err, ErrReaction) {
		t.Errorf("no coefficients: %v", err)
	}
}

// Energies of neutrinos that MESA lists are there by any rules, estimates are not.
func TestListedNeutrinos(t *testing.T) {
	for _, c := range []struct {
		list, reaction  string
		listed, without float64 // MeV, negative where it is an estimate
	}{
		{"n13; c13", "n13 -> c13", 0.706, 0.706},
		{"y82; sr82", "y82 -> sr82", 0, -1},
	} {
		for rules, want := range map[Rules]float64{{ListedNeutrinos: true}: c.listed, {}: c.without} {
			for _, f := range links(t, c.list, Correct, rules).Fits {
				if f.String() != c.reaction {
					continue
				}
				if want >= 0 && f.QNu != want || want < 0 && !(f.QNu > 0 && f.QNu < f.Q) {
					t.Errorf("%s by %+v: %g MeV", c.reaction, rules, f.QNu)
				}
			}
		}
	}
}
