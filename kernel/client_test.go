package kernel

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// patience is how long the tests wait for a message that must come.
const patience = 60 * time.Second

// client is a Jupyter client that talks to a kernel over real ZeroMQ sockets.
type client struct {
	t      testing.TB
	conn   connection
	signer *signer
	id     *identity

	shell, control, stdin, iopub, heartbeat zmq4.Socket
	shells, controls, stdins, iopubs        chan received
	interrupts                              chan<- os.Signal // as if the kernel's process received one
}

// received is a message with its content as a test reads it.
type received struct {
	*message
	body   map[string]any
	parent header
}

func (r received) kind() string { return r.header.MsgType }

func (r received) str(key string) string { s, _ := r.body[key].(string); return s }

// startKernel serves a kernel on chosen ports and returns a connected client and a function that waits for its end.
func startKernel(t testing.TB, start func(context.Context) (evaluator, error)) (*client, func() error) {
	t.Helper()
	return startKernelAt(t, connection{Transport: "tcp", IP: "127.0.0.1"}, start)
}

// startKernelAt is startKernel on other addresses than free ports.
func startKernelAt(t testing.TB, at connection, start func(context.Context) (evaluator, error)) (*client, func() error) {
	t.Helper()
	at.Key, at.SignatureScheme = "a key", "hmac-sha256"
	file := filepath.Join(t.TempDir(), "connection.json")
	if err := at.write(file); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var served error
	ended := make(chan struct{})
	cache := t.TempDir()
	interrupts := make(chan os.Signal)
	go func() {
		defer close(ended)
		served = serve(ctx, service{connectionFile: file, cache: cache, interrupts: interrupts, start: start})
	}()
	wait := sync.OnceValue(func() error {
		select {
		case <-ended:
			return served
		case <-time.After(patience):
			return fmt.Errorf("the kernel did not end")
		}
	})
	t.Cleanup(func() {
		cancel()
		if err := wait(); err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		conn, err := readConnection(file)
		if conn.Transport == "ipc" {
			_, socket := conn.address(conn.HBPort) // the last to be bound
			_, err = os.Stat(socket)
		}
		if err == nil && conn.HBPort != 0 {
			c := connect(t, conn)
			c.interrupts = interrupts
			return c, wait
		}
		if time.Now().After(deadline) {
			t.Fatal("the kernel bound no ports")
		}
	}
}

// connect opens all channels and waits until the kernel publishes to this client.
func connect(t testing.TB, conn connection) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c := &client{t: t, conn: conn, signer: newSigner(conn.Key), id: newIdentity()}
	name := zmq4.WithID(zmq4.SocketIdentity(c.id.session))
	dial := func(s zmq4.Socket, port int) zmq4.Socket {
		network, address := conn.address(port)
		if err := s.Dial(map[string]string{"tcp": "tcp://", "unix": "ipc://"}[network] + address); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	c.shell = dial(zmq4.NewDealer(ctx, name), conn.ShellPort)
	c.control = dial(zmq4.NewDealer(ctx, name), conn.ControlPort)
	c.stdin = dial(zmq4.NewDealer(ctx, name), conn.StdinPort)
	c.heartbeat = dial(zmq4.NewReq(ctx), conn.HBPort)
	c.iopub = dial(zmq4.NewSub(ctx), conn.IOPubPort)
	if err := c.iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	c.shells, c.controls = c.listen(c.shell), c.listen(c.control)
	c.stdins, c.iopubs = c.listen(c.stdin), c.listen(c.iopub)
	if m := c.next(c.iopubs); m.kind() != "iopub_welcome" || m.str("subscription") != "" {
		t.Fatalf("first message %s %v, want iopub_welcome for everything", m.kind(), m.body)
	}
	return c
}

func (c *client) listen(s zmq4.Socket) chan received {
	out := make(chan received, 4096)
	go func() {
		defer close(out)
		for {
			msg, err := s.Recv()
			if err != nil {
				return
			}
			m, err := c.signer.decode(msg.Frames)
			if err != nil {
				c.t.Errorf("from the kernel: %v", err)
				return
			}
			r := received{message: m}
			json.Unmarshal(m.content, &r.body)
			json.Unmarshal(m.parent, &r.parent)
			out <- r
		}
	}()
	return out
}

// next waits for the next message.
func (c *client) next(from chan received) received {
	c.t.Helper()
	select {
	case m, ok := <-from:
		if !ok {
			c.t.Fatal("the kernel closed the channel")
		}
		return m
	case <-time.After(patience):
		c.t.Fatal("no message from the kernel")
	}
	panic("unreachable")
}

// send sends a request and returns its msg_id.
func (c *client) send(s zmq4.Socket, msgType string, content any) string {
	c.t.Helper()
	h := c.id.header(msgType)
	frames, err := c.signer.encode(nil, h, nil, nil, content)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sendFrames(s, frames)
	return h.MsgID
}

func (c *client) sendFrames(s zmq4.Socket, frames [][]byte) {
	c.t.Helper()
	if err := s.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		c.t.Fatal(err)
	}
}

