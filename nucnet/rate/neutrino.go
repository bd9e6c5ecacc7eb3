package rate

import (
	"math"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate/reaclib"
)

// cold lists weak reactions of known mean neutrino energy (MeV) and half-life (s), 0 where that does not exist or is
// left to the fit. The values are those that MESA uses where it has no table.
var cold = map[string]struct{ neutrino, halfLife float64 }{
	"be7 -> li7":            {0.814, 4.604256e6},
	"c11 -> b11":            {0.582127, 1220},
	"n13 -> c13":            {0.706, 597.9},
	"o14 -> n14":            {2.22, 70.64},
	"o15 -> n15":            {0.9964, 122.24},
	"ni56 -> co56":          {0.41, 5.27e5},
	"co56 -> fe56":          {0.84, 6.663e6},
	"h1 + h1 -> h2":         {0.2668, 0},
	"he3 + h1 -> he4":       {9.628, 0},
	"b8 -> he4 + he4":       {6.735, 0},
	"s27 -> al25 + h1 + h1": {exoticNeutrino, 0},
}

const (
	pepNeutrino    = 1.445 // MeV, of p + e- + p -> d
	exoticNeutrino = 4.0   // MeV, stands for all proton-rich nuclides in exotic
)

// exotic names proton-rich nuclides whose decay into one other nuclide MESA gives a single round neutrino energy.
var exotic = map[string]bool{
	"cr44": true, "fe48": true, "fe49": true, "fe50": true, "fe51": true, "ni52": true, "ni53": true, "ni54": true,
	"zn58": true, "zn59": true, "ge62": true, "ge63": true, "v43": true, "mn47": true, "co51": true, "co52": true,
	"cu56": true, "ga61": true, "s27": true,
}

// meanNeutrino returns the mean energy in MeV that the neutrino of a weak reaction without a table carries away.
// Where nobody lists it, it is an estimate, or 0 by rules that want none.
func (rules Rules) meanNeutrino(r Reaction, electron bool) float64 {
	name := r.String()
	if electron && name == "h1 + h1 -> h2" {
		return pepNeutrino
	}
	if c, ok := cold[name]; ok {
		return c.neutrino
	}
	if len(r.In) == 1 && len(r.Out) == 1 && r.Out[0].Z() < r.In[0].Z() && exotic[r.In[0].String()] {
		return exoticNeutrino
	}
	if rules.ListedNeutrinos {
		return 0
	}
	return estimateNeutrino(r, electron)
}

// estimateNeutrino follows Fowler, Caughlan & Zimmerman (1975, ARA&A 13, 69) for beta decay; for capture it is Q.
func estimateNeutrino(r Reaction, electron bool) float64 {
	charge := 0
	for _, n := range r.Out {
		charge += n.Z()
	}
	for _, n := range r.In {
		charge -= n.Z()
	}
	const me = nuclide.ElectronMassMeV
	q := r.Q()
	w := 1 + q/me // total energy of the electron at the end point over its mass
	if charge < 0 {
		w -= 2
	}
	if electron || w <= 1 {
		return max(q, 0)
	}
	return 0.5 * w * me * (1 - 1/(w*w)) * (1 - 1/(4*w) - 1/(9*w*w))
}

// coldRate returns the rate in 1/s of a tabulated reaction at low temperature: that of its fits in REACLIB if there
// are any, else by half-life, else 0.
func coldRate(r Reaction, fits []reaclib.Fit) float64 {
	p := reaclib.NewPowers(minT9)
	var rate float64
	for i := range fits {
		lambda, _ := fits[i].Eval(&p)
		rate += lambda
	}
	if c := cold[r.String()]; rate == 0 && c.halfLife > 0 {
		rate = math.Ln2 / c.halfLife
	}
	return rate
}
