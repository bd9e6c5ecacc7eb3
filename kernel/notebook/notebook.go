// Package notebook reads, parameterises, runs and writes Jupyter notebooks (.ipynb) with the kernel's own engine: no
// server and no Python is needed.
//
//	nb, err := notebook.Read("fig4.ipynb")
//	err = nb.SetParameters(map[string]string{"epochs": "50"})
//	err = notebook.Run(ctx, nb, kernel.Options{}, notebook.Settings{})
//	err = nb.Write("fig4.out.ipynb")
package notebook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ErrInput marks errors in what the user gave: a file that is no notebook, an unknown parameter, a value of the wrong
// type.
var ErrInput = errors.New("notebook")

// Notebook is a Jupyter notebook.
type Notebook struct {
	Cells    []*Cell
	Metadata map[string]any

	path string // where it was read
}

// CellType is what a cell holds.
type CellType string

// The types of a cell.
const (
	Code     CellType = "code"
	Markdown CellType = "markdown"
	Raw      CellType = "raw"
)

// Cell is one cell of a notebook.
type Cell struct {
	ID       string
	Type     CellType
	Source   string
	Metadata map[string]any
	// Attachments are a text cell's files: name, then MIME type, then content.
	Attachments map[string]map[string]any
	// Count is a code cell's execution count, 0 before its first run.
	Count int
	// Outputs are what a code cell's last run gave.
	Outputs []Output
}

// Tagged reports whether the cell carries a tag.
func (c *Cell) Tagged(tag string) bool {
	tags, _ := c.Metadata["tags"].([]any)
	for _, t := range tags {
		if t == tag {
			return true
		}
	}
	return false
}

// OutputType is the kind of an output.
type OutputType string

// The types of an output.
const (
	Stream        OutputType = "stream"
	DisplayData   OutputType = "display_data"
	ExecuteResult OutputType = "execute_result"
	ErrorOutput   OutputType = "error"
)

// Output is one output of a code cell. Which fields are set depends on its type.
type Output struct {
	Type OutputType
	// Name is a stream's: stdout or stderr. Text is what was written.
	Name, Text string
	// Data and Metadata hold a display's or result's content by MIME type.
	Data, Metadata map[string]any
	// Count is a result's execution count.
	Count int
	// EName, EValue and Traceback describe an error.
	EName, EValue string
	Traceback     []string

	id string // names a display for later updates while the notebook runs
}

// Read reads a notebook of format 4. What it finds wrong wraps ErrInput; a file that cannot be read does not.
func Read(path string) (*Notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("notebook: %w", err)
	}
	nb, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInput, path, err)
	}
	nb.path = path
	return nb, nil
}

// multiline is text that a notebook stores whole or as a list of lines.
type multiline string

func (m *multiline) UnmarshalJSON(data []byte) error {
	var whole string
	if json.Unmarshal(data, &whole) == nil {
		*m = multiline(whole)
		return nil
	}
	var lines []string
	if err := json.Unmarshal(data, &lines); err != nil {
		return errors.New("text is neither a string nor a list of strings")
	}
	*m = multiline(strings.Join(lines, ""))
	return nil
}

type fileCell struct {
	ID          string                    `json:"id"`
	Type        CellType                  `json:"cell_type"`
	Source      multiline                 `json:"source"`
	Metadata    map[string]any            `json:"metadata"`
	Attachments map[string]map[string]any `json:"attachments"`
	Count       *int                      `json:"execution_count"`
	Outputs     []fileOutput              `json:"outputs"`
}

type fileOutput struct {
	Type      OutputType     `json:"output_type"`
	Name      string         `json:"name"`
	Text      multiline      `json:"text"`
	Data      map[string]any `json:"data"`
	Metadata  map[string]any `json:"metadata"`
	Count     *int           `json:"execution_count"`
	EName     string         `json:"ename"`
	EValue    string         `json:"evalue"`
	Traceback []string       `json:"traceback"`
}

