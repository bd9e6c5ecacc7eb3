package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The examples of other people's packages are programs with known output. Tests run a sample of them in live sessions; all of
// them run with
//
//	go test ./kernel -run Examples -full -timeout 6h -v
//
// -form picks the ways in which they run ("cells,whole,statements"), -only a regular expression over their names,
// -share k/n the k-th of n equal parts. With -results a file keeps what was found, a line of JSON for each example, and a run
// that was cut off goes on where it ended.
var (
	fullExamples  = flag.Bool("full", false, "run all examples, not a sample")
	exampleForms  = flag.String("form", "cells,whole,statements", "ways in which examples run")
	onlyExamples  = flag.String("only", "", "run the examples whose names match")
	shareExamples = flag.String("share", "1/1", "run the k-th of n parts of the examples")
	resultsFile   = flag.String("results", "", "file that keeps results; examples that pass there are not run again")
)

// exampleSession is how many examples share a session.
const exampleSession = 40

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

// run executes an example in a session that other examples have used. It returns what it printed, and what went wrong on the way.
func (e example) run(b *notebook, form string) (got, failure string) {
	cells, err := e.cells(form)
	if err != nil {
		return "", err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), hangs)
	defer cancel()
	if e.draws {
		dir := b.t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "testdata"), 0o700); err != nil {
			return "", err.Error()
		}
		err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS(filepath.Join(e.dir, "testdata")))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err.Error()
		}
		e.dir = dir
		defer func() {
			if failure == "" {
				failure = pictures(filepath.Join(dir, "testdata"))
			}
		}()
	}
	r := newRecorder()
	for i, code := range append([]string{"%cd " + e.dir + "\n" + e.setup}, cells...) {
		b.n++
		if i == 1 {
			r = newRecorder() // after what %cd says
		}
		res := b.s.Execute(ctx, Request{Code: code, Count: b.n, Sink: r})
		if res.Err != nil {
			failure = strings.Join(res.Err.Traceback, "\n") + "\n" + r.err.String()
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.TrimSpace(strings.TrimSuffix(r.out.String(), restarted)), colour.ReplaceAllString(failure, "")
}

// pictures says which pictures differ from those that go test compares them with. Files of other kinds hold the time they were
// made.
func pictures(dir string) string {
	golden, err := filepath.Glob(filepath.Join(dir, "*_golden.*"))
	if err != nil {
		return err.Error()
	}
	var wrong []string
	for _, g := range golden {
		got, err := os.ReadFile(strings.Replace(g, "_golden.", ".", 1))
		if err != nil {
			continue // of another example
		}
		want, err := os.ReadFile(g)
		if err != nil {
			return err.Error()
		}
		if ext := filepath.Ext(g); ext == ".svg" && !bytes.Equal(got, want) || ext == ".png" && !alike(got, want) {
			wrong = append(wrong, "another picture than "+filepath.Base(g))
		}
	}
	return strings.Join(wrong, "\n")
}

// alike compares bitmaps, whose colours may differ by rounding.
func alike(got, want []byte) bool {
	a, err := png.Decode(bytes.NewReader(got))
	if err != nil {
		return false
	}
	b, err := png.Decode(bytes.NewReader(want))
	if err != nil || a.Bounds() != b.Bounds() {
		return false
	}
	const most = 0.002 // mean difference of a colour that runs from 0 to 1
	sum, n := 0., 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			sum += math.Abs(float64(r1)-float64(r2)) + math.Abs(float64(g1)-float64(g2)) + math.Abs(float64(b1)-float64(b2))
			n += 3 * 0xffff
		}
	}
	return sum <= most*float64(n)
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// reason says why an example cannot do in cells what it does alone, and how one sees that it is this and nothing else.
type reason struct {
	why    string
	fails  string // matches the message with which it fails
	except string // matches what differs: without it the outputs are equal
	whole  bool   // pasted whole it passes
}

// holds reports whether a run went wrong for this reason.
func (w reason) holds(e example, b *notebook, got, failure string) bool {
	switch {
	case w.fails != "":
		return regexp.MustCompile(w.fails).MatchString(failure)
	case w.whole:
		got, failure := e.run(b, "whole")
		return failure == "" && e.check(got)
	case failure != "":
		return false
	case w.except != "":
		except := regexp.MustCompile(w.except)
		e.output = except.ReplaceAllString(e.output, "")
		return e.check(except.ReplaceAllString(got, ""))
	}
	return false
}

