package rate

import (
	"fmt"

	"nuclab/nucnet/rate/reaclib"
)

// Set is one of the fits that add up to a rate: exp(a0 + a1/T9 + a2 T9^(-1/3) + a3 T9^(1/3) + a4 T9 + a5 T9^(5/3) + a6
// ln T9) in REACLIB's units, with T9 the temperature in 1e9 K.
type Set struct {
	Reaction
	Label    string     // who made it, such as "nac2"
	Kind     string     // "non-resonant", "resonant", "weak" or "special"
	Reversed bool       // made from the opposite direction by detailed balance without partition functions
	Coeffs   [7]float64 // a0 to a6
}

var setKinds = map[byte]string{' ': "non-resonant", 'n': "non-resonant", 'r': "resonant", 'w': "weak", 's': "special"}

// Sets returns the fits that the library has for a reaction in this direction, none if it has none: the rate may come
// from the opposite direction, or from a weak table.
func (l *Library) Sets(r Reaction) []Set {
	if len(r.In) > maxSide || len(r.Out) > maxSide {
		return nil
	}
	var list []Set
	for _, s := range l.find(keyOf(r)) {
		list = append(list, Set{r, s.Label, setKinds[s.Kind], s.Reverse, s.Fit})
	}
	return list
}

// Lambda returns the value of the fit at temperature t (K), held outside of 1e7 to 1e10 K.
func (s Set) Lambda(t float64) float64 {
	p := reaclib.NewPowers(min(max(t/1e9, minT9), maxT9))
	fit := reaclib.Fit(s.Coeffs)
	v, _ := fit.Eval(&p)
	return v
}

// String writes "c12 + he4 -> o16 (nac2, non-resonant)".
func (s Set) String() string {
	kind := s.Kind
	if s.Reversed {
		kind += ", by detailed balance"
	}
	return fmt.Sprintf("%s (%s, %s)", s.Reaction, s.Label, kind)
}
