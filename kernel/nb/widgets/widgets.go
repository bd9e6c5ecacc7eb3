// Package widgets shows sliders, menus, buttons and boxes in a notebook and tells the cells what the user does with
// them. It drives the ipywidgets 8 front end that comes with JupyterLab; the kernel needs no Python.
//
//	n := widgets.IntSlider("n", 1, 100, 10)
//	n.OnChange(func(v int) { fmt.Println("n is now", v) })
//	n
//
// A widget is shown as a cell's last expression or by nb.Display, as often as one likes; all its views show one state.
// What the user does changes its value at once, also while a cell runs, so that a loop may read it. Functions set by
// OnChange and OnClick wait until no cell runs; what they print appears in the cell that set them, or in the [OutputArea]
// whose Capture they call. [Interact] does all of this for a function.
//
// Every widget has more settings than constructors take: see Set, SetLayout and SetStyle, and ipywidgets' documentation
// for the names.
//
// Outside a notebook widgets keep the values that code gives them and show nothing.
package widgets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nuclab/kernel/nb"
)

// Widget is what can be shown and put into boxes.
type Widget interface {
	// ModelID is the name by which the front end knows the widget.
	ModelID() string
	// MIMEBundle is how a notebook shows the widget.
	MIMEBundle() map[string]any
	base() *Base
}

// Base is what all widgets have. Its methods may be called from several goroutines.
type Base struct {
	model  *model
	layout *model
	style  *model // nil for a widget without
}

func newBase(k kind, state map[string]any) Base {
	b := Base{layout: newModel(layoutKind, nil)}
	all := maps.Clone(state)
	if all == nil {
		all = make(map[string]any)
	}
	all["layout"] = reference(b.layout)
	if k.style != nil {
		b.style = newModel(*k.style, nil)
		all["style"] = reference(b.style)
	}
	b.model = newModel(k, all)
	return b
}

func (b *Base) base() *Base { return b }

// ModelID implements [Widget].
func (b *Base) ModelID() string { return b.model.comm.ID() }

// MIMEBundle implements [Widget].
func (b *Base) MIMEBundle() map[string]any {
	return map[string]any{
		"application/vnd.jupyter.widget-view+json": map[string]any{"version_major": 2, "version_minor": 0, "model_id": b.ModelID()},
		"text/plain": b.String(),
	}
}

// String names the widget, its label and its value, or what it holds.
func (b *Base) String() string { return b.model.text() }

// Get returns a setting as it is in JSON, such as "description" or "disabled"; nil when there is none of that name.
func (b *Base) Get(name string) any {
	v, _ := b.model.get(name)
	return v
}

// Set changes a setting, such as "description", "disabled", "orientation" or "button_style", to a value that JSON can hold.
// An unknown name is an error that lists those there are.
func (b *Base) Set(name string, value any) error { return set(b.model, name, value) }

// SetLayout changes a CSS property of the widget's place, such as "width" to "50%".
func (b *Base) SetLayout(name, value string) error { return set(b.layout, name, value) }

// SetStyle changes the looks of the widget, such as "description_width", "handle_color" or "button_color".
func (b *Base) SetStyle(name string, value any) error {
	if b.style == nil {
		return fmt.Errorf("widgets: a %s has no style", b.model.typeName())
	}
	return set(b.style, name, value)
}

func set(m *model, name string, value any) error {
	if _, ok := m.get(name); !ok || strings.HasPrefix(name, "_") {
		names := slices.DeleteFunc(m.names(), func(n string) bool { return strings.HasPrefix(n, "_") })
		return fmt.Errorf("widgets: %s has no %q; it has %s", m.typeName(), name, strings.Join(names, ", "))
	}
	plain, err := normal(value)
	if err != nil {
		return fmt.Errorf("widgets: %s: %w", name, err)
	}
	m.set(name, plain)
	return nil
}

// Close removes the widget from the notebook and forgets it. What is inside a box stays.
func (b *Base) Close() {
	for _, m := range []*model{b.model, b.layout, b.style} {
		if m != nil {
			m.close()
		}
	}
}

// Show shows the widget below the running cell.
func (b *Base) Show() { nb.Display(nb.MIME(b.MIMEBundle(), nil)) }
