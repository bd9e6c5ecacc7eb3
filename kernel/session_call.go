package kernel

import (
	"sync/atomic"

	"nuclab/kernel/nb"
	ipc "nuclab/kernel/worker/message"
)

// CommMessage is a message on a comm.
type CommMessage = nb.CommMessage

// CommSink is a [Sink] that also passes on what cells send over comms. Without it comms go nowhere.
type CommSink interface {
	Sink
	Comm(m CommMessage)
}

// ReplaceSink is a [Sink] that can put a text in place of the cell's. Others get the text printed.
type ReplaceSink interface {
	Sink
	Replace(text string)
}

// call is one request that the worker carries out: a cell, or a message to a comm. Its sink stays valid for what the
// request leaves running.
type call struct {
	id     int64
	sink   *limit
	done   chan ipc.Event // its end
	asking atomic.Int32   // questions that the user has not answered

	ended    bool // the session's mu guards it
	labelled bool // the sink's mu guards it
}

func (c *call) emit(f func(Sink)) {
	if c == nil {
		return
	}
	c.sink.mu.Lock()
	defer c.sink.mu.Unlock()
	f(c.sink)
}

// maxCalls is how many requests are remembered for the output of goroutines that outlive them.
const maxCalls = 1000

// calls are the newest requests. The session's mu guards them.
type calls struct {
	last      int64
	active    int // that have not ended
	known     map[int64]*call
	cell      *call             // the running cell that is not parallel, or the last one
	pipes     *call             // whose is what the worker writes to stdout and stderr
	callbacks int               // messages to comms whose work has not ended
	comms     map[string]string // targets of the open comms
}

// newCall makes a request known. The caller holds mu.
func (c *calls) newCall(k Sink, most int) *call {
	if c.known == nil {
		c.known, c.comms = make(map[int64]*call), make(map[string]string)
	}
	c.last++
	c.active++
	delete(c.known, c.last-maxCalls)
	n := &call{id: c.last, sink: newLimit(k, most), done: make(chan ipc.Event, 1)}
	c.known[n.id] = n
	return n
}

// end notes that a request that newCall made known has ended.
func (s *Session) end(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ended = true
	s.calls.active--
}

// callOf finds the request that an event belongs to; that of an unknown one is the last cell.
func (s *Session) callOf(id int64) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.calls.known[id]; c != nil {
		return c
	}
	return s.calls.cell
}

// emit calls the sink of the running cell, or of the last one.
func (s *Session) emit(f func(Sink)) {
	s.mu.Lock()
	c := s.calls.cell
	s.mu.Unlock()
	c.emit(f)
}

// replace offers a new text for a cell.
func (s *Session) replace(run *running, text string) {
	run.call.emit(func(k Sink) {
		if r, ok := k.(*limit).Sink.(ReplaceSink); ok {
			r.Replace(text)
		} else {
			k.Stream("stdout", text+"\n")
		}
	})
}

// unowned stands once before what the worker writes to its pipes when no cell runs: a library's goroutine, or a program in
// the background, of which nothing says what cell started it.
const unowned = "[printed while no cell runs, by what this cell or an earlier one has started]\n"

// emitPipes passes on what the worker wrote to its pipes.
func (s *Session) emitPipes(f func(Sink)) {
	s.mu.Lock()
	c := s.calls.pipes
	if c == nil {
		c = s.calls.cell
	}
	label := c != nil && c.ended && s.calls.active == 0
	s.mu.Unlock()
	c.emit(func(k Sink) {
		if label && !c.labelled {
			c.labelled = true
			k.Stream("stderr", unowned)
		}
		f(k)
	})
}

// Comm passes a message of a front end, whose msg_id is given, on to the cells' comms, also while a cell runs. What it
// sets off takes its turn among the cells; its output goes to k unless it belongs to a cell. The channel is closed at its
// end.
func (s *Session) Comm(m CommMessage, message string, k Sink) <-chan struct{} {
	ended := make(chan struct{})
	refuse := func() <-chan struct{} {
		if c, ok := k.(CommSink); ok && m.Type == "comm_open" {
			c.Comm(CommMessage{Type: "comm_close", ID: m.ID})
		}
		close(ended)
		return ended
	}
	select {
	case <-s.started:
	default:
		return refuse()
	}
	s.mu.Lock()
	p := s.proc
	if s.startErr != nil || s.closed || p == nil || p.dead() {
		s.mu.Unlock()
		return refuse()
	}
	c := s.calls.newCall(k, s.most)
	s.track(m)
	s.calls.callbacks++
	s.mu.Unlock()
	data := ipc.Comm(m)
	err := p.send(ipc.Command{Kind: ipc.ToComm, Exec: c.id, Message: message, Comm: &data})
	go func() {
		defer close(ended)
		if err == nil {
			select {
			case <-c.done:
			case <-p.exited:
			}
		}
		c.emit(func(k Sink) { k.(*limit).flush() })
		s.end(c)
		s.mu.Lock()
		s.calls.callbacks--
		s.mu.Unlock()
	}()
	return ended
}

// Comms returns the targets of the open comms by their ids.
func (s *Session) Comms() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]string, len(s.calls.comms))
	for id, target := range s.calls.comms {
		all[id] = target
	}
	return all
}

// track follows which comms are open. The caller holds mu.
func (s *Session) track(m CommMessage) {
	switch m.Type {
	case "comm_open":
		s.calls.comms[m.ID] = m.Target
	case "comm_close":
		delete(s.calls.comms, m.ID)
	}
}

// fromComm passes on a message of a cell's comm.
func (s *Session) fromComm(id int64, m CommMessage) {
	s.mu.Lock()
	s.track(m)
	s.mu.Unlock()
	s.callOf(id).emit(func(k Sink) { k.(*limit).comm(m) })
}

// closeComms tells the front ends that the comms of a worker that has ended are closed.
func (s *Session) closeComms() {
	s.mu.Lock()
	open := s.calls.comms
	s.calls.comms = make(map[string]string)
	s.mu.Unlock()
	for id := range open {
		s.emit(func(k Sink) { k.(*limit).comm(CommMessage{Type: "comm_close", ID: id}) })
	}
}
