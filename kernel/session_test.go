package kernel

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
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

// text is all that was printed so far, stdout first.
func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String() + r.err.String()
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

// hangs is how long a cell of these tests never takes, even where its packages are compiled for the first time.
const hangs = 2 * time.Minute

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
	// A cell that hangs shows where its worker waits.
	watch := time.AfterFunc(hangs, func() {
		if p := b.s.proc; p != nil {
			p.cmd.Process.Signal(syscall.SIGQUIT)
			<-p.exited
			b.t.Logf("%s\nhangs:\n%s", code, r.err.String())
		}
	})
	defer watch.Stop()
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
	if res := b.s.Execute(context.Background(), Request{Code: "fmt.Println(1); x", Count: 9}); res.Err != nil || res.Value.Data["text/plain"] != "6" {
		t.Errorf("without a sink: %+v", res)
	}
}

func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles about seventy cells")
	}
	b := newNotebook(t)
	// variables, redefinition, several results
	b.want("x := 1", "")
	b.want("x := \"a\"\nx + \"b\"", "ab")
	b.want("a, err := strconv.Atoi(\"12\")", "")
	b.want("a", "12")
	b.want("err", "<nil>")
	b.want("strconv.Atoi(\"13\")", "13")
	b.want("strconv.Atoi(\"y\")", `0 strconv.Atoi: parsing "y": invalid syntax`)
	b.want("c, err := 1, error(nil); d, err := 2, errors.New(\"e\"); fmt.Println(c, d, err)", "1 2 e\n")
	// types, methods, embedded, unexported across cells
	b.want("type shape interface { area() float64 }\ntype square struct{ side float64 }\nfunc (s square) area() float64 { return s.side * s.side }", "")
	b.want("var s shape = square{3}\ns.area()", "9")
	b.want("type named struct { square; name string }\nn := named{square{2}, \"n\"}\nn.area() + n.side", "6")
	b.want("fmt.Printf(\"%v %+v %T\", n, n, n)", "{{2} n} {square:{side:2} name:n} main.named")
	b.want("type pub struct { A int; b int `json:\"b\"`; C, d string }\nj, _ := json.Marshal(pub{1, 2, \"x\", \"y\"})\nstring(j)", `{"A":1,"C":"x"}`)
	b.want("func (s square) double() square { return square{2 * s.side} }", "")
	b.want("square{1}.double().area()", "4")
	// the same cell again is the same type
	b.want("type twice struct { n int }", "")
	b.want("tw := twice{1}", "")
	b.want("type twice struct { n int }", "")
	b.want("tw = twice{2}; tw", "{n:2}")
	if _, r := b.run("type twice struct { n, m int }"); !strings.Contains(r.err.String(), "twice is declared anew") || !strings.Contains(r.err.String(), "tw") {
		t.Errorf("a type is declared anew silently: %q", r.err.String())
	}
	// generics, closures, function values
	b.want("func Map[T, U any](s []T, f func(T) U) (r []U) { for _, v := range s { r = append(r, f(v)) }; return }", "")
	b.want("Map([]int{1,2,3}, func(i int) string { return fmt.Sprint(i * i) })", "[1 4 9]")
	b.want("type list[T any] struct { items []T }\nfunc (l *list[T]) push(v T) { l.items = append(l.items, v) }", "")
	b.want("var l list[int]\nl.push(3); l.push(4)\nl.items", "[3 4]")
	b.want("counter := func() func() int { n := 0; return func() int { n++; return n } }()", "")
	b.want("counter(); counter()", "2")
	b.want("counter()", "3")
	b.want("for i := range 3 { fmt.Print(i, \" \") }", "0 1 2 ")
	b.want("const ( ka = iota; kb; kc )\nkc", "2")
	b.want("m := map[string]int{\"a\": 1}\nv, ok := m[\"b\"]\nfmt.Println(v, ok, m[\"a\"])", "0 false 1\n")
	b.want("m[\"a\"]", "1")
	b.want("nil", "<nil>")
	b.want("struct{X, Y int}{1, 2}", "{X:1 Y:2}")
	b.want("errors.New(\"boom\")", "boom")
	b.want("x;", "")
	b.want("json.NewEncoder(os.Stdout).Encode(1)", "1\n")
	b.want("os.Remove(\"/nonexistent/x\")", "remove /nonexistent/x: no such file or directory")
	b.want("func(int) error { return nil }", "func(int) error")
	// channels, goroutines, select
	b.want("ch := make(chan int, 3)\ngo func() { for i := range 3 { ch <- i }; close(ch) }()\nsum := 0\nfor v := range ch { sum += v }\nsum", "3")
	b.want("var wg sync.WaitGroup\nvar mu sync.Mutex\ntotal := 0\nadd := func(n int) { defer wg.Done(); mu.Lock(); total += n; mu.Unlock() }\nfor i := range 4 { wg.Add(1); go add(i) }\nwg.Wait()\ntotal", "6")
	b.want("done := make(chan bool)\ngo func() { time.Sleep(time.Millisecond); done <- true }()\nselect {\ncase v := <-done:\n\tfmt.Println(v)\ncase <-time.After(time.Second):\n\tfmt.Println(\"late\")\n}", "true\n")
	b.want("cc := make(chan string, 1); cc <- \"q\"; w, okk := <-cc; fmt.Println(w, okk)", "q true\n")
	// pasted program
	b.want("package main\n\nimport \"fmt\"\n\nvar a1 = b1 + 1\nvar b1 = f1()\n\nfunc f1() int { return 4 }\n\nfunc main() {\n\tfmt.Println(`package main`, a1)\n}", "package main 5\n")
	b.want("defer fmt.Println(\"last\")\nfmt.Println(\"first\")\nif true { return }\nfmt.Println(\"never\")", "first\nlast\n")
	b.want("goto end\nend:\nfmt.Println(\"e\")", "e\n")
	b.want("x := 5\nif x := x + 1; x > 5 { fmt.Println(x) }\nx", "6\n5")
	b.want("x := x + 1; x", "6")
	b.want("fmt.Println(x); x := 7; fmt.Println(x)", "6\n7\n")
	// errors
	b.fails("y := x +\nundefinedName", "compile error", "In[", ":2:1: undefined: undefinedName", "undefinedName")
	b.fails("zz := zz + 1", "undefined: zz")
	b.want("x", "7")
	b.fails("[]int{1}[x]", "index out of range [7] with length 1", "In[")
	b.fails("func boom(i int) int {\n\treturn []int{1}[i]\n}\nboom(3)", "In[", "]:2", "in boom", "]:4")
	b.fails("panic(\"p\")", "panic: p")
	b.fails("var np *square\nnp.side", "nil pointer")
	b.fails("os.Exit(3)", "exit status 3")
	b.fails("log.Fatal(\"bye\")", "exit status 1")
	b.fails("go func() { panic(\"in goroutine\") }()\ntime.Sleep(time.Second)", "in goroutine")
	b.fails("nb.Must(os.Open(\"/nonexistent\"))", "no such file")
	b.fails("x = \"s\"", "cannot use")
	b.fails("}", "unexpected }")
	b.fails("import \"no/such/package\"", "no/such/package")
	b.want("x", "7")
}

