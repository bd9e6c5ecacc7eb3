package kernel

import (
	"context"
	"strings"
	"testing"
	"time"
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
