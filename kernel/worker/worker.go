// Package worker is the process that loads and runs cells. It links only the standard library and kernel/nb, so that
// nothing in it can collide with what a user imports. A front end starts it with a pipe of commands on descriptor 3 and
// a pipe of events on descriptor 4; stdout and stderr are the cells' own.
package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
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

	id       int64  // number of the request
	message  string // its msg_id
	main     string // its own goroutine, empty for that of a comm message
	parallel bool   // does not wait for its turn
	comm     bool   // set off by a comm message

	ended    chan struct{} // closed when its own goroutine has ended
	ending   sync.Once     // closes ended
	finished sync.Once     // Done was sent
	gone     chan struct{} // closed when it is finished
	hasTurn  bool
}

type worker struct {
	out struct {
		sync.Mutex
		*json.Encoder
	}
	answers chan message.Command

	// Cells and what comm messages set off take turns; whoever has put something in runs.
	turn     chan struct{}
	arrivals chan []arrival // those not handed over yet; empty when there are none

	mu      sync.Mutex
	cells   map[unsafe.Pointer]owner // by the label that their goroutines carry
	passing []unsafe.Pointer         // labels of what comm messages set off, to be forgotten
	active  map[*execution]bool      // begun and not finished
	current *execution               // the running cell, or the last one
	later   []func()                 // deferred to the end of the process
	awaited map[int64]chan struct{}  // events that are not acknowledged, by Seq
	deaf    bool                     // nobody acknowledges any longer: the process ends
	seq     int64

	loading sync.Mutex

	stdout, stderr *standard
	env            []string   // as the front end knows it
	printing       *execution // whose is what is written to stdout and stderr
	handover       sync.Mutex // held while that changes
}

