package nb

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"reflect"
	"strings"
)

// A figure that offers WriterTo is drawn at this size (16 cm by 10 cm), in points as gonum's vg counts lengths.
const (
	figureWidth  = 16 * 72 / 2.54
	figureHeight = 10 * 72 / 2.54
)

// maxSVG is the size in bytes above which a figure is shown as pixels: a vector image of many thousand points slows
// the browser down and swells the notebook.
const maxSVG = 1 << 20

// renderers are the methods by which a type renders itself. Each takes nothing and returns a string or []byte, and
// possibly an error.
var renderers = []struct{ method, mimeType string }{
	{"HTML", "text/html"},
	{"SVG", "image/svg+xml"},
	{"PNG", "image/png"},
	{"JPEG", "image/jpeg"},
	{"Markdown", "text/markdown"},
	{"LaTeX", "text/latex"},
	{"Latex", "text/latex"},
	{"JavaScript", "application/javascript"},
	{"PDF", "application/pdf"},
}

// Bundle renders v for a notebook: its representations by MIME type, and metadata. There is always a "text/plain".
//
// In this order: a type with a method MIMEBundle() map[string]any (or with a second map, the metadata) says everything
// itself, as do Render() Data and SimpleRender() MIMEMap; methods HTML, SVG, PNG, JPEG, Markdown, LaTeX (or Latex),
// JavaScript and PDF, without arguments and returning a string or []byte and possibly an error, each add their
// representation, and JSON() map[string]any adds its own; a figure with gonum/plot's method
// WriterTo(width, height vg.Length, format string) (io.WriterTo, error) is drawn as SVG and PNG; an image.Image becomes
// PNG; slices of structs, maps and matrices (Dims, At) become tables. A method that fails or panics leaves its message in
// "text/plain".
//
// Long texts and tables are shown without their middle; see Whole.
func Bundle(v any) (data, metadata map[string]any) { return represent(v, false) }

// Whole is v with all of its text or of its table, however long.
func Whole(v any) Data {
	data, metadata := represent(v, true)
	return MIME(data, metadata)
}

func represent(v any, whole bool) (data, metadata map[string]any) {
	var failed error
	data, metadata, failed = render(v, whole)
	if failed != nil {
		return MIMEMap{"text/plain": fmt.Sprintf("%T cannot be shown: %v", v, failed)}, MIMEMap{}
	}
	if metadata == nil {
		metadata = MIMEMap{}
	}
	if data == nil {
		data = MIMEMap{}
	}
	if _, ok := data["text/plain"]; !ok {
		data["text/plain"] = safeText(v, whole)
	}
	return data, metadata
}

// BundleAll renders the values of one expression together: a single value by Bundle, several as their texts with the
// pictures of the first that has any. A nil error at the end is left out, as a reader expects of f() (T, error).
func BundleAll(values ...any) (data, metadata map[string]any) {
	if n := len(values); n > 1 && values[n-1] == nil {
		values = values[:n-1]
	}
	if len(values) == 1 {
		return Bundle(values[0])
	}
	texts := make([]string, len(values))
	data, metadata = MIMEMap{}, MIMEMap{}
	for i, v := range values {
		d, m := Bundle(v)
		texts[i] = fmt.Sprint(d["text/plain"])
		if len(data) == 0 && len(d) > 1 && isFigure(d) {
			data, metadata = d, m
		}
	}
	data["text/plain"] = strings.Join(texts, " ")
	return data, metadata
}

// isFigure reports whether a bundle is worth more than its text beside other values.
func isFigure(d MIMEMap) bool {
	for _, t := range []string{"image/png", "image/svg+xml", "image/jpeg"} {
		if _, ok := d[t]; ok {
			return true
		}
	}
	return false
}

func render(v any, whole bool) (data, metadata map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if v == nil || isNilPointer(v) {
		return nil, nil, nil
	}
	switch b := v.(type) {
	case interface {
		MIMEBundle() (data, metadata map[string]any)
	}:
		data, metadata = b.MIMEBundle()
		return copyMap(data), metadata, nil
	case interface{ MIMEBundle() map[string]any }:
		return copyMap(b.MIMEBundle()), nil, nil
	case interface{ Render() Data }:
		d := b.Render()
		return copyMap(d.Data), d.Metadata, nil
	case interface {
		Render() struct{ Data, Metadata, Transient MIMEMap }
	}:
		d := b.Render()
		return copyMap(d.Data), d.Metadata, nil
	case interface{ SimpleRender() MIMEMap }:
		return copyMap(b.SimpleRender()), nil, nil
	}
	if data, err = renderMethods(v); err != nil || len(data) > 0 {
		return data, nil, err
	}
	if data, err = renderFigure(v); err != nil || len(data) > 0 {
		return data, nil, err
	}
	switch v := v.(type) {
	case image.Image:
		return renderImage(v)
	case error, fmt.Stringer:
		return nil, nil, nil
	}
	if isEndless(v) {
		return nil, nil, nil
	}
	if t, ok := tableOf(v, whole); ok {
		return MIMEMap{"text/html": t.html(), "text/plain": t.text()}, nil, nil
	}
	return nil, nil, nil
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return r.IsNil()
	}
	return false
}

