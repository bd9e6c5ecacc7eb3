package nucnet

import "math"

// Decades returns the powers of ten from the first to the last that lie within
// from and to (s), nine times for 1e-6 and 1e2.
func Decades(from, to float64) []float64 {
	if !(from > 0) || !(to >= from) || math.IsInf(to, 0) {
		return nil
	}
	const slack = 1e-9
	first := int(math.Ceil(math.Log10(from) - slack))
	last := int(math.Floor(math.Log10(to) + slack))
	var times []float64
	for e := first; e <= last; e++ {
		times = append(times, math.Pow10(e))
	}
	return times
}

// LogTimes returns n times (s) with equal ratios, from the first to the last
// included.
func LogTimes(from, to float64, n int) []float64 {
	if !(from > 0) || !(to >= from) || math.IsInf(to, 0) || n < 1 {
		return nil
	}
	times := make([]float64, n)
	for i := range times {
		times[i] = from * math.Pow(to/from, float64(i)/float64(max(n-1, 1)))
	}
	if n > 1 {
		times[n-1] = to
	}
	return times
}
