// Package worker is the process that loads and runs cells. It links only the standard library and kernel/nb, so that
// nothing in it can collide with what a user imports. A front end starts it with a pipe of commands on descriptor 3 and
// a pipe of events on descriptor 4; stdout and stderr are the cells' own.
package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"plugin"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"nuclab/kernel/nb"
	"nuclab/kernel/worker/hook"
	"nuclab/kernel/worker/message"
)

// abandonAfter is how long an interrupted cell may go on before nobody waits for it any longer.
const abandonAfter = 5 * time.Second

// lingering is how long loops of an interrupted cell's other goroutines are still checked after its end.
const lingering = time.Second

//go:linkname goroutineLabel runtime/pprof.runtime_getProfLabel
func goroutineLabel() unsafe.Pointer

// execution is one run of a cell.
type execution struct {
	hook.Cell
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	failure *message.Failure // exit or a panic of one of its goroutines
	data    map[string]any
	meta    map[string]any
	silent  bool

	ended    chan struct{} // closed when its own goroutine has ended
	finished sync.Once     // Done was sent
}

type worker struct {
	out struct {
		sync.Mutex
		*json.Encoder
	}
	answers chan message.Command

	mu      sync.Mutex
	cells   map[unsafe.Pointer]*execution // by the label that their goroutines carry
	current *execution                    // the running cell, or the last one
	later   []func()                      // deferred to the end of the process

	loading sync.Mutex
}

// ended is the label of goroutines that leave their cell: they are no longer interrupted.
var endedLabel = pprof.WithLabels(context.Background(), pprof.Labels("cell", "ended"))

// Main serves the front end until it closes the pipe of commands.
func Main() {
	w := &worker{
		cells:   make(map[unsafe.Pointer]*execution),
		answers: make(chan message.Command, 1),
	}
	commands := os.NewFile(3, "commands")
	events := os.NewFile(4, "events")
	closeOnExec(3)
	closeOnExec(4)
	w.out.Encoder = json.NewEncoder(events)
	w.out.SetEscapeHTML(false)

	// The interrupt key reaches the whole process group; the front end decides what it means.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	w.install()
	w.send(message.Event{Kind: message.Ready})

	in := json.NewDecoder(bufio.NewReaderSize(commands, 1<<16))
	for {
		var c message.Command
		if err := in.Decode(&c); err != nil {
			if !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, "worker: reading commands:", err)
			}
			w.end()
		}
		w.command(c)
	}
}

// endTime is how long what was deferred to the end of the process may take.
const endTime = 2 * time.Second

// end runs what was deferred, the newest first, and ends the process.
func (w *worker) end() {
	time.AfterFunc(endTime, func() { os.Exit(0) })
	w.mu.Lock()
	later := w.later
	w.mu.Unlock()
	for _, f := range slices.Backward(later) {
		done := make(chan struct{})
		go func() { // it may leave by Goexit
			defer close(done)
			defer func() {
				if p := recover(); p != nil {
					fmt.Fprintln(os.Stderr, "panic in a deferred call:", panicFailure(p, nil).Text)
				}
			}()
			f()
		}()
		<-done
	}
	os.Exit(0)
}

