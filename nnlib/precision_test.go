package nnlib

import (
	"math"
	"strings"
	"testing"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/vm"
)

// With factors rounded to bf16 trainings end at the validation loss that they reach
// in float32, within a twentieth in the mean of two seeds, which is less than the
// seeds differ by.
func TestTrainInBF16(t *testing.T) {
	auto := openBackend
	t.Cleanup(func() { openBackend = auto })
	openBackend = func(device string, threads int, p vm.Precision) (vm.Backend, error) {
		return vm.CPU{Threads: threads, Precision: p}, nil // imitated where it is not fast
	}
	d := table(t, 1000, 9)
	c := tiny
	c.Device, c.Width, c.Epochs, c.Inputs, c.Schedule, c.Validation = "cpu", 128, 30, "scaled", "cosine", 0.2
	losses := map[string]float64{}
	for _, c.Seed = range []uint64{0, 1} {
		for _, c.Precision = range []string{"float32", "bf16"} {
			_, h, err := Train(t.Context(), c, d, 0, Hooks{})
			if err != nil {
				t.Fatal(err)
			}
			first, best := h.Epochs[0].Validation.Composition, h.best().Validation.Composition
			if !(best < first/3) {
				t.Errorf("%s, seed %d: the loss went from %g to %g only", c.Precision, c.Seed, first, best)
			}
			losses[c.Precision] += best
		}
	}
	if f, b := losses["float32"], losses["bf16"]; b == f || math.Abs(b/f-1) > 0.05 {
		t.Errorf("validation losses add up to %g in bf16, %g in float32", b, f)
	}
}

// bf16 on a processor that would imitate it is refused with what is missing; by
// default nothing is rounded there.
func TestPrecisionOfTheProcessor(t *testing.T) {
	t.Setenv("NUCLAB_CUDA", "none")
	for _, p := range []string{"", "auto", "float32"} {
		if err := (Config{Precision: p}).CheckDevice(); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
	missing := blas.Default().FastBF16()
	if err := (Config{Precision: "bf16"}).CheckDevice(); missing == nil && err != nil || missing != nil && (err == nil || !strings.Contains(err.Error(), missing.Error())) {
		t.Errorf("error %v, missing %v", err, missing)
	}
}
