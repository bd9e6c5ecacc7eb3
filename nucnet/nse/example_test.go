package nse_test

import (
	"errors"
	"fmt"
	"log"

	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
)

// members returns the nuclides of a list.
func members(list string) []nuclide.Nuclide {
	m, err := nuclide.ParseList(list)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// In equilibrium matter of equal numbers of protons and neutrons is nickel as long as it is cool. Heat breaks it up.
func ExampleResult() {
	m := members("neut h1 he4 si28 fe52 fe54 co55 ni56")
	for _, t := range []float64{4e9, 7e9} {
		r, err := nse.Solve(m, t, 1e7, 0.5, nse.Options{})
		if err != nil {
			log.Fatal(err)
		}
		most := 0
		for i, x := range r.X {
			if x > r.X[most] {
				most = i
			}
		}
		fmt.Printf("%g GK: most of all %v\n", t/1e9, m[most])
	}
	_, err := nse.Solve(m, 5e9, 1e7, 1.1, nse.Options{})
	fmt.Println(errors.Is(err, nse.ErrInput))
	// Output:
	// 4 GK: most of all ni56
	// 7 GK: most of all he4
	// true
}

// The attraction of the electrons around them favours nuclei of high charge.
func ExampleOptions() {
	m := members("h1 he4 fe52 co55 ni56")
	for _, opt := range []nse.Options{{}, {NoCoulomb: true}} {
		r, err := nse.Solve(m, 6e9, 1e7, 0.5, opt)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("without Coulomb: %t, X(he4) = %.3f\n", opt.NoCoulomb, r.X[1])
	}
	// Output:
	// without Coulomb: false, X(he4) = 0.441
	// without Coulomb: true, X(he4) = 0.463
}
