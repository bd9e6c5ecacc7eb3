package vm

import (
	gblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	G "gorgonia.org/gorgonia"

	"nuclab/nnlib/blas"
)

// UseBLAS makes Gorgonia's own operations and machines multiply matrices with
// the library. It is a setting of the whole process.
func UseBLAS(l *blas.Library) { G.Use(stockBLAS{l: l}) }

// stockBLAS has all of gonum's routines, with the products of l.
type stockBLAS struct {
	gonum.Implementation
	l *blas.Library
}

func (s stockBLAS) Sgemm(tA, tB gblas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if alpha != 1 {
		s.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	blas.Gemm(s.l, tA != gblas.NoTrans, tB != gblas.NoTrans, m, n, k, a, lda, b, ldb, beta, c, ldc)
}

func (s stockBLAS) Dgemm(tA, tB gblas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if alpha != 1 {
		s.Implementation.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	blas.Gemm(s.l, tA != gblas.NoTrans, tB != gblas.NoTrans, m, n, k, a, lda, b, ldb, beta, c, ldc)
}
