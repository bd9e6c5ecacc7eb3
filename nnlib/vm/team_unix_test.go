//go:build unix

package vm

import (
	"syscall"
	"testing"
	"time"
)

// After a training, and while another program's turn is waited for, processor time stands still.
func TestIdleTakesNoProcessorTime(t *testing.T) {
	n := build[float32](t, 512, 82, 256, 256, 82)
	m := machine(t, CPU{Threads: 4}, n.targets()...)
	for range 3 {
		run(t, m)
	}
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	time.Sleep(10 * time.Millisecond)
	before := used()
	const idle = 300 * time.Millisecond
	time.Sleep(idle)
	// A single thread that spins takes all of it.
	if spent := used() - before; spent > idle/3 {
		t.Errorf("%v of processor time in %v without work", spent, idle)
	}
}
