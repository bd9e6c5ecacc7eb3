package worker

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"nuclab/kernel/worker/message"
)

// maxFrames limits a traceback; a recursion without end has a million.
const maxFrames = 64

// callers returns the calling goroutine's frames, innermost first, without those of this package and of the panic itself.
func callers(skip int) []message.Frame {
	pcs := make([]uintptr, 512)
	pcs = pcs[:runtime.Callers(skip+2, pcs)]
	var all []message.Frame
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		if f.Function == "runtime.gopanic" || f.Function == "runtime.Goexit" || f.Function == "runtime.panicmem" ||
			f.Function == "runtime.sigpanic" {
			all = all[:0] // what lies above is the deferred function that recovers
		} else {
			all = append(all, message.Frame{Func: f.Function, File: f.File, Line: f.Line})
		}
		if !more {
			break
		}
	}
	var kept []message.Frame
	for _, f := range all {
		if len(kept) == maxFrames {
			break
		}
		if strings.HasPrefix(f.Func, "nuclab/kernel/worker") || f.Func == "runtime.goexit" || strings.HasPrefix(f.Func, "runtime.panic") ||
			strings.HasPrefix(f.Func, "runtime.goPanic") {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// cellFrames keeps the frames that lie in cells.
func cellFrames(frames []message.Frame) []message.Frame {
	var kept []message.Frame
	for _, f := range frames {
		if strings.HasPrefix(f.File, CellDir) {
			kept = append(kept, f)
		}
	}
	return kept
}

// CellDir is the directory that line directives of cells name; there is no such directory.
const CellDir = "/cell/"

func panicFailure(p any, frames []message.Frame) *message.Failure {
	f := &message.Failure{Kind: message.Panic, Type: fmt.Sprintf("%T", p), Frames: frames}
	switch v := p.(type) {
	case error:
		f.Text = printable(v.Error)
	case fmt.Stringer:
		f.Text = printable(v.String)
	default:
		f.Text = fmt.Sprintf("%+v", v)
		if t := reflect.TypeOf(p); t != nil && isDefined(t) {
			f.Text = fmt.Sprintf("(%T) %s", v, f.Text)
		}
	}
	return f
}

// isDefined reports whether a type, or what it points to, has a name of its own.
func isDefined(t reflect.Type) bool {
	return t.PkgPath() != "" || t.Kind() == reflect.Pointer && t.Elem().PkgPath() != ""
}

func printable(text func() string) (s string) {
	defer func() {
		if p := recover(); p != nil {
			s = fmt.Sprintf("(its text panics: %v)", p)
		}
	}()
	return text()
}

func formatFrames(frames []message.Frame) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "\t%s %s:%d\n", f.Func, f.File, f.Line)
	}
	return b.String()
}
