package nucnet

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// pure returns the mass fractions "si28=0.9,ne22=0.1", or of a single nuclide.
func pure(tb testing.TB, n *Network, composition string) []float64 {
	tb.Helper()
	if !strings.Contains(composition, "=") {
		composition += "=1"
	}
	c, err := nuclide.ParseComposition(composition)
	if err != nil {
		tb.Fatal(err)
	}
	x, err := n.Vector(c)
	if err != nil {
		tb.Fatal(err)
	}
	return x
}

func burn(tb testing.TB, n *Network, s State, times []float64, o Options) []Sample {
	tb.Helper()
	r, err := n.Burn(context.Background(), s, times, o)
	if err != nil {
		tb.Fatal(err)
	}
	if len(r.Samples) != len(times) {
		tb.Fatalf("%d samples at %d times", len(r.Samples), len(times))
	}
	return r.Samples
}

func fraction(tb testing.TB, n *Network, s Sample, name string) float64 {
	tb.Helper()
	m, err := nuclide.Parse(name)
	if err != nil {
		tb.Fatal(err)
	}
	return s.X[n.Index(m)]
}

// bare leaves only strong reactions, without screening.
var bare = Options{Screening: rate.Unscreened, Weak: NoWeak}

// want lists mass fractions at a time, rounded to four digits behind the point.
type want struct {
	t float64
	x map[string]float64
}

func compare(t *testing.T, n *Network, s State, o Options, list []want, tolerance float64) {
	t.Helper()
	var times []float64
	for _, w := range list {
		times = append(times, w.t)
	}
	for i, sample := range burn(t, n, s, times, o) {
		for name, x := range list[i].x {
			if got := fraction(t, n, sample, name); math.Abs(got-x) > tolerance {
				t.Errorf("t = %g: X(%s) = %.5f, want %.4f", list[i].t, name, got, x)
			}
		}
	}
}

// TestSiliconBurning compares with an independent burn of order 13 on the same
// nuclear data.
func TestSiliconBurning(t *testing.T) {
	n := stock(t, "mesa_80")
	compare(t, n, State{5e9, 1e8, pure(t, n, "si28")}, bare, []want{
		{1e-5, map[string]float64{"si28": .8599, "s32": .1149}},
		{1e-4, map[string]float64{"si28": .6508, "s32": .2473, "ar36": .0476}},
		{1e-3, map[string]float64{"si28": .3548, "s32": .2433, "ni56": .1032}},
		{1e-2, map[string]float64{"ni56": .3970, "si28": .1032}},
		{1e-1, map[string]float64{"ni56": .5767, "co55": .1039}},
		{1, map[string]float64{"ni56": .6431, "co55": .1091}},
	}, 6e-5)
	end := burn(t, n, State{5e9, 1e8, pure(t, n, "si28")}, []float64{1}, bare)[0]
	if math.Abs(end.Q/1.3656e17-1) > 1e-4 {
		t.Errorf("q = %.5g erg/g, want 1.3656e17", end.Q)
	}
	wrong := bare
	wrong.DetailedBalance = rate.R2305
	compare(t, n, State{5e9, 1e8, pure(t, n, "si28")}, wrong, []want{{1, map[string]float64{"si28": .9272, "s32": .0391}}}, 6e-5)
}

