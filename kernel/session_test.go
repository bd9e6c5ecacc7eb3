package kernel

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// recorder is a sink that keeps what a cell emits.
type recorder struct {
	mu     sync.Mutex
	out    strings.Builder
	err    strings.Builder
	shown  []DisplayData
	clears int
	answer string
	first  chan struct{} // closed at the first text
	once   sync.Once
}

func newRecorder() *recorder { return &recorder{first: make(chan struct{})} }

func (r *recorder) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == "stdout" {
		r.out.WriteString(text)
	} else {
		r.err.WriteString(text)
	}
	r.once.Do(func() { close(r.first) })
}

func (r *recorder) Display(d DisplayData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, d)
}

func (r *recorder) Clear(bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clears++
}

func (r *recorder) Input(prompt string, password bool) (string, error) {
	if r.answer == "" {
		return "", fmt.Errorf("nobody answers")
	}
	return r.answer, nil
}

// notebook runs cells in a session of a test.
type notebook struct {
	t *testing.T
	s *Session
	n int
}

func (b *notebook) run(code string) (Result, *recorder) {
	b.t.Helper()
	r := newRecorder()
	b.n++
	return b.s.Execute(context.Background(), Request{Code: code, Count: b.n, Sink: r}), r
}

// want runs a cell that must succeed, and compares its stdout and the text of its value, joined by a space.
func (b *notebook) want(code, want string) {
	b.t.Helper()
	res, r := b.run(code)
	if res.Err != nil {
		b.t.Errorf("%s\nfails: %s\n%s", code, res.Err, strings.Join(res.Err.Traceback, "\n"))
		return
	}
	got := r.out.String()
	if res.Value != nil {
		got += fmt.Sprint(res.Value.Data["text/plain"])
	}
	if got != want {
		b.t.Errorf("%s\ngives %q, want %q; stderr %q", code, got, want, r.err.String())
	}
}

// fails runs a cell that must fail, and looks for texts in the error and its traceback.
func (b *notebook) fails(code string, want ...string) Result {
	b.t.Helper()
	res, r := b.run(code)
	if res.Err == nil {
		b.t.Errorf("%s\ndoes not fail; stdout %q", code, r.out.String())
		return res
	}
	text := res.Err.Name + ": " + res.Err.Value + "\n" + strings.Join(res.Err.Traceback, "\n")
	for _, w := range want {
		if !strings.Contains(text, w) {
			b.t.Errorf("%s\nfails without saying %q:\n%s", code, w, text)
		}
	}
	return res
}

var testCache string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kernel-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testCache = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func newNotebook(t *testing.T) *notebook {
	t.Helper()
	s, err := NewSession(context.Background(), Options{Dir: t.TempDir(), Cache: testCache})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &notebook{t: t, s: s}
}

func TestFirst(t *testing.T) {
	b := newNotebook(t)
	b.want("x := 1", "")
	b.want("x + 1", "2")
	b.want("func inc() int { x++; return x }", "")
	b.want("inc()\ninc()", "3")
	b.want("x", "3")
	b.want("import \"fmt\"\nfmt.Println(\"hi\", x)", "hi 3\n")
	b.want("type point struct { a, b int }\nvar p = point{1, 2}", "")
	b.want("p.a + p.b", "3")
	b.want("x := x * 2; x", "6")
}
