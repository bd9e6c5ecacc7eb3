package kernel

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// example is a self-contained program with its output.
type example struct {
	name      string // path.Name
	dir       string // where it runs, as go test does it
	setup     string // what its package's tests do before
	program   string
	output    string
	unordered bool
	draws     bool // it has no output, but writes pictures to testdata that are compared there
}

// collectExamples finds the self-contained examples below a directory that have output; root is the import path it stands for.
// With pictures, those without output count too; with inside, those that are part of the package they show.
func collectExamples(t *testing.T, dir, root string, pictures, inside bool) []example {
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
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := strings.TrimSuffix(filepath.ToSlash(filepath.Join(root, rel)), "/.")
		for _, e := range doc.Examples(f) {
			prints := e.Output != "" || e.EmptyOutput
			if !prints && !(pictures && e.Play != nil) {
				continue
			}
			x := example{
				name: strings.TrimSuffix(pkg+"."+e.Name, "."), dir: filepath.Dir(path), unordered: e.Unordered, output: e.Output, draws: !prints,
			}
			if body, ok := e.Code.(*ast.BlockStmt); ok && e.Play == nil && inside && !strings.HasSuffix(f.Name.Name, "_test") {
				x.program, err = insideProgram(f, path, pkg, string(src[fset.Position(body.Pos()).Offset:fset.Position(body.End()).Offset]))
				if err != nil {
					return err
				}
				if x.program == "" {
					continue
				}
			} else if e.Play != nil {
				var b bytes.Buffer
				if err := format.Node(&b, fset, e.Play); err != nil {
					return fmt.Errorf("%s: Example%s: %w", path, e.Name, err)
				}
				x.program = b.String()
				// Run by itself, an example is of package main.
				x.output = strings.ReplaceAll(e.Output, f.Name.Name+".", "main.")
			} else {
				continue
			}
			switch pkg {
			case "time":
				x.setup = "time.Local, _ = time.LoadLocation(\"America/Los_Angeles\")"
			case "gonum.org/v1/plot/plotter":
				// The example in general_example_test.go changes a default for those that go test runs after it.
				radius := "2.5"
				if name > "general_example_test.go" {
					radius = "3"
				}
				x.setup = "import (\n\t\"gonum.org/v1/plot/plotter\"\n\t\"gonum.org/v1/plot/vg\"\n)\nplotter.DefaultGlyphStyle.Radius = vg.Points(" + radius + ")"
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

// insideProgram is the program of an example that is part of the package it shows, and uses its names as they are. Of the
// other tests there it gets what it uses. It is empty when something is in neither.
func insideProgram(f *ast.File, path, pkg, body string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "package main\n\nimport . %q\n", pkg)
	for _, s := range f.Imports {
		if s.Path.Value != `"testing"` {
			name := ""
			if s.Name != nil {
				name = s.Name.Name + " "
			}
			fmt.Fprintf(&b, "import %s%s\n", name, s.Path.Value)
		}
	}
	decls, err := testDecls(filepath.Dir(path), f.Name.Name)
	if err != nil {
		return "", err
	}
	used := "\nfunc main() " + body + "\n"
	for again := true; again; {
		again = false
		for _, name := range slices.Sorted(maps.Keys(decls)) {
			if regexp.MustCompile(`\b` + name + `\b`).MatchString(used) {
				used = decls[name] + used
				delete(decls, name)
				again = true
			}
		}
	}
	program := b.String() + used
	exported, err := exportedNames(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	whole, err := parser.ParseFile(token.NewFileSet(), "", program, 0)
	if err != nil {
		return "", err
	}
	for _, id := range whole.Unresolved {
		imported := slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return strings.Contains(s.Path.Value, id.Name) })
		if !exported[id.Name] && !imported && types.Universe.Lookup(id.Name) == nil {
			return "", nil
		}
	}
	return program, nil
}

// exportedNames lists what a package offers.
func exportedNames(dir string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return nil, err
		}
		for name := range f.Scope.Objects {
			names[name] = token.IsExported(name)
		}
	}
	return names, nil
}

// testDecls finds the types of a package's tests, with their methods, and their helpers.
func testDecls(dir, pkg string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	decls := make(map[string]string)
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, src, 0)
		if err != nil || f.Name.Name != pkg {
			continue
		}
		for _, d := range f.Decls {
			name := ""
			switch d := d.(type) {
			case *ast.GenDecl:
				if d.Tok == token.TYPE {
					name = d.Specs[0].(*ast.TypeSpec).Name.Name
				}
			case *ast.FuncDecl:
				if name = d.Name.Name; d.Recv != nil {
					name = strings.TrimPrefix(types.ExprString(d.Recv.List[0].Type), "*")
				}
			}
			if token.IsIdentifier(name) {
				decls[name] += "\n" + string(src[fset.Position(d.Pos()).Offset:fset.Position(d.End()).Offset]) + "\n"
			}
		}
	}
	return decls, nil
}
