package notebook

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"nuclab/kernel"
)

// MIME types of ipywidgets: a view among a cell's outputs, and the states of all models in a notebook's metadata.
const (
	widgetView  = "application/vnd.jupyter.widget-view+json"
	widgetState = "application/vnd.jupyter.widget-state+json"
)

// models are the widgets of a run, kept as a front end keeps them, so that the notebook shows them without a kernel.
type models struct {
	order []string // ids as they were opened
	byID  map[string]*model
}

type model struct {
	state   map[string]any
	buffers map[string][]byte // binary values of the state, by name
	outputs []Output          // of an output area
}

// arrive follows a message of a cell to the front end.
func (w *models) arrive(m kernel.CommMessage) {
	var body struct {
		Method string         `json:"method"`
		State  map[string]any `json:"state"`
		Paths  [][]any        `json:"buffer_paths"`
	}
	if json.Unmarshal(m.Data, &body) != nil {
		return
	}
	switch {
	case m.Type == "comm_open" && m.Target == "jupyter.widget":
		if w.byID == nil {
			w.byID = make(map[string]*model)
		}
		w.byID[m.ID] = &model{state: make(map[string]any), buffers: make(map[string][]byte)}
		w.order = append(w.order, m.ID)
	case m.Type == "comm_close":
		delete(w.byID, m.ID)
		return
	case m.Type != "comm_msg" || body.Method != "update":
		return
	}
	to := w.byID[m.ID]
	if to == nil {
		return
	}
	maps.Copy(to.state, body.State)
	for i, p := range body.Paths {
		if name, ok := p[0].(string); ok && len(p) == 1 && i < len(m.Buffers) {
			to.buffers[name] = m.Buffers[i]
		}
	}
}

// area returns the output area that diverts what a request puts out, nil when none does.
func (w *models) area(message string) *model {
	for _, m := range w.byID {
		if m.state["msg_id"] == message && message != "" {
			return m
		}
	}
	return nil
}

// store puts the models into the notebook. They get names that do not change from run to run.
func (w *models) store(nb *Notebook) {
	delete(nb.Metadata, "widgets")
	if len(w.byID) == 0 {
		return
	}
	var renames []string
	name := make(map[string]string)
	for i, id := range w.order {
		sum := sha256.Sum256(fmt.Append(nil, "widget ", i))
		name[id] = hex.EncodeToString(sum[:16])
		renames = append(renames, "IPY_MODEL_"+id, "IPY_MODEL_"+name[id])
	}
	replacer := strings.NewReplacer(renames...)
	rename := func(data map[string]any) {
		if view, ok := data[widgetView].(map[string]any); ok {
			if id, ok := view["model_id"].(string); ok && name[id] != "" {
				view["model_id"] = name[id]
			}
		}
	}
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			rename(o.Data)
		}
	}
	states := make(map[string]any)
	for id, m := range w.byID {
		var state map[string]any
		text, err := json.Marshal(m.state)
		if err != nil || json.Unmarshal([]byte(replacer.Replace(string(text))), &state) != nil {
			continue // what came as JSON goes as JSON
		}
		if _, ok := state["msg_id"]; ok {
			outputs := []any{}
			for _, o := range m.outputs {
				rename(o.Data)
				outputs = append(outputs, o.whole())
			}
			state["msg_id"], state["outputs"] = "", outputs
		}
		entry := map[string]any{"model_name": state["_model_name"], "model_module": state["_model_module"],
			"model_module_version": state["_model_module_version"], "state": state}
		buffers := []any{}
		for path, b := range m.buffers {
			buffers = append(buffers, map[string]any{"path": []string{path}, "encoding": "base64", "data": base64.StdEncoding.EncodeToString(b)})
		}
		if len(buffers) > 0 {
			entry["buffers"] = buffers
		}
		states[name[id]] = entry
	}
	nb.Metadata["widgets"] = map[string]any{widgetState: map[string]any{"version_major": 2, "version_minor": 0, "state": states}}
}

// whole is an output as messages hold it, with its texts in one piece.
func (o Output) whole() map[string]any {
	m := o.file()
	if o.Type == Stream {
		m["text"] = o.Text
	} else if o.Data != nil {
		m["data"] = o.Data
	}
	return m
}
