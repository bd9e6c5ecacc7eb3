package dataset

import (
	"context"
	"runtime"
)

// Estimate is what making a set will take.
type Estimate struct {
	Samples int
	Bytes   int64   // on disk
	CPU     float64 // s of one processor, for one sample
	Burnt   int     // samples that CPU was measured with
	// Acceptance is the share of random compositions within the range of Ye, see sample.Sampler.Acceptance.
	Acceptance float64
}

// Hours returns how long making the set takes on so many processors.
func (e Estimate) Hours(processors int) float64 {
	return float64(e.Samples) * e.CPU / float64(processors) / 3600
}

// Estimates burns n samples of the set that the settings describe, spread evenly over it, on one thread, and says what
// all of it will take. Errors are those of Generate.
func Estimates(ctx context.Context, s Settings, n int) (*Estimate, error) {
	g, err := newGenerator(s)
	if err != nil {
		return nil, err
	}
	n = max(min(n, s.Samples), 1)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The first burn also readies the network, and what its composition needs.
	if _, err := g.burn(ctx, 0); err != nil {
		return nil, err
	}
	start := threadTime()
	for k := range n {
		if _, err := g.burn(ctx, int(int64(k)*int64(s.Samples)/int64(n))); err != nil {
			return nil, err
		}
	}
	return &Estimate{Samples: s.Samples, Bytes: g.manifest.Bytes(), CPU: (threadTime() - start).Seconds() / float64(n), Burnt: n,
		Acceptance: g.sampler.Acceptance()}, nil
}
