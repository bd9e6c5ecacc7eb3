package widgets

import (
	"fmt"
	"math"

	"nuclab/kernel/nb"
)

// Control is a widget with a value of type T that the user and the cells change.
type Control[T any] struct {
	Base
	key    string // of the state
	decode func(any) T
	encode func(T) any
}

func newControl[T any](k kind, label, key string, value T, decode func(any) T, encode func(T) any, state settings) *Control[T] {
	if state == nil {
		state = settings{}
	}
	state["description"], state[key] = label, encode(value)
	return &Control[T]{Base: newBase(k, state), key: key, decode: decode, encode: encode}
}

// Value returns the value as the user sees it, also while a cell runs.
func (c *Control[T]) Value() T {
	v, _ := c.model.get(c.key)
	return c.decode(v)
}

// SetValue changes the value, and calls what OnChange has set if it is a new one. A slider takes the nearest value in
// its range, a menu only one of its options.
func (c *Control[T]) SetValue(v T) {
	if plain, err := normal(c.encode(v)); err == nil {
		c.model.set(c.key, plain)
	}
}

// OnChange sets a function that is called with each new value. The function it returns ends that.
func (c *Control[T]) OnChange(f func(T)) (remove func()) {
	return c.model.observe(c.key, func(v any) { f(c.decode(v)) })
}

// anyValue and observe are for Interact, which does not know T.
func (c *Control[T]) anyValue() any { return c.Value() }

func (c *Control[T]) onAnyChange(f func()) { c.OnChange(func(T) { f() }) }

func toFloat(v any) float64 {
	f, _ := v.(float64)
	return f
}

func toInt(v any) int       { return int(math.Round(toFloat(v))) }
func toBool(v any) bool     { b, _ := v.(bool); return b }
func toString(v any) string { s, _ := v.(string); return s }
func same[T any](v T) any   { return v }

// within orders bounds and returns what keeps a value in them.
func within[T int | float64](lo, hi T) (min, max T, keep func(T) any) {
	if hi < lo {
		lo, hi = hi, lo
	}
	return lo, hi, func(v T) any {
		if v < lo || v != v {
			return lo
		}
		if v > hi {
			return hi
		}
		return v
	}
}

// IntSlider is a slider for whole numbers from min to max.
func IntSlider(label string, min, max, value int) *Control[int] {
	min, max, keep := within(min, max)
	return newControl(intSlider, label, "value", value, toInt, keep, settings{"min": min, "max": max})
}

// FloatSlider is a slider from min to max in a hundred steps.
func FloatSlider(label string, min, max, value float64) *Control[float64] {
	min, max, keep := within(min, max)
	return newControl(floatSlider, label, "value", value, toFloat, keep, settings{"min": min, "max": max, "step": (max - min) / 100,
		"readout_format": ".4g"})
}

// FloatLogSlider is a slider with a logarithmic scale from min to max, both above zero, in a hundred steps.
func FloatLogSlider(label string, min, max, value float64) *Control[float64] {
	const smallest = 1e-300
	min, max, keep := within(math.Max(min, smallest), math.Max(max, smallest))
	lo, hi := math.Log10(min), math.Log10(max)
	return newControl(floatLogSlider, label, "value", value, toFloat, keep, settings{"min": lo, "max": hi, "step": (hi - lo) / 100})
}

// FloatRange is a slider with two handles between min and max.
func FloatRange(label string, min, max float64, value [2]float64) *Control[[2]float64] {
	min, max, keep := within(min, max)
	decode := func(v any) [2]float64 {
		if s, ok := v.([]any); ok && len(s) == 2 {
			return [2]float64{toFloat(s[0]), toFloat(s[1])}
		}
		return [2]float64{}
	}
	encode := func(v [2]float64) any { return []any{keep(math.Min(v[0], v[1])), keep(math.Max(v[0], v[1]))} }
	return newControl(floatRangeSlider, label, "value", value, decode, encode, settings{"min": min, "max": max, "step": (max - min) / 100,
		"readout_format": ".4g"})
}

// IntText is a field for a whole number.
func IntText(label string, value int) *Control[int] {
	return newControl(intText, label, "value", value, toInt, same[int], nil)
}

// FloatText is a field for a number.
func FloatText(label string, value float64) *Control[float64] {
	return newControl(floatText, label, "value", value, toFloat, same[float64], nil)
}

// Checkbox is a box to tick.
func Checkbox(label string, value bool) *Control[bool] {
	return newControl(checkbox, label, "value", value, toBool, same[bool], nil)
}

