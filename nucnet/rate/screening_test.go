package rate

import (
	"math"
	"testing"

	"nuclab/nucnet/nuclide"
)

func mixture(t testing.TB, s string) nuclide.Moments {
	t.Helper()
	c, err := nuclide.ParseComposition(s)
	if err != nil {
		t.Fatal(err)
	}
	return c.Moments()
}

func pairOf(t testing.TB, a, b string) (x, y nuclide.Nuclide) {
	t.Helper()
	x, err := nuclide.Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	if y, err = nuclide.Parse(b); err != nil {
		t.Fatal(err)
	}
	return x, y
}

// The state of the screening test in MESA's rates module, with the values printed there. Its electron charge is the
// e of this package.
func TestScreenMESA(t *testing.T) {
	m := mixture(t, "he4=.98958688392029037,c12=7.3034226840994307e-4,n14=6.2231918940828723e-3,o16=3.633542872050915e-4,"+
		"ne20=1.052781289410964e-3,mg24=2.0434463406007555e-3")
	near(t, "Zbar", m.Zbar, 2.0156203413143605, 1e-14)
	near(t, "Abar", m.Abar, 4.031240682628721, 1e-14)
	temperature, rho := math.Pow(10, 7.7110722845770692), math.Pow(10, 4.5306372623742392)
	he4, c12 := pairOf(t, "he4", "c12")
	for _, c := range []struct {
		kind      Screening
		f, within float64
	}{
		{Chugunov, 2.3827727933330571, 1e-13},
		{Extended, 2.4319226633761173, 1e-11},
		{Salpeter, 4.0373162996606471, 1e-12},
		{Unscreened, 1, 1e-15},
	} {
		near(t, c.kind.String(), math.Exp(Screen(c.kind, temperature, rho, m, he4, c12)), c.f, c.within)
	}

	// Derivatives of f there.
	p := newPlasma(temperature, rho, m)
	s := newScreened(2, 6, he4.Mass(), c12.Mass())
	e := p.chugunov(&s)
	f := math.Exp(e.h)
	near(t, "df/dT", f*e.lnT/temperature, -4.6135e-8, 2e-5)
	near(t, "df/drho", f*e.lnRho/rho, 2.3298e-5, 2e-5)
}

// Chugunov, DeWitt & Yakovlev (2007) in the multi-component form at states of late burning, computed independently.
func TestChugunov(t *testing.T) {
	for _, c := range []struct {
		t, rho  float64
		x, a, b string
		h       float64
	}{
		{3e9, 1e8, "si28=.5,s32=.5", "he4", "si28", 0.359426830},
		{5e9, 1e9, "fe54=.5,fe56=.5", "h1", "fe56", 0.401065662},
		{math.Pow(10, 9.2), 1e7, "o16=1", "o16", "o16", 0.754632122},
		{math.Pow(10, 9.9), 1e9, "he4=.3,fe54=.7", "he4", "fe54", 0.498744907},
		{1e9, 1e9, "c12=.5,o16=.5", "c12", "c12", 3.863654634},
	} {
		a, b := pairOf(t, c.a, c.b)
		near(t, c.a+" "+c.b+" in "+c.x, Screen(Chugunov, c.t, c.rho, mixture(t, c.x), a, b), c.h, 2e-9)
	}
	// Cold and dense, where the temperature is held at a tenth of the plasma temperature.
	m := mixture(t, "h1=.16666666666666666,he4=.16666666666666666,c12=.16666666666666666,o16=.16666666666666666,n14=.16666666666666666,ca40=.16666666666666666")
	a, b := pairOf(t, "c12", "he4")
	near(t, "cold f", math.Exp(Screen(Chugunov, 2e8, 1e9, m, a, b)), 2317.1659, 1e-7)
}

