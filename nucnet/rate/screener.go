package rate

import (
	"math"

	"nuclab/nucnet/nuclide"
)

// Screener evaluates all enhancement factors that the strong links of a network ask for. Links whose entrance
// channels hold the same charges share a place in its output. It may be used concurrently.
type Screener struct {
	// Forward and Reverse give for each strong link the channel of its two directions, an index into Enhancement,
	// or -1 where the factor is always 1.
	Forward, Reverse []int
	// Channels is the number of distinct channels.
	Channels int

	kind  Screening
	pairs []screenPair
}

// screenPair is a pair of nuclei and the channels to whose H it adds.
type screenPair struct {
	screened
	users []int
}

// screened holds what the formulas need to know of two nuclei, computed once.
type screened struct {
	zz       float64 // Z1 Z2
	root     float64 // sqrt(Z1 Z2)
	cubeRoot float64 // (Z1 Z2)^(1/3)
	coupling float64 // Z1 Z2/((Z1^(1/3)+Z2^(1/3))/2)

	dz53, dz512, lnZ float64 // terms of strong screening in Extended
	ge               float64 // 2^(1/3) Z1 Z2 (Z1+Z2)^(-1/3)
	tau              float64 // tau T^(1/3), K^(1/3)
}

func newScreened(z1, z2, m1, m2 float64) screened {
	s := screened{zz: z1 * z2, root: math.Sqrt(z1 * z2), cubeRoot: math.Cbrt(z1 * z2)}
	s.coupling = 2 * s.zz / (math.Cbrt(z1) + math.Cbrt(z2))
	power := func(x float64) float64 { return math.Pow(z1+z2, x) - math.Pow(z1, x) - math.Pow(z2, x) }
	s.dz53, s.dz512 = power(5./3), power(5./12)
	s.lnZ = 5. / 3 * math.Log(s.zz/(z1+z2))
	s.ge = math.Cbrt(2/(z1+z2)) * s.zz
	s.tau = 4248.719 / 3 * math.Cbrt(s.zz*s.zz*m1*m2/(m1+m2))
	return s
}

// Enhancement holds the logarithm H of the factor for each channel of a Screener, and its derivatives. All slices
// have length Channels.
type Enhancement struct {
	H, DAbar, DZbar, DZ2bar []float64
	DLnT, DLnRho            []float64
}

// NewEnhancement returns an Enhancement with room for the channels of s.
func (s *Screener) NewEnhancement() *Enhancement {
	b := make([]float64, 6*s.Channels)
	cut := func(i int) []float64 { return b[i*s.Channels : (i+1)*s.Channels : (i+1)*s.Channels] }
	return &Enhancement{H: cut(0), DAbar: cut(1), DZbar: cut(2), DZ2bar: cut(3), DLnT: cut(4), DLnRho: cut(5)}
}

// Screener returns the Screener of a kind for the links. The charged nuclei of an entrance channel are joined one by
// one in the order of increasing Z: H(Z1,Z2) + H(Z1+Z2,Z3) + ... The wrong kinds of detailed balance, which imitate
// MESA, take only the first pair.
func (l *Links) Screener(kind Screening) *Screener {
	b := screenerBuilder{s: &Screener{kind: kind}, first: l.Balance != Correct, channels: map[channel]int{}, pairs: map[pairKey]int{}}
	for i := range l.Strong {
		b.s.Forward = append(b.s.Forward, b.add(l.Strong[i].In))
		b.s.Reverse = append(b.s.Reverse, b.add(l.Strong[i].Out))
	}
	return b.s
}

// pairKey tells pairs apart: mass numbers are 0 where a formula does not ask for them.
type pairKey struct{ z1, z2, a1, a2 int }

type channel [maxSide - 1]pairKey

type screenerBuilder struct {
	s        *Screener
	first    bool // only the first pair of a channel counts
	channels map[channel]int
	pairs    map[pairKey]int
}

