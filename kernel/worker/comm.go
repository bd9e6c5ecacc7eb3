package worker

import (
	"runtime/pprof"

	"nuclab/kernel/nb"
	"nuclab/kernel/worker/hook"
	"nuclab/kernel/worker/message"
)

// arrival is a message to a comm.
type arrival struct {
	e *execution
	m nb.CommMessage
}

// arrive takes a message to a comm. It must not hold the commands up.
func (w *worker) arrive(c message.Command) {
	e := w.newExecution(c)
	e.comm = true
	var waiting []arrival
	select {
	case waiting = <-w.arrivals:
	default:
	}
	w.arrivals <- append(waiting, arrival{e, nb.CommMessage(*c.Comm)})
}

// followComms hands messages to their comms in the order in which they come. What they set off takes its turn among
// the cells.
func (w *worker) followComms() {
	last := make(chan struct{}) // closed when what was set off before has ended
	close(last)
	for waiting := range w.arrivals {
		for _, a := range waiting {
			later := w.handOver(a)
			if later == nil {
				close(a.e.ended)
				w.finish(a.e, nil, false)
				continue
			}
			before := last
			last = a.e.gone
			go func() {
				<-before
				w.callBack(a.e, later)
			}()
		}
	}
}

// handOver lets a comm see its message.
func (w *worker) handOver(a arrival) (later func()) {
	done := make(chan struct{})
	go func() { // it may leave by Goexit, and what it starts belongs to it
		defer close(done)
		defer nb.Recover()
		w.adopt(pprof.Labels("cell", "comm"), owner{a.e, a.e})
		later = nb.CommArrived(a.m)
	}()
	<-done
	return later
}

// callBack runs what a comm message set off when its turn has come.
func (w *worker) callBack(e *execution, f func()) {
	w.adopt(pprof.Labels("cell", "comm"), owner{e, e})
	defer func() {
		close(e.ended)
		e.mu.Lock()
		failure := e.failure // such as os.Exit
		e.mu.Unlock()
		if failure != nil {
			w.put(message.Event{Kind: message.Broken, Exec: w.destination(), Error: failure})
		}
		w.finish(e, nil, false)
	}()
	if w.begin(e) {
		w.print(e)
		defer nb.Recover()
		hook.Poll()
		f()
	}
}
