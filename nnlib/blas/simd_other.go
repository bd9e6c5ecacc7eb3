//go:build !amd64

package blas

// Without code for this processor nothing is done ahead of the Go loop.
func simdBF16([]BF16, []float32) int { return 0 }
