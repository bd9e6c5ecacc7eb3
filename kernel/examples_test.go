package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The examples of other people's packages are programs with known output. Tests run a sample of them in live sessions; all of
// them run with
//
//	go test ./kernel -run Examples -full -timeout 3h -v
//
// -form picks the ways in which they run ("cells,whole,statements"), -only a regular expression over their names, and
// -share k/n the k-th of n equal parts.
var (
	fullExamples  = flag.Bool("full", false, "run all examples, not a sample")
	exampleForms  = flag.String("form", "cells,whole,statements", "ways in which examples run")
	onlyExamples  = flag.String("only", "", "run the examples whose names match")
	shareExamples = flag.String("share", "1/1", "run the k-th of n parts of the examples")
)

// example is a self-contained program with its output.
type example struct {
	name      string // path.Name
	dir       string // where it runs, as go test does it
	setup     string // what its package's tests do before
	program   string
	output    string
	unordered bool
}

// exampleSession is how many examples share a session.
const exampleSession = 40

// collectExamples finds the self-contained examples with output below a directory; root is the import path it stands for.
func collectExamples(t *testing.T, dir, root string) []example {
	t.Helper()
	var all []example
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "testdata" || name == "internal" || name == "vendor" || path == filepath.Join(dir, "cmd")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		if ok, err := build.Default.MatchFile(filepath.Dir(path), name); err != nil || !ok {
			return err
		}
		rel, err := filepath.Rel(dir, filepath.Dir(path))
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, e := range doc.Examples(f) {
			if e.Play == nil || e.Output == "" && !e.EmptyOutput {
				continue
			}
			var b bytes.Buffer
			if err := format.Node(&b, fset, e.Play); err != nil {
				return fmt.Errorf("%s: Example%s: %w", path, e.Name, err)
			}
			x := example{
				name: strings.TrimSuffix(filepath.ToSlash(filepath.Join(root, rel))+"."+e.Name, "."), dir: filepath.Dir(path),
				program: b.String(), unordered: e.Unordered,
				// Run by itself, an example is of package main.
				output: strings.ReplaceAll(e.Output, f.Name.Name+".", "main."),
			}
			if rel == "time" {
				x.setup = "time.Local, _ = time.LoadLocation(\"America/Los_Angeles\")"
			}
			all = append(all, x)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(all, func(a, b example) int { return strings.Compare(a.name, b.name) })
	return all
}

// cells divides the program: its imports, its other declarations, and the statements of main, in one cell or in one each.
// When single statements defer something, the notebook's end belongs to the program.
func (e example) cells(form string) ([]string, error) {
	if form == "whole" {
		return []string{e.program}, nil
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", e.program, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	text := func(from, to token.Pos) string { return e.program[fset.Position(from).Offset:fset.Position(to).Offset] }
	var imports, decls, stmts []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			from := d.Pos()
			if d.Doc != nil {
				from = d.Doc.Pos()
			}
			if d.Tok == token.IMPORT {
				imports = append(imports, text(from, d.End()))
			} else {
				decls = append(decls, text(from, d.End()))
			}
		case *ast.FuncDecl:
			if d.Name.Name != "main" || d.Recv != nil {
				decls = append(decls, text(d.Pos(), d.End()))
				continue
			}
			if form == "cells" {
				stmts = append(stmts, text(d.Body.Lbrace+1, d.Body.Rbrace))
				continue
			}
			deferred := false
			for _, s := range d.Body.List {
				stmts = append(stmts, text(s.Pos(), s.End()))
				if _, ok := s.(*ast.DeferStmt); ok {
					deferred = true
				}
			}
			if deferred {
				stmts = append(stmts, "%restart")
			}
		}
	}
	var cells []string
	for _, part := range [][]string{imports, decls} {
		if len(part) > 0 {
			cells = append(cells, strings.Join(part, "\n\n"))
		}
	}
	return append(cells, stmts...), nil
}

// check compares output as go test does.
func (e example) check(got string) bool {
	got, want := strings.TrimSpace(got), strings.TrimSpace(e.output)
	if e.unordered {
		sorted := func(s string) string {
			lines := strings.Split(s, "\n")
			slices.Sort(lines)
			return strings.Join(lines, "\n")
		}
		return sorted(got) == sorted(want)
	}
	return got == want
}