// reasons are those of examples by the way they run, and by name.
type reasons map[string]map[string]reason

// everywhere has the same reasons for all ways to run.
func everywhere(all map[string]reason) reasons {
	return reasons{"cells": all, "whole": all, "statements": all}
}

// TestStandardExamples runs examples of Go's standard library.
func TestStandardExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles about two hundred cells")
	}
	all := collectExamples(t, filepath.Join(build.Default.GOROOT, "src"), "", false, false)
	if len(all) < 700 {
		t.Fatalf("only %d examples of the standard library", len(all))
	}
	exampleSuite{all: all, sample: map[string]int{"cells": 40, "whole": 40, "statements": 8}, unlike: unlikeStandard}.run(t)
}

// unlikeStandard says which examples of the standard library give other output in cells, and why.
var unlikeStandard = func() reasons {
	lives := reason{why: "it waits for the end of a variable of main, which in cells lives on", whole: true}
	line := reason{why: "its output names the file of the example and a line there", except: `[\w.\[\]]+:\d+`}
	all := reasons{"cells": {"runtime.AddCleanup": lives}, "whole": {}, "statements": {"runtime.AddCleanup": lives}}
	for _, form := range all {
		for _, name := range []string{"log.Logger", "log.Logger_Output", "log/slog._wrapping"} {
			form[name] = line
		}
		form["runtime.Frames"] = reason{why: "its output lists the functions that call, and a cell is called by others",
			except: `- more:\w+ \| \S+\n?`}
	}
	return all
}()

// TestGonumExamples runs examples of gonum.
func TestGonumExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles gonum")
	}
	const module = "gonum.org/v1/gonum"
	all := collectExamples(t, moduleDir(t, "list", "-m", "-json", module), module, false, false)
	exampleSuite{all: all, sample: map[string]int{"cells": 5}, unlike: unlikeGonum}.run(t)
}

// unlikeGonum says the same of gonum's: go/doc makes no complete programs of some.
var unlikeGonum = everywhere(map[string]reason{
	"gonum.org/v1/gonum/graph/community.Profile_multiplex": {why: "the init function that makes its graphs is not in the program",
		fails: "nil"},
	"gonum.org/v1/gonum/stat.CC": {why: "its data are not in the program", fails: "undefined: "},
})

// TestPlotExamples runs the examples of gonum/plot, which draw pictures. Only the full run does.
func TestPlotExamples(t *testing.T) {
	if !*fullExamples {
		t.Skip("draws a hundred pictures")
	}
	const module = "gonum.org/v1/plot"
	exampleSuite{all: collectExamples(t, moduleDir(t, "list", "-m", "-json", module), module, true, false), unlike: unlikePlot}.run(t)
}

// unlikePlot says the same of gonum/plot's.
var unlikePlot = everywhere(map[string]reason{
	"gonum.org/v1/plot/plotter._volcano": {why: "its data are not in the program", fails: "undefined: volcano"},
	"gonum.org/v1/plot/vg._addFont":      {why: "it downloads a font from a server that is gone", fails: "could not download"},
})

// TestGenericExamples runs the examples of modules of generic functions, containers and iterators, which are fetched. Only the
// full run does.
func TestGenericExamples(t *testing.T) {
	if !*fullExamples {
		t.Skip("fetches modules")
	}
	for _, module := range []string{"github.com/samber/lo@v1.52.0", "github.com/BooleanCat/go-functional/v2@v2.5.0", "github.com/zyedidia/generic@v1.2.1"} {
		t.Run(module, func(t *testing.T) {
			path, _, _ := strings.Cut(module, "@")
			all := collectExamples(t, moduleDir(t, "mod", "download", "-json", module), path, false, true)
			exampleSuite{all: all, first: "%get " + module, unlike: unlikeGeneric}.run(t)
		})
	}
}

// unlikeGeneric says the same of the generic modules'.
var unlikeGeneric = reasons{"statements": {
	"github.com/samber/lo.Assert":      {why: "a deferred recover does not see the panic of another cell", fails: "panic: assertion failed"},
	"github.com/samber/lo.Assertf":     {why: "a deferred recover does not see the panic of another cell", fails: "panic: assertion failed"},
	"github.com/samber/lo.NewDebounce": {why: "its statements must follow each other within a tenth of a second", whole: true},
}}

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
