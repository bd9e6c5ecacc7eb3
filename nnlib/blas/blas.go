package blas

import (
	"fmt"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Float is the set of element types that the routines work on.
type Float interface{ float32 | float64 }

// Library is one implementation of the products. Its methods and the
// functions that take it are safe for concurrent use.
type Library struct {
	// Version of the library, "" when it does not say.
	Version string
	// Path of the file that was loaded, "" for gonum.
	Path string
	// Core is the processor family whose kernels OpenBLAS chose, "" for others.
	Core string

	kind   string
	native *routines // nil: gonum
}

var gonumLibrary = &Library{}

// Gonum returns the pure Go fallback, which is always there.
func Gonum() *Library { return gonumLibrary }

var std = sync.OnceValues(find)

// Default returns the library that was found on this machine. It searches on
// its first call.
func Default() *Library {
	l, _ := std()
	return l
}

var noticed atomic.Bool

// Notice returns, on its first call only, a sentence for the user when
// [Default] fell back to gonum or is not the library that was asked for, and ""
// otherwise.
func Notice() string {
	l, err := std()
	switch {
	case err == nil || !noticed.CompareAndSwap(false, true):
		return ""
	case l.Native():
		return fmt.Sprintf("%v: products are by %s", err, l.Name())
	}
	return fmt.Sprintf("no OpenBLAS (%v): training uses gonum's BLAS, about ten times slower; `pip install scipy-openblas32` or libopenblas0 brings it", err)
}

// Name says which library [Default] is, for people and logs.
func Name() string { return Default().Name() }

// Native reports whether l is a compiled library rather than gonum.
func (l *Library) Native() bool { return l.native != nil }

// Name is the library's name with its version, for OpenBLAS its processor
// family, and its file.
func (l *Library) Name() string {
	if l.native == nil {
		return "gonum"
	}
	s := l.kind
	if l.Version != "" {
		s += " " + l.Version
	}
	if l.Core != "" {
		s += " " + l.Core
	}
	return s + " (" + l.Path + ")"
}

// Gemm computes C = op(A) op(B) + beta C, where op(A) is m x k, op(B) is k x n
// and C is m x n, and op transposes where its flag is set. lda, ldb and ldc are
// the distances of rows as stored. beta = 0 overwrites whatever C held, NaN
// included. It panics, like gonum's, when a slice is too short for its shape.
func Gemm[T Float](l *Library, transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	check("A", len(a), m, k, lda, transA)
	check("B", len(b), k, n, ldb, transB)
	check("C", len(c), m, n, ldc, false)
	if k == 0 {
		scale(m, n, beta, c, ldc)
		return
	}
	switch {
	case l.native == nil:
		gonumGemm(transA, transB, m, n, k, a, lda, b, ldb, beta, c, ldc)
	case m == 1 && !transA:
		// A matrix-vector product reads B once; the general routine packs it first.
		rows, cols := k, n
		if transB {
			rows, cols = n, k
		}
		gemv(l.native, !transB, rows, cols, b, ldb, a, beta, c)
	default:
		gemm(l.native, transA, transB, m, n, k, a, lda, b, ldb, beta, c, ldc)
	}
}

// ColSum writes the sums of the columns of the rows x cols matrix A to dst.
// ones is at least rows ones; it belongs to the caller so that nothing is
// allocated here.
func ColSum[T Float](l *Library, rows, cols int, a []T, lda int, ones, dst []T) {
	if cols == 0 {
		return
	}
	check("A", len(a), rows, cols, lda, false)
	if l.native != nil && rows > 0 {
		gemv(l.native, true, rows, cols, a, lda, ones[:rows], 0, dst[:cols])
		return
	}
	dst = dst[:cols]
	clear(dst)
	for r := range rows {
		for j, v := range a[r*lda : r*lda+cols] {
			dst[j] += v
		}
	}
}

func scale[T Float](m, n int, beta T, c []T, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		for j := range row {
			if beta == 0 {
				row[j] = 0
			} else {
				row[j] *= beta
			}
		}
	}
}

func check(name string, have, rows, cols, ld int, trans bool) {
	if trans {
		rows, cols = cols, rows
	}
	if rows == 0 || cols == 0 {
		return
	}
	if ld < cols || have < (rows-1)*ld+cols {
		panic(fmt.Sprintf("blas: %s has %d elements, row distance %d: too short for %d x %d", name, have, ld, rows, cols))
	}
}

// Gonum's routine starts goroutines of its own from four blocks of 64 x 64 on;
// pieces of one by three blocks keep it on the calling thread.
const gonumRows, gonumCols = 64, 192

func gonumGemm[T Float](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	tA, tB := blas.NoTrans, blas.NoTrans
	if transA {
		tA = blas.Trans
	}
	if transB {
		tB = blas.Trans
	}
	for i := 0; i < m; i += gonumRows {
		ap := a
		if transA {
			ap = a[i:]
		} else {
			ap = a[i*lda:]
		}
		for j := 0; j < n; j += gonumCols {
			bp := b
			if transB {
				bp = b[j*ldb:]
			} else {
				bp = b[j:]
			}
			cp := c[i*ldc+j:]
			mi, nj := min(gonumRows, m-i), min(gonumCols, n-j)
			switch ap := any(ap).(type) {
			case []float32:
				gonum.Implementation{}.Sgemm(tA, tB, mi, nj, k, 1, ap, lda, any(bp).([]float32), ldb, float32(beta), any(cp).([]float32), ldc)
			case []float64:
				gonum.Implementation{}.Dgemm(tA, tB, mi, nj, k, 1, ap, lda, any(bp).([]float64), ldb, float64(beta), any(cp).([]float64), ldc)
			}
		}
	}
}
