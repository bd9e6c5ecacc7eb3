package widgets

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"nuclab/kernel/nb"
)

// Versions of the widgets' messaging protocol (ipywidgets, packages/schema/messages.md).
const (
	protocolVersion = "2.1.0"
	commTarget      = "jupyter.widget"
	controlTarget   = "jupyter.widget.control"
)

// model is one model of the front end and its state, as JSON values with []byte for what travels in buffers.
type model struct {
	kind kind
	comm *nb.Comm

	mu        sync.Mutex
	state     map[string]any
	observers []*observer
}

// observer is told of changes of one name in a state, or of custom messages when that is "".
type observer struct {
	name   string
	call   func(value any)
	origin nb.Origin
}

var models struct {
	sync.Mutex
	open map[string]*model
	once sync.Once
}

// reference is how the state of one model names another.
func reference(m *model) string { return "IPY_MODEL_" + m.comm.ID() }

// newModel opens a model with its kind's defaults and some of its state.
func newModel(k kind, state map[string]any) *model {
	models.once.Do(func() {
		models.open = make(map[string]*model)
		nb.HandleComms(controlTarget, control)
	})
	m := &model{kind: k, comm: nb.NewComm(commTarget), state: make(map[string]any)}
	for _, part := range []settings{k.defaults, state} {
		for name, value := range part {
			if plain, err := normal(value); err == nil {
				m.state[name] = plain
			}
		}
	}
	m.comm.OnArrival(m.arrive)
	m.comm.OnClose(m.forget)
	models.Lock()
	models.open[m.comm.ID()] = m
	models.Unlock()
	plain, paths, buffers := splitBuffers(m.state)
	// A model that cannot be sent, for a value that JSON cannot hold such as NaN, still works for the cells.
	_ = m.comm.Open(map[string]any{"state": plain, "buffer_paths": paths}, map[string]any{"version": protocolVersion}, buffers...)
	return m
}

func (m *model) forget() {
	models.Lock()
	defer models.Unlock()
	delete(models.open, m.comm.ID())
}

func (m *model) close() {
	m.forget()
	m.comm.Close()
}

func (m *model) get(name string) (any, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.state[name]
	return v, ok
}

// text is a model for readers without a front end.
func (m *model) text() string {
	var parts []string
	for _, name := range []string{"description", "value", "index"} {
		if v, ok := m.get(name); ok && v != "" && v != nil {
			if _, binary := v.([]byte); !binary {
				parts = append(parts, fmt.Sprintf("%s=%v", name, v))
			}
		}
	}
	children, _ := m.get("children")
	list, _ := children.([]any)
	for _, c := range list {
		id, _ := c.(string)
		models.Lock()
		child := models.open[strings.TrimPrefix(id, "IPY_MODEL_")]
		models.Unlock()
		if child != nil {
			parts = append(parts, child.text())
		}
	}
	return m.typeName() + "(" + strings.Join(parts, ", ") + ")"
}

// typeName is what the kind of widget is called.
func (m *model) typeName() string { return strings.TrimSuffix(m.kind.name, "Model") }

func (m *model) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.state))
}

// set changes the state from a cell: the front end is told, then the observers.
func (m *model) set(name string, value any) {
	m.mu.Lock()
	if reflect.DeepEqual(m.state[name], value) {
		m.mu.Unlock()
		return
	}
	m.state[name] = value
	m.mu.Unlock()
	m.send("update", map[string]any{name: value})
	for _, o := range m.watching(name) {
		o.call(value)
	}
}

func (m *model) send(method string, state map[string]any) {
	plain, paths, buffers := splitBuffers(state)
	_ = m.comm.Send(map[string]any{"method": method, "state": plain, "buffer_paths": paths}, buffers...)
}

func (m *model) watching(name string) []*observer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.observers), func(o *observer) bool { return o.name != name })
}

// observe calls f when a name of the state changes; remove ends that.
func (m *model) observe(name string, f func(any)) (remove func()) {
	o := &observer{name: name, call: f, origin: nb.CurrentOrigin()}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.observers = append(m.observers, o)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.observers = slices.DeleteFunc(m.observers, func(other *observer) bool { return other == o })
	}
}