func parse(data []byte) (*Notebook, error) {
	var file struct {
		Format   *int           `json:"nbformat"`
		Metadata map[string]any `json:"metadata"`
		Cells    []fileCell     `json:"cells"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber() // metadata keeps its numbers as they are written
	var kind *json.UnmarshalTypeError
	switch err := dec.Decode(&file); {
	case errors.As(err, &kind) && kind.Field == "":
		return nil, fmt.Errorf("not a notebook: it is a JSON %s, not an object", kind.Value)
	case errors.As(err, &kind):
		return nil, fmt.Errorf("not a notebook: %s is a JSON %s", kind.Field, kind.Value)
	case err != nil:
		return nil, fmt.Errorf("not a notebook: %w", err)
	}
	if file.Format == nil {
		return nil, errors.New("not a notebook: it has no nbformat")
	}
	if *file.Format != 4 {
		return nil, fmt.Errorf("nbformat %d is not 4; convert it: jupyter nbconvert --to notebook", *file.Format)
	}
	nb := &Notebook{Metadata: orEmpty(file.Metadata)}
	used := map[string]bool{}
	for i, fc := range file.Cells {
		c := &Cell{ID: fc.ID, Type: fc.Type, Source: string(fc.Source), Metadata: orEmpty(fc.Metadata), Attachments: fc.Attachments}
		switch c.Type {
		case Code, Markdown, Raw:
		default:
			return nil, fmt.Errorf("cell %d: cell_type %q is none of code, markdown and raw", i+1, c.Type)
		}
		for _, bundle := range c.Attachments {
			joinBundle(bundle)
		}
		if fc.Count != nil {
			c.Count = *fc.Count
		}
		for _, fo := range fc.Outputs {
			o := Output{Type: fo.Type, Name: fo.Name, Text: string(fo.Text), Data: fo.Data, Metadata: fo.Metadata,
				EName: fo.EName, EValue: fo.EValue, Traceback: fo.Traceback}
			if fo.Count != nil {
				o.Count = *fo.Count
			}
			switch o.Type {
			case Stream, DisplayData, ExecuteResult, ErrorOutput:
			default:
				return nil, fmt.Errorf("cell %d: output_type %q is unknown", i+1, o.Type)
			}
			joinBundle(o.Data)
			c.Outputs = append(c.Outputs, o)
		}
		// Formats before 4.5 have no ids; one that depends on the content alone keeps files stable.
		for n := i; !validID.MatchString(c.ID) || used[c.ID]; n++ {
			c.ID = cellID(n, c.Source)
		}
		used[c.ID] = true
		nb.Cells = append(nb.Cells, c)
	}
	return nb, nil
}

var validID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

func cellID(n int, source string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", n, source))
	return hex.EncodeToString(sum[:4])
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// joinBundle makes one string of each text that a MIME bundle stores as a list of lines.
func joinBundle(bundle map[string]any) {
	for mime, v := range bundle {
		lines, ok := v.([]any)
		if !ok || isJSON(mime) {
			continue
		}
		if text, ok := join(lines); ok {
			bundle[mime] = text
		}
	}
}

func join(lines []any) (string, bool) {
	var b strings.Builder
	for _, line := range lines {
		s, ok := line.(string)
		if !ok {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}

func isJSON(mime string) bool {
	return mime == "application/json" || strings.HasPrefix(mime, "application/") && strings.HasSuffix(mime, "+json")
}

// Write writes the notebook in format 4.5, byte for byte as Jupyter does. A file that is there is replaced whole or
// not at all.
func (nb *Notebook) Write(path string) error {
	data, err := nb.encode()
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	defer os.Remove(tmp.Name()) // no longer there after the rename
	_, err = tmp.Write(data)
	if e := tmp.Chmod(0o644); err == nil {
		err = e
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	return nil
}

func (nb *Notebook) encode() ([]byte, error) {
	cells := make([]any, len(nb.Cells))
	for i, c := range nb.Cells {
		cell := map[string]any{"id": c.ID, "cell_type": c.Type, "source": lines(c.Source), "metadata": orEmpty(c.Metadata)}
		if c.Attachments != nil {
			attachments := map[string]any{}
			for name, bundle := range c.Attachments {
				attachments[name] = splitBundle(bundle)
			}
			cell["attachments"] = attachments
		}
		if c.Type == Code {
			outputs := make([]any, len(c.Outputs))
			for j, o := range c.Outputs {
				outputs[j] = o.file()
			}
			cell["outputs"], cell["execution_count"] = outputs, count(c.Count)
		}
		cells[i] = cell
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b) // writes maps sorted by key, as Jupyter does
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(map[string]any{"cells": cells, "metadata": orEmpty(nb.Metadata), "nbformat": 4, "nbformat_minor": 5}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (o Output) file() map[string]any {
	m := map[string]any{"output_type": o.Type}
	switch o.Type {
	case Stream:
		m["name"], m["text"] = o.Name, lines(o.Text)
	case DisplayData:
		m["data"], m["metadata"] = splitBundle(o.Data), orEmpty(o.Metadata)
	case ExecuteResult:
		m["data"], m["metadata"], m["execution_count"] = splitBundle(o.Data), orEmpty(o.Metadata), count(o.Count)
	case ErrorOutput:
		traceback := o.Traceback
		if traceback == nil {
			traceback = []string{}
		}
		m["ename"], m["evalue"], m["traceback"] = o.EName, o.EValue, traceback
	}
	return m
}

func count(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// splitBundle stores text as a list of lines, which line-based version control likes.
func splitBundle(bundle map[string]any) map[string]any {
	out := make(map[string]any, len(bundle))
	for mime, v := range bundle {
		if s, ok := v.(string); ok &&
			(strings.HasPrefix(mime, "text/") || mime == "application/javascript" || mime == "image/svg+xml") {
			v = lines(s)
		}
		out[mime] = v
	}
	return out
}

// lines splits text after each line's end.
func lines(s string) []string {
	if s == "" {
		return []string{}
	}
	all := strings.SplitAfter(s, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}
