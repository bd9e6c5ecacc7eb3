package nucnet

// width is the count of numbers in a vector.
const width = 4

// tiled returns the number of vectors that n numbers take.
func tiled(n int) int { return (n + width - 1) / width }

// vectors returns n numbers, with what completes a vector behind them.
func vectors(n int) []float64 { return make([]float64, n, tiled(n)*width) }

// follow stores in dst what base becomes where its logarithm has the gradient
// (g0, g1) and the variables have moved by d0 and d1: the exponential to second
// order. All come from vectors.
func follow(dst, base, g0, g1 []float64, d0, d1 float64) {
	if vectorised && len(dst) > 0 {
		followVectors(&dst[0], &base[0], &g0[0], &g1[0], d0, d1, tiled(len(dst)))
		return
	}
	base, g0, g1 = base[:len(dst)], g0[:len(dst)], g1[:len(dst)]
	for i, f := range base {
		z := g0[i]*d0 + g1[i]*d1
		dst[i] = f * (1 + z*(1+z*0.5))
	}
}
