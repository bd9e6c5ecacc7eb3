package nucnet

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// BurnBatch burns many states on all processors, each as [Network.Burn] does.
// The k-th result belongs to the k-th state and does not depend on how many
// processors there are.
//
// A state that cannot be burned does not keep the others from it: its result is
// nil, or has what was reached, and the error joins all of these errors, each
// with the number of its state. After a cancellation states that were not begun
// have no result, and the error wraps that of ctx.
func (n *Network) BurnBatch(ctx context.Context, states []State, times []float64, opt Options) ([]*Result, error) {
	if err := opt.WithDefaults().check(); err != nil {
		return nil, err
	}
	if err := checkTimes(times); err != nil {
		return nil, err
	}
	results, failed := make([]*Result, len(states)), make([]error, len(states))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(states)) {
		group.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= len(states) {
					return
				}
				var err error
				if results[k], err = n.Burn(ctx, states[k], times, opt); err != nil && ctx.Err() == nil {
					failed[k] = fmt.Errorf("state %d: %w", k, err)
				}
			}
		})
	}
	group.Wait()
	return results, errors.Join(errors.Join(failed...), ctx.Err())
}
