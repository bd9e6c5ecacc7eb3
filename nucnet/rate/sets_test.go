package rate

import (
	"math"
	"testing"
)

// The sets of a reaction add up to its rate, and those that REACLIB made by detailed balance are told apart.
func TestSets(t *testing.T) {
	l, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		reaction string
		kinds    map[string]int
	}{
		{"c12(a,g)o16", map[string]int{"non-resonant": 2}},
		{"c12(p,g)n13", map[string]int{"non-resonant": 1, "resonant": 1}},
		{"n13 -> c13", map[string]int{"weak": 1}},
	} {
		r, err := ParseReaction(c.reaction)
		if err != nil {
			t.Fatal(err)
		}
		single, err := l.Reaction(r, Correct)
		if err != nil {
			t.Fatal(err)
		}
		for _, temperature := range []float64{1e8, 1e9, 5e9, 2e10} {
			sum, kinds := 0.0, map[string]int{}
			for _, s := range l.Sets(r) {
				if s.Reversed {
					t.Errorf("%s is by detailed balance", s)
				}
				sum += s.Lambda(temperature)
				kinds[s.Kind]++
			}
			if want := single.Eval(temperature, 1).Lambda; math.Abs(sum/want-1) > 1e-14 {
				t.Errorf("%s at %g K: the sets add up to %g, the rate is %g", r, temperature, sum, want)
			}
			for k, n := range c.kinds {
				if kinds[k] != n {
					t.Errorf("%s: %d sets are %s, want %d", r, kinds[k], k, n)
				}
			}
		}
	}
	back, err := ParseReaction("o16(g,a)c12")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range l.Sets(back) {
		if !s.Reversed {
			t.Errorf("%s is not by detailed balance", s)
		}
	}
	if got := l.Sets(Reaction{}); got != nil {
		t.Errorf("sets of nothing: %v", got)
	}
}