// TestHotSilicon compares with a burn that interpolates the sum of decay and
// capture where ours interpolates each: Ye differs by some 1e-5.
func TestHotSilicon(t *testing.T) {
	n := stock(t, "mesa_80")
	o := Options{Screening: rate.Unscreened}
	samples := burn(t, n, State{7e9, 3e8, pure(t, n, "si28=0.9,ne22=0.1")}, []float64{1e-6, 1e-3, 1, 100}, o)
	for i, w := range []struct {
		ye, q, nu float64
		x         map[string]float64
	}{
		{.495455, -6.609e16, 2.132e16, map[string]float64{"fe54": .2814, "he4": .1222, "ni58": .0834}},
		{.495447, -8.647e16, 2.217e16, map[string]float64{"fe54": .2849, "he4": .1378, "ni58": .0952}},
		{.489268, -7.536e15, 1.3494e16, map[string]float64{"fe54": .3061, "he4": .1293, "fe56": .1089}},
		{.464070, 2.5864e17, 5.155e13, map[string]float64{"fe56": .9609, "he4": .0340, "neut": .0032}},
	} {
		s := samples[i]
		if math.Abs(s.Ye-w.ye) > 1e-4 {
			t.Errorf("t = %g: Ye = %.6f, want %.6f", s.Time, s.Ye, w.ye)
		}
		if math.Abs(s.Q-w.q) > 1e-3*2.6e17 {
			t.Errorf("t = %g: q = %.5g, want %.5g erg/g", s.Time, s.Q, w.q)
		}
		if math.Abs(s.EpsNu/w.nu-1) > 0.05 {
			t.Errorf("t = %g: eps_nu = %.5g, want %.5g erg/g/s", s.Time, s.EpsNu, w.nu)
		}
		for name, x := range w.x {
			if got := fraction(t, n, s, name); math.Abs(got-x) > 3e-3 {
				t.Errorf("t = %g: X(%s) = %.4f, want %.4f", s.Time, name, got, x)
			}
		}
	}
	s := samples[2]
	if math.Abs(s.EpsNuIntegral/1.7232e16-1) > 0.02 {
		t.Errorf("integral of eps_nu = %.5g, want 1.7232e16 erg/g", s.EpsNuIntegral)
	}
	if d := s.EpsNuc - s.EpsNucBBQ; math.Abs(d) < 3e15 || math.Abs(d) > 4.5e15 {
		t.Errorf("the two definitions of eps_nuc differ by %.3g, want 3.7e15 erg/g", d)
	}
	o.DetailedBalance = rate.R2305
	first := burn(t, n, State{7e9, 3e8, pure(t, n, "si28=0.9,ne22=0.1")}, []float64{1e-6}, o)[0]
	if math.Abs(first.Q/-1.3510e17-1) > 1e-4 || math.Abs(first.EpsNu/3.0905e14-1) > 0.01 {
		t.Errorf("%v: q = %.5g erg/g, eps_nu = %.5g erg/g/s, want -1.3510e17 and 3.0905e14", rate.R2305, first.Q, first.EpsNu)
	}
	for name, x := range map[string]float64{"mg24": .2924, "si28": .2532, "o16": .1706, "si29": .1233} {
		if got := fraction(t, n, first, name); math.Abs(got-x) > 6e-5 {
			t.Errorf("%v: X(%s) = %.4f, want %.4f", rate.R2305, name, got, x)
		}
	}
}

// TestAppendixA is the left panel of figure A1 of Nuclear Neural Networks
// (arXiv:2503.00115): what wrong detailed balance makes of neutron-rich
// silicon, and what should become of it.
func TestAppendixA(t *testing.T) {
	n := stock(t, "mesa_201")
	s := State{7e9, 3e8, pure(t, n, "si30=0.5,mg26=0.5")}
	compare(t, n, s, bare, []want{{0.1, map[string]float64{"fe56": .2156, "cr52": .1094, "fe57": .0762, "mn55": .0738,
		"he4": .0722, "mn54": .0482, "cr53": .0423}}}, 6e-5)
	wrong := bare
	wrong.DetailedBalance, wrong.RTol = rate.R2305, 1e-4
	compare(t, n, s, wrong, []want{{0.1, map[string]float64{"si30": .4481, "mg26": .1274, "si31": .0817, "si32": .0666,
		"c12": .0437, "p33": .0376, "si29": .0363}}}, 6e-5)
}

