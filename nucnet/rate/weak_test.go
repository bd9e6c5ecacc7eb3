package rate

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// Values of MESA's merged table by MESA's interpolation: half-lives (s) and neutrino energies (MeV) at T9 = 0.9, rho =
// 4.5e5 g/cm3, Ye = 0.5, as in the output of MESA's own test. The digits printed there limit the comparison.
func TestWeakHalfLives(t *testing.T) {
	for _, c := range []struct {
		name          string
		halfLife, qnu float64
	}{
		{"p -> n", 4.692303e8, 0.2552701}, {"n -> p", 7.250915e2, 0.4549447},
		{"fe52 -> mn52", 1.088178e4, 1.716258}, {"fe54 -> mn54", 7.192504e13, 0.7156202},
		{"k39 -> ar39", 8.430171e13, 0.2585526}, {"ni56 -> co56", 7.640384e4, 0.5987078},
		{"co56 -> fe56", 3.959487e5, 1.590051}, {"co55 -> fe55", 4.037166e4, 1.651322},
		{"mn56 -> fe56", 3.587550e2, 1.951003},
	} {
		v := single(t, c.name, Correct).Eval(0.9e9, 4.5e5*0.5)
		near(t, c.name+" half-life", math.Ln2/v.Lambda, c.halfLife, 1e-6)
		near(t, c.name+" neutrino energy", v.QNu, c.qnu, 1e-6)
	}
	// Not in a table: the list of cold decays gives the neutrino energy, REACLIB the rate.
	v := single(t, "o14 -> n14", Correct).Eval(0.9e9, 4.5e5*0.5)
	near(t, "o14 half-life", math.Ln2/v.Lambda, 70.64, 1e-3)
	near(t, "o14 neutrino energy", v.QNu, 2.22, 1e-12)
}

// The same at hot and dense states: rate (1/s) and neutrino energy (MeV) at (T9, log10 rho Ye) = (5, 8), (7, 8.2), (4, 7.5).
func TestWeakRates(t *testing.T) {
	for _, c := range []struct {
		name string
		want [3][2]float64
	}{
		{"ni56 -> co56", [3][2]float64{{1.912665e-1, 2.10069}, {8.220947e-1, 3.19299}, {2.268892e-2, 1.73955}}},
		{"co56 -> fe56", [3][2]float64{{3.017737e-2, 3.55892}, {1.696242e-1, 4.17630}, {3.717507e-3, 3.31702}}},
		{"co55 -> fe55", [3][2]float64{{6.020844e-2, 2.41737}, {3.118128e-1, 3.23643}, {7.509305e-3, 2.39414}}},
		{"fe54 -> mn54", [3][2]float64{{5.004771e-3, 1.91697}, {4.688040e-2, 2.77721}, {1.809848e-4, 1.49919}}},
		{"p -> n", [3][2]float64{{1.333521e-1, 1.99986}, {4.765188e-1, 2.86022}, {1.510950e-2, 1.48679}}},
		{"n -> p", [3][2]float64{{1.617975e-4, 2.40452}, {5.376446e-4, 3.72756}, {1.191446e-4, 1.77797}}},
	} {
		s := single(t, c.name, Correct)
		if s.Kind != KindWeakTable || s.Source != "lmp" {
			t.Errorf("%s: %s from %s", c.name, s.Kind, s.Source)
		}
		for i, at := range [3][2]float64{{5, 8}, {7, 8.2}, {4, 7.5}} {
			v := s.Eval(at[0]*1e9, math.Pow(10, at[1]))
			near(t, fmt.Sprintf("%s rate at %v", c.name, at), v.Lambda, c.want[i][0], 1e-6)
			near(t, fmt.Sprintf("%s neutrino energy at %v", c.name, at), v.QNu, c.want[i][1], 3e-6)
		}
	}
}

// What others need to make the rates anew: at a node the two columns add up to the rate; the terms of a fit do too.
func TestWeakParts(t *testing.T) {
	nodes := single(t, "ni56 -> co56", Correct).links.Tables[0].Nodes()
	k := 7*len(weakT9) + slices.Index(WeakT9(), 5) // log10(rho Ye) = 8
	lambda := math.Pow(10, nodes[0][k]) + math.Pow(10, nodes[1][k])
	near(t, "rate at a node", lambda, 1.912665e-1, 1e-6)
	near(t, "neutrino energy at a node", math.Pow(10, nodes[2][k])/lambda, 2.10069, 3e-6)
	if _, qnu, from, width := single(t, "ni56 -> co56", Correct).links.Tables[0].Cold(); qnu != 0.41 || from != 0.063 || math.Abs(width-0.01) > 1e-15 {
		t.Errorf("at low temperature %g MeV, from T9 = %g over %g", qnu, from, width)
	}
	lambda = 0
	for _, a := range single(t, "o14 -> n14", Correct).links.Fits[0].Coeffs() {
		lambda += Set{Coeffs: a}.Lambda(0.9e9)
	}
	near(t, "o14 half-life", math.Ln2/lambda, 70.64, 1e-3)
}

