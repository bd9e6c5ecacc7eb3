package nucnet

import "golang.org/x/sys/cpu"

// vectorised says that the processor has the instructions of vector code.
var vectorised = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// wideSlope is pairSlope. Up to width-1 places behind the nuclides, of the given
// number of vectors, zeros are added to dst. There is the same room in y, and in
// lost, which is zero before and after.
//
//go:noescape
func wideSlope(groups []partners, wide *pair, rates, factor, y, dst, lost *float64, vectors int)

// followVectors is follow.
//
//go:noescape
func followVectors(dst, base, g0, g1 *float64, d0, d1 float64, vectors int)
