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
	var room [256]T
	w := scratch(room[:], n)
	for ; len(z) >= cols; z, p = z[cols:], p[cols:] {
		ye := float64(z[n])
		if ye == ye {
			ye = min(max(ye, least+margin), greatest-margin)
		}
		b := tilt(za, z[:n], w, ye)
		m := tilted(za, z[:n], w, b)
		shift := m.top + math.Log(m.sum)
		for j, v := range z[:n] {
			p[j] = T(float64(v) + b*za[j] - shift)
		}
		copy(p[n:], z[n:cols])
	}
}

// scratch returns n elements of room, or where these are too few, of the heap.
func scratch[T Float](room []T, n int) []T {
	if n <= len(room) {
		return room[:n]
	}
	return make([]T, n)
}

// tilt returns the b by which sum w exp(b Z/A) (Z/A - ye) vanishes. The logarithm
// of sum w exp(b (Z/A - ye)) is convex in b and has its least there: Newton's
// method, held between the b that are known to be too small and too large.
func tilt[T Float](za []float64, lnw, w []T, ye float64) float64 {
	low, high := math.Inf(-1), math.Inf(1)
	enough, close := 0.0, 4e-16
	if _, ok := any(T(0)).(float32); ok {
		enough, close = 1e-8, 1e-7 // less than single precision tells apart
	}
	b := 0.0
	for range 200 {
		m := tilted(za, lnw, w, b)
		off := m.mean - ye
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
		next := b - off/m.variance
		if math.Abs(next-b) <= close*math.Abs(b) {
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

// mixture is a composition with weights w exp(b Z/A): their sum in units of
// exp(top), and mean and variance of Z/A.
type mixture struct{ top, sum, mean, variance float64 }

// tilted measures the mixture for a b; w receives the weights over exp(top).
func tilted[T Float](za []float64, lnw, w []T, b float64) (m mixture) {
	za, w = za[:len(lnw)], w[:len(lnw)]
	m.top = math.Inf(-1)
	for j, v := range lnw {
		if a := float64(v) + b*za[j]; a > m.top {
			m.top = a
		}
	}
	for j, v := range lnw {
		w[j] = T(float64(v) + b*za[j] - m.top)
	}
	exps(w, w)
	var first, second float64
	for j, v := range w {
		v, d := float64(v), za[j]-za[0] // beyond the first, or squares would cancel
		m.sum += v
		first += v * d
		second += v * d * d
	}
	off := first / m.sum
	m.mean = za[0] + off
	m.variance = max(second/m.sum-off*off, 0) // or rounding would turn the step round
	return m
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
	var room [256]T
	x := scratch(room[:], n)
	for ; len(p) >= cols; dz, p, dp = dz[cols:], p[cols:], dp[cols:] {
		exps(x, p[:n])
		ye := 0.0
		for j, v := range x {
			ye += float64(v) * za[j]
		}
		var sum, along, variance float64
		for j, v := range x {
			d := za[j] - ye
			sum += float64(dp[j])
			along += float64(dp[j]) * d
			variance += float64(v) * d * d
		}
		s := along / max(variance, math.SmallestNonzeroFloat64)
		for j, v := range x {
			dz[j] = T(float64(dp[j]) - float64(v)*(sum+s*(za[j]-ye)))
		}
		copy(dz[n:cols], dp[n:cols])
		dz[n] = dp[n] + T(s)
	}
}
