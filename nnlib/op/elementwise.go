package op

import "math"

// Element by element over whole arrays in single precision: where the
// processor can, eight at a time (simd_amd64.s), the rest here.

func relu32(y []float32) {
	for i := simdReLU(y); i < len(y); i++ {
		y[i] = max(y[i], 0) // keeps NaN, so that a broken run is seen
	}
}

// reluGrad32 has no branch, which would be mispredicted half the time: y | -y
// has its sign bit set unless y, which ReLU made, is 0.
func reluGrad32(dst, y, dy []float32) {
	y, dy = y[:len(dst)], dy[:len(dst)]
	for i := simdReLUGrad(dst, y, dy); i < len(dst); i++ {
		b := math.Float32bits(y[i])
		keep := uint32(int32(b|-b) >> 31)
		dst[i] = math.Float32frombits(math.Float32bits(dy[i]) & keep)
	}
}

// adamFactors are laid out as the assembler code reads them.
type adamFactors struct{ beta1, rest1, beta2, rest2, step, root, epsilon, scale, keep float32 }

// AdamFactors are those of one step of Adam.
type AdamFactors[T Float] struct {
	Beta1, Beta2, Step, Root, Epsilon T
	Scale                             T // of the gradient
	Keep                              T // what the parameter is multiplied with before
}

// Adam moves w along g times f.Scale by one step of Kingma & Ba
// (arXiv:1412.6980): m and v take over the shares 1-beta1 of that gradient and
// 1-beta2 of its square, then w becomes keep w - step m / (sqrt(v) root +
// epsilon), where step and root contain the corrections of the moments' bias.
func Adam[T Float](w, g, m, v []T, f AdamFactors[T]) {
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	rest1, rest2 := 1-f.Beta1, 1-f.Beta2
	from := 0
	if w, ok := any(w).([]float32); ok {
		c := adamFactors{float32(f.Beta1), float32(rest1), float32(f.Beta2), float32(rest2), float32(f.Step), float32(f.Root),
			float32(f.Epsilon), float32(f.Scale), float32(f.Keep)}
		from = simdAdam(w, any(g).([]float32), any(m).([]float32), any(v).([]float32), &c)
	}
	for i := from; i < len(w); i++ {
		gi := g[i] * f.Scale
		mi := f.Beta1*m[i] + rest1*gi
		vi := f.Beta2*v[i] + rest2*gi*gi
		m[i], v[i] = mi, vi
		w[i] = w[i]*f.Keep - f.Step*mi/(T(math.Sqrt(float64(vi)))*f.Root+f.Epsilon)
	}
}

// Approach moves mean towards v: v + past (mean - v) is left.
func Approach[T Float](mean, v []T, past T) {
	v = v[:len(mean)]
	from := 0
	if mean, ok := any(mean).([]float32); ok {
		from = simdApproach(mean, any(v).([]float32), float32(past))
	}
	for i := from; i < len(mean); i++ {
		mean[i] = v[i] + past*(mean[i]-v[i])
	}
}

// SumSquares returns the sum of the squares of x.
func SumSquares[T Float](x []T) float64 {
	var s [4]float64 // four sums at once, since each waits for its last addition
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d := float64(x[0]), float64(x[1]), float64(x[2]), float64(x[3])
		s[0], s[1], s[2], s[3] = s[0]+a*a, s[1]+b*b, s[2]+c*c, s[3]+d*d
	}
	for _, v := range x {
		s[0] += float64(v) * float64(v)
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

// expConstants are laid out as the assembler code reads them.
type expConstants struct {
	greatest, least, log2e, ln2hi, ln2lo, one float32
	bias                                      uint32
	c                                         [6]float32
}

// The constants of the Cephes library's expf (S. Moshier).
var expTable = expConstants{
	greatest: 88.3, least: -87.3, log2e: 1.44269504088896341, ln2hi: 0.693359375, ln2lo: -2.12194440e-4, one: 1, bias: 127,
	c: [6]float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1},
}

// exp32 is e^x to two units in the last place: x = k ln 2 + r, |r| <= ln 2 / 2,
// and a polynomial of degree 7. It is 0 below -87.3 and stays what it is at
// 88.3 above that.
func exp32(x float32) float32 {
	e := &expTable
	switch {
	case x < e.least:
		return 0
	case x != x:
		return x
	}
	x = min(x, e.greatest)
	k := float32(math.RoundToEven(float64(x * e.log2e)))
	r := x - k*e.ln2hi - k*e.ln2lo
	y := e.c[0]
	for _, c := range e.c[1:] {
		y = y*r + c
	}
	y = y*r*r + r + 1
	return y * math.Float32frombits(uint32(int32(k)+127)<<23)
}

// expAll writes exp(x - shift) to dst.
func expAll(dst, x []float32, shift float32) {
	dst = dst[:len(x)]
	for i := simdExp(dst, x, shift); i < len(x); i++ {
		dst[i] = exp32(x[i] - shift)
	}
}

// exps writes exp(x) to dst, which may be x.
func exps[T Float](dst, x []T) {
	if x, ok := any(x).([]float32); ok {
		expAll(any(dst).([]float32), x, 0)
		return
	}
	for i, v := range x {
		dst[i] = T(math.Exp(float64(v)))
	}
}

// chunk is how much of a row has room on the stack at once.
const chunk = 64

// sumExp returns the sum of exp(x - shift).
func sumExp[T Float](x []T, shift T) float64 {
	sum := 0.0
	if x, ok := any(x).([]float32); ok {
		var e [chunk]float32
		for len(x) > 0 {
			n := min(chunk, len(x))
			expAll(e[:n], x[:n], float32(shift))
			// Four sums at once, since each waits for its last addition.
			clear(e[n : (n+3)&^3])
			var s [4]float32
			for i := 0; i < n; i += 4 {
				s[0], s[1], s[2], s[3] = s[0]+e[i], s[1]+e[i+1], s[2]+e[i+2], s[3]+e[i+3]
			}
			sum += float64(s[0]+s[1]) + float64(s[2]+s[3])
			x = x[n:]
		}
		return sum
	}
	for _, v := range x {
		sum += math.Exp(float64(v - shift))
	}
	return sum
}

// subExp writes a - scale exp(x) to dst, which may be a.
func subExp[T Float](dst, a, x []T, scale T) {
	a, x = a[:len(dst)], x[:len(dst)]
	if x, ok := any(x).([]float32); ok {
		dst, a, scale := any(dst).([]float32), any(a).([]float32), float32(scale)
		var e [chunk]float32
		for len(x) > 0 {
			n := min(chunk, len(x))
			expAll(e[:n], x[:n], 0)
			for i, v := range e[:n] {
				dst[i] = a[i] - scale*v
			}
			dst, a, x = dst[n:], a[n:], x[n:]
		}
		return
	}
	for i, v := range x {
		dst[i] = a[i] - scale*T(math.Exp(float64(v)))
	}
}

// elu32 replaces y < 0 by e^y - 1, to some 1e-7.
func elu32(y []float32) {
	var e [chunk]float32
	for len(y) > 0 {
		n := min(chunk, len(y))
		expAll(e[:n], y[:n], 0)
		for i := simdELU(y[:n], e[:n]); i < n; i++ {
			y[i] = max(y[i], 0) + (min(e[i], 1) - 1) // no branch on the sign
		}
		y = y[n:]
	}
}
