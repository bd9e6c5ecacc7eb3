package widgets

import (
	"sync"

	"nuclab/kernel/nb"
)

// OutputArea is a place for what code prints and shows.
type OutputArea struct {
	Base
	mu    sync.Mutex
	depth int // of Capture
}

// Output is an empty output area.
func Output() *OutputArea { return &OutputArea{Base: newBase(outputArea, nil)} }

// Capture calls f; what it prints and shows appears in the area instead of below the cell.
//
// The front end does the work: while the area's msg_id names a request, it diverts what the kernel puts out for that.
func (o *OutputArea) Capture(f func()) {
	request := nb.CurrentRequest()
	if request == nil {
		f()
		return
	}
	nb.Attribute(request, func() {
		o.enter(request.MessageID())
		defer o.exit()
		f()
	})
}

func (o *OutputArea) enter(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.depth++
	o.model.set("msg_id", id)
}

func (o *OutputArea) exit() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.depth--; o.depth == 0 {
		o.model.set("msg_id", "")
	}
}

// Clear empties the area; Clear(true) only when something new comes.
func (o *OutputArea) Clear(wait ...bool) {
	o.Capture(func() { nb.ClearOutput(wait...) })
}
