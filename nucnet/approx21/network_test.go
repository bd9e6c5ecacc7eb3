package approx21

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

func network(tb testing.TB, name string) *Network {
	tb.Helper()
	n, err := New(name)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func evaluator(tb testing.TB, n *Network, o Options) *Evaluator {
	tb.Helper()
	e, err := n.NewEvaluator(o)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func TestMembers(t *testing.T) {
	for name, want := range map[string]int{"approx21": 21, "approx21_cr60_plus_co56": 22} {
		n := network(t, name)
		list := n.Nuclides()
		if len(list) != want || !slices.IsSortedFunc(list, nuclide.Nuclide.Compare) || list[0] != nuclide.Neutron {
			t.Errorf("%s: %v, want %d nuclides in order", name, list, want)
		}
		for k, s := range [named]string{"neut", "prot", "h1", "he4"} {
			if got := list[n.named[k]].String(); got != s {
				t.Errorf("%s: %s stands for %s", name, got, s)
			}
		}
	}
	if _, err := New("approx22"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v, want ErrUnknown", err)
	}
}

// TestFlows checks that every flow conserves nucleons, and that charge changes only by captures, decays and hydrogen
// burning.
func TestFlows(t *testing.T) {
	weak := map[string]bool{
		"3 h1 -> he3": true, "he3 + h1 + he4 -> 2 he4": true, "c12 + 2 h1 -> n14": true, "n14 + 2 h1 -> c12 + he4": true,
		"n14 + 2 h1 -> o16": true, "o16 + 2 h1 -> n14 + he4": true, "prot -> neut": true, "neut -> prot": true,
		"ni56 -> co56": true, "co56 -> fe56": true, "ni56 -> fe56": true, "fe56 + 4 neut -> cr60": true, "fe56 -> cr56": true,
	}
	for _, name := range Names() {
		n := network(t, name)
		for i := range n.Flows() {
			f := &n.Flows()[i]
			mass := 0.0
			for _, r := range f.rows {
				if r.place < len(n.members) {
					mass += r.coefficient * float64(n.members[r.place].A())
				}
			}
			if mass != 0 {
				t.Errorf("%s: %s makes %g nucleons", name, f.Text, mass)
			}
			if f.Weak() != weak[f.Text] {
				t.Errorf("%s: %s changes the charge by %g", name, f.Text, f.charge)
			}
			if f.Weak() && f.TwoWay || f.Source == "" || math.IsNaN(f.Q) {
				t.Errorf("%s: %+v", name, f)
			}
			r, times := n.Reaction(f)
			if want := map[bool]float64{true: 2, false: 1}[f.Text == "n14 + 1.5 he4 -> ne20"]; times != want {
				t.Errorf("%s: %s as %s, %g times", name, f.Text, r, times)
			}
			if q := r.Q(); math.Abs(q-times*f.Q) > 1e-9 {
				t.Errorf("%s: %s releases %g MeV, %s %g", name, f.Text, f.Q, r, q)
			}
		}
	}
}

// testEta is a smooth stand-in for the degeneracy of electrons.
func testEta(_, rhoYe float64) (eta, slope float64) {
	return 0.5*math.Log(rhoYe/1e7) - 1, 0.5
}

// random returns abundances that add up to mass 1, all orders of magnitude among them.
func random(n *Network, r *rand.Rand) (y []float64) {
	sum := 0.0
	for range n.members {
		x := math.Pow(10, -8*r.Float64())
		y = append(y, x)
		sum += x
	}
	for i, m := range n.members {
		y[i] /= sum * float64(m.A())
	}
	return y
}

func momentsOf(n *Network, y []float64) nuclide.Moments {
	x := slices.Clone(y)
	for i, m := range n.members {
		x[i] *= float64(m.A())
	}
	return nuclide.MomentsOf(n.members, x)
}

// TestConservation checks sums over the right-hand side at random states.
func TestConservation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range Names() {
		n := network(t, name)
		for _, noWeak := range []bool{false, true} {
			e := evaluator(t, n, Options{Eta: testEta, NoWeak: noWeak})
			d := make([]float64, n.Rows())
			for range 20 {
				temperature, rho := math.Pow(10, 8.5+1.4*r.Float64()), math.Pow(10, 5+4*r.Float64())
				y := random(n, r)
				e.Begin(temperature, rho)
				c := conditions(e, temperature, rho, momentsOf(n, y))
				e.Slope(y, c, d)
				var mass, charge, size float64
				for i, m := range n.members {
					mass += d[i] * float64(m.A())
					charge += d[i] * float64(m.Z())
					size += math.Abs(d[i]) * float64(m.A())
				}
				if math.Abs(mass) > 1e-13*size {
					t.Errorf("%s at %.3g K: nucleons change by %g of %g", name, temperature, mass, size)
				}
				if math.Abs(charge-d[n.changeRow()]) > 1e-13*size {
					t.Errorf("%s at %.3g K: charge changes by %g, weak reactions change it by %g of %g", name, temperature,
						charge, d[n.changeRow()], size)
				}
				if noWeak && (d[n.changeRow()] != 0 || d[n.lossRow()] != 0) {
					t.Errorf("%s: without weak reactions Ye changes by %g", name, d[n.changeRow()])
				}
			}
		}
	}
}

// TestJacobian compares with central differences at random states, hot and cold, with some abundances below zero, and
// through the means of the plasma.
func TestJacobian(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range Names() {
		n := network(t, name)
		for _, temperature := range []float64{2e8, 1.2e9, 2e9, 4e9, 8e9} {
			for _, screening := range []rate.Screening{rate.Chugunov, rate.Extended} {
				e := evaluator(t, n, Options{Eta: testEta, Screening: screening})
				for range 3 {
					y := random(n, r)
					rho := math.Pow(10, 5+4*r.Float64())
					checkJacobian(t, e, temperature, rho, y)
					for range 6 {
						y[r.IntN(len(y))] *= -1e-6
					}
					checkJacobian(t, e, temperature, rho, y)
				}
			}
		}
	}
}

func checkJacobian(t *testing.T, e *Evaluator, temperature, rho float64, y []float64) {
	t.Helper()
	n := e.net
	e.Begin(temperature, rho)
	m := momentsOf(n, y)
	c := conditions(e, temperature, rho, m)
	values := make([]float64, len(n.entries))
	var columns [3][]float64
	for k := range columns {
		columns[k] = make([]float64, n.Rows())
	}
	e.Jacobian(y, c, values, columns)
	dense := make([][]float64, n.Rows())
	for i := range dense {
		dense[i] = make([]float64, len(y))
	}
	for k, at := range n.entries {
		dense[at[0]][at[1]] = values[k]
	}
	difference := func(what string, h float64, slope func(h float64, dst []float64), analytic func(row int) float64) {
		up, down, base := make([]float64, n.Rows()), make([]float64, n.Rows()), make([]float64, n.Rows())
		slope(h, up)
		slope(-h, down)
		slope(0, base)
		for row := range up {
			numeric := (up[row] - down[row]) / (2 * h)
			scale := n.gross(e, y, c, row)
			if got := analytic(row); math.Abs(got-numeric) > 2e-6*math.Abs(numeric)+1e-13*scale/h {
				t.Errorf("%s at %.3g K, %.3g g/cm3: d(row %d)/d(%s) = %.9g, differences give %.9g", n.name, temperature, rho, row,
					what, got, numeric)
			}
		}
	}
	for j := range y {
		difference(n.members[j].String(), 1e-5*math.Abs(y[j]), func(h float64, dst []float64) {
			z := slices.Clone(y)
			z[j] += h
			e.Slope(z, c, dst)
		}, func(row int) float64 { return dense[row][j] })
	}
	sumY, sumZZ := 1/m.Abar, m.Z2bar/m.Abar
	for k, size := range []float64{m.Ye, sumY, sumZZ} {
		difference([]string{"Ye", "sum Y", "sum Z2Y"}[k], 1e-4*size, func(h float64, dst []float64) {
			v := [3]float64{m.Ye, sumY, sumZZ}
			v[k] += h
			at := conditions(e, temperature, rho, nuclide.Moments{Abar: 1 / v[1], Zbar: v[0] / v[1], Z2bar: v[2] / v[1], Ye: v[0]})
			e.Slope(y, at, dst)
		}, func(row int) float64 { return columns[k][row] })
	}
}

// gross returns the sum of the sizes of all fluxes into a row, which bounds its rounding errors.
func (n *Network) gross(e *Evaluator, y []float64, c *Conditions, row int) (sum float64) {
	flux := make([]Flux, len(n.flows))
	e.Fluxes(y, c, flux)
	for i := range n.flows {
		for _, r := range n.flows[i].rows {
			if r.place == row {
				sum += math.Abs(r.coefficient) * (math.Abs(flux[i].Forward) + math.Abs(flux[i].Reverse))
			}
		}
	}
	return sum
}

// TestEquilibrium checks that all links stand still in nuclear statistical equilibrium of the network's nuclides.
func TestEquilibrium(t *testing.T) {
	for _, name := range Names() {
		n := network(t, name)
		members := n.Nuclides()
		for _, s := range []struct{ t, rho, ye float64 }{{4e9, 1e7, 0.498}, {5e9, 1e8, 0.49}, {6e9, 1e9, 0.47}, {7.9e9, 1e8, 0.5}} {
			eq, err := nse.Solve(members, s.t, s.rho, s.ye, nse.Options{NoCoulomb: true})
			if err != nil {
				t.Fatal(err)
			}
			y := make([]float64, len(n.members))
			for i, m := range n.members {
				y[i] = eq.X[i] / float64(m.A())
			}
			e := evaluator(t, n, Options{Screening: rate.Unscreened})
			e.Begin(s.t, s.rho)
			c := conditions(e, s.t, s.rho, momentsOf(n, y))
			flux := make([]Flux, len(n.flows))
			e.Fluxes(y, c, flux)
			for i, f := range n.flows {
				if x := flux[i]; f.TwoWay && !(math.Abs(x.Forward-x.Reverse) <= 1e-9*x.Forward && x.Forward > 0) {
					t.Errorf("%s at %g K: %s runs at %.12g, its reverse at %.12g", name, s.t, f.Text, x.Forward, x.Reverse)
				}
			}
		}
	}
}

// TestLowTemperature compares decay rates with MESA's test at T = 10^4.623300792 K.
func TestLowTemperature(t *testing.T) {
	e := evaluator(t, network(t, "approx21_cr60_plus_co56"), Options{})
	lambda, slope := make([]float64, WeakCount), make([]float64, WeakCount)
	e.EvalWeak(42005.2, math.Pow(10, -10.746410108), lambda, slope)
	for k, want := range map[int]float64{weakNi56: 1.3152697923338621e-6, weakCo56: 1.0402929319524918e-7} {
		if math.Abs(lambda[k]/want-1) > 1e-12 {
			t.Errorf("rate %d is %.12g, want %.12g", k, lambda[k], want)
		}
	}
	if lambda[weakProton] != 0 || lambda[weakNeutron] != 0 {
		t.Error("nucleons capture electrons in the cold")
	}
}

// TestFakeCapture checks where electron captures on fe56 set in.
func TestFakeCapture(t *testing.T) {
	n := network(t, "approx21_cr60_plus_co56")
	y := make([]float64, len(n.members))
	y[slices.IndexFunc(n.members, func(m nuclide.Nuclide) bool { return m.String() == "fe56" })] = 1. / 56
	cr60 := slices.IndexFunc(n.members, func(m nuclide.Nuclide) bool { return m.String() == "cr60" })
	for _, c := range []struct {
		t      float64
		n      *Network
		o      Options
		factor float64
	}{
		{2.99e9, n, Options{}, 0}, {3e9, n, Options{}, 1e-7}, {5e9, n.WithCaptureOnIron(1e-3, 3e9), Options{}, 1e-3},
		{5e9, n.WithCaptureOnIron(0, 3e9), Options{}, 0}, {2e9, n.WithCaptureOnIron(1e-7, 1e9), Options{}, 1e-7},
		{5e9, n, Options{NoWeak: true}, 0},
	} {
		e := evaluator(t, c.n, c.o)
		e.Begin(c.t, 1e8)
		at := conditions(e, c.t, 1e8, momentsOf(n, y))
		d := make([]float64, n.Rows())
		e.Slope(y, at, d)
		want := c.factor * at.Weak[weakNi56] / 56
		if math.Abs(d[cr60]-want) > 1e-14*want || math.Abs(d[n.lossRow()]-2.6*want) > 1e-14*want {
			t.Errorf("%g K, %+v: cr60 grows by %g/s with a loss of %g MeV, want %g", c.t, c.o, d[cr60], d[n.lossRow()], want)
		}
	}
}

// TestLimits checks that the decays of o15 and b8 limit hydrogen burning, and that it ends with the last h1.
func TestLimits(t *testing.T) {
	n := network(t, "approx21")
	at := func(s string) int {
		return slices.IndexFunc(n.members, func(m nuclide.Nuclide) bool { return m.String() == s })
	}
	y := make([]float64, len(n.members))
	y[at("h1")], y[at("n14")], y[at("he4")], y[at("he3")] = 0.5, 0.01, 0.05, 1e-3
	e := evaluator(t, n, Options{})
	flow := func(temperature float64) map[string]float64 {
		e.Begin(temperature, 1e4)
		flux := make([]Flux, len(n.flows))
		e.Fluxes(y, conditions(e, temperature, 1e4, momentsOf(n, y)), flux)
		sums := map[string]float64{}
		for i, f := range n.flows {
			sums[f.Text] += flux[i].Forward
		}
		return sums
	}
	hot, cold := flow(1e9), flow(3e7)
	const n14, he3 = 0.01 * 5.68e-3 / 1.57, 1e-3 * 0.896
	if got := hot["n14 + 2 h1 -> c12 + he4"] + hot["n14 + 2 h1 -> o16"]; math.Abs(got/n14-1) > 1e-9 {
		t.Errorf("n14 burns at %g mol/g/s, o15 allows %g", got, n14)
	}
	if got := hot["he3 + h1 + he4 -> 2 he4"]; math.Abs(got/he3-1) > 1e-8 {
		t.Errorf("he3 burns with he4 at %g mol/g/s, b8 allows %g", got, he3)
	}
	if got := cold["n14 + 2 h1 -> c12 + he4"]; !(got > 0 && got < 0.1*n14) {
		t.Errorf("n14 burns at %g mol/g/s in the cold", got)
	}
	y[at("h1")] = 0
	if got := flow(1e9)["he3 + h1 + he4 -> 2 he4"]; got != 0 {
		t.Errorf("he3 takes up h1 at %g mol/g/s where there is none", got)
	}
}

func ExampleNetwork_Flows() {
	n, err := New("approx21")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range n.Flows()[:5] {
		fmt.Printf("%-20s Q = %6.3f MeV  %s\n", f.Text, f.Q, f.Source)
	}
	// Output:
	// 3 he4 -> c12         Q =  7.275 MeV  fy05
	// c12 + he4 -> o16     Q =  7.162 MeV  nac2
	// o16 + he4 -> ne20    Q =  4.730 MeV  nacre
	// ne20 + he4 -> mg24   Q =  9.317 MeV  il10
	// mg24 + he4 -> si28   Q =  9.984 MeV  st08, and by al27: il10, il10
}

func BenchmarkSlope(b *testing.B) { benchmark(b, (*Evaluator).Slope) }

func BenchmarkJacobian(b *testing.B) {
	var columns [3][]float64
	var values []float64
	benchmark(b, func(e *Evaluator, y []float64, c *Conditions, dst []float64) {
		if values == nil {
			values = make([]float64, len(e.net.entries))
			for k := range columns {
				columns[k] = make([]float64, e.net.Rows())
			}
		}
		e.Jacobian(y, c, values, columns)
	})
}

func benchmark(b *testing.B, f func(*Evaluator, []float64, *Conditions, []float64)) {
	n := network(b, "approx21_cr60_plus_co56")
	e := evaluator(b, n, Options{Eta: testEta})
	y := random(n, rand.New(rand.NewPCG(5, 6)))
	e.Begin(5e9, 1e8)
	c := conditions(e, 5e9, 1e8, momentsOf(n, y))
	dst := make([]float64, n.Rows())
	for b.Loop() {
		f(e, y, c, dst)
	}
}

func BenchmarkBegin(b *testing.B) {
	e := evaluator(b, network(b, "approx21_cr60_plus_co56"), Options{})
	for b.Loop() {
		e.Begin(5e9, 1e8)
	}
}
