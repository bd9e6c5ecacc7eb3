package sample

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nuclab/nucnet/nuclide"
)

// Generator names a way to make random compositions.
type Generator string

const (
	// Paper draws log X uniformly for every nuclide, free neutrons below 5 %, and tilts the result to the electron
	// fraction wanted.
	Paper Generator = "paper"
	// PaperReject draws in the same way, again and again until the electron fraction comes close enough by itself.
	PaperReject Generator = "paper-reject"
	// Dirichlet draws from a symmetric Dirichlet distribution, by default one so sparse that a few nuclides make up
	// most of the mass, and tilts the result.
	Dirichlet Generator = "dirichlet"
)

// Generators lists the generators, the default first.
func Generators() []Generator { return []Generator{Paper, PaperReject, Dirichlet} }

// Errors that callers may want to tell apart.
var (
	ErrGenerator = errors.New("unknown generator")
	ErrRange     = errors.New("bad range")
)

// Design describes a set of initial states. Its zero values stand for the training data of arXiv:2503.00115: a Sobol
// sequence scrambled by the seed in log T, log rho and Ye, and a random composition for each point.
type Design struct {
	Nuclides  []nuclide.Nuclide // the order of X
	Seed      uint64
	Generator Generator // empty: Paper

	LogT   [2]float64 // range of log10 T/K; zero: 9.2 to 9.9
	LogRho [2]float64 // range of log10 rho/(g/cm3); zero: 7 to 9
	Ye     [2]float64 // range of the electron fraction; zero: 0.45 to 0.5

	// LogX is the range of log10 X before normalisation, of Paper and PaperReject; zero: -30 to 0, the range of BBQ's
	// own tests. That of the paper's data is not published: with mesa_80 and Paper, -8 to 0 gives the median of free
	// neutrons that they have, 0.017, and -30 to 0 a tenth of it.
	LogX       [2]float64
	NeutronMax float64 // Paper, PaperReject: upper end for free neutrons, before normalisation; zero: 0.05
	Tolerance  float64 // PaperReject: how close Ye must come; zero: 1.5e-4
	Alpha      float64 // Dirichlet: the parameter; zero: 0.1
}

// WithDefaults returns the design with every zero replaced by what it stands for.
func (d Design) WithDefaults() Design {
	if d.Generator == "" {
		d.Generator = Paper
	}
	for _, r := range []struct {
		value    *[2]float64
		standard [2]float64
	}{
		{&d.LogT, [2]float64{9.2, 9.9}},
		{&d.LogRho, [2]float64{7, 9}},
		{&d.Ye, [2]float64{0.45, 0.5}},
		{&d.LogX, [2]float64{-30, 0}},
	} {
		if *r.value == ([2]float64{}) {
			*r.value = r.standard
		}
	}
	if d.NeutronMax == 0 {
		d.NeutronMax = 0.05
	}
	if d.Tolerance == 0 {
		d.Tolerance = 1.5e-4
	}
	if d.Alpha == 0 {
		d.Alpha = 0.1
	}
	return d
}

// Point is one initial state.
type Point struct {
	T   float64   // K
	Rho float64   // g/cm3
	Ye  float64   // sum of X Z/A
	X   []float64 // mass fractions in the order of the design's nuclides; added up in that order they give exactly 1
}

// Sampler makes the points of a design. It may be used by several goroutines at once.
type Sampler struct {
	Design
	sobol *Sobol
	z     []float64 // Z/A
	hi    []float64 // upper end of ln X for the two paper generators
}