func copyMap(m map[string]any) map[string]any {
	c := make(map[string]any, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	return c
}

func renderMethods(v any) (map[string]any, error) {
	data := MIMEMap{}
	r := reflect.ValueOf(v)
	for _, m := range renderers {
		f := r.MethodByName(m.method)
		if !f.IsValid() {
			continue
		}
		t := f.Type()
		if t.NumIn() != 0 || t.NumOut() < 1 || t.NumOut() > 2 || !isContent(t.Out(0)) {
			continue
		}
		if t.NumOut() == 2 && t.Out(1) != errorType {
			continue
		}
		out := f.Call(nil)
		if len(out) == 2 && !out[1].IsNil() {
			return nil, out[1].Interface().(error)
		}
		if out[0].Len() == 0 {
			continue
		}
		if out[0].Kind() == reflect.String || isText(m.mimeType) {
			data[m.mimeType] = out[0].Convert(reflect.TypeFor[string]()).String()
		} else {
			data[m.mimeType] = out[0].Bytes()
		}
	}
	if j, ok := v.(interface{ JSON() map[string]any }); ok {
		data["application/json"] = j.JSON()
	}
	return data, nil
}

var errorType = reflect.TypeFor[error]()

func isContent(t reflect.Type) bool {
	return t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// renderFigure draws a type with gonum/plot's WriterTo. The PNG stands beside the SVG for front ends that show no SVG
// from a notebook they do not trust yet.
func renderFigure(v any) (map[string]any, error) {
	f := reflect.ValueOf(v).MethodByName("WriterTo")
	if !f.IsValid() {
		return nil, nil
	}
	t := f.Type()
	if t.NumIn() != 3 || t.In(0).Kind() != reflect.Float64 || t.In(1).Kind() != reflect.Float64 ||
		t.In(2).Kind() != reflect.String || t.NumOut() != 2 || t.Out(0) != reflect.TypeFor[io.WriterTo]() || t.Out(1) != errorType {
		return nil, nil
	}
	draw := func(format string) ([]byte, error) {
		out := f.Call([]reflect.Value{
			reflect.ValueOf(float64(figureWidth)).Convert(t.In(0)),
			reflect.ValueOf(float64(figureHeight)).Convert(t.In(1)),
			reflect.ValueOf(format).Convert(t.In(2)),
		})
		if !out[1].IsNil() {
			return nil, out[1].Interface().(error)
		}
		var b bytes.Buffer
		_, err := out[0].Interface().(io.WriterTo).WriteTo(&b)
		return b.Bytes(), err
	}
	data := MIMEMap{"text/plain": fmt.Sprintf("figure %T", v)}
	svg, svgErr := draw("svg")
	if svgErr == nil && len(svg) <= maxSVG {
		data["image/svg+xml"] = string(svg)
	}
	pixels, pngErr := draw("png")
	if pngErr == nil {
		data["image/png"] = pixels
	}
	if svgErr != nil && pngErr != nil {
		return nil, svgErr
	}
	return data, nil
}

func renderImage(img image.Image) (data, metadata map[string]any, err error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, nil, err
	}
	size := img.Bounds().Size()
	data = MIMEMap{"image/png": b.Bytes(), "text/plain": fmt.Sprintf("image %T, %d x %d", img, size.X, size.Y)}
	return data, nil, nil
}

// safeText is Text for values whose String or Error method may panic.
func safeText(v any, whole bool) (s string) {
	defer func() {
		if p := recover(); p != nil {
			s = fmt.Sprintf("%T cannot be shown: panic: %v", v, p)
		}
	}()
	switch {
	case isEndless(v):
		return fmt.Sprintf("%T that holds itself", v)
	case whole:
		return Text(v)
	}
	return shorten(Text(v))
}

// maxText is the length in bytes above which the text of a value is shown without its middle.
const maxText = 8 << 10

func shorten(s string) string {
	if len(s) <= maxText {
		return s
	}
	head, tail := s[:maxText*3/4], s[len(s)-maxText/4:]
	return fmt.Sprintf("%s\n... %d bytes not shown; nb.Whole(value) shows all ...\n%s", strings.ToValidUTF8(head, ""),
		len(s)-len(head)-len(tail), strings.ToValidUTF8(tail, ""))
}

// Text is the plain text of a value: strings and errors as they are, structs with their field names, everything else as
// fmt prints it.
func Text(v any) string {
	if _, ok := v.(fmt.Formatter); ok {
		return fmt.Sprint(v) // it decides itself what a plus sign adds
	}
	r := reflect.ValueOf(v)
	for r.IsValid() && r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	if r.IsValid() {
		switch r.Kind() {
		case reflect.Func, reflect.Chan:
			return fmt.Sprintf("%T", v) // an address says nothing, and differs from run to run
		case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
			return fmt.Sprintf("%+v", v)
		}
	}
	return fmt.Sprint(v)
}
