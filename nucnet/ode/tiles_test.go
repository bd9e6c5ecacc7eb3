package ode

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Both inverses are gonum's.
func TestInvertTile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		var a, plain, pivoting tile
		for i := range a {
			a[i] = r.NormFloat64()
		}
		for i := range tileSize {
			a[i*(tileSize+1)] += 4
		}
		if !a.invert(&plain) || !a.invertPivoting(&pivoting) {
			t.Fatal("no inverse")
		}
		var want mat.Dense
		if err := want.Inverse(mat.NewDense(tileSize, tileSize, a[:])); err != nil { // of the transpose
			t.Fatal(err)
		}
		for i, v := range want.RawMatrix().Data {
			if math.Abs(plain[i]-v) > 1e-13 || math.Abs(pivoting[i]-v) > 1e-13 {
				t.Errorf("%g and %g, want %g", plain[i], pivoting[i], v)
			}
		}
	}
	// No pivot on the diagonal.
	a := tile{0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 5}
	var inverse tile
	if a.invert(&inverse) {
		t.Error("0 is a pivot")
	}
	if !a.invertPivoting(&inverse) || inverse != (tile{0, .5, 0, 0, 1, 0, 0, 0, 0, 0, .25, 0, 0, 0, 0, .2}) {
		t.Errorf("%v", inverse)
	}
	if (&tile{}).invertPivoting(&inverse) {
		t.Error("0 has an inverse")
	}
}
