package sample

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nuclab/nucnet"
	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
)

// Generator names a way to make compositions. A mixture lists several with their weights, "paper:2,nse:1,track:1": the
// point's number decides, together with the seed, which of them makes it.
type Generator string

const (
	// Paper draws log X uniformly for every nuclide, free neutrons below 5 %, and tilts the result to the electron
	// fraction wanted.
	Paper Generator = "paper"
	// PaperReject draws in the same way, again and again until the electron fraction comes close enough by itself.
	PaperReject Generator = "paper-reject"
	// Dirichlet draws from a symmetric Dirichlet distribution, by default one so sparse that a few nuclides make up
	// most of the mass, and tilts the result. Design.Present leaves out all but so many nuclides.
	Dirichlet Generator = "dirichlet"
	// SmallNet is Paper with the nuclides of approx21_cr60_plus_co56 alone, as in the test runs of the paper.
	SmallNet Generator = "small-net"
	// NSE surrounds nuclear statistical equilibrium: its abundances, each times a random factor, tilted.
	NSE Generator = "nse"
	// QSE surrounds quasi-equilibrium: as in silicon burning, nuclides of the silicon group are in equilibrium with each
	// other, so are those of the iron group, and the share of either is random.
	QSE Generator = "qse"
	// Burnt takes states along burns: what Paper gives, after a random time at its temperature and density.
	Burnt Generator = "burnt"
	// Core takes states along the contraction of star.Core models, temperature and density included.
	Core Generator = "core"
	// Track is Burnt and Core in equal parts: states that have relaxed, as those in a star have.
	Track Generator = "track"
	// Listed takes the points of Design.List, one after another.
	Listed Generator = "list"
)

// Generators lists the generators that need no more than a design's numbers, the default first.
func Generators() []Generator {
	return []Generator{Paper, PaperReject, Dirichlet, SmallNet, NSE, QSE, Burnt, Core, Track}
}

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
	Generator Generator // or a mixture; empty: Paper

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
	Present    int     // Dirichlet: how many nuclides, chosen at random, have X > 0; zero: all
	Spread     float64 // NSE, QSE: standard deviation of ln X about equilibrium; zero: 0.3

	// Network and Options burn what Burnt, Core and Track take their states from. The network's nuclides must be Nuclides.
	Network *nucnet.Network
	Options nucnet.Options
	List    []Point // Listed: the points; X in the order of Nuclides. Ye is computed
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
	if d.Spread == 0 {
		d.Spread = 0.3
	}
	return d
}

// Point is one initial state.
type Point struct {
	T   float64   // K
	Rho float64   // g/cm3
	Ye  float64   // sum of X Z/A
	X   []float64 // mass fractions in the order of the design's nuclides; added up in that order they give exactly 1
	// Small holds the same for the nuclides of the small network, in its order: there h1 and prot are apart, which X adds
	// up. It is nil but for points made by SmallNet.
	Small []float64
}

// Sampler makes the points of a design. It may be used by several goroutines at once.
type Sampler struct {
	Design
	sobol  *Sobol
	z      []float64 // Z/A
	hi     []float64 // upper end of ln X for the generators after the paper
	parts  []part    // of the mixture
	small  *smallNet
	groups []group // of QSE
	core   coreTracks
	share  float64 // of random compositions within the range of Ye, for PaperReject
}

