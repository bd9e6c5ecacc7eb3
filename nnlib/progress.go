package nnlib

import (
	"fmt"
	"os"

	"nuclab/kernel/nb"
	"nuclab/nnlib/blas"
)

// ShowProgress returns hooks that show a bar with the epoch and the losses: live
// in a notebook, one line on a terminal, nothing in a pipe. Once in a program they
// say so on stderr if there is no fast library for the products.
func ShowProgress(label string) Hooks {
	var bar *nb.Progress
	return Hooks{
		Step: func(p Progress) {
			if bar == nil {
				if notice := blas.Notice(); notice != "" {
					fmt.Fprintln(os.Stderr, notice)
				}
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