func (w *worker) command(c message.Command) {
	switch c.Kind {
	case message.Run:
		w.run(c)
	case message.Interrupt:
		w.mu.Lock()
		e := w.current
		w.mu.Unlock()
		if e != nil {
			w.stop(e)
		}
	case message.Answer:
		select {
		case w.answers <- c:
		default: // nobody asks any longer
		}
	case message.Setenv:
		os.Setenv(c.Env[0], c.Env[1])
	case message.Chdir:
		if err := os.Chdir(c.Text); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// install connects the hooks of cells and the functions of kernel/nb to this process.
func (w *worker) install() {
	hook.Current = func() *hook.Cell {
		if e := w.owner(); e != nil {
			return &e.Cell
		}
		return nil
	}
	hook.Leave = func() {
		pprof.SetGoroutineLabels(endedLabel)
		runtime.Goexit()
	}
	hook.Result = func(values []any) {
		e := w.ownerOrCurrent()
		if e == nil || e.silent {
			return
		}
		data, meta := nb.BundleAll(values...)
		e.mu.Lock()
		e.data, e.meta = data, meta
		e.mu.Unlock()
	}
	hook.Quit = func(code int) {
		w.fail(&message.Failure{Kind: message.Exit, Text: fmt.Sprintf("exit status %d", code), Code: code})
		hook.Leave()
	}
	hook.Panicked = func(value any) {
		f := panicFailure(value, callers(0))
		f.Note = "in a goroutine of the cell"
		if !w.fail(f) {
			fmt.Fprintf(os.Stderr, "panic in a goroutine of an earlier cell: %s\n%s", f.Text, formatFrames(f.Frames))
		}
	}
	hook.Later = func(f func()) {
		w.mu.Lock()
		w.later = append(w.later, f)
		w.mu.Unlock()
	}
	hook.After = func(ns int64) (<-chan struct{}, func()) {
		c := make(chan struct{})
		t := time.AfterFunc(time.Duration(ns), func() { close(c) })
		return c, func() { t.Stop() }
	}
	nb.SetHost((*notebook)(w))
}

// fail ends the calling goroutine's cell with f. It reports false when the cell has ended already.
func (w *worker) fail(f *message.Failure) bool {
	e := w.ownerOrCurrent()
	if e == nil {
		return false
	}
	select {
	case <-e.ended:
		return false
	default:
	}
	e.mu.Lock()
	if e.failure == nil {
		e.failure = f
	}
	e.mu.Unlock()
	w.stop(e)
	return true
}

// owner is the execution whose goroutine calls.
func (w *worker) owner() *execution {
	label := goroutineLabel()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cells[label]
}

func (w *worker) ownerOrCurrent() *execution {
	if e := w.owner(); e != nil {
		return e
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current
}

func (w *worker) send(e message.Event) {
	w.out.Lock()
	defer w.out.Unlock()
	if err := w.out.Encode(e); err != nil {
		// A value that JSON cannot hold, such as NaN in an application/json bundle.
		e.Data = map[string]any{"text/plain": "cannot be shown: " + err.Error()}
		e.Metadata = nil
		w.out.Encode(e)
	}
}

// run starts a cell and returns; its end is an event.
func (w *worker) run(c message.Command) {
	e := &execution{silent: c.Silent, ended: make(chan struct{})}
	e.Done = make(chan struct{})
	e.ctx, e.cancel = context.WithCancel(context.Background())
	w.mu.Lock()
	w.current = e
	w.mu.Unlock()
	go w.execute(e, c)
}

func (w *worker) execute(e *execution, c message.Command) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("cell", strconv.Itoa(c.Count))))
	w.mu.Lock()
	w.cells[goroutineLabel()] = e
	w.mu.Unlock()

	reached := false // the end of the cell
	defer func() {
		pprof.SetGoroutineLabels(endedLabel)
		var f *message.Failure
		if p := recover(); p != nil {
			f = panicFailure(p, callers(0))
		} else if !reached {
			f = &message.Failure{Kind: message.Goexit, Text: "runtime.Goexit ended the cell"}
			if e.Stopped.Load() {
				f = &message.Failure{Kind: message.Interrupted, Text: "interrupted", Frames: cellFrames(callers(0))}
			}
		}
		e.mu.Lock()
		if e.failure != nil {
			f = e.failure
		}
		e.mu.Unlock()
		close(e.ended)
		w.finish(e, f, false)
	}()

	entry, err := w.load(c)
	if err != nil {
		w.finish(e, &message.Failure{Kind: message.Load, Text: err.Error()}, false)
		reached = true
		return
	}
	w.send(message.Event{Kind: message.Started})
	hook.Poll()
	entry()
	reached = true
}

// finish tells the front end once how the cell ended.
func (w *worker) finish(e *execution, f *message.Failure, abandon bool) {
	e.finished.Do(func() {
		done := message.Event{Kind: message.Done, Error: f, Abandon: abandon}
		e.mu.Lock()
		if f == nil {
			done.Data, done.Metadata = e.data, e.meta
		}
		e.mu.Unlock()
		w.send(done)
	})
}

// load returns the entry of a cell, loading its plugin the first time.
func (w *worker) load(c message.Command) (func(), error) {
	w.loading.Lock()
	defer w.loading.Unlock()
	if entry := hook.Entry(c.Cell); entry != nil {
		return entry, nil
	}
	if _, err := plugin.Open(c.Plugin); err != nil {
		return nil, err
	}
	entry := hook.Entry(c.Cell)
	if entry == nil {
		return nil, fmt.Errorf("%s is not the cell %s", c.Plugin, c.Cell)
	}
	return entry, nil
}

// stop ends a cell: its context, its waiting channel operations, its loops. What an ended cell left running goes on.
func (w *worker) stop(e *execution) {
	select {
	case <-e.ended:
		return
	default:
	}
	if e.Stopped.Swap(true) {
		return
	}
	atomic.AddUint32(&hook.Stopping, 1)
	close(e.Done)
	e.cancel()
	go func() {
		select {
		case <-e.ended:
		case <-time.After(abandonAfter):
			w.finish(e, &message.Failure{Kind: message.Interrupted,
				Text: "the cell does not react to the interrupt; it is left running in the background"}, true)
			<-e.ended
		}
		time.Sleep(lingering)
		atomic.AddUint32(&hook.Stopping, ^uint32(0))
	}()
}

// notebook is what kernel/nb talks to.
type notebook worker

func (n *notebook) Display(data, metadata map[string]any, id string, update bool) {
	(*worker)(n).send(message.Event{Kind: message.Display, Data: data, Metadata: metadata, ID: id, Update: update})
}

func (n *notebook) Clear(wait bool) {
	(*worker)(n).send(message.Event{Kind: message.Clear, Wait: wait})
}

func (n *notebook) Input(prompt string, password bool) (string, error) {
	w := (*worker)(n)
	for len(w.answers) > 0 {
		<-w.answers // to a question that was interrupted
	}
	w.send(message.Event{Kind: message.Input, Prompt: prompt, Password: password})
	select {
	case a := <-w.answers:
		if a.Failure != "" {
			return "", errors.New(a.Failure)
		}
		return a.Text, nil
	case <-hook.Done():
		hook.Stop()
		return "", context.Canceled
	}
}

func (n *notebook) Context() context.Context {
	if e := (*worker)(n).ownerOrCurrent(); e != nil {
		return e.ctx
	}
	return context.Background()
}
