package star_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"strings"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/star"
)

// must returns v, or ends the program with the error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// iron returns a core of iron in free fall, which is quick to follow.
func iron() star.Core {
	net := must(nucnet.New("iron", must(nuclide.ParseList("fe56"))))
	return star.Core{Network: net, X: []float64{1}, Mass: 1.6, Law: star.FreeFall, Rho: 1e8, EndRho: 1e9}
}

// An evolution begins slowly, unless it is told to fall, and then collapses.
func ExampleEvolution() {
	e := must(iron().Evolve(context.Background(), nil))
	last := e.Points[len(e.Points)-1]
	fmt.Printf("collapse from point %d on, to more than 5e8 g/cm3: %t\n", e.Collapse, last.Rho > 5e8)
	// Output: collapse from point 0 on, to more than 5e8 g/cm3: true
}

// What falls without losses keeps its entropy: the work of gravity becomes internal energy.
func ExampleBudget() {
	e := must(iron().Evolve(context.Background(), nil))
	first, last := e.Budgets[0], e.Budgets[len(e.Budgets)-1]
	gain := last.Internal - first.Internal
	books := last.Work + last.Nuclear - last.WeakNu - last.ThermalNu
	fmt.Printf("energy is accounted for: %t\n", math.Abs(gain-books) < 1e-3*last.Work)
	// Output: energy is accounted for: true
}

// What makes a core contract is its weight, or nothing holds it up at all.
func ExampleLaw() {
	core := iron()
	core.EndRho = 1.2e8
	fall := must(core.Evolve(context.Background(), nil))
	core.Law = star.Virial
	slow := must(core.Evolve(context.Background(), nil))
	time := func(e *star.Evolution) float64 { return e.Points[len(e.Points)-1].Time }
	fmt.Println("equilibrium is slower:", time(slow) > 100*time(fall))
	// Output: equilibrium is slower: true
}

// A track holds what happens to matter in the course of time, wherever it is from.
func ExampleTrack() {
	track := star.Track{
		Nuclides: must(nuclide.ParseList("si28")),
		Points: []star.Point{
			{Time: 0, T: 2e9, Rho: 1e7, Ye: 0.5, X: []float64{1}},
			{Time: 60, Dt: 60, T: 3e9, Rho: 1e8, Ye: 0.5, X: []float64{1}},
		},
	}
	for _, p := range track.Points {
		fmt.Printf("%2g s: %g K\n", p.Time, p.T)
	}
	// Output:
	//  0 s: 2e+09 K
	// 60 s: 3e+09 K
}

// Points of an evolution can be watched while it is computed.
func ExamplePoint() {
	hottest := 0.0
	must(iron().Evolve(context.Background(), func(p star.Point) { hottest = max(hottest, p.T) }))
	fmt.Println(hottest > 1e9)
	// Output: true
}

// A profile of MESA has a row for every layer.
const profile = `          1
version_number
"r23.05.1"

     1      2       3                4                5          6
     zone   mass    temperature      logRho           si28       fe56
     1      1.5     2.0E9            7.0              1.0        0.0
     2      1.0     5.0E9            9.0              0.1        0.9
`

// Logs of MESA are read by the names of their columns.
func ExampleLogs() {
	logs := must(star.ReadLogs(strings.NewReader(profile), "profile1.data"))
	fmt.Println(logs.Len(), "rows of", logs.Columns(), "from", must(logs.Header("version_number")))
	_, err := logs.Column("temprature")
	fmt.Println(err)
	// Output:
	// 2 rows of [zone mass temperature logRho si28 fe56] from r23.05.1
	// star: profile1.data: "temprature": no such column; there are 6
}

// Zones of a profile are states that can be burnt.
func ExampleZone() {
	logs := must(star.ReadLogs(strings.NewReader(profile), "profile1.data"))
	nuclides, zones, err := logs.Zones()
	if err != nil {
		log.Fatal(err)
	}
	for _, z := range zones {
		fmt.Printf("within %.1f solar masses: %g K, %.0e g/cm3, X(%v) = %g\n", z.Mass, z.T, z.Rho, nuclides[0], z.X[0])
	}
	// Output:
	// within 1.5 solar masses: 2e+09 K, 1e+07 g/cm3, X(si28) = 1
	// within 1.0 solar masses: 5e+09 K, 1e+09 g/cm3, X(si28) = 0.1
}