// Every kind agrees with differences of itself in all it depends on, in every branch of its formula.
func TestScreeningDerivatives(t *testing.T) {
	states := []struct{ t, rho, abar, zbar, z2bar float64 }{
		{5e9, 1e9, 40, 19, 380}, {2e9, 1e6, 12, 5.5, 32}, {1e8, 1e9, 20, 9, 90}, {1.1e8, 3e8, 13, 6.2, 40}, {3e7, 1e9, 14, 7, 49},
		{2e8, 2e7, 14, 7, 50}, {6e8, 3e8, 8, 3.9, 20}, {1e7, 1e3, 2, 1.2, 2}, {4e8, 1e8, 24, 12, 150}, {1e8, 1e6, 4, 2, 4},
	}
	const step = 1e-5
	for _, kind := range []Screening{Chugunov, Extended, Salpeter} {
		for _, at := range states {
			for _, z := range [][2]float64{{1, 1}, {1, 26}, {2, 2}, {2, 14}, {6, 8}, {8, 8}} {
				s := newScreened(z[0], z[1], 2.1*z[0], 2*z[1])
				h := func(dt, drho, da, dz, dz2 float64) enhancement {
					p := newPlasma(at.t*math.Exp(dt), at.rho*math.Exp(drho), nuclide.Moments{Abar: at.abar * math.Exp(da),
						Zbar: at.zbar * math.Exp(dz), Z2bar: at.z2bar * math.Exp(dz2)})
					return p.screen(kind, &s)
				}
				e := h(0, 0, 0, 0, 0)
				for name, d := range map[string][2]float64{
					"T":     {e.lnT, h(step, 0, 0, 0, 0).h - h(-step, 0, 0, 0, 0).h},
					"rho":   {e.lnRho, h(0, step, 0, 0, 0).h - h(0, -step, 0, 0, 0).h},
					"Abar":  {e.lnAbar, h(0, 0, step, 0, 0).h - h(0, 0, -step, 0, 0).h},
					"Zbar":  {e.zbar * at.zbar, h(0, 0, 0, step, 0).h - h(0, 0, 0, -step, 0).h},
					"Z2bar": {e.z2bar * at.z2bar, h(0, 0, 0, 0, step).h - h(0, 0, 0, 0, -step).h},
				} {
					if diff := d[1] / (2 * step); math.Abs(d[0]-diff) > 1e-6*max(1e-3, math.Abs(diff), e.h) {
						t.Errorf("%s %v at %+v: dH/dln %s = %g, difference %g", kind, z, at, name, d[0], diff)
					}
				}
			}
		}
	}
}

// Channels: forward and reverse each have their own entrance, neutrons and single nuclei are not screened, and three
// charged nuclei are joined one by one.
func TestScreenerChannels(t *testing.T) {
	list := members(t, net80)
	m := mixture(t, "si28=.5,he4=.3,fe54=.2")
	const temperature, rho = 4e9, 1e9
	he4, c12 := nuclide.Alpha, members(t, "c12")[0]
	for _, kind := range []Screening{Chugunov, Extended, Salpeter} {
		links, err := library(t).Links(list, Correct)
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := library(t).Links(list, R2305)
		if err != nil {
			t.Fatal(err)
		}
		pair := func(a, b nuclide.Nuclide) float64 { return Screen(kind, temperature, rho, m, a, b) }
		joined := func(z, mass float64) float64 { // he4 with a nucleus made by joining
			p := newPlasma(temperature, rho, m)
			s := newScreened(z, 2, mass, he4.Mass())
			return p.screen(kind, &s).h
		}
		for _, l := range []*Links{links, wrong} {
			s := l.Screener(kind)
			e := s.NewEnhancement()
			s.Eval(temperature, rho, m, e)
			h := func(c int) float64 {
				if c < 0 {
					return 0
				}
				return e.H[c]
			}
			triple, mixed := pair(he4, he4), pair(nuclide.Deuteron, he4)
			if l.Balance == Correct {
				triple += joined(4, 2*he4.Mass())
				mixed += joined(3, nuclide.Deuteron.Mass()+he4.Mass())
			}
			want := map[string][2]float64{
				"c12 + he4 -> o16":           {pair(c12, he4), 0},
				"he4 + he4 + he4 -> c12":     {triple, 0},
				"be9 + h1 -> he4 + he4 + h2": {pair(nuclide.Proton, members(t, "be9")[0]), mixed},
				"fe52 + neut -> fe53":        {0, 0},
				"be9 -> he4 + he4 + neut":    {0, pair(he4, he4)},
				"c12 + c12 -> na23 + h1":     {pair(c12, c12), pair(nuclide.Proton, members(t, "na23")[0])},
			}
			found := 0
			for i := range l.Strong {
				name := l.Strong[i].Reaction.String()
				w, ok := want[name]
				forward, reverse := h(s.Forward[i]), h(s.Reverse[i])
				if !ok {
					w, ok = want[l.Strong[i].Reverse().String()]
					forward, reverse = reverse, forward
				}
				if !ok {
					continue
				}
				found++
				if math.Abs(forward-w[0]) > 1e-12 || math.Abs(reverse-w[1]) > 1e-12 {
					t.Errorf("%s, %s: %s: H = %g and %g, want %g and %g", kind, l.Balance, name, forward, reverse, w[0], w[1])
				}
			}
			if found != len(want) {
				t.Errorf("found %d of %d reactions", found, len(want))
			}
		}
	}
}

