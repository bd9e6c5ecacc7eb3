package bbq

import (
	"context"
	"sync"
)

// ordered calls burn for first, first+1, ... up to last, or without end if last is negative, several at once, and emit
// for the results in their order. It stops at the first error.
func ordered[T any](ctx context.Context, workers, first, last int, burn func(context.Context, int) (T, error), emit func(int, T) error) error {
	type result struct {
		value T
		err   error
	}
	ctx, cancel := context.WithCancel(ctx)
	queue := make(chan chan result, workers-1)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		defer close(queue)
		for i := first; last < 0 || i <= last; i++ {
			out := make(chan result, 1)
			select {
			case queue <- out:
			case <-ctx.Done():
				return
			}
			running.Go(func() {
				v, err := burn(ctx, i)
				out <- result{v, err}
			})
		}
	})
	i := first
	for out := range queue {
		r := <-out
		if r.err != nil {
			return r.err
		}
		if err := emit(i, r.value); err != nil {
			return err
		}
		i++
	}
	return ctx.Err()
}
