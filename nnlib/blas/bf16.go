package blas

import (
	"math"
	"runtime"
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

// HasBF16 reports whether l multiplies BF16.
func (l *Library) HasBF16() bool { return l.native != nil && l.native.bf16 != 0 }

// FastBF16 reports whether this processor has instructions for products of BF16
// (AMX or AVX512). Without them they take longer than those of float32.
func FastBF16() bool {
	return runtime.GOARCH == "amd64" && (cpu.X86.HasAMXBF16 && cpu.X86.HasAMXTile || cpu.X86.HasAVX512BF16)
}

// GemmBF16 is [Gemm] of matrices in BF16 whose products are summed and stored as
// float32. l must have it ([Library.HasBF16]).
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
	p := calls.Get().(*call)
	p.data = [3]unsafe.Pointer{unsafe.Pointer(&a[0]), unsafe.Pointer(&b[0]), unsafe.Pointer(&c[0])}
	f, alpha, bt := scalars(p, l.native.bf16, 0, beta)
	p.gemm(f, transA, transB, m, n, k, lda, ldb, ldc, alpha, bt)
}
