package approx21_test

import (
	"fmt"
	"log"
	"slices"

	"nuclab/nucnet/approx21"
	"nuclab/nucnet/nuclide"
)

// must returns v, or ends the program with the error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// matter returns molar abundances in the order of the network.
func matter(n *approx21.Network, composition string) []float64 {
	c := must(nuclide.ParseComposition(composition))
	y := make([]float64, len(n.Nuclides()))
	for i, m := range n.Nuclides() {
		y[i] = c.Fraction(m) / float64(m.A())
	}
	return y
}

// evaluator returns an evaluator ready at 3e9 K and 1e7 g/cm3, and conditions without screening and weak rates.
func evaluator(n *approx21.Network) (*approx21.Evaluator, *approx21.Conditions) {
	e := must(n.NewEvaluator(approx21.Options{NoWeak: true}))
	e.Begin(3e9, 1e7)
	factor := make([]float64, e.Screener().Channels+1)
	for i := range factor {
		factor[i] = 1
	}
	return e, &approx21.Conditions{Factor: factor, Weak: make([]float64, approx21.WeakCount), WeakSlope: make([]float64, approx21.WeakCount)}
}

// A small network has few nuclides, and flows that stand for many reactions.
func ExampleNetwork() {
	n := must(approx21.New("approx21_cr60_plus_co56"))
	fmt.Println(n.Name(), len(n.Nuclides()), "nuclides,", len(n.Flows()), "flows")
	// Output: approx21_cr60_plus_co56 22 nuclides, 39 flows
}

// Flows stand for several reactions, and may have halves of nuclides.
func ExampleFlow() {
	n := must(approx21.New("approx21"))
	for _, f := range n.Flows() {
		if r, times := n.Reaction(&f); times > 1 {
			fmt.Printf("%s: %g times are %v\n", f.Text, times, r)
		}
	}
	// Output: n14 + 1.5 he4 -> ne20: 2 times are n14 + n14 + he4 + he4 + he4 -> ne20 + ne20
}

// What happens to carbon and helium at 3e9 K?
func ExampleFlux() {
	n := must(approx21.New("approx21"))
	e, at := evaluator(n)
	fluxes := make([]approx21.Flux, len(n.Flows()))
	e.Fluxes(matter(n, "he4=0.5,c12=0.5"), at, fluxes)
	most := 0
	for i, f := range fluxes {
		if f.Forward > fluxes[most].Forward {
			most = i
		}
	}
	fmt.Println(n.Flows()[most].Text)
	// Output: 2 c12 -> ne20 + he4
}

// An evaluator gives the time derivatives of abundances; nucleons are conserved.
func ExampleEvaluator() {
	n := must(approx21.New("approx21"))
	e, at := evaluator(n)
	slope := make([]float64, n.Rows())
	e.Slope(matter(n, "he4=0.5,c12=0.5"), at, slope)
	sum, largest := 0.0, 0.0
	for i, m := range n.Nuclides() {
		sum += float64(m.A()) * slope[i]
		largest = max(largest, float64(m.A())*slope[i])
	}
	fmt.Println(largest > 0, max(sum, -sum) < 1e-12*largest)
	// Output: true true
}

// Screening factors and weak rates are handed in, so that a caller may compute them less often.
func ExampleConditions() {
	n := must(approx21.New("approx21"))
	e, at := evaluator(n)
	y := matter(n, "he4=1")
	pace := func() float64 {
		slope := make([]float64, n.Rows())
		e.Slope(y, at, slope)
		return slope[slices.Index(n.Nuclides(), nuclide.Alpha)]
	}
	plain := pace()
	for i := range at.Factor {
		at.Factor[i] = 2
	}
	fmt.Printf("%.1f times as fast\n", pace()/plain)
	// Output: 2.0 times as fast
}

// The physics of an evaluator is chosen once.
func ExampleOptions() {
	n := must(approx21.New("approx21"))
	e := must(n.NewEvaluator(approx21.Options{}))
	lambda, slope := make([]float64, approx21.WeakCount), make([]float64, approx21.WeakCount)
	e.EvalWeak(5e9, 1e8, lambda, slope)
	weak := 0
	for _, l := range lambda {
		if l > 0 {
			weak++
		}
	}
	fmt.Println(weak == approx21.WeakCount)
	// Output: true
}