// arrive takes a message of the front end: the state changes now, the observers are called later.
func (m *model) arrive(msg nb.CommMessage) (later func()) {
	var body struct {
		Method  string          `json:"method"`
		State   map[string]any  `json:"state"`
		Paths   [][]any         `json:"buffer_paths"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(msg.Data, &body) != nil {
		return nil
	}
	switch body.Method {
	case "update":
		joinBuffers(body.State, body.Paths, msg.Buffers)
		return m.update(body.State)
	case "request_state":
		m.mu.Lock()
		state := maps.Clone(m.state)
		m.mu.Unlock()
		m.send("update", state)
	case "custom":
		return calls(m.watching(""), body.Content)
	}
	return nil
}

// update applies what the front end has changed.
func (m *model) update(state map[string]any) (later func()) {
	var changed []func()
	echo := make(map[string]any)
	m.mu.Lock()
	names := slices.Sorted(maps.Keys(state))
	for _, name := range names {
		old, ok := m.state[name]
		if !ok {
			continue
		}
		if name != "outputs" { // they are large, and nobody but their sender changes them
			echo[name] = state[name]
		}
		if !reflect.DeepEqual(old, state[name]) {
			m.state[name] = state[name]
			changed = append(changed, func() {
				if f := calls(m.watching(name), state[name]); f != nil {
					f()
				}
			})
		}
	}
	observed := slices.ContainsFunc(m.observers, func(o *observer) bool { return state[o.name] != nil || slices.Contains(names, o.name) })
	m.mu.Unlock()
	if len(echo) > 0 { // other pages that show the widget follow
		m.send("echo_update", echo)
	}
	if len(changed) == 0 || !observed {
		return nil
	}
	return func() {
		for _, f := range changed {
			f()
		}
	}
}

// calls returns what calls the observers, nil when there are none. What they put out belongs where they were set.
func calls(all []*observer, value any) func() {
	if len(all) == 0 {
		return nil
	}
	return func() {
		for _, o := range all {
			nb.Attribute(o.origin, func() {
				defer nb.Recover()
				o.call(value)
			})
		}
	}
}

// control answers a front end that wants to know all models, such as a page that was loaded again.
func control(c *nb.Comm, _ nb.CommMessage) {
	c.OnArrival(func(msg nb.CommMessage) func() {
		var body struct {
			Method string `json:"method"`
		}
		if json.Unmarshal(msg.Data, &body) != nil || body.Method != "request_states" {
			return nil
		}
		models.Lock()
		open := maps.Clone(models.open)
		models.Unlock()
		states := make(map[string]any)
		paths, buffers := [][]any{}, [][]byte{}
		for _, id := range slices.Sorted(maps.Keys(open)) {
			m := open[id]
			m.mu.Lock()
			plain, p, b := splitBuffers(m.state)
			m.mu.Unlock()
			states[id] = map[string]any{"model_name": plain["_model_name"], "model_module": plain["_model_module"],
				"model_module_version": plain["_model_module_version"], "state": plain}
			for i := range p {
				paths = append(paths, append([]any{id, "state"}, p[i]...))
			}
			buffers = append(buffers, b...)
		}
		_ = c.Send(map[string]any{"method": "update_states", "states": states, "buffer_paths": paths}, buffers...)
		return nil
	})
}

// splitBuffers takes the binary values out of a state and says where they were.
func splitBuffers(state map[string]any) (plain map[string]any, paths [][]any, buffers [][]byte) {
	plain, paths = make(map[string]any, len(state)), [][]any{}
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if b, ok := state[name].([]byte); ok {
			paths, buffers = append(paths, []any{name}), append(buffers, b)
			continue
		}
		plain[name] = state[name]
	}
	return plain, paths, buffers
}

// joinBuffers puts binary values back. Only values at the top of a state are binary in the widgets of this package.
func joinBuffers(state map[string]any, paths [][]any, buffers [][]byte) {
	for i, p := range paths {
		if name, ok := first(p).(string); ok && len(p) == 1 && i < len(buffers) {
			state[name] = buffers[i]
		}
	}
}

func first(p []any) any {
	if len(p) == 0 {
		return nil
	}
	return p[0]
}

// normal makes a value what it is after a way through JSON, so that values compare.
func normal(v any) (any, error) {
	if b, ok := v.([]byte); ok {
		return b, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("widgets: %w", err)
	}
	var plain any
	err = json.Unmarshal(text, &plain)
	return plain, err
}
