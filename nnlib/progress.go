package nnlib

import (
	"fmt"

	"nuclab/kernel/nb"
)

// ShowProgress returns hooks that show a bar with the epoch and the losses: live
// in a notebook, one line on a terminal, nothing in a pipe.
func ShowProgress(label string) Hooks {
	var bar *nb.Progress
	return Hooks{
		Step: func(p Progress) {
			if bar == nil {
				bar = nb.NewProgress(label, p.Steps)
			}
			bar.Set(p.Step)
		},
		Epoch: func(e Epoch) {
			bar.Note(fmt.Sprintf("epoch %d: loss %.4g, composition %.4g (validation %.4g)",
				e.Epoch, e.Training.Total, e.Training.Composition, e.Validation.Composition))
		},
		Done: func() {
			if bar != nil {
				bar.Done()
			}
		},
	}
}