// Main serves the front end until it closes the pipe of commands.
func Main() {
	w := &worker{
		cells:    make(map[unsafe.Pointer]owner),
		active:   make(map[*execution]bool),
		answers:  make(chan message.Command, 1),
		turn:     make(chan struct{}, 1),
		arrivals: make(chan []arrival, 1),
		awaited:  make(map[int64]chan struct{}),
		stdout:   newStandard(1, &os.Stdout),
		stderr:   newStandard(2, &os.Stderr),
		env:      os.Environ(),
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
	go w.followComms()
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
	w.deaf = true
	for seq, done := range w.awaited {
		close(done)
		delete(w.awaited, seq)
	}
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
		active := slices.Collect(maps.Keys(w.active))
		w.mu.Unlock()
		for _, e := range active {
			if c.Exec == e.id || c.Exec == 0 && !e.parallel {
				w.stop(e)
			}
		}
	case message.ToComm:
		w.arrive(c)
	case message.Ack:
		w.mu.Lock()
		if done := w.awaited[c.Seq]; done != nil {
			close(done)
			delete(w.awaited, c.Seq)
		}
		w.mu.Unlock()
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
		if e := w.owner().cell; e != nil {
			return &e.Cell
		}
		return nil
	}
	hook.Leave = func() {
		e := w.owner().cell
		pprof.SetGoroutineLabels(endedLabel)
		if e != nil && e.main != "" && e.exited() {
			w.stay(e)
		}
		runtime.Goexit()
	}
	hook.Result = func(values []any) {
		e := w.ownerOrCurrent().cell
		if e == nil || e.silent || e.comm {
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
		if w.owner().fromComm() || !w.fail(f) {
			fmt.Fprintf(w.output("stderr"), "panic in a goroutine: %s\n%s", f.Text, formatFrames(f.Frames))
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
	hook.Out = func() io.Writer { return w.output("stdout") }
	log.SetOutput(logOutput{w})
	nb.SetHost((*notebook)(w))
}

// fail ends the calling goroutine's cell with f. It reports false when the cell has ended already.
func (w *worker) fail(f *message.Failure) bool {
	e := w.ownerOrCurrent().cell
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

// put sends an event and returns when the front end has dealt with it, so that what is then written to the pipes comes
// after it.
func (w *worker) put(e message.Event) {
	done := make(chan struct{})
	w.mu.Lock()
	w.seq++
	e.Seq = w.seq
	if w.deaf {
		close(done)
	} else {
		w.awaited[e.Seq] = done
	}
	w.mu.Unlock()
	w.send(e)
	<-done
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
	e := w.newExecution(c)
	go w.execute(e, c)
}

func (w *worker) newExecution(c message.Command) *execution {
	e := &execution{silent: c.Silent, id: c.Exec, message: c.Message, parallel: c.Parallel,
		ended: make(chan struct{}), gone: make(chan struct{})}
	e.Done = make(chan struct{})
	e.ctx, e.cancel = context.WithCancel(context.Background())
	w.mu.Lock()
	w.active[e] = true
	w.mu.Unlock()
	return e
}

// begin waits for an execution's turn; it reports false when the execution was stopped before.
func (w *worker) begin(e *execution) bool {
	if e.parallel {
		return true
	}
	select {
	case w.turn <- struct{}{}:
	case <-e.Done:
		return false
	}
	e.mu.Lock()
	e.hasTurn = true
	e.mu.Unlock()
	w.mu.Lock()
	w.current = e
	w.mu.Unlock()
	return !e.Stopped.Load()
}

func (w *worker) execute(e *execution, c message.Command) {
	e.main = goroutine()
	w.adopt(pprof.Labels("cell", strconv.Itoa(c.Count)), owner{e, e})

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
		w.conclude(e, f)
	}()

	if !w.begin(e) {
		w.fail(&message.Failure{Kind: message.Interrupted, Text: "interrupted before the cell ran"})
		reached = true
		return
	}
	entry, err := w.load(c)
	if err != nil {
		w.finish(e, &message.Failure{Kind: message.Load, Text: err.Error()}, false)
		reached = true
		return
	}
	if !e.parallel {
		w.print(e)
		w.mu.Lock()
		w.stdout.reopen()
		w.stderr.reopen()
		w.mu.Unlock()
	}
	hook.Poll()
	entry()
	reached = true
}

// goroutine names the calling goroutine.
func goroutine() string {
	var text [64]byte
	name, _, _ := bytes.Cut(text[:runtime.Stack(text[:], false)], []byte(" ["))
	return string(name)
}

// exited reports whether the cell has called os.Exit.
func (e *execution) exited() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failure != nil && e.failure.Kind == message.Exit
}

// stay keeps the calling goroutine of a cell that has called os.Exit for ever: what it has deferred must not run, and locks
// that it holds stay locked.
func (w *worker) stay(e *execution) {
	if goroutine() == e.main {
		w.conclude(e, nil)
	}
	select {}
}

// conclude ends a cell when its own goroutine has come to the end. A failure that was noted before goes before f.
func (w *worker) conclude(e *execution, f *message.Failure) {
	e.mu.Lock()
	if e.failure != nil {
		f = e.failure
	}
	e.mu.Unlock()
	e.ending.Do(func() { close(e.ended) })
	w.finish(e, f, false)
}

// finish tells the front end once how the cell ended.
func (w *worker) finish(e *execution, f *message.Failure, abandon bool) {
	e.finished.Do(func() {
		w.mu.Lock()
		delete(w.active, e)
		w.mu.Unlock()
		done := message.Event{Kind: message.Done, Exec: e.id, Error: f, Abandon: abandon}
		done.Dir, done.Env = w.surroundings()
		e.mu.Lock()
		if f == nil {
			done.Data, done.Metadata = e.data, e.meta
		}
		hasTurn := e.hasTurn
		e.mu.Unlock()
		w.send(done)
		if hasTurn {
			<-w.turn
		}
		close(e.gone)
	})
}

// load returns the entry of a cell, loading its plugins the first time.
func (w *worker) load(c message.Command) (func(), error) {
	w.loading.Lock()
	defer w.loading.Unlock()
	if entry := hook.Entry(c.Cell); entry != nil {
		return entry, nil
	}
	for _, file := range c.Plugins {
		if _, err := plugin.Open(file); err != nil {
			return nil, err
		}
	}
	entry := hook.Entry(c.Cell)
	if entry == nil {
		return nil, fmt.Errorf("%v is not the cell %s", c.Plugins, c.Cell)
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
