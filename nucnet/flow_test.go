package nucnet

import (
	"math"
	"slices"
	"testing"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
)

// Flows add up to dY/dt as a burn has it.
func TestFlowsAddUp(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, c := range []struct {
		s State
		o Options
	}{
		{State{3e9, 1e8, uniform(n)}, Options{}},
		{State{5e9, 1e7, uniform(n)}, Options{Screening: rate.Extended, DetailedBalance: rate.R2305}},
		{State{2e9, 1e6, uniform(n)}, bare},
	} {
		flows, err := n.Flows(c.s, c.o)
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
		w := workerFor(t, n, c.o)
		y := make([]float64, n.Len())
		for i, x := range c.s.X {
			y[i] = x / n.a[i]
		}
		ye := nuclide.MomentsOf(n.Nuclides(), c.s.X).Ye
		w.begin(c.s.T, c.s.Rho, ye, c.o.WithDefaults(), ode.Settings{RTol: 1e-6, ATol: 1e-12})
		state, want := make([]float64, w.plan.dim), make([]float64, w.plan.dim)
		w.initial(y, state)
		w.slope(0, state, want)
		for i, m := range n.Nuclides() {
			if math.Abs(got[i]-want[i]) > 1e-12*gross[i] {
				t.Errorf("T = %g: dY(%s)/dt = %g, flows add up to %g", c.s.T, m, want[i], got[i])
			}
		}
	}
}

func uniform(n *Network) []float64 {
	x := make([]float64, n.Len())
	for i := range x {
		x[i] = 1 / float64(len(x))
	}
	return x
}

// In equilibrium both directions of every strong link are as fast.
func TestFlowsInEquilibrium(t *testing.T) {
	n := stock(t, "mesa_80")
	s := State{6e9, 1e8, pure(t, n, "si28=0.9,ne22=0.1")}
	s.X = burn(t, n, s, []float64{10}, Options{Screening: rate.Unscreened, Weak: NoWeak, RTol: 1e-10, ATol: 1e-25})[0].X
	flows, err := n.Flows(s, bare)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		if math.Abs(f.Net()) > 1e-6*f.Gross() {
			t.Errorf("%s: %g forward, %g back", f.Reaction, f.Forward, f.Reverse)
		}
	}
	slices.SortFunc(flows, CompareGross)
	if !(flows[0].Gross() > flows[len(flows)-1].Gross()) {
		t.Error("not the largest first")
	}
}

func TestFlowEnds(t *testing.T) {
	n := custom(t, "he4 c12 o16")
	flows, err := n.Flows(State{4e9, 1e6, pure(t, n, "o16=0.999999,he4=0.000001")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(flows, CompareNet)
	if from, to := flows[0].Ends(); from.String() != "o16" || to.String() != "c12" {
		t.Errorf("the largest net flow is from %s to %s, want o16 to c12: no carbon is there yet", from, to)
	}
	if _, err := n.Flows(State{T: 1}, Options{}); err == nil {
		t.Error("no error at 1 K")
	}
}
