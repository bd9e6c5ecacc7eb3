package notebook

import (
	"sync"

	"nuclab/kernel"
)

// displays finds the outputs that a display's id names, in all cells of a run.
type displays map[string][]place

// place is an output's position; the outputs of a cell may move in memory.
type place struct {
	cell  *Cell
	index int
}

// recorder is the [kernel.Sink] of a cell: it keeps what the cell emits as the cell's outputs. Output that comes from
// goroutines after the cell's end is stored nowhere, since the cell's record is closed.
type recorder struct {
	stream func(name, text string)

	mu       sync.Mutex
	cell     *Cell
	displays displays
	clear    bool // the next output replaces those before it
	ended    bool
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
	if n := len(r.cell.Outputs); n > 0 {
		if last := &r.cell.Outputs[n-1]; last.Type == Stream && last.Name == name {
			last.Text += text
			return
		}
	}
	r.cell.Outputs = append(r.cell.Outputs, Output{Type: Stream, Name: name, Text: text})
}

func (r *recorder) Display(d kernel.DisplayData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	data := kernel.WireData(d.Data)
	if d.Update {
		for _, p := range r.displays[d.ID] {
			if p.index < len(p.cell.Outputs) && p.cell.Outputs[p.index].id == d.ID {
				p.cell.Outputs[p.index].Data, p.cell.Outputs[p.index].Metadata = data, d.Metadata
			}
		}
		return
	}
	if r.ended {
		return
	}
	r.clearNow()
	if d.ID != "" {
		r.displays[d.ID] = append(r.displays[d.ID], place{r.cell, len(r.cell.Outputs)})
	}
	r.cell.Outputs = append(r.cell.Outputs, Output{Type: DisplayData, Data: data, Metadata: d.Metadata, id: d.ID})
}

func (r *recorder) Clear(wait bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.clear = true
	if !wait {
		r.clearNow()
	}
}

func (r *recorder) clearNow() {
	if r.clear {
		r.cell.Outputs, r.clear = nil, false
	}
}

// Input fails: there is nobody to ask.
func (r *recorder) Input(string, bool) (string, error) { return "", kernel.ErrNoInput }
