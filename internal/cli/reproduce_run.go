package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"nuclab/kernel"
	"nuclab/kernel/notebook"
	"nuclab/nucnet/dataset"
)

// figureNotebook is a notebook to be run for its figures.
type figureNotebook struct {
	name, path string
	declared   []string // parameters
	title      string
	rendered   string // hash of the cells that its outputs are of, "" if it does not say
	recipe     recipe
	record     record
	state      string
	err        error
}

// recipe is what a notebook's figures were made from. Its hashes are SHA-256.
type recipe struct {
	Notebook string `json:"notebook"`
	// Cells is the hash of all code cells, Source that of the packages they import from here.
	Cells  string `json:"cells"`
	Source string `json:"source"`
	// Parameters that were set, and the hash of the files that these name, or of the figures that an index shows.
	Parameters map[string]string `json:"parameters"`
	Inputs     string            `json:"inputs,omitempty"`
}

// record is what a run of a notebook has left.
type record struct {
	recipe
	Title string `json:"title"`
	// Figures by the names of their side-cars, without extension, and all Files that were made.
	Figures []string `json:"figures"`
	Files   []string `json:"files"`
	Seconds float64  `json:"time_s"`
}

// kept is a file of the folder that keeps what notebooks leave beside their figures.
func (r *reproduction) kept(file string) string { return filepath.Join(r.out, "notebooks", file) }

// open reads a notebook, and what an earlier run of it has left.
func (r *reproduction) open(name string) (*figureNotebook, error) {
	n := &figureNotebook{name: name, path: filepath.Join(r.dir, name+".ipynb"), state: "not run"}
	nb, err := notebook.Read(n.path)
	if err != nil {
		return nil, err
	}
	if n.declared, err = nb.Parameters(); err != nil {
		return nil, fmt.Errorf("%s: %w", n.path, err)
	}
	n.title = title(nb, name)
	if m, ok := nb.Metadata["nuclab"].(map[string]any); ok {
		n.rendered, _ = m["cells"].(string)
	}
	n.recipe = recipe{Notebook: name, Cells: cellsHash(nb), Source: r.code, Parameters: map[string]string{}}
	var files []string
	for _, p := range n.declared {
		if p == "scale" {
			n.recipe.Parameters[p] = r.scale
		} else if v, ok := r.values[p]; ok {
			n.recipe.Parameters[p] = v
			files = append(files, strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == '=' || c == ' ' })...)
		}
	}
	if n.recipe.Inputs, err = filesHash(r.dir, files); err != nil {
		return nil, err
	}
	if err := readJSON(r.kept(name+".json"), &n.record); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w; remove it", r.kept(name+".json"), err)
	}
	return n, nil
}

// current reports whether the figures of an earlier run are there and made from the same.
func (r *reproduction) current(n *figureNotebook) bool {
	for _, file := range append([]string{filepath.Join("notebooks", n.name+".ipynb")}, n.record.Files...) {
		if _, err := os.Stat(filepath.Join(r.out, file)); err != nil {
			return false
		}
	}
	return reflect.DeepEqual(n.recipe, n.record.recipe)
}

// do runs a notebook unless what it makes is there.
func (r *reproduction) do(ctx context.Context, n *figureNotebook, cache string, b *board) (err error) {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if n.name == "index" {
		if n.recipe.Inputs, err = r.indexHash(); err != nil {
			return err
		}
	}
	if !r.force && r.current(n) {
		n.state = "there already"
		b.end(n.name, n.state)
		return nil
	}
	began := time.Now()
	defer func() {
		switch {
		case err == nil:
			n.state = "made"
		case ctx.Err() != nil:
			n.state = "interrupted"
		default:
			n.state = "failed"
		}
		b.end(n.name, fmt.Sprintf("%s, %s", n.state, time.Since(began).Round(time.Second)))
	}()
	nb, err := notebook.Read(n.path)
	if err != nil {
		return err
	}
	figures := r.out // an index reads what the others made
	if n.name != "index" {
		// Figures appear when the notebook has run to its end.
		if figures, err = os.MkdirTemp(r.kept(""), "."+n.name+"-"); err != nil {
			return err
		}
		defer os.RemoveAll(figures)
	}
	values := map[string]string{}
	for k, v := range n.recipe.Parameters {
		values[k] = v
	}
	if slices.Contains(n.declared, "figures") {
		values["figures"] = figures
	}
	if err := nb.SetParameters(values); err != nil {
		return err
	}
	headings := headings(nb)
	err = notebook.Run(ctx, nb, kernel.Options{Cache: cache, SourceTree: r.source}, notebook.Settings{
		Progress: func(p notebook.Progress) {
			if !p.Done {
				b.cell(n.name, p.Cell, p.Total, headings[p.Cell-1])
			}
		},
		Stream:  func(_, text string) { b.say(n.name, text) },
		Display: func(data map[string]any) { b.show(n.name, data) },
	})
	clean(nb, map[string]string{figures: "figures", r.out: "figures", r.dir: ".", r.source: "..", cache: "~/.cache/nuclab"})
	if writeErr := nb.Write(r.kept(n.name + ".ipynb")); err == nil {
		err = writeErr // else it shows the failure
	}
	if err != nil {
		os.Remove(r.kept(n.name + ".json"))
		return err
	}
	before := n.record.Files
	n.record = record{recipe: n.recipe, Title: n.title, Seconds: time.Since(began).Seconds()}
	if figures != r.out {
		if err := r.collect(n, figures, before); err != nil {
			return err
		}
	}
	if err := writeJSON(r.kept(n.name+".json"), n.record); err != nil {
		return err
	}
	if !r.render {
		return nil
	}
	nb.Metadata["nuclab"] = map[string]any{"cells": n.recipe.Cells}
	return nb.Write(n.path)
}

