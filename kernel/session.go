// Package kernel is a Jupyter kernel for Go. A Session evaluates cells: it checks them with go/types, compiles them with the
// Go toolchain, and lets a worker process load and run them, so that variables, functions and types live from cell to
// cell and the kernel outlives what cells do. The server speaks Jupyter's messages around a Session. The package knows
// nothing of what the cells compute.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nuclab/kernel/build"
	"nuclab/kernel/cell"
)

// DisplayData is one rendered value on its way to a front end.
type DisplayData struct {
	Data     map[string]any // by MIME type: string for text, base64 string for binary types, JSON values for application/json
	Metadata map[string]any
	ID       string // names the output for later updates; empty for a cell's value
	Update   bool   // replaces what was shown under ID
}

// Sink receives everything a cell emits while it runs. It is called from one goroutine at a time, in order.
type Sink interface {
	// Stream passes text on that the cell wrote to "stdout" or "stderr".
	Stream(name, text string)
	Display(d DisplayData)
	// Clear removes the cell's output, with wait only when the next output arrives.
	Clear(wait bool)
	// Input asks the user for one line; a password is not shown while it is typed.
	Input(prompt string, password bool) (string, error)
}

// Request is one cell to execute.
type Request struct {
	Code   string
	Count  int  // execution count: errors say In[Count]
	Silent bool // the value of the trailing expression is not rendered
	Sink   Sink
	// Message is the msg_id of the request that front ends know the cell by.
	Message string
	// Parallel lets the cell run beside another that is not parallel.
	Parallel bool
	// Prepared, if not nil, is called when the cell is compiled and begins to run.
	Prepared func()
}

// CellError is why a cell failed, in the words of a Go programmer.
type CellError struct {
	Name      string   // kind of failure: "compile error", "panic", "interrupted", ...
	Value     string   // the message
	Traceback []string // lines to show, with ANSI colour
}

func (e *CellError) Error() string { return e.Name + ": " + e.Value }

// Result is how a cell ended.
type Result struct {
	Value      *DisplayData // the trailing expression; nil when there is none
	Err        *CellError   // nil when the cell ran to its end
	WorkerDied bool         // the process with all variables is gone; a new one has been started
}

// Match is one way to complete a name.
type Match struct {
	Text string // replaces the bytes from Start to End
	Type string // function, type, variable, constant, package, field, method, keyword, command, path
}

// Completion is what may stand at the cursor.
type Completion struct {
	Matches    []Match
	Start, End int // bytes of the code that a match replaces
}

// Options say where and with what a session works. The zero value uses the current directory, the user's cache and the
// go command of the PATH.
type Options struct {
	Dir         string // working directory of the cells
	Cache       string // root of everything kept between sessions
	SourceTree  string // checkout of this module, for cells that import its packages; "" unpacks what the kernel needs
	SessionName string // names the notebook's private module; "" uses Dir
	Go          string // go command
}

// Session evaluates cells one after the other in one scope: it checks and compiles them, and a worker process runs them.
// It outlives whatever the cells do to the worker. Its methods may be called from several goroutines.
type Session struct {
	o        Options
	env      map[string]string // set by %env
	patience time.Duration     // of a cell that does nothing, before the user is told
	most     int               // bytes of a cell's text that are shown whole, 0 for all
	cells    []ran             // since the start of the worker

	life     context.Context    // ends when the session is closed, or with the context it was made with
	cancel   context.CancelFunc // of life
	started  chan struct{}      // closed when the first worker runs, or cannot
	startErr error
	tools    *build.Toolchain
	module   *build.Module
	worker   string // program
	book     *cell.Notebook
	bookMu   sync.Mutex // for book and origins

	executing sync.Mutex        // held by a cell that is not parallel
	watch     build.Watch       // for changes of what book imports
	preparing sync.Mutex        // held while a cell becomes part of the book, or the worker is replaced
	origins   map[string]origin // of cells, by package path
	proc      *process

	mu      sync.Mutex // for what follows
	cwd     string     // where the cells work now
	cellEnv []string   // environment of the cells, nil when it is that of the start
	running *running   // nil when no cell runs
	calls   calls
	closed  bool
}

// origin is where the code of a package comes from.
type origin struct {
	count  int
	source string
}

// running is the cell being executed.
type running struct {
	call        *call
	cancel      context.CancelFunc // of its preparation
	proc        *process           // once it runs
	interrupted time.Time
	warned      bool // was told that another interrupt loses the state
	killed      bool
}

// NewSession starts a session. It returns at once: the worker is built and started meanwhile, and what is wrong with the
// toolchain is the error of the first cell.
func NewSession(ctx context.Context, o Options) (*Session, error) {
	if o.Dir == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, fmt.Errorf("kernel: %w", err)
		}
		o.Dir = dir
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("kernel: working directory %s: %w", dir, errors.Join(err, os.ErrNotExist))
	}
	o.Dir = dir
	if o.Cache == "" {
		if o.Cache = os.Getenv("NUCLAB_CACHE"); o.Cache == "" {
			user, err := os.UserCacheDir()
			if err != nil {
				return nil, fmt.Errorf("kernel: %w", err)
			}
			o.Cache = filepath.Join(user, "nuclab")
		}
	}
	if o.Cache, err = filepath.Abs(o.Cache); err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	if o.SessionName == "" {
		o.SessionName = dir
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Session{o: o, cwd: dir, life: ctx, cancel: cancel, env: make(map[string]string), most: maxOutput, patience: idleNotice, started: make(chan struct{}), origins: make(map[string]origin)}
	go func() {
		defer close(s.started)
		s.startErr = s.start(ctx)
	}()
	return s, nil
}

