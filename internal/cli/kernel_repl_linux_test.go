package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nuclab/internal/testenv"
)

// TestREPLProcess is the program that TestREPL runs in a terminal.
func TestREPLProcess(t *testing.T) {
	if os.Getenv("NUCLAB_TEST_REPL") == "" {
		t.Skip("is run by TestREPL")
	}
	os.Exit(Main(context.Background(), []string{"kernel", "repl"}, os.Stdout, os.Stderr, nil, ""))
}

// screen is what a program printed to a terminal.
type screen struct {
	t        *testing.T
	terminal *os.File

	mu   sync.Mutex
	text bytes.Buffer
	seen int // bytes that expect has passed
}

func (s *screen) follow() {
	buf := make([]byte, 4096)
	for {
		n, err := s.terminal.Read(buf)
		s.mu.Lock()
		s.text.Write(buf[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// expect waits for a text behind what was expected before.
func (s *screen) expect(want string) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		rest := s.text.String()[s.seen:]
		i := strings.Index(rest, want)
		if i >= 0 {
			s.seen += i + len(want)
		}
		s.mu.Unlock()
		if i >= 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the terminal does not show %q but %q", want, rest)
		}
	}
}

func (s *screen) keys(text string) {
	s.t.Helper()
	if _, err := s.terminal.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// openTerminal returns the two ends of a pseudo-terminal.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		testenv.Require(t, "terminal", "mount devpts for pseudo-terminals: "+err.Error())
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func TestREPL(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a worker")
	}
	cache := t.TempDir()
	program := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestREPLProcess$")
		c.Env = append(os.Environ(), "NUCLAB_TEST_REPL=1", "NUCLAB_CACHE="+cache, "TERM=xterm")
		c.Dir = cache
		return c
	}

	// A pipe: values alone, and the first failure ends it.
	for _, tt := range []struct {
		in, out, err string
		status       int
	}{
		{"x := 6\nfunc f(n int) int {\n\treturn n * x\n}\nf(7)\nfmt.Println(\"hi\")", "42\nhi\n", "", 0},
		{"1 + 1\nundefined1\n3", "2\n", "In[2]:1:1: undefined: undefined1", 1},
		{"nb.Must(nb.Input(\"? \"))\n", "", "does not take input", 1},
		{"func f() {", "", "In[1]:1", 1},
	} {
		c := program()
		c.Stdin = strings.NewReader(tt.in)
		var stdout, stderr strings.Builder
		c.Stdout, c.Stderr = &stdout, &stderr
		c.Run()
		if stdout.String() != tt.out || !strings.Contains(stderr.String(), tt.err) || c.ProcessState.ExitCode() != tt.status {
			t.Errorf("%q: status %d, stdout %q, stderr %q", tt.in, c.ProcessState.ExitCode(), stdout.String(), stderr.String())
		}
		if strings.Contains(stderr.String(), "\x1b[") {
			t.Errorf("%q: colours in a pipe: %q", tt.in, stderr.String())
		}
	}

	master, slave := openTerminal(t)
	c := program()
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() { c.Process.Kill() })
	s := &screen{t: t, terminal: master}
	go s.follow()

	s.expect("In[1]: ")
	s.keys("x := 41\r")
	s.expect("In[2]: ")
	s.keys("strings.ToUpp\t")
	s.expect("strings.ToUpper")
	s.keys("(\"done\")\r")
	s.expect("Out[2]: DONE")
	// Input that is not complete goes on, indented.
	s.expect("In[3]: ")
	s.keys("func f() int {\r")
	s.expect("... \t")
	s.keys("return x + 1\r")
	s.expect("... ")
	s.keys("\x7f}\r")
	s.expect("In[4]: ")
	s.keys("f()\r")
	s.expect("Out[4]: 42")
	// Ctrl-C interrupts what runs, and drops what is typed.
	s.expect("In[5]: ")
	s.keys("fmt.Print(\"at \", \"work\"); for {}\r")
	s.expect("at work")
	s.keys("\x03")
	s.expect("\n\x1b[31minterrupted")
	s.expect("In[6]: ")
	s.keys("nonsense\x03")
	s.expect("In[6]: ")
	// The arrow recalls earlier lines; what they define is still there.
	s.keys("\x1b[A\x1b[A")
	s.expect("f()")
	s.keys("\r")
	s.expect("Out[6]: 42")
	s.expect("In[7]: ")
	s.keys("strings.ToUpper?\r")
	s.expect("func ToUpper(s string) string")
	s.expect("In[7]: ")
	s.keys("nb.Input(\"name? \")\r")
	s.expect("name? ")
	s.keys("me\r")
	s.expect("Out[7]: me")
	s.expect("In[8]: ")
	s.keys("\x04")
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Ctrl-D: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Ctrl-D does not end it")
	}
	info, err := os.Stat(cache + "/repl_history")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("history: %v, %v", info, err)
	}
}
