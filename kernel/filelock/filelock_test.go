package filelock

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestOneHolderAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "lock")
	var holders int
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			l, err := Acquire(context.Background(), path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			// The race detector and this count both see a second holder.
			holders++
			if holders != 1 {
				t.Errorf("%d holders at once", holders)
			}
			holders--
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestAcquireStopsWithContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Acquire(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	waited := false
	if _, err := Acquire(ctx, path, func() { waited = true }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v, want the context's", err)
	}
	if !waited {
		t.Error("the wait was not announced")
	}
}
