package nnlib

import (
	"errors"
	"fmt"
)

// ErrMemory is wrapped by the error for a training that needs more memory than
// there is.
var ErrMemory = errors.New("not enough memory")

// weights returns the number of weights of a net for n nuclides.
func (c Config) weights(n int) int {
	total := 0
	d := c.withDefaults().dims(n)
	for l := 0; l+1 < len(d); l++ {
		total += (d[l] + 1) * d[l+1]
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
	for _, d := range c.dims(n) {
		neurons += d
	}
	weights := int64(c.weights(n)) * 7 * single
	layers := int64(c.Batch+maxRows) * int64(neurons) * 3 * single
	validation := int64(c.Validation*float64(samples)) * int64(n+2) * 3 * single
	return weights + layers + validation + ahead
}

// fits reports a training that needs more memory than is left.
func (c Config) fits(nuclides, samples int) error {
	need, have := c.memory(nuclides, samples), availableMemory()
	if have == 0 || need <= have {
		return nil
	}
	const gib = 1 << 30
	return fmt.Errorf("nnlib: %w: layers = %d, width = %d, batch = %d: training takes about %.3g GiB, %.3g GiB are free", ErrMemory,
		c.Layers, c.Width, c.Batch, float64(need)/gib, float64(have)/gib)
}
