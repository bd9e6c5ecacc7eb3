package nnlib

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"nuclab/nucnet/dataset"
)

// ErrMemory is wrapped by the error for a training that needs more memory than
// there is.
var ErrMemory = errors.New("not enough memory")

// AvailableMemory returns the bytes that this process may still take, 0 where
// that is not known.
func AvailableMemory() int64 { return availableMemory() }

// weights returns the number of weights of a net for n nuclides.
func (c Config) weights(n int) int {
	total := 0
	for _, w := range c.withDefaults().tensors(n) {
		total += tensor.Shape(w.shape).TotalSize()
	}
	return total
}

// memory estimates what a training takes, in bytes, for n nuclides and a data set
// of so many samples: weights with their gradients, two moments, average, best
// and a copy; the layers of a step and of a prediction, forth and back; samples
// of validation; and what is read ahead.
func (c Config) memory(n, samples int) int64 {
	c = c.withDefaults()
	const single, ahead = 4, 200 << 20
	neurons := 0
	for _, w := range c.tensors(n) {
		if len(w.shape) == 2 {
			neurons += w.shape[1]
		}
	}
	weights := int64(c.weights(n)) * 7 * single
	layers := int64(c.Batch+maxRows) * int64(neurons) * 3 * single
	validation := int64(c.Validation*float64(samples)) * int64(n+2) * 3 * single
	return weights + layers + validation + ahead
}

// memoryOf is memory for a training on data sets; only a physical net has more
// than one.
func (c Config) memoryOf(sets []*dataset.Set) int64 {
	if c.Net == "physical" {
		return c.memory(len(sets[0].Nuclides), maxValidation) + lessonBytes(sets)
	}
	return c.memory(len(sets[0].Nuclides), sets[0].Samples)
}

// fits reports a training that needs more memory than is left, for a data set of
// so many samples and other data of so many bytes.
func (c Config) fits(nuclides, samples int, data int64) error {
	return c.fit(c.memory(nuclides, samples) + data)
}

// fit is fits for a training that needs so many bytes.
func (c Config) fit(need int64) error {
	have := availableMemory()
	if have == 0 || need <= have {
		return nil
	}
	const gib = 1 << 30
	return fmt.Errorf("nnlib: %w: layers = %d, width = %d, batch = %d: training takes about %.3g GiB, %.3g GiB are free", ErrMemory,
		c.Layers, c.Width, c.Batch, float64(need)/gib, float64(have)/gib)
}
