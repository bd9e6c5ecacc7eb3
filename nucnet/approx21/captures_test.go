package approx21

import (
	"math"
	"testing"

	"nuclab/nucnet/rate"
)

// TestCaptures compares with the tables of Langanke & Martinez-Pinedo (2001) for free nucleons, at the degeneracies
// that an exact Fermi gas has. The tables interpolate over wide cells, so they bound the rates only roughly.
func TestCaptures(t *testing.T) {
	library, err := rate.Default()
	if err != nil {
		t.Fatal(err)
	}
	table := func(s string, temperature, rhoYe float64) float64 {
		r, err := rate.ParseReaction(s)
		if err != nil {
			t.Fatal(err)
		}
		single, err := library.Reaction(r, rate.Correct)
		if err != nil {
			t.Fatal(err)
		}
		return single.Eval(temperature, rhoYe).Lambda
	}
	for _, c := range []struct{ t, rhoYe, eta float64 }{
		{3e9, 0.5e8, 5.18226}, {5e9, 0.48e8, 2.56683}, {5e9, 4.6e8, 7.76976}, {7943282347.242815, 4.5e8, 4.50430},
	} {
		if eta, _ := electronEta(c.t, c.rhoYe); math.Abs(eta/c.eta-1) > 1e-5 {
			t.Errorf("%g K, %g g/cm3: eta = %g, want %g", c.t, c.rhoYe, eta, c.eta)
		}
		p, _, _, _ := captures(c.t, c.eta)
		if want := table("h1 -> n", c.t, c.rhoYe); math.Abs(p/want-1) > 0.12 {
			t.Errorf("%g K, %g g/cm3: a proton captures at %g/s, in the table at %g/s", c.t, c.rhoYe, p, want)
		}
	}
	// The table's neutrons decay too; where positrons abound that does not matter.
	_, n, _, _ := captures(5e9, 2.56683)
	if want := table("n -> h1", 5e9, 0.48e8); math.Abs(n/want-1) > 0.12 {
		t.Errorf("a neutron captures at %g/s, in the table at %g/s", n, want)
	}
	if p, n, _, _ := captures(9e6, 1); p != 0 || n != 0 {
		t.Error("nucleons capture at 9e6 K")
	}
	for _, eta := range []float64{-5, -1, 0.3, 2, 8, 40} {
		const h = 1e-5
		_, _, dp, dn := captures(4e9, eta)
		p1, n1, _, _ := captures(4e9, eta+h)
		p0, n0, _, _ := captures(4e9, eta-h)
		if math.Abs((p1-p0)/(2*h)-dp) > 1e-6*dp || math.Abs((n1-n0)/(2*h)-dn) > -1e-6*dn {
			t.Errorf("eta = %g: slopes %g, %g, differences give %g, %g", eta, dp, dn, (p1-p0)/(2*h), (n1-n0)/(2*h))
		}
	}
}

// TestFermi compares with integrals by the trapezoidal rule in ln t. The approximations are meant for large |x|.
func TestFermi(t *testing.T) {
	for _, c := range []struct{ x, tolerance float64 }{
		{-30, 1e-12}, {-10, 2e-5}, {-5, 2e-3}, {-1, 0.1}, {-0.1, 0.2}, {0.1, 0.24}, {1, 0.19}, {3, 0.12}, {10, 0.02}, {30, 3e-3}, {100, 3e-4},
	} {
		f, _ := fermi(c.x)
		for k := range f {
			sum := 0.0
			const h = 0.01
			for u := -30.0; u < 8; u += h {
				v := math.Exp(u)
				sum += h * math.Pow(v, float64(k+1)) / (math.Exp(v-c.x) + 1)
			}
			if math.Abs(f[k]/sum-1) > c.tolerance {
				t.Errorf("F_%d(%g) = %g, want %g", k, c.x, f[k], sum)
			}
		}
	}
}
