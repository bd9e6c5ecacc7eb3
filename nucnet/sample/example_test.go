package sample_test

import (
	"context"
	"fmt"
	"log"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/sample"
)

func ExampleSobol() {
	s, err := sample.NewSobol(2, 0)
	if err != nil {
		log.Fatal(err)
	}
	point := make([]float64, 2)
	for i := range uint64(4) {
		fmt.Println(s.At(i, point))
	}
	// Output:
	// [0 0]
	// [0.5 0.5]
	// [0.75 0.25]
	// [0.25 0.75]
}

func ExampleSampler_At() {
	nuclides, err := nuclide.ParseList("neut, h1, he4, c12, o16, si28, si30, fe54, fe56, ni56, ni58")
	if err != nil {
		log.Fatal(err)
	}
	s, err := sample.New(sample.Design{Nuclides: nuclides, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	p, err := s.At(context.Background(), 12345)
	if err != nil {
		log.Fatal(err)
	}
	m := nuclide.MomentsOf(nuclides, p.X)
	fmt.Printf("Ye wanted and made differ by less than 1e-14: %v\n", max(m.Ye-p.Ye, p.Ye-m.Ye) < 1e-14)
	// Output: Ye wanted and made differ by less than 1e-14: true
}