// ToggleButton is a button that stays down until it is pressed again.
func ToggleButton(label string, value bool) *Control[bool] {
	return newControl(toggleButton, label, "value", value, toBool, same[bool], nil)
}

// Text is a field for one line. It changes with every key; Set("continuous_update", false) makes it wait for Enter.
func Text(label, value string) *Control[string] {
	return newControl(text, label, "value", value, toString, same[string], nil)
}

// Password is a Text that does not show what is typed. The front end may keep it with the notebook like any value.
func Password(label string) *Control[string] {
	return newControl(password, label, "value", "", toString, same[string], nil)
}

// Textarea is a field for several lines.
func Textarea(label, value string) *Control[string] {
	return newControl(textarea, label, "value", value, toString, same[string], nil)
}

// Play counts from min to max by itself once the user starts it, a step in the given milliseconds.
func Play(label string, min, max, milliseconds int) *Control[int] {
	min, max, keep := within(min, max)
	return newControl(play, label, "value", min, toInt, keep, settings{"min": min, "max": max, "interval": milliseconds})
}

// Dropdown is a menu of options, shown as nb.Text writes them; the first is chosen.
func Dropdown[T any](label string, options ...T) *Control[T] { return choice(dropdown, label, options) }

// RadioButtons is a Dropdown with all its options in sight.
func RadioButtons[T any](label string, options ...T) *Control[T] {
	return choice(radioButtons, label, options)
}

// ToggleButtons is a Dropdown as a row of buttons.
func ToggleButtons[T any](label string, options ...T) *Control[T] {
	return choice(toggleButtons, label, options)
}

// Select is a Dropdown as a list.
func Select[T any](label string, options ...T) *Control[T] { return choice(selectList, label, options) }

func choice[T any](k kind, label string, options []T) *Control[T] {
	labels := make([]string, len(options))
	index := make(map[string]int)
	for i, o := range options {
		labels[i] = nb.Text(o)
		index[labels[i]] = i
	}
	decode := func(v any) (chosen T) {
		if f, ok := v.(float64); ok && f >= 0 && int(f) < len(options) {
			chosen = options[int(f)]
		}
		return chosen
	}
	encode := func(v T) any {
		if i, ok := index[nb.Text(v)]; ok {
			return i
		}
		return nil
	}
	var value T
	if len(options) > 0 {
		value = options[0]
	}
	return newControl(k, label, "index", value, decode, encode, settings{"_options_labels": labels})
}

// PushButton is a button that does something.
type PushButton struct{ Base }

// Button is a button with a text.
func Button(text string) *PushButton {
	return &PushButton{newBase(button, settings{"description": text})}
}

// OnClick sets a function that is called when the button is pressed. The function it returns ends that.
func (b *PushButton) OnClick(f func()) (remove func()) {
	return b.model.observe("", func(any) { f() })
}

// Bar shows how far something has come. See nb.NewProgress for a bar with rate and time left.
type Bar struct{ Base }

// Progress is a bar from 0 to max.
func Progress(label string, max float64) *Bar {
	return &Bar{newBase(floatProgress, settings{"description": label, "max": max})}
}

// SetValue moves the bar.
func (b *Bar) SetValue(v float64) { b.model.set("value", v) }

// Value returns where the bar stands.
func (b *Bar) Value() float64 { return toFloat(b.Get("value")) }

// Picture is an image that can be replaced.
type Picture struct{ Base }

// Image is a picture in PNG.
func Image(png []byte) *Picture {
	return &Picture{newBase(picture, settings{"value": append([]byte{}, png...)})}
}

// SetPNG replaces the picture.
func (p *Picture) SetPNG(png []byte) { p.model.set("value", append([]byte{}, png...)) }

// SetFigure replaces the picture by a value that nb.Bundle can draw as PNG: a plot, an image.Image.
func (p *Picture) SetFigure(v any) error {
	data, _ := nb.Bundle(v)
	png, ok := data["image/png"].([]byte)
	if !ok {
		return fmt.Errorf("widgets: a %T is no picture", v)
	}
	p.SetPNG(png)
	return nil
}

// Markup is a text that can be replaced.
type Markup struct{ Base }

// HTML is a text with markup, which is trusted.
func HTML(s string) *Markup { return &Markup{newBase(htmlText, settings{"value": s})} }

// Label is a text without markup.
func Label(s string) *Markup { return &Markup{newBase(label, settings{"value": s})} }

// SetText replaces the text.
func (m *Markup) SetText(s string) { m.model.set("value", s) }
