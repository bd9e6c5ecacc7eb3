//go:build linux

package kernel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nuclab/internal/testenv"
	"nuclab/kernel/build"
)

// plugins lists the plugins of cells in a cache.
func plugins(t *testing.T, cache string) map[string]int64 {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(cache, "build", "cells", "*", "cell.so"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]int64)
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			all[f] = info.Size()
		}
	}
	return all
}

// The plugin of a cell holds the cell, not the packages that the worker has, nor the large ones that a library holds.
func TestPluginSize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a library")
	}
	cache := t.TempDir()
	o := Options{Dir: t.TempDir(), Cache: cache}
	if err := Warm(context.Background(), o, []string{"net/http"}, nil); err != nil {
		t.Fatal(err)
	}
	// After that cells find all that they need besides themselves.
	stubs := func() int {
		workers, _ := filepath.Glob(filepath.Join(cache, "build", "*", "stubs", "*"))
		libraries, _ := filepath.Glob(filepath.Join(cache, "build", "libraries", "*", "stubs", "*"))
		return len(workers) + len(libraries)
	}
	warm := stubs()
	s, err := NewSession(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := &notebook{t: t, s: s}
	b.want("x := 1", "")
	b.want("fmt.Println(x)", "1\n")
	b.want("http.StatusText(404)", "Not Found")
	if n := stubs() - warm; n != 0 {
		t.Errorf("the first cells make %d stubs", n)
	}
	b.want("http.DefaultClient.Timeout = time.Second; r, err := http.NewRequest(\"GET\", \"http://localhost\", nil); r.Method", "GET")
	for file, size := range plugins(t, cache) {
		if size > 300<<10 {
			t.Errorf("%s has %d bytes", file, size)
		}
	}
	if n, err := filepath.Glob(filepath.Join(cache, "build", "libraries", "*", "cell.so")); len(n) != 1 {
		t.Errorf("libraries %v, %v; want one, of net/http", n, err)
	}
}

// What the kernel leaves on disk is its user's alone.
func TestPrivateFiles(t *testing.T) {
	b := newNotebook(t)
	b.want("private := 1", "")
	filepath.WalkDir(testCache, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == testCache {
			return nil
		}
		info, err := d.Info()
		dir, dirErr := os.Stat(filepath.Dir(path))
		if err == nil && dirErr == nil && info.Mode().Perm()&0o077 != 0 && dir.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %s: %v in a directory with %v", path, info.Mode(), dir.Mode())
		}
		return nil
	})
}

// Two kernels that build the same cells at once, over one empty cache, do not get in each other's way.
func TestTwoKernels(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a worker twice")
	}
	cache := t.TempDir()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			s, err := NewSession(context.Background(), Options{Dir: cache, Cache: cache})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			b := &notebook{t: t, s: s}
			b.want("x := 1", "")
			for i := range 6 {
				b.want(fmt.Sprintf("x += %d; x", i), fmt.Sprint(1+i*(i+1)/2))
			}
			if err := s.module.Prune(); err != nil {
				t.Error(err)
			}
			b.want("strings.Repeat(\"a\", x)", strings.Repeat("a", 16))
		})
	}
	wg.Wait()
}

