package kernel

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// TestAClientThatStopsReadingIsLetGo: output goes on to the others, all of it, and nothing waits for ever.
func TestAClientThatStopsReadingIsLetGo(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a client to be given up")
	}
	subscribed := make(chan string, 2)
	s, err := listen(zmq4.XPub, "tcp", "127.0.0.1:0", func(f [][]byte) { subscribed <- string(f[0]) })
	if err != nil {
		t.Fatal(err)
	}
	s.stalled = 2 * time.Second
	s.start()
	defer s.close()

	raw, err := net.Dial("tcp", s.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	silent, err := zmq4.Open(raw, null.Security(), zmq4.Sub, nil, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := silent.SendMsg(zmq4.NewMsg([]byte{1})); err != nil {
		t.Fatal(err)
	}
	<-subscribed
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	reader := zmq4.NewSub(ctx)
	defer reader.Close()
	if err := reader.Dial("tcp://" + s.ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if err := reader.SetOption(zmq4.OptionSubscribe, "a"); err != nil {
		t.Fatal(err)
	}
	if topic := <-subscribed; topic != "a" {
		t.Fatalf("subscription %q", topic)
	}

	const messages = 2 * queueLength // more than its queue and the system's buffers hold
	read := make(chan int, 1)
	go func() {
		n := 0
		for ; n < messages; n++ {
			m, err := reader.Recv()
			if err != nil || len(m.Frames) != 2 || m.Frames[1][0] != byte(n) {
				break
			}
		}
		read <- n
	}()
	payload := bytes.Repeat([]byte{0}, 64<<10)
	for n := range messages {
		// Each message has bytes of its own: they are sent after publish returns.
		body := bytes.Clone(payload)
		body[0] = byte(n)
		s.publish([][]byte{[]byte("abc"), body})
		s.publish([][]byte{[]byte("b"), {0}}) // nobody but the silent client wants these
	}
	select {
	case n := <-read:
		if n != messages {
			t.Errorf("the reader got %d messages in order, want %d", n, messages)
		}
	case <-time.After(patience):
		t.Fatal("the reader waits for the silent client")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		n := len(s.peers)
		s.mu.Unlock()
		if n == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d clients are connected, want the reader alone", n)
		}
	}
}

// TestReconnectTakesTheIdentityOver: replies go to the newest connection of a client.
func TestReconnectTakesTheIdentityOver(t *testing.T) {
	got := make(chan string, 2)
	s, err := listen(zmq4.Router, "tcp", "127.0.0.1:0", func(f [][]byte) { got <- string(f[1]) })
	if err != nil {
		t.Fatal(err)
	}
	s.start()
	defer s.close()
	dial := func() zmq4.Socket {
		d := zmq4.NewDealer(context.Background(), zmq4.WithID(zmq4.SocketIdentity("me")))
		if err := d.Dial("tcp://" + s.ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		if err := d.Send(zmq4.NewMsgString("hello")); err != nil {
			t.Fatal(err)
		}
		<-got
		return d
	}
	dial()
	second := dial()
	s.send([][]byte{[]byte("me"), []byte("answer")})
	m, err := second.Recv()
	if err != nil || string(m.Bytes()) != "answer" {
		t.Errorf("%q, %v", m.Bytes(), err)
	}
	s.send([][]byte{[]byte("somebody else"), []byte("answer")}) // dropped
}
