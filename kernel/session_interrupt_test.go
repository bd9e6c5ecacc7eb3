package kernel

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// interrupt runs a cell that prints when it is about to wait, interrupts it, and reports how long it took to end.
func (b *notebook) interrupt(code string) (Result, time.Duration) {
	b.t.Helper()
	r := newRecorder()
	b.n++
	done := make(chan Result, 1)
	go func() {
		done <- b.s.Execute(context.Background(), Request{Code: code, Count: b.n, Sink: r})
	}()
	select {
	case <-r.first:
	case res := <-done:
		b.t.Fatalf("%s\nends by itself: %+v", code, res.Err)
	case <-time.After(hangs):
		b.t.Fatalf("%s\ndoes not start", code)
	}
	start := time.Now()
	b.s.Interrupt()
	select {
	case res := <-done:
		return res, time.Since(start)
	case <-time.After(hangs):
		b.t.Fatalf("%s\ncannot be interrupted", code)
	}
	return Result{}, 0
}

func TestInterrupt(t *testing.T) {
	b := newNotebook(t)
	b.want("state := 41", "")
	for _, code := range []string{
		"fmt.Println(1)\nfor {}",
		"for i := 0; ; i++ { state = 42; if i == 0 { fmt.Println(1) } }",
		"spin := func() { for { } }\nfmt.Println(1)\nspin()",
		"never := make(chan int)\nfmt.Println(1)\n<-never",
		"fmt.Println(1)\nv, ok := <-make(chan int); fmt.Println(v, ok)",
		"fmt.Println(1)\nmake(chan int) <- 1",
		"fmt.Println(1)\nfor range make(chan int) { }",
		"fmt.Println(1)\nselect { case <-make(chan int): case make(chan int) <- 1: }",
		"fmt.Println(1)\nselect {}",
		"fmt.Println(1)\nfor { time.Sleep(time.Hour) }",
		"var wg sync.WaitGroup; wg.Add(1)\nfmt.Println(1)\nwg.Wait()",
		"var mu sync.Mutex; mu.Lock()\nfmt.Println(1)\nmu.Lock()",
		"var both struct { sync.RWMutex; n int }; both.Lock()\np := &both\nfmt.Println(1)\np.RLock()",
		"fmt.Println(1)\n<-nb.Context().Done()\nfor {}",
		"fmt.Println(1)\nfunc() { defer func() { recover() }(); for {} }()\nfor {}",
		"fmt.Println(1)\nnb.Input(\"? \")",
	} {
		if testing.Short() && strings.Contains(code, "wg.Wait") {
			break
		}
		if strings.Contains(code, "Input") {
			continue // an unanswered question fails by itself here
		}
		res, _ := b.interrupt(code)
		if res.Err == nil || res.Err.Name != "interrupted" || res.WorkerDied {
			t.Errorf("%s\ninterrupted: %+v", code, res)
		}
	}
	b.s.Interrupt() // between cells: clients do that before a shutdown
	b.want("state", "42")
	// Goroutines of earlier cells go on, deferred functions run.
	b.want("ticks := make(chan int)\ngo func() { for i := 0; ; i++ { ticks <- i } }()", "")
	b.want("<-ticks", "0")
	res, _ := b.interrupt("defer func() { for i := range 3 { state = i } }()\nfmt.Println(1)\nfor {}")
	if res.Err == nil || !strings.Contains(strings.Join(res.Err.Traceback, "\n"), "]:3") {
		t.Errorf("an interrupt does not say where: %+v", res.Err)
	}
	b.want("state", "2")
	b.want("a, c := <-ticks, <-ticks; c - a", "1")
	// a context that is cancelled interrupts too
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if res := b.s.Execute(ctx, Request{Code: "for {}", Count: 1, Sink: newRecorder()}); res.Err == nil || res.Err.Name != "interrupted" {
		t.Errorf("cancelled: %+v", res)
	}
}

