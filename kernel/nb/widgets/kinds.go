package widgets

import "maps"

// Modules of the front end, and the versions of them that ipywidgets 8 asks for.
const (
	baseModule, baseVersion         = "@jupyter-widgets/base", "2.0.0"
	controlsModule, controlsVersion = "@jupyter-widgets/controls", "2.0.0"
	outputModule, outputVersion     = "@jupyter-widgets/output", "1.0.0"
)

// settings are a part of a state.
type settings = map[string]any

// kind is a model of the front end: what it is called, and its state at first.
type kind struct {
	name     string
	style    *kind // nil for a widget without
	defaults settings
}

// newKind puts parts of a state together, of which later ones win.
func newKind(name string, style *kind, parts ...settings) kind {
	all := settings{"_model_name": name, "_view_count": nil}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return kind{name: name, style: style, defaults: all}
}

// from says which module holds a model and its view.
func from(module, version, view string) settings {
	return settings{"_model_module": module, "_model_module_version": version,
		"_view_module": module, "_view_module_version": version, "_view_name": view}
}

// empty are settings that are null at first.
func empty(names ...string) settings {
	all := settings{}
	for _, n := range names {
		all[n] = nil
	}
	return all
}

// styleOf is the kind of a style; a style has no view to speak of, but is declared with one.
func styleOf(name string, parts ...settings) *kind {
	view := settings{"_view_module": baseModule, "_view_module_version": baseVersion, "_view_name": "StyleView"}
	k := newKind(name, nil, append([]settings{from(controlsModule, controlsVersion, ""), view}, parts...)...)
	return &k
}

var (
	labelWidth = settings{"description_width": ""}
	fonts      = empty("font_family", "font_size", "font_style", "font_variant", "font_weight", "text_color", "text_decoration")
	textStyle  = []settings{labelWidth, empty("background", "font_size", "text_color")}

	plainStyle    = styleOf("DescriptionStyleModel", labelWidth)
	sliderStyle   = styleOf("SliderStyleModel", labelWidth, empty("handle_color"))
	checkboxStyle = styleOf("CheckboxStyleModel", labelWidth, empty("background"))
	toggleStyle   = styleOf("ToggleButtonStyleModel", labelWidth, fonts)
	togglesStyle  = styleOf("ToggleButtonsStyleModel", labelWidth, settings{"button_width": "", "font_weight": ""})
	inputStyle    = styleOf("TextStyleModel", textStyle...)
	htmlStyle     = styleOf("HTMLStyleModel", textStyle...)
	labelStyle    = styleOf("LabelStyleModel", labelWidth, fonts, empty("background"))
	buttonStyle   = styleOf("ButtonStyleModel", fonts, empty("button_color"))
	progressStyle = styleOf("ProgressStyleModel", labelWidth, empty("bar_color"))
)

var (
	// dom are the settings of everything that is seen.
	dom       = settings{"_dom_classes": []string{}, "tabbable": nil, "tooltip": nil}
	described = settings{"description": "", "description_allow_html": false}
	enabled   = settings{"disabled": false}
	typed     = settings{"placeholder": "\u200b", "continuous_update": true}
	chosen    = settings{"_options_labels": []string{}, "index": nil}
	slider    = settings{"continuous_update": true, "orientation": "horizontal", "readout": true, "behavior": "drag-tap"}
)

// seen is the kind of a visible widget. Its view has the model's name unless parts say otherwise.
func seen(name string, style *kind, parts ...settings) kind {
	first := []settings{from(controlsModule, controlsVersion, name+"View"), dom}
	return newKind(name+"Model", style, append(first, parts...)...)
}

