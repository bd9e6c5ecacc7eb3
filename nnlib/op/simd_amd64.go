package op

import "golang.org/x/sys/cpu"

var haveAVX2 = cpu.X86.HasAVX2

//go:noescape
func reluAVX2(y *float32, n int)

//go:noescape
func reluGradAVX2(dst, y, dy *float32, n int)

//go:noescape
func adamAVX2(w, dw, m, v *float32, n int, f *adamFactors)

//go:noescape
func eluAVX2(y, e *float32, n int)

//go:noescape
func approachAVX2(mean, v *float32, n int, past float32)

//go:noescape
func expAVX2(dst, x *float32, n int, shift float32, c *expConstants)

// Each of the following does as many elements as it can, from the first, and
// returns their number.

func simdReLU(y []float32) int {
	n := len(y) &^ 7
	if !haveAVX2 || n == 0 {
		return 0
	}
	reluAVX2(&y[0], n)
	return n
}

func simdReLUGrad(dst, y, dy []float32) int {
	n := len(dst) &^ 7
	if !haveAVX2 || n == 0 {
		return 0
	}
	reluGradAVX2(&dst[0], &y[:n][0], &dy[:n][0], n)
	return n
}

func simdAdam(w, g, m, v []float32, f *adamFactors) int {
	n := len(w) &^ 7
	if !haveAVX2 || n == 0 {
		return 0
	}
	adamAVX2(&w[0], &g[:n][0], &m[:n][0], &v[:n][0], n, f)
	return n
}

func simdELU(y, e []float32) int {
	n := len(y) &^ 7
	if !haveAVX2 || n == 0 {
		return 0
	}
	eluAVX2(&y[0], &e[:n][0], n)
	return n
}

func simdApproach(mean, v []float32, past float32) int {
	n := len(mean) &^ 7
	if !haveAVX2 || n == 0 {
		return 0
	}
	approachAVX2(&mean[0], &v[:n][0], n, past)
	return n
}

func simdExp(dst, x []float32, shift float32) int {
	n := len(x) &^ 7
	if !haveAVX2 || n == 0 {
		return 0
	}
	expAVX2(&dst[:n][0], &x[0], n, shift, &expTable)
	return n
}
