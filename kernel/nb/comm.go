package nb

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// CommMessage is a message on a comm, Jupyter's channel between code in the kernel and scripts in the front end.
type CommMessage struct {
	Type     string // comm_open, comm_msg or comm_close
	ID       string
	Target   string // comm_open: who is to answer at the other end
	Data     json.RawMessage
	Metadata map[string]any
	Buffers  [][]byte
}

// Origin is the request on whose behalf a goroutine works, and to which its output belongs.
type Origin interface {
	// MessageID is the msg_id of the request.
	MessageID() string
}

// CommHost is a [Host] that carries comms and knows where output belongs.
type CommHost interface {
	Host
	SendComm(CommMessage) error
	// Origin returns where the output of the calling goroutine belongs, nil when that is nowhere.
	Origin() Origin
	// Request returns the request that is being carried out by the calling goroutine.
	Request() Origin
	// Failed shows a panic of the calling goroutine as output.
	Failed(value any)
	// Attribute calls f; what f puts out belongs to an origin.
	Attribute(o Origin, f func())
}

func commHost() CommHost {
	h, _ := currentHost().(CommHost)
	return h
}

// CurrentOrigin returns the origin of the calling goroutine, nil outside a notebook.
func CurrentOrigin() Origin {
	if h := commHost(); h != nil {
		return h.Origin()
	}
	return nil
}

// CurrentRequest returns the request that the calling goroutine helps to carry out: the cell that started it, or the
// user's move of a widget. It is nil outside a notebook.
func CurrentRequest() Origin {
	if h := commHost(); h != nil {
		return h.Request()
	}
	return nil
}

// Recover, deferred, ends a panic and shows it as output. Outside a notebook the panic goes on.
func Recover() {
	h := commHost()
	if h == nil {
		return
	}
	if p := recover(); p != nil {
		h.Failed(p)
	}
}

// Attribute calls f; what f shows and prints appears where the output of an earlier request o appears. With a nil o it
// just calls f.
func Attribute(o Origin, f func()) {
	if h := commHost(); h != nil && o != nil {
		h.Attribute(o, f)
		return
	}
	f()
}

// Comm is one end of an open channel to the front end. Outside a notebook its messages go nowhere.
type Comm struct {
	id, target string

	mu      sync.Mutex
	closed  bool
	arrival func(CommMessage) (later func())
	onClose func()
}

// ErrCommClosed is the error of sending on a closed comm.
var ErrCommClosed = errors.New("nb: the comm is closed")

var comms struct {
	sync.Mutex
	open    map[string]*Comm
	targets map[string]func(*Comm, CommMessage)
}

// NewComm returns a comm that is not open yet.
func NewComm(target string) *Comm { return &Comm{id: rand.Text(), target: target} }

// Open opens a comm of NewComm to what the front end has registered under its target. Data is anything that
// encoding/json accepts, or nil.
func (c *Comm) Open(data any, metadata map[string]any, buffers ...[]byte) error {
	comms.Lock()
	if comms.open == nil {
		comms.open = make(map[string]*Comm)
	}
	comms.open[c.id] = c
	comms.Unlock()
	return c.send("comm_open", data, metadata, buffers)
}

// ID returns the comm's identifier.
func (c *Comm) ID() string { return c.id }

// Target returns what the comm was opened to.
func (c *Comm) Target() string { return c.target }

// Send sends data, anything that encoding/json accepts, and binary buffers.
func (c *Comm) Send(data any, buffers ...[]byte) error {
	return c.send("comm_msg", data, nil, buffers)
}

// Close closes both ends. Closing a closed comm does nothing.
func (c *Comm) Close() error {
	if !c.forget() {
		return nil
	}
	return c.transmit("comm_close", nil, nil, nil)
}

// forget takes the comm out of the open ones; it reports false when it was closed already.
func (c *Comm) forget() bool {
	c.mu.Lock()
	was := c.closed
	c.closed = true
	c.mu.Unlock()
	comms.Lock()
	delete(comms.open, c.id)
	comms.Unlock()
	return !was
}

func (c *Comm) send(msgType string, data any, metadata map[string]any, buffers [][]byte) error {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return ErrCommClosed
	}
	return c.transmit(msgType, data, metadata, buffers)
}

func (c *Comm) transmit(msgType string, data any, metadata map[string]any, buffers [][]byte) error {
	text := json.RawMessage("{}")
	if data != nil {
		var err error
		if text, err = json.Marshal(data); err != nil {
			return fmt.Errorf("nb: comm: %w", err)
		}
	}
	h := commHost()
	if h == nil {
		return nil
	}
	m := CommMessage{Type: msgType, ID: c.id, Data: text, Metadata: metadata, Buffers: buffers}
	if msgType == "comm_open" {
		m.Target = c.target
	}
	return h.SendComm(m)
}

// OnMessage sets what a message from the front end calls. It is not called while a cell runs, but afterwards; what it
// shows appears at the cell that called OnMessage.
func (c *Comm) OnMessage(f func(CommMessage)) {
	o := CurrentOrigin()
	c.OnArrival(func(m CommMessage) func() {
		return func() { Attribute(o, func() { f(m) }) }
	})
}

// OnArrival sets what a message from the front end calls as soon as it arrives, also while a cell runs. It must return
// soon; the function it returns, if any, is called when no cell runs.
func (c *Comm) OnArrival(f func(CommMessage) (later func())) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arrival = f
}

// OnClose sets what is called when the front end closes the comm.
func (c *Comm) OnClose(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onClose = f
}

// HandleComms sets who answers when the front end opens a comm to target: f gets the comm and the opening message. It
// must return soon.
func HandleComms(target string, f func(c *Comm, opening CommMessage)) {
	comms.Lock()
	defer comms.Unlock()
	if comms.targets == nil {
		comms.targets = make(map[string]func(*Comm, CommMessage))
	}
	comms.targets[target] = f
}

// CommArrived hands a message of the front end to its comm. The host calls it, in the order of arrival, and calls the
// function it returns, if any, when no cell runs. A comm to an unknown target is closed again.
func CommArrived(m CommMessage) (later func()) {
	if m.Type == "comm_open" {
		c := &Comm{id: m.ID, target: m.Target}
		comms.Lock()
		handle := comms.targets[m.Target]
		if handle != nil {
			if comms.open == nil {
				comms.open = make(map[string]*Comm)
			}
			comms.open[c.id] = c
		}
		comms.Unlock()
		if handle == nil {
			c.Close()
			return nil
		}
		handle(c, m)
		return nil
	}
	comms.Lock()
	c := comms.open[m.ID]
	comms.Unlock()
	if c == nil {
		return nil
	}
	c.mu.Lock()
	arrival, onClose := c.arrival, c.onClose
	c.mu.Unlock()
	switch m.Type {
	case "comm_msg":
		if arrival != nil {
			return arrival(m)
		}
	case "comm_close":
		if c.forget() && onClose != nil {
			return onClose
		}
	}
	return nil
}
