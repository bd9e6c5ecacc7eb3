package nnlib

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet"
)

// stepper is a Stepper made of a function for one state.
type stepper func(s nucnet.State) Prediction

func (f stepper) Predict(_ context.Context, states []nucnet.State, _ float64) ([]Prediction, error) {
	var all []Prediction
	for _, s := range states {
		all = append(all, f(s))
	}
	return all, nil
}

// cold returns burns of nickel and iron in which nothing happens.
func cold(t *testing.T, paths, steps int) *Burnt {
	t.Helper()
	b := &Burnt{Follow: Follow{Network: stock(t, "mesa_80"), Dt: 1e-12, Steps: steps}}
	x := make([]float64, b.Network.Len())
	x[b.Network.Index(nuclides(t, "ni56")[0])] = 0.9
	x[b.Network.Index(nuclides(t, "fe56")[0])] = 0.1
	for range paths {
		b.Paths = append(b.Paths, Path{X: x, T: []float64{1e3}, Rho: []float64{1}})
		b.X, b.EpsNuc = append(b.X, slices.Repeat([][]float64{x}, steps)), append(b.EpsNuc, make([]float64, steps))
	}
	return b
}

func stock(t *testing.T, name string) *nucnet.Network {
	t.Helper()
	n, err := nucnet.Stock(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func near(a, b, relative float64) bool { return math.Abs(a-b) <= relative*math.Abs(b) }

// TestGrowth follows answers whose errors are known: nickel becomes iron by the same
// amount in every step, or more or less than it should at random.
func TestGrowth(t *testing.T) {
	const steps, amount = 1000, 1e-7
	b := cold(t, 100, steps)
	fe, ni := b.Network.Index(nuclides(t, "fe56")[0]), b.Network.Index(nuclides(t, "ni56")[0])
	move := func(of func() float64) *Drift {
		d, err := b.Compare(t.Context(), stepper(func(s nucnet.State) Prediction {
			x := append([]float64(nil), s.X...)
			v := of()
			x[fe], x[ni] = x[fe]+v, x[ni]-v
			return Prediction{X: x, EpsNuc: 3e10, InDomain: v > 0}
		}))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := move(func() float64 { return amount })
	last, g := d.After(steps), d.Growth()
	ye := amount * (28. - 26) / 56
	if !near(float64(last.Ye.Median), steps*ye, 1e-6) || !near(float64(last.X.Worst), steps*2*amount/80, 1e-6) ||
		!near(float64(last.EpsNuc.P99), steps*3e10, 1e-6) || !near(last.Time, 1e-9, 1e-12) || d.Ye[0][0] > 0 || d.Outside != 0 {
		t.Errorf("after all steps: %+v", last)
	}
	if !near(float64(g.Ye.Exponent), 1, 1e-5) || !near(float64(g.Ye.Systematic), 1, 1e-6) || !near(g.Ye.PerStep, ye, 1e-6) ||
		!near(float64(g.EpsNuc.Exponent), 1, 1e-5) || !math.IsNaN(float64(g.X.Systematic)) {
		t.Errorf("steps that err to one side: %+v", g)
	}
	r := rand.New(rand.NewPCG(1, 2))
	d = move(func() float64 { return amount * float64(2*r.IntN(2)-1) })
	g = d.Growth()
	if math.Abs(float64(g.Ye.Exponent)-0.5) > 0.1 || !near(g.Ye.PerStep, ye, 1e-6) || float64(g.Ye.Systematic) > 1.5/math.Sqrt(steps) || float64(g.Ye.Systematic) < 0.4/math.Sqrt(steps) ||
		math.Abs(d.Outside-0.5) > 0.02 {
		t.Errorf("steps that err at random: %+v", g)
	}
	if text, err := json.Marshal(g); err != nil || !strings.Contains(string(text), `"systematic":null`) {
		t.Errorf("%s, %v", text, err)
	}
}

// TestFollow burns along paths in one go and step by step.
func TestFollow(t *testing.T) {
	net := stock(t, "mesa_80")
	x := make([]float64, net.Len())
	x[net.Index(nuclides(t, "si28")[0])] = 1
	hot := nucnet.State{T: 5e9, Rho: 1e8, X: x}
	const dt = 1e-5
	told := 0
	f := Follow{Network: net, Dt: dt, Steps: 6, Progress: func(done, total int) { told = max(told, done*100+total) },
		Paths: []Path{{X: x, T: []float64{5e9}, Rho: []float64{1e8}}, {X: x, T: []float64{5e9, 5e9, 5e9, 4e9, 4e9, 4e9}, Rho: []float64{1e8}}}}
	b, err := f.Burn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if told != 1212 {
		t.Errorf("progress came to %d", told)
	}
	// Half the way is the same; the second half begins where the first ends.
	first, err := net.Burn(t.Context(), hot, []float64{dt, 2 * dt, 3 * dt}, nucnet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := net.Burn(t.Context(), nucnet.State{T: 4e9, Rho: 1e8, X: first.End.X}, []float64{3 * dt}, nucnet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range first.Samples[2].X {
		if !(math.Abs(b.X[1][2][i]-v) < 1e-5) || !(math.Abs(b.X[0][2][i]-v) < 1e-5) {
			t.Errorf("after half of the steps X(%v) is %g and %g, of a burn %g", net.Nuclides()[i], b.X[1][2][i], b.X[0][2][i], v)
		}
	}
	if e := first.Samples[2].EpsNuc + second.End.EpsNuc; !near(b.EpsNuc[1][5], e, 1e-4) || math.Abs(second.End.X[40]-b.X[1][5][40]) > 1e-5 {
		t.Errorf("energy along a path %g, of two burns %g", b.EpsNuc[1][5], e)
	}
	// Burning every step is right, though the solver starts anew.
	d, err := b.Compare(t.Context(), Burner{Network: net})
	if err != nil {
		t.Fatal(err)
	}
	if last := d.After(6); last.X.Worst > 1e-6 || last.Ye.Worst > 1e-9 || float64(last.EpsNuc.Worst) > 1e-4*math.Abs(b.EpsNuc[0][5]) || d.Burnt != 1 || d.Steps() != 6 {
		t.Errorf("burning step by step: %+v, %g burnt", last, d.Burnt)
	}
	// That nothing happens is wrong by all that happens.
	if d, err = b.Compare(t.Context(), Unchanged{}); err != nil || d.EpsNuc[0][5] != -b.EpsNuc[0][5] || !reflect.DeepEqual(d.End[1], x) {
		t.Errorf("no change: %v, energy %g off, not %g", err, d.EpsNuc[0][5], -b.EpsNuc[0][5])
	}
	// The small network begins with the same silicon and knows about what it becomes.
	d, small, err := b.CompareSmall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if e := small.EpsNuc[0][5]; d.EpsNuc[0][5] != e-b.EpsNuc[0][5] || !near(e, b.EpsNuc[0][5], 0.7) || len(small.X[0][0]) != 22 || float64(d.After(6).Ye.Worst) > 1e-3 {
		t.Errorf("the small network releases %g erg/g, the other %g", e, b.EpsNuc[0][5])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Burn(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for want, change := range map[string]func(f *Follow){
		"there is none":    func(f *Follow) { f.Paths = nil },
		"0 steps":          func(f *Follow) { f.Steps = 0 },
		"of NaN s":         func(f *Follow) { f.Dt = math.NaN() },
		"2 temperatures":   func(f *Follow) { f.Paths = []Path{{X: x, T: []float64{1e9, 2e9}, Rho: []float64{1}}} },
		"0 densities":      func(f *Follow) { f.Paths = []Path{{X: x, T: []float64{1e9}}} },
		"3 mass fractions": func(f *Follow) { f.Paths = []Path{{X: x[:3], T: []float64{1e9}, Rho: []float64{1}}} },
	} {
		g := f
		change(&g)
		if _, err := g.Burn(t.Context()); !errors.Is(err, ErrPath) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
