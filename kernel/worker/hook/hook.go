// Package hook holds the few functions that the rewritten code of a cell calls: interrupt checks, channel operations that
// end with the cell, the end of a program that is not the end of the process. It is small because every cell links it,
// and imports nothing of weight; the worker installs what needs more.
package hook

import (
	"io"
	_ "plugin" // its presence keeps the linker from pruning the initialisation of package variables that only later cells use
	"sync/atomic"
)

// Cell is one execution of a cell. Its goroutines, and those they start, belong to it.
type Cell struct {
	Stopped atomic.Bool
	Done    chan struct{} // closed when the cell is stopped
}

// Installed by the worker before the first cell runs.
var (
	// Current returns the cell that the calling goroutine belongs to, nil when it is none or already ends.
	Current func() *Cell
	// Leave ends the calling goroutine, running its deferred functions unless the cell has called os.Exit.
	Leave func()
	// Result takes the values of a cell's last expression.
	Result func(values []any)
	// Quit ends the cell as os.Exit ends a program.
	Quit func(code int)
	// Panicked takes the value of a panic that a goroutine of a cell did not recover.
	Panicked func(value any)
	// Out is where the calling goroutine prints.
	Out func() io.Writer
	// Later takes what is to run when the notebook ends.
	Later func(func())
	// After returns a channel that is readable after some nanoseconds, and a function that releases it.
	After func(nanoseconds int64) (<-chan struct{}, func())
)

// entries are the functions that run the statements of the loaded cells, by package path.
var entries = make(map[string]func())

// Register announces a cell when its plugin is loaded.
func Register(path string, entry func()) { entries[path] = entry }

// Entry returns what Register was told. Only one goroutine may load plugins and ask at a time.
func Entry(path string) func() { return entries[path] }

// Stopping counts the cells that are being stopped. It is zero almost always, which makes Poll cheap.
var Stopping uint32

// Poll ends the goroutine if its cell was interrupted. Loops and functions of cells call it.
func Poll() {
	if atomic.LoadUint32(&Stopping) != 0 {
		stop()
	}
}

func stop() {
	if c := Current(); c != nil && c.Stopped.Load() {
		Leave()
	}
}

// Done returns a channel that is closed when the calling goroutine's cell is interrupted.
func Done() <-chan struct{} {
	if c := Current(); c != nil {
		return c.Done
	}
	return nil
}

// Stop ends the goroutine; a select calls it when Done was closed. It does not return; its type lets the call stand as the
// argument of panic, which ends a branch for the compiler.
func Stop() any {
	Leave()
	return nil
}

// Recv is <-ch.
func Recv[T any](ch <-chan T) T {
	v, _ := Recv2(ch)
	return v
}

// Recv2 is the two-valued <-ch.
func Recv2[T any](ch <-chan T) (T, bool) {
	select {
	case v, ok := <-ch:
		return v, ok
	default:
	}
	select {
	case v, ok := <-ch:
		return v, ok
	case <-Done():
		Leave()
		panic("unreachable")
	}
}

// Send is ch <- v, in two steps because v converts to the channel's type, not the other way round.
func Send[T any](ch chan<- T) func(T) {
	return func(v T) {
		select {
		case ch <- v:
			return
		default:
		}
		select {
		case ch <- v:
		case <-Done():
			Leave()
		}
	}
}

// Range is range ch.
func Range[T any](ch <-chan T) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for {
			v, ok := Recv2(ch)
			if !ok || !yield(v) {
				return
			}
		}
	}
}

// Sleep is time.Sleep.
func Sleep[D ~int64](d D) {
	Poll()
	if d <= 0 {
		return
	}
	c, release := After(int64(d))
	defer release()
	select {
	case <-c:
	case <-Done():
		Leave()
	}
}

// Wait calls f, which may block for ever, such as a WaitGroup's Wait. When the cell is interrupted, f is left behind.
func Wait(f func()) {
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	select {
	case p := <-done:
		if p != nil {
			panic(p)
		}
	case <-Done():
		Leave()
	}
}

// Lock is mu.Lock.
func Lock(mu interface {
	TryLock() bool
	Lock()
	Unlock()
}) {
	if !mu.TryLock() {
		lock(mu.Lock, mu.Unlock)
	}
}

// RLock is mu.RLock.
func RLock(mu interface {
	TryRLock() bool
	RLock()
	RUnlock()
}) {
	if !mu.TryRLock() {
		lock(mu.RLock, mu.RUnlock)
	}
}

// lock waits for a lock. When the cell is interrupted, the lock is given back as soon as it comes.
func lock(lock, unlock func()) {
	locked := make(chan struct{})
	go func() {
		lock()
		close(locked)
	}()
	select {
	case <-locked:
	case <-Done():
		go func() {
			<-locked
			unlock()
		}()
		Leave()
	}
}

// Guard, deferred at the start of a cell's goroutine, turns its panic into an error of the cell.
func Guard() {
	if p := recover(); p != nil {
		Panicked(p)
	}
}

// Show takes the values of a cell's last expression.
func Show(values ...any) { Result(values) }

// ShowError takes the value of a last expression that is a call and returns an error: success is not worth a line.
func ShowError(err error) {
	if err != nil {
		Result([]any{err})
	}
}

// Fatal is log.Fatal, or a logger's, given its Print.
func Fatal(print func(...any)) func(...any) {
	return func(v ...any) {
		print(v...)
		Quit(1)
	}
}

// Fatalf is log.Fatalf, or a logger's, given its Printf.
func Fatalf(print func(string, ...any)) func(string, ...any) {
	return func(format string, v ...any) {
		print(format, v...)
		Quit(1)
	}
}

// Print is fmt.Print or fmt.Println, given fmt's Fprint or Fprintln: what a goroutine prints after the end of its cell
// appears there all the same.
func Print(fprint func(io.Writer, ...any) (int, error)) func(...any) (int, error) {
	return func(v ...any) (int, error) { return fprint(Out(), v...) }
}

// Printf is fmt.Printf, given fmt.Fprintf.
func Printf(fprintf func(io.Writer, string, ...any) (int, error)) func(string, ...any) (int, error) {
	return func(format string, v ...any) (int, error) { return fprintf(Out(), format, v...) }
}

// Exit is os.Exit.
func Exit(code int) { Quit(code) }