// run executes an example in a session that other examples have used, and returns what is wrong.
func (e example) run(b *notebook, form string) string {
	cells, err := e.cells(form)
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), hangs)
	defer cancel()
	r := newRecorder()
	for i, code := range append([]string{"%cd " + e.dir + "\n" + e.setup}, cells...) {
		b.n++
		if i == 1 {
			r = newRecorder() // after what %cd says
		}
		res := b.s.Execute(ctx, Request{Code: code, Count: b.n, Sink: r})
		if res.Err != nil {
			return strings.Join(res.Err.Traceback, "\n") + "\n" + r.err.String()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := strings.TrimSuffix(r.out.String(), restarted); !e.check(got) {
		return fmt.Sprintf("got:\n%s\nwant:\n%s\nstderr: %s", strings.TrimSpace(got), strings.TrimSpace(e.output), r.err.String())
	}
	return ""
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// exampleSuite is the examples of one module.
type exampleSuite struct {
	all    []example
	first  string                       // cell that makes the module available
	sample map[string]int               // how many run without -full, by form
	unlike map[string]map[string]string // why some cannot pass, by form and name
}

// run executes examples in sessions and reports what fails.
func (x exampleSuite) run(t *testing.T) {
	t.Helper()
	if !*fullExamples {
		t.Parallel()
	}
	var k, n int
	if _, err := fmt.Sscanf(*shareExamples, "%d/%d", &k, &n); err != nil || k < 1 || k > n {
		t.Fatalf("-share %s: not k/n", *shareExamples)
	}
	only, err := regexp.Compile(*onlyExamples)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range strings.Split(*exampleForms, ",") {
		var chosen []example
		for i, e := range x.all {
			switch {
			case *onlyExamples != "":
				if !only.MatchString(e.name) {
					continue
				}
			case !*fullExamples && (x.sample[form] == 0 || i%(len(x.all)/x.sample[form]) != 0 || x.unlike[form][e.name] != ""):
				continue
			}
			if i%n == k-1 {
				chosen = append(chosen, e)
			}
		}
		passed, explained, cells, start := 0, 0, 0, time.Now()
		for group := range slices.Chunk(chosen, exampleSession) {
			s, err := NewSession(context.Background(), Options{Dir: t.TempDir(), Cache: testCache, SourceTree: sourceTree()})
			if err != nil {
				t.Fatal(err)
			}
			b := &notebook{t: t, s: s}
			if res, _ := b.run(x.first); res.Err != nil {
				s.Close()
				t.Skipf("%s: %v", x.first, res.Err)
			}
			for _, e := range group {
				wrong := e.run(b, form)
				reason := x.unlike[form][e.name]
				switch {
				case wrong == "":
					passed++
					if reason != "" {
						t.Logf("%s, %s: passes, although %s", form, e.name, reason)
					}
				case reason != "":
					explained++
					t.Logf("%s, %s: fails because %s", form, e.name, reason)
				default:
					t.Errorf("%s, %s:\n%s", form, e.name, colour.ReplaceAllString(wrong, ""))
				}
			}
			cells += b.n
			s.Close()
		}
		if len(chosen) > 0 {
			t.Logf("%s: %d of %d examples pass (%.1f %%), %d more are explained; %d cells in %.0f s", form, passed, len(chosen),
				100*float64(passed)/float64(len(chosen)), explained, cells, time.Since(start).Seconds())
		}
	}
}

// TestStandardExamples runs examples of Go's standard library.
func TestStandardExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles about two hundred cells")
	}
	all := collectExamples(t, filepath.Join(build.Default.GOROOT, "src"), "")
	if len(all) < 700 {
		t.Fatalf("only %d examples of the standard library", len(all))
	}
	exampleSuite{all: all, sample: map[string]int{"cells": 40, "whole": 40, "statements": 8}, unlike: unlikeStandard}.run(t)
}

// unlikeStandard says which examples of the standard library give other output in cells, and why.
var unlikeStandard = map[string]map[string]string{
	"cells":      {"runtime.AddCleanup": variableLives},
	"whole":      {},
	"statements": {"runtime.AddCleanup": variableLives},
}

const variableLives = "it waits for the end of a variable of main, which in cells lives on"

func init() {
	for _, form := range unlikeStandard {
		for _, name := range []string{"log.Logger", "log.Logger_Output", "log/slog._wrapping"} {
			form[name] = "its output names the file of the example and a line there"
		}
		form["runtime.Frames"] = "its output lists the functions that call, and a cell is called by others"
	}
}

// TestGonumExamples runs examples of gonum.
func TestGonumExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles gonum")
	}
	const module = "gonum.org/v1/gonum"
	all := collectExamples(t, moduleDir(t, "list", "-m", "-json", module), module)
	exampleSuite{all: all, sample: map[string]int{"cells": 5}, unlike: unlikeGonum}.run(t)
}

// unlikeGonum says the same of gonum's: go/doc makes no complete programs of some.
var unlikeGonum = make(map[string]map[string]string)

func init() {
	for _, form := range []string{"cells", "whole", "statements"} {
		unlikeGonum[form] = map[string]string{
			"gonum.org/v1/gonum/graph/community.Profile_multiplex": "the init function that makes its graphs is not in the program",
			"gonum.org/v1/gonum/stat.CC":                           "its data are not in the program",
		}
	}
}

// TestGenericExamples runs the examples of a module of generic containers, which is fetched. Only the full run does.
func TestGenericExamples(t *testing.T) {
	if !*fullExamples {
		t.Skip("fetches a module")
	}
	const module, version = "github.com/zyedidia/generic", "v1.2.1"
	all := collectExamples(t, moduleDir(t, "mod", "download", "-json", module+"@"+version), module)
	exampleSuite{all: all, first: "%get " + module + "@" + version}.run(t)
}

// moduleDir finds the source of a module in the module cache by a go command that describes it.
func moduleDir(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	var m struct{ Dir string }
	if err != nil || json.Unmarshal(out, &m) != nil || m.Dir == "" {
		t.Skipf("go %s: %v", strings.Join(args, " "), err)
	}
	if _, err := os.Stat(m.Dir); err != nil {
		t.Skip(err)
	}
	return m.Dir
}
