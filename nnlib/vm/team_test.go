package vm

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestTeamDoesEveryPieceOnce(t *testing.T) {
	for _, size := range []int{1, 2, 5} {
		team := newTeam(size)
		for round := range 3000 {
			n := 1 + round%7
			counts := make([]atomic.Int32, n)
			team.do(n, func(i int) {
				if round%100 == 0 {
					time.Sleep(200 * time.Microsecond) // the others lose their patience
				}
				counts[i].Add(1)
			})
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Fatalf("%d threads: piece %d of %d was done %d times", size, i, n, c)
				}
			}
		}
	}
}

// Threads that wait do not spin: soon after the last step no helper is left.
func TestTeamRests(t *testing.T) {
	before := runtime.NumGoroutine()
	n := build[float32](t, 64, 82, 256, 82)
	m := machine(t, CPU{Threads: 2}, n.targets()...)
	team := m.program.(*program[float32]).team
	for range 3 {
		run(t, m)
	}
	for range 1000 {
		if team.helpers.Load() == 0 && runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d helpers are left a second after the last step, %d goroutines of %d", team.helpers.Load(), runtime.NumGoroutine(), before)
}