// TestBateman burns ni56 at a low temperature, where it decays at constant
// rates: Bateman's solution is exact. Rates and losses are taken from the
// network itself, and compared with the weak tables' lowest entries.
func TestBateman(t *testing.T) {
	members, err := nuclide.ParseList("neut,h1,he4,fe56,co56,ni56")
	if err != nil {
		t.Fatal(err)
	}
	n, err := New("decay", members)
	if err != nil {
		t.Fatal(err)
	}
	times := []float64{1, 1e5, 1e6, 1e7}
	for _, solver := range SolverNames() {
		if solver == "backward-euler" {
			continue // would take millions of steps
		}
		t.Run(solver, func(t *testing.T) {
			samples := burn(t, n, State{1e3, 1e3, pure(t, n, "ni56")}, times, Options{RTol: 1e-11, ATol: 1e-20, Solver: solver})
			ni, co := decayConstant(t, n, "ni56 -> co56"), decayConstant(t, n, "co56 -> fe56")
			for _, s := range samples {
				a, b := -math.Expm1(-ni*s.Time), -math.Expm1(-co*s.Time)
				wantNi := math.Exp(-ni * s.Time)
				wantCo := ni / (ni - co) * (a - b)
				wantFe := (ni*b - co*a) / (ni - co)
				for name, want := range map[string]float64{"ni56": wantNi, "co56": wantCo, "fe56": wantFe} {
					tolerance := 1e-9 * want
					if name == "fe56" {
						tolerance += 1e-16 // its two terms cancel at first
					}
					if got := fraction(t, n, s, name); math.Abs(got-want) > tolerance {
						t.Errorf("t = %g: X(%s) = %.12g, want %.12g", s.Time, name, got, want)
					}
				}
				q := qOf(n, wantNi, wantCo, wantFe) * nuclide.ErgPerGram
				if math.Abs(s.Q/q-1) > 1e-8 {
					t.Errorf("t = %g: q = %.10g, want %.10g", s.Time, s.Q, q)
				}
			}
		})
	}
}

// TestDecayOfNickel compares with the reference run of the code BBQ at the same
// rates (its tests/ni56).
func TestDecayOfNickel(t *testing.T) {
	members, err := nuclide.ParseList("neut,h1,he4,fe56,co56,ni56")
	if err != nil {
		t.Fatal(err)
	}
	n, err := New("decay", members)
	if err != nil {
		t.Fatal(err)
	}
	samples := burn(t, n, State{1e3, 1e3, pure(t, n, "ni56")}, []float64{1, 1e5, 1e6}, Options{RTol: 1e-11, ATol: 1e-20})
	for i, w := range []struct{ nuc, nu, fe, co, ni float64 }{
		{3.9104359135e10, 9.4759628864e9, 6.860e-14, 1.3202351252e-6, .99999867976},
		{3.7531842913e15, 8.4931243185e9, 6.5451129652e-4, .12302518075, .87632030795},
		{2.6881557775e16, 3.5899576548e9, .044517376234, .68841037574, .26707224802},
	} {
		s := samples[i]
		for name, want := range map[string]float64{"fe56": w.fe, "co56": w.co, "ni56": w.ni} {
			tolerance := 1e-9
			if want == 6.860e-14 {
				tolerance = 1e-4 // printed to four digits
			}
			if got := fraction(t, n, s, name); math.Abs(got/want-1) > tolerance {
				t.Errorf("t = %g: X(%s) = %.12g, want %.12g", s.Time, name, got, want)
			}
		}
		// BBQ has older masses, and holds the losses at the initial density of
		// electrons.
		if math.Abs(s.EpsNu/w.nu-1) > 1e-4 || math.Abs(s.EpsNucBBQ/w.nuc-1) > 3e-3 {
			t.Errorf("t = %g: eps_nu %.10g, eps_nuc %.10g, want %.10g, %.10g", s.Time, s.EpsNu, s.EpsNucBBQ, w.nu, w.nuc)
		}
	}
}

// qOf returns the energy released from pure ni56 in MeV mol/g.
func qOf(n *Network, ni, co, fe float64) float64 {
	at := func(name string) float64 {
		m, _ := nuclide.Parse(name)
		return n.dm[n.Index(m)]
	}
	return ((1-ni)*at("ni56") - co*at("co56") - fe*at("fe56")) / 56
}

func decayConstant(t *testing.T, n *Network, reaction string) float64 {
	t.Helper()
	lambda, qnu := make([]float64, n.correct.Weak()), make([]float64, n.correct.Weak())
	n.correct.EvalWeak(1e3, 500, lambda, qnu, nil)
	for i := range n.correct.Tables {
		if n.correct.Tables[i].String() == reaction {
			return lambda[i]
		}
	}
	t.Fatalf("no table for %s", reaction)
	return 0
}

