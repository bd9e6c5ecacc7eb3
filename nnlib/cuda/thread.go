package cuda

import "runtime"

// Do runs f on the device's thread and returns its error. Functions run one
// after the other; f must not call Do.
func (g *Device) Do(f func() error) error {
	t := task{f, make(chan error, 1)}
	g.work <- t
	return <-t.done
}

// serve owns the context: a context is current to an operating system's thread.
func (g *Device) serve(number int, ready chan<- error) {
	runtime.LockOSThread()
	err := g.open(number)
	ready <- err
	if err != nil {
		return // the thread ends with its goroutine, since it is still locked
	}
	for t := range g.work {
		t.done <- t.f()
	}
}
