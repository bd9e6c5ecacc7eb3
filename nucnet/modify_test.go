package nucnet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

func custom(tb testing.TB, names string) *Network {
	tb.Helper()
	list, err := nuclide.ParseList(names)
	if err != nil {
		tb.Fatal(err)
	}
	n, err := New("custom", list)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func parse(tb testing.TB, s string) rate.Reaction {
	tb.Helper()
	r, err := rate.ParseReaction(s)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// must returns a function that fails the test on an error.
func must(tb testing.TB) func(*Network, error) *Network {
	return func(n *Network, err error) *Network {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return n
	}
}

// Where triple alpha is the only way to carbon, twice its rate makes twice as
// much of it while little helium has burnt.
func TestScaleTheOnlyPath(t *testing.T) {
	n := custom(t, "he4 c12")
	twice := must(t)(n.Scaled(2, parse(t, "3 he4 -> c12")))
	s := State{1.5e8, 1e4, pure(t, n, "he4")}
	made := func(n *Network) float64 { return fraction(t, n, burn(t, n, s, []float64{1e3}, bare)[0], "c12") }
	one, two := made(n), made(twice)
	if !(one > 0) || one > 1e-3 || math.Abs(two/one-2) > 3*two+1e-5 {
		t.Errorf("c12 made: %g, and %g at twice the rate", one, two)
	}
	if again := made(n); again != one {
		t.Errorf("the network that was scaled from changed: %g, was %g", again, one)
	}
	if got := twice.Changes(); !slices.Equal(got, []string{"2 times he4 + he4 + he4 -> c12"}) {
		t.Errorf("changes %q", got)
	}
	// Half of twice is what it was.
	if same := made(must(t)(twice.Scaled(0.5, parse(t, "c12 -> 3 he4")))); same != one {
		t.Errorf("2 times 0.5: %g, want %g", same, one)
	}
}

// Scaled in both directions, a reaction leaves equilibrium where it is; in one,
// it shifts the balance of its two sides by just the factor.
func TestScaledEquilibrium(t *testing.T) {
	n := custom(t, "he4 c12 o16")
	r := parse(t, "c12(a,g)o16")
	s := State{5e9, 1e8, pure(t, n, "he4=0.9,c12=0.1")}
	ratio := func(n *Network) float64 {
		x := burn(t, n, s, []float64{1}, Options{Screening: rate.Unscreened, Weak: NoWeak, RTol: 1e-9, ATol: 1e-20})[0]
		return fraction(t, n, x, "o16") / fraction(t, n, x, "c12") / fraction(t, n, x, "he4")
	}
	plain := ratio(n)
	if both := ratio(must(t)(n.Scaled(7, r))); math.Abs(both/plain-1) > 1e-6 {
		t.Errorf("both ways: %g, want %g", both, plain)
	}
	if one := ratio(must(t)(n.ScaledOneWay(7, r))); math.Abs(one/plain-7) > 7e-6 {
		t.Errorf("one way: %g, want 7 times %g", one, plain)
	}
	if one := ratio(must(t)(n.ScaledOneWay(7, r.Reverse()))); math.Abs(one/plain*7-1) > 1e-6 {
		t.Errorf("the other way: %g, want %g/7", one, plain)
	}
}

func TestWithoutIsScaledByZero(t *testing.T) {
	n := stock(t, "mesa_80")
	list := []rate.Reaction{parse(t, "c12(a,g)o16"), parse(t, "si28(g,a)mg24"), parse(t, "ni56 -> co56"), parse(t, "h1 + h1 -> h2")}
	without, zero := must(t)(n.Without(list...)), must(t)(n.Scaled(0, list...))
	if a, b := len(without.Reactions()), len(n.Reactions()); a != b-7 { // p + p -> d has two fits
		t.Errorf("%d reactions left of %d, want 7 fewer", a, b)
	}
	if a, b := len(zero.Reactions()), len(n.Reactions()); a != b {
		t.Errorf("%d reactions when scaled, want %d", a, b)
	}
	s := State{4e9, 1e8, pure(t, n, "si28=0.7,he4=0.1,c12=0.1,ni56=0.1")}
	times := []float64{1e-8, 1e-4, 1}
	a, b := burn(t, without, s, times, Options{}), burn(t, zero, s, times, Options{})
	if x, ye := difference(a, b); x > 1e-6 || ye > 1e-9 {
		t.Errorf("X differs by %g, Ye by %g", x, ye)
	}
	c := burn(t, n, s, times, Options{})
	if x, _ := difference(a, c); x < 1e-3 {
		t.Errorf("X differs from the unchanged network by %g only", x)
	}
}

func TestReplace(t *testing.T) {
	n := custom(t, "neut h1 fe56 co56 ni56")
	lambda := 1e-3
	own := rate.Own{Reaction: parse(t, "ni56 -> co56"), Label: "mine", Coeffs: [][7]float64{{math.Log(lambda)}}}
	m := must(t)(n.Replace(own))
	s := State{1e7, 1, pure(t, n, "ni56")}
	for _, at := range []float64{1, 1e3} {
		got := fraction(t, m, burn(t, m, s, []float64{at}, Options{})[0], "ni56")
		if want := math.Exp(-lambda * at); math.Abs(got/want-1) > 1e-5 {
			t.Errorf("X(ni56) after %g s: %g, want %g", at, got, want)
		}
	}
	if !slices.ContainsFunc(m.Reactions(), func(r Reaction) bool { return r.Source == "mine" && r.Kind == WeakFit }) {
		t.Error("the own rate is not among the reactions")
	}
	if got := strings.Join(m.Changes(), ";"); got != "own rates for ni56 -> co56" {
		t.Errorf("changes %q", got)
	}
}

func TestReplaceFrom(t *testing.T) {
	n := custom(t, "he4 c12")
	// Triple alpha at a constant rate, and a reaction that is not of the network.
	const zeros = " 0.000000e+00 0.000000e+00 0.000000e+00 0.000000e+00\n 0.000000e+00 0.000000e+00 0.000000e+00\n"
	text := fmt.Sprintf("8\n     %5s%5s%5s%5s%5s%5s        mine%5s7.27500e+00\n", "he4", "he4", "he4", "c12", "", "", "") + zeros +
		fmt.Sprintf("4\n     %5s%5s%5s%5s%5s%5s        mine%5s7.16192e+00\n", "he4", "c12", "o16", "", "", "", "") + zeros
	m, list, err := n.ReplaceFrom(strings.NewReader(text), "fits")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].String() != "he4 + he4 + he4 -> c12" {
		t.Errorf("replaced %v", list)
	}
	flows, err := m.Flows(State{1e9, 10, pure(t, m, "he4")}, bare)
	if err != nil {
		t.Fatal(err)
	}
	if want := 1e2 / 6 / 64; len(flows) != 1 || math.Abs(flows[0].Forward/want-1) > 1e-14 { // rho^2 Y^3/3!
		t.Errorf("flows %v, want one of %g", flows, want)
	}
	if _, _, err := n.ReplaceFrom(strings.NewReader("nonsense"), "fits"); err == nil || !strings.Contains(err.Error(), "fits:") {
		t.Errorf("nonsense: %v", err)
	}
}

func TestChangeErrors(t *testing.T) {
	n := custom(t, "he4 c12")
	if _, err := n.Without(parse(t, "c12(a,g)o16")); !errors.Is(err, ErrNoReaction) {
		t.Errorf("Without: %v", err)
	}
	if _, err := n.Scaled(2, parse(t, "c12(a,g)o16")); !errors.Is(err, ErrNoReaction) {
		t.Errorf("Scaled: %v", err)
	}
	for _, f := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := n.Scaled(f, parse(t, "3 he4 -> c12")); !errors.Is(err, ErrOption) {
			t.Errorf("factor %g: %v", f, err)
		}
	}
}

func TestRules(t *testing.T) {
	n := stock(t, "mesa_80")
	mesa := must(t)(NewBy("mesa_80", n.Nuclides(), rate.Rules{OneWay: true}))
	if got := len(mesa.Reactions()); got != 607 {
		t.Errorf("%d reactions with MESA's one-way link, want 607", got)
	}
	all := must(t)(n.By(rate.Rules{All: true}))
	if a, b := len(all.Reactions()), len(n.Reactions()); a <= b {
		t.Errorf("all reactions of REACLIB: %d, of MESA's classes: %d", a, b)
	}
	s := State{3e9, 1e8, pure(t, n, "he3=0.5,li7=0.5")}
	for _, m := range []*Network{mesa, all} {
		for _, x := range burn(t, m, s, []float64{1e-6, 1}, Options{}) {
			sum := 0.0
			for _, v := range x.X {
				sum += v
			}
			if math.Abs(sum-1) > 1e-10 {
				t.Errorf("%s: X adds up to %.15g", m, sum)
			}
		}
	}
}
