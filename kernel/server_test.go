package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// script is an evaluator whose cells are commands, so that the protocol can be tested by itself.
type script struct {
	closed     atomic.Bool
	interrupts atomic.Int64
	last       Sink
}

func (s *script) Execute(ctx context.Context, r Request) Result {
	s.last = r.Sink
	command, arg, _ := strings.Cut(r.Code, " ")
	switch command {
	case "print":
		r.Sink.Stream("stdout", arg)
	case "both":
		r.Sink.Stream("stdout", "one ")
		r.Sink.Stream("stderr", "two ")
		r.Sink.Stream("stdout", "three")
	case "split": // a character in two writes
		r.Sink.Stream("stdout", arg[:len(arg)-1])
		time.Sleep(3 * streamDelay)
		r.Sink.Stream("stdout", arg[len(arg)-1:])
	case "show":
		r.Sink.Display(DisplayData{Data: map[string]any{"image/svg+xml": []byte("<svg/>"), "image/png": []byte("png")}, ID: arg})
		r.Sink.Display(DisplayData{Data: map[string]any{"text/plain": "new"}, ID: arg, Update: true})
		r.Sink.Clear(true)
	case "value":
		return Result{Value: &DisplayData{Data: map[string]any{"text/plain": arg}}}
	case "fail":
		r.Sink.Stream("stdout", "so far")
		return Result{Err: &CellError{Name: "panic", Value: arg, Traceback: []string{"line 1", "line 2"}}}
	case "loop":
		r.Sink.Stream("stdout", "looping")
		<-ctx.Done()
		return Result{Err: &CellError{Name: "interrupted", Value: "the cell was interrupted"}}
	case "deaf": // ends on a second interrupt
		for s.interrupts.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		return Result{Err: &CellError{Name: "killed", Value: "state lost"}, WorkerDied: true}
	case "input", "password":
		answer, err := r.Sink.Input(arg, command == "password")
		if err != nil {
			return Result{Err: &CellError{Name: "input", Value: err.Error()}}
		}
		r.Sink.Stream("stdout", "got "+answer)
	}
	return Result{}
}

func (s *script) Interrupt() { s.interrupts.Add(1) }
func (s *script) Complete(code string, cursor int) Completion {
	return Completion{Matches: []Match{{Text: "Println", Type: "function"}}, Start: cursor - 2, End: cursor}
}
func (s *script) Inspect(code string, cursor int) (map[string]any, bool) {
	return map[string]any{"text/plain": "documentation of " + code}, code == "fmt.Println"
}
func (s *script) IsComplete(code string) (string, string) { return "incomplete", "\t" }
func (s *script) Comm(m CommMessage, message string, k Sink) <-chan struct{} {
	done := make(chan struct{})
	defer close(done)
	if m.Type == "comm_open" {
		k.(CommSink).Comm(CommMessage{Type: "comm_close", ID: m.ID})
	}
	return done
}
func (s *script) Comms() map[string]string { return map[string]string{"a comm": "a target"} }
func (s *script) Close() error             { s.closed.Store(true); return nil }

func startScript(t testing.TB) (*client, *script, func() error) {
	t.Helper()
	s := &script{}
	c, wait := startKernel(t, func(context.Context) (evaluator, error) { return s, nil })
	return c, s, wait
}

func TestKernelInfoAnswersBeforeTheSessionStarts(t *testing.T) {
	release := make(chan struct{})
	c, _ := startKernel(t, func(context.Context) (evaluator, error) { <-release; return nil, errors.New("no Go here") })
	info, _ := c.ask("kernel_info_request", map[string]any{})
	language := info.body["language_info"].(map[string]any)
	if info.str("protocol_version") != "5.5" || language["name"] != "go" || language["file_extension"] != ".go" ||
		language["version"] != strings.TrimPrefix(runtime.Version(), "go") {
		t.Errorf("kernel_info %v", info.body)
	}
	close(release)
	// A session that cannot start fails the cell, with the reason.
	reply, _ := c.execute("print x")
	if reply.str("status") != "error" || !strings.Contains(reply.str("evalue"), "no Go here") {
		t.Errorf("reply %v", reply.body)
	}
}

