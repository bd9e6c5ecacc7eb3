package vm

import (
	"runtime"
	"sync/atomic"
	"time"
)

// team shares the pieces of one task among the caller and helping goroutines.
// Waking a thread takes tens of microseconds, as long as a small piece: a helper
// therefore looks out for the next task for a moment before it ends, and so does
// the caller for the end of the last piece before it sleeps. When nothing has come
// for that long nothing runs.
type team struct {
	size     int
	patience time.Duration
	task     func(piece int)
	n        int64
	next     atomic.Int64 // piece to be taken, of the task number tasks
	left     atomic.Int64 // pieces that are not finished
	tasks    atomic.Int64
	helpers  atomic.Int64
	asleep   atomic.Bool   // the caller
	finished chan struct{} // wakes it
	work     func()        // kept, so that starting it does not allocate
}

// patience is how long is looked out.
const patience = 50 * time.Microsecond

func newTeam(size int) *team {
	t := &team{size: size, finished: make(chan struct{}, 1)}
	if size <= runtime.GOMAXPROCS(0) {
		t.patience = patience
	}
	t.work = t.help
	return t
}

// take does pieces until none is left to be taken.
func (t *team) take() {
	for {
		i := t.next.Add(-1)
		if i < 0 {
			return
		}
		t.task(int(t.n - 1 - i))
		if t.left.Add(-1) == 0 && t.asleep.Swap(false) {
			t.finished <- struct{}{}
		}
	}
}

func (t *team) help() {
	for {
		seen := t.tasks.Load()
		t.take()
		if t.until(func() bool { return t.tasks.Load() != seen }) {
			continue
		}
		t.helpers.Add(-1)
		// A task may have come that counts on this helper.
		if t.tasks.Load() == seen || !t.enlist() {
			return
		}
	}
}

// enlist makes room for a helper, if there is any.
func (t *team) enlist() bool {
	for {
		n := t.helpers.Load()
		if n >= int64(t.size-1) {
			return false
		}
		if t.helpers.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// until looks out for something a moment long.
func (t *team) until(happened func() bool) bool {
	for began := time.Now(); ; {
		for range 64 {
			if happened() {
				return true
			}
		}
		if time.Since(began) >= t.patience {
			return false
		}
	}
}

// do runs task(0) to task(n-1) and returns when all are done.
func (t *team) do(n int, task func(piece int)) {
	if n == 1 || t.size == 1 {
		for i := range n {
			task(i)
		}
		return
	}
	t.task, t.n = task, int64(n)
	t.left.Store(int64(n))
	t.next.Store(int64(n)) // from here on helpers take pieces
	t.tasks.Add(1)
	for t.helpers.Load() < int64(n-1) && t.enlist() {
		go t.work()
	}
	t.take()
	done := func() bool { return t.left.Load() == 0 }
	for !t.until(done) {
		t.asleep.Store(true)
		if done() && t.asleep.Swap(false) {
			return
		}
		<-t.finished // or who finished the task before is late to look who sleeps
	}
}