// TestSurroundings: the shell works where the cells do, and what a cell closes is open for the next.
func TestSurroundings(t *testing.T) {
	b := newNotebook(t)
	dir := t.TempDir()
	b.want(fmt.Sprintf("os.Chdir(%q); os.Setenv(\"KERNEL_TEST\", \"set\")", dir), "")
	b.want("$ pwd; echo $KERNEL_TEST", dir+"\nset\n")
	b.want("%env KERNEL_TEST=again\n$ echo $KERNEL_TEST", "again\n")
	b.want("os.Getenv(\"KERNEL_TEST\")", "again")
	b.want("os.Unsetenv(\"KERNEL_TEST\"); os.Chdir(\"/\")", "")
	b.want("$ pwd; echo $KERNEL_TEST.", "/\n.\n")
	b.want("%cd\nsyscall.Close(1); fmt.Println(\"lost\")", b.s.o.Dir+"\n")
	b.want("fmt.Println(\"found\"); os.Stdout.Close()", "found\n")
	b.want("fmt.Println(\"again\")", "again\n")
	b.want("r, w, err := os.Pipe(); os.Stdout = w; fmt.Println(\"kept\")", "")
	b.want("fmt.Println(\"kept too\"); w.Close(); text, err := io.ReadAll(r)", "")
	b.want("fmt.Print(string(text))", "kept\nkept too\n")
	b.want("syscall.Close(2)", "")
	if _, r := b.run("println(\"to stderr\")"); r.err.String() != "to stderr\n" {
		t.Errorf("stderr %q", r.err.String())
	}
	gone := t.TempDir()
	b.want(fmt.Sprintf("os.Chdir(%q); os.Remove(%q)", gone, gone), "")
	b.want("%restart\n1 + 1", "A new process runs the cells; all names are forgotten.\n2")
}
