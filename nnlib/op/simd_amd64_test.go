package op

import (
	"math"
	"math/rand/v2"
	"testing"
)

// withoutSIMD runs f with the Go loops alone.
func withoutSIMD(f func()) {
	have := haveAVX2
	defer func() { haveAVX2 = have }()
	haveAVX2 = false
	f()
}

// The assembler code must give the bits of the Go code, also in the elements
// that are left over, and for what is not a number.
func TestSIMDGivesTheSameBits(t *testing.T) {
	if !haveAVX2 {
		t.Skip("this processor has no AVX2")
	}
	r := rand.New(rand.NewPCG(9, 9))
	same := func(what string, n int, got, want []float32) {
		t.Helper()
		for i := range want {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(got[i] != got[i] && want[i] != want[i]) {
				t.Fatalf("%s of %d elements: element %d is %v, not %v", what, n, i, got[i], want[i])
			}
		}
	}
	for _, n := range []int{0, 1, 7, 8, 9, 16, 80, 151, 1000} {
		random := func() []float32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(r.NormFloat64() * 30)
				switch r.IntN(20) {
				case 0:
					x[i] = 0
				case 1:
					x[i] = float32(math.NaN())
				case 2:
					x[i] = float32(math.Inf(1 - 2*r.IntN(2)))
				}
			}
			return x
		}
		x, y := random(), random()
		clone := func(x []float32) []float32 { return append([]float32(nil), x...) }

		a, b := clone(x), clone(x)
		relu32(a)
		withoutSIMD(func() { relu32(b) })
		same("ReLU", n, a, b)

		c, d := clone(y), clone(y)
		reluGrad32(c, a, y)
		withoutSIMD(func() { reluGrad32(d, a, y) })
		same("its gradient", n, c, d)

		e, f := make([]float32, n), make([]float32, n)
		expAll(e, x, 1.5)
		withoutSIMD(func() { expAll(f, x, 1.5) })
		same("exp", n, e, f)

		g, h := clone(y), clone(y)
		elu32(g)
		withoutSIMD(func() { elu32(h) })
		same("ELU", n, g, h)

		k, l := clone(x), clone(x)
		Approach(k, y, 0.9)
		withoutSIMD(func() { Approach(l, y, 0.9) })
		same("an average", n, k, l)

		var w, m, v [2][]float32
		m0, v0 := random(), random()
		for i := range v0 {
			v0[i] = float32(math.Abs(float64(v0[i])))
		}
		for i := range 2 {
			w[i], m[i], v[i] = clone(x), clone(m0), clone(v0)
		}
		factors := AdamFactors[float32]{0.9, 0.999, 1e-3, 1.25, 1e-8, 0.7, 0.99}
		Adam(w[0], y, m[0], v[0], factors)
		withoutSIMD(func() { Adam(w[1], y, m[1], v[1], factors) })
		same("Adam's w", n, w[0], w[1])
		same("Adam's m", n, m[0], m[1])
		same("Adam's v", n, v[0], v[1])
	}
}