func TestWorkerDeath(t *testing.T) {
	b := newNotebook(t)
	b.want("kept := 1", "")
	died := func(code string, want ...string) {
		t.Helper()
		res := b.fails(code, want...)
		if !res.WorkerDied {
			t.Errorf("%s\nthe worker lives: %+v", code, res.Err)
		}
		b.fails("kept", "undefined: kept")
		b.want("kept := 2; kept + 1", "3")
	}
	died("syscall.Kill(os.Getpid(), syscall.SIGKILL)\ntime.Sleep(time.Second)", "killed", "lost")
	if !testing.Short() {
		died("import \"regexp\"\nm := map[int]int{}\ngo regexp.MustCompile(\"a\").ReplaceAllStringFunc(\"a\", func(string) string { return \"\" })\nfunc() { defer runtime.LockOSThread(); for i := 0; i < 8; i++ { go func() { for { m[1]++ } }() } }()\nfor { m[2]++ }", "concurrent map")
		died("func down(n int) int { return down(n+1) + 1 }\ndebug.SetMaxStack(1<<20)\ndown(0)", "stack overflow", "]:1\x1b[0m in down", "more calls", "]:3")
	}
	// The report of the runtime gives way to the lines of cells; a cell may print what looks like one.
	res, r := b.run("time.AfterFunc(1, func() { panic(\"timer\") })\ntime.Sleep(time.Minute)")
	if text := strings.Join(res.Err.Traceback, "\n"); !strings.Contains(text, "panic: timer") || !strings.Contains(text, "]:1") || r.err.Len() > 0 {
		t.Errorf("a panic in a timer: %s\nstderr %q", text, r.err.String())
	}
	if _, r := b.run("println(\"panic: no crash\")"); r.err.String() != "panic: no crash\n" {
		t.Errorf("what looks like a crash: stderr %q", r.err.String())
	}
	// The worker dies while no cell runs.
	b.want("kept := 3", "")
	b.s.proc.kill()
	<-b.s.proc.exited
	res, r = b.run("1 + 1")
	if res.Err != nil || !strings.Contains(r.err.String(), "lost") {
		t.Errorf("after a death between cells: %+v, stderr %q", res.Err, r.err.String())
	}
	// Restart forgets names and keeps imports.
	b.want("import str \"strings\"\nkept := 3", "")
	if err := b.s.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.fails("kept", "undefined: kept")
	b.want("str.ToUpper(\"a\")", "A")
}

func TestOutput(t *testing.T) {
	b := newNotebook(t)
	// text streams while the cell runs
	r := newRecorder()
	r.answer = "me"
	done := make(chan Result, 1)
	go func() {
		done <- b.s.Execute(context.Background(), Request{Code: "fmt.Println(\"early\")\nnb.Input(\"name? \")", Count: 1, Sink: r})
	}()
	select {
	case <-r.first:
	case <-time.After(hangs):
		t.Fatal("no output")
	}
	if res := <-done; res.Err != nil || res.Value == nil || res.Value.Data["text/plain"] != "me" {
		t.Errorf("input: %+v", res)
	}
	b.want("println(\"to stderr\")", "")
	_, r = b.run("fmt.Fprintln(os.Stderr, \"e\"); os.Stdout.WriteString(\"o\\u00e9\"); exec.Command(\"echo\", \"child\").Run()")
	if r.err.String() != "e\n" || r.out.String() != "o\u00e9" {
		t.Errorf("streams: %q, %q", r.out.String(), r.err.String())
	}
	// display keeps its place among the text
	res, r := b.run("h := Display(display.HTML(\"<b>x</b>\"))\nh.Update(display.Markdown(\"*y*\"))\nClearOutput()\nimage.NewRGBA(image.Rect(0, 0, 2, 2))")
	if res.Err != nil {
		t.Fatalf("display: %v", res.Err)
	}
	if len(r.shown) != 2 || r.shown[0].Data["text/html"] != "<b>x</b>" || !r.shown[1].Update || r.shown[0].ID != r.shown[1].ID || r.clears != 1 {
		t.Errorf("displayed %+v, cleared %d times", r.shown, r.clears)
	}
	if s, _ := res.Value.Data["image/png"].(string); !strings.HasPrefix(s, "iVBOR") {
		t.Errorf("image: %v", res.Value.Data)
	}
	// what a goroutine that outlives its cell puts out belongs to the cell that started it
	_, started := b.run("go func() { time.Sleep(20 * time.Millisecond); fmt.Println(\"later\"); log.Print(\"logged\"); nb.Display(1) }()")
	_, r = b.run("fmt.Println(\"mine\")\ntime.Sleep(100 * time.Millisecond)")
	if r.out.String() != "mine\n" || started.out.String() != "later\n" || !strings.HasSuffix(started.err.String(), "logged\n") || len(started.shown) != 1 {
		t.Errorf("of a goroutine: %q, %q and %d values; with the cell after it: %q", started.out.String(), started.err.String(),
			len(started.shown), r.out.String())
	}
	// what nobody can know the origin of says so, once
	_, r = b.run("go func() { time.Sleep(300 * time.Millisecond); fmt.Println(\"known\"); os.Stdout.WriteString(\"raw\\n\"); println(\"raw\") }()")
	for end := time.Now().Add(hangs); strings.Count(r.text(), "raw") < 2 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if text := r.text(); strings.Count(text, unowned) != 1 || strings.Count(text, "raw\n") != 2 || !strings.HasPrefix(text, "known\n") {
		t.Errorf("of an unknown goroutine: %q", text)
	}
	// much output is cut in the middle
	if !testing.Short() {
		_, r = b.run("for range 12 << 10 { fmt.Println(strings.Repeat(\"x\", 1023)) }\nfmt.Println(\"end\")")
		if n := r.out.Len(); n < maxOutput/2 || n > maxOutput/2+maxOutput/10+(1<<17) || !strings.HasSuffix(r.out.String(), "end\n") ||
			!strings.Contains(r.err.String(), "not shown") {
			t.Errorf("cut output: %d bytes, stderr %q", n, r.err.String())
		}
	}
}

