package nse

import (
	"errors"
	"math"
	"slices"
	"testing"

	"nuclab/nucnet/nuclide"
)

func list(t testing.TB, s string) []nuclide.Nuclide {
	t.Helper()
	l, err := nuclide.ParseRanges(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const net151 = "n; h1-2; he3-4; li6-7; be7,9,10; b8,10,11; c12-13; n13-16; o15-19; f17-20; ne19-23; na21-24; mg23-27; " +
	"al25-28; si27-33; p30-34; s31-37; cl35-38; ar36-41; k39-42; ca40-49; sc43-49; ti44-51; v47-52; cr48-55; " +
	"mn51-56; fe52-61; co55-61; ni56-65"

// Values of an independent solution. Digits printed there limit the comparison; in the second state they add up to
// 1 + 4e-8 and so cannot all be right.
func TestSolve(t *testing.T) {
	small, large := "h1; he4; fe52; co55; ni56", net151
	for _, c := range []struct {
		members    string
		t, rho, ye float64
		noCoulomb  bool
		x          map[string]float64
		tolerance  float64 // half of the last digit of mass fractions
	}{
		{small, 6e9, 1e7, .5, false, map[string]float64{"h1": .00942998, "he4": .44074342, "fe52": .00718952, "co55": .51864896, "ni56": .02398811}, 6e-9},
		{small, 6e9, 1e7, .5, true, map[string]float64{"h1": .00909449, "he4": .46299216, "fe52": .00675207, "co55": .50019676, "ni56": .02096456}, 5e-8},
		{large, 5e9, 1e8, .48, true, map[string]float64{"fe54": .435789, "ni58": .148326, "fe55": .075807, "fe56": .058913, "co57": .049505, "co55": .048278, "h1": 2.8768e-4, "neut": 3.0520e-8}, 6e-7},
		{large, 5e9, 1e8, .48, false, map[string]float64{"fe54": .414668, "ni58": .168686, "fe55": .074238, "fe56": .059377, "co57": .052846, "h1": 2.5514e-4, "neut": 3.1410e-8}, 6e-7},
		{large, 6e9, 1e9, .46, true, map[string]float64{"fe56": .305740, "cr52": .109593, "fe57": .094770, "mn55": .081241, "fe58": .061646, "h1": 2.0671e-5, "neut": 4.3337e-6}, 6e-7},
		{large, 6e9, 1e9, .46, false, map[string]float64{"fe56": .310088, "fe57": .100032, "cr52": .083606, "mn55": .073978, "fe58": .067719, "h1": 1.6668e-5, "neut": 4.5102e-6}, 6e-7},
		{large, math.Pow(10, 9.9), 1e9, .45, true, map[string]float64{"cr54": .134159, "fe58": .108792, "mn55": .069979, "ti50": .067529, "cr53": .060689, "he4": .054293, "h1": 2.9130e-4, "neut": 2.0091e-3}, 6e-7},
		{large, 4e9, 1e7, .5, true, map[string]float64{"ni56": .868774, "co55": .044965, "fe52": .027308, "ni57": .021273, "fe54": .017681, "h1": 2.2067e-3, "neut": 9.7133e-12}, 6e-7},
	} {
		members := list(t, c.members)
		r, err := Solve(members, c.t, c.rho, c.ye, Options{NoCoulomb: c.noCoulomb})
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range members {
			want, ok := c.x[n.String()]
			if ok && math.Abs(r.X[i]-want) > min(c.tolerance, max(3e-5*want, 6e-9)) {
				t.Errorf("T=%g rho=%g Ye=%g, Coulomb %v: X(%s) = %.8g, want %.8g", c.t, c.rho, c.ye, !c.noCoulomb, n, r.X[i], want)
			}
		}
		if r.Iterations > 15 {
			t.Errorf("T=%g rho=%g Ye=%g: %d iterations", c.t, c.rho, c.ye, r.Iterations)
		}
	}
}

// Solutions over the whole range meet both conditions.
func TestSolveRange(t *testing.T) {
	for _, members := range [][]nuclide.Nuclide{list(t, net151), list(t, "h1; he4; fe52; co55; ni56"), list(t, "n; h1; he4; ni56")} {
		testRange(t, members)
	}
}

func testRange(t *testing.T, members []nuclide.Nuclide) {
	for _, temperature := range []float64{1e9, 3e9, 4.4e9, 6e9, 1e10, 1e11} {
		for _, rho := range []float64{1e-2, 1e5, 1e7, 1e9, 1e10, 1e12} {
			for _, ye := range []float64{.02, .35, .4, .46, .495, .5, .55, .9} {
				if check(members, temperature, rho, ye) != nil {
					continue // cannot be reached without neutrons
				}
				r, err := Solve(members, temperature, rho, ye, Options{})
				if err != nil {
					t.Error(err)
					continue
				}
				var sum, charge float64
				for i, n := range members {
					if !(r.X[i] >= 0) {
						t.Errorf("X(%s) = %g", n, r.X[i])
					}
					sum += r.X[i]
					charge += r.X[i] * float64(n.Z()) / float64(n.A())
				}
				if math.Abs(sum-1) > 1e-12 || math.Abs(charge-ye) > 1e-12 {
					t.Errorf("T=%g rho=%g Ye=%g: sum X = 1%+.1e, sum X Z/A = Ye%+.1e", temperature, rho, ye, sum-1, charge-ye)
				}
			}
		}
	}
}

// At high temperature and low density only nucleons are left, with X_p = Ye.
func TestNucleons(t *testing.T) {
	members := list(t, net151)
	r, err := Solve(members, 5e10, 1e4, .3, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range members {
		want := map[nuclide.Nuclide]float64{nuclide.Neutron: .7, nuclide.Proton: .3}[n]
		if math.Abs(r.X[i]-want) > 1e-6 {
			t.Errorf("X(%s) = %g, want %g", n, r.X[i], want)
		}
	}
}

// The protons of the small networks are prot; h1 stands by.
func TestProt(t *testing.T) {
	one := list(t, "n; h1; he3-4; si28; fe54,56; ni56")
	two := append([]nuclide.Nuclide{nuclide.Prot}, one...)
	nuclide.Sort(two)
	want, err := Solve(one, 5e9, 1e8, .48, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Solve(two, 5e9, 1e8, .48, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range two {
		x := 0.0
		switch n {
		case nuclide.Proton:
		case nuclide.Prot:
			x = want.X[slices.Index(one, nuclide.Proton)]
		default:
			x = want.X[slices.Index(one, n)]
		}
		if got.X[i] != x {
			t.Errorf("X(%s) = %g, want %g", n, got.X[i], x)
		}
	}
}

// Both searches find the same chemical potentials.
func TestNested(t *testing.T) {
	members := list(t, net151)
	s := newSystem(members, 4e9, 1e8, .47, Options{})
	p1, n1, _, ok := s.newton(-9/s.kT, -9/s.kT, 100)
	p2, n2, _ := s.nested()
	if !ok || math.Abs(p1-p2) > 1e-9 || math.Abs(n1-n2) > 1e-9 {
		t.Errorf("Newton %v: %.12g, %.12g; nested %.12g, %.12g", ok, p1, n1, p2, n2)
	}
}

func TestSolveRefuses(t *testing.T) {
	good := list(t, "n; h1; he4; fe54,56; ni56")
	for _, c := range []struct {
		members    []nuclide.Nuclide
		t, rho, ye float64
	}{
		{good, 1e8, 1e7, .5}, {good, math.NaN(), 1e7, .5}, {good, 2e11, 1e7, .5},
		{good, 5e9, 0, .5}, {good, 5e9, 1e13, .5}, {good, 5e9, math.NaN(), .5},
		{good, 5e9, 1e7, -.1}, {good, 5e9, 1e7, 1}, {good, 5e9, 1e7, math.NaN()},
		{good[2:], 5e9, 1e7, .3},
		{list(t, "he4; ni56"), 5e9, 1e7, .5},
		{append(good[:len(good):len(good)], nuclide.Alpha), 5e9, 1e7, .5},
		{[]nuclide.Nuclide{{}}, 5e9, 1e7, .5}, {nil, 5e9, 1e7, .5},
	} {
		if _, err := Solve(c.members, c.t, c.rho, c.ye, Options{}); !errors.Is(err, ErrInput) {
			t.Errorf("T=%g rho=%g Ye=%g: error %v", c.t, c.rho, c.ye, err)
		}
	}
}

func BenchmarkSolve151(b *testing.B) {
	members := list(b, net151)
	for b.Loop() {
		if _, err := Solve(members, 5e9, 1e8, .48, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
