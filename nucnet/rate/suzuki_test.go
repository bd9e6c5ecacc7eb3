package rate

import (
	"math"
	"testing"

	"nuclab/nucnet/nuclide"
)

// weakAt returns rate, energy of the neutrino and derivative by name.
func weakAt(l *Links, t, rhoYe float64) map[string][3]float64 {
	n := l.Weak()
	lambda, qnu, d := make([]float64, n), make([]float64, n), make([]float64, n)
	l.EvalWeak(t, rhoYe, lambda, qnu, d)
	m := map[string][3]float64{}
	for i := range l.Tables {
		m[l.Tables[i].String()] = [3]float64{lambda[i], qnu[i], d[i]}
	}
	return m
}

const sdShell = "n; h1; he4; o20; f20,23; ne20,23; na23,28; mg28; si28; fe56; co56; ni56"

// The values are rows of the tables of Suzuki, Toki & Nomoto (2016): log10 of rate and loss in erg/s.
func TestSuzukiNodes(t *testing.T) {
	l := links(t, sdShell, Correct, Rules{Suzuki: true})
	for _, c := range []struct {
		name                         string
		rhoYe, temperature, rate, nu float64
	}{
		{"na23 -> ne23", 8.5, 8.6, -24.5437, -31.3181},
		{"na23 -> ne23", 9, 9, -4.59836, -10.8869},
		{"na23 -> ne23", 9.5, 9.3, -1.13966, -6.68208},
		{"ne23 -> na23", 8.5, 8.6, -2.5689, -8.36799},
		{"ne23 -> na23", 9, 9, -6.0318, -12.4144},
		{"ne20 -> f20", 9.5, 9.3, -5.071, -10.81},
	} {
		got := weakAt(l, math.Pow(10, c.temperature), math.Pow(10, c.rhoYe))[c.name]
		if math.Abs(got[0]/math.Pow(10, c.rate)-1) > 1e-5 {
			t.Errorf("%s: rate %g, want %g", c.name, got[0], math.Pow(10, c.rate))
		}
		if want := math.Pow(10, c.nu-c.rate) / nuclide.MeV; math.Abs(got[1]/want-1) > 2e-5 {
			t.Errorf("%s: neutrino of %g MeV, want %g", c.name, got[1], want)
		}
	}
	sources := map[string]string{}
	for i := range l.Tables {
		sources[l.Tables[i].String()] = l.Tables[i].Source
	}
	if sources["na23 -> ne23"] != "suzuki" || sources["ni56 -> co56"] != "lmp" {
		t.Errorf("sources %v", sources)
	}
}

// Outside the grid the other tables hold, and nothing jumps on the way.
func TestSuzukiEdges(t *testing.T) {
	fine, usual := links(t, sdShell, Correct, Rules{Suzuki: true}), links(t, sdShell, Correct, Rules{})
	const name = "na23 -> ne23"
	for _, c := range []struct{ t, rhoYe float64 }{{1e9, 1e7}, {1e9, 1e5}, {4.5e9, 1e9}, {9e9, 1e10}, {1e9, 2e11}} {
		a, b := weakAt(fine, c.t, c.rhoYe)[name], weakAt(usual, c.t, c.rhoYe)[name]
		inside := c.rhoYe > 1e11 // held there, as the others are
		if same := math.Abs(a[0]/b[0]-1) < 1e-9 && math.Abs(a[1]/b[1]-1) < 1e-9; same == inside {
			t.Errorf("T = %g, rho Ye = %g: %v, without %v", c.t, c.rhoYe, a, b)
		}
	}
	if _, ok := weakAt(usual, 1e9, 1e9)["ne20 -> f20"]; !ok {
		t.Error("ne20 -> f20 has no other table")
	}
	for _, path := range []func(s float64) (temperature, rhoYe float64){
		func(s float64) (float64, float64) { return 2e9, math.Pow(10, 6.9+4.2*s) },
		func(s float64) (float64, float64) { return math.Pow(10, 7+2.8*s), 3e9 },
	} {
		last := math.NaN()
		const steps = 20000
		for k := range steps {
			temperature, rhoYe := path(float64(k) / steps)
			v := math.Log(weakAt(fine, temperature, rhoYe)[name][0])
			if math.Abs(v-last) > 0.2 {
				t.Fatalf("T = %g, rho Ye = %g: ln lambda jumps from %g to %g", temperature, rhoYe, last, v)
			}
			last = v
		}
	}
}

func TestSuzukiDerivatives(t *testing.T) {
	l := links(t, sdShell, Correct, Rules{Suzuki: true})
	for _, x := range []float64{6.99, 7.03, 7.08, 7.5, 8.013, 9.345, 10.99, 11.5} {
		const h = 1e-5
		rhoYe := math.Pow(10, x)
		up, down, at := weakAt(l, 3e9, rhoYe*math.Exp(h)), weakAt(l, 3e9, rhoYe*math.Exp(-h)), weakAt(l, 3e9, rhoYe)
		for name, v := range at {
			if want := (up[name][0] - down[name][0]) / (2 * h); math.Abs(v[2]-want) > 1e-6*math.Abs(want)+1e-9*v[0] {
				t.Errorf("log10 rho Ye = %g, %s: derivative %g, by differences %g", x, name, v[2], want)
			}
		}
	}
}

func TestPackFine(t *testing.T) {
	for _, v := range []int32{0, 1, -1, 12345, -12345, math.MaxInt32, math.MinInt32} {
		if got := unzigzag(zigzag(v)); got != v {
			t.Errorf("%d became %d", v, got)
		}
	}
}