// TestEquilibrium burns to nuclear statistical equilibrium, which depends on
// neither links nor rates.
func TestEquilibrium(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, s := range []struct {
		t, rho float64
		x      string
	}{
		{5.2e9, 1e7, "si28"},
		{6e9, 1e9, "si28=0.9,ne22=0.1"},
		{7e9, 3e8, "o16=0.5,fe56=0.5"},
		{7.9e9, 1e9, "si30"},
		{7e9, 1e7, "he4=0.4,neut=0.1,c12=0.5"},
	} {
		t.Run(fmt.Sprintf("T=%g/rho=%g/%s", s.t, s.rho, s.x), func(t *testing.T) {
			end := burn(t, n, State{s.t, s.rho, pure(t, n, s.x)}, []float64{100}, bare)[0]
			want, err := nse.Solve(n.Nuclides(), s.t, s.rho, end.Ye, nse.Options{NoCoulomb: true})
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range want.X {
				if math.Abs(end.X[i]-x) > 1e-6*x+1e-12 {
					t.Errorf("X(%v) = %.9g, in equilibrium %.9g", n.members[i], end.X[i], x)
				}
			}
		})
	}
}

// TestConservation looks at what no reaction changes.
func TestConservation(t *testing.T) {
	n := stock(t, "mesa_80")
	r := rand.New(rand.NewPCG(5, 6))
	for range 8 {
		s := randomState(n, r)
		for _, o := range []Options{{RTol: 1e-3}, {}, {Solver: "bdf", RTol: 1e-4}} {
			w := workerFor(t, n, o)
			y := burnComponents(t, w, s, 100, o)
			var mass, charge, mass0, charge0 float64
			for i := range n.members {
				mass += n.a[i] * y[i]
				charge += n.z[i] * y[i]
				mass0 += s.X[i]
				charge0 += n.z[i] * s.X[i] / n.a[i]
			}
			if d := mass - mass0; math.Abs(d) > 1e-12 {
				t.Errorf("T = %g, rho = %g: sum X moved by %g", s.T, s.Rho, d)
			}
			if d := charge - y[w.plan.change] - charge0; math.Abs(d) > 1e-12 {
				t.Errorf("T = %g, rho = %g: sum Z Y moved by %g beside the weak reactions", s.T, s.Rho, d)
			}
		}
	}
}

// TestEarlyEnergy burns for so short that hardly a nucleus changes: what is
// released grows in proportion to time, from the first digit on.
func TestEarlyEnergy(t *testing.T) {
	n := stock(t, "mesa_80")
	s := State{2e9, 3e7, pure(t, n, "si28=0.9,ne22=0.1")}
	for _, solver := range []string{"rodas5p", "bdf", "bader-deuflhard"} {
		samples := burn(t, n, s, []float64{1e-7, 1e-6, 1e-5}, Options{Solver: solver})
		for _, late := range samples[1:] {
			first := samples[0]
			if ratio := late.Q / first.Q / (late.Time / first.Time); math.Abs(ratio-1) > 1e-3 {
				t.Errorf("%s: q = %g erg/g at %g s, %g at %g s", solver, first.Q, first.Time, late.Q, late.Time)
			}
		}
	}
}

// randomState draws from the range of late burning stages, with a composition
// that is a single nuclide, or has all of them within some or thirty orders of
// magnitude.
func randomState(n *Network, r *rand.Rand) State {
	s := State{T: math.Pow(10, 9.2+0.7*r.Float64()), Rho: math.Pow(10, 7+2*r.Float64()), X: make([]float64, n.Len())}
	sum := 0.0
	kind := r.IntN(3)
	for i := range s.X {
		switch kind {
		case 1:
			s.X[i] = math.Pow(10, -30*r.Float64())
		case 2:
			s.X[i] = r.ExpFloat64()
		}
		sum += s.X[i]
	}
	if kind == 0 {
		s.X[r.IntN(n.Len())] = 1
		return s
	}
	for i := range s.X {
		s.X[i] /= sum
	}
	return s
}

