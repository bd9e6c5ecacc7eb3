package sample

import (
	"fmt"
	"math"
)

// Tilt writes mass fractions proportional to exp(logs[i] + b z[i]) into x, with b such that they add up to exactly 1
// and sum x[i] z[i] = ye to a few units in the last place: among all compositions with that electron fraction the one
// of least relative entropy to exp(logs). z holds Z/A; all three have the same length. The error says that ye lies
// outside the z of the nuclides present.
func Tilt(x, logs, z []float64, ye float64) error {
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, l := range logs {
		if l > math.Inf(-1) {
			lo, hi = min(lo, z[i]), max(hi, z[i])
		}
	}
	if !(lo < ye && ye < hi) {
		return fmt.Errorf("sample: %w: Ye = %g, but the nuclides only reach between %.4g and %.4g", ErrRange, ye, lo, hi)
	}
	tilted := make([]float64, len(logs))
	// The mean of z rises with b: Newton's method with the variance as the derivative, kept inside a bracket.
	b, below, above := 0.0, math.Inf(-1), math.Inf(1)
	for range 200 {
		for i, l := range logs {
			tilted[i] = l + b*(z[i]-ye)
		}
		softmax(x, tilted)
		mean, variance := moments(x, z, ye)
		if mean < 0 {
			below = b
		} else {
			above = b
		}
		next := b - mean/variance
		if !(next > below && next < above) || math.Abs(next-b) > 64 {
			switch {
			case math.IsInf(above, 1):
				next = b + 64
			case math.IsInf(below, -1):
				next = b - 64
			default:
				next = below + (above-below)/2
			}
		}
		if math.Abs(mean) < 1e-16 || next == b {
			break
		}
		b = next
	}
	// Where b is large its last digit is too coarse; the rest of the way is so short that the exponential is linear.
	for range 3 {
		mean, variance := moments(x, z, ye)
		for i := range x {
			x[i] *= 1 - mean/variance*(z[i]-ye-mean)
		}
	}
	sumToOne(x)
	return nil
}

// moments returns the mean of z - ye and its variance.
func moments(x, z []float64, ye float64) (mean, variance float64) {
	for i, v := range x {
		d := z[i] - ye
		mean += v * d
		variance += v * d * d
	}
	return mean, variance - mean*mean
}

// softmax writes exp(logs), normalised, into x.
func softmax(x, logs []float64) {
	top := math.Inf(-1)
	for _, l := range logs {
		top = max(top, l)
	}
	sum := 0.0
	for i, l := range logs {
		x[i] = math.Exp(l - top)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}

// sumToOne changes the largest elements by some units in the last place until the elements, added in order, give
// exactly 1.
func sumToOne(x []float64) {
	largest := 0
	for i, v := range x {
		if v > x[largest] {
			largest = i
		}
	}
	for k := range x {
		i := (largest + k) % len(x)
		if x[i] < 1e-16 {
			continue // too small to change the sum
		}
		for range 4 {
			sum := 0.0
			for _, v := range x {
				sum += v
			}
			if sum == 1 {
				return
			}
			x[i] = max(x[i]+(1-sum), 0)
		}
	}
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
