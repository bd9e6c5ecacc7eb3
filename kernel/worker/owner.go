package worker

import (
	"context"
	"io"
	"runtime/pprof"
	"unsafe"

	"nuclab/kernel/worker/message"
)

// owner says for whom a goroutine works: the execution that it ends with, and the one that its output belongs to.
type owner struct{ cell, out *execution }

// fromComm reports whether a goroutine works for a comm message, which has no error to show.
func (o owner) fromComm() bool { return o.cell != nil && o.cell.comm }

//go:linkname goroutineLabel runtime/pprof.runtime_getProfLabel
func goroutineLabel() unsafe.Pointer

//go:linkname setGoroutineLabel runtime/pprof.runtime_setProfLabel
func setGoroutineLabel(unsafe.Pointer)

// endedLabel is the label of goroutines that leave their cell: they are no longer interrupted.
var endedLabel = pprof.WithLabels(context.Background(), pprof.Labels("cell", "ended"))

// maxPassing is how many labels are remembered that comm messages needed. Goroutines with older ones, should there be
// any, belong to the cell that ran last.
const maxPassing = 1024

// adopt lets the calling goroutine, and those it starts, work for an owner.
func (w *worker) adopt(labels pprof.LabelSet, o owner) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), labels))
	label := goroutineLabel()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cells[label] = o
	if o.cell.comm || o.cell != o.out {
		if w.passing = append(w.passing, label); len(w.passing) > maxPassing {
			delete(w.cells, w.passing[0])
			w.passing = w.passing[1:]
		}
	}
}

// owner is that of the calling goroutine, the zero owner when it is unknown.
func (w *worker) owner() owner {
	label := goroutineLabel()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cells[label]
}

func (w *worker) ownerOrCurrent() owner {
	if o := w.owner(); o.cell != nil {
		return o
	}
	e := w.running()
	return owner{e, e}
}

// running is the execution whose turn it is, or was last.
func (w *worker) running() *execution {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current
}

// destination is the number of the request that the calling goroutine's output belongs to.
func (w *worker) destination() int64 {
	if o := w.ownerOrCurrent(); o.out != nil {
		return o.out.id
	}
	return 0
}

// MessageID implements nb.Origin.
func (e *execution) MessageID() string { return e.message }

// output is where a goroutine of a cell prints. The pipes belong to the execution that runs; what other cells have left
// running says for whom it prints. A cell that has replaced os.Stdout or os.Stderr gets what it asked for.
func (w *worker) output(name string) io.Writer {
	std := w.stdout
	if name == "stderr" {
		std = w.stderr
	}
	o := w.owner()
	w.mu.Lock()
	file := *std.file
	direct := w.deaf || file != std.original || o.out == nil || o.out == w.printing && !o.out.hasEnded()
	w.mu.Unlock()
	if direct {
		return file
	}
	return stream{w, name, o.out.id}
}

// hasEnded reports whether only goroutines that an execution has started are left of it.
func (e *execution) hasEnded() bool {
	select {
	case <-e.ended:
		return true
	default:
		return false
	}
}

// stream prints for a request other than the one that runs.
type stream struct {
	w    *worker
	name string
	exec int64
}

func (s stream) Write(p []byte) (int, error) {
	s.w.put(message.Event{Kind: message.Stream, Exec: s.exec, Name: s.name, Text: string(p)})
	return len(p), nil
}

// logOutput is where package log writes.
type logOutput struct{ w *worker }

func (l logOutput) Write(p []byte) (int, error) { return l.w.output("stderr").Write(p) }

// print lets the pipes belong to a request, and returns when the front end knows.
func (w *worker) print(e *execution) {
	w.handover.Lock()
	defer w.handover.Unlock()
	w.mu.Lock()
	same := w.printing == e
	w.printing = e
	w.mu.Unlock()
	if same {
		return
	}
	w.put(message.Event{Kind: message.Started, Exec: e.id})
}
