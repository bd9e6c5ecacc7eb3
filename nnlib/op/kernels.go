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
	if act != ReLU {
		return
	}
	for i, v := range y {
		y[i] = max(v, 0) // keeps NaN, so that a broken run is seen
	}
}

// ActivateGrad writes dy times the activation's derivative, found from the
// activation's output y, to dst, which may be dy.
func ActivateGrad[T Float](act Activation, dst, y, dy []T) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	if act != ReLU {
		copy(dst, dy)
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

// reluGrad32 has no branch, which would be mispredicted half the time: y | -y
// has its sign bit set unless y, which ReLU made, is 0.
func reluGrad32(dst, y, dy []float32) {
	y, dy = y[:len(dst)], dy[:len(dst)]
	for i := range dst {
		b := math.Float32bits(y[i])
		keep := uint32(int32(b|-b) >> 31)
		dst[i] = math.Float32frombits(math.Float32bits(dy[i]) & keep)
	}
}

// LogSoftmax writes z_j - ln sum_k exp z_k over the first n columns of each row
// of z [.., cols] to p, and copies the other columns. p may be z.
func LogSoftmax[T Float](n, cols int, p, z []T) {
	for len(z) >= cols {
		row, out := z[:n], p[:cols]
		top := row[0]
		for _, v := range row[1:] {
			top = max(top, v)
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
				d := v - b[j]
				row += max(d, -d)
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
				switch x := v - b[j]; {
				case x > 0:
					d[j] += g
				case x < 0:
					d[j] -= g
				case x != x:
					d[j] += x
				}
			}
		}
	}
}

// sumExp returns the sum of exp(x - shift).
func sumExp[T Float](x []T, shift T) float64 {
	if x, ok := any(x).([]float32); ok {
		var sum float32
		for _, v := range x {
			sum += exp32(v - float32(shift))
		}
		return float64(sum)
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v - shift))
	}
	return sum
}

// subExp writes a - scale exp(x) to dst.
func subExp[T Float](dst, a, x []T, scale T) {
	a, x = a[:len(dst)], x[:len(dst)]
	if x, ok := any(x).([]float32); ok {
		dst, a, scale := any(dst).([]float32), any(a).([]float32), float32(scale)
		for i, v := range x {
			dst[i] = a[i] - scale*exp32(v)
		}
		return
	}
	for i, v := range x {
		dst[i] = a[i] - scale*T(math.Exp(float64(v)))
	}
}

// exp32 is e^x to two units in the last place: x = k ln 2 + r, |r| <= ln 2 / 2,
// and the minimax polynomial of degree 6 of the Cephes library (expf, Moshier).
func exp32(x float32) float32 {
	const (
		log2e = 1.44269504088896341
		ln2hi = 0.693359375
		ln2lo = -2.12194440e-4
	)
	switch {
	case x < -87.3:
		return 0
	case x > 88.7:
		return float32(math.Inf(1))
	case x != x:
		return x
	}
	t := x * log2e
	k := int32(t + float32(math.Copysign(0.5, float64(t))))
	f := float32(k)
	r := x - f*ln2hi - f*ln2lo
	y := float32(1.9875691500e-4)
	y = y*r + 1.3981999507e-3
	y = y*r + 8.3334519073e-3
	y = y*r + 4.1665795894e-2
	y = y*r + 1.6666665459e-1
	y = y*r + 5.0000001201e-1
	y = y*r*r + r + 1
	return y * math.Float32frombits(uint32(k+127)<<23)
}