func TestCommands(t *testing.T) {
	b := newNotebook(t)
	b.want("$ echo hi\nfmt.Println(\"go\")", "hi\ngo\n")
	b.want("%env NB_TEST=v w\nos.Getenv(\"NB_TEST\")", "v w")
	b.want("%env NB_TEST", "v w\n")
	b.want("$ echo $NB_TEST", "v w\n")
	dir := t.TempDir()
	b.want("%cd "+dir+"\nwd, _ := os.Getwd(); wd == os.Getenv(\"PWD\") || wd != \"\"", dir+"\ntrue")
	b.want("$ pwd", dir+"\n")
	b.want("%who", "wd   var   string\n")
	b.fails("%tme", "did you mean %time?")
	b.fails("%time", "put it behind the command")
	b.fails("\n%bench 1 +", "]:2:4: ", "expected operand, found the end of the cell")
	b.fails("!ls -l", "a shell command begins with $, as in $ ls -l")
	b.fails("%cd /no/such", "no such file")
	b.fails("$ exit 3", "exit status 3")
	if res, d := b.interrupt("$ echo 1; sleep 60; echo 2"); res.Err == nil || res.Err.Name != "interrupted" || d > hangs {
		t.Errorf("a shell command is interrupted: %+v", res)
	}
	if _, r := b.run("%time 1 + 1"); !strings.Contains(r.out.String(), "ran in") {
		t.Errorf("%%time: %q", r.out.String())
	}
	if _, r := b.run("%help"); !strings.Contains(r.out.String(), "%who") {
		t.Errorf("%%help: %q", r.out.String())
	}
	b.fails("\n%env A=b\n\nundefinedName", "In[", ":4:1")
	// files of cells
	b.want("type saved struct{ n int }\nfunc (s saved) twice() int { return 2 * s.n }", "")
	b.want("sv := saved{4}", "")
	b.want("sv := saved{5}; sv.twice()", "10")
	if _, r := b.run("%save cells.go"); !strings.Contains(r.out.String(), "cells.go") {
		t.Errorf("%%save: %q", r.out.String())
	}
	if err := os.WriteFile(dir+"/plain.go", []byte("package main\n\nimport \"fmt\"\n\nfunc hello() { fmt.Println(\"hello\") }\n\nfunc main() { hello() }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.want("%load plain.go\nhello()", "hello\nhello\n")
	b.fails("%load nothing.go", "no such file")
	if _, r := b.run("%bench sv.twice()"); !strings.Contains(r.out.String(), "runs: ") || !strings.Contains(r.out.String(), "0 allocations") {
		t.Errorf("%%bench: %q", r.out.String())
	}
	b.want("%output-limit 1", "Of more than 1 MB of text the middle is cut out.\n")
	if _, r := b.run("for range 3 << 10 { fmt.Println(strings.Repeat(\"x\", 1023)) }"); r.out.Len() > 800<<10 || !strings.Contains(r.err.String(), "not shown") {
		t.Errorf("cut output: %d bytes, stderr %q", r.out.Len(), r.err.String())
	}
	b.fails("%output-limit -1", "megabytes")
	b.fails("%get -save example.org/nothing@v1.0.0", "no go.mod of yours")
	b.want("%restart", "A new process runs the cells; all names are forgotten.\n")
	b.fails("wd", "undefined: wd")
	if res, _ := b.run("%load cells.go"); res.Err != nil {
		t.Errorf("%%load: %v", res.Err)
	}
	b.want("sv.twice()", "10")
}

func TestUserModule(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles packages")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(dir+"/"+name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.org/mine\n\ngo 1.21\n\nreplace example.org/other => ./other\n")
	write("other/go.mod", "module example.org/other\n\ngo 1.21\n")
	write("other/other.go", "package other\n\nconst Answer = 42\n")
	write("go.work", "go 1.21\n\nuse (\n\t.\n\t./beside\n)\n")
	write("beside/go.mod", "module example.org/beside\n\ngo 1.21\n")
	write("beside/beside.go", "package beside\n\nconst Name = \"beside\"\n")
	write("util/util.go", "package util\n\n// Twice doubles.\nfunc Twice(x int) int { return 2 * x }\n")
	s, err := NewSession(context.Background(), Options{Dir: dir, Cache: testCache})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := &notebook{t: t, s: s}
	b.want("import \"example.org/mine/util\"\nutil.Twice(21)", "42")
	write("util/util.go", "package util\n\nfunc Twice(x int) int { return 3 * x }\n\nfunc New() int { return 1 }\n")
	b.want("util.Twice(21)", "42")
	b.want("%restart\nutil.Twice(21)", "A new process runs the cells; all names are forgotten.\n63")
	b.want("import \"example.org/beside\"\nbeside.Name", "beside")
	b.run("%get example.org/other@v1.0.0")
	if text, err := os.ReadFile(dir + "/go.mod"); err != nil || strings.Contains(string(text), "require") {
		t.Errorf("the user's go.mod was changed: %s", text)
	}
	b.run("%get -save example.org/other@v1.0.0")
	if text, err := os.ReadFile(dir + "/go.mod"); err != nil || !strings.Contains(string(text), "require example.org/other v1.0.0") {
		t.Errorf("the user's go.mod lacks what %%get -save added: %s", text)
	}
	b.want("import \"example.org/other\"\nother.Answer", "42")
}

func TestFigure(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles gonum/plot")
	}
	s, err := NewSession(context.Background(), Options{Dir: t.TempDir(), Cache: testCache, SourceTree: sourceTree()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := &notebook{t: t, s: s}
	res, _ := b.run("import (\n\"gonum.org/v1/plot\"\n\"gonum.org/v1/plot/plotter\"\n)\np := plot.New()\nl, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 2}})\np.Add(l)\np")
	if res.Err != nil {
		t.Fatal(strings.Join(res.Err.Traceback, "\n"))
	}
	svg, _ := res.Value.Data["image/svg+xml"].(string)
	png, _ := res.Value.Data["image/png"].(string)
	if !strings.Contains(svg, "<path") || !strings.HasPrefix(png, "iVBOR") {
		t.Errorf("a figure is shown as %v", res.Value.Data)
	}
	// the package's state and its types are the same in the next cell
	b.want("p.Title.Text = \"x\"\nvar q *plot.Plot = p\nq.Title.Text", "x")
	b.want("import \"gonum.org/v1/gonum/mat\"\nm := mat.NewDense(2, 2, []float64{2, 0, 0, 4})\nvar inv mat.Dense\nerr = inv.Inverse(m)\ninv.At(1, 1)", "0.25")
}

// What is deferred to the end may wait for goroutines of earlier cells, which print until then.
func TestEndWaitsForGoroutines(t *testing.T) {
	b := newNotebook(t)
	b.want("var wg sync.WaitGroup\ngate := make(chan bool)", "")
	b.want("wg.Go(func() { <-gate; for i := range 3 { fmt.Println(i) } })", "")
	b.want("defer func() { close(gate); wg.Wait() }()", "")
	b.want("%restart", "0\n1\n2\n"+restarted)
}
