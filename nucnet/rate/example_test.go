package rate_test

import (
	"errors"
	"fmt"
	"log"
	"math"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
	"nuclab/nucnet/rate/reaclib"
)

// must returns v, or ends the program with the error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// links returns the reactions among the nuclides of a list.
func links(list string, rules rate.Rules) *rate.Links {
	return must(must(rate.Default()).LinksBy(must(nuclide.ParseList(list)), rate.Correct, rules))
}

// Reactions are written as physicists do, and read in either way.
func ExampleReaction() {
	r := must(rate.ParseReaction("c12(a,g)o16"))
	fmt.Printf("%v releases %.2f MeV\n", r, r.Q())
	fmt.Println(r.Reverse())
	fmt.Println(must(rate.ParseReaction("ni56 -> co56")).Weak())

	_, err := rate.ParseReaction("c12(a,g)o17")
	fmt.Println(errors.Is(err, rate.ErrReaction))
	// Output:
	// c12 + he4 -> o16 releases 7.16 MeV
	// o16 -> c12 + he4
	// true
	// true
}

// The library knows the fits of a reaction and whom they are from.
func ExampleLibrary() {
	library := must(rate.Default())
	capture := must(rate.ParseReaction("c12(p,g)n13"))
	for _, s := range library.Sets(capture) {
		fmt.Println(s)
	}
	single := must(library.Reaction(capture, rate.Correct))
	fmt.Printf("%.0f cm3/mol/s at 1e9 K\n", single.Eval(1e9, 0).Lambda)
	// Output:
	// c12 + h1 -> n13 (ls09, non-resonant)
	// c12 + h1 -> n13 (ls09, resonant)
	// 801 cm3/mol/s at 1e9 K
}

// The fits of a rate add up.
func ExampleSet() {
	library := must(rate.Default())
	capture := must(rate.ParseReaction("c12(p,g)n13"))
	for _, t := range []float64{1e8, 1e9} {
		for _, s := range library.Sets(capture) {
			fmt.Printf("%s at %g K: %.1e\n", s.Kind, t, s.Lambda(t))
		}
	}
	// Output:
	// non-resonant at 1e+08 K: 2.6e-05
	// resonant at 1e+08 K: 3.1e-13
	// non-resonant at 1e+09 K: 9.1e+01
	// resonant at 1e+09 K: 7.1e+02
}

// A single rate is looked up once and asked at many states.
func ExampleSingle() {
	decay := must(must(rate.Default()).Reaction(must(rate.ParseReaction("ni56 -> co56")), rate.Correct))
	fmt.Println(decay, "from a", decay.Kind, "of", decay.Source)
	for _, t := range []float64{1e9, 5e9} {
		fmt.Printf("half-life %.0e s at %g GK\n", math.Ln2/decay.Eval(t, 1e8).Lambda, t/1e9)
	}
	// Output:
	// ni56 -> co56 from a weak table of lmp
	// half-life 1e+01 s at 1 GK
	// half-life 4e+00 s at 5 GK
}

// A strong rate comes with its reverse, a weak one with the energy of its neutrinos.
func ExampleValue() {
	library := must(rate.Default())
	v := must(library.Reaction(must(rate.ParseReaction("c12(a,g)o16")), rate.Correct)).Eval(5e9, 0)
	fmt.Printf("%.3f cm3/mol/s, back %.2e per s\n", v.Lambda, v.Reverse)
	v = must(library.Reaction(must(rate.ParseReaction("p -> n")), rate.Correct)).Eval(5e9, 1e8)
	fmt.Printf("%.3f per s, %.2f MeV\n", v.Lambda, v.QNu)
	// Output:
	// 2.779 cm3/mol/s, back 9.64e+04 per s
	// 0.133 per s, 2.00 MeV
}

// Where a rate is from decides what is known about it.
func ExampleKind() {
	library := must(rate.Default())
	for _, s := range []string{"c12(a,g)o16", "o16(g,a)c12", "ni56 -> co56", "n13 -> c13"} {
		single := must(library.Reaction(must(rate.ParseReaction(s)), rate.Correct))
		fmt.Printf("%v: %v\n", single, single.Kind)
	}
	// Output:
	// c12 + he4 -> o16: strong
	// o16 -> c12 + he4: reverse
	// ni56 -> co56: weak table
	// n13 -> c13: weak fit
}