// Over all states that a burn accepts, each pair's H is a number from 0 to 300 with finite derivatives, in pure
// and mixed matter.
func TestScreeningRange(t *testing.T) {
	links, err := library(t).Links(members(t, net80), Correct)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Screening{Chugunov, Extended, Salpeter} {
		s := links.Screener(kind)
		e := s.NewEnhancement()
		for lt := 3.0; lt <= 11; lt += 0.25 {
			for lr := -10.0; lr <= 12; lr += 0.5 {
				for _, x := range []string{"he4=1", "fe56=1", "h1=.3,he4=.5,o16=.2", "n=.1,h1=.1,ni56=.8"} {
					s.Eval(math.Pow(10, lt), math.Pow(10, lr), mixture(t, x), e)
					for c := range e.H {
						sum := e.DAbar[c] + e.DZbar[c] + e.DZ2bar[c] + e.DLnT[c] + e.DLnRho[c]
						if !(e.H[c] >= 0 && e.H[c] <= 3*maxH) || math.IsNaN(sum) || math.IsInf(sum, 0) {
							t.Fatalf("%s in %s at T = 1e%g, rho = 1e%g: H = %g, sum of derivatives %g", kind, x, lt, lr, e.H[c], sum)
						}
					}
				}
			}
		}
	}
}

// Nothing is screened in hydrogen or neutron-rich gas with Zbar <= 1, for neutrons, or when switched off.
func TestUnscreened(t *testing.T) {
	links, err := library(t).Links(members(t, net80), Correct)
	if err != nil {
		t.Fatal(err)
	}
	for kind, x := range map[Screening]string{Chugunov: "h1=1", Extended: "n=.5,h1=.5", Unscreened: "fe56=1"} {
		s := links.Screener(kind)
		e := s.NewEnhancement()
		s.Eval(4e9, 1e9, mixture(t, x), e)
		for c := range e.H {
			if e.H[c] != 0 || e.DAbar[c] != 0 {
				t.Errorf("%s in %s: H = %g", kind, x, e.H[c])
			}
		}
	}
	if h := Screen(Chugunov, 4e9, 1e9, mixture(t, "fe56=1"), nuclide.Neutron, nuclide.Alpha); h != 0 {
		t.Errorf("neutron: H = %g", h)
	}
}

func BenchmarkScreener80(b *testing.B) {
	links, err := library(b).Links(members(b, net80), Correct)
	if err != nil {
		b.Fatal(err)
	}
	m := mixture(b, "si28=.5,he4=.3,fe54=.2")
	for _, kind := range []Screening{Chugunov, Extended} {
		b.Run(kind.String(), func(b *testing.B) {
			s := links.Screener(kind)
			e := s.NewEnhancement()
			b.ReportAllocs()
			for b.Loop() {
				s.Eval(4e9, 1e9, m, e)
			}
			b.ReportMetric(float64(s.Channels), "channels")
		})
	}
}