// New checks a design and returns its sampler. The error wraps ErrGenerator or ErrRange; a range of Ye must lie inside
// the Z/A of the nuclides.
func New(d Design) (*Sampler, error) {
	d = d.WithDefaults()
	if !slices.Contains(Generators(), d.Generator) {
		return nil, fmt.Errorf("sample: %w %q: want one of %v", ErrGenerator, d.Generator, Generators())
	}
	for _, r := range []struct {
		name   string
		value  [2]float64
		lo, hi float64
	}{{"log10 T", d.LogT, 3, 11}, {"log10 rho", d.LogRho, -10, 12}, {"Ye", d.Ye, 0, 1}, {"log10 X", d.LogX, -300, 0}} {
		if v := r.value; !(v[0] <= v[1] && v[0] >= r.lo && v[1] <= r.hi) {
			return nil, fmt.Errorf("sample: %w: %s from %g to %g, want a rising range within %g to %g", ErrRange, r.name, v[0], v[1], r.lo, r.hi)
		}
	}
	for _, v := range []struct {
		name       string
		value, max float64
	}{{"largest neutron fraction", d.NeutronMax, 1}, {"tolerance of Ye", d.Tolerance, 1}, {"alpha", d.Alpha, 1e6}} {
		if !(v.value > 0 && v.value <= v.max) {
			return nil, fmt.Errorf("sample: %w: %s %g, want more than 0 and at most %g", ErrRange, v.name, v.value, v.max)
		}
	}
	if len(d.Nuclides) == 0 {
		return nil, fmt.Errorf("sample: %w: no nuclides", ErrRange)
	}
	d.Nuclides = slices.Clone(d.Nuclides)
	s := &Sampler{Design: d, z: make([]float64, len(d.Nuclides)), hi: make([]float64, len(d.Nuclides))}
	for i, n := range d.Nuclides {
		s.z[i] = float64(n.Z()) / float64(n.A())
		s.hi[i] = d.LogX[1] * math.Ln10
		if n == nuclide.Neutron || n == nuclide.Prot {
			s.hi[i] = math.Log(d.NeutronMax)
		}
	}
	if lo, hi := slices.Min(s.z), slices.Max(s.z); d.Ye[0] <= lo || d.Ye[1] >= hi {
		return nil, fmt.Errorf("sample: %w: Ye from %g to %g, but the nuclides only reach between %.4g and %.4g", ErrRange, d.Ye[0], d.Ye[1], lo, hi)
	}
	scrambling := mix(d.Seed)
	if scrambling == 0 {
		scrambling = 1
	}
	var err error
	s.sobol, err = NewSobol(3, scrambling)
	return s, err
}

// maxDraws limits PaperReject to what takes some seconds. The paper's window needs hundreds of draws in its middle and
// ten thousand or more at its lower end, where mesa_80 is seldom by itself.
const maxDraws = 1_000_000

// At returns point index, counted from 0. It depends on the design and the index alone. Temperature and density are
// rounded to three decimals of their logarithms, as in the paper's data. The only errors are those of PaperReject, when
// no draw comes close enough to the Ye wanted or ctx ends before one does.
func (s *Sampler) At(ctx context.Context, index uint64) (Point, error) {
	var u [3]float64
	s.sobol.At(index, u[:])
	in := func(r [2]float64, u float64) float64 { return r[0] + u*(r[1]-r[0]) }
	decimals := func(r [2]float64, u float64) float64 {
		return min(max(math.Round(in(r, u)*1000)/1000, r[0]), r[1])
	}
	p := Point{
		T:   math.Pow(10, decimals(s.LogT, u[0])),
		Rho: math.Pow(10, decimals(s.LogRho, u[1])),
		Ye:  in(s.Ye, u[2]),
		X:   make([]float64, len(s.z)),
	}
	rng := stream(s.Seed, index)
	logs := make([]float64, len(s.z))
	switch s.Generator {
	case Dirichlet:
		for i := range logs {
			logs[i] = logGamma(rng, s.Alpha)
		}
		return p, Tilt(p.X, logs, s.z, p.Ye)
	case PaperReject:
		closest := math.Inf(1)
		for n := range maxDraws {
			if n%1000 == 999 && ctx.Err() != nil {
				return Point{}, ctx.Err()
			}
			s.drawLogs(rng, logs)
			softmax(p.X, logs)
			ye := dot(p.X, s.z)
			if math.Abs(ye-p.Ye) <= s.Tolerance {
				sumToOne(p.X)
				p.Ye = dot(p.X, s.z)
				return p, nil
			}
			closest = min(closest, math.Abs(ye-p.Ye))
		}
		return Point{}, fmt.Errorf("sample: point %d: none of %d compositions comes within %g of Ye = %.6g, the closest within %.2g: "+
			"the generator %q reaches any Ye", index, maxDraws, s.Tolerance, p.Ye, closest, Paper)
	}
	s.drawLogs(rng, logs)
	return p, Tilt(p.X, logs, s.z, p.Ye)
}

// drawLogs draws ln X of every nuclide as BBQ does.
func (s *Sampler) drawLogs(rng *rand.Rand, logs []float64) {
	lo := s.LogX[0] * math.Ln10
	for i := range logs {
		logs[i] = lo + rng.Float64()*(s.hi[i]-lo)
	}
}

// stream returns the random numbers that belong to one point.
func stream(seed, index uint64) *rand.Rand {
	var key [32]byte
	copy(key[:], "nuclab/nucnet/sample")
	binary.LittleEndian.PutUint64(key[16:], seed)
	binary.LittleEndian.PutUint64(key[24:], index)
	return rand.New(rand.NewChaCha8(key))
}

// logGamma returns the logarithm of a Gamma(alpha, 1) variate (Marsaglia and Tsang 2000), which may lie far below that
// of the smallest float64.
func logGamma(rng *rand.Rand, alpha float64) float64 {
	boost := 0.0
	if alpha < 1 {
		boost = math.Log(1-rng.Float64()) / alpha
		alpha++
	}
	d := alpha - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return boost + math.Log(d*v)
		}
	}
}
