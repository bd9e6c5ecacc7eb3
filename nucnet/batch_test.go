package nucnet

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
)

func TestBurnBatch(t *testing.T) {
	n := stock(t, "mesa_80")
	r := rand.New(rand.NewPCG(13, 14))
	states := make([]State, 7)
	for i := range states {
		states[i] = randomState(n, r)
	}
	states[3].T = -1
	times, o := []float64{1e-6, 1e-3}, Options{RTol: 1e-4}
	var first []*Result
	for _, processors := range []int{1, 3} {
		before := runtime.GOMAXPROCS(processors)
		results, err := n.BurnBatch(context.Background(), states, times, o)
		runtime.GOMAXPROCS(before)
		if !errors.Is(err, ErrState) || results[3] != nil {
			t.Errorf("%v for a batch with an impossible state", err)
		}
		if first == nil {
			first = results
		} else if !reflect.DeepEqual(results, first) {
			t.Error("results depend on the number of processors")
		}
	}
	for i, s := range states {
		if i == 3 {
			continue
		}
		alone, err := n.Burn(context.Background(), s, times, o)
		if err != nil || !reflect.DeepEqual(alone, first[i]) {
			t.Errorf("state %d differs from the same burn alone: %v", i, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := n.BurnBatch(ctx, states, times, o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
	if _, err := n.BurnBatch(context.Background(), states, []float64{1, 0}, o); !errors.Is(err, ErrTimes) {
		t.Errorf("%v, want ErrTimes", err)
	}
	if results, err := n.BurnBatch(context.Background(), nil, times, o); err != nil || len(results) != 0 {
		t.Errorf("%v for no states", err)
	}
}