func TestExecute(t *testing.T) {
	c, _, _ := startScript(t)
	type pub struct {
		kind string
		body map[string]any
	}
	obj := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	input := func(code string, count float64) pub {
		return pub{"execute_input", obj("code", code, "execution_count", count)}
	}
	failed := obj("ename", "panic", "evalue", "boom", "traceback", []any{"line 1", "line 2"})
	for _, tt := range []struct {
		name    string
		content map[string]any
		status  string
		count   float64
		want    []pub
	}{
		{"output comes before the reply", obj("code", "print hello"), "ok", 1,
			[]pub{input("print hello", 1), {"stream", obj("name", "stdout", "text", "hello")}}},
		{"streams keep their order", obj("code", "both"), "ok", 2, []pub{input("both", 2),
			{"stream", obj("name", "stdout", "text", "one ")},
			{"stream", obj("name", "stderr", "text", "two ")},
			{"stream", obj("name", "stdout", "text", "three")}}},
		{"a character in two writes stays whole", obj("code", "split aé"), "ok", 3, []pub{input("split aé", 3),
			{"stream", obj("name", "stdout", "text", "a")},
			{"stream", obj("name", "stdout", "text", "é")}}},
		{"the value", obj("code", "value 42"), "ok", 4, []pub{input("value 42", 4),
			{"execute_result", obj("execution_count", 4.0, "data", obj("text/plain", "42"), "metadata", obj())}}},
		{"display, update, clear", obj("code", "show a"), "ok", 5, []pub{input("show a", 5),
			{"display_data", obj("data", obj("image/svg+xml", "<svg/>", "image/png", "cG5n"), "metadata", obj(), "transient", obj("display_id", "a"))},
			{"update_display_data", obj("data", obj("text/plain", "new"), "metadata", obj(), "transient", obj("display_id", "a"))},
			{"clear_output", obj("wait", true)}}},
		{"one error message, after the output", obj("code", "fail boom"), "error", 6,
			[]pub{input("fail boom", 6), {"stream", obj("name", "stdout", "text", "so far")}, {"error", failed}}},
		{"silent: nothing but streams, no count", obj("code", "value 1", "silent", true), "ok", 6, []pub{}},
		{"silent error: in the reply alone", obj("code", "fail boom", "silent", true), "error", 6,
			[]pub{{"stream", obj("name", "stdout", "text", "so far")}}},
		{"no history, no count", obj("code", "print x", "store_history", false), "ok", 6,
			[]pub{input("print x", 6), {"stream", obj("name", "stdout", "text", "x")}}},
		{"blank", obj("code", " \n"), "ok", 6, []pub{input(" \n", 6)}},
	} {
		reply, published := c.ask("execute_request", tt.content)
		if reply.str("status") != tt.status || reply.body["execution_count"] != tt.count {
			t.Errorf("%s: reply %v, want %s and count %v", tt.name, reply.body, tt.status, tt.count)
		}
		got := []pub{}
		for _, m := range published {
			got = append(got, pub{m.kind(), m.body})
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: published\n%v\nwant\n%v", tt.name, got, tt.want)
		}
	}
}

func TestUserExpressionsAndPager(t *testing.T) {
	c, _, _ := startScript(t)
	reply, _ := c.ask("execute_request", map[string]any{"code": "print x", "user_expressions": map[string]string{"a": "value 7", "b": "fail no"}})
	exprs := reply.body["user_expressions"].(map[string]any)
	a, b := exprs["a"].(map[string]any), exprs["b"].(map[string]any)
	if a["status"] != "ok" || a["data"].(map[string]any)["text/plain"] != "7" || b["status"] != "error" || b["evalue"] != "no" {
		t.Errorf("user_expressions %v", exprs)
	}
	for _, code := range []string{"fmt.Println?", " ?fmt.Println\n"} {
		reply, _ = c.execute(code)
		payload, _ := json.Marshal(reply.body["payload"])
		if want := `[{"data":{"text/plain":"documentation of fmt.Println"},"source":"page","start":0}]`; string(payload) != want {
			t.Errorf("%q: payload %s, want %s", code, payload, want)
		}
	}
	if reply, _ = c.execute("nothing?"); reply.str("status") != "error" {
		t.Errorf("documentation of an unknown name: %v", reply.body)
	}
}

