package nucnet

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"nuclab/nucnet/rate"
)

// TestStepsDoNotAllocate compares burns of few and of many steps: what a burn
// allocates does not depend on their number.
func TestStepsDoNotAllocate(t *testing.T) {
	n := stock(t, "mesa_80")
	along := &Trajectory{[]float64{0, 1}, []float64{5e9, 4e9}, []float64{1e9, 1e8}}
	for _, c := range []struct {
		o     Options
		along *Trajectory
	}{
		{Options{}, nil},
		{Options{Solver: "bdf"}, nil},
		{Options{Screening: rate.Extended}, nil},
		{Options{Heating: Isochoric}, nil},
		{Options{Heating: Isobaric}, nil},
		{Options{}, along},
	} {
		w := workerFor(t, n, c.o)
		s := State{5e9, 1e9, pure(t, n, "si28")}
		o := c.o.WithDefaults()
		var steps int
		allocations := func(end float64) float64 {
			return testing.AllocsPerRun(2, func() {
				r, err := w.burn(context.Background(), s, c.along, []float64{end}, o)
				if err != nil {
					t.Fatal(err)
				}
				steps = r.Stats.Steps
			})
		}
		few := allocations(1e-9)
		short := steps
		many := allocations(1e-4)
		// Once a component has run low, another row gives way to an invariant,
		// which is looked up by name.
		if added := steps - short; added < 50 || many-few > 0.1*float64(added) {
			t.Errorf("%+v, along %v: %g allocations more for %d steps more", c.o, c.along, many-few, added)
		}
	}
}

// TestCancelLargest cancels burns of the largest network, whose steps are the
// longest. It does not look at the time: a step that had not returned would keep
// the burn from ending at the place where it was cancelled.
func TestCancelLargest(t *testing.T) {
	if testing.Short() {
		t.Skip("mesa_833 takes a while to make")
	}
	n := stock(t, "mesa_833")
	ctx, cancel := context.WithCancel(context.Background())
	w := workerFor(t, n, Options{})
	steps := 0
	w.problem.BeginStep = func(float64, []float64) {
		if steps++; steps == 3 {
			cancel()
		}
	}
	r, err := w.burn(ctx, State{5e9, 1e9, pure(t, n, "si28")}, nil, []float64{100}, Options{}.WithDefaults())
	if !errors.Is(err, context.Canceled) || r.Stats.Steps > 3 || r.End.Time == 0 {
		t.Errorf("%v after %d steps, at %g s", err, r.Stats.Steps, r.End.Time)
	}
}

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
