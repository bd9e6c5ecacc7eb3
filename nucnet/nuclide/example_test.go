package nuclide_test

import (
	"errors"
	"fmt"
	"log"

	"nuclab/nucnet/nuclide"
)

// must returns v, or ends the program with the error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// Nuclides are small values that can be compared, sorted and used as keys. Any usual spelling of a name will do.
func ExampleNuclide() {
	iron := must(nuclide.Parse("56Fe"))
	fmt.Println(iron, iron.Z(), iron.N(), iron == must(nuclide.Parse("fe-56")))
	fmt.Printf("%.3f MeV bound per nucleon\n", iron.Binding()/float64(iron.A()))

	_, err := nuclide.Parse("ef56")
	fmt.Println(errors.Is(err, nuclide.ErrUnknown))
	// Output:
	// fe56 26 30 true
	// 8.790 MeV bound per nucleon
	// true
}

// Excited states multiply what there is of a nucleus in equilibrium.
func ExampleNuclide_PartitionFunction() {
	iron := must(nuclide.Parse("fe57"))
	for _, t := range []float64{1e9, 5e9} {
		g, _ := iron.PartitionFunction(t)
		fmt.Printf("%.1f at %g GK\n", g, t/1e9)
	}
	// Output:
	// 3.3 at 1 GK
	// 7.6 at 5 GK
}

// A composition is checked when it is made; the sum of mass fractions has to be 1.
func ExampleComposition() {
	c := must(nuclide.ParseComposition("si28=3, ne22=1"))
	_, err := nuclide.NewComposition(c.Nuclides, c.X)
	fmt.Println(errors.Is(err, nuclide.ErrComposition))

	c = c.Normalize()
	fmt.Println(c.Fraction(must(nuclide.Parse("si28"))), c.Sum())
	fmt.Printf("Ye = %.4f\n", c.Ye())
	// Output:
	// true
	// 0.75 1
	// Ye = 0.4886
}

// Plasma physics asks for means over the nuclei alone.
func ExampleMoments() {
	m := must(nuclide.ParseComposition("he4=0.5,c12=0.5")).Moments()
	fmt.Printf("Abar = %.0f, Zbar = %.0f, Z2bar = %.0f, Ye = %.1f\n", m.Abar, m.Zbar, m.Z2bar, m.Ye)
	// Output: Abar = 6, Zbar = 3, Z2bar = 12, Ye = 0.5
}

// The table of nuclides is made of rows like this one.
func ExampleProperties() {
	row := nuclide.Properties{Z: 2, A: 4, MassExcess: 2.42491587, Weight: 1}
	packed := must(nuclide.EncodeProperties([]float64{1e9}, []nuclide.Properties{row}))
	fmt.Println(len(packed) > 0, nuclide.Alpha.Spin() == float64(row.Weight))
	// Output: true true
}
