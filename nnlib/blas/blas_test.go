package blas

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// libraries are gonum and, where this machine has them, OpenBLAS and MKL.
func libraries(t testing.TB) map[string]*Library {
	ls := map[string]*Library{"gonum": Gonum()}
	if l, err := findOpenBLAS(os.Getenv("NUCLAB_OPENBLAS")); err == nil {
		ls["openblas"] = l
	} else if strings.Contains(os.Getenv("NUCLAB_TEST_REQUIRE"), "openblas") {
		t.Fatalf("OpenBLAS is required here: %v", err)
	}
	if l := mkl(); l != nil {
		ls["mkl"] = l
	}
	return ls
}

// mkl returns the MKL of this machine, nil where it has none.
func mkl() *Library {
	for _, p := range append([]string{os.Getenv("NUCLAB_MKL")}, foundMKL()...) {
		if l, err := OpenMKL(p); err == nil {
			return l
		}
	}
	return nil
}

func random[T Float](r *rand.Rand, n int) []T {
	s := make([]T, n)
	for i := range s {
		// Small integers: every product and sum is exact in either precision,
		// so that a result is right or wrong, whatever the order of sums.
		s[i] = T(r.IntN(9) - 4)
	}
	return s
}

func naive[T Float](tA, tB bool, m, n, k int, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	for i := range m {
		for j := range n {
			var s T
			for l := range k {
				x, y := l*ldb+j, i*lda+l
				if tA {
					y = l*lda + i
				}
				if tB {
					x = j*ldb + l
				}
				s += a[y] * b[x]
			}
			c[i*ldc+j] = s + beta*c[i*ldc+j]
		}
	}
}

func testGemm[T Float](t *testing.T, l *Library) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{1, 1, 1}, {1, 7, 5}, {3, 1, 4}, {2, 3, 0}, {65, 200, 17}, {130, 66, 33}, {1, 300, 130}} {
		m, n, k := s[0], s[1], s[2]
		for _, trans := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			for _, beta := range []T{0, 1} {
				rowsA, lda, rowsB, ldb := m, k, k, n
				if trans[0] {
					rowsA, lda = k, m
				}
				if trans[1] {
					rowsB, ldb = n, k
				}
				lda, ldb, ldc := lda+2, ldb+1, n+3 // rows lie apart
				a, b := random[T](r, rowsA*lda), random[T](r, rowsB*ldb)
				got := random[T](r, m*ldc)
				want := append([]T(nil), got...)
				Gemm(l, trans[0], trans[1], m, n, k, a, lda, b, ldb, beta, got, ldc)
				naive(trans[0], trans[1], m, n, k, a, lda, b, ldb, beta, want, ldc)
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%v trans %v beta %v: element %d is %v, not %v", s, trans, beta, i, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestGemmAgreesWithItsDefinition(t *testing.T) {
	for name, l := range libraries(t) {
		t.Run(name+"/float32", func(t *testing.T) { testGemm[float32](t, l) })
		t.Run(name+"/float64", func(t *testing.T) { testGemm[float64](t, l) })
	}
}

func TestColSum(t *testing.T) {
	for name, l := range libraries(t) {
		t.Run(name, func(t *testing.T) {
			a := []float32{1, 2, 3, -1, 4, 5, 6, -1} // 2 x 3, rows 4 apart
			got := make([]float32, 3)
			ColSum(l, 2, 3, a, 4, []float32{1, 1}, got)
			if got[0] != 5 || got[1] != 7 || got[2] != 9 {
				t.Errorf("column sums %v, not [5 7 9]", got)
			}
		})
	}
}

// A row of a product must not depend on how many rows are computed with it:
// then a product may be split among any number of workers without changing a bit.
func TestSplitProductsAreTheSameBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const m, n, k = 96, 160, 211
	a, b := make([]float32, m*k), make([]float32, k*n)
	for i := range a {
		a[i] = float32(r.NormFloat64())
	}
	for i := range b {
		b[i] = float32(r.NormFloat64())
	}
	for name, l := range libraries(t) {
		t.Run(name, func(t *testing.T) {
			whole, parts := make([]float32, m*n), make([]float32, m*n)
			Gemm(l, false, false, m, n, k, a, k, b, n, 0, whole, n)
			for i := 0; i < m; i += 48 {
				Gemm(l, false, false, 48, n, k, a[i*k:], k, b, n, 0, parts[i*n:], n)
			}
			for i := range whole {
				if whole[i] != parts[i] {
					t.Fatalf("element %d: %v in one piece, %v in two", i, whole[i], parts[i])
				}
			}
		})
	}
}

func TestGemmDoesNotAllocate(t *testing.T) {
	for name, l := range libraries(t) {
		if !l.Native() {
			continue // gonum is not ours to fix
		}
		a, b, c := make([]float32, 64), make([]float32, 64), make([]float32, 64)
		if n := testing.AllocsPerRun(100, func() { Gemm(l, false, true, 8, 8, 8, a, 8, b, 8, 0, c, 8) }); n != 0 {
			t.Errorf("%s: %v allocations a call", name, n)
		}
	}
}

func TestGemmRefusesShortSlices(t *testing.T) {
	for name, l := range libraries(t) {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a C of 3 elements was taken for 2 x 2", name)
				}
			}()
			Gemm(l, false, false, 2, 2, 2, make([]float64, 4), 2, make([]float64, 4), 2, 0, make([]float64, 3), 2)
		}()
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "nothing.so")); err == nil || !strings.Contains(err.Error(), "nothing.so") {
		t.Errorf("opening a missing file: %v", err)
	}
	if _, err := Open("libc.so.6"); err != nil && !strings.Contains(err.Error(), "sgemm_") && !strings.Contains(err.Error(), "libc.so.6") {
		t.Errorf("opening a library without products: %v", err)
	} else if err == nil {
		t.Error("libc was taken for an OpenBLAS")
	}
}

func TestNoticeIsSaidOnce(t *testing.T) {
	noticed.Store(false)
	first, second := Notice(), Notice()
	if second != "" {
		t.Errorf("said again: %q", second)
	}
	if Default().Native() != (first == "") {
		t.Errorf("native %v, notice %q", Default().Native(), first)
	}
}

func BenchmarkGemm(b *testing.B) {
	for name, l := range libraries(b) {
		for _, s := range [][3]int{{512, 2048, 2048}, {512, 256, 256}, {1, 2048, 2048}, {8, 8, 8}} {
			m, n, k := s[0], s[1], s[2]
			b.Run(fmt.Sprintf("%s/%dx%dx%d", name, m, n, k), func(b *testing.B) {
				x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
				for i := range x {
					x[i] = 1
				}
				for b.Loop() {
					Gemm(l, false, false, m, n, k, x, k, y, n, 0, z, n)
				}
				b.ReportMetric(2*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