func TestQueueIsAbortedAfterAnError(t *testing.T) {
	c, _, _ := startScript(t)
	statuses := func(stop bool) (got []string) {
		// The loop holds the queue until all have arrived.
		ids := []string{c.send(c.shell, "execute_request", map[string]any{"code": "loop", "stop_on_error": stop})}
		for range 2 {
			ids = append(ids, c.send(c.shell, "execute_request", map[string]any{"code": "print x"}))
		}
		c.ask2(c.control, c.controls, "interrupt_request", nil)
		for i := range ids {
			m := c.next(c.shells)
			if m.parent.MsgID != ids[i] {
				t.Fatalf("replies are out of order")
			}
			got = append(got, m.str("status"))
			if i > 0 { // the first one's beginning is read already
				c.published(ids[i])
			}
		}
		return got
	}
	if got := statuses(true); !slices.Equal(got, []string{"error", "aborted", "aborted"}) {
		t.Errorf("stop_on_error: %v", got)
	}
	if got := statuses(false); !slices.Equal(got, []string{"error", "ok", "ok"}) {
		t.Errorf("without stop_on_error: %v", got)
	}
	if reply, _ := c.execute("print x"); reply.str("status") != "ok" {
		t.Errorf("a cell sent after the error: %v", reply.body)
	}
}

// ask2 sends a request on another channel, once the cell "loop" runs, and returns the reply.
func (c *client) ask2(s zmq4.Socket, from chan received, msgType string, content map[string]any) received {
	c.t.Helper()
	for m := c.next(c.iopubs); m.str("text") != "looping"; m = c.next(c.iopubs) {
	}
	if content == nil {
		content = map[string]any{}
	}
	c.send(s, msgType, content)
	return c.next(from)
}

func TestQuestionsAreAnsweredWhileACellRuns(t *testing.T) {
	c, _, _ := startScript(t)
	loop := c.send(c.shell, "execute_request", map[string]any{"code": "loop"})
	m := c.ask2(c.shell, c.shells, "complete_request", map[string]any{"code": "é fmt.Pr", "cursor_pos": 8})
	meta := m.body["metadata"].(map[string]any)["_jupyter_types_experimental"].([]any)[0].(map[string]any)
	if m.kind() != "complete_reply" || m.body["cursor_start"] != 6.0 || m.body["cursor_end"] != 8.0 ||
		m.body["matches"].([]any)[0] != "Println" || meta["type"] != "function" || meta["start"] != 6.0 {
		t.Errorf("completion %v", m.body)
	}
	// Between busy and idle of the question and what follows, the kernel ends up busy with the cell.
	states := ""
	for n := 0; n < 3; {
		if state := c.next(c.iopubs); state.kind() == "status" {
			states += state.str("execution_state") + " "
			if n++; n == 3 && state.parent.MsgID != loop {
				t.Errorf("the last state is not the cell's")
			}
		}
	}
	if states != "busy idle busy " {
		t.Errorf("states %s", states)
	}
	for _, tt := range []struct {
		request string
		content map[string]any
		want    string
	}{
		{"inspect_request", map[string]any{"code": "fmt.Println", "cursor_pos": 3}, `{"data":{"text/plain":"documentation of fmt.Println"},"found":true,"metadata":{},"status":"ok"}`},
		{"inspect_request", map[string]any{"code": "x", "cursor_pos": 1}, `{"data":{"text/plain":"documentation of x"},"found":false,"metadata":{},"status":"ok"}`},
		{"is_complete_request", map[string]any{"code": "if x {"}, `{"indent":"\t","status":"incomplete"}`},
		{"comm_info_request", map[string]any{}, `{"comms":{"a comm":{"target_name":"a target"}},"status":"ok"}`},
		{"comm_info_request", map[string]any{"target_name": "another"}, `{"comms":{},"status":"ok"}`},
		{"debug_request", map[string]any{}, `{"ename":"RequestError","evalue":"kernel: debug_request is not supported","status":"error","traceback":["kernel: debug_request is not supported"]}`},
		{"history_request", map[string]any{"hist_access_type": "what"}, `{"ename":"RequestError","evalue":"kernel: hist_access_type \"what\" is none of tail, range and search","status":"error","traceback":["kernel: hist_access_type \"what\" is none of tail, range and search"]}`},
	} {
		c.send(c.shell, tt.request, tt.content)
		got, _ := json.Marshal(c.next(c.shells).body)
		if string(got) != tt.want {
			t.Errorf("%s: %s, want %s", tt.request, got, tt.want)
		}
	}
	c.send(c.shell, "connect_request", map[string]any{})
	if m := c.next(c.shells); m.body["iopub_port"] != float64(c.conn.IOPubPort) {
		t.Errorf("connect_reply %v", m.body)
	}
	c.send(c.control, "kernel_info_request", map[string]any{})
	if m := c.next(c.controls); m.kind() != "kernel_info_reply" {
		t.Errorf("%s on control", m.kind())
	}
	c.send(c.control, "interrupt_request", map[string]any{})
	if m := c.next(c.shells); m.parent.MsgID != loop || m.str("ename") != "interrupted" {
		t.Errorf("the loop ended with %v", m.body)
	}
}

