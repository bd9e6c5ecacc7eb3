package sample_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/sample"
)

// A design fixes what points are like; its zero values are the ranges of the paper.
func ExampleDesign() {
	d := sample.Design{LogT: [2]float64{9.6, 9.8}}.WithDefaults()
	fmt.Println(d.Generator, d.LogT, d.LogRho, d.Ye)
	// Output: paper [9.6 9.8] [7 9] [0.45 0.5]
}

// Compositions are made in several ways, which can be mixed.
func ExampleGenerator() {
	nuclides, err := nuclide.ParseList("neut h1 he4 c12 si28 fe54 fe56 ni56")
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range []sample.Generator{sample.Paper, sample.NSE, "paper:3,nse:1", "papr"} {
		_, err := sample.New(sample.Design{Nuclides: nuclides, Generator: g})
		fmt.Println(g, errors.Is(err, sample.ErrGenerator))
	}
	// Output:
	// paper false
	// nse false
	// paper:3,nse:1 false
	// papr true
}

// A point depends on the design and on its number alone, whoever asks for it and when.
func ExamplePoint() {
	nuclides, err := nuclide.ParseList("neut h1 he4 c12 si28 fe54 fe56 ni56")
	if err != nil {
		log.Fatal(err)
	}
	var points [2]sample.Point
	for i := range points {
		s, err := sample.New(sample.Design{Nuclides: nuclides, Seed: 3})
		if err != nil {
			log.Fatal(err)
		}
		if points[i], err = s.At(context.Background(), 100); err != nil {
			log.Fatal(err)
		}
	}
	a, b := points[0], points[1]
	fmt.Println(a.T == b.T, a.X[4] == b.X[4], a.T >= 1.5e9, a.Ye <= 0.5)
	// Output: true true true true
}
