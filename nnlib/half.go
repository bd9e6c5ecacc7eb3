package nnlib

import "math"

// IEEE 754 binary16 has a sign, 5 bits of exponent with a bias of 15, and 10 bits of fraction.

// toHalf rounds to the nearest number of 16 bits, to the even one of two equally near.
func toHalf(v float32) uint16 {
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // not a number
		return sign | 0x7e00
	case b >= 0x477ff000: // 65520, half way beyond the largest
		return sign | 0x7c00
	case b < 0x38800000: // below 2^-14: a multiple of 2^-24, which the addition rounds to
		sum := math.Float32frombits(b) + 0.5
		return sign | uint16(math.Float32bits(sum)-math.Float32bits(0.5))
	}
	b += 0xfff + b>>13&1
	return sign | uint16((b-0x38000000)>>13)
}

func fromHalf(h uint16) float32 {
	sign, exponent, fraction := uint32(h&0x8000)<<16, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0:
		v := math.Float32bits(float32(fraction) * 0x1p-24)
		return math.Float32frombits(sign | v)
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// roundHalf returns the values as 16 bits hold them, and whether all of them are within their range.
func roundHalf(values []float32) ([]float32, bool) {
	rounded := make([]float32, len(values))
	for i, v := range values {
		rounded[i] = fromHalf(toHalf(v))
		if math.IsInf(float64(rounded[i]), 0) {
			return nil, false
		}
	}
	return rounded, true
}