// What three releases of MESA make of the break-up of carbon, relative to the truth.
func ExampleBalance() {
	library := must(rate.Default())
	breakup := must(rate.ParseReaction("c12 -> he4 + he4 + he4"))
	right := must(library.Reaction(breakup, rate.Correct)).Eval(5e9, 0).Lambda
	for _, b := range []rate.Balance{rate.R2305, rate.R2408, rate.R2604} {
		fmt.Printf("%v: %.1e\n", b, must(library.Reaction(breakup, b)).Eval(5e9, 0).Lambda/right)
	}
	// Output:
	// r2305: 5.4e-11
	// r2408: 7.4e+01
	// r2604: 6.0e+00
}

// The plasma helps nuclei over their repulsion.
func ExampleScreening() {
	m := must(nuclide.ParseComposition("c12=0.5,o16=0.5")).Moments()
	c12 := must(nuclide.Parse("c12"))
	for _, kind := range []rate.Screening{rate.Chugunov, rate.Extended, rate.Salpeter, rate.Unscreened} {
		fmt.Printf("%v: %.2f\n", kind, math.Exp(rate.Screen(kind, 3e9, 1e7, m, c12, c12)))
	}
	// Output:
	// chugunov: 1.20
	// extended: 1.30
	// salpeter: 1.30
	// none: 1.00
}

// Own rates stand in the place of those of the library, and of their reverses.
func ExampleOwn() {
	own := rate.Own{
		Reaction: must(rate.ParseReaction("c12(a,g)o16")),
		Label:    "mine",
		Coeffs:   [][7]float64{{math.Log(2)}}, // 2 cm3/mol/s at all temperatures
	}
	library := must(must(rate.Default()).WithOwn(own))
	single := must(library.Reaction(own.Reaction, rate.Correct))
	fmt.Printf("%v (%s): %.1f\n", single, single.Source, single.Eval(3e9, 0).Lambda)
	// Output: c12 + he4 -> o16 (mine): 2.0
}

// All reactions among some nuclides, with the rates at 3e9 K.
func ExampleLinks() {
	l := links("he4 c12 o16", rate.Rules{})
	forward, reverse := make([]float64, len(l.Strong)), make([]float64, len(l.Strong))
	l.EvalStrong(3e9, forward, reverse, nil, nil)
	for i, s := range l.Strong {
		fmt.Printf("%v: %.1e, back %.1e\n", s.Reaction, forward[i], reverse[i])
	}
	fmt.Println(l.Directions(), "directions")
	// Output:
	// c12 + he4 -> o16: 7.1e-02, back 1.8e-02
	// he4 + he4 + he4 -> c12: 2.4e-10, back 7.9e-01
	// 4 directions
}

// A link is a reaction with its reverse, and says which fits it is from.
func ExampleLink() {
	for _, s := range links("h1 he4 c12 n13 n15 o16", rate.Rules{}).Strong {
		fmt.Printf("%v (%s), %.1f MeV\n", s.Reaction, s.Label, s.Q)
	}
	// Output:
	// c12 + h1 -> n13 (ls09), 1.9 MeV
	// c12 + he4 -> o16 (nac2), 7.2 MeV
	// n15 + h1 -> c12 + he4 (nacr), 5.0 MeV
	// n13 + he4 -> o16 + h1 (cf88), 5.2 MeV
	// n15 + h1 -> o16 (li10), 12.1 MeV
	// he4 + he4 + he4 -> c12 (fy05), 7.3 MeV
}

// Weak rates that change fast with temperature and density come from tables.
func ExampleWeakTable() {
	for _, w := range links("fe56 co56 ni56", rate.Rules{}).Tables {
		fmt.Printf("%v (%s), %.2f MeV\n", w.Reaction, w.Source, w.Q)
	}
	// Output:
	// fe56 -> co56 (lmp), -4.57 MeV
	// co56 -> fe56 (lmp), 4.57 MeV
	// co56 -> ni56 (lmp), -2.13 MeV
	// ni56 -> co56 (lmp), 2.13 MeV
}

// Decays without a table are constant.
func ExampleWeakFit() {
	for _, w := range links("c13 n13", rate.Rules{}).Fits {
		fmt.Printf("%v: neutrinos take %.3f of %.3f MeV\n", w.Reaction, w.QNu, w.Q)
	}
	// Output: n13 -> c13: neutrinos take 0.706 of 2.220 MeV
}

// MESA looks for classes of reactions. REACLIB has more.
func ExampleRules() {
	const light = "n h1 h2 h3 he3 he4 li6 li7 be7 be9 b8"
	for _, rules := range []rate.Rules{{}, {OneWay: true}, {All: true}} {
		fmt.Println(links(light, rules).Directions())
	}
	// Output:
	// 85
	// 88
	// 93
}