// collect moves what a notebook wrote into the folder of the figures, with the recipe in the side-cars.
// Before are the files of the run before.
func (r *reproduction) collect(n *figureNotebook, from string, before []string) error {
	stamp, err := json.MarshalIndent(n.recipe, "  ", "  ")
	if err != nil {
		return err
	}
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if text, err := os.ReadFile(path); err == nil && filepath.Ext(file) == ".json" && isSideCar(text) {
			// The process that runs cells does not know the commit that it was built from.
			text = bytes.Replace(text, []byte(`"code": "(devel)"`), fmt.Appendf(nil, `"code": %q`, r.version()), 1)
			text = fmt.Appendf(nil, "%s,\n  \"made_by\": %s\n}\n", bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(text), []byte("}"))), stamp)
			if err := os.WriteFile(path, text, 0o666); err != nil {
				return err
			}
			n.record.Figures = append(n.record.Figures, strings.TrimSuffix(file, ".json"))
		}
		n.record.Files = append(n.record.Files, file)
		to := filepath.Join(r.out, file)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.Rename(path, to)
	})
	for _, file := range before { // what it does not write any more
		if !slices.Contains(n.record.Files, file) {
			os.Remove(filepath.Join(r.out, file))
		}
	}
	return err
}

// version is the commit that this program was built from or, where it does not know that, the hash of the packages.
func (r *reproduction) version() string {
	if v := dataset.CodeVersion(); v != "unknown" || r.code == "" {
		return v
	}
	return "packages " + r.code
}

// isSideCar reports whether a text is what stands beside a figure.
func isSideCar(text []byte) bool {
	var s struct{ Schema string }
	return json.Unmarshal(text, &s) == nil && s.Schema == "nuclab.figure/1"
}

// indexHash is the hash of what an index may show: the figures and the other notebooks.
func (r *reproduction) indexHash() (string, error) {
	figures, err := filepath.Glob(filepath.Join(r.out, "*.json"))
	if err != nil {
		return "", err
	}
	notebooks, err := filepath.Glob(filepath.Join(r.dir, "*.ipynb"))
	if err != nil {
		return "", err
	}
	others := slices.DeleteFunc(notebooks, func(path string) bool { return filepath.Base(path) == "index.ipynb" })
	return filesHash("", append(figures, others...))
}

// filesHash is the hash of those of the files that there are, "" for none; relative names are those in dir.
func filesHash(dir string, files []string) (string, error) {
	h := sha256.New()
	found := false
	for _, file := range files {
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		found = true
		fmt.Fprintf(h, "%s %d\n", filepath.Base(file), len(text))
		h.Write(text)
	}
	if !found {
		return "", nil
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// cellsHash is the hash of a notebook's code, without parameters that were injected.
func cellsHash(nb *notebook.Notebook) string {
	h := sha256.New()
	for _, c := range nb.Cells {
		if c.Type == notebook.Code && !c.Tagged("injected-parameters") {
			fmt.Fprintf(h, "%d\n%s\n", len(c.Source), c.Source)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// sourceHash is the hash of what the packages for notebooks are made of in a checkout, "" for none.
func sourceHash(source string) (string, error) {
	if source == "" {
		return "", nil
	}
	var files []string
	for _, dir := range []string{"nucnet", "nnlib", "plots", "kernel/nb"} {
		err := filepath.WalkDir(filepath.Join(source, dir), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case !d.IsDir() && !strings.HasSuffix(path, "_test.go"):
				files = append(files, path)
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return filesHash("", files)
}

func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}
