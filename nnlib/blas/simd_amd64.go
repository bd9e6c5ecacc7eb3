package blas

import "golang.org/x/sys/cpu"

var haveAVX2 = cpu.X86.HasAVX2

//go:noescape
func bf16AVX2(dst *BF16, src *float32, n int)

// simdBF16 does as many elements as it can, from the first, and returns their number.
func simdBF16(dst []BF16, src []float32) int {
	n := len(src) &^ 15
	if !haveAVX2 || n == 0 {
		return 0
	}
	bf16AVX2(&dst[:n][0], &src[0], n)
	return n
}
