package plasma

import (
	"fmt"
	"testing"

	"nuclab/nucnet/nuclide"
)

// Dilute and cold, silicon burning, collapse, pairs alone, and the densest that is integrated rather than expanded.
var benchStates = [][2]float64{{1e6, 1e-6}, {3e9, 1e8}, {8e9, 1e10}, {1e10, 1e2}, {1e10, 1e11}, {1e7, 1e9}}

func BenchmarkAt(b *testing.B) {
	for _, c := range benchStates {
		b.Run(fmt.Sprintf("T=%g,rho=%g", c[0], c[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := At(c[0], c[1], nuclide.Moments{Abar: 30, Ye: 0.48}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAtDensityEnergy(b *testing.B) {
	m := nuclide.Moments{Abar: 30, Ye: 0.48}
	s, err := At(3e9, 1e8, m)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AtDensityEnergy(1e8, s.E.Value, m, 2.9e9); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNeutrinos(b *testing.B) {
	for _, c := range [][2]float64{{3e9, 1e7}, {3e9, 1e9}} { // weakly degenerate, liquid metal
		b.Run(fmt.Sprintf("T=%g,rho=%g", c[0], c[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Neutrinos(c[0], c[1], nuclide.Moments{Abar: 30, Ye: 0.48}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
