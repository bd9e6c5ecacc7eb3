package sample

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
)

func at(t *testing.T, d Design, index uint64) (*Sampler, Point) {
	t.Helper()
	s, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.At(context.Background(), index)
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

// TestMixture: the shares are those asked for, and a mixture of one is that generator.
func TestMixture(t *testing.T) {
	nuclides := members(t)
	s, err := New(Design{Nuclides: nuclides, Generator: "paper:3,dirichlet"})
	if err != nil {
		t.Fatal(err)
	}
	const n = 4000
	papers := 0
	for i := range uint64(n) {
		if s.choose(stream(s.Seed, i)) == Paper {
			papers++
		}
	}
	if d := math.Abs(float64(papers)/n - 0.75); d > 5*math.Sqrt(0.75*0.25/n) {
		t.Errorf("%d of %d points are the paper's, want three of four", papers, n)
	}
	_, one := at(t, Design{Nuclides: nuclides, Generator: "dirichlet:7"}, 5)
	_, other := at(t, Design{Nuclides: nuclides, Generator: Dirichlet}, 5)
	if !slices.Equal(one.X, other.X) {
		t.Error("a generator with a weight makes other points")
	}
}

func TestPresent(t *testing.T) {
	for i := range uint64(50) {
		_, p := at(t, Design{Nuclides: members(t), Generator: Dirichlet, Present: 5, Alpha: 1}, i)
		present := 0
		for _, x := range p.X {
			if x > 0 {
				present++
			}
		}
		if present > 5 || present < 2 {
			t.Errorf("point %d: %d nuclides, want 5", i, present)
		}
	}
}

// TestSmallNet: only nuclides of the small network are there, and its protons add up to those of the large one.
func TestSmallNet(t *testing.T) {
	small, err := nucnet.Stock(SmallNetwork)
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(20) {
		s, p := at(t, Design{Nuclides: members(t), Generator: SmallNet}, i)
		for k, n := range s.Nuclides {
			want := 0.0
			if j := small.Index(n); j >= 0 {
				want = p.Small[j]
			}
			if n == nuclide.Proton {
				want += p.Small[small.Index(nuclide.Prot)]
			}
			if math.Abs(p.X[k]-want) > 1e-15 {
				t.Errorf("point %d: X(%s) = %g, want %g", i, n, p.X[k], want)
			}
		}
		if p.Small[small.Index(nuclide.Prot)] == 0 {
			t.Error("prot has no part of its own")
		}
	}
}

// TestEquilibrium: without a spread NSE is what package nse gives, and QSE keeps Saha's ratios within each group, for
// which (Z, N) steps between neighbours cost the same everywhere: ln(X a/X b) of pairs two apart adds up.
func TestEquilibrium(t *testing.T) {
	d := Design{Nuclides: members(t), Generator: NSE, Spread: 1e-12, LogT: [2]float64{9.6, 9.8}}
	s, p := at(t, d, 3)
	want, err := nse.Solve(s.Nuclides, p.T, p.Rho, p.Ye, nse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range want.X {
		if math.Abs(p.X[i]-x) > 1e-9 {
			t.Errorf("X(%s) = %g, want %g", s.Nuclides[i], p.X[i], x)
		}
	}
	d.Generator = QSE
	var shares []float64
	for i := range uint64(200) {
		s, p := at(t, d, i)
		eq, err := nse.Solve(s.Nuclides, p.T, p.Rho, p.Ye, nse.Options{})
		if err != nil {
			t.Fatal(err)
		}
		shift := func(name string) float64 {
			n, err := nuclide.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			k := slices.Index(s.Nuclides, n)
			return math.Log(p.X[k] / eq.X[k])
		}
		// Chemical potentials of neutron, proton and alpha particle, then those of an alpha capture in either group.
		alpha := shift("he4")
		if e := 2*shift("h1") + 2*shift("neut") - alpha; math.Abs(e) > 1e-4 {
			t.Errorf("point %d: alpha particles are off by %g", i, e)
		}
		for _, pair := range [][2]string{{"si28", "s32"}, {"fe52", "ni56"}} {
			if e := shift(pair[1]) - shift(pair[0]) - alpha; math.Abs(e) > 1e-4 {
				t.Errorf("point %d: %v is off by %g", i, pair, e)
			}
		}
		heavy, heaviest := 0.0, 0.0
		for k, n := range s.Nuclides {
			if n.A() >= 24 {
				heavy += p.X[k]
			}
			if n.Z() >= 22 {
				heaviest += p.X[k]
			}
		}
		shares = append(shares, heaviest/heavy)
	}
	slices.Sort(shares)
	for _, q := range []float64{0.1, 0.5, 0.9} {
		if got := shares[int(q*float64(len(shares)))]; math.Abs(got-q) > 0.15 {
			t.Errorf("the iron group's share at %g of the points is %g: want an even spread", q, got)
		}
	}
}

// TestBurnt: the strong reactions of a state along a burn are closer to balance than those of its start.
func TestBurnt(t *testing.T) {
	net := network(t)
	d := Design{Nuclides: net.Nuclides(), Network: net, Generator: Burnt, LogT: [2]float64{9.5, 9.6}}
	imbalance := func(p Point) float64 {
		flows, err := net.Flows(nucnet.State{T: p.T, Rho: p.Rho, X: p.X}, nucnet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		largest := 0.0
		for _, f := range flows {
			largest = max(largest, math.Abs(f.Net()))
		}
		return math.Log(largest)
	}
	closer := 0
	const n = 8
	for i := range uint64(n) {
		_, burnt := at(t, d, i)
		start := d
		start.Generator = Paper
		_, from := at(t, start, i)
		if burnt.T != from.T || burnt.Rho != from.Rho {
			t.Errorf("point %d is at another temperature or density", i)
		}
		if imbalance(burnt) < imbalance(from)-3 {
			closer++
		}
	}
	if closer < n-1 {
		t.Errorf("only %d of %d states have relaxed", closer, n)
	}
}

func TestReadList(t *testing.T) {
	nuclides := members(t)
	points, err := ReadList(strings.NewReader("# a comment\nT,rho,si28,X_fe54\n3e9,1e8,0.9,0.1\n4e9 1e7\t1 0\n"), "file", nuclides)
	if err != nil {
		t.Fatal(err)
	}
	s, p := at(t, Design{Nuclides: nuclides, Generator: Listed, List: points}, 0)
	if len(points) != 2 || p.T != 3e9 || p.Rho != 1e8 || math.Abs(p.Ye-(0.9*0.5+0.1*26/54)) > 1e-15 {
		t.Errorf("%d points, the first %+v", len(points), p)
	}
	if _, err := s.At(context.Background(), 2); !errors.Is(err, ErrRange) {
		t.Errorf("a point behind the list: %v", err)
	}
	for text, says := range map[string]string{
		"":                        "no points",
		"T si28\n1e9 1\n":         "file:1",
		"T rho u238\n":            "u238",
		"T rho xx\n":              `"xx"`,
		"T T\n":                   "twice",
		"T rho si28\n1e9 1e8\n":   "file:2",
		"T rho si28\n1e9 1e8 x\n": `"x"`,
		"T rho si28\n1 1 0.9\n":   "0.9",
		"T rho si28\n1 1 -1\n":    "-1",
	} {
		if _, err := ReadList(strings.NewReader(text), "file", nuclides); !errors.Is(err, ErrRange) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v, want %q", text, err, says)
		}
	}
}
