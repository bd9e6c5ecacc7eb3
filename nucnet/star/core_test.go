package star

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

func network(t testing.TB, members string) *nucnet.Network {
	t.Helper()
	list, err := nuclide.ParseList(members)
	if err != nil {
		t.Fatal(err)
	}
	net, err := nucnet.New("test", list)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// alphaChain is a network small enough for tests to be quick, which still burns silicon to nickel.
func alphaChain(t testing.TB) (*nucnet.Network, []float64) {
	net := network(t, "neut h1 he4 c12 o16 ne20 mg24 al27 si28 p31 s32 cl35 ar36 k39 ca40 sc43 ti44 v47 cr48 mn51 fe52 fe54 co55 ni56")
	x := make([]float64, net.Len())
	for name, v := range map[string]float64{"si28": 0.6, "s32": 0.4} {
		n, err := nuclide.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		x[net.Index(n)] = v
	}
	return net, x
}

// massive is the core of the sanity tests: 1.8 solar masses and mesa_80.
var massive = sync.OnceValues(func() (*Evolution, error) {
	net, err := nucnet.Stock("mesa_80")
	if err != nil {
		return nil, err
	}
	return Core{Network: net, Mass: 1.8, Step: 0.08}.Evolve(context.Background(), nil)
})

// TestPassages: the stages of late burning, by temperature and density, are those of massive stars (for instance
// Woosley, Heger & Weaver 2002, Rev. Mod. Phys. 74, 1015, tables I and II): silicon burns at 3 to 4e9 K and some 1e8
// g/cm3 for days, and the core collapses at 6e9 K or more, above 1e8 g/cm3, neutron-rich, of iron.
func TestPassages(t *testing.T) {
	if testing.Short() {
		t.Skip("a core to collapse takes seconds")
	}
	e, err := massive()
	if err != nil {
		t.Fatal(err)
	}
	x := func(p Point, name string) float64 {
		n, _ := nuclide.Parse(name)
		return p.X[slices.Index(e.Nuclides, n)]
	}
	first, last := e.Points[0], e.Points[len(e.Points)-1]
	if first.T < 1.5e9 || first.T > 2.5e9 || first.Rho != 1e7 {
		t.Errorf("starts at T = %.3g K, rho = %.3g g/cm3", first.T, first.Rho)
	}
	half := slices.IndexFunc(e.Points, func(p Point) bool { return p.T > 3e9 && x(p, "si28") < 0.25 })
	if half < 0 {
		t.Fatal("silicon does not burn")
	}
	if p := e.Points[half]; p.T < 3e9 || p.T > 4e9 || p.Rho < 2e7 || p.Rho > 5e8 {
		t.Errorf("silicon burns at T = %.3g K, rho = %.3g g/cm3", p.T, p.Rho)
	}
	if left := (last.Time - e.Points[half].Time) / 86400; left < 0.05 || left > 20 {
		t.Errorf("collapse comes %.3g days after silicon burning", left)
	}
	if e.Collapse == len(e.Points) {
		t.Fatal("no collapse")
	}
	if p := e.Points[e.Collapse]; p.T < 5e9 || p.Rho < 1e8 || p.Ye < 0.43 || p.Ye > 0.48 {
		t.Errorf("collapse begins at T = %.3g K, rho = %.3g g/cm3, Ye %.4f", p.T, p.Rho, p.Ye)
	}
	if last.T < 8e9 || last.Rho < 1e9 {
		t.Errorf("ends at T = %.3g K, rho = %.3g g/cm3", last.T, last.Rho)
	}
	for i, p := range e.Points[1:] {
		if sum := nuclide.MomentsOf(e.Nuclides, p.X).Ye; math.Abs(sum-p.Ye) > 1e-12 {
			t.Errorf("Ye %.9f where the composition has %.9f", p.Ye, sum)
		}
		if p.Ye > e.Points[i].Ye+1e-4 {
			t.Errorf("Ye rises from %.5f to %.5f", e.Points[i].Ye, p.Ye)
		}
		if i+1 < e.Collapse-1 && p.Dt <= 0 {
			t.Errorf("step %g s", p.Dt)
		}
	}
}

// TestEnergyIsConserved: what the matter has gained is what gravity and burning gave less what neutrinos took, and the
// nuclear part is the mass defect between the compositions.
func TestEnergyIsConserved(t *testing.T) {
	if testing.Short() {
		t.Skip("a core to collapse takes seconds")
	}
	e, err := massive()
	if err != nil {
		t.Fatal(err)
	}
	start := e.Points[0]
	for i, b := range e.Budgets {
		gain := b.Internal - e.Budgets[0].Internal
		if miss := gain - (b.Work + b.Nuclear - b.WeakNu - b.ThermalNu); math.Abs(miss) > 1e-5*b.Internal {
			t.Errorf("point %d: %.3g erg/g are missing of %.3g", i, miss, gain)
		}
		defect := 0.0
		for k, n := range e.Nuclides {
			defect += (start.X[k] - e.Points[i].X[k]) / float64(n.A()) * n.MassExcess() * nuclide.ErgPerGram
		}
		if math.Abs(defect-b.Nuclear) > 1e-8*1e18 {
			t.Errorf("point %d: %.6g erg/g from burning, mass defect %.6g", i, b.Nuclear, defect)
		}
	}
}

// TestInertMatterKeepsItsEntropy: without reactions and without time for neutrinos compression is adiabatic. The
// error falls with the square of the step.
func TestInertMatterKeepsItsEntropy(t *testing.T) {
	net := network(t, "ne20")
	var errors []float64
	for _, step := range []float64{0.16, 0.08, 0.04} {
		c, err := Core{Network: net, X: []float64{1}, Law: FreeFall, Rho: 1e7, EndRho: 1e9, EndT: 5e10, Mass: 1.5, Step: step}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		e, err := c.Evolve(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		z := zone{Core: c, members: e.Nuclides}
		first, last := e.Points[0], e.Points[len(e.Points)-1]
		a, _ := z.at(first.T, first.Rho, first.X)
		b, _ := z.at(last.T, last.Rho, last.X)
		lost := e.Budgets[len(e.Budgets)-1].ThermalNu
		// An upper limit: the neutrinos left at the start's temperature or above.
		if lost/first.T > 1e-4*a.eos.S.Value {
			t.Fatalf("neutrinos took %.3g erg/g", lost)
		}
		errors = append(errors, math.Abs(b.eos.S.Value/a.eos.S.Value-1))
	}
	if errors[2] > 1e-3 || !(errors[1] < 0.4*errors[0]) || !(errors[2] < 0.4*errors[1]) {
		t.Errorf("entropy is off by %.2g, want a quarter of it with half the step", errors)
	}
}

// TestStepConverges: the time until half of the silicon has burnt approaches a limit as steps become shorter.
func TestStepConverges(t *testing.T) {
	if testing.Short() {
		t.Skip("cores to silicon burning take seconds")
	}
	net, x := alphaChain(t)
	silicon := slices.IndexFunc(net.Nuclides(), func(n nuclide.Nuclide) bool { return n.String() == "si28" })
	var times []float64
	for _, step := range []float64{0.16, 0.08, 0.02} {
		ctx, cancel := context.WithCancel(context.Background())
		hottest := 0.0
		e, err := Core{Network: net, X: x, Mass: 1.8, Step: step}.Evolve(ctx, func(p Point) {
			hottest = max(hottest, p.T)
			if hottest > 3e9 && p.X[silicon] < 0.3 {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		b := e.Points[len(e.Points)-1]
		a := e.Points[len(e.Points)-2]
		w := (0.3 - a.X[silicon]) / (b.X[silicon] - a.X[silicon])
		times = append(times, math.Log(a.Time+w*(b.Time-a.Time)))
	}
	coarse, fine := math.Abs(times[0]-times[2]), math.Abs(times[1]-times[2])
	if coarse > 0.1 || !(fine < 0.5*coarse) {
		t.Errorf("the time differs by factors 1 + %.2g and 1 + %.2g from that with short steps", coarse, fine)
	}
}

// TestLightCoresCool: below the mass of Chandrasekhar, 1.456 (2 Ye)^2 solar masses, degenerate electrons end the
// contraction.
func TestLightCoresCool(t *testing.T) {
	net := network(t, "si28")
	e, err := Core{Network: net, X: []float64{1}, Mass: 1.2, Step: 0.1}.Evolve(context.Background(), nil)
	if !errors.Is(err, ErrCools) {
		t.Fatalf("1.2 solar masses: error %v", err)
	}
	last := e.Points[len(e.Points)-1]
	if last.Rho > 1e9 || e.Collapse != len(e.Points) {
		t.Errorf("a white dwarf of 1.2 solar masses with a density of %.3g g/cm3", last.Rho)
	}
}

// TestHold: the factor of a polytrope of index 3 is 0.364, that of 1.5 is 0.478 (Chandrasekhar 1939).
func TestHold(t *testing.T) {
	for gamma, want := range map[float64]float64{4. / 3: 0.3639, 1.3: 0.3639, 5. / 3: 0.4780, 1.5: 0.4310, 1.4: 0.3942} {
		if got := hold(gamma); math.Abs(got-want) > 1e-4 {
			t.Errorf("Gamma %.4f: %.5f, want %.4f", gamma, got, want)
		}
	}
}

func TestInvalidCores(t *testing.T) {
	net, x := alphaChain(t)
	for name, c := range map[string]Core{
		"no network":        {},
		"mass":              {Network: net, X: x, Mass: -1},
		"not a number":      {Network: net, X: x, Mass: math.NaN()},
		"density":           {Network: net, X: x, Rho: 1e20},
		"end before start":  {Network: net, X: x, Rho: 1e8, EndRho: 1e7},
		"length of X":       {Network: net, X: x[1:]},
		"step":              {Network: net, X: x, Step: 1},
		"law":               {Network: net, X: x, Law: 7},
		"no equilibrium":    {Network: net, X: x, Mass: 0.2, Rho: 1e9},
		"no silicon at all": {Network: network(t, "h1 he4")},
	} {
		if _, err := c.Evolve(context.Background(), nil); !errors.Is(err, ErrCore) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	negative := slices.Clone(x)
	negative[0] = -1
	if _, err := (Core{Network: net, X: negative}).Evolve(context.Background(), nil); err == nil {
		t.Error("no error for a negative mass fraction")
	}
	if _, err := (Core{Network: net, X: x, MaxSteps: 3}).Evolve(context.Background(), nil); !errors.Is(err, ErrSteps) {
		t.Errorf("three steps: error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e, err := Core{Network: net, X: x}.Evolve(ctx, func(p Point) {
		if p.Time > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || len(e.Points) < 2 {
		t.Errorf("cancelled: error %v", err)
	}
}

func TestOxygenAshes(t *testing.T) {
	for name, want := range map[string]float64{"mesa_80": 0.4952, "mesa_151": 0.4952} {
		net, err := nucnet.Stock(name)
		if err != nil {
			t.Fatal(err)
		}
		x, err := OxygenAshes(net)
		if err != nil {
			t.Fatal(err)
		}
		if ye := nuclide.MomentsOf(net.Nuclides(), x).Ye; math.Abs(ye-want) > 1e-4 {
			t.Errorf("%s: Ye %.5f", name, ye)
		}
	}
	net := network(t, "he4 si28 s32 ar36 ca40")
	x, err := OxygenAshes(net)
	if err != nil || math.Abs(nuclide.MomentsOf(net.Nuclides(), x).Ye-0.5) > 1e-12 {
		t.Errorf("with alpha nuclides only: %v, %v", x, err)
	}
}
