package op

import "math"

// BlendRows finds n quantities between two guesses for each, and moves them off
// the way between: from h [.., 2n+k] and base [.., 2n+1], whose columns are the
// guesses a, then b, it makes the columns j < n of out [.., n+k+1],
//
//	a_j + s(h_j) (b_j - a_j + h_(n+j)),  s(z) = 1/(1+e^-z),
//
// so that where a gate s closes, a remains to the last digit. The k columns of h
// that are left follow. What was blended in column `at` is the inverse hyperbolic
// sine of a change in the given unit, which may be tiny or large and of either
// sign: it goes to the last column, and column `at` becomes the last column of
// base plus that change.
func BlendRows[T Float](n, at int, unit float64, cols int, out, h, base []T) {
	k := cols - 2*n
	var room [256]T
	s := scratch(room[:], n)
	for ; len(h) >= cols; h, base, out = h[cols:], base[2*n+1:], out[n+k+1:] {
		a, b := base[:n], base[n:2*n]
		logistic(s, h)
		for j, s := range s {
			out[j] = a[j] + s*(b[j]-a[j]+h[n+j])
		}
		copy(out[n:n+k], h[2*n:cols])
		out[n+k] = out[at]
		out[at] = base[2*n] + T(unit*math.Sinh(min(max(float64(out[at]), -maxSinh), maxSinh)))
	}
}

// maxSinh keeps changes finite in single precision whatever a net says.
const maxSinh = 40

// logistic writes 1/(1+e^-z) of the first len(s) elements of z to s.
func logistic[T Float](s, z []T) {
	for j, v := range z[:len(s)] {
		s[j] = -v
	}
	exps(s, s)
	for j, v := range s {
		s[j] = 1 / (1 + v)
	}
}

// BlendRowsGrad writes the gradient with respect to BlendRows' h to dh.
func BlendRowsGrad[T Float](n, at int, unit float64, cols int, dh, h, base, dout []T) {
	k := cols - 2*n
	var room [256]T
	gate := scratch(room[:], n)
	for ; len(h) >= cols; h, base, dh, dout = h[cols:], base[2*n+1:], dh[cols:], dout[n+k+1:] {
		a, b := base[:n], base[n:2*n]
		logistic(gate, h)
		for j, s := range gate {
			d, way := dout[j], b[j]-a[j]+h[n+j]
			if j == at {
				slope := 0.0
				if z := float64(a[j] + s*way); math.Abs(z) <= maxSinh {
					slope = unit * math.Cosh(z)
				}
				d = d*T(slope) + dout[n+k]
			}
			dh[j] = d * s * (1 - s) * way
			dh[n+j] = d * s
		}
		copy(dh[2*n:cols], dout[n:n+k])
	}
}