// A cache that disappears under a running kernel is built again; variables and functions are still there.
func TestRemovedCache(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a worker twice")
	}
	cache := t.TempDir()
	s, err := NewSession(context.Background(), Options{Dir: t.TempDir(), Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := &notebook{t: t, s: s}
	b.want("type point struct{ a, b int }\nfunc twice(p point) point { return point{2 * p.a, 2 * p.b} }", "")
	b.want("p := point{1, 2}", "")
	if _, err := build.Clean(cache); err != nil {
		t.Fatal(err)
	}
	b.want("p = twice(p); p.a", "2")
	b.want("twice(p).b + len(regexp.MustCompile(\"a\").FindString(\"a\"))", "9")
	// Other kernels may make so many libraries that this one's go.
	b.want("http.StatusText(404)", "Not Found")
	if err := os.RemoveAll(filepath.Join(cache, "build", "libraries")); err != nil {
		t.Fatal(err)
	}
	b.want("http.StatusText(500)", "Internal Server Error")
	if err := s.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.want("1 + 1", "2")
}

// A disk without space is said to be that, and with space the cell works.
func TestFullDisk(t *testing.T) {
	limit := testenv.FullDisk(t)
	if limit == nil {
		return
	}
	b := newNotebook(t)
	b.want("x := 1", "")
	restore := limit(2000)
	defer restore()
	b.fails("x += 40; _ = \"full disk\"", "no space left", "doctor --clean")
	restore()
	b.want("x += 41; x", "42")
}

// fakeGo is a go command whose version and compiler can be replaced while a kernel runs.
func fakeGo(t *testing.T) (command string, replace func(version string)) {
	t.Helper()
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(real, "env", "GOTOOLDIR", "GOVERSION", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(out))
	dir := t.TempDir()
	tools, versionFile := filepath.Join(dir, "tools"), filepath.Join(dir, "version")
	replace = func(version string) {
		os.Remove(tools)
		if version == "" {
			version = fields[1]
			if err := os.Symlink(fields[0], tools); err != nil {
				t.Fatal(err)
			}
		} else {
			os.Mkdir(tools, 0o700)
			for _, name := range []string{"compile", "link"} {
				script := "#!/bin/sh\necho 'object is [go object linux amd64 " + fields[1] + "] expected [go object linux amd64 " + version + "]'\nexit 1\n"
				if err := os.WriteFile(filepath.Join(tools, name), []byte(script), 0o700); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.WriteFile(versionFile, []byte(version), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command = filepath.Join(dir, "go")
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1 $2\" = 'env -json' ]; then\n\techo '{\"GOROOT\":\"%s\",\"GOVERSION\":\"'$(cat %s)'\",\"GOTOOLDIR\":\"%s\"}'\nelse\n\texec %s \"$@\"\nfi\n",
		fields[2], versionFile, tools, real)
	if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	replace("")
	return command, replace
}

// A toolchain that is replaced while the kernel runs is named, and a restart takes the one that is there.
func TestReplacedToolchain(t *testing.T) {
	command, replace := fakeGo(t)
	s, err := NewSession(context.Background(), Options{Dir: t.TempDir(), Cache: testCache, Go: command})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := &notebook{t: t, s: s}
	b.want("x := 1", "")
	replace("go1.99.1")
	b.fails("x += 100", "go1.99.1", "%restart")
	b.want("x := 1", "") // built before
	os.RemoveAll(filepath.Join(filepath.Dir(command), "tools"))
	replace("")
	b.want("%restart", restarted)
	b.want("x := 5; x", "5")
}

// An exhausted memory ends the worker with a reason, and the next cell works.
func TestOutOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("fills memory")
	}
	b := newNotebook(t)
	b.want("x := 1", "")
	res := b.fails("if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 1 << 30, Max: 1 << 30}); err != nil { panic(err) }\n"+
		"var hog [][]byte\nfor { hog = append(hog, make([]byte, 64<<20)) }", "out of memory", "lost")
	if !res.WorkerDied {
		t.Errorf("the worker lives: %+v", res)
	}
	b.want("x := 2; x", "2")
}

// While one cell runs the next ones are compiled.
func TestAhead(t *testing.T) {
	b := newNotebook(t)
	b.want("x := 1", "")
	codes := []string{"ahead := x + 20", "ahead * 2", "%who", "x + 999"}
	before := plugins(t, testCache)
	compiled := make(chan struct{})
	r := newRecorder()
	res := b.s.Execute(context.Background(), Request{Code: "time.Sleep(time.Millisecond)\nx++", Count: 2, Sink: r, Prepared: func() {
		b.s.Ahead(context.Background(), codes)
		close(compiled)
	}})
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	<-compiled
	after := plugins(t, testCache)
	if n := len(after) - len(before); n != 3 { // the running cell and two that follow; none behind a command
		t.Errorf("%d cells are built, want 3", n)
	}
	b.fails("ahead", "undefined: ahead") // nothing is defined before its turn
	b.want(codes[0], "")
	b.want(codes[1], "44")
	built := 0
	for file := range plugins(t, testCache) {
		if _, known := after[file]; !known {
			built++
		}
	}
	if built != 0 {
		t.Errorf("%d cells are built again", built)
	}
}

// A cell that waits is said to, once, and can be interrupted; one that works or asks is not.
func TestWaitingForEver(t *testing.T) {
	b := newNotebook(t)
	b.want("kept := 1", "")
	b.s.patience = 500 * time.Millisecond
	r := newRecorder()
	b.n++
	done := make(chan Result, 1)
	go func() {
		done <- b.s.Execute(context.Background(), Request{Code: "never := make(chan int)\n<-never", Count: b.n, Sink: r})
	}()
	select {
	case <-r.first:
	case <-time.After(hangs):
		t.Fatal("the user is not told")
	}
	b.s.Interrupt()
	if res := <-done; res.Err == nil || res.Err.Name != "interrupted" {
		t.Errorf("interrupted: %+v", res)
	}
	if text := r.err.String(); strings.Count(text, "has been waiting for 500ms") != 1 || !strings.Contains(text, "Interrupt it") {
		t.Errorf("the user is told %q", text)
	}
	_, r = b.run("end := time.Now().Add(1200 * time.Millisecond)\nfor time.Now().Before(end) { kept++ }")
	if r.err.Len() > 0 {
		t.Errorf("of a cell that works the user is told %q", r.err.String())
	}
	_, r = b.run("for i := range 12 { fmt.Print(i); time.Sleep(100 * time.Millisecond) }")
	if r.err.Len() > 0 {
		t.Errorf("of a cell that writes the user is told %q", r.err.String())
	}
	b.want("kept > 1", "true")
}

// Fifty megabytes of text are cut, and the worker is heard all the while.
func TestFloodOfOutput(t *testing.T) {
	if testing.Short() {
		t.Skip("prints 50 MB")
	}
	b := newNotebook(t)
	start := time.Now()
	_, r := b.run("line := strings.Repeat(\"y\", 1023)\nfor range 50 << 10 { fmt.Println(line) }\nfmt.Println(\"end\")")
	if n := r.out.Len(); n > maxOutput/2+maxOutput/10+(1<<17) || !strings.HasSuffix(r.out.String(), "end\n") || !strings.Contains(r.err.String(), "MB of output not shown") {
		t.Errorf("%d bytes of 50 MB are shown; stderr %q", n, r.err.String())
	}
	t.Logf("50 MB in %v", time.Since(start))
	b.want("len(line)", "1023")
}

// resident is the memory of a process, in bytes.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(b), &total, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// Many new cells in one kernel cost little memory each. NUCLAB_TEST_CELLS=1000 is the full run.
func TestManyCells(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles many cells")
	}
	count := 40
	if text := os.Getenv("NUCLAB_TEST_CELLS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil || count < 20 {
			t.Fatalf("NUCLAB_TEST_CELLS=%q is no number of cells from 20", text)
		}
	}
	b := newNotebook(t)
	b.want("sum := 0", "")
	var first, last time.Duration
	var before, self int64
	for i := range count {
		start := time.Now()
		switch i % 4 {
		case 0:
			b.want(fmt.Sprintf("sum += %d", i), "")
		case 1:
			b.want(fmt.Sprintf("func f%d(n int) int { return n + %d }\nsum += f%d(0)", i, i, i), "")
		case 2:
			b.want(fmt.Sprintf("type t%d struct{ n int }\nv%d := []t%d{{%d}}\nsum += v%d[0].n", i, i, i, i, i), "")
		case 3:
			b.want(fmt.Sprintf("fmt.Println(\"cell\", %d); sum += %d", i, i), fmt.Sprintf("cell %d\n", i))
		}
		switch {
		case i < count/4:
			first += time.Since(start)
			before, self = resident(t, b.s.proc.cmd.Process.Pid), resident(t, os.Getpid())
		case i >= count-count/4:
			last += time.Since(start)
		}
	}
	b.want("sum", fmt.Sprint(count*(count-1)/2))
	rest := int64(count - count/4)
	worker := (resident(t, b.s.proc.cmd.Process.Pid) - before) / rest
	front := (resident(t, os.Getpid()) - self) / rest
	t.Logf("a cell costs %d kB in the worker and %d kB in front; the first quarter of %d cells took %v, the last %v", worker>>10, front>>10, count, first, last)
	if worker+front > 2<<20 {
		t.Errorf("a cell costs %d bytes in the worker and %d in front, want at most 2 MB", worker, front)
	}
}
