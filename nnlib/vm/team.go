package vm

import (
	"sync"
	"sync/atomic"
)

// team shares the pieces of one task among goroutines. Between tasks nothing
// runs: no worker waits or spins.
type team struct {
	size int
	task func(piece int)
	n    int64
	next atomic.Int64
	wait sync.WaitGroup
	work func() // kept, so that starting it does not allocate
}

func newTeam(size int) *team {
	t := &team{size: size}
	t.work = func() {
		defer t.wait.Done()
		t.loop()
	}
	return t
}

func (t *team) loop() {
	for i := t.next.Add(1) - 1; i < t.n; i = t.next.Add(1) - 1 {
		t.task(int(i))
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
	t.next.Store(0)
	for range min(n, t.size) - 1 {
		t.wait.Add(1)
		go t.work()
	}
	t.loop()
	t.wait.Wait()
}
