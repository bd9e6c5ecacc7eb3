package dataset

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"nuclab/nucnet"
)

// TestPaperTimes holds the ages of the paper's rows as printed to 16 digits in its data package (as audited).
func TestPaperTimes(t *testing.T) {
	for network, want := range map[string][]float64{
		"mesa_80": {1.0110262580800837e-6, 1.0314393795586358e-5, 1.050776943316e-4, 1.012784518894e-3, 1.03161520564003e-2,
			0.1050794525924615, 1.0127862771549057, 10.316153814661169, 105.07945435072229},
		"mesa_151": {1.009032724234708e-6, 1.0291713898515426e-5, 1.048443049202e-4, 1.0012681773284e-3, 1.01988452190604e-2,
			0.1038845728757855, 1.0581593266230214, 10.105343130382678, 102.9321548731897},
	} {
		times, steps, err := PaperTimes(network)
		if err != nil {
			t.Fatal(err)
		}
		share := map[string]float64{"mesa_80": 0.054, "mesa_151": 0.062}[network]
		for k, w := range want {
			if math.Abs(times[k]/w-1) > 1e-11 {
				t.Errorf("%s: time %d is %.16g, want %.16g", network, k, times[k], w)
			}
			if math.Abs(steps[k]/times[k]-share) > 6e-4 {
				t.Errorf("%s: step %d is %.4f of the time, want %g", network, k, steps[k]/times[k], share)
			}
		}
	}
	if _, _, err := PaperTimes("mesa_201"); !errors.Is(err, ErrSettings) {
		t.Errorf("mesa_201: %v", err)
	}
}

func TestBurnTimes(t *testing.T) {
	for name, c := range map[string]struct {
		times, steps []float64
		all          []float64
		at, before   []int
	}{
		"whole":       {[]float64{1, 10}, []float64{1, 9}, []float64{1, 10}, []int{0, 1}, []int{-1, 0}},
		"last part":   {[]float64{1, 10}, []float64{0.25, 2}, []float64{0.75, 1, 8, 10}, []int{1, 3}, []int{0, 2}},
		"from start":  {[]float64{1, 10}, []float64{1, 10}, []float64{1, 10}, []int{0, 1}, []int{-1, -1}},
		"overlapping": {[]float64{1, 2}, []float64{0.5, 1.75}, []float64{0.25, 0.5, 1, 2}, []int{2, 3}, []int{1, 0}},
	} {
		s := Settings{Times: c.times, Steps: c.steps}
		all, at, before := s.burnTimes()
		if !slices.Equal(all, c.all) || !slices.Equal(at, c.at) || !slices.Equal(before, c.before) {
			t.Errorf("%s: %v at %v, steps from %v", name, all, at, before)
		}
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/4"); err != nil || s != (Shard{2, 4}) {
		t.Errorf("2/4: %v, %v", s, err)
	}
	for _, bad := range []string{"5/4", "0/4", "1/0", "1", "a/b", "1/2x", "-1/2"} {
		if _, err := ParseShard(bad); !errors.Is(err, ErrSettings) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestOwnSteps: eps_nuc_row covers the step given, not the time since the one before.
func TestOwnSteps(t *testing.T) {
	s := Settings{Network: "mesa_80", Samples: 2, Seed: 3, Times: []float64{1e-12, 1e-11}, Steps: []float64{1e-12, 2.5e-12}}
	dir := t.TempDir()
	ctx := context.Background()
	if _, err := Generate(ctx, dir, s, nil); err != nil {
		t.Fatal(err)
	}
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := set.Load()
	if err != nil {
		t.Fatal(err)
	}
	net, err := nucnet.Stock(s.Network)
	if err != nil {
		t.Fatal(err)
	}
	for i := range table.Len() {
		start := nucnet.State{T: table.T[i], Rho: table.Rho[i], X: table.X[i*net.Len() : (i+1)*net.Len()]}
		r, err := net.Burn(ctx, start, []float64{1e-12, 7.5e-12, 1e-11}, nucnet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		b := r.Samples
		for k, want := range []float64{b[0].Q - b[0].EpsNu*1e-12, b[2].Q - b[1].Q - b[2].EpsNu*2.5e-12} {
			if got := table.Ends[k].EpsNucRow[i]; math.Abs(got/want-1) > 1e-12 {
				t.Errorf("sample %d, time %d: eps_nuc_row %g, want %g", i, k, got, want)
			}
		}
	}
}
