package kernel

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// Limits that keep a client, or something that only pretends to be one, from harming the kernel.
const (
	maxMessage       = 64 << 20 // bytes in one message
	maxFrames        = 1024     // frames in one message
	maxTopics        = 64       // subscriptions of one client
	handshakeTimeout = 5 * time.Second
	// A client that reads nothing for this long while the kernel has something for it is disconnected.
	stalledTimeout = 20 * time.Second
	// How many messages may wait for one client.
	queueLength = 1024
)

// socket is the bound end of one of the kernel's ZeroMQ sockets: a ROUTER, or the XPUB that publishes output. It uses
// zmq4's connections but not its sockets: those stop accepting while one client is slow to greet, allocate what a
// frame's header says, and do not tell when their output is sent.
type socket struct {
	kind zmq4.SocketType
	ln   net.Listener
	// receive is called for each message, in order for one client; frames[0] is the client's identity. For an XPUB
	// it is called with each new subscription's topic instead, once that is in force.
	receive func(frames [][]byte)
	stalled time.Duration // stalledTimeout, but for tests

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool // all, from before their greeting
	peers  map[string]*peer
	wg     sync.WaitGroup
}

// peer is one connected client.
type peer struct {
	conn    *zmq4.Conn
	wire    *guard
	out     chan outgoing
	gone    chan struct{} // closed when the connection has ended
	stalled time.Duration
	topics  map[string]bool
}

// outgoing is a message to send, or with done set a request to say when everything before it is sent.
type outgoing struct {
	frames [][]byte
	done   chan<- struct{}
}

// listen binds to an address of network tcp or unix. The socket serves it from start until close.
func listen(kind zmq4.SocketType, network, address string, receive func([][]byte)) (*socket, error) {
	ln, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	return &socket{kind: kind, ln: ln, receive: receive, stalled: stalledTimeout,
		conns: map[net.Conn]bool{}, peers: map[string]*peer{}}, nil
}

func (s *socket) start() { s.wg.Go(s.accept) }

func (s *socket) accept() {
	for {
		conn, err := s.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // such as too many open files
			continue
		}
		s.wg.Go(func() {
			defer conn.Close()
			if !s.track(conn) {
				return
			}
			defer s.untrack(conn)
			// zmq4 panics on some malformed greetings; that must not be more than the end of this connection.
			defer func() { _ = recover() }()
			s.serve(conn)
		})
	}
}

// serve greets a client and reads its messages until it leaves.
func (s *socket) serve(raw net.Conn) {
	wire := newGuard(raw)
	raw.SetDeadline(time.Now().Add(handshakeTimeout))
	conn, err := zmq4.Open(wire, null.Security(), s.kind, nil, true, nil)
	if err != nil {
		return
	}
	raw.SetDeadline(time.Time{})
	id := conn.Peer.Meta["Identity"]
	if id == "" {
		id = "\x00" + rand.Text() // as libzmq, which reserves the zero byte for the names it gives
	}
	p := &peer{conn: conn, wire: wire, out: make(chan outgoing, queueLength), gone: make(chan struct{}),
		stalled: s.stalled, topics: map[string]bool{}}
	if !s.add(id, p) {
		return
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		p.write()
	}()
	defer func() {
		s.remove(id, p)
		close(p.gone)
		raw.Close()
		<-written
	}()
	for {
		msg, err := conn.RecvMsg()
		if err != nil {
			return
		}
		if msg.Type == zmq4.CmdMsg || len(msg.Frames) == 0 {
			continue
		}
		if s.kind == zmq4.XPub {
			if topic, ok := s.subscribe(p, msg.Frames[0]); ok {
				s.receive([][]byte{[]byte(topic)})
			}
			continue
		}
		s.receive(append([][]byte{[]byte(id)}, msg.Frames...))
	}
}

// track remembers a connection for close; it reports false when the socket is closed already.
func (s *socket) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns[conn] = true
	}
	return !s.closed
}

func (s *socket) untrack(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// add registers a client. One with the identity of an older connection takes its place, so that a client can
// reconnect before the loss of its old connection is noticed.
func (s *socket) add(id string, p *peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if old := s.peers[id]; old != nil {
		old.conn.Close()
	}
	s.peers[id] = p
	return true
}

func (s *socket) remove(id string, p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peers[id] == p {
		delete(s.peers, id)
	}
}

// subscribe applies a subscription message and returns the topic if it is a new one.
func (s *socket) subscribe(p *peer, frame []byte) (topic string, added bool) {
	if len(frame) == 0 {
		return "", false
	}
	topic = string(frame[1:])
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case frame[0] == 0:
		delete(p.topics, topic)
	case frame[0] == 1 && !p.topics[topic] && len(p.topics) < maxTopics:
		p.topics[topic] = true
		return topic, true
	}
	return "", false
}

// send sends frames to the client that frames[0] names; it drops them if that has left.
func (s *socket) send(frames [][]byte) {
	s.mu.Lock()
	p := s.peers[string(frames[0])]
	s.mu.Unlock()
	if p != nil {
		p.enqueue(outgoing{frames: frames[1:]})
	}
}