func TestSecondInterruptReachesTheSession(t *testing.T) {
	c, s, _ := startScript(t)
	id := c.send(c.shell, "execute_request", map[string]any{"code": "deaf"})
	for m := c.next(c.iopubs); m.kind() != "execute_input"; m = c.next(c.iopubs) {
	}
	for range 2 {
		c.send(c.control, "interrupt_request", map[string]any{})
		if m := c.next(c.controls); m.str("status") != "ok" {
			t.Fatalf("interrupt_reply %v", m.body)
		}
	}
	if m := c.next(c.shells); m.parent.MsgID != id || m.str("ename") != "killed" {
		t.Errorf("reply %v", m.body)
	}
	if n := s.interrupts.Load(); n != 1 {
		t.Errorf("the session saw %d interrupts, want 1", n)
	}
	// One without a cell is the session's too, for what a widget has set off. The next cell does not feel it.
	c.send(c.control, "interrupt_request", map[string]any{})
	c.next(c.controls)
	if n := s.interrupts.Load(); n != 2 {
		t.Errorf("with one between cells the session saw %d interrupts, want 2", n)
	}
	if reply, _ := c.execute("print x"); reply.str("status") != "ok" {
		t.Errorf("the cell after an idle interrupt: %v", reply.body)
	}
}

func TestInterruptSignal(t *testing.T) {
	c, _, _ := startScript(t)
	c.interrupts <- os.Interrupt // without a cell: nothing happens
	id := c.send(c.shell, "execute_request", map[string]any{"code": "loop"})
	for m := c.next(c.iopubs); m.str("text") != "looping"; m = c.next(c.iopubs) {
	}
	c.interrupts <- os.Interrupt
	if m := c.next(c.shells); m.parent.MsgID != id || m.str("ename") != "interrupted" {
		t.Errorf("the loop ended with %v", m.body)
	}
}

func TestStdin(t *testing.T) {
	c, _, _ := startScript(t)
	for _, command := range []string{"input", "password"} {
		id := c.send(c.shell, "execute_request", map[string]any{"code": command + " name:"})
		ask := c.next(c.stdins)
		if ask.kind() != "input_request" || ask.parent.MsgID != id || ask.str("prompt") != "name:" || ask.body["password"] != (command == "password") {
			t.Fatalf("%s %v", ask.kind(), ask.body)
		}
		c.send(c.stdin, "input_reply", map[string]any{"value": "Gamow"})
		c.next(c.shells)
		if got := stdout(c.published(id)); got != "got Gamow" {
			t.Errorf("%s: %q", command, got)
		}
	}
	// An answer that nobody asked for does not reach the next question.
	c.send(c.stdin, "input_reply", map[string]any{"value": "stale"})
	reply, _ := c.ask("execute_request", map[string]any{"code": "input name:", "allow_stdin": false})
	if reply.str("evalue") != ErrNoInput.Error() {
		t.Errorf("allow_stdin false: %v", reply.body)
	}
	c.send(c.shell, "execute_request", map[string]any{"code": "input name:"})
	c.next(c.stdins)
	c.send(c.control, "interrupt_request", map[string]any{})
	if reply = c.next(c.shells); reply.str("evalue") != ErrInterrupted.Error() {
		t.Errorf("interrupted question: %v", reply.body)
	}
}

func TestCommsAreClosed(t *testing.T) {
	c, _, _ := startScript(t)
	id := c.send(c.shell, "comm_open", map[string]any{"comm_id": "c1", "target_name": "nobody", "data": map[string]any{}})
	pub := c.published(id)
	if len(pub) != 1 || pub[0].kind() != "comm_close" || pub[0].str("comm_id") != "c1" {
		t.Errorf("published %v", pub)
	}
	id = c.send(c.shell, "comm_msg", map[string]any{"comm_id": "c1"})
	if pub := c.published(id); len(pub) != 0 {
		t.Errorf("published %v", pub)
	}
}