// Below a blend the weak rates of a table give way to constant ones.
func ExampleBlend() {
	for _, blend := range []rate.Blend{{}, {HeavyOff: 0.5, HeavyOn: 0.6}} {
		l := links("co56 ni56", rate.Rules{Blend: blend})
		lambda, qnu := make([]float64, l.Weak()), make([]float64, l.Weak())
		l.EvalWeak(3e8, 1e6, lambda, qnu, nil)
		for i, t := range l.Tables {
			if t.In[0].String() == "ni56" {
				fmt.Printf("half-life %.1e s\n", math.Ln2/lambda[i])
			}
		}
	}
	// Output:
	// half-life 1.9e+04 s
	// half-life 5.3e+05 s
}

// Entrance channels of the same charges share one factor.
func ExampleScreener() {
	l := links("h1 he4 c12 c13 n13 n14 o16", rate.Rules{})
	s := l.Screener(rate.Chugunov)
	e := s.NewEnhancement()
	s.Eval(1e9, 1e8, must(nuclide.ParseComposition("c12=0.5,o16=0.5")).Moments(), e)
	for i, link := range l.Strong {
		if k := s.Forward[i]; k >= 0 {
			fmt.Printf("%v: channel %d, %.2f\n", link.Reaction, k, math.Exp(e.H[k]))
		}
	}
	// Output:
	// c12 + h1 -> n13: channel 0, 1.33
	// c12 + he4 -> o16: channel 1, 1.84
	// c13 + h1 -> n14: channel 0, 1.33
	// n13 + he4 -> o16 + h1: channel 2, 2.02
	// he4 + he4 + he4 -> c12: channel 4, 1.83
}

// Logarithms of factors come with derivatives.
func ExampleEnhancement() {
	s := links("he4 c12 o16", rate.Rules{}).Screener(rate.Salpeter)
	e := s.NewEnhancement()
	s.Eval(1e9, 1e6, must(nuclide.ParseComposition("c12=0.5,o16=0.5")).Moments(), e)
	for k := range e.H { // Salpeter's H goes as T^(-3/2) rho^(1/2)
		fmt.Printf("d ln H/d ln T = %.3f, d ln H/d ln rho = %.3f\n", e.DLnT[k]/e.H[k], e.DLnRho[k]/e.H[k])
	}
	// Output:
	// d ln H/d ln T = -1.500, d ln H/d ln rho = 0.500
	// d ln H/d ln T = -1.500, d ln H/d ln rho = 0.500
}

// Tables are packed by the importer, in thousandths of a decade.
func ExampleWeakRow() {
	row := rate.WeakRow{Parent: reaclib.NewCode(28, 56), Daughter: reaclib.NewCode(27, 56), Source: rate.LMP}
	fmt.Println(len(rate.PackWeak([]rate.WeakRow{row})) > 0, len(row.Decay) == rate.WeakNodes)
	// Output: true true
}

// Of the tables that have a pair the first in this order is taken.
func ExampleWeakSource() {
	fmt.Println(rate.LMP, rate.Oda, rate.FFN)
	// Output: lmp oda ffn
}

// The fine tables of Suzuki et al. have a grid of their own.
func ExampleFineRow() {
	rhoYe, temperature := rate.FineGrid()
	row := rate.FineRow{Parent: reaclib.NewCode(11, 23), Daughter: reaclib.NewCode(10, 23),
		Rate: make([]int32, rate.FineNodes), Loss: make([]int32, rate.FineNodes)}
	fmt.Println(len(rhoYe)*len(temperature) == len(row.Rate), len(rate.PackFine([]rate.FineRow{row})) > 0)
	// Output: true true
}

// A user's own fits in the format of REACLIB replace those of the library.
func ExampleLibrary_WithFits() {
	const fits = `4
       he4  c12  o16                       mine     7.16192e+00
 6.931472e-01 0.000000e+00 0.000000e+00 0.000000e+00
 0.000000e+00 0.000000e+00 0.000000e+00
`
	library, replaced, err := must(rate.Default()).WithFits(strings.NewReader(fits), "mine.txt")
	if err != nil {
		log.Fatal(err)
	}
	single := must(library.Reaction(replaced[0], rate.Correct))
	fmt.Printf("%v (%s): %.1f\n", single, single.Source, single.Eval(3e9, 0).Lambda)
	// Output: c12 + he4 -> o16 (mine): 2.0
}