// New checks a design and returns its sampler. The error wraps ErrGenerator or ErrRange; a range of Ye must lie inside
// the Z/A of the nuclides, and PaperReject must meet it more often than once in ten thousand draws.
func New(d Design) (*Sampler, error) {
	d = d.WithDefaults()
	parts, err := parseMixture(d.Generator)
	if err != nil {
		return nil, err
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
	}{{"largest neutron fraction", d.NeutronMax, 1}, {"tolerance of Ye", d.Tolerance, 1}, {"alpha", d.Alpha, 1e6}, {"spread", d.Spread, 100}} {
		if !(v.value > 0 && v.value <= v.max) {
			return nil, fmt.Errorf("sample: %w: %s %g, want more than 0 and at most %g", ErrRange, v.name, v.value, v.max)
		}
	}
	if len(d.Nuclides) == 0 {
		return nil, fmt.Errorf("sample: %w: no nuclides", ErrRange)
	}
	if d.Present != 0 && (d.Present < 2 || d.Present > len(d.Nuclides)) {
		return nil, fmt.Errorf("sample: %w: %d nuclides present, want 2 to %d", ErrRange, d.Present, len(d.Nuclides))
	}
	d.Nuclides = slices.Clone(d.Nuclides)
	s := &Sampler{Design: d, parts: parts}
	s.z, s.hi = s.bounds(d.Nuclides)
	if d.Generator != Listed {
		if err := reach(d.Ye, s.z); err != nil {
			return nil, err
		}
	}
	for _, p := range parts {
		if err := s.prepare(p.generator); err != nil {
			return nil, err
		}
	}
	scrambling := mix(d.Seed)
	if scrambling == 0 {
		scrambling = 1
	}
	s.sobol, err = NewSobol(3, scrambling)
	return s, err
}

// bounds returns Z/A and the upper ends of ln X of nuclides.
func (s *Sampler) bounds(nuclides []nuclide.Nuclide) (z, hi []float64) {
	for _, n := range nuclides {
		z = append(z, float64(n.Z())/float64(n.A()))
		if n == nuclide.Neutron || n == nuclide.Prot {
			hi = append(hi, math.Log(s.NeutronMax))
		} else {
			hi = append(hi, s.LogX[1]*math.Ln10)
		}
	}
	return z, hi
}

// reach reports whether compositions of nuclides with these Z/A have every Ye of a range.
func reach(ye [2]float64, z []float64) error {
	if lo, hi := slices.Min(z), slices.Max(z); ye[0] <= lo || ye[1] >= hi {
		return fmt.Errorf("sample: %w: Ye from %g to %g, but the nuclides only reach between %.4g and %.4g", ErrRange, ye[0], ye[1], lo, hi)
	}
	return nil
}

// prepare gets ready for a generator, and reports what it lacks.
func (s *Sampler) prepare(g Generator) (err error) {
	switch g {
	case PaperReject:
		const draws, least = 100_000, 1e-4
		if s.share = s.acceptance(draws); s.share < least {
			return fmt.Errorf("sample: %w: of %d random compositions a share of %.2g has Ye within %g to %g, want at least %g: "+
				"the generator %q reaches any Ye", ErrRange, draws, s.share, s.Ye[0], s.Ye[1], least, Paper)
		}
	case SmallNet:
		s.small, err = s.newSmallNet()
	case NSE, QSE:
		if t := math.Pow(10, s.LogT[0]); t < nse.MinT {
			return fmt.Errorf("sample: %w: equilibrium is only defined from %g K on, not at %g K", ErrRange, float64(nse.MinT), t)
		}
		if g == QSE {
			s.groups, err = groupsOf(s.Nuclides)
		}
	case Burnt, Core, Track:
		if s.Network == nil || !slices.Equal(s.Network.Nuclides(), s.Nuclides) {
			return fmt.Errorf("sample: %w: %q needs the network of the nuclides", ErrGenerator, g)
		}
	case Listed:
		return s.checkList()
	}
	return err
}

// maxDraws limits PaperReject to what takes some seconds. With mesa_80 the paper's window needs a hundred draws at its upper
// end and three thousand at its lower.
const maxDraws = 1_000_000

// At returns point index, counted from 0. It depends on the design and the index alone. Temperature and density are
// rounded to three decimals of their logarithms, as in the paper's data, but for Core and Listed, which bring their own.
//
// Errors are those of PaperReject, when no draw comes close enough to the Ye wanted, of Core, whose models may leave the
// ranges of the design aside, of Listed behind the end of its list, and of ctx.
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
	err := s.compose(ctx, s.choose(rng), index, rng, &p)
	if err != nil {
		return Point{}, err
	}
	return p, nil
}

// Burns reports whether some states of the design come from burns: they then depend on how exactly those were integrated.
func (s *Sampler) Burns() bool {
	return slices.ContainsFunc(s.parts, func(p part) bool { return p.generator == Burnt || p.generator == Core || p.generator == Track })
}