func TestForgedAndMalformedMessagesChangeNothing(t *testing.T) {
	c, _, _ := startScript(t)
	good := func() [][]byte {
		frames, err := c.signer.encode(nil, c.id.header("execute_request"), nil, nil, map[string]any{"code": "print forged"})
		if err != nil {
			t.Fatal(err)
		}
		return frames
	}
	resign := func(frames [][]byte) [][]byte {
		frames[1] = c.signer.sign(frames[2:6])
		return frames
	}
	replayed := good()
	c.sendFrames(c.shell, replayed)
	if m := c.next(c.shells); m.str("status") != "ok" {
		t.Fatalf("the original: %v", m.body)
	}
	var bad [][][]byte
	add := func(f func(frames [][]byte) [][]byte) { bad = append(bad, f(good())) }
	bad = append(bad, replayed)
	add(func(f [][]byte) [][]byte { f[5] = []byte(`{"code":"print other"}`); return f })
	add(func(f [][]byte) [][]byte { f[1] = nil; return f })
	add(func(f [][]byte) [][]byte { f[1] = f[1][:62]; return f })
	add(func(f [][]byte) [][]byte { f[1] = append(f[1], '0', '0'); return f })
	add(func(f [][]byte) [][]byte { f[1] = []byte("zz" + string(f[1][2:])); return f })
	add(func(f [][]byte) [][]byte { return f[1:] })                                      // no delimiter
	add(func(f [][]byte) [][]byte { return f[:5] })                                      // no content
	add(func(f [][]byte) [][]byte { f[5] = []byte(`{`); return resign(f) })              // signed, but no JSON
	add(func(f [][]byte) [][]byte { f[5] = []byte(`[1]`); return resign(f) })            // not an object
	add(func(f [][]byte) [][]byte { f[2] = []byte(`{"msg_id":7}`); return resign(f) })   // wrong type
	add(func(f [][]byte) [][]byte { f[2] = []byte(`{"msg_id":"7"}`); return resign(f) }) // no msg_type
	add(func(f [][]byte) [][]byte { return [][]byte{{}} })
	for _, frames := range bad {
		c.sendFrames(c.shell, frames)
		c.sendFrames(c.control, frames)
	}
	// Contents of the wrong type are answered.
	for _, tt := range []struct {
		request string
		content map[string]any
	}{
		{"execute_request", map[string]any{"code": 7}}, {"complete_request", map[string]any{"code": 7}},
		{"inspect_request", map[string]any{"cursor_pos": "x"}}, {"history_request", map[string]any{"n": "x"}},
	} {
		if reply, _ := c.ask(tt.request, tt.content); reply.str("status") != "error" {
			t.Errorf("%s %v: %v", tt.request, tt.content, reply.body)
		}
	}
	// A cursor outside the code is moved into it.
	for _, cursor := range []int{-5, 1000} {
		if reply, _ := c.ask("complete_request", map[string]any{"code": "fm", "cursor_pos": cursor}); reply.str("status") != "ok" {
			t.Errorf("cursor %d: %v", cursor, reply.body)
		}
	}
	reply, published := c.execute("print hello")
	if reply.str("status") != "ok" || stdout(published) != "hello" || reply.body["execution_count"] != 2.0 {
		t.Errorf("after bad messages: %v %q", reply.body, stdout(published))
	}
}

