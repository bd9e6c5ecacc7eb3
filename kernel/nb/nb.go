// Package nb is what a notebook cell may ask of its notebook: show a value, replace or clear what was shown, report
// progress, ask the user a question, learn that the user interrupted.
//
// A library may use it without thinking of notebooks: outside one, values are printed as text, progress is one line on
// a terminal and nothing in a pipe, questions go to the terminal, and the context is never cancelled. The package
// imports the standard library alone, so that nothing else comes with it.
package nb

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Host is the notebook behind this package. The process that runs cells provides one; without it the package talks to
// the terminal.
type Host interface {
	// Display shows a MIME bundle under id, or replaces what was shown under id when update is set.
	Display(data, metadata map[string]any, id string, update bool)
	// Clear removes the cell's output, with wait only when the next output arrives.
	Clear(wait bool)
	// Input asks the user for one line.
	Input(prompt string, password bool) (string, error)
	// Context is cancelled when the user interrupts the running cell.
	Context() context.Context
}

var host struct {
	sync.RWMutex
	h Host
}

// SetHost installs the notebook that all functions of the package talk to; nil returns to the terminal.
func SetHost(h Host) {
	host.Lock()
	defer host.Unlock()
	host.h = h
}

func currentHost() Host {
	host.RLock()
	defer host.RUnlock()
	return host.h
}

// InNotebook reports whether the program runs in a notebook cell.
func InNotebook() bool { return currentHost() != nil }

// Handle names one displayed value so that it can be replaced.
type Handle struct{ id string }

var handles atomic.Int64

// DisplayHandle shows v and returns the handle that replaces it. See Bundle for how values are rendered.
func DisplayHandle(v any) *Handle {
	h := &Handle{id: "nb-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(handles.Add(1), 10)}
	h.show(v, false)
	return h
}

// Display shows v; the handle it returns replaces it.
func Display(v any) *Handle { return DisplayHandle(v) }

// ID returns the display identifier, as it appears in the messages of the notebook.
func (h *Handle) ID() string { return h.id }

// Update replaces what the handle shows by v. Outside a notebook it prints v.
func (h *Handle) Update(v any) { h.show(v, true) }

func (h *Handle) show(v any, update bool) {
	data, metadata := Bundle(v)
	if n := currentHost(); n != nil {
		n.Display(data, metadata, h.id, update)
		return
	}
	fmt.Println(data["text/plain"])
}

// ClearOutput removes the output of the running cell; ClearOutput(true) only when new output arrives, which avoids
// flicker. It does nothing outside a notebook.
func ClearOutput(wait ...bool) {
	if n := currentHost(); n != nil {
		n.Clear(len(wait) > 0 && wait[0])
	}
}

// Context returns a context that is cancelled when the user interrupts the running cell; outside a notebook it is
// context.Background().
func Context() context.Context {
	if n := currentHost(); n != nil {
		return n.Context()
	}
	return context.Background()
}

// Input asks the user for one line, without its line ending. At the end of the input the error is io.EOF.
func Input(prompt string) (string, error) {
	if n := currentHost(); n != nil {
		return n.Input(prompt, false)
	}
	fmt.Print(prompt)
	return readLine(os.Stdin)
}

// Password asks for one line that a notebook does not show while it is typed. On a terminal it is visible.
func Password(prompt string) (string, error) {
	if n := currentHost(); n != nil {
		return n.Input(prompt, true)
	}
	return Input(prompt)
}

// readLine reads one byte at a time, because what follows the line belongs to the next reader of r.
func readLine(r io.Reader) (string, error) {
	var line strings.Builder
	in := bufio.NewReaderSize(oneByte{r}, 16)
	for {
		c, err := in.ReadByte()
		if err != nil {
			if line.Len() > 0 && err == io.EOF {
				return line.String(), nil
			}
			return "", err
		}
		if c == '\n' {
			return strings.TrimSuffix(line.String(), "\r"), nil
		}
		line.WriteByte(c)
	}
}

type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }

// Must returns v, or panics with err when it is not nil; a cell shows the panic as its error.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
