package nnlib

import (
	"fmt"
	"os"
	"time"

	"nuclab/kernel/nb"
	"nuclab/nnlib/blas"
)

// ShowProgress returns hooks that show a bar with the rate, the time left, the
// epoch and the losses: live in a notebook, one line on a terminal, nothing in a
// pipe. Once in a program they say so on stderr if there is no fast library for
// the products.
func ShowProgress(label string) Hooks {
	var bar *nb.Progress
	before := 0 // steps of a checkpoint: the rate is that of the others
	return Hooks{
		Step: func(p Progress) {
			if bar == nil {
				if notice := blas.Notice(); notice != "" {
					fmt.Fprintln(os.Stderr, notice)
				}
				before = p.Step - 1
				bar = nb.NewProgress(label, p.Steps-before)
			}
			bar.Set(p.Step - before)
		},
		Epoch: func(e Epoch) {
			if bar != nil {
				bar.Note(fmt.Sprintf("epoch %d: loss %.4g, composition %.4g (validation %.4g)",
					e.Epoch, e.Training.Total, e.Training.Composition, e.Validation.Composition))
			}
		},
		Done: func() {
			if bar != nil {
				bar.Done()
			}
		},
	}
}

// redrawLosses is the least time between two drawings of a curve.
const redrawLosses = time.Second

// ShowLosses returns the hooks of ShowProgress and, in a notebook, a curve of
// the losses that follows the training: draw gets the losses of each epoch on
// the training and the validation samples and the number of the best epoch, and
// returns what is shown, as plots.Losses does:
//
//	nnlib.Train(ctx, config, table, 0, nnlib.ShowLosses("training", plots.Losses))
//
// It is called about once a second at most, and at the end; never while there is
// no epoch. What it returns with an error is not shown.
func ShowLosses[F any](label string, draw func(training, validation []float64, best int) (F, error)) Hooks {
	hooks := ShowProgress(label)
	if !nb.InNotebook() {
		return hooks
	}
	show := curve(func(h *History) (any, error) {
		training, validation := h.Losses()
		return draw(training, validation, h.Best)
	}, time.Now)
	epoch, done := hooks.Epoch, hooks.Done
	hooks.Begin = show.Begin
	hooks.Epoch = func(e Epoch) { epoch(e); show.Epoch(e) }
	hooks.Done = func() { done(); show.Done() }
	return hooks
}

// curve returns the hooks that draw.
func curve(draw func(*History) (any, error), now func() time.Time) Hooks {
	h := &History{}
	var handle *nb.Handle
	var next time.Time // to draw at
	shown := 0         // epochs
	redraw := func() {
		shown = len(h.Epochs)
		start := now()
		if f, err := draw(h); err == nil {
			if handle == nil {
				handle = nb.Display(f)
			} else {
				handle.Update(f)
			}
		}
		// Little of the time goes into pictures.
		next = now().Add(max(redrawLosses, 10*now().Sub(start)))
	}
	return Hooks{
		Begin: func(before *History) { h.Epochs, h.Best = append(h.Epochs, before.Epochs...), before.Best },
		Epoch: func(e Epoch) {
			h.Epochs = append(h.Epochs, e)
			if h.Best == 0 || e.Validation.Composition < h.best().Validation.Composition {
				h.Best = e.Epoch
			}
			if !now().Before(next) {
				redraw()
			}
		},
		Done: func() {
			if shown < len(h.Epochs) {
				redraw()
			}
		},
	}
}

// ShowSweep returns what shows the progress of a sweep: a bar over the
// floating-point operations of all runs, how many have ended, and the epoch
// finished last.
func ShowSweep(label string) func(SweepProgress) {
	var bar *nb.Progress
	unit, per := "GFLOP", 1e9
	return func(p SweepProgress) {
		if bar == nil {
			if p.Total < 1e12 {
				unit, per = "MFLOP", 1e6
			}
			bar = nb.NewProgress(label+", "+unit, max(1, int(p.Total/per)))
		}
		note := fmt.Sprintf("%d of %d ended", p.Ended, p.Runs)
		if p.Failed > 0 {
			note += fmt.Sprintf(", %d failed", p.Failed)
		}
		if p.Latest != "" {
			note += fmt.Sprintf("; %s: epoch %d, validation %.4g", p.Latest, p.Epoch.Epoch, p.Epoch.Validation.Total)
		}
		bar.Note(note)
		bar.Set(int(p.Flops / per))
		if p.Over {
			bar.Done()
		}
	}
}
