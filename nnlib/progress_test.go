package nnlib

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"nuclab/kernel/nb"
)

// front is a notebook that counts what it is shown.
type front struct{ shown, replaced int }

func (f *front) Display(_, _ map[string]any, _ string, update bool) {
	if update {
		f.replaced++
	} else {
		f.shown++
	}
}
func (*front) Clear(bool)                         {}
func (*front) Input(string, bool) (string, error) { return "", errors.New("nobody") }
func (*front) Context() context.Context           { return context.Background() }

// In a minute of epochs of 50 ms a curve is drawn every second, one of 0.3 s every 3.3 s; the last epoch is always shown.
func TestCurveIsDrawnOnceASecond(t *testing.T) {
	f := &front{}
	nb.SetHost(f)
	defer nb.SetHost(nil)
	for _, c := range []struct {
		takes time.Duration
		want  int
	}{{0, 60}, {300 * time.Millisecond, 19}} {
		*f = front{}
		now := time.Unix(0, 0)
		var last History
		drawn := 0
		h := curve(func(h *History) (any, error) {
			now = now.Add(c.takes)
			last = *h
			drawn++
			if drawn == 2 {
				return nil, errors.New("a loss of 0")
			}
			return drawn, nil
		}, func() time.Time { return now })
		h.Begin(&History{Epochs: []Epoch{{Epoch: 1, Validation: Loss{Composition: 7}}}, Best: 1})
		epoch := 1
		for now.Before(time.Unix(60, 0)) {
			epoch++
			composition := 8.0
			if epoch == 5 {
				composition = 6
			}
			h.Epoch(Epoch{Epoch: epoch, Validation: Loss{Composition: composition}})
			now = now.Add(50 * time.Millisecond)
		}
		h.Done()
		if drawn < c.want-2 || drawn > c.want+2 || f.shown != 1 || f.replaced != drawn-2 {
			t.Errorf("drawn %d times in a minute, shown %d times, replaced %d times", drawn, f.shown, f.replaced)
		}
		if len(last.Epochs) != epoch || last.Best != 5 {
			t.Errorf("%d epochs at the end, the best is %d", len(last.Epochs), last.Best)
		}
	}
}

// The curve of a training that goes on begins where the training began, and says what its history says.
func TestShowLosses(t *testing.T) {
	nb.SetHost(&front{})
	defer nb.SetHost(nil)
	d := table(t, 60, 1)
	c := tiny
	c.Epochs, c.Checkpoint = 6, filepath.Join(t.TempDir(), "training")
	ctx, cancel := context.WithCancel(t.Context())
	var training, validation []float64
	best := 0
	draw := func(a, b []float64, k int) (string, error) {
		training, validation, best = a, b, k
		return "curve", nil
	}
	hooks := ShowLosses("training", draw)
	show := hooks.Epoch
	hooks.Epoch = func(e Epoch) {
		show(e)
		if e.Epoch == 3 {
			cancel()
		}
	}
	if _, _, err := Train(ctx, c, d, 0, hooks); !errors.Is(err, context.Canceled) || len(training) != 3 {
		t.Fatalf("%v, %d epochs drawn", err, len(training))
	}
	_, h, err := Train(t.Context(), c, d, 0, ShowLosses("training", draw))
	if err != nil {
		t.Fatal(err)
	}
	wantTraining, wantValidation := h.Losses()
	for i := range wantTraining {
		if training[i] != wantTraining[i] || validation[i] != wantValidation[i] {
			t.Errorf("epoch %d: drawn %g and %g, want %g and %g", i+1, training[i], validation[i], wantTraining[i], wantValidation[i])
		}
	}
	if len(training) != 6 || best != h.Best {
		t.Errorf("%d epochs drawn, best %d, want %d", len(training), best, h.Best)
	}
}
