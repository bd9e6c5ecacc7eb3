package kernel

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-zeromq/zmq4"
)

// startReal serves a kernel with a real session.
func startReal(t *testing.T) (*client, func() error) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs cells")
	}
	dir := t.TempDir()
	return startKernel(t, func(ctx context.Context) (evaluator, error) {
		s, err := NewSession(ctx, Options{Dir: dir, Cache: testCache})
		return s, err
	})
}

// TestRealCellsOverTheWire drives a kernel with real Go cells through a client's usual day.
func TestRealCellsOverTheWire(t *testing.T) {
	c, wait := startReal(t)
	ok := func(code, wantStdout, wantValue string) {
		t.Helper()
		reply, published := c.execute(code)
		value := ""
		for _, m := range published {
			if m.kind() == "execute_result" {
				value, _ = m.body["data"].(map[string]any)["text/plain"].(string)
			}
		}
		if reply.str("status") != "ok" || stdout(published) != wantStdout || value != wantValue {
			t.Errorf("%s\n%v, stdout %q, value %q; want %q and %q", code, reply.body, stdout(published), value, wantStdout, wantValue)
		}
	}
	// fails runs a cell that must fail with exactly one error output that says so.
	fails := func(code, want string) {
		t.Helper()
		reply, published := c.execute(code)
		var errs []received
		for _, m := range published {
			if m.kind() == "error" {
				errs = append(errs, m)
			}
		}
		if reply.str("status") != "error" || len(errs) != 1 || errs[0].str("evalue") != reply.str("evalue") ||
			!strings.Contains(reply.str("ename")+": "+reply.str("evalue"), want) {
			t.Errorf("%s\n%v and %d error outputs, want one with %q", code, reply.body, len(errs), want)
		}
	}
	ok("import \"fmt\"\nx := 40", "", "")
	ok("x += 2; fmt.Println(\"x is\", x)\nx", "x is 42\n", "42")
	fails("x = undefinedName", "undefinedName")
	fails("var p *int\n*p = 1", "nil pointer")
	ok("x", "", "42")

	// A loop is interrupted and the state is kept.
	id := c.send(c.shell, "execute_request", map[string]any{"code": "fmt.Print(\"looping\")\nfor { x++ }"})
	c.ask2(c.control, c.controls, "interrupt_request", nil)
	if m := c.next(c.shells); m.parent.MsgID != id || m.str("status") != "error" {
		t.Errorf("interrupted loop: %v", m.body)
	}
	c.drain()
	ok("x > 42", "", "true")

	// Input reaches the cell.
	id = c.send(c.shell, "execute_request", map[string]any{"code": "import \"nuclab/kernel/nb\"\nname, err := nb.Input(\"name: \")\nfmt.Println(name, err)"})
	if m := c.next(c.stdins); m.str("prompt") != "name: " {
		t.Errorf("%v", m.body)
	}
	c.send(c.stdin, "input_reply", map[string]any{"value": "Chandra"})
	c.next(c.shells)
	if got := stdout(c.published(id)); got != "Chandra <nil>\n" {
		t.Errorf("after input: %q", got)
	}

	// A cell that ends the worker fails; the kernel lives on.
	reply, _ := c.execute("import \"syscall\"\nsyscall.Kill(syscall.Getpid(), syscall.SIGKILL)")
	if reply.str("status") != "error" {
		t.Errorf("killed worker: %v", reply.body)
	}
	ok("import \"fmt\"\nfmt.Println(\"alive\")", "alive\n", "")

	// Shutdown during a loop ends everything.
	c.send(c.shell, "execute_request", map[string]any{"code": "fmt.Print(\"looping\")\nfor {}"})
	if m := c.ask2(c.control, c.controls, "shutdown_request", map[string]any{"restart": false}); m.kind() != "shutdown_reply" {
		t.Errorf("%s", m.kind())
	}
	began := time.Now()
	if err := wait(); err != nil {
		t.Error(err)
	}
	t.Logf("ended after %v", time.Since(began))
}

// drain reads what is published up to the next idle.
func (c *client) drain() {
	c.t.Helper()
	for c.next(c.iopubs).str("execution_state") != "idle" {
	}
}

// TestHeartbeatDuringMuchOutput beats while a cell puts out 50 MB, of which a client gets the first 5 and the last 1.
func TestHeartbeatDuringMuchOutput(t *testing.T) {
	c, _ := startReal(t)
	if reply, _ := c.execute("import (\n\"fmt\"\n\"strings\"\n)\nline := strings.Repeat(\"x\", 1023)"); reply.str("status") != "ok" {
		t.Fatalf("%v", reply.body)
	}
	c.send(c.shell, "execute_request", map[string]any{"code": "for range 50 << 10 { fmt.Println(line) }\nfmt.Print(\"end\")"})
	beats := 0
	for done := false; !done; beats++ {
		beat := fmt.Sprint("beat ", beats)
		if err := c.heartbeat.Send(zmq4.NewMsgString(beat)); err != nil {
			t.Fatal(err)
		}
		if m, err := c.heartbeat.Recv(); err != nil || string(m.Bytes()) != beat {
			t.Fatalf("echo %q, %v, want %q", m.Bytes(), err, beat)
		}
		select {
		case m := <-c.shells:
			if m.str("status") != "ok" {
				t.Errorf("reply %v", m.body)
			}
			done = true
		case <-time.After(time.Millisecond):
		}
	}
	if beats < 2 {
		t.Errorf("%d beats while the cell ran", beats)
	}
	var out, errs strings.Builder
	for m := c.next(c.iopubs); m.str("execution_state") != "idle"; m = c.next(c.iopubs) {
		if m.str("name") == "stderr" {
			errs.WriteString(m.str("text"))
		} else {
			out.WriteString(m.str("text"))
		}
	}
	if n := out.Len(); n < 5<<20 || n > 7<<20 || !strings.HasSuffix(out.String(), "end") || !strings.Contains(errs.String(), "not shown") {
		t.Errorf("%d bytes of stdout; stderr %q", n, errs.String())
	}
}

// TestErrorsAreText has errors quote HTML and terminal commands from the cell and from a value: they stay text.
func TestErrorsAreText(t *testing.T) {
	c, _ := startReal(t)
	const evil = "<script>alert(1)</script>\x1b]52;c;ZXZpbA==\a\u009b2J"
	for _, code := range []string{
		"undefinedName /* " + evil + " */",
		"/* " + evil + " */ panic(\"no\")",
		"panic(" + strconv.QuoteToASCII(evil) + ")",
	} {
		reply, published := c.execute(code)
		if reply.str("status") != "error" || len(published) != 1 || published[0].kind() != "error" {
			t.Errorf("%q: %v, published %v", code, reply.body, published)
			continue
		}
		text := published[0].str("ename") + published[0].str("evalue")
		for _, line := range published[0].body["traceback"].([]any) {
			text += line.(string)
		}
		if !strings.Contains(text, `<script>alert(1)</script>\x1b]52;c;ZXZpbA==\x07\x9b2J`) {
			t.Errorf("%q: %q does not show what the cell says", code, text)
		}
		rest := colour.ReplaceAllString(text, "")
		if i := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
			t.Errorf("%q: a control character in %q", code, rest[i:])
		}
	}
}
