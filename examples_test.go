package main

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestExportedTypesHaveExamples holds that every exported type of the burner and its rooms is shown in use, by an
// example of its own or of one of its methods that says what it prints.
func TestExportedTypesHaveExamples(t *testing.T) {
	packages := 0
	err := filepath.WalkDir("nucnet", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if d.Name() == "testdata" || d.Name() == "data" || d.Name() == "internal" {
			return filepath.SkipDir
		}
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(names) == 0 {
			return err
		}
		packages++
		types, shown := map[string]token.Position{}, map[string]bool{}
		fset := token.NewFileSet()
		for _, name := range names {
			f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			if f.Name.Name == "main" {
				continue // a generator
			}
			if strings.HasSuffix(name, "_test.go") {
				for _, e := range doc.Examples(f) {
					if e.Output != "" || e.EmptyOutput {
						of, _, _ := strings.Cut(e.Name, "_")
						shown[of] = true
					}
				}
				continue
			}
			for _, decl := range f.Decls {
				if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.TYPE {
					for _, s := range g.Specs {
						if n := s.(*ast.TypeSpec).Name; n.IsExported() {
							types[n.Name] = fset.Position(n.Pos())
						}
					}
				}
			}
		}
		for name, at := range types {
			if !shown[name] {
				t.Errorf("%s: %s has no example", at, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if packages < 11 {
		t.Errorf("%d packages, want at least 11", packages)
	}
}
