package op

import "math"

// TiltRows tilts the first len(za) columns of each row of z [.., cols], ln w of
// nuclides with za = Z/A, so that X = w exp(a + b Z/A) sums to 1 and has the
// electron fraction in the column behind them, and writes ln X to p; the other
// columns are copied. X is positive whatever w is. An electron fraction that no
// mixture of the nuclides has becomes the nearest that one has, less a
// thousandth of the way to the other end. p may be z.
func TiltRows[T Float](za []float64, cols int, p, z []T) {
	n := len(za)
	least, greatest := za[0], za[0]
	for _, v := range za {
		least, greatest = min(least, v), max(greatest, v)
	}
	margin := 1e-3 * (greatest - least)
	for ; len(z) >= cols; z, p = z[cols:], p[cols:] {
		ye := float64(z[n])
		if ye == ye {
			ye = min(max(ye, least+margin), greatest-margin)
		}
		b := tilt(za, z[:n], ye)
		shift := lnSum(za, z[:n], b)
		for j, v := range z[:n] {
			p[j] = T(float64(v) + b*za[j] - shift)
		}
		copy(p[n:], z[n:cols])
	}
}

// tilt returns the b by which sum w exp(b Z/A) (Z/A - ye) vanishes. The logarithm
// of sum w exp(b (Z/A - ye)) is convex in b and has its least there: Newton's
// method, held between the b that are known to be too small and too large.
func tilt[T Float](za []float64, lnw []T, ye float64) float64 {
	low, high := math.Inf(-1), math.Inf(1)
	enough := 0.0
	if _, ok := any(T(0)).(float32); ok {
		enough = 1e-8 // less than single precision tells apart
	}
	b := 0.0
	for range 200 {
		mean, variance := tilted(za, lnw, b)
		off := mean - ye
		switch {
		case off != off:
			return off
		case math.Abs(off) <= enough:
			return b
		case off > 0:
			high = b
		default:
			low = b
		}
		next := b - off/variance
		if math.Abs(next-b) <= 4e-16*math.Abs(b) {
			return next
		}
		// Where nearly all is one nuclide the variance says nothing.
		const far = 200
		next = min(max(next, b-far), b+far)
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		b = next
	}
	return b
}

// tilted returns mean and variance of Z/A with weights w exp(b Z/A).
func tilted[T Float](za []float64, lnw []T, b float64) (mean, variance float64) {
	top := math.Inf(-1)
	for j, v := range lnw {
		top = max(top, float64(v)+b*za[j])
	}
	var sum, first, second float64
	for j, v := range lnw {
		w := math.Exp(float64(v) + b*za[j] - top)
		sum += w
		first += w * za[j]
		second += w * za[j] * za[j]
	}
	mean = first / sum
	return mean, max(second/sum-mean*mean, 0) // or rounding would turn the step round
}

// lnSum returns the logarithm of sum w exp(b Z/A).
func lnSum[T Float](za []float64, lnw []T, b float64) float64 {
	top := math.Inf(-1)
	for j, v := range lnw {
		top = max(top, float64(v)+b*za[j])
	}
	sum := 0.0
	for j, v := range lnw {
		sum += math.Exp(float64(v) + b*za[j] - top)
	}
	return top + math.Log(sum)
}

// TiltRowsGrad writes the gradient with respect to TiltRows' input to dz, from
// its output p and the gradient dp with respect to that. With dln X = dln w + da
// + db Z/A, and da and db such that neither sum X nor Ye moves but by what Ye is
// given,
//
//	dz_j = dp_j - X_j sum dp - X_j (Z_j/A_j - Ye) s,  dz_Ye = dp_Ye + s,
//	s = sum_i dp_i (Z_i/A_i - Ye) / sum_i X_i (Z_i/A_i - Ye)^2.
//
// dz may be dp.
func TiltRowsGrad[T Float](za []float64, cols int, dz, p, dp []T) {
	n := len(za)
	var room [256]float64
	x := room[:]
	if n > len(x) {
		x = make([]float64, n)
	}
	for ; len(p) >= cols; dz, p, dp = dz[cols:], p[cols:], dp[cols:] {
		ye := 0.0
		for j, v := range p[:n] {
			x[j] = float64(exp(v))
			ye += x[j] * za[j]
		}
		var sum, along, variance float64
		for j, v := range x[:n] {
			d := za[j] - ye
			sum += float64(dp[j])
			along += float64(dp[j]) * d
			variance += v * d * d
		}
		s := along / max(variance, math.SmallestNonzeroFloat64)
		for j, v := range x[:n] {
			dz[j] = T(float64(dp[j]) - v*(sum+s*(za[j]-ye)))
		}
		copy(dz[n:cols], dp[n:cols])
		dz[n] = dp[n] + T(s)
	}
}
