package op

import "math"

// Float is the set of element types of the operations.
type Float interface{ float32 | float64 }

// The kernels take whole rows: a machine may hand the rows of one matrix to
// several workers, and every row comes out the same whatever the split.

// FillRows writes a copy of row into each row of dst [.., len(row)].
func FillRows[T Float](dst, row []T) {
	for len(dst) >= len(row) && len(row) > 0 {
		dst = dst[copy(dst, row):]
	}
}

// Activate applies the activation to y in place.
func Activate[T Float](act Activation, y []T) {
	switch act {
	case Identity:
		return
	case ELU:
		if y, ok := any(y).([]float32); ok {
			elu32(y)
			return
		}
		for i, v := range y {
			if v < 0 {
				y[i] = T(math.Expm1(float64(v)))
			}
		}
		return
	case Tanh:
		for i, v := range y {
			y[i] = T(math.Tanh(float64(v)))
		}
		return
	}
	if y, ok := any(y).([]float32); ok {
		relu32(y)
		return
	}
	for i, v := range y {
		y[i] = max(v, 0)
	}
}

// ActivateGrad writes dy times the activation's derivative, found from the
// activation's output y, to dst, which may be dy.
func ActivateGrad[T Float](act Activation, dst, y, dy []T) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	switch act {
	case Identity:
		copy(dst, dy)
		return
	case ELU:
		for i, v := range dy {
			dst[i] = v * min(y[i]+1, 1)
		}
		return
	case Tanh:
		for i, v := range dy {
			dst[i] = v * (1 - y[i]*y[i])
		}
		return
	}
	if y, ok := any(y).([]float32); ok {
		reluGrad32(any(dst).([]float32), y, any(dy).([]float32))
		return
	}
	for i, v := range dy {
		if y[i] == 0 {
			v = 0
		}
		dst[i] = v
	}
}

// LogSoftmax writes z_j - ln sum_k exp z_k over the first n columns of each row
// of z [.., cols] to p, and copies the other columns. p may be z.
func LogSoftmax[T Float](n, cols int, p, z []T) {
	for len(z) >= cols {
		row, out := z[:n], p[:cols]
		top := row[0]
		for _, v := range row[1:] {
			if v > top { // NaN is found by the sum
				top = v
			}
		}
		lse := top + T(math.Log(sumExp(row, top)))
		for j, v := range row {
			out[j] = v - lse
		}
		copy(out[n:], z[n:cols])
		z, p = z[cols:], p[cols:]
	}
}

// LogSoftmaxGrad writes the gradient with respect to LogSoftmax's input to dz,
// from its output p and the gradient dp with respect to that: dz_j = dp_j -
// exp(p_j) sum_k dp_k. dz may be dp.
func LogSoftmaxGrad[T Float](n, cols int, dz, p, dp []T) {
	for len(p) >= cols {
		var sum T
		for _, v := range dp[:n] {
			sum += v
		}
		subExp(dz[:n], dp, p, sum)
		copy(dz[n:cols], dp[n:cols])
		dz, p, dp = dz[cols:], p[cols:], dp[cols:]
	}
}

// SumAbs returns the sum over parts of Weight times the mean of |p - t| over
// the rows and the part's columns; p and t are [rows, cols].
func SumAbs[T Float](parts []Part, rows, cols int, p, t []T) float64 {
	total := 0.0
	for _, q := range parts {
		sum := 0.0
		for r := range rows {
			a, b := p[r*cols+q.From:r*cols+q.To], t[r*cols+q.From:r*cols+q.To]
			b = b[:len(a)]
			var row T // a row is short: its own precision suffices
			for j, v := range a {
				row += T(math.Abs(float64(v - b[j])))
			}
			sum += float64(row)
		}
		total += q.Weight * sum / float64(rows*(q.To-q.From))
	}
	return total
}

// SumAbsGrad writes up times the gradient of SumAbs with respect to p to dp.
// Where p equals t it is 0.
func SumAbsGrad[T Float](parts []Part, rows, cols int, dp, p, t []T, up T) {
	clear(dp[:rows*cols])
	for _, q := range parts {
		g := up * T(q.Weight/float64(rows*(q.To-q.From)))
		for r := range rows {
			lo, hi := r*cols+q.From, r*cols+q.To
			a, b, d := p[lo:hi], t[lo:hi], dp[lo:hi]
			b, d = b[:len(a)], d[:len(a)]
			for j, v := range a {
				x := v - b[j]
				step := g * T(math.Copysign(1, float64(x))) // no branch on the sign
				if x == 0 {
					step = 0
				} else if x != x {
					step = x
				}
				d[j] += step
			}
		}
	}
}
