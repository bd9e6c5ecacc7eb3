package notebook

import (
	"sync"

	"nuclab/kernel"
)

// displays finds the outputs that a display's id names, in all cells of a run.
type displays map[string][]place

// place is an output's position; the outputs of a cell or an output area may move in memory.
type place struct {
	in    *[]Output
	index int
}

// recorder is the [kernel.Sink] of a cell: it keeps what the cell emits as the cell's outputs. Output that comes from
// goroutines after the cell's end is stored nowhere, since the cell's record is closed.
type recorder struct {
	stream  func(name, text string)
	display func(data map[string]any)

	mu       sync.Mutex
	cell     *Cell
	displays displays
	models   *models
	message  string             // names the request
	clear    map[*[]Output]bool // where the next output replaces those before it
	ended    bool
}

// outputs is where output goes: the cell's, or those of an output area that diverts them.
func (r *recorder) outputs() *[]Output {
	if area := r.models.area(r.message); area != nil {
		return &area.outputs
	}
	return &r.cell.Outputs
}

// Comm implements [kernel.CommSink].
func (r *recorder) Comm(m kernel.CommMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.models.arrive(m)
	}
}

func (r *recorder) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

func (r *recorder) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stream != nil {
		r.stream(name, text)
	}
	if r.ended || text == "" {
		return
	}
	r.clearNow()
	out := r.outputs()
	if n := len(*out); n > 0 {
		if last := &(*out)[n-1]; last.Type == Stream && last.Name == name {
			last.Text += text
			return
		}
	}
	*out = append(*out, Output{Type: Stream, Name: name, Text: text})
}

func (r *recorder) Display(d kernel.DisplayData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	data := kernel.WireData(d.Data)
	if r.display != nil {
		r.display(data)
	}
	if d.Update {
		for _, p := range r.displays[d.ID] {
			if p.index < len(*p.in) && (*p.in)[p.index].id == d.ID {
				(*p.in)[p.index].Data, (*p.in)[p.index].Metadata = data, d.Metadata
			}
		}
		return
	}
	if r.ended {
		return
	}
	r.clearNow()
	out := r.outputs()
	if d.ID != "" {
		r.displays[d.ID] = append(r.displays[d.ID], place{out, len(*out)})
	}
	*out = append(*out, Output{Type: DisplayData, Data: data, Metadata: d.Metadata, id: d.ID})
}

func (r *recorder) Clear(wait bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	if r.clear == nil {
		r.clear = make(map[*[]Output]bool)
	}
	r.clear[r.outputs()] = true
	if !wait {
		r.clearNow()
	}
}

func (r *recorder) clearNow() {
	if out := r.outputs(); r.clear[out] {
		*out, r.clear[out] = nil, false
	}
}

// Input fails: there is nobody to ask.
func (r *recorder) Input(string, bool) (string, error) { return "", kernel.ErrNoInput }
