package nb

import (
	"fmt"
	"image"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// MIME types of representations.
const (
	MIMETypeHTML       = "text/html"
	MIMETypeJavaScript = "application/javascript"
	MIMETypeJPEG       = "image/jpeg"
	MIMETypeJSON       = "application/json"
	MIMETypeLatex      = "text/latex"
	MIMETypeMarkdown   = "text/markdown"
	MIMETypePNG        = "image/png"
	MIMETypePDF        = "application/pdf"
	MIMETypeSVG        = "image/svg+xml"
	MIMETypeText       = "text/plain"
)

// MIMEMap holds representations of one value by MIME type: string for text types, []byte for images, any JSON value
// for application/json.
type MIMEMap = map[string]any

// Data is a value that is already rendered. As a cell's last expression, or given to Display, it is shown as it is.
type Data struct {
	Data     MIMEMap
	Metadata MIMEMap
}

// MIMEBundle returns the representations and their metadata.
func (d Data) MIMEBundle() (data, metadata map[string]any) { return d.Data, d.Metadata }

// MIME makes a value of the given representations; metadata may be nil.
func MIME(data, metadata MIMEMap) Data { return Data{data, metadata} }

// MakeData3 makes a value of one representation with a text beside it.
func MakeData3(mimeType, plaintext string, data any) Data {
	return Data{Data: MIMEMap{mimeType: data, MIMETypeText: plaintext}}
}

// MakeData makes a value of one representation, with its text beside it.
func MakeData(mimeType string, data any) Data {
	d := MIMEMap{mimeType: data}
	if mimeType != "text/plain" {
		switch v := data.(type) {
		case string:
			d["text/plain"] = v
		case []byte:
			d["text/plain"] = fmt.Sprintf("%s, %d bytes", mimeType, len(v))
		default:
			d["text/plain"] = fmt.Sprint(v)
		}
	}
	return Data{Data: d}
}

// Any renders data under mimeType, or under the type Bundle finds when mimeType is empty.
func Any(mimeType string, data any) Data {
	if mimeType == "" {
		return Auto(data)
	}
	return MakeData(mimeType, data)
}

// Auto renders any value by the rules of Bundle.
func Auto(v any) Data {
	data, metadata := Bundle(v)
	return Data{data, metadata}
}

// HTML is shown as HTML.
func HTML(s string) Data { return MakeData("text/html", s) }

// Markdown is shown as Markdown.
func Markdown(s string) Data { return MakeData("text/markdown", s) }

// LaTeX is shown as LaTeX; s contains its own $ or environment.
func LaTeX(s string) Data { return MakeData("text/latex", s) }

// Latex is LaTeX that gets its $ when it has none.
func Latex(s string) Data { return LaTeX("$" + strings.Trim(s, "$") + "$") }

// Math is a displayed formula.
func Math(s string) Data { return LaTeX("$$" + strings.Trim(s, "$") + "$$") }

// JavaScript is run by front ends that trust the notebook.
func JavaScript(s string) Data { return MakeData("application/javascript", s) }

// SVG is shown as a vector image.
func SVG(s string) Data { return MakeData("image/svg+xml", s) }

// PNG is shown as an image.
func PNG(b []byte) Data { return MakeData("image/png", b) }

// JPEG is shown as an image.
func JPEG(b []byte) Data { return MakeData("image/jpeg", b) }

// PDF is offered as a document.
func PDF(b []byte) Data { return MakeData("application/pdf", b) }

// JSON is shown as a tree; v is anything encoding/json accepts.
func JSON(v any) Data { return MakeData("application/json", v) }

// Image is shown as a PNG.
func Image(img image.Image) Data { return Auto(img) }

// File reads path and shows it under mimeType, or under what its name says when mimeType is empty.
// An unreadable file shows its error.
func File(mimeType, path string) Data {
	b, err := os.ReadFile(path)
	if err != nil {
		return MakeData("text/plain", err.Error())
	}
	if mimeType == "" {
		mimeType = mime.TypeByExtension(filepath.Ext(path))
	}
	if mimeType == "" && utf8.Valid(b) {
		mimeType = "text/plain"
	}
	if mimeType == "" {
		mimeType = "application/octet-stream"
	}
	mimeType, _, _ = strings.Cut(mimeType, ";")
	if isText(mimeType) {
		return MakeData(mimeType, strings.ToValidUTF8(string(b), "\uFFFD"))
	}
	return MakeData(mimeType, b)
}

// isText reports whether a MIME type travels as a string rather than in base64.
func isText(mimeType string) bool {
	return strings.HasPrefix(mimeType, "text/") || mimeType == "image/svg+xml" || mimeType == "application/javascript"
}
