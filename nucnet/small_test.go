package nucnet

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nuclab/nucnet/approx21"
	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
)

func TestSmallNetworks(t *testing.T) {
	for name, want := range map[string]int{"approx21": 21, "approx21_plus_co56": 22, "approx21_cr60_plus_co56": 22} {
		n := stock(t, name)
		if n.Len() != want || n.Index(nuclide.Prot) < 0 || n.Index(nuclide.Proton) < 0 {
			t.Errorf("%s has the nuclides %v", name, n.Nuclides())
		}
		for _, r := range n.Reactions() {
			a, z := 0, 0
			for _, m := range r.In {
				a, z = a+m.A(), z+m.Z()
			}
			for _, m := range r.Out {
				a, z = a-m.A(), z-m.Z()
			}
			if weak := r.Kind == WeakTable || r.Kind == WeakFit; a != 0 || (z != 0) != weak || r.Source == "" {
				t.Errorf("%s: %v (%s, %q) changes A by %d and Z by %d", name, r, r.Kind, r.Source, -a, -z)
			}
			if math.Abs(r.Reaction.Q()-r.Q) > 1e-9 {
				t.Errorf("%s: %v releases %g MeV, want %g", name, r, r.Q, r.Reaction.Q())
			}
		}
	}
}

// TestSmallEquilibrium burns until the links stand still, in equilibrium of those nuclides that they connect. What goes
// one way only, from c12 and o16, disturbs it a little.
func TestSmallEquilibrium(t *testing.T) {
	n := stock(t, "approx21_cr60_plus_co56")
	apart := map[string]bool{"h1": true, "he3": true, "n14": true, "cr60": true, "co56": true}
	members := slices.DeleteFunc(n.Nuclides(), func(m nuclide.Nuclide) bool { return apart[m.String()] })
	s := State{5e9, 1e6, pure(t, n, "si28=0.6,fe56=0.4")}
	end := burn(t, n, s, []float64{100}, bare)[0]
	eq, err := nse.Solve(members, s.T, s.Rho, end.Ye, nse.Options{NoCoulomb: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range members {
		x := eq.X[i]
		if got := end.X[n.Index(m)]; math.Abs(got/x-1) > 3e-4 || x > 1e-4 && math.Abs(got/x-1) > 3e-5 {
			t.Errorf("X(%s) = %.9g, in equilibrium %.9g", m, got, x)
		}
	}
}

// TestSmallDecay follows ni56 where only its decay goes on: Bateman's solution is exact, and the losses by neutrinos
// are 0.41 and 0.84 MeV a decay.
func TestSmallDecay(t *testing.T) {
	n := stock(t, "approx21_cr60_plus_co56")
	const ni, co = math.Ln2 / 5.27e5, math.Ln2 / 6.663e6
	for _, s := range burn(t, n, State{1e6, 1e-3, pure(t, n, "ni56")}, []float64{1e5, 1e6, 1e7}, Options{RTol: 1e-9}) {
		a, b := -math.Expm1(-ni*s.Time), -math.Expm1(-co*s.Time)
		wantNi, wantCo := math.Exp(-ni*s.Time), ni/(ni-co)*(a-b)
		if x := fraction(t, n, s, "ni56"); math.Abs(x-wantNi) > 1e-8 {
			t.Errorf("t = %g: X(ni56) = %.10g, want %.10g", s.Time, x, wantNi)
		}
		if x := fraction(t, n, s, "co56"); math.Abs(x-wantCo) > 1e-8 {
			t.Errorf("t = %g: X(co56) = %.10g, want %.10g", s.Time, x, wantCo)
		}
		loss := nuclide.ErgPerGram / 56 * (0.41*(1-wantNi) + 0.84*(1-wantNi-wantCo))
		if math.Abs(s.EpsNuIntegral/loss-1) > 1e-7 {
			t.Errorf("t = %g: neutrinos took %.9g erg/g, want %.9g", s.Time, s.EpsNuIntegral, loss)
		}
		eps := nuclide.ErgPerGram / 56 * (0.41*ni*wantNi + 0.84*co*wantCo)
		if math.Abs(s.EpsNu/eps-1) > 1e-7 {
			t.Errorf("t = %g: neutrinos take %.9g erg/g/s, want %.9g", s.Time, s.EpsNu, eps)
		}
	}
}

// TestSmallFollowing compares rates followed from a reference with ones evaluated afresh in every call.
func TestSmallFollowing(t *testing.T) {
	n := stock(t, "approx21_cr60_plus_co56")
	for _, s := range []State{{6e9, 1e9, pure(t, n, "si28")}, {3.5e9, 1e8, pure(t, n, "o16=0.7,si28=0.3")}} {
		for _, rtol := range []float64{1e-4, 1e-7} {
			o := Options{RTol: rtol, ATol: 1e-6 * rtol}
			got := burn(t, n, s, []float64{1e-3, 1, 100}, o)
			w := workerFor(t, n, o)
			w.screening.always, w.weak.always = true, true
			r, err := w.burn(context.Background(), s, nil, []float64{1e-3, 1, 100}, o.WithDefaults())
			if err != nil {
				t.Fatal(err)
			}
			if x, ye := difference(got, r.Samples); x > 2*rtol || ye > 0.1*rtol {
				t.Errorf("T = %g, rtol %g: X differs by %.2g, Ye by %.2g", s.T, rtol, x, ye)
			}
		}
	}
}

// TestSmallFlows compares the sum of all flows with the right-hand side.
func TestSmallFlows(t *testing.T) {
	n := stock(t, "approx21_cr60_plus_co56")
	s := State{4e9, 1e8, pure(t, n, "h1=0.01,n14=0.01,he4=0.08,si28=0.5,fe52=0.1,fe54=0.1,ni56=0.1,prot=0.05,neut=0.05")}
	for _, o := range []Options{{}, {Weak: NoWeak}} {
		flows, err := n.Flows(s, o)
		if err != nil {
			t.Fatal(err)
		}
		got, gross := make([]float64, n.Len()), make([]float64, n.Len())
		for _, f := range flows {
			for _, m := range f.In {
				got[n.Index(m)] -= f.Net()
				gross[n.Index(m)] += f.Gross()
			}
			for _, m := range f.Out {
				got[n.Index(m)] += f.Net()
				gross[n.Index(m)] += f.Gross()
			}
		}
		w := workerFor(t, n, o)
		y, err := w.prepare(s, nil, o.WithDefaults(), ode.Settings{RTol: 1e-6, ATol: 1e-12})
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, w.plan.dim)
		w.slope(0, y, want)
		for i, m := range n.Nuclides() {
			if math.Abs(got[i]-want[i]) > 1e-12*gross[i] {
				t.Errorf("%+v: flows change %s by %g, the right-hand side by %g", o, m, got[i], want[i])
			}
		}
	}
}

// TestSmallRandom burns random mixtures with loose and tight tolerances.
func TestSmallRandom(t *testing.T) {
	states := 60
	if testing.Short() {
		states = 15
	}
	r := rand.New(rand.NewPCG(11, 12))
	for _, name := range approx21.Names() {
		n := stock(t, name)
		for range states {
			x := make([]float64, n.Len())
			sum := 0.0
			decades := 3 + 27*r.Float64()
			for i := range x {
				x[i] = math.Pow(10, -decades*r.Float64())
				sum += x[i]
			}
			for i := range x {
				x[i] /= sum
			}
			rtol := math.Pow(10, -3-5*r.Float64())
			s := State{math.Pow(10, 9.2+0.7*r.Float64()), math.Pow(10, 6+3*r.Float64()), x}
			for _, sample := range burn(t, n, s, []float64{1e-6, 1, 100}, Options{RTol: rtol, ATol: 1e-6 * rtol}) {
				sum := 0.0
				for i, v := range sample.X {
					sum += v
					if !(v >= 0) {
						t.Errorf("%s, %+v: X(%s) = %g", name, s, n.Nuclides()[i], v)
					}
				}
				// Negative ones are printed as 0.
				if math.Abs(sum-1) > 1e-12+1e-4*rtol {
					t.Errorf("%s, %+v: X adds up to 1%+.3g", name, s, sum-1)
				}
			}
		}
	}
}

// TestSmallJacobian compares with differences of the right-hand side.
func TestSmallJacobian(t *testing.T) {
	n := stock(t, "approx21_cr60_plus_co56")
	for _, o := range []Options{{}, bare, {Screening: rate.Extended}, {DetailedBalance: rate.R2305, Weak: NoWeak}} {
		checkJacobian(t, n, o)
	}
}

func BenchmarkSmallBurn(b *testing.B) {
	n := stock(b, "approx21_cr60_plus_co56")
	s := State{4e9, 1e8, pure(b, n, "si28")}
	var stats ode.Stats
	for b.Loop() {
		r, err := n.Burn(context.Background(), s, []float64{1e-6, 1e-3, 1, 100}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		stats = r.Stats
	}
	b.ReportMetric(float64(stats.Steps), "steps/op")
}

// TestSmallFactors checks what tells a changed network from that of its name.
func TestSmallFactors(t *testing.T) {
	n := stock(t, "approx21")
	capture, err := rate.ParseReaction("c12(a,g)o16")
	if err != nil {
		t.Fatal(err)
	}
	m, err := n.ScaledOneWay(2, capture)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = m.ScaledWeak(3); err != nil {
		t.Fatal(err)
	}
	if m, err = m.WithCaptureOnIron(1e-6, 4e9); err != nil {
		t.Fatal(err)
	}
	want := []string{"2 times c12 + he4 -> o16, this way only", "3 times all weak reactions",
		"electron captures on fe56 1e-06 times those on ni56 from 4e+09 K on"}
	if got := m.Changes(); !slices.Equal(got, want) || len(n.Changes()) != 0 {
		t.Errorf("changes %q, want %q; before %q", got, want, n.Changes())
	}
	strange, err := rate.ParseReaction("si28(n,g)si29")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Scaled(2, strange); !errors.Is(err, ErrNoReaction) {
		t.Errorf("a reaction it does not have: %v", err)
	}
	for _, f := range []float64{-1, math.NaN(), math.Inf(1)} {
		_, err1 := n.ScaledWeak(f)
		_, err2 := n.WithCaptureOnIron(f, 3e9)
		if !errors.Is(err1, ErrOption) || !errors.Is(err2, ErrOption) {
			t.Errorf("factor %g: %v, %v", f, err1, err2)
		}
	}
	big := stock(t, "mesa_80")
	if same, err := big.WithCaptureOnIron(1e-3, 3e9); same != big || err != nil {
		t.Errorf("%v, %v", same, err)
	}
}