// publish sends frames to every client that subscribed to a prefix of frames[0].
func (s *socket) publish(frames [][]byte) {
	topic := string(frames[0])
	s.mu.Lock()
	var to []*peer
	for _, p := range s.peers {
		for t := range p.topics {
			if strings.HasPrefix(topic, t) {
				to = append(to, p)
				break
			}
		}
	}
	s.mu.Unlock()
	for _, p := range to {
		p.enqueue(outgoing{frames: frames})
	}
}

// flush waits until everything sent so far has been handed to the operating system, at most for the given time.
func (s *socket) flush(limit time.Duration) {
	s.mu.Lock()
	peers := slices.Collect(maps.Values(s.peers))
	s.mu.Unlock()
	timeout := time.After(limit)
	for _, p := range peers {
		done := make(chan struct{})
		p.enqueue(outgoing{done: done})
		select {
		case <-done:
		case <-p.gone:
		case <-timeout:
			return
		}
	}
}

// close stops listening, sends what is queued and disconnects everybody.
func (s *socket) close() {
	s.ln.Close()
	s.flush(time.Second)
	// Closing at once could reset a connection that still carries the last words: end our direction, and let the
	// clients answer by ending theirs.
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// enqueue waits for room in a client's queue, and gives the client up when there is none for long.
func (p *peer) enqueue(o outgoing) {
	select {
	case p.out <- o:
		return
	default:
	}
	stalled := time.NewTimer(p.stalled)
	defer stalled.Stop()
	select {
	case p.out <- o:
	case <-p.gone:
	case <-stalled.C:
		p.conn.Close()
	}
}

// write sends the queued messages until the connection ends.
func (p *peer) write() {
	for {
		var o outgoing
		select {
		case o = <-p.out:
		case <-p.gone:
			return
		}
		var err error
		p.wire.raw.SetWriteDeadline(time.Now().Add(p.stalled))
		if o.frames != nil {
			err = p.conn.SendMsg(zmq4.NewMsgFrom(o.frames...))
		}
		if err == nil && (o.done != nil || len(p.out) == 0) {
			err = p.wire.flush()
		}
		if o.done != nil {
			close(o.done)
		}
		if err != nil {
			p.conn.Close() // a message may be half sent: nothing that follows could be read
			return
		}
	}
}

// guard is a connection with buffers that refuses frames and messages beyond the limits before memory is allocated
// for them, which zmq4 does on reading a frame's size.
type guard struct {
	net.Conn
	raw net.Conn
	r   *bufio.Reader

	// Where the next byte read belongs in ZMTP 3's grammar: the greeting of 64 bytes, then frames of a flag byte, a
	// size of 1 or 8 bytes and a body.
	skip   int    // bytes of the greeting or of a body still to come
	flags  byte   // of the frame whose size is being read
	size   []byte // the size bytes read so far; nil before the flag byte
	total  int    // bytes in this message so far
	frames int

	wmu     sync.Mutex
	w       *bufio.Writer
	started bool // after the handshake writes wait for flush
}

func newGuard(conn net.Conn) *guard {
	return &guard{Conn: conn, raw: conn, r: bufio.NewReaderSize(conn, 32<<10), w: bufio.NewWriterSize(conn, 32<<10), skip: 64}
}

var errTooLarge = errors.New("kernel: message too large")

// Read reads at most up to the end of the next frame's header, or within a body.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if e := g.follow(p[:n]); e != nil {
		return 0, e
	}
	return n, err
}

// follow moves the position in the grammar over the bytes of b.
func (g *guard) follow(b []byte) error {
	for len(b) > 0 {
		if g.skip > 0 {
			n := min(g.skip, len(b))
			g.skip -= n
			b = b[n:]
			continue
		}
		if g.size == nil {
			g.flags, g.size = b[0], make([]byte, 0, 8)
			b = b[1:]
			continue
		}
		g.size = append(g.size, b[0])
		b = b[1:]
		const more, long = 1, 2
		var size uint64
		switch {
		case g.flags&long == 0:
			size = uint64(g.size[0])
		case len(g.size) < 8:
			continue
		default:
			size = binary.BigEndian.Uint64(g.size)
		}
		g.frames++
		if size > maxMessage || g.total+int(size) > maxMessage || g.frames > maxFrames {
			return errTooLarge
		}
		g.total += int(size)
		g.skip, g.size = int(size), nil
		if g.flags&more == 0 {
			g.total, g.frames = 0, 0
		}
	}
	return nil
}

// Write buffers p until flush, except during the handshake.
func (g *guard) Write(p []byte) (int, error) {
	g.wmu.Lock()
	defer g.wmu.Unlock()
	n, err := g.w.Write(p)
	if err == nil && !g.started {
		err = g.w.Flush()
	}
	return n, err
}

func (g *guard) flush() error {
	g.wmu.Lock()
	defer g.wmu.Unlock()
	g.started = true
	return g.w.Flush()
}