// Where several evaluations have a pair, Langanke & Martinez-Pinedo come before Oda et al. and these before Fuller et al.
// f17 at T9 = 0.7, rho Ye = 1e8 is a row of Oda et al.'s table.
func TestWeakSources(t *testing.T) {
	for name, want := range map[string]string{"mg21 -> na21": "oda", "ni56 -> co56": "lmp", "sc43 -> ca43": "ffn", "p -> n": "lmp"} {
		if got := single(t, name, Correct).Source; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	count := map[WeakSource]int{}
	for _, w := range library(t).weak {
		count[w.source]++
	}
	if count[LMP] != 212 || count[Oda] != 158 || count[FFN] != 88 {
		t.Errorf("tables by source: %v, want 212, 158, 88", count)
	}
	v := single(t, "f17 -> o17", Correct).Eval(0.7e9, 1e8)
	near(t, "f17 rate", v.Lambda, math.Pow(10, -1.986)+math.Pow(10, -0.079), 1e-9)
	near(t, "f17 neutrino loss", v.Lambda*v.QNu, math.Pow(10, 0.547), 1e-9)
}

// Tables end at T9 = 0.01 and 30 and at rho Ye = 10 and 1e11; beyond, rates stay at the edge.
func TestWeakEdges(t *testing.T) {
	s := single(t, "co56 -> fe56", Correct)
	for _, c := range [][4]float64{{1e11, 1e9, 3e10, 1e9}, {5e9, 1, 5e9, 10}, {5e9, 1e13, 5e9, 1e11}, {5e9, 0, 5e9, 10}} {
		if a, b := s.Eval(c[0], c[1]), s.Eval(c[2], c[3]); a != b {
			t.Errorf("%v: %v and %v differ", c, a, b)
		}
	}
}

// Cold matter: the one-zone decay of ni56 at T = rho = 1e3 in MESA had these rates and, at the edge of the table, these
// neutrino energies. The one of co56 was noted when Ye had fallen somewhat below 0.5, which matters by 1e-3.
func TestWeakCold(t *testing.T) {
	ni, co := single(t, "ni56 -> co56", Correct).Eval(1e3, 500), single(t, "co56 -> fe56", Correct).Eval(1e3, 500)
	near(t, "ni56 rate", ni.Lambda, 1.3202360653e-6, 1e-10)
	near(t, "co56 rate", co.Lambda, 1.0392462086e-7, 1e-10)
	near(t, "ni56 neutrino energy", ni.QNu, .416581, 2e-6)
	near(t, "co56 neutrino energy", co.QNu, .859279, 1e-3)
}

// Where a table has next to no rate, below 1e-30/s, MESA takes no neutrinos either. Only the cold decay that replaces
// such a rate brings its own neutrino energy, never that decay's energy to a blocked hot one.
func TestWeakBlocked(t *testing.T) {
	s := single(t, "f20 -> ne20", Correct)
	if v := s.Eval(1.37e9, 4e10); !(v.Lambda > 0 && v.Lambda < 1e-40) || v.QNu != 0 {
		t.Errorf("blocked decay: %+v", v)
	}
	// 11.07 s is the half-life of f20; a light neutrino and a relativistic electron share Q = 7.02 MeV about evenly.
	v := s.Eval(1e7, 4e10)
	near(t, "cold f20 half-life", math.Ln2/v.Lambda, 11.07, 0.01)
	if math.Abs(v.QNu-3.51) > 0.1*3.51 {
		t.Errorf("cold f20: %g MeV to neutrinos", v.QNu)
	}
}

func TestWeakDerivatives(t *testing.T) {
	links, err := library(t).Links(members(t, net151), Correct)
	if err != nil {
		t.Fatal(err)
	}
	n := links.Weak()
	eval := func(temperature, rhoYe float64) (lambda, qnu, d []float64) {
		lambda, qnu, d = make([]float64, n), make([]float64, n), make([]float64, n)
		links.EvalWeak(temperature, rhoYe, lambda, qnu, d)
		return
	}
	for _, at := range [][2]float64{{5.5e9, 3e8}, {1.2e7, 2e5}, {6.6e7, 2e5}, {1.6e9, 4e9}, {3e9, 1e12}} {
		const h = 1e-5
		lambda, _, d := eval(at[0], at[1])
		up, _, _ := eval(at[0], at[1]*math.Exp(h))
		down, _, _ := eval(at[0], at[1]*math.Exp(-h))
		for k := range lambda {
			if diff := (up[k] - down[k]) / (2 * h); math.Abs(diff-d[k]) > 1e-6*(math.Abs(diff)+lambda[k]) {
				t.Errorf("weak reaction %d at %v: derivative %g, difference %g", k, at, d[k], diff)
			}
		}
	}
}

func BenchmarkWeak80(b *testing.B) {
	links, err := library(b).Links(members(b, net80), Correct)
	if err != nil {
		b.Fatal(err)
	}
	n := links.Weak()
	lambda, qnu, d := make([]float64, n), make([]float64, n), make([]float64, n)
	b.ReportAllocs()
	for b.Loop() {
		links.EvalWeak(5e9, 3e8, lambda, qnu, d)
	}
}