var (
	layoutKind = newKind("LayoutModel", nil, from(baseModule, baseVersion, "LayoutView"), empty(
		"align_content", "align_items", "align_self", "border_bottom", "border_left", "border_right", "border_top", "bottom", "display",
		"flex", "flex_flow", "grid_area", "grid_auto_columns", "grid_auto_flow", "grid_auto_rows", "grid_column", "grid_gap", "grid_row",
		"grid_template_areas", "grid_template_columns", "grid_template_rows", "height", "justify_content", "justify_items", "left",
		"margin", "max_height", "max_width", "min_height", "min_width", "object_fit", "object_position", "order", "overflow", "padding",
		"right", "top", "visibility", "width"))

	intSlider = seen("IntSlider", sliderStyle, described, enabled, slider,
		settings{"min": 0, "max": 100, "step": 1, "value": 0, "readout_format": "d"})
	floatSlider = seen("FloatSlider", sliderStyle, described, enabled, slider,
		settings{"min": 0, "max": 100, "step": 0.1, "value": 0, "readout_format": ".2f"})
	floatLogSlider = seen("FloatLogSlider", sliderStyle, described, enabled, slider,
		settings{"min": 0, "max": 4, "step": 0.1, "value": 1, "base": 10, "readout_format": ".3g"})
	floatRangeSlider = seen("FloatRangeSlider", sliderStyle, described, enabled, slider,
		settings{"min": 0, "max": 100, "step": 0.1, "value": []float64{25, 75}, "readout_format": ".2f"})
	play = seen("Play", plainStyle, described, enabled, settings{"min": 0, "max": 100, "step": 1, "value": 0, "interval": 100,
		"playing": false, "repeat": false, "show_repeat": true})

	dropdown      = seen("Dropdown", plainStyle, described, enabled, chosen)
	radioButtons  = seen("RadioButtons", plainStyle, described, enabled, chosen, settings{"orientation": "vertical"})
	selectList    = seen("Select", plainStyle, described, enabled, chosen, settings{"rows": 5})
	toggleButtons = seen("ToggleButtons", togglesStyle, described, enabled, chosen,
		settings{"button_style": "", "icons": []string{}, "tooltips": []string{}})

	checkbox     = seen("Checkbox", checkboxStyle, described, enabled, settings{"value": false, "indent": true})
	toggleButton = seen("ToggleButton", toggleStyle, described, enabled, settings{"value": false, "icon": "", "button_style": ""})

	text      = seen("Text", inputStyle, described, enabled, typed, settings{"value": ""})
	password  = seen("Password", inputStyle, described, enabled, typed, settings{"value": ""})
	textarea  = seen("Textarea", inputStyle, described, enabled, typed, settings{"value": "", "rows": nil})
	intText   = seen("IntText", plainStyle, described, enabled, settings{"value": 0, "step": 1, "continuous_update": false})
	floatText = seen("FloatText", plainStyle, described, enabled, settings{"value": 0, "step": nil, "continuous_update": false})

	button = seen("Button", buttonStyle, enabled, settings{"description": "", "icon": "", "button_style": ""})

	floatProgress = seen("FloatProgress", progressStyle, described,
		settings{"_view_name": "ProgressView", "min": 0, "max": 100, "value": 0, "bar_style": "", "orientation": "horizontal"})
	htmlText = seen("HTML", htmlStyle, described, settings{"value": "", "placeholder": "\u200b"})
	label    = seen("Label", labelStyle, described, settings{"value": "", "placeholder": "\u200b"})
	picture  = seen("Image", nil, settings{"value": []byte{}, "format": "png", "width": "", "height": ""})

	inBox     = settings{"box_style": "", "children": []string{}}
	inPages   = settings{"selected_index": nil, "titles": []string{}}
	hBox      = seen("HBox", nil, inBox)
	vBox      = seen("VBox", nil, inBox)
	tabs      = seen("Tab", nil, inBox, inPages)
	accordion = seen("Accordion", nil, inBox, inPages)

	outputArea = seen("Output", nil, from(outputModule, outputVersion, "OutputView"), settings{"msg_id": "", "outputs": []any{}})
)
