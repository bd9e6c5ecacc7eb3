package op

import "math"

// AddScaled writes a scale + base to dst [.., cols], scale by column; nil means
// 1. dst may be a or base.
func AddScaled[T Float](scale []float64, cols int, dst, a, base []T) {
	a, base = a[:len(dst)], base[:len(dst)]
	if scale == nil {
		for i, v := range a {
			dst[i] = v + base[i]
		}
		return
	}
	for ; len(dst) >= cols; dst, a, base = dst[cols:], a[cols:], base[cols:] {
		for j, s := range scale {
			dst[j] = a[j]*T(s) + base[j]
		}
	}
}

// MulColumns writes a [.., len(scale)] times scale by column to dst, which may
// be a.
func MulColumns[T Float](scale []float64, dst, a []T) {
	for n := len(scale); len(dst) >= n; dst, a = dst[n:], a[n:] {
		for j, s := range scale {
			dst[j] = a[j] * T(s)
		}
	}
}

// normEpsilon keeps the standard deviation of a row that does not vary from 0.
const normEpsilon = 1e-5

// moments returns a row's mean and the inverse of its standard deviation.
func moments[T Float](row []T) (mean, inverse float64) {
	n := float64(len(row))
	for _, v := range row {
		mean += float64(v)
	}
	mean /= n
	variance := 0.0
	for _, v := range row {
		d := float64(v) - mean
		variance += d * d
	}
	return mean, 1 / math.Sqrt(variance/n+normEpsilon)
}

// NormRows writes each row of x [.., len(g)] less its mean, over its standard
// deviation, times g, plus b to y, which may be x.
func NormRows[T Float](y, x, g, b []T) {
	for n := len(g); len(x) >= n; x, y = x[n:], y[n:] {
		mean, inverse := moments(x[:n])
		for j, v := range x[:n] {
			y[j] = T((float64(v)-mean)*inverse)*g[j] + b[j]
		}
	}
}

// NormRowsGrad writes the gradient with respect to NormRows' x to dx, which may
// be dy.
func NormRowsGrad[T Float](dx, x, g, dy []T) {
	for n := len(g); len(x) >= n; x, dx, dy = x[n:], dx[n:], dy[n:] {
		mean, inverse := moments(x[:n])
		var sum, along float64 // means of g dy, and of that times the normalised x
		for j, v := range x[:n] {
			d := float64(g[j]) * float64(dy[j])
			sum += d
			along += d * (float64(v) - mean) * inverse
		}
		sum, along = sum/float64(n), along/float64(n)
		for j, v := range x[:n] {
			dx[j] = T(inverse * (float64(g[j])*float64(dy[j]) - sum - along*(float64(v)-mean)*inverse))
		}
	}
}

// NormGainGrad writes the gradient with respect to NormRows' g to dg.
func NormGainGrad[T Float](dg, x, dy []T) {
	clear(dg)
	for n := len(dg); len(x) >= n; x, dy = x[n:], dy[n:] {
		mean, inverse := moments(x[:n])
		for j, v := range x[:n] {
			dg[j] += dy[j] * T((float64(v)-mean)*inverse)
		}
	}
}
