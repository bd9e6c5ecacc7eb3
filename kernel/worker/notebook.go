package worker

import (
	"context"
	"errors"
	"runtime/pprof"

	"nuclab/kernel/nb"
	"nuclab/kernel/worker/hook"
	"nuclab/kernel/worker/message"
)

// notebook is what kernel/nb talks to.
type notebook worker

func (n *notebook) Display(data, metadata map[string]any, id string, update bool) {
	(*worker)(n).put(message.Event{Kind: message.Display, Exec: (*worker)(n).destination(), Data: data, Metadata: metadata, ID: id, Update: update})
}

func (n *notebook) Clear(wait bool) {
	(*worker)(n).put(message.Event{Kind: message.Clear, Exec: (*worker)(n).destination(), Wait: wait})
}

func (n *notebook) Input(prompt string, password bool) (string, error) {
	w := (*worker)(n)
	for len(w.answers) > 0 {
		<-w.answers // to a question that was interrupted
	}
	w.send(message.Event{Kind: message.Input, Exec: w.destination(), Prompt: prompt, Password: password})
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
	if e := (*worker)(n).ownerOrCurrent().cell; e != nil {
		return e.ctx
	}
	return context.Background()
}

// SendComm implements nb.CommHost.
func (n *notebook) SendComm(m nb.CommMessage) error {
	w := (*worker)(n)
	c := message.Comm(m)
	w.put(message.Event{Kind: message.FromComm, Exec: w.destination(), Comm: &c})
	return nil
}

// Origin implements nb.CommHost.
func (n *notebook) Origin() nb.Origin {
	if o := (*worker)(n).ownerOrCurrent(); o.out != nil {
		return o.out
	}
	return nil
}

// Request implements nb.CommHost.
func (n *notebook) Request() nb.Origin {
	if o := (*worker)(n).ownerOrCurrent(); o.cell != nil {
		return o.cell
	}
	return nil
}

// Failed implements nb.CommHost.
func (n *notebook) Failed(p any) {
	w := (*worker)(n)
	w.put(message.Event{Kind: message.Broken, Exec: w.destination(), Error: panicFailure(p, callers(0))})
}

// Attribute implements nb.CommHost.
func (n *notebook) Attribute(o nb.Origin, f func()) {
	w := (*worker)(n)
	before := w.owner()
	out, ok := o.(*execution)
	if !ok || before.cell == nil || before.out == out {
		f()
		return
	}
	defer setGoroutineLabel(goroutineLabel())
	w.adopt(pprof.Labels("cell", "callback"), owner{before.cell, out})
	if before.cell == w.running() {
		w.print(out)
		defer w.print(before.out)
	}
	f()
}
