package widgets

// Box holds other widgets.
type Box struct{ Base }

// HBox puts widgets beside each other.
func HBox(children ...Widget) *Box { return newBox(hBox, children, nil) }

// VBox puts widgets below each other.
func VBox(children ...Widget) *Box { return newBox(vBox, children, nil) }

// Tabs shows one of several widgets; each has a title.
func Tabs(titles []string, children ...Widget) *Box {
	return newBox(tabs, children, settings{"titles": titles, "selected_index": 0})
}

// Accordion shows widgets below each other, each under a title that opens and closes it.
func Accordion(titles []string, children ...Widget) *Box {
	return newBox(accordion, children, settings{"titles": titles, "selected_index": 0})
}

func newBox(k kind, children []Widget, state settings) *Box {
	if state == nil {
		state = settings{}
	}
	state["children"] = references(children)
	return &Box{newBase(k, state)}
}

func references(children []Widget) []any {
	all := make([]any, len(children))
	for i, c := range children {
		all[i] = reference(c.base().model)
	}
	return all
}

// SetChildren replaces what is in the box.
func (b *Box) SetChildren(children ...Widget) { b.model.set("children", references(children)) }
