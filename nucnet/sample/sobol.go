package sample

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run gen_directions.go _sobol_direction_numbers.npz

//go:embed directions.txt
var directionsText string

// MaxDim is the largest dimension of a Sobol sequence here.
const MaxDim = 256

// sobolBits is the number of binary digits of a coordinate: all that a float64 in [0, 1) holds.
const sobolBits = 53

// directions holds, for every dimension, the direction numbers v_1 ... v_53 as binary fractions of 53 digits.
var directions = sync.OnceValues(func() ([][sobolBits]uint64, error) {
	return parseDirections(directionsText)
})

// parseDirections reads Joe and Kuo's table: "d s a m_1 ... m_s" on a line, # starts a comment.
// The first dimension, van der Corput's sequence, has no line.
func parseDirections(text string) ([][sobolBits]uint64, error) {
	var first [sobolBits]uint64
	for k := range first {
		first[k] = 1 << (sobolBits - 1 - k)
	}
	table := [][sobolBits]uint64{first}
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var f []uint64
		for _, s := range strings.Fields(line) {
			v, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("sample: direction numbers, line %d: %w", n+1, err)
			}
			f = append(f, v)
		}
		if len(f) < 4 || f[0] != uint64(len(table)+1) || uint64(len(f)) != 3+f[1] || f[1] > sobolBits {
			return nil, fmt.Errorf("sample: direction numbers, line %d: %q is not d s a m_1 ... m_s", n+1, line)
		}
		s, a, m := int(f[1]), f[2], f[3:]
		var v [sobolBits]uint64
		for k := range v {
			if k < s {
				v[k] = m[k] << (sobolBits - 1 - k)
				continue
			}
			// Bratley and Fox's recurrence (ACM TOMS 14, 88, 1988, eq. 2), in terms of v instead of m.
			v[k] = v[k-s] ^ v[k-s]>>s
			for i := 1; i < s; i++ {
				if a>>(s-1-i)&1 == 1 {
					v[k] ^= v[k-i]
				}
			}
		}
		table = append(table, v)
	}
	return table, nil
}

// Sobol is a Sobol sequence in Gray-code order (Antonov and Saleev 1979) with the direction numbers of Joe and Kuo
// (2008), plain or with Owen's nested uniform scrambling (Owen 1995), under which every point is uniform in the unit
// cube and any 2^m first points stay as evenly spread as before. It may be used by several goroutines at once.
type Sobol struct {
	v    [][sobolBits]uint64
	seed uint64
}

// NewSobol returns the sequence in dim dimensions, 1 to MaxDim. A seed of 0 leaves it unscrambled, any other seed
// picks one of the scramblings.
func NewSobol(dim int, seed uint64) (*Sobol, error) {
	if dim < 1 || dim > MaxDim {
		return nil, fmt.Errorf("sample: Sobol sequence in %d dimensions: want 1 to %d", dim, MaxDim)
	}
	v, err := directions()
	if err != nil {
		return nil, err
	}
	return &Sobol{v: v[:dim], seed: seed}, nil
}

// Dim returns the number of dimensions.
func (s *Sobol) Dim() int { return len(s.v) }

// At writes point index, counted from 0, into dst and returns it. Every coordinate lies in [0, 1) and is a multiple of
// 2^-53. The work grows with the logarithm of index: no point needs those before it. Points repeat after 2^53. Only the
// first Dim elements of dst are used; a shorter dst receives the leading coordinates.
func (s *Sobol) At(index uint64, dst []float64) []float64 {
	gray := index ^ index>>1
	for d := range min(len(dst), len(s.v)) {
		var x uint64
		for k, g := 0, gray; g != 0 && k < sobolBits; k, g = k+1, g>>1 {
			if g&1 == 1 {
				x ^= s.v[d][k]
			}
		}
		if s.seed != 0 {
			x = owen(x, mix(s.seed^mix(uint64(d)+1)))
		}
		dst[d] = float64(x) / (1 << sobolBits)
	}
	return dst
}

// owen scrambles the digits of x: a digit is flipped or kept at random, one decision for each combination of the digits
// before it. The decisions are a hash of key and those digits, so nothing is stored and every point stands alone.
func owen(x, key uint64) uint64 {
	out := x
	for k := range sobolBits {
		// A leading 1 tells prefixes of different lengths apart.
		prefix := x>>(sobolBits-k) | 1<<k
		out ^= mix(key^mix(prefix)) >> 63 << (sobolBits - 1 - k)
	}
	return out
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014) behind an odd constant: a bijection of 64-bit words
// whose every output bit depends on every input bit.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
