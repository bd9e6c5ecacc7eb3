package widgets

import (
	"fmt"
	"reflect"

	"nuclab/kernel/nb"
)

// Interaction is a function whose arguments the user sets. Shown, it is the controls with the output below.
type Interaction struct {
	*Box
	Controls []Widget    // one for each parameter
	Output   *OutputArea // what the function prints, shows and returns

	call func()
}

// readable is a control of any type.
type readable interface {
	Widget
	anyValue() any
	onAnyChange(func())
}

// Interact calls f now and whenever the user changes an argument. For each parameter of f, controls holds a control of
// its type or of one that converts to it, or a plain value that stands for one: a bool for a Checkbox, a string for a
// Text, an int or float64 v for a slider from -v to 3v, a slice for a Dropdown of its elements. A function that takes
// other arguments than these is an error.
//
//	widgets.Interact(func(n int, grid bool) *plot.Plot { ... }, widgets.IntSlider("n", 1, 9, 3), widgets.Checkbox("grid", true))
func Interact(f any, controls ...any) (*Interaction, error) {
	fn := reflect.ValueOf(f)
	if fn.Kind() != reflect.Func || fn.IsNil() {
		return nil, fmt.Errorf("widgets: Interact takes a function, not a %T", f)
	}
	t := fn.Type()
	if t.IsVariadic() || t.NumIn() != len(controls) {
		return nil, fmt.Errorf("widgets: %s needs one control for each of its %d parameters, not %d", t, t.NumIn(), len(controls))
	}
	arguments := make([]readable, len(controls))
	i := &Interaction{Output: Output()}
	for n, c := range controls {
		r, err := controlFor(c, fmt.Sprintf("arg %d", n+1))
		if err != nil {
			return nil, err
		}
		if have, want := reflect.TypeOf(r.anyValue()), t.In(n); have == nil || !convertible(have, want) {
			return nil, fmt.Errorf("widgets: parameter %d of %s is a %s, its control holds a %v", n+1, t, want, have)
		}
		arguments[n] = r
		i.Controls = append(i.Controls, r)
	}
	i.call = func() {
		in := make([]reflect.Value, len(arguments))
		for n, a := range arguments {
			in[n] = reflect.ValueOf(a.anyValue()).Convert(t.In(n))
		}
		nb.ClearOutput(true)
		showResults(fn.Call(in))
	}
	i.Box = VBox(append(append([]Widget{}, i.Controls...), i.Output)...)
	for _, a := range arguments {
		a.onAnyChange(i.Run)
	}
	i.Run()
	return i, nil
}

// Run calls the function with the present arguments.
func (i *Interaction) Run() {
	i.Output.Capture(func() {
		defer nb.Recover()
		i.call()
	})
}

func showResults(results []reflect.Value) {
	values := make([]any, len(results))
	for n, r := range results {
		values[n] = r.Interface()
	}
	if len(values) == 1 && results[0].Type() == reflect.TypeFor[error]() && values[0] == nil {
		return
	}
	if len(values) > 0 {
		nb.Display(nb.MIME(nb.BundleAll(values...)))
	}
}

// convertible is ConvertibleTo without the conversions that change what a value means.
func convertible(have, want reflect.Type) bool {
	if want.Kind() == reflect.String && have.Kind() != reflect.String {
		return false
	}
	return have.ConvertibleTo(want)
}

// controlFor returns a control, or makes one for a plain value.
func controlFor(c any, label string) (readable, error) {
	switch v := c.(type) {
	case readable:
		return v, nil
	case bool:
		return Checkbox(label, v), nil
	case string:
		return Text(label, v), nil
	case int:
		lo, hi := around(v)
		return IntSlider(label, lo, hi, v), nil
	case float64:
		lo, hi := around(v)
		return FloatSlider(label, lo, hi, v), nil
	case []string:
		return Dropdown(label, v...), nil
	case []int:
		return Dropdown(label, v...), nil
	case []float64:
		return Dropdown(label, v...), nil
	}
	return nil, fmt.Errorf("widgets: a %T stands for no control", c)
}

// around is ipywidgets' range for a slider that starts at v.
func around[T int | float64](v T) (lo, hi T) {
	switch {
	case v > 0:
		return -v, 3 * v
	case v < 0:
		return 3 * v, -v
	}
	return 0, 1
}
