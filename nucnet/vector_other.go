//go:build !amd64

package nucnet

const vectorised = false

func wideSlope(groups []partners, wide *pair, rates, factor, y, dst, lost *float64, vectors int) {}

func followVectors(dst, base, g0, g1 *float64, d0, d1 float64, vectors int) {}
