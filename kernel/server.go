package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// evaluator is what the server asks of a [Session].
type evaluator interface {
	Execute(ctx context.Context, r Request) Result
	Interrupt()
	Complete(code string, cursor int) Completion
	Inspect(code string, cursor int) (data map[string]any, found bool)
	IsComplete(code string) (status, indent string)
	// Comm passes a message of a client's comm on; the channel is closed when what it sets off has ended.
	Comm(m CommMessage, message string, k Sink) <-chan struct{}
	Comms() map[string]string
	Close() error
}

// server speaks Jupyter's protocol for one kernel. Cells of one shell run one after another on its goroutine of execute;
// requests that only ask, such as complete_request, are answered on another while a cell runs; control has its own.
type server struct {
	conn   connection
	signer *signer
	id     *identity

	shell, control, stdin, iopub, heartbeat *socket

	questions chan *message // shell requests that need no cell to end
	controls  chan *message
	main      *shell
	subshells subshells

	ready   chan struct{} // closed when eval or evalErr is set
	eval    evaluator
	evalErr error

	history *history

	mu    sync.Mutex
	count int    // executions so far
	halt  func() // interrupts the running cell and whatever it waits for; nil when none runs

	input inputs

	state   sync.Mutex // held while a state is published
	running *message   // the cell whose busy is published and whose idle is not

	stop context.CancelFunc // ends serve
	log  func(error)
}

// service is what serve needs to know.
type service struct {
	connectionFile string
	cache          string           // for the history; "" keeps it in memory
	interrupts     <-chan os.Signal // each interrupts the running cell
	start          func(context.Context) (evaluator, error)
}

// serve runs a kernel on the sockets of a connection file until the context ends or a client shuts it down. Clients
// need not wait for start: cells do, and each fails if it fails.
func serve(ctx context.Context, v service) error {
	conn, err := readConnection(v.connectionFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{
		conn: conn, signer: newSigner(conn.Key), id: newIdentity(),
		questions: make(chan *message, 64), controls: make(chan *message, 64), main: &shell{cells: newQueue()},
		ready: make(chan struct{}), stop: cancel,
		log: func(err error) { fmt.Fprintln(os.Stderr, err) },
	}
	defer s.closeSockets()
	if err := s.listen(v.connectionFile); err != nil {
		return err
	}
	historyFile := ""
	if v.cache != "" {
		historyFile = filepath.Join(v.cache, "history.jsonl")
	}
	if s.history, err = openHistory(historyFile); err != nil {
		s.log(err)
	}

	for _, sock := range s.sockets() {
		sock.start()
	}

	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(s.ready)
		s.eval, s.evalErr = v.start(ctx)
	})
	wg.Go(func() { s.answer(ctx, s.questions) })
	wg.Go(func() { s.answer(ctx, s.controls) })
	wg.Go(func() {
		for {
			select {
			case <-v.interrupts:
				s.interrupt()
			case <-ctx.Done():
				return
			}
		}
	})
	executed := make(chan struct{})
	go func() {
		defer close(executed)
		s.execute(ctx, s.main)
	}()
	<-ctx.Done()
	// The cell that runs is interrupted; closing the evaluator ends one that does not care.
	s.interrupt()
	select {
	case <-executed:
	case <-time.After(500 * time.Millisecond):
	}
	wg.Wait()
	if s.eval != nil {
		if err := s.eval.Close(); err != nil {
			return fmt.Errorf("kernel: %w", err)
		}
	}
	return nil
}

// listen binds the five sockets. Ports that the connection file leaves at 0 are chosen and written back to it.
func (s *server) listen(connectionFile string) error {
	chosen := false
	bind := func(sock **socket, kind zmq4.SocketType, port *int, receive func([][]byte)) error {
		network, address := s.conn.address(*port)
		bound, err := listen(kind, network, address, receive)
		if err != nil {
			return err
		}
		*sock = bound
		if tcp, ok := tcpPort(bound.ln.Addr()); ok && *port == 0 {
			*port, chosen = tcp, true
		}
		return nil
	}
	err := errors.Join(
		bind(&s.shell, zmq4.Router, &s.conn.ShellPort, func(f [][]byte) { s.receive(s.shell, f) }),
		bind(&s.control, zmq4.Router, &s.conn.ControlPort, func(f [][]byte) { s.receive(s.control, f) }),
		bind(&s.stdin, zmq4.Router, &s.conn.StdinPort, func(f [][]byte) { s.receive(s.stdin, f) }),
		bind(&s.iopub, zmq4.XPub, &s.conn.IOPubPort, s.welcome),
		bind(&s.heartbeat, zmq4.Router, &s.conn.HBPort, func(f [][]byte) { s.heartbeat.send(f) }),
	)
	if err != nil {
		return err
	}
	if chosen {
		return s.conn.write(connectionFile)
	}
	return nil
}

// sockets returns those that are bound.
func (s *server) sockets() []*socket {
	all := []*socket{s.iopub, s.shell, s.control, s.stdin, s.heartbeat}
	return slices.DeleteFunc(all, func(sock *socket) bool { return sock == nil })
}

