package widgets

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/kernel/nb"
)

// page is a front end that keeps what it is sent.
type page struct {
	sent  []nb.CommMessage
	shown []map[string]any
}

type request string

func (r request) MessageID() string { return string(r) }

func (p *page) Display(data, _ map[string]any, _ string, _ bool) { p.shown = append(p.shown, data) }
func (p *page) Clear(bool)                                       {}
func (p *page) Input(string, bool) (string, error)               { return "", errors.New("nobody") }
func (p *page) Context() context.Context                         { return context.Background() }
func (p *page) SendComm(m nb.CommMessage) error                  { p.sent = append(p.sent, m); return nil }
func (p *page) Origin() nb.Origin                                { return request("cell") }
func (p *page) Request() nb.Origin                               { return request("now") }
func (p *page) Failed(any)                                       {}
func (p *page) Attribute(_ nb.Origin, f func())                  { f() }

func open(t *testing.T) *page {
	p := &page{}
	nb.SetHost(p)
	t.Cleanup(func() { nb.SetHost(nil) })
	return p
}

// move is what a front end sends when the user has changed a model.
func (p *page) move(w Widget, state string) {
	m := nb.CommMessage{Type: "comm_msg", ID: w.ModelID(), Data: json.RawMessage(`{"method":"update","buffer_paths":[],"state":` + state + `}`)}
	if later := nb.CommArrived(m); later != nil {
		later()
	}
}

// TestModelsAreThoseOfIpywidgets compares the state that each constructor opens with the state of ipywidgets' own widget
// of that name, made with the same arguments.
func TestModelsAreThoseOfIpywidgets(t *testing.T) {
	python := testenv.Python(t, "ipywidgets")
	p := open(t)
	layout := HTML("x")
	cases := []struct {
		widget Widget
		python string
	}{
		{IntSlider("n", 1, 9, 4), "IntSlider(description='n', min=1, max=9, value=4)"},
		{FloatSlider("x", 0, 1, 0.5), "FloatSlider(description='x', min=0, max=1, step=0.01, value=0.5, readout_format='.4g')"},
		{FloatLogSlider("x", 1, 100, 10), "FloatLogSlider(description='x', min=0, max=2, step=0.02, value=10)"},
		{FloatRange("x", 0, 10, [2]float64{2, 3}), "FloatRangeSlider(description='x', min=0, max=10, step=0.1, value=[2,3], readout_format='.4g')"},
		{Play("p", 0, 5, 50), "Play(description='p', min=0, max=5, value=0, interval=50)"},
		{Dropdown("d", "a", "b"), "Dropdown(description='d', options=['a','b'])"},
		{RadioButtons("d", 1, 2), "RadioButtons(description='d', options=[1,2])"},
		{ToggleButtons("d", 1, 2), "ToggleButtons(description='d', options=[1,2])"},
		{Select("d", 1, 2), "Select(description='d', options=[1,2], value=1)"},
		{Checkbox("c", true), "Checkbox(description='c', value=True)"},
		{ToggleButton("c", true), "ToggleButton(description='c', value=True)"},
		{Text("t", "v"), "Text(description='t', value='v')"},
		{Password("t"), "Password(description='t')"},
		{Textarea("t", "v"), "Textarea(description='t', value='v')"},
		{IntText("t", 3), "IntText(description='t', value=3)"},
		{FloatText("t", 3.5), "FloatText(description='t', value=3.5)"},
		{Button("b"), "Button(description='b')"},
		{Progress("p", 7), "FloatProgress(description='p', max=7)"},
		{HTML("<b>"), "HTML(value='<b>')"},
		{Label("l"), "Label(value='l')"},
		{Image(nil), "Image()"},
		{HBox(), "HBox()"},
		{VBox(), "VBox()"},
		{Tabs([]string{"a"}, layout), "Tab(children=[HTML('x')], titles=['a'], selected_index=0)"},
		{Accordion([]string{"a"}, layout), "Accordion(children=[HTML('x')], titles=['a'], selected_index=0)"},
		{Output(), "Output()"},
	}
	var script strings.Builder
	script.WriteString("import json\nfrom ipywidgets import *\ndef show(w):\n" +
		"  print(json.dumps([{k: v for k, v in m.get_state().items() if not isinstance(v, memoryview)} for m in (w, w.layout, getattr(w, 'style', None)) if m is not None]))\n")
	for _, tt := range cases {
		script.WriteString("show(" + tt.python + ")\n")
	}
	out, err := exec.Command(python, "-c", script.String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	opened := map[string]map[string]any{}
	for _, m := range p.sent {
		var data struct{ State map[string]any }
		if json.Unmarshal(m.Data, &data) != nil || m.Target != "jupyter.widget" || m.Metadata["version"] != "2.1.0" {
			t.Fatalf("opened by %+v", m)
		}
		opened[m.ID] = data.State
	}
	// References to other models are new names in each program.
	plain := func(state map[string]any) map[string]any {
		for k, v := range state {
			if s, ok := v.(string); ok && strings.HasPrefix(s, "IPY_MODEL_") {
				state[k] = "IPY_MODEL_"
			}
			if s, ok := v.([]any); ok && k == "children" {
				state[k] = len(s)
			}
		}
		return state
	}
	for i, tt := range cases {
		var want []map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &want); err != nil {
			t.Fatal(err)
		}
		b := tt.widget.base()
		for j, m := range []*model{b.model, b.layout, b.style} {
			if m == nil {
				continue
			}
			got := plain(opened[m.comm.ID()])
			if w := plain(want[j]); !reflect.DeepEqual(got, w) {
				for k, v := range w {
					if !reflect.DeepEqual(got[k], v) {
						t.Errorf("%s: %s is %v, want %v", tt.python, k, got[k], v)
					}
				}
				for k, v := range got {
					if _, ok := w[k]; !ok {
						t.Errorf("%s has %s = %v, which ipywidgets does not know", tt.python, k, v)
					}
				}
			}
		}
	}
}