// start prepares the toolchain, the module and the worker.
func (s *Session) start(ctx context.Context) error {
	var err error
	if s.tools, err = build.NewToolchain(s.o.Go, filepath.Join(s.o.Cache, "build")); err != nil {
		return err
	}
	s.module, err = build.NewModule(build.Config{Toolchain: s.tools, Cache: s.o.Cache, SourceTree: s.o.SourceTree,
		Embedded: embedded, Name: s.o.SessionName, Dir: s.o.Dir})
	if err != nil {
		return err
	}
	if s.worker, err = s.module.Worker(ctx, nil); err != nil {
		return err
	}
	s.book = cell.NewNotebook(s.module)
	s.mu.Lock()
	s.cellEnv = nil
	if info, err := os.Stat(s.cwd); err != nil || !info.IsDir() {
		s.cwd = s.o.Dir // a cell has removed where it worked
	}
	s.mu.Unlock()
	p, err := s.startProcess()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.proc = p
	s.mu.Unlock()
	go func() {
		s.module.Prune()
		s.module.Load(common) // failing to is found out when a cell imports one
	}()
	return nil
}

// common are packages that most notebooks import. A new session has them compiled before they are asked for.
var common = []string{"bytes", "context", "encoding/json", "errors", "fmt", "io", "log", "maps", "math", "math/rand", "os", "path/filepath",
	"slices", "sort", "strconv", "strings", "sync", "time"}

// Warm builds what sessions with these options need: the worker, the packages that most notebooks import, and those
// named by paths. Progress, if not nil, is told what is being built.
func Warm(ctx context.Context, o Options, paths []string, progress func(string)) error {
	if progress == nil {
		progress = func(string) {}
	}
	s, err := NewSession(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	progress("building the worker that runs cells")
	if err := s.ready(ctx); err != nil {
		return err
	}
	progress("compiling the standard library's packages for cells")
	if err := s.module.Warm(ctx, common); err != nil {
		return err
	}
	if len(paths) > 0 {
		progress("compiling packages for cells: " + strings.Join(paths, ", "))
		return s.module.Warm(ctx, paths)
	}
	return nil
}

// ready waits for the start.
func (s *Session) ready(ctx context.Context) error {
	select {
	case <-s.started:
		return s.startErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Interrupt stops the running cell: its compilation, its loops, its waiting for channels, its context. Variables keep
// their values. A cell that does not stop is warned of, and then the next interrupt ends the worker.
func (s *Session) Interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running
	if r == nil {
		if s.calls.callbacks > 0 {
			s.proc.interrupt()
		}
		return
	}
	r.cancel()
	switch {
	case r.proc == nil:
	case r.interrupted.IsZero():
		r.interrupted = time.Now()
		r.proc.interrupt()
		time.AfterFunc(warnAfter, func() { s.warn(r) })
	case r.warned:
		r.killed = true
		r.proc.kill()
	}
}

// warnAfter is how long an interrupted cell may take to stop before the user is told what another interrupt does.
const warnAfter = 2 * time.Second

func (s *Session) warn(r *running) {
	s.mu.Lock()
	still := s.running == r && !r.killed
	if still {
		r.warned = true
	}
	s.mu.Unlock()
	if still {
		s.emit(func(k Sink) {
			k.Stream("stderr", "The cell has not stopped yet. Interrupt once more to end it by force: all variables will be lost.\n")
		})
	}
}

// Restart ends the worker and starts a new one with an empty scope.
func (s *Session) Restart(ctx context.Context) error {
	s.mu.Lock()
	if r := s.running; r != nil {
		r.cancel()
		r.killed = true
		if r.proc != nil {
			r.proc.kill()
		}
	}
	s.mu.Unlock()
	s.executing.Lock()
	defer s.executing.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.renew(s.process())
}

// renew replaces a worker. It does nothing when somebody has done so already.
func (s *Session) renew(old *process) error {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	s.mu.Lock()
	closed, current := s.closed, s.proc
	s.mu.Unlock()
	if closed {
		return errClosed
	}
	if current != old {
		return nil
	}
	if old != nil {
		// What its end prints is the running cell's, not that of the last one it ran.
		s.mu.Lock()
		s.calls.pipes = nil
		s.mu.Unlock()
		old.end(restartPatience)
	}
	s.closeComms()
	s.bookMu.Lock()
	s.book.Reset()
	s.origins = make(map[string]origin)
	s.cells = nil
	err := s.module.Refresh()
	s.bookMu.Unlock()
	if err != nil {
		return err
	}
	if s.worker, err = s.module.Worker(context.Background(), nil); err != nil {
		return err
	}
	s.mu.Lock()
	s.cellEnv = nil
	if info, err := os.Stat(s.cwd); err != nil || !info.IsDir() {
		s.cwd = s.o.Dir // a cell has removed where it worked
	}
	s.mu.Unlock()
	p, err := s.startProcess()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.proc = p
	s.mu.Unlock()
	return nil
}

// process returns the worker.
func (s *Session) process() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

var errClosed = errors.New("kernel: the session is closed")

// Close ends the worker. A running cell is not waited for.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.cancel()
	if r := s.running; r != nil {
		r.cancel()
		r.killed = true
		if r.proc != nil {
			r.proc.kill()
		}
	}
	s.mu.Unlock()
	s.executing.Lock()
	defer s.executing.Unlock()
	<-s.started
	if p := s.process(); p != nil {
		p.end(closePatience)
	}
	// What is compiled ahead stops.
	s.preparing.Lock()
	defer s.preparing.Unlock()
	return nil
}
