package nnlib

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
)

var tinyPhysical = Config{Net: "physical", Layers: 1, Width: 48, Batch: 64, Epochs: 30, LR: 3e-3, Schedule: "cosine",
	Clip: 1, Average: 0.99, Validation: 0.2, Seed: 5}

// TestPhysical trains a small physical net on runs with relaxed states in them.
func TestPhysical(t *testing.T) {
	set := generated(t, dataset.Settings{Network: "mesa_80", Samples: 60, Seed: 3, Generator: "small-net", Times: []float64{1e-4, 2e-4, 1e-1, 2e-1}})
	table, err := set.Load()
	if err != nil {
		t.Fatal(err)
	}
	learn := func(t *testing.T, c Config, hooks Hooks, ctx context.Context) (*Net, *History, error) {
		return TrainPhysical(ctx, c, []*dataset.Set{set}, hooks)
	}
	net, history, err := learn(t, tinyPhysical, Hooks{}, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := len(net.Nuclides)
	var states []nucnet.State
	for _, r := range table.OK() {
		states = append(states, nucnet.State{T: table.T[r], Rho: table.Rho[r], X: table.Ends[0].X[r*n : (r+1)*n]})
	}
	answers, err := net.after(t.Context(), states, 1e-4)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("learns", func(t *testing.T) {
		first, best := history.Epochs[0], history.Epochs[history.Best-1]
		if best.Validation.Composition > 0.9*first.Validation.Composition {
			t.Errorf("validation went from %+v to %+v only", first.Validation, best.Validation)
		}
	})
	t.Run("device", func(t *testing.T) {
		onStandIn(t)
		c := tinyPhysical
		c.Epochs = 3
		var h [2]*History
		for i, device := range []string{"cpu", "cuda"} {
			c.Device = device
			if _, h[i], err = learn(t, c, Hooks{}, t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for i, e := range h[0].Epochs {
			for _, v := range [][2]float64{{h[1].Epochs[i].Training.Total, e.Training.Total}, {h[1].Epochs[i].Validation.Total, e.Validation.Total}} {
				if !(math.Abs(v[0]-v[1]) <= 2e-3*v[1]) {
					t.Errorf("epoch %d: loss %v on a device, %v on the CPU", i+1, v[0], v[1])
				}
			}
		}
	})
	t.Run("conserves", func(t *testing.T) {
		for i, p := range answers {
			sum, min := 0.0, 1.0
			for _, x := range p.X {
				sum += x
				min = math.Min(min, x)
			}
			q := released(net.Nuclides, states[i].X, p.X)
			if math.Abs(sum-1) > 1e-12 || min <= 0 || math.Abs(p.Ye-electronFraction(net.Nuclides, p.X)) > 1e-15 || p.Q != q || !(p.Uncertainty > 0) {
				t.Errorf("state %d: sum X - 1 = %g, least X %g, Ye %g, Q %g, Uncertainty %g", i, sum-1, min, p.Ye, p.Q, p.Uncertainty)
			}
			// In 1e-4 s weak reactions change little: within single precision Ye is that of the start. All of it is theirs.
			if d := p.Ye - electronFraction(net.Nuclides, states[i].X); math.Abs(d) > 1e-5 || math.Abs(d-p.WeakChange) > 1e-14 {
				t.Errorf("state %d: Ye changed by %g in 1e-4 s, by weak reactions by %g", i, d, p.WeakChange)
			}
		}
	})
	t.Run("order", func(t *testing.T) {
		for _, i := range []int{0, len(states) - 1} {
			one, err := net.after(t.Context(), states[i:i+1], 1e-4)
			if err != nil {
				t.Fatal(err)
			}
			for j, x := range one[0].X {
				if math.Abs(x-answers[i].X[j]) > 1e-5 {
					t.Errorf("state %d alone: X(%v) = %g, among others %g", i, net.Nuclides[j], x, answers[i].X[j])
				}
			}
		}
	})
	t.Run("save", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "m.safetensors")
		model := &Model{Nets: []*Net{net}}
		if err := model.Save(path); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := loaded.Predict(t.Context(), states, 1e-4)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, answers) {
			t.Error("the model that was loaded gives other answers")
		}
		if got := loaded.Times(); !reflect.DeepEqual(got, []float64{1e-4, 1e-3, 1e-2, 1e-1}) {
			t.Errorf("times %v", got)
		}
		if _, err := loaded.Predict(t.Context(), states, 1); !errors.Is(err, ErrTime) || !strings.Contains(err.Error(), "0.0001 to 0.2") {
			t.Errorf("a time beyond the span: %v", err)
		}
	})
	t.Run("evaluate", func(t *testing.T) {
		e, err := Evaluate(t.Context(), &Model{Nets: []*Net{net}}, table)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Times) != 4 || e.Times[0].NNN.Sum > 1e-12 {
			t.Errorf("%d times, sums of X off by %g", len(e.Times), e.Times[0].NNN.Sum)
		}
	})
	t.Run("hybrid", func(t *testing.T) {
		network, err := nucnet.Stock("mesa_80")
		if err != nil {
			t.Fatal(err)
		}
		h := Hybrid{Model: &Model{Nets: []*Net{net}}, Network: network, MaxUncertainty: 1}
		in := slices.IndexFunc(answers, func(p Prediction) bool { return p.InDomain && p.Uncertainty < 1 })
		if in < 0 {
			t.Fatal("no state of the runs lies in the domain")
		}
		cold := states[in]
		cold.T = 1e9 // outside of what was learnt
		got, err := h.Predict(t.Context(), []nucnet.State{states[in], cold}, 1e-4)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Burnt || !got[0].InDomain || math.Abs(got[0].X[n-1]-answers[in].X[n-1]) > 1e-5 {
			t.Error("a state of the domain is not answered by the net")
		}
		burn, err := network.Burn(t.Context(), cold, []float64{1e-4}, nucnet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !got[1].Burnt || got[1].InDomain || !reflect.DeepEqual(got[1].X, burn.Samples[0].X) || got[1].Q != burn.Samples[0].Q {
			t.Error("a state outside of the domain is not burnt")
		}
		// A net that is not sure, or has no answer for the time, is not asked either.
		h.MaxUncertainty = 1e-30
		for _, dt := range []float64{1e-4, 1e-9} {
			if got, err = h.Predict(t.Context(), states[in:in+1], dt); err != nil || !got[0].Burnt {
				t.Errorf("dt = %g s: burnt %v, %v", dt, got, err)
			}
		}
	})
	t.Run("resume", func(t *testing.T) {
		c := tinyPhysical
		c.Checkpoint = filepath.Join(t.TempDir(), "state")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, _, err := learn(t, c, Hooks{Step: func(p Progress) {
			if p.Step == 25 {
				cancel()
			}
		}}, ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted: %v", err)
		}
		again, h, err := learn(t, c, Hooks{}, t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(h, history) {
			t.Error("another history than without the interruption")
		}
		for i, w := range net.weights {
			if !reflect.DeepEqual(data(w), data(again.weights[i])) {
				t.Errorf("tensor %s differs", net.tensors[i].name)
			}
		}
	})
	t.Run("without", func(t *testing.T) {
		for _, idea := range ideas {
			c := tinyPhysical
			c.Without, c.Epochs = idea, 1
			net, _, err := learn(t, c, Hooks{}, t.Context())
			if err != nil {
				t.Errorf("%s: %v", idea, err)
				continue
			}
			p, err := net.after(t.Context(), states[:1], 1e-4)
			if err != nil || !(math.Abs(p[0].Ye-electronFraction(net.Nuclides, p[0].X)) < 1e-15) {
				t.Errorf("%s: %+v, %v", idea, p, err)
			}
		}
		c := tinyPhysical
		c.Without = "luck"
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "equilibrium,weak") {
			t.Errorf("without luck: %v", err)
		}
	})
	t.Run("other sets", func(t *testing.T) {
		other := onDisk(t, 5, dataset.Train)
		if _, _, err := TrainPhysical(t.Context(), tinyPhysical, []*dataset.Set{set, other}, Hooks{}); err == nil {
			t.Error("sets of two networks were learnt together")
		}
		if _, _, err := TrainPhysical(t.Context(), tinyPhysical, nil, Hooks{}); err == nil {
			t.Error("no sets")
		}
		old := *set
		old.Recipe.Burn.DetailedBalance = "r2305"
		if _, _, err := TrainPhysical(t.Context(), tinyPhysical, []*dataset.Set{set, &old}, Hooks{}); !errors.Is(err, ErrData) {
			t.Errorf("two kinds of reverse rates learnt together: %v", err)
		}
		if _, _, err := TrainSet(t.Context(), tinyPhysical, set, 0, Hooks{}); err == nil || !strings.Contains(err.Error(), "TrainPhysical") {
			t.Errorf("a physical net for one time: %v", err)
		}
	})
}