// TestRobust burns random states to 100 s and looks for what must never be.
func TestRobust(t *testing.T) {
	for _, c := range []struct {
		network      string
		seed         uint64
		short, count int
	}{{"mesa_80", 1, 10, 60}, {"mesa_151", 2, 2, 10}} {
		n := stock(t, c.network)
		if testing.Short() {
			c.count = c.short
		}
		r := rand.New(rand.NewPCG(c.seed, 2))
		for range c.count {
			s := randomState(n, r)
			o := Options{RTol: math.Pow(10, -3-4*r.Float64())}
			o.ATol = 1e-6 * o.RTol
			checkRobust(t, n, s, o)
		}
	}
}

func checkRobust(t *testing.T, n *Network, s State, o Options) *Result {
	t.Helper()
	w := workerFor(t, n, o)
	w.watch = func(at float64, y []float64) {
		sum := 0.0
		for i, m := range n.members {
			x := y[i] * n.a[i]
			if !(x >= -o.ATol && x <= 1+1e-9) {
				t.Errorf("T = %g, rho = %g, rtol %g, t = %g: X(%v) = %g", s.T, s.Rho, o.RTol, at, m, x)
			}
			sum += x
		}
		if !(math.Abs(sum-1) <= 1e-12) {
			t.Errorf("T = %g, rho = %g, t = %g: sum X - 1 = %g", s.T, s.Rho, at, sum-1)
		}
	}
	r, err := w.burn(context.Background(), s, nil, Decades(1e-6, 1e2), o.WithDefaults())
	if err != nil {
		t.Errorf("T = %g, rho = %g, rtol %g: %v", s.T, s.Rho, o.RTol, err)
	}
	return r
}

// TestRestart burns what goes astray at this tolerance at first: errors that are
// tolerated make some abundances negative that others then follow.
func TestRestart(t *testing.T) {
	n := stock(t, "mesa_80")
	restarts := 0
	for _, seed := range []uint64{726, 824, 871, 1426, 1641, 1847} {
		s := randomState(n, rand.New(rand.NewPCG(seed, 3)))
		got := checkRobust(t, n, s, Options{RTol: 1e-3, ATol: 1e-8})
		restarts += got.Restarts
		want := burn(t, n, s, []float64{100}, Options{})
		if x, ye := difference(got.Samples[len(got.Samples)-1:], want); x > 0.1 || ye > 1e-5 {
			t.Errorf("seed %d: X differs by %.2g, Ye by %.2g", seed, x, ye)
		}
	}
	if restarts == 0 {
		t.Error("none went astray, the test shows nothing")
	}
}

// TestBackwardEuler compares with the default method at a loose tolerance.
func TestBackwardEuler(t *testing.T) {
	n := stock(t, "mesa_80")
	s := State{5e9, 1e9, pure(t, n, "si28")}
	want := burn(t, n, s, []float64{1e-4, 1}, Options{})
	got := burn(t, n, s, []float64{1e-4, 1}, Options{Solver: "backward-euler", RTol: 1e-4})
	if x, ye := difference(got, want); x > 0.03 || ye > 1e-4 {
		t.Errorf("X differs by %.2g, Ye by %.2g", x, ye)
	}
}