func TestGarbageOnTheSocketsChangesNothing(t *testing.T) {
	c, _, _ := startScript(t)
	greeting := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'N', 'U', 'L', 'L'}, make([]byte, 48)...)
	ready := append([]byte{4, 28}, "\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"...)
	huge := append([]byte{2}, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	endless := bytes.Repeat([]byte{1, 0}, 2*maxFrames)
	for name, data := range map[string][]byte{
		"HTTP":                   []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + strings.Repeat("x", 64)),
		"nothing":                nil,
		"a greeting":             greeting,
		"metadata beyond itself": append(slices.Clone(greeting), "\x04\x08\x05READY\xffx"...),
		"unknown socket type":    append(slices.Clone(greeting), "\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04WHAT"...),
		"a huge frame":           slices.Concat(greeting, ready, huge),
		"a frame without end":    slices.Concat(greeting, ready, endless),
	} {
		for _, port := range []int{c.conn.ShellPort, c.conn.IOPubPort, c.conn.HBPort} {
			network, address := c.conn.address(port)
			conn, err := net.Dial(network, address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() }) // stays open: a silent client must not keep others out
			conn.Write(data)
			if name == "a huge frame" || name == "a frame without end" {
				// The kernel ends the connection by itself.
				conn.SetReadDeadline(time.Now().Add(patience))
				if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: the connection stays open", name)
				}
			}
		}
	}
	other := connect(t, c.conn)
	if reply, _ := other.execute("print hello"); reply.str("status") != "ok" {
		t.Errorf("a new client: %v", reply.body)
	}
}

func TestHeartbeat(t *testing.T) {
	c, _, _ := startScript(t)
	for _, beat := range []string{"ping", "", "pong"} {
		if err := c.heartbeat.Send(zmq4.NewMsgString(beat)); err != nil {
			t.Fatal(err)
		}
		m, err := c.heartbeat.Recv()
		if err != nil || string(m.Bytes()) != beat {
			t.Fatalf("echo %q, %v, want %q", m.Bytes(), err, beat)
		}
	}
}

func TestShutdownTellsEverybodyAndEnds(t *testing.T) {
	c, s, wait := startScript(t)
	other := connect(t, c.conn)
	c.send(c.shell, "execute_request", map[string]any{"code": "loop"})
	m := c.ask2(c.control, c.controls, "shutdown_request", map[string]any{"restart": true})
	if m.kind() != "shutdown_reply" || m.body["restart"] != true {
		t.Errorf("%s %v", m.kind(), m.body)
	}
	for m = other.next(other.iopubs); m.kind() != "shutdown_reply"; m = other.next(other.iopubs) {
	}
	if err := wait(); err != nil {
		t.Error(err)
	}
	if !s.closed.Load() {
		t.Error("the session was not closed")
	}
	network, address := c.conn.address(c.conn.ShellPort)
	if conn, err := net.Dial(network, address); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
}

func TestLateOutputBelongsToItsCell(t *testing.T) {
	c, s, _ := startScript(t)
	id := c.send(c.shell, "execute_request", map[string]any{"code": "print x"})
	c.next(c.shells)
	c.published(id)
	s.last.Stream("stdout", "from a goroutine")
	if m := c.next(c.iopubs); m.kind() != "stream" || m.parent.MsgID != id || m.str("text") != "from a goroutine" {
		t.Errorf("%s %v of %s", m.kind(), m.body, m.parent.MsgID)
	}
}

func TestMuchOutputIsGathered(t *testing.T) {
	c, s, _ := startScript(t)
	c.execute("print x")
	const lines = 20000
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range lines {
			s.last.Stream("stdout", "a line of output\n")
		}
	}()
	n, messages := 0, 0
	for n < lines*len("a line of output\n") {
		n += len(c.next(c.iopubs).str("text"))
		messages++
	}
	<-done
	if messages > lines/20 {
		t.Errorf("%d messages for %d lines", messages, lines)
	}
}

func BenchmarkExecuteRoundTrip(b *testing.B) {
	c, _, _ := startScript(b)
	for b.Loop() {
		c.execute("print x")
	}
}

func BenchmarkCompleteRoundTrip(b *testing.B) {
	c, _, _ := startScript(b)
	for b.Loop() {
		c.ask("complete_request", map[string]any{"code": "fmt.Pr", "cursor_pos": 6})
	}
}

func TestIPCTransport(t *testing.T) {
	dir, err := os.MkdirTemp("", "ipc") // t.TempDir's names are too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	at := connection{Transport: "ipc", IP: filepath.Join(dir, "k"), ShellPort: 1, ControlPort: 2, StdinPort: 3, IOPubPort: 4, HBPort: 5}
	c, wait := startKernelAt(t, at, func(context.Context) (evaluator, error) { return &script{}, nil })
	if _, published := c.execute("print hello"); stdout(published) != "hello" {
		t.Errorf("published %v", published)
	}
	c.send(c.control, "shutdown_request", map[string]any{})
	if err := wait(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(at.IP + "-*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
