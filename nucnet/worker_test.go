package nucnet

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
)

func workerFor(tb testing.TB, n *Network, o Options) *worker {
	tb.Helper()
	p, err := n.planFor(o.key())
	if err != nil {
		tb.Fatal(err)
	}
	return p.newWorker()
}

// burnComponents returns all components of a burn at its end.
func burnComponents(tb testing.TB, w *worker, s State, end float64, o Options) []float64 {
	tb.Helper()
	var y []float64
	w.watch = func(_ float64, state []float64) { y = append(y[:0], state...) }
	defer func() { w.watch = nil }()
	if _, err := w.burn(context.Background(), s, nil, []float64{end}, o.WithDefaults()); err != nil {
		tb.Fatal(err)
	}
	return y
}

// TestFollowing compares screening and weak rates followed from a reference
// with ones evaluated afresh in every call.
func TestFollowing(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, s := range []State{{6e9, 1e9, pure(t, n, "si28=0.9,ne22=0.1")}, {1.6e9, 1e9, pure(t, n, "c12=0.5,o16=0.5")}} {
		for _, rtol := range []float64{1e-4, 1e-7} {
			o := Options{RTol: rtol, ATol: 1e-6 * rtol}
			got := burn(t, n, s, []float64{1e-3, 1, 100}, o)
			w := workerFor(t, n, o)
			w.screening.always, w.weak.always = true, true
			r, err := w.burn(context.Background(), s, nil, []float64{1e-3, 1, 100}, o.WithDefaults())
			if err != nil {
				t.Fatal(err)
			}
			if x, ye := difference(got, r.Samples); x > rtol || ye > 0.01*rtol {
				t.Errorf("T = %g, rtol %g: X differs by %.2g, Ye by %.2g", s.T, rtol, x, ye)
			}
		}
	}
}

// TestJacobian compares with differences of the right-hand side.
func TestJacobian(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, o := range []Options{{}, bare, {Screening: rate.Extended}, {DetailedBalance: rate.R2305},
		{Heating: Isochoric}, {Heating: Isobaric}, {Heating: Isobaric, Screening: rate.Unscreened}, {Heating: Isochoric, Screening: rate.Extended}} {
		checkJacobian(t, n, o)
	}
}

func checkJacobian(t *testing.T, n *Network, o Options) {
	t.Helper()
	w := workerFor(t, n, o)
	w.screening.always, w.weak.always = true, true
	r := rand.New(rand.NewPCG(7, 8))
	x := make([]float64, n.Len())
	sum := 0.0
	for i := range x {
		x[i] = 0.5 + r.Float64()
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
	step, tolerance := 1e-4, 1e-6
	if o.Heating != NoHeating {
		step, tolerance = 1e-5, 1e-5 // rates are so much steeper in energy
	}
	state, err := w.prepare(State{4e9, 1e8, x}, nil, o.WithDefaults(), ode.Settings{RTol: 1e-6, ATol: 1e-12})
	if err != nil {
		t.Fatal(err)
	}
	p := w.plan
	w.slope(0, state, make([]float64, p.dim))
	pattern := p.structure.Pattern()
	jac := make([]float64, pattern.NonZeros())
	w.jacobian(0, state, jac)
	gross := make([]float64, p.dim) // what cancels in the right-hand side
	for i := range p.dim {
		for j := range p.dim {
			if k := pattern.Index(i, j); k >= 0 {
				gross[i] += math.Abs(jac[k] * state[j])
			}
		}
	}
	up, down := make([]float64, p.dim), make([]float64, p.dim)
	for j := range p.dim {
		h := step * max(math.Abs(state[j]), 1e-3)
		moved := append([]float64(nil), state...)
		moved[j] = state[j] + h
		w.slope(0, moved, up)
		moved[j] = state[j] - h
		w.slope(0, moved, down)
		for i := range p.change + 2 { // rows behind are defined by invariants
			got := 0.0
			if k := pattern.Index(i, j); k >= 0 {
				got = jac[k]
			}
			noise := 1e-14 * gross[i] / h
			if want := (up[i] - down[i]) / (2 * h); math.Abs(got-want) > tolerance*math.Abs(want)+noise {
				t.Errorf("%+v: d f_%d/d y_%d = %g, by differences %g", o, i, j, got, want)
			}
		}
	}
}