// TestEdges burns where something begins or ends: hydrogen, whose mean charge
// crosses that below which there is no screening; neutrons without electrons;
// helium and carbon at low temperature; and the corners of the range of states.
func TestEdges(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, s := range []struct {
		t, rho float64
		x      string
		o      Options
	}{
		{7.167e9, 3.17e8, "h1", Options{RTol: 1e-10, ATol: 1e-15}},
		{4.3e9, 4e7, "neut", Options{}},
		{1.07e8, 2e8, "he4", Options{}},
		{1.1e8, 4e8, "c12=0.4,ne20=0.3,n14=0.2,zn60=0.1", Options{RTol: 1e-9}},
		{8e8, 1e6, "c12=0.5,ne20=0.5", Options{}},
		{1e3, 1e-10, "n13", Options{}},
		{1e11, 1e10, "fe56", Options{RTol: 1e-3}},
		{1e11, 1e-10, "fe56", Options{RTol: 1e-3}},
		{1e7, 1e12, "h1=0.5,c12=0.5", Options{RTol: 1e-3}},
	} {
		r, err := n.Burn(context.Background(), State{s.t, s.rho, pure(t, n, s.x)}, []float64{1e-6, 100}, s.o)
		if err != nil {
			t.Errorf("T = %g, rho = %g, %s: %v", s.t, s.rho, s.x, err)
			continue
		}
		sum := 0.0
		for _, x := range r.Samples[1].X {
			sum += x
		}
		// What is printed as zero may have been a little below it.
		if math.Abs(sum-1) > 1e-3*max(s.o.RTol, 1e-6) {
			t.Errorf("T = %g, rho = %g, %s: sum X - 1 = %g", s.t, s.rho, s.x, sum-1)
		}
	}
}

// difference returns the largest relative difference of mass fractions above
// 1e-6 and the largest of Ye.
func difference(a, b []Sample) (x, ye float64) {
	for k := range a {
		for i, v := range b[k].X {
			if v > 1e-6 {
				x = max(x, math.Abs(a[k].X[i]/v-1))
			}
		}
		ye = max(ye, math.Abs(a[k].Ye-b[k].Ye))
	}
	return x, ye
}

// TestAccuracy holds the default burn to what it promises, against a tighter
// one and against another method.
func TestAccuracy(t *testing.T) {
	n := stock(t, "mesa_80")
	r := rand.New(rand.NewPCG(3, 4))
	states := []State{{5e9, 1e9, pure(t, n, "si28")}, {3e9, 3e8, pure(t, n, "si28")}, {2e9, 1e8, pure(t, n, "c12=0.5,o16=0.5")}}
	for range 4 {
		states = append(states, randomState(n, r))
	}
	times := Decades(1e-6, 1e2)
	for _, s := range states {
		got := burn(t, n, s, times, Options{})
		for _, o := range []Options{{RTol: 1e-8, ATol: 1e-15}, {Solver: "bdf"}} {
			want := burn(t, n, s, times, o)
			if x, ye := difference(got, want); x > 2e-5 || ye > 1e-8 {
				t.Errorf("T = %g, rho = %g, %+v: X differs by %.2g, Ye by %.2g", s.T, s.Rho, o, x, ye)
			}
			for k := range got {
				if math.Abs(got[k].EpsNuc-want[k].EpsNuc) > 1e-5*math.Abs(want[k].EpsNuc)+1e10 {
					t.Errorf("T = %g, rho = %g: eps_nuc %.8g and %.8g erg/g", s.T, s.Rho, got[k].EpsNuc, want[k].EpsNuc)
				}
			}
		}
	}
}

func TestConcurrentBurns(t *testing.T) {
	n := stock(t, "mesa_80")
	r := rand.New(rand.NewPCG(9, 10))
	states := make([]State, 6)
	want := make([]*Result, len(states))
	for i := range states {
		states[i] = randomState(n, r)
		var err error
		if want[i], err = n.Burn(context.Background(), states[i], []float64{1e-3}, Options{RTol: 1e-3}); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for range 3 {
		for i := range states {
			group.Go(func() {
				got, err := n.Burn(context.Background(), states[i], []float64{1e-3}, Options{RTol: 1e-3})
				if err != nil || !reflect.DeepEqual(got, want[i]) {
					t.Errorf("state %d differs from the same burn alone: %v", i, err)
				}
			})
		}
	}
	group.Wait()
}

func TestInitialSample(t *testing.T) {
	n := stock(t, "mesa_80")
	x := pure(t, n, "si28")
	samples := burn(t, n, State{3e9, 1e8, x}, []float64{0, 0, 1e-9}, Options{})
	for _, s := range samples[:2] {
		if !reflect.DeepEqual(s.X, x) || s.Ye != 0.5 || s.Q != 0 || s.EpsNuIntegral != 0 {
			t.Errorf("at t = 0: %+v", s)
		}
	}
}