// ask sends a request on the shell channel and returns its reply. It checks that busy and idle enclose whatever is
// published about it, and returns that too.
func (c *client) ask(msgType string, content any) (reply received, published []received) {
	c.t.Helper()
	id := c.send(c.shell, msgType, content)
	reply = c.next(c.shells)
	if reply.parent.MsgID != id {
		c.t.Fatalf("reply %s %v to another request", reply.kind(), reply.body)
	}
	if want := strings.TrimSuffix(msgType, "_request") + "_reply"; reply.kind() != want {
		c.t.Fatalf("reply %s, want %s", reply.kind(), want)
	}
	return reply, c.published(id)
}

// published returns what is published about a request, less the busy and idle around it.
func (c *client) published(id string) []received {
	c.t.Helper()
	var all []received
	for {
		m := c.next(c.iopubs)
		if m.parent.MsgID != id {
			continue
		}
		state := m.str("execution_state")
		if len(all) == 0 && state != "busy" {
			c.t.Fatalf("first published %s %v, want busy", m.kind(), m.body)
		}
		if state == "idle" {
			return all[1:]
		}
		all = append(all, m)
	}
}

// execute runs a cell and returns the reply and what was published, the execute_input left out.
func (c *client) execute(code string) (received, []received) {
	c.t.Helper()
	reply, published := c.ask("execute_request", map[string]any{"code": code})
	return reply, slices.DeleteFunc(published, func(m received) bool { return m.kind() == "execute_input" })
}

// stdout returns the text of all stdout streams among messages.
func stdout(published []received) string {
	var b strings.Builder
	for _, m := range published {
		if m.kind() == "stream" && m.str("name") == "stdout" {
			b.WriteString(m.str("text"))
		}
	}
	return b.String()
}

func TestConnectionFile(t *testing.T) {
	const good = `{"transport":"tcp","ip":"127.0.0.1","shell_port":1,"control_port":2,"stdin_port":3,"iopub_port":4,"hb_port":5,` +
		`"signature_scheme":"hmac-sha256","key":"k"}`
	for _, tt := range []struct{ old, new, want string }{
		{"", "", ""},
		{`"tcp"`, `"udp"`, `transport "udp" is neither tcp nor ipc`},
		{`hmac-sha256`, `hmac-md5`, `signature_scheme "hmac-md5" is not hmac-sha256`},
		{`"shell_port":1`, `"shell_port":70000`, "port 70000 is outside"},
		{`127.0.0.1`, `*`, `ip "*" is no address`},
		{`{`, `[{`, "unexpected end of JSON input"},
		{`"k"`, `7`, "cannot unmarshal"},
		{`"tcp","ip":"127.0.0.1","shell_port":1`, `"ipc","ip":"x","shell_port":0`, "transport ipc leaves no port to choose"},
	} {
		file := filepath.Join(t.TempDir(), "c.json")
		text := good
		if tt.old != "" {
			text = strings.Replace(good, tt.old, tt.new, 1)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readConnection(file)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s for %s: error %v, want %q", tt.new, tt.old, err, tt.want)
		}
	}
	if _, err := readConnection(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error for a missing file")
	}
}