// compose makes the composition of a point for its Ye, or takes all of it from elsewhere.
func (s *Sampler) compose(ctx context.Context, g Generator, index uint64, rng *rand.Rand, p *Point) error {
	switch g {
	case Dirichlet:
		return s.dirichlet(rng, p)
	case PaperReject:
		return s.reject(ctx, index, rng, p)
	case SmallNet:
		return s.small.compose(s, rng, p)
	case NSE:
		return s.equilibrium(rng, p, nil)
	case QSE:
		return s.equilibrium(rng, p, s.groups)
	case Burnt:
		return s.burnt(ctx, rng, p)
	case Core:
		return s.alongCore(ctx, rng, p)
	case Track:
		if rng.Uint64()&1 == 0 {
			return s.burnt(ctx, rng, p)
		}
		return s.alongCore(ctx, rng, p)
	case Listed:
		if index >= uint64(len(s.List)) {
			return fmt.Errorf("sample: %w: point %d of a list of %d", ErrRange, index, len(s.List))
		}
		*p = s.List[index]
		p.X = slices.Clone(p.X)
		p.Ye = dot(p.X, s.z)
		return nil
	}
	return s.paper(rng, p)
}

// paper makes a composition as the generator Paper does.
func (s *Sampler) paper(rng *rand.Rand, p *Point) error {
	logs := make([]float64, len(s.z))
	s.drawLogs(rng, logs, s.hi)
	return Tilt(p.X, logs, s.z, p.Ye)
}

func (s *Sampler) reject(ctx context.Context, index uint64, rng *rand.Rand, p *Point) error {
	logs := make([]float64, len(s.z))
	closest := math.Inf(1)
	for n := range maxDraws {
		if n%1000 == 999 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.drawLogs(rng, logs, s.hi)
		softmax(p.X, logs)
		ye := dot(p.X, s.z)
		if math.Abs(ye-p.Ye) <= s.Tolerance {
			sumToOne(p.X)
			p.Ye = dot(p.X, s.z)
			return nil
		}
		closest = min(closest, math.Abs(ye-p.Ye))
	}
	return fmt.Errorf("sample: point %d: none of %d compositions comes within %g of Ye = %.6g, the closest within %.2g: "+
		"the generator %q reaches any Ye", index, maxDraws, s.Tolerance, p.Ye, closest, Paper)
}

// Acceptance returns the share of random compositions whose Ye lies within the range of the design, 0 if PaperReject, which
// draws them, has no part in it.
func (s *Sampler) Acceptance() float64 { return s.share }

// acceptance returns the share of random compositions whose Ye PaperReject may use, of the number of draws given.
func (s *Sampler) acceptance(draws int) float64 {
	rng := stream(s.Seed, math.MaxUint64)
	logs, x := make([]float64, len(s.z)), make([]float64, len(s.z))
	in := 0
	for range draws {
		s.drawLogs(rng, logs, s.hi)
		softmax(x, logs)
		if ye := dot(x, s.z); ye >= s.Ye[0]-s.Tolerance && ye <= s.Ye[1]+s.Tolerance {
			in++
		}
	}
	return float64(in) / float64(draws)
}

func (s *Sampler) dirichlet(rng *rand.Rand, p *Point) error {
	logs := make([]float64, len(s.z))
	for i := range logs {
		logs[i] = logGamma(rng, s.Alpha)
	}
	if s.Present == 0 {
		return Tilt(p.X, logs, s.z, p.Ye)
	}
	// Nuclides at random, until some lie on either side of the Ye wanted.
	for {
		order := rng.Perm(len(logs))
		some := slices.Clone(logs)
		lo, hi := math.Inf(1), math.Inf(-1)
		for k, i := range order {
			if k < s.Present {
				lo, hi = min(lo, s.z[i]), max(hi, s.z[i])
			} else {
				some[i] = math.Inf(-1)
			}
		}
		if lo < p.Ye && p.Ye < hi {
			return Tilt(p.X, some, s.z, p.Ye)
		}
	}
}

// drawLogs draws ln X of every nuclide as BBQ does, up to hi.
func (s *Sampler) drawLogs(rng *rand.Rand, logs, hi []float64) {
	lo := s.LogX[0] * math.Ln10
	for i := range logs {
		logs[i] = lo + rng.Float64()*(hi[i]-lo)
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
