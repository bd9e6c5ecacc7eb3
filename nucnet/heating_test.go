package nucnet

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/plasma"
)

// thermal returns the equation of state of a sample.
func thermal(t *testing.T, n *Network, s Sample) plasma.State {
	t.Helper()
	state, err := plasma.At(s.T, s.Rho, nuclide.MomentsOf(n.members, s.X))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// heated are burns that release much, little and negative energy.
var heated = []struct {
	t, rho float64
	x      string
	end    float64
}{
	{2.2e9, 1e8, "o16", 1},
	{1.2e9, 1e8, "c12=0.5,o16=0.5", 0.1},
	{3.5e9, 1e7, "si28", 10},
	{7e9, 3e7, "ni56", 1e-3},
	{3e8, 1e6, "he4", 1e3},
}

// TestEnergyIsConserved asks for far more than the tolerance: energy is an
// invariant of the equations.
func TestEnergyIsConserved(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, c := range heated {
		for _, h := range []Heating{Isochoric, Isobaric} {
			s := State{c.t, c.rho, pure(t, n, c.x)}
			samples := burn(t, n, s, []float64{0, c.end / 10, c.end}, Options{Heating: h, RTol: 1e-4})
			first := thermal(t, n, samples[0])
			for _, s := range samples[1:] {
				now := thermal(t, n, s)
				gained, scale := now.E.Value-first.E.Value, math.Abs(first.E.Value)+math.Abs(s.Q)
				if h == Isobaric {
					gained += now.P.Value/s.Rho - first.P.Value/c.rho
					if math.Abs(now.P.Value/first.P.Value-1) > 1e-9 {
						t.Errorf("%s at %g K: P = %.12g erg/cm3 at %g s, %.12g at first", c.x, c.t, now.P.Value, s.Time, first.P.Value)
					}
				} else if s.Rho != c.rho {
					t.Errorf("%s at %g K: rho = %g", c.x, c.t, s.Rho)
				}
				if math.Abs(gained-s.EpsNuc) > 1e-9*scale {
					t.Errorf("%s at %g K, %v: %.12g erg/g gained, %.12g released", c.x, c.t, h, gained, s.EpsNuc)
				}
			}
			if math.Abs(samples[2].T/c.t-1) < 1e-3 {
				t.Errorf("%s at %g K, %v: ends at %g K, the test shows nothing", c.x, c.t, h, samples[2].T)
			}
		}
	}
}

// TestHeatingAgainstShortSteps compares with burns at fixed temperature, after
// each of which the temperature is set anew from the energy: an error of first
// order, which extrapolation of two step sizes removes.
func TestHeatingAgainstShortSteps(t *testing.T) {
	n := stock(t, "mesa_80")
	const end = 1e-2
	start := State{2.6e9, 1e8, pure(t, n, "o16=0.7,si28=0.3")}
	split := func(steps int) Sample {
		s := start
		x0 := s.X
		e, err := plasma.At(s.T, s.Rho, nuclide.MomentsOf(n.members, s.X))
		if err != nil {
			t.Fatal(err)
		}
		sum := e.E.Value
		var last Sample
		for range steps {
			last = burn(t, n, s, []float64{end / float64(steps)}, Options{})[0]
			sum += last.EpsNuc
			state, err := plasma.AtDensityEnergy(s.Rho, sum, nuclide.MomentsOf(n.members, last.X), s.T)
			if err != nil {
				t.Fatal(err)
			}
			s.T, s.X = state.T, last.X
		}
		last.T = s.T
		last.Q = 0
		for i := range x0 {
			last.Q -= (last.X[i] - x0[i]) / n.a[i] * n.dm[i] * nuclide.ErgPerGram
		}
		return last
	}
	a, b := split(40), split(80)
	got := burn(t, n, start, []float64{end}, Options{Heating: Isochoric})[0]
	if want := 2*b.T - a.T; math.Abs(got.T-want) > 0.05*math.Abs(b.T-a.T) {
		t.Errorf("T = %.8g K, by steps %.8g, %.8g, extrapolated %.8g", got.T, a.T, b.T, want)
	}
	if want := 2*b.Q - a.Q; math.Abs(got.Q-want) > 0.05*math.Abs(b.Q-a.Q) {
		t.Errorf("q = %.8g erg/g, by steps %.8g, %.8g, extrapolated %.8g", got.Q, a.Q, b.Q, want)
	}
}

// TestHeatingIsAccurate compares with a burn at far smaller tolerances and with
// another method.
func TestHeatingIsAccurate(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, c := range heated {
		for _, h := range []Heating{Isochoric, Isobaric} {
			s := State{c.t, c.rho, pure(t, n, c.x)}
			got := burn(t, n, s, []float64{c.end / 10, c.end}, Options{Heating: h})
			want := burn(t, n, s, []float64{c.end / 10, c.end}, Options{Heating: h, RTol: 1e-8, ATol: 1e-15})
			if x, _ := difference(got, want); x > 5e-5 {
				t.Errorf("%s at %g K, %v: X differs by %.2g", c.x, c.t, h, x)
			}
			for k := range got {
				if math.Abs(got[k].T/want[k].T-1) > 1e-6 {
					t.Errorf("%s at %g K, %v: T = %.9g K, want %.9g", c.x, c.t, h, got[k].T, want[k].T)
				}
			}
		}
	}
}

// TestSlowIgnition heats a degenerate core from where what burns first takes
// hundreds of millions of years to where it takes less than a second: traces of
// light nuclides live far shorter than the steps in between.
func TestSlowIgnition(t *testing.T) {
	n := stock(t, "mesa_80")
	s := State{2e8, 1e9, pure(t, n, "c12=0.5,o16=0.5")}
	times := []float64{1e14, 1e16}
	got := burn(t, n, s, times, Options{Heating: Isochoric})
	want := burn(t, n, s, times, Options{Heating: Isochoric, RTol: 1e-7, ATol: 1e-13})
	for k, b := range got {
		if x, _ := difference(got[k:k+1], want[k:k+1]); x > 1e-4 || math.Abs(b.T/want[k].T-1) > 1e-6 {
			t.Errorf("at %g s: X differs by %.2g, T = %.9g K, want %.9g", b.Time, x, b.T, want[k].T)
		}
	}
	// Ignition is at 1.5e16 s; what follows takes many more steps.
	r, err := n.Burn(context.Background(), s, []float64{1e17}, Options{Heating: Isochoric, MaxSteps: 1000})
	if !errors.Is(err, ode.ErrMaxSteps) || r.Restarts > 0 || !(r.End.T > 10*s.T) {
		t.Errorf("T = %g K at %g s after %d restarts: %v", r.End.T, r.End.Time, r.Restarts, err)
	}
	gained := thermal(t, n, r.End).E.Value - thermal(t, n, burn(t, n, s, []float64{0}, Options{})[0]).E.Value
	if math.Abs(gained-r.End.EpsNuc) > 1e-9*r.End.Q {
		t.Errorf("%.12g erg/g gained, %.12g released", gained, r.End.EpsNuc)
	}
}

func TestHeatingWithoutBurning(t *testing.T) {
	n := stock(t, "mesa_80")
	s := State{1e8, 1e6, pure(t, n, "fe56")}
	want := burn(t, n, s, []float64{1}, Options{Weak: NoWeak})[0]
	for _, h := range []Heating{Isochoric, Isobaric} {
		got := burn(t, n, s, []float64{1}, Options{Heating: h, Weak: NoWeak})[0]
		if math.Abs(got.T/s.T-1) > 1e-10 || math.Abs(got.Rho/s.Rho-1) > 1e-10 || !reflect.DeepEqual(got.X, want.X) {
			t.Errorf("%v: T = %.12g K, rho = %.12g g/cm3", h, got.T, got.Rho)
		}
	}
}

func TestSmallNetworkHeats(t *testing.T) {
	n := stock(t, "approx21")
	s := State{3e9, 1e8, pure(t, n, "o16")}
	for _, h := range []Heating{Isochoric, Isobaric} {
		checkJacobian(t, n, Options{Heating: h})
		samples := burn(t, n, s, []float64{0, 1e-3}, Options{Heating: h})
		if !(samples[1].T > 1.2*s.T) {
			t.Errorf("%v: oxygen at %g K ends at %g K", h, s.T, samples[1].T)
		}
	}
}

func TestBurnAlong(t *testing.T) {
	n := stock(t, "mesa_80")
	x := pure(t, n, "si28=0.9,ne22=0.1")
	ctx := context.Background()
	along := func(tr Trajectory, times []float64, o Options) []Sample {
		t.Helper()
		r, err := n.BurnAlong(ctx, tr, x, times, o)
		if err != nil {
			t.Fatal(err)
		}
		return r.Samples
	}
	t.Run("constant", func(t *testing.T) {
		got := along(Trajectory{[]float64{0, 1}, []float64{4e9, 4e9}, []float64{1e8, 1e8}}, []float64{1e-3, 1}, Options{})
		want := burn(t, n, State{4e9, 1e8, x}, []float64{1e-3, 1}, Options{})
		if !reflect.DeepEqual(got, want) {
			t.Error("differs from a burn at the same temperature and density")
		}
	})
	t.Run("shifted", func(t *testing.T) {
		got := along(Trajectory{[]float64{-1, 0}, []float64{4e9, 5e9}, []float64{1e8, 3e8}}, []float64{-0.5, 0}, Options{})
		want := along(Trajectory{[]float64{0, 1}, []float64{4e9, 5e9}, []float64{1e8, 3e8}}, []float64{0.5, 1}, Options{})
		if x, ye := difference(got, want); x > 1e-6 || ye > 1e-10 || math.Abs(got[1].EpsNucBBQ/want[1].EpsNucBBQ-1) > 1e-6 {
			t.Errorf("X differs by %g, Ye by %g", x, ye)
		}
	})
	t.Run("expansion", func(t *testing.T) {
		// Matter that falls out of equilibrium as it cools.
		var tr Trajectory
		for k := range 21 {
			u := float64(k) / 20
			tr.Time, tr.T, tr.Rho = append(tr.Time, u), append(tr.T, 7e9*math.Exp(-u)), append(tr.Rho, 1e8*math.Exp(-3*u))
		}
		times := []float64{0, 0.31, 1}
		got := along(tr, times, Options{})
		for _, o := range []Options{{RTol: 1e-8, ATol: 1e-15}, {Solver: "bdf"}} {
			want := along(tr, times, o)
			if x, ye := difference(got, want); x > 5e-5 || ye > 1e-8 {
				t.Errorf("%+v: X differs by %.2g, Ye by %.2g", o, x, ye)
			}
		}
		if math.Abs(got[1].T/(7e9*math.Exp(-0.31))-1) > 1e-12 || math.Abs(got[1].Rho/(1e8*math.Exp(-0.93))-1) > 1e-12 {
			t.Errorf("T = %g K, rho = %g g/cm3 between points", got[1].T, got[1].Rho)
		}
		// A staircase of burns at the temperature in the middle of each step
		// has an error of second order.
		stairs := func(steps int) []float64 {
			s := State{X: x}
			for k := range steps {
				s.T, s.Rho = tr.At((float64(k) + 0.5) / float64(steps))
				s.X = burn(t, n, s, []float64{1 / float64(steps)}, Options{})[0].X
			}
			return s.X
		}
		a, b := stairs(100), stairs(200)
		for i, v := range got[2].X {
			if math.Abs(v-b[i]) > 0.6*math.Abs(a[i]-b[i])+1e-7 {
				t.Errorf("X(%v) = %.8g, by stairs %.8g, %.8g", n.members[i], v, a[i], b[i])
			}
		}
	})
}

// TestLateRunaway ignites helium at constant density.
func TestLateRunaway(t *testing.T) {
	n := stock(t, "mesa_80")
	start := State{2e8, 1e6, pure(t, n, "he4")}
	s := burn(t, n, start, []float64{1, 1e10}, Options{Heating: Isochoric, RTol: 1e-4})
	if s[0].T > 2.1e8 || s[1].T < 2.9e9 {
		t.Errorf("T = %g, then %g K", s[0].T, s[1].T)
	}
}
