package plasma_test

import (
	"errors"
	"fmt"
	"log"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/plasma"
)

var helium = nuclide.Moments{Abar: 4, Zbar: 2, Z2bar: 4, Ye: 0.5}

// The pressure of helium in a white dwarf is that of its electrons: it hardly depends on temperature.
func ExampleState() {
	s, err := plasma.At(1e9, 1e7, helium)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("P = %.4g erg/cm3, eta = %.3f, Gamma1 = %.3f\n", s.P.Value, s.Eta.Value, s.Gamma1)
	fmt.Printf("d ln P/d ln T = %.2f\n", s.ChiT)

	_, err = plasma.At(1, 1e7, helium)
	fmt.Println(errors.Is(err, plasma.ErrRange))
	// Output:
	// P = 1.149e+24 erg/cm3, eta = 5.566, Gamma1 = 1.467
	// d ln P/d ln T = 0.34
	// true
}

// Quantities come with their derivatives, so that Newton's method can use them.
func ExampleQuantity() {
	s, err := plasma.At(1e9, 1e7, helium)
	if err != nil {
		log.Fatal(err)
	}
	// How much hotter is helium that has 1e15 erg/g more?
	dT := 1e15 / s.E.DT
	hotter, err := plasma.AtDensityEnergy(1e7, s.E.Value+1e15, helium, 1e9)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2g K in linear order, %.2g K\n", dT, hotter.T-s.T)
	// Output: 1.3e+07 K in linear order, 1.3e+07 K
}

// Which neutrinos leave depends on the density: pairs annihilate where electrons are not degenerate.
func ExampleLosses() {
	for _, rho := range []float64{1e5, 1e11} {
		l, err := plasma.Neutrinos(2e9, rho, helium)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%g g/cm3: %.2f of all by pairs, %.2f by plasmons\n", rho, l.Pair.Value/l.Total.Value, l.Plasma.Value/l.Total.Value)
	}
	// Output:
	// 100000 g/cm3: 1.00 of all by pairs, 0.00 by plasmons
	// 1e+11 g/cm3: 0.00 of all by pairs, 1.00 by plasmons
}
