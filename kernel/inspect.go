package kernel

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"nuclab/kernel/cell"
)

// Inspect describes the name at the cursor, a byte of the code: its declaration and its documentation, as text/plain and
// text/markdown. It works while a cell runs.
func (s *Session) Inspect(code string, cursor int) (data map[string]any, found bool) {
	cursor = max(0, min(cursor, len(code)))
	if word := strings.TrimSpace(code); strings.HasPrefix(word, "%") {
		name, _, _ := strings.Cut(word, " ")
		name, _, _ = strings.Cut(name, "\n")
		if c, ok := lineCommands[name]; ok && cursor <= strings.Index(code, name)+len(name) {
			return description(c.usage, c.help), true
		}
	}
	select {
	case <-s.started:
	default:
		return nil, false
	}
	if s.startErr != nil {
		return nil, false
	}
	s.bookMu.Lock()
	obj := s.book.ObjectAt(blankCommands(code), cursor)
	var home string
	if obj != nil {
		home = s.book.Home(obj)
	}
	o := s.origins[home]
	s.bookMu.Unlock()
	if obj == nil {
		return nil, false
	}
	declaration, comment := cell.TypeString(obj), ""
	switch {
	case home != "":
		declaration, comment = s.inCell(obj, o, declaration)
	case obj.Pkg() == nil:
		if d, c := s.builtin(obj.Name()); d != "" {
			declaration, comment = d, c
		}
	case isPackage(obj):
		declaration, comment = s.packageDoc(obj.(*types.PkgName).Imported())
	case obj.Pkg() != nil && obj.Pkg().Path() != "main":
		if d, c := s.inPackage(obj); d != "" {
			declaration, comment = d, c
		}
	}
	return description(declaration, comment), true
}

func isPackage(obj types.Object) bool {
	_, ok := obj.(*types.PkgName)
	return ok
}

func description(declaration, comment string) map[string]any {
	text := declaration
	markdown := "```go\n" + declaration + "\n```\n"
	if comment = strings.TrimSpace(comment); comment != "" {
		text += "\n\n" + comment
		markdown += "\n" + comment + "\n"
	}
	return map[string]any{"text/plain": text, "text/markdown": markdown}
}

// inCell finds the declaration of an object in the source of its cell.
func (s *Session) inCell(obj types.Object, o origin, declaration string) (string, string) {
	src := blankCommands(o.source)
	fset := token.NewFileSet()
	chunks, _, problem := cell.Split(src)
	if problem != nil {
		return declaration, ""
	}
	for _, c := range chunks {
		text := src[c.Start:c.End]
		f, err := parser.ParseFile(fset, "", "package p;"+text, parser.ParseComments)
		if err != nil {
			continue
		}
		if d, _ := declarationOf(fset, f, obj.Name(), 0); d != "" {
			return d + fmt.Sprintf("\n// defined in %s", place(o.count)), commentBefore(src, c.Start)
		}
	}
	return declaration + fmt.Sprintf("\n// defined in %s", place(o.count)), ""
}

// commentBefore returns the // lines right above a byte of a text.
func commentBefore(src string, at int) string {
	lines := strings.Split(strings.TrimRight(src[:at], " \t"), "\n")
	var comment []string
	for i := len(lines) - 2; i >= 0; i-- {
		l, ok := strings.CutPrefix(strings.TrimSpace(lines[i]), "//")
		if !ok {
			break
		}
		comment = append([]string{strings.TrimPrefix(l, " ")}, comment...)
	}
	return strings.Join(comment, "\n")
}

// inPackage finds the declaration of an object in the source of an imported package.
func (s *Session) inPackage(obj types.Object) (declaration, comment string) {
	pos := s.module.Fset().Position(obj.Pos())
	if pos.Filename == "" {
		return "", ""
	}
	file := pos.Filename
	if _, err := os.Stat(file); err != nil {
		file = filepath.Join(s.module.SourceDir(obj.Pkg().Path()), filepath.Base(file))
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
	if err != nil {
		return "", ""
	}
	return declarationOf(fset, f, obj.Name(), pos.Line)
}

// builtin finds what Go documents a predeclared name with.
func (s *Session) builtin(name string) (declaration, comment string) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, filepath.Join(s.module.SourceDir("builtin"), "builtin.go"), nil, parser.ParseComments)
	if err != nil {
		return "", ""
	}
	return declarationOf(fset, f, name, 0)
}

// packageDoc is the import and the documentation of a package.
func (s *Session) packageDoc(p *types.Package) (declaration, comment string) {
	declaration = fmt.Sprintf("package %s // import %q", p.Name(), p.Path())
	files, err := filepath.Glob(filepath.Join(s.module.SourceDir(p.Path()), "*.go"))
	if err != nil {
		return declaration, ""
	}
	fset := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err == nil && f.Name.Name == p.Name() && f.Doc != nil && len(f.Doc.Text()) > len(comment) {
			comment = f.Doc.Text()
		}
	}
	return declaration, comment
}

// declarationOf finds what a file declares under a name, at a line unless that is 0: the source without bodies, and the
// comment.
func declarationOf(fset *token.FileSet, f *ast.File, name string, line int) (declaration, comment string) {
	at := func(id *ast.Ident) bool {
		return id.Name == name && (line == 0 || fset.Position(id.Pos()).Line == line)
	}
	text := func(n any) string {
		var b bytes.Buffer
		if format.Node(&b, fset, n) != nil {
			return ""
		}
		return b.String()
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if at(d.Name) {
				comment = d.Doc.Text()
				d.Doc, d.Body = nil, nil
				return text(d), comment
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if at(spec.Name) {
						comment = firstText(spec.Doc, d.Doc)
						spec.Doc = nil
						return "type " + text(spec), comment
					}
					if decl, c := memberOf(spec, at, text); decl != "" {
						return decl, c
					}
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						if at(id) {
							comment = firstText(spec.Doc, spec.Comment, d.Doc)
							spec.Doc, spec.Comment = nil, nil
							return d.Tok.String() + " " + text(spec), comment
						}
					}
				}
			}
		}
	}
	return "", ""
}

// memberOf finds a field of a struct type or a method of an interface type.
func memberOf(spec *ast.TypeSpec, at func(*ast.Ident) bool, text func(any) string) (declaration, comment string) {
	var list *ast.FieldList
	what := "field"
	switch t := spec.Type.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list, what = t.Methods, "method"
	default:
		return "", ""
	}
	for _, f := range list.List {
		for _, id := range f.Names {
			if at(id) {
				return fmt.Sprintf("%s %s.%s %s", what, spec.Name.Name, id.Name, text(f.Type)), firstText(f.Doc, f.Comment)
			}
		}
	}
	return "", ""
}

func firstText(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if t := g.Text(); t != "" {
			return t
		}
	}
	return ""
}
