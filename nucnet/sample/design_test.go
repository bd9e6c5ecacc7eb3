package sample

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

const memberNames = "neut h1 h2 he3 he4 c12 c13 n14 n15 o16 o17 o18 f19 ne20 ne21 ne22 na23 mg24 mg25 mg26 al27 " +
	"si28 si29 si30 p31 s32 s33 s34 cl35 ar36 ar37 ar38 k39 ca40 ca41 ca42 sc43 ti44 ti45 ti46 v47 cr48 cr49 cr50 mn51 " +
	"fe52 fe53 fe54 fe56 co55 co56 ni56 ni57 ni58 ni59 cu59 zn60"

// members is a network of a size like the real ones: neutrons, protons and two or three isotopes of most elements.
func members(t testing.TB) []nuclide.Nuclide {
	t.Helper()
	list, err := nuclide.ParseList(memberNames)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// network has these members. It is made once.
var shared = sync.OnceValues(func() (*nucnet.Network, error) {
	list, err := nuclide.ParseList(memberNames)
	if err != nil {
		return nil, err
	}
	return nucnet.New("members", list)
})

func network(t testing.TB) *nucnet.Network {
	t.Helper()
	net, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func TestPoints(t *testing.T) {
	nuclides := members(t)
	for _, g := range Generators() {
		if g == Core {
			continue // half of Track
		}
		t.Run(string(g), func(t *testing.T) {
			d := Design{Nuclides: nuclides, Seed: 3, Generator: g}
			n := 500
			switch g {
			case PaperReject:
				n = 20
			case Burnt, Track:
				n = 10
				d.Network, d.LogT, d.LogRho = network(t), [2]float64{9.2, 9.43}, [2]float64{7, 8.3} // short burns, the beginning of a core's way
			}
			s, err := New(d)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				p, err := s.At(context.Background(), uint64(i))
				if err != nil {
					t.Fatal(err)
				}
				if p.T < math.Pow(10, 9.2)*(1-1e-12) || p.T > math.Pow(10, 9.9)*(1+1e-12) || p.Rho < 1e7 || p.Rho > 1e9 ||
					p.Ye < 0.45-1.5e-4 || p.Ye > 0.5+1.5e-4 {
					t.Fatalf("point %d outside the box: T %g, rho %g, Ye %g", i, p.T, p.Rho, p.Ye)
				}
				sum, ye := 0.0, 0.0
				for k, x := range p.X {
					if !(x >= 0) {
						t.Fatalf("point %d: X(%s) = %g", i, nuclides[k], x)
					}
					sum += x
					ye += x * float64(nuclides[k].Z()) / float64(nuclides[k].A())
				}
				if sum != 1 {
					t.Errorf("point %d: sum X - 1 = %g, want 0", i, sum-1)
				}
				if math.Abs(ye-p.Ye) > 1e-14 {
					t.Errorf("point %d: Ye is off by %g", i, ye-p.Ye)
				}
			}
		})
	}
}

// TestIndependence: a point is the same whatever was drawn before it, and other seeds and indices give others.
func TestIndependence(t *testing.T) {
	at := func(seed, index uint64, before ...uint64) []float64 {
		s, err := New(Design{Nuclides: members(t), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range before {
			if _, err := s.At(context.Background(), i); err != nil {
				t.Fatal(err)
			}
		}
		p, err := s.At(context.Background(), index)
		if err != nil {
			t.Fatal(err)
		}
		return append([]float64{p.T, p.Rho, p.Ye}, p.X...)
	}
	want := at(5, 77)
	if !slices.Equal(at(5, 77, 1, 2, 3, 1<<40), want) {
		t.Error("the same point differs after other draws")
	}
	for _, other := range [][]float64{at(6, 77), at(5, 78), at(0, 77)} {
		if slices.Equal(other[3:], want[3:]) {
			t.Error("another seed or index gives the same composition")
		}
	}
}

// TestTilt: two nuclides leave no choice, and without a change of Ye nothing is tilted.
func TestTilt(t *testing.T) {
	x := make([]float64, 2)
	if err := Tilt(x, []float64{-50, 0}, []float64{0, 1}, 0.3); err != nil {
		t.Fatal(err)
	}
	if math.Abs(x[1]-0.3) > 1e-15 || x[0]+x[1] != 1 {
		t.Errorf("X = %v, want 0.7, 0.3", x)
	}
	logs := []float64{math.Log(0.2), math.Log(0.5), math.Log(0.3)}
	z := []float64{0, 0.5, 0.4}
	x = make([]float64, 3)
	if err := Tilt(x, logs, z, 0.37); err != nil {
		t.Fatal(err)
	}
	for i, w := range []float64{0.2, 0.5, 0.3} {
		if math.Abs(x[i]-w) > 1e-15 {
			t.Errorf("X[%d] = %v, want %v", i, x[i], w)
		}
	}
	// The tilted composition is that of least relative entropy: ln(x/w) is linear in z.
	if err := Tilt(x, logs, z, 0.45); err != nil {
		t.Fatal(err)
	}
	r := make([]float64, 3)
	for i := range r {
		r[i] = math.Log(x[i]) - logs[i]
	}
	if d := (r[1]-r[0])/0.5 - (r[2]-r[0])/0.4; math.Abs(d) > 1e-12 {
		t.Errorf("ln(x/w) bends by %g", d)
	}
	for _, ye := range []float64{-0.1, 0, 0.5, 0.6, math.NaN()} {
		if err := Tilt(x, logs, z, ye); !errors.Is(err, ErrRange) {
			t.Errorf("Ye = %g: error %v", ye, err)
		}
	}
}

// TestTiltFar: also when the composition hardly holds the nuclides that must make up the Ye.
func TestTiltFar(t *testing.T) {
	z := []float64{0, 0.4, 0.45, 0.5, 1}
	for _, logs := range [][]float64{{-600, -500, 0, 0, -700}, {0, -700, -700, -700, 0}, {-700, 0, -700, -700, -700}} {
		for _, ye := range []float64{1e-6, 0.3, 0.45, 0.499999, 0.7, 1 - 1e-6} {
			x := make([]float64, len(z))
			if err := Tilt(x, logs, z, ye); err != nil {
				t.Fatal(err)
			}
			if e := dot(x, z) - ye; math.Abs(e) > 1e-14 {
				t.Errorf("logs %v: Ye = %g is off by %g", logs, ye, e)
			}
		}
	}
}

// TestGammaMoments: a Gamma(alpha) variate has mean alpha and variance alpha; the logarithm's mean is digamma(alpha),
// here at 1/2, where it is -gamma - 2 ln 2.
func TestGammaMoments(t *testing.T) {
	const n = 100_000
	rng := stream(1, 1)
	for _, alpha := range []float64{0.5, 1, 4} {
		var sum, sum2, logs float64
		for range n {
			l := logGamma(rng, alpha)
			v := math.Exp(l)
			sum, sum2, logs = sum+v, sum2+v*v, logs+l
		}
		mean := sum / n
		if e := math.Abs(mean - alpha); e > 5*math.Sqrt(alpha/n) {
			t.Errorf("alpha %g: mean %g", alpha, mean)
		}
		if v := sum2/n - mean*mean; math.Abs(v-alpha) > 0.05*alpha {
			t.Errorf("alpha %g: variance %g", alpha, v)
		}
		const digammaHalf = -0.57721566490153286 - 2*math.Ln2
		if alpha == 0.5 && math.Abs(logs/n-digammaHalf) > 0.04 {
			t.Errorf("mean logarithm %g, want %g", logs/n, digammaHalf)
		}
	}
}

// TestAcceptance: of compositions drawn as BBQ draws them these shares lie within 0.45 < Ye < 0.5, as another program counts.
func TestAcceptance(t *testing.T) {
	for _, c := range []struct {
		network string
		least   float64 // log10 X
		want    float64
	}{{"mesa_80", -30, 0.64}, {"mesa_151", -30, 0.86}, {"mesa_80", -10, 0.62}, {"mesa_151", -10, 0.94}} {
		net, err := nucnet.Stock(c.network)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(Design{Nuclides: net.Nuclides(), Generator: PaperReject, LogX: [2]float64{c.least, 0}})
		if err != nil {
			t.Fatal(err)
		}
		if a := s.Acceptance(); math.Abs(a-c.want) > 0.012 {
			t.Errorf("%s, X from 1e%g: %.3f, want %g", c.network, c.least, a, c.want)
		}
	}
	s, err := New(Design{Nuclides: members(t)})
	if err != nil || s.Acceptance() != 0 {
		t.Errorf("the generator %q: %v, %v", Paper, s.Acceptance(), err)
	}
}

func TestDesignErrors(t *testing.T) {
	nuclides := members(t)
	for name, c := range map[string]struct {
		d    Design
		want error
	}{
		"no nuclides":      {Design{}, ErrRange},
		"generator":        {Design{Nuclides: nuclides, Generator: "papr"}, ErrGenerator},
		"falling range":    {Design{Nuclides: nuclides, LogT: [2]float64{9.9, 9.2}}, ErrRange},
		"hot":              {Design{Nuclides: nuclides, LogT: [2]float64{9, 12}}, ErrRange},
		"not a number":     {Design{Nuclides: nuclides, LogRho: [2]float64{math.NaN(), 9}}, ErrRange},
		"Ye out of reach":  {Design{Nuclides: nuclides[5:], Ye: [2]float64{0.3, 0.4}}, ErrRange},
		"never that Ye":    {Design{Nuclides: nuclides, Generator: PaperReject, Ye: [2]float64{0.01, 0.02}}, ErrRange},
		"too few present":  {Design{Nuclides: nuclides, Present: 1}, ErrRange},
		"cold equilibrium": {Design{Nuclides: nuclides, Generator: NSE, LogT: [2]float64{8.5, 9.5}}, ErrRange},
		"no network":       {Design{Nuclides: nuclides, Generator: Track}, ErrGenerator},
		"no small nuclide": {Design{Nuclides: nuclides[14:16], Generator: SmallNet, Ye: [2]float64{0.47, 0.48}}, ErrRange},
		"no groups":        {Design{Nuclides: nuclides[:15], Generator: QSE}, ErrRange},
		"no list":          {Design{Nuclides: nuclides, Generator: Listed}, ErrRange},
		"weight":           {Design{Nuclides: nuclides, Generator: "paper:0,nse:1"}, ErrGenerator},
		"list in mixture":  {Design{Nuclides: nuclides, Generator: "paper,list"}, ErrGenerator},
		"positive log X":   {Design{Nuclides: nuclides, LogX: [2]float64{-10, 1}}, ErrRange},
		"neutron fraction": {Design{Nuclides: nuclides, NeutronMax: -1}, ErrRange},
	} {
		if _, err := New(c.d); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	// Few nuclides, which make for fast draws, and a tolerance that none of them meets.
	s, err := New(Design{Nuclides: nuclides[:5], Generator: PaperReject, Tolerance: 1e-13})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.At(context.Background(), 0); err == nil || !strings.Contains(err.Error(), "none of 1000000") {
		t.Errorf("rejection: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.At(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

func BenchmarkAt(b *testing.B) {
	for _, g := range Generators() {
		b.Run(string(g), func(b *testing.B) {
			s, err := New(Design{Nuclides: members(b), Generator: g, Network: network(b)})
			if err != nil {
				b.Fatal(err)
			}
			for i := range uint64(b.N) {
				if _, err := s.At(context.Background(), i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
