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
	// Four sums at once, since each waits for its last addition, of what lies
	// beyond the first element, or squares would cancel.
	var s, q [4]float64
	first, n := float64(row[0]), float64(len(row))
	for ; len(row) >= 4; row = row[4:] {
		a, b, c, d := float64(row[0])-first, float64(row[1])-first, float64(row[2])-first, float64(row[3])-first
		s[0], s[1], s[2], s[3] = s[0]+a, s[1]+b, s[2]+c, s[3]+d
		q[0], q[1], q[2], q[3] = q[0]+a*a, q[1]+b*b, q[2]+c*c, q[3]+d*d
	}
	for _, v := range row {
		a := float64(v) - first
		s[0], q[0] = s[0]+a, q[0]+a*a
	}
	off := ((s[0] + s[1]) + (s[2] + s[3])) / n
	variance := max(((q[0]+q[1])+(q[2]+q[3]))/n-off*off, 0)
	return first + off, 1 / math.Sqrt(variance+normEpsilon)
}

// NormRows writes each row of x [.., len(g)] less its mean, over its standard
// deviation, times g, plus b to y, which may be x.
func NormRows[T Float](y, x, g, b []T) {
	for n := len(g); len(x) >= n; x, y = x[n:], y[n:] {
		m, inverse := moments(x[:n])
		mean, unit := T(m), T(inverse)
		out, b := y[:n], b[:n]
		for j, v := range x[:n] {
			out[j] = (v-mean)*unit*g[j] + b[j]
		}
	}
}

// NormRowsGrad writes the gradient with respect to NormRows' x to dx, which may
// be dy.
func NormRowsGrad[T Float](dx, x, g, dy []T) {
	for n := len(g); len(x) >= n; x, dx, dy = x[n:], dx[n:], dy[n:] {
		m, inverse := moments(x[:n])
		mean, unit := T(m), T(inverse)
		row, up, out := x[:n], dy[:n], dx[:n]
		var s, a [2]float64 // sums of g dy, and of that times the normalised x
		for j := 0; j+1 < n; j += 2 {
			d, e := g[j]*up[j], g[j+1]*up[j+1]
			s[0], s[1] = s[0]+float64(d), s[1]+float64(e)
			a[0], a[1] = a[0]+float64(d*((row[j]-mean)*unit)), a[1]+float64(e*((row[j+1]-mean)*unit))
		}
		if j := n - 1; n%2 == 1 {
			d := g[j] * up[j]
			s[0], a[0] = s[0]+float64(d), a[0]+float64(d*((row[j]-mean)*unit))
		}
		sum, along := T((s[0]+s[1])/float64(n)), T((a[0]+a[1])/float64(n))
		for j, v := range row {
			out[j] = unit * (g[j]*up[j] - sum - along*((v-mean)*unit))
		}
	}
}

// NormGainGrad writes the gradient with respect to NormRows' g to dg.
func NormGainGrad[T Float](dg, x, dy []T) {
	clear(dg)
	for n := len(dg); len(x) >= n; x, dy = x[n:], dy[n:] {
		m, inverse := moments(x[:n])
		mean, unit := T(m), T(inverse)
		up := dy[:n]
		for j, v := range x[:n] {
			dg[j] += up[j] * ((v - mean) * unit)
		}
	}
}
