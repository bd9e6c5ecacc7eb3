package blas

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestToBF16(t *testing.T) {
	inf := float32(math.Inf(1))
	// A bfloat16 near 1 has steps of 2^-7; halves of a step go to the even one.
	for _, c := range []struct {
		x    float32
		want BF16
	}{
		{0, 0}, {float32(math.Copysign(0, -1)), 0x8000}, {1, 0x3f80}, {-2, 0xc000},
		{1 + 1./256, 0x3f80}, {1 + 3./256, 0x3f82}, {1 + 1.001/256, 0x3f81}, {-1 - 3./256, 0xbf82},
		{inf, 0x7f80}, {-inf, 0xff80}, {math.MaxFloat32, 0x7f80}, {math.SmallestNonzeroFloat32, 0},
	} {
		for _, n := range []int{1, 16, 23} { // by the loop and by the processor's instructions
			src, dst := make([]float32, n), make([]BF16, n)
			for i := range src {
				src[i] = c.x
			}
			ToBF16(dst, src)
			for i, got := range dst {
				if got != c.want {
					t.Errorf("%g becomes %#x, not %#x (element %d of %d)", c.x, got, c.want, i, n)
				}
			}
		}
	}
	src, dst := make([]float32, 21), make([]BF16, 21)
	for i := range src { // quiet and signalling ones, some with nothing in the upper half
		src[i] = math.Float32frombits(0x7f800001 + uint32(i)<<14)
	}
	ToBF16(dst, src)
	for i, v := range dst {
		if f := v.Float32(); f == f {
			t.Errorf("NaN %#x becomes %v", math.Float32bits(src[i]), f)
		}
	}
}

func TestToBF16IsTheNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	src, dst := make([]float32, 1000), make([]BF16, 1000)
	for i := range src {
		src[i] = float32(r.NormFloat64() * math.Exp(20*r.NormFloat64()))
	}
	ToBF16(dst, src)
	for i, v := range dst {
		d := math.Abs(float64(v.Float32() - src[i]))
		for _, other := range []BF16{v - 1, v + 1} {
			if e := math.Abs(float64(other.Float32() - src[i])); e < d {
				t.Fatalf("%g becomes %g, but %g is nearer", src[i], v.Float32(), other.Float32())
			}
		}
	}
}

func TestGemmBF16AgreesWithItsDefinition(t *testing.T) {
	for name, l := range libraries(t) {
		r := rand.New(rand.NewPCG(7, 8))
		for _, s := range [][3]int{{1, 1, 1}, {1, 7, 5}, {3, 1, 4}, {2, 3, 0}, {65, 200, 17}, {130, 66, 33}} {
			m, n, k := s[0], s[1], s[2]
			for _, trans := range [][2]bool{{false, false}, {true, false}, {false, true}} {
				for _, beta := range []float32{0, 1} {
					rowsA, lda, rowsB, ldb := m, k, k, n
					if trans[0] {
						rowsA, lda = k, m
					}
					if trans[1] {
						rowsB, ldb = n, k
					}
					lda, ldb, ldc := lda+2, ldb+1, n+3
					a, b := random[float32](r, rowsA*lda), random[float32](r, rowsB*ldb)
					a16, b16 := make([]BF16, len(a)), make([]BF16, len(b))
					ToBF16(a16, a)
					ToBF16(b16, b)
					got := random[float32](r, m*ldc)
					want := append([]float32(nil), got...)
					GemmBF16(l, trans[0], trans[1], m, n, k, a16, lda, b16, ldb, beta, got, ldc)
					naive(trans[0], trans[1], m, n, k, a, lda, b, ldb, beta, want, ldc)
					for i := range want {
						if got[i] != want[i] {
							t.Fatalf("%s: %v trans %v beta %v: element %d is %v, not %v", name, s, trans, beta, i, got[i], want[i])
						}
					}
				}
			}
		}
	}
}

// What is missing is said with the library's name.
func TestFastBF16(t *testing.T) {
	if err := Gonum().FastBF16(); err == nil || !strings.Contains(err.Error(), "by gonum") {
		t.Errorf("error %v", err)
	}
	for name, l := range libraries(t) {
		if err := l.FastBF16(); err == nil && !l.HasBF16() {
			t.Errorf("%s is said to be fast with what it has not", name)
		}
	}
}

func BenchmarkToBF16(b *testing.B) {
	src, dst := make([]float32, 1<<20), make([]BF16, 1<<20)
	b.SetBytes(6 << 20)
	for b.Loop() {
		ToBF16(dst, src)
	}
}