func TestControls(t *testing.T) {
	p := open(t)
	n := IntSlider("n", 0, 10, 3)
	var seen []int
	remove := n.OnChange(func(v int) { seen = append(seen, v) })
	p.move(n, `{"value": 5}`)
	p.move(n, `{"value": 5}`) // nothing new
	n.SetValue(12)            // out of range
	remove()
	n.SetValue(1)
	if n.Value() != 1 || !reflect.DeepEqual(seen, []int{5, 10}) {
		t.Errorf("value %d, seen %v", n.Value(), seen)
	}
	type place struct{ Name string }
	d := Dropdown("where", place{"here"}, place{"there"})
	p.move(d, `{"index": 1}`)
	if d.Value().Name != "there" {
		t.Errorf("chosen %v", d.Value())
	}
	d.SetValue(place{"here"})
	if d.Get("index") != 0.0 {
		t.Errorf("index %v", d.Get("index"))
	}
	r := FloatRange("r", 0, 1, [2]float64{0.8, 0.2})
	p.move(r, `{"value": [0.25, 0.5]}`)
	if r.Value() != [2]float64{0.25, 0.5} {
		t.Errorf("range %v", r.Value())
	}
	clicks := 0
	b := Button("go")
	b.OnClick(func() { clicks++ })
	later := nb.CommArrived(nb.CommMessage{Type: "comm_msg", ID: b.ModelID(), Data: json.RawMessage(`{"method":"custom","content":{"event":"click"}}`)})
	later()
	if clicks != 1 {
		t.Errorf("%d clicks", clicks)
	}
	if err := n.Set("orientation", "vertical"); err != nil || n.Get("orientation") != "vertical" {
		t.Errorf("set: %v", err)
	}
	if err := n.Set("colour", 1); err == nil || !strings.Contains(err.Error(), "orientation") {
		t.Errorf("an unknown setting: %v", err)
	}
	if err := n.SetLayout("width", "50%"); err != nil {
		t.Error(err)
	}
	if s := VBox(n, Label("x")).String(); s != "VBox(IntSlider(description=n, value=1), Label(value=x))" {
		t.Errorf("as text %s", s)
	}
	n.Close()
	closed := 0
	for _, m := range p.sent {
		if m.Type == "comm_close" {
			closed++
		}
	}
	if closed != 3 { // the slider, its layout, its style
		t.Errorf("%d comms are closed", closed)
	}
}

func TestBuffers(t *testing.T) {
	p := open(t)
	i := Image([]byte("first"))
	i.SetPNG([]byte("second"))
	last := p.sent[len(p.sent)-1]
	if string(last.Data) != `{"buffer_paths":[["value"]],"method":"update","state":{}}` || string(last.Buffers[0]) != "second" {
		t.Errorf("%s with %q", last.Data, last.Buffers)
	}
}

func TestInteract(t *testing.T) {
	p := open(t)
	type celsius float64
	var got []string
	i, err := Interact(func(n int, t celsius, s string, on bool) string {
		got = append(got, nb.Text([]any{n, t, s, on}))
		return s
	}, IntSlider("n", 0, 9, 1), FloatSlider("t", 0, 1, 0.5), []string{"a", "b"}, false)
	if err != nil {
		t.Fatal(err)
	}
	p.move(i.Controls[2], `{"index": 1}`)
	p.move(i.Controls[0], `{"value": 7}`)
	if want := []string{"[1 0.5 a false]", "[1 0.5 b false]", "[7 0.5 b false]"}; !reflect.DeepEqual(got, want) {
		t.Errorf("called with %q, want %q", got, want)
	}
	if len(p.shown) != 3 || p.shown[2]["text/plain"] != "b" {
		t.Errorf("shown %v", p.shown)
	}
	for _, tt := range []struct {
		f        any
		controls []any
		want     string
	}{
		{7, nil, "takes a function"},
		{func(int) {}, nil, "one control for each of its 1 parameters, not 0"},
		{func(int) {}, []any{"text"}, "parameter 1 of func(int) is a int, its control holds a string"},
		{func(string) {}, []any{7}, "its control holds a int"},
		{func(int) {}, []any{struct{}{}}, "stands for no control"},
	} {
		if _, err := Interact(tt.f, tt.controls...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T: error %v, want %q", tt.f, err, tt.want)
		}
	}
}