func (b *screenerBuilder) add(list []nuclide.Nuclide) int {
	if b.s.kind == Unscreened {
		return -1
	}
	steps := joining(list)
	if b.first && len(steps) > 1 {
		steps = steps[:1]
	}
	if len(steps) == 0 {
		return -1
	}
	var key channel
	for i, p := range steps {
		key[i] = p.key(b.s.kind)
	}
	if c, ok := b.channels[key]; ok {
		return c
	}
	c := b.s.Channels
	b.s.Channels++
	b.channels[key] = c
	for i, p := range steps {
		k, ok := b.pairs[key[i]]
		if !ok {
			k = len(b.s.pairs)
			b.pairs[key[i]] = k
			b.s.pairs = append(b.s.pairs, screenPair{screened: newScreened(p.z1, p.z2, p.m1, p.m2)})
		}
		b.s.pairs[k].users = append(b.s.pairs[k].users, c)
	}
	return c
}

// join is one step of joining charged nuclei.
type join struct{ z1, z2, m1, m2 float64 }

func (j join) key(kind Screening) pairKey {
	k := pairKey{z1: int(j.z1), z2: int(j.z2)}
	if kind == Extended {
		k.a1, k.a2 = int(math.Round(j.m1)), int(math.Round(j.m2))
	}
	return k
}

// joining lists the steps for an entrance channel, which is sorted heaviest first. Channels with fewer than two
// charged nuclei have none.
func joining(list []nuclide.Nuclide) []join {
	var steps []join
	var z, m float64
	for i := len(list) - 1; i >= 0; i-- {
		n := list[i]
		if n.Z() == 0 {
			continue
		}
		if z > 0 {
			steps = append(steps, join{z, float64(n.Z()), m, n.Mass()})
		}
		z, m = z+float64(n.Z()), m+n.Mass()
	}
	return steps
}

// Eval fills e for temperature t (K), density rho (g/cm3) and the mean numbers of the composition. At Zbar <= 1 there is no
// screening.
func (s *Screener) Eval(t, rho float64, m nuclide.Moments, e *Enhancement) {
	clear(e.H)
	clear(e.DAbar)
	clear(e.DZbar)
	clear(e.DZ2bar)
	clear(e.DLnT)
	clear(e.DLnRho)
	if !(m.Zbar > 1) || s.kind == Unscreened {
		return
	}
	plasma := newPlasma(t, rho, m)
	for i := range s.pairs {
		p := &s.pairs[i]
		h := plasma.screen(s.kind, &p.screened)
		for _, c := range p.users {
			e.H[c] += h.h
			e.DLnT[c] += h.lnT
			e.DLnRho[c] += h.lnRho
			e.DAbar[c] += h.lnAbar / m.Abar
			e.DZbar[c] += h.zbar
			e.DZ2bar[c] += h.z2bar
		}
	}
}

// enhancement is H of one pair with its derivatives with respect to ln T, ln rho, ln Abar, Zbar and Z2bar.
type enhancement struct{ h, lnT, lnRho, lnAbar, zbar, z2bar float64 }

// maxH caps the logarithm of an enhancement factor.
const maxH = 300

func (p *plasma) screen(kind Screening, s *screened) enhancement {
	var e enhancement
	switch kind {
	case Chugunov:
		e = p.chugunov(s)
	case Extended:
		e = p.extended(s)
	case Salpeter:
		e = p.weak(s)
	}
	switch {
	case e.h > maxH:
		return enhancement{h: maxH}
	case e.h < 0 && kind == Extended:
		return enhancement{}
	}
	return e
}

// Screen returns the logarithm H of the enhancement factor of two nuclei at temperature t (K) and density rho (g/cm3)
// in a plasma of the given mean numbers.
func Screen(kind Screening, t, rho float64, m nuclide.Moments, a, b nuclide.Nuclide) float64 {
	if a.Z() == 0 || b.Z() == 0 || !(m.Zbar > 1) {
		return 0
	}
	p := newPlasma(t, rho, m)
	s := newScreened(float64(a.Z()), float64(b.Z()), a.Mass(), b.Mass())
	return p.screen(kind, &s).h
}
