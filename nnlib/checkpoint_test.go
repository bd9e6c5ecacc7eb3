package nnlib

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet/dataset"
)

// A training that was ended anywhere, in the middle of an epoch too, and went on
// from its checkpoint is the one that was not.
func TestResumeIsBitForBit(t *testing.T) {
	d := table(t, 90, 3)
	t.Run("table", func(t *testing.T) {
		resumes(t, func(ctx context.Context, c Config, h Hooks) (*Net, *History, error) { return Train(ctx, c, d, 0, h) })
	})
	set := onDisk(t, 90, dataset.Train)
	t.Run("set", func(t *testing.T) {
		resumes(t, func(ctx context.Context, c Config, h Hooks) (*Net, *History, error) {
			c.Network = ""
			return TrainSet(ctx, c, set, 1, h)
		})
	})
}

func resumes(t *testing.T, train func(context.Context, Config, Hooks) (*Net, *History, error)) {
	c := tiny
	c.Epochs, c.Batch, c.Schedule, c.Warmup, c.Clip, c.Average, c.LR = 6, 16, "cosine", 0.2, 1, 0.9, 0.01
	want, _, err := train(t.Context(), c, Hooks{})
	if err != nil {
		t.Fatal(err)
	}

	c.Checkpoint = filepath.Join(t.TempDir(), "training")
	for _, end := range []int{3, 11, 24} {
		ctx, cancel := context.WithCancel(t.Context())
		_, _, err := train(ctx, c, Hooks{Step: func(p Progress) {
			if p.Step == end {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		c.Threads++ // does not matter
	}
	steps := 0
	got, h, err := train(t.Context(), c, Hooks{Step: func(Progress) { steps++ }})
	if err != nil {
		t.Fatal(err)
	}
	if steps == 0 || steps > 12 {
		t.Errorf("%d steps after the last interruption", steps)
	}
	if !reflect.DeepEqual(h, want.History) {
		t.Errorf("history %+v, want %+v", h, want.History)
	}
	for i, w := range want.weights {
		if !slices.Equal(data(w), data(got.weights[i])) {
			t.Errorf("weights %d differ", i)
		}
	}
	// What is finished stays as it is.
	again, _, err := train(t.Context(), c, Hooks{Step: func(Progress) { t.Error("a step of a finished training") }})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(data(again.weights[0]), data(want.weights[0])) {
		t.Error("a finished training changed")
	}
}

func TestCheckpointOfAnotherTraining(t *testing.T) {
	d := table(t, 40, 3)
	c := tiny
	c.Epochs, c.Checkpoint = 2, filepath.Join(t.TempDir(), "training")
	train(t, c, d, 0)
	for name, f := range map[string]func() error{
		"lr was 0.003, not 0.02": func() error {
			c := c
			c.LR = 0.02
			_, _, err := Train(t.Context(), c, d, 0, Hooks{})
			return err
		},
		"other data": func() error { _, _, err := Train(t.Context(), c, table(t, 40, 4), 0, Hooks{}); return err },
		"dt = 0.001 s, not 1 s": func() error {
			_, _, err := Train(t.Context(), c, d, 1, Hooks{})
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	whole, err := os.ReadFile(c.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"damaged": append(slices.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^64), "truncated": whole[:len(whole)/2], "empty": nil} {
		if err := os.WriteFile(c.Checkpoint, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Train(t.Context(), c, d, 0, Hooks{}); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

func TestRate(t *testing.T) {
	// The ends of one cycle are those of PyTorch's OneCycleLR: max/25 at first, max/25e4 at last.
	one := Config{LR: 0.1, Schedule: "onecycle"}.withDefaults()
	for _, c := range []struct {
		config Config
		step   int
		want   float64
	}{
		{Config{LR: 0.1}, 0, 0.1},
		{Config{LR: 0.1}, 9, 0.1},
		{Config{LR: 0.1, Warmup: 0.3}, 0, 0.1 / 4},
		{Config{LR: 0.1, Warmup: 0.3}, 3, 0.1},
		{Config{LR: 0.1, Schedule: "cosine"}, 0, 0.1},
		{Config{LR: 0.1, Schedule: "cosine"}, 5, 0.05},
		{Config{LR: 0.1, Schedule: "cosine"}, 10, 0},
		{Config{LR: 0.1, Schedule: "cosine", Warmup: 0.5}, 0, 0.1 / 6},
		{Config{LR: 0.1, Schedule: "cosine", Warmup: 0.5}, 5, 0.1},
		{one, 0, 0.004},
		{one, 3, 0.1},
		{one, 9, 0.1 / 25e4},
	} {
		if got := c.config.rate(c.step, 10); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v, step %d: %v, want %v", c.config, c.step, got, c.want)
		}
	}
}

// An average in which the past does not count is no average, and one over all
// steps is not the last of them.
func TestAverage(t *testing.T) {
	d := table(t, 60, 5)
	c := tiny
	c.Epochs = 4
	plain := train(t, c, d, 0)
	c.Average = 1e-12
	none := train(t, c, d, 0)
	c.Average = 0.999
	long := train(t, c, d, 0)
	if !slices.Equal(data(plain.weights[0]), data(none.weights[0])) {
		t.Error("an average of the last step alone differs from it")
	}
	if slices.Equal(data(plain.weights[0]), data(long.weights[0])) {
		t.Error("an average over all steps is the last one")
	}
}
