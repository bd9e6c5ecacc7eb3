package blas

import (
	"fmt"
	"math"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// BF16 is a number with the sign, the exponent and the first 7 bits of the
// fraction of a float32.
type BF16 uint16

// ToBF16 rounds src to the nearest, of two equally near ones to the even, and
// writes it to dst, which is as long. NaN stays NaN.
func ToBF16(dst []BF16, src []float32) {
	dst = dst[:len(src)]
	for i := simdBF16(dst, src); i < len(src); i++ {
		b := math.Float32bits(src[i])
		if src[i] != src[i] {
			dst[i] = BF16(b>>16 | 0x40)
			continue
		}
		dst[i] = BF16((b + 0x7fff + b>>16&1) >> 16)
	}
}

// Float32 returns the same number in single precision.
func (b BF16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// HasBF16 reports whether l multiplies BF16 itself.
func (l *Library) HasBF16() bool { return l.native != nil && l.native.bf16 != 0 }

// FastBF16 returns nil where products of BF16 by l take less time than those of
// float32, and else an error that says what is missing: the library's routine, or
// instructions for them (AMX or AVX512) in this processor.
func (l *Library) FastBF16() error {
	switch {
	case !l.HasBF16():
		return fmt.Errorf("products are by %s, which has none of bf16; MKL has (pip install mkl, or NUCLAB_MKL names its file)", l.Name())
	case cpu.X86.HasAMXBF16 && cpu.X86.HasAMXTile || cpu.X86.HasAVX512BF16:
		return nil
	}
	return fmt.Errorf("this processor has no instructions for products of bf16 (AMX or AVX512): %s would imitate them, slower than float32", l.Name())
}

// GemmBF16 is [Gemm] of matrices in BF16 whose products, which are exact, are
// summed and stored as float32. Where l has no such routine ([Library.HasBF16])
// it multiplies them as float32, which allocates.
func GemmBF16(l *Library, transA, transB bool, m, n, k int, a []BF16, lda int, b []BF16, ldb int, beta float32, c []float32, ldc int) {
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
	if !l.HasBF16() {
		Gemm(l, transA, transB, m, n, k, widened(a, m, k, lda, transA), lda, widened(b, k, n, ldb, transB), ldb, beta, c, ldc)
		return
	}
	p := calls.Get().(*call)
	p.data = [3]unsafe.Pointer{unsafe.Pointer(&a[0]), unsafe.Pointer(&b[0]), unsafe.Pointer(&c[0])}
	f, alpha, bt := scalars(p, l.native.bf16, 0, beta)
	p.gemm(f, transA, transB, m, n, k, lda, ldb, ldc, alpha, bt)
}

// widened returns what a product reads of a matrix as float32.
func widened(x []BF16, rows, cols, ld int, trans bool) []float32 {
	if trans {
		rows, cols = cols, rows
	}
	w := make([]float32, (rows-1)*ld+cols)
	for i := range w {
		w[i] = x[i].Float32()
	}
	return w
}