func (s *server) closeSockets() {
	var wg sync.WaitGroup
	for _, sock := range s.sockets() {
		wg.Go(sock.close)
	}
	wg.Wait()
}

// receive sorts a client's message to the goroutine that answers it. What is malformed, forged or replayed is dropped.
func (s *server) receive(from *socket, frames [][]byte) {
	m, err := s.signer.decode(frames)
	if err != nil {
		s.log(err)
		return
	}
	m.from = from
	switch {
	case from == s.stdin:
		if m.header.MsgType == "input_reply" {
			var c struct {
				Value string `json:"value"`
			}
			if json.Unmarshal(m.content, &c) == nil {
				s.input.deliver(c.Value)
			}
		}
	case m.header.MsgType == "execute_request" || isComm(m.header.MsgType):
		if sh := s.shellOf(m); sh != nil {
			sh.cells.push(m)
		} else {
			s.questions <- m // which answers that there is no such shell
		}
	case from == s.control:
		s.controls <- m
	default:
		s.questions <- m
	}
}

// welcome tells a client that its subscription is in force (Jupyter enhancement proposal 65).
func (s *server) welcome(frames [][]byte) {
	topic := frames[0]
	s.publishAs([][]byte{topic}, nil, "iopub_welcome", nil, map[string]any{"subscription": string(topic)})
}

// publish sends a message about parent to all clients.
func (s *server) publish(parent *message, msgType string, content any) {
	s.publishAs(s.topic(msgType), parent, msgType, nil, content)
}

func (s *server) topic(msgType string) [][]byte {
	return [][]byte{[]byte("kernel." + s.id.session + "." + msgType)}
}

func (s *server) publishAs(topic [][]byte, parent *message, msgType string, metadata, content any, buffers ...[]byte) {
	frames, err := s.signer.encode(topic, s.id.header(msgType), parent, metadata, content, buffers...)
	if err != nil {
		s.log(err)
		return
	}
	s.iopub.publish(frames)
}

// reply answers a request where it came from.
func (s *server) reply(m *message, msgType string, content any) {
	frames, err := s.signer.encode(m.idents, s.id.header(msgType), m, nil, content)
	if err != nil {
		s.log(err)
		return
	}
	m.from.send(frames)
}

// busy publishes that work on a request begins and returns the function that publishes its end.
//
// Front ends show the state that was published last. When a question is answered while a cell runs, the cell's state
// follows the question's idle, or the kernel would look idle.
func (s *server) busy(m *message) (idle func()) {
	isCell := m.header.MsgType == "execute_request" && m.header.Subshell == ""
	s.state.Lock()
	defer s.state.Unlock()
	if isCell {
		s.running = m
	}
	s.publish(m, "status", map[string]any{"execution_state": "busy"})
	return func() {
		s.state.Lock()
		defer s.state.Unlock()
		if isCell {
			s.running = nil
		}
		s.publish(m, "status", map[string]any{"execution_state": "idle"})
		if s.running != nil {
			s.publish(s.running, "status", map[string]any{"execution_state": "busy"})
		}
	}
}

// evaluator waits until the session has started.
func (s *server) evaluator(ctx context.Context) (evaluator, error) {
	select {
	case <-s.ready: // also when the context has ended
		return s.eval, s.evalErr
	default:
	}
	select {
	case <-s.ready:
		return s.eval, s.evalErr
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// interrupt interrupts the running cell of the main shell, or what a widget has set off.
func (s *server) interrupt() {
	s.mu.Lock()
	halt := s.halt
	s.mu.Unlock()
	if halt != nil {
		halt()
		return
	}
	select {
	case <-s.ready:
		if s.eval != nil {
			s.eval.Interrupt()
		}
	default:
	}
}

// queue holds the requests that run in order.
type queue struct {
	mu      sync.Mutex
	items   []*message
	more    chan struct{} // holds a token when items may have grown
	arrived chan struct{} // as well, for who looks ahead
}

func newQueue() queue { return queue{more: make(chan struct{}, 1), arrived: make(chan struct{}, 1)} }

func (q *queue) push(m *message) {
	q.mu.Lock()
	q.items = append(q.items, m)
	q.mu.Unlock()
	for _, token := range []chan struct{}{q.more, q.arrived} {
		select {
		case token <- struct{}{}:
		default:
		}
	}
}

// waiting returns what is in the queue and leaves it there.
func (q *queue) waiting() []*message {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.items)
}

// pop waits for the next request; it returns nil when the context ends.
func (q *queue) pop(ctx context.Context) *message {
	for ctx.Err() == nil {
		q.mu.Lock()
		if len(q.items) > 0 {
			m := q.items[0]
			q.items = q.items[1:]
			q.mu.Unlock()
			return m
		}
		q.mu.Unlock()
		select {
		case <-q.more:
		case <-ctx.Done():
		}
	}
	return nil
}

// drain takes everything that waits.
func (q *queue) drain() []*message {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items = nil
	return items
}
