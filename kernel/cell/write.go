package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// self stands for the cell's own path until that is known.
const self = Mark + Mark + "self"

// write makes the output.
func (a *analysis) write() {
	for _, it := range a.items {
		switch {
		case it.decl != nil:
			a.rewrite(it.decl)
		case it.fn != nil:
			a.rewrite(it.fn)
		case it.spec != nil:
			for _, e := range it.spec.Values {
				a.rewriteValue(e, len(it.spec.Names) == 2 && len(it.spec.Values) == 1)
			}
		case it.def != nil:
			a.rewrite(it.def)
		case it.stmt != nil:
			a.rewrite(it.stmt)
		case it.last != nil:
			a.rewrite(it.last)
		}
	}
	a.remember()
	var outside, inside strings.Builder
	runs := false
	for i, it := range a.inOrder() {
		switch {
		case it.decl != nil:
			a.block(&outside, it.decl, "", "")
		case it.fn != nil:
			if it.isInit() {
				// A cell runs more often than it is loaded, and its variables get their values when it runs.
				name := fmt.Sprintf("%s%d", initPrefix, i)
				u, at := a.place(it.fn.Name.Pos())
				u.replace(at, at+len("init"), name)
				fmt.Fprintf(&inside, "\n%s\n%s()", a.line(it.fn.Pos()), name)
				runs = true
			}
			a.block(&outside, it.fn, "", "")
		case it.spec != nil:
			a.variables(&outside, it.spec.Names, it.spec.Values)
			a.initialise(&inside, it.spec)
			runs = true
		case it.def != nil:
			var names []*ast.Ident
			for _, e := range it.def.Lhs {
				names = append(names, e.(*ast.Ident))
			}
			a.variables(&outside, names, it.def.Rhs)
			u, at := a.place(it.def.TokPos)
			u.replace(at, at+2, "=")
			a.block(&inside, it.def, "", "")
			runs = true
		case it.stmt != nil:
			before := ""
			if _, declares := it.stmt.(*ast.DeclStmt); declares {
				before = "var " // stands before the first of several
			}
			a.block(&inside, it.stmt, before, "")
			runs = true
		case it.last != nil:
			a.trailing(&inside, it)
			runs = true
		}
	}
	if len(a.problems) > 0 {
		return
	}
	outside.WriteString(a.followedText())
	entry := inside.String()
	if path := "flag"; a.program && a.importsPath(path) {
		// The program may have run before, and a flag cannot be defined twice.
		flags := a.importAlias(path)
		entry = fmt.Sprintf("\n%s.CommandLine = %s.NewFlagSet(%q, %s.ContinueOnError)", flags, flags, "program", flags) + entry
	}
	if fn, ok := a.pkg.Scope().Lookup("main").(*types.Func); ok && fn.Pkg() == a.pkg && a.declared["main"] {
		entry += fmt.Sprintf("\n%smain()", Mark)
		runs = true
	}
	for name := range a.declared {
		if obj := a.pkg.Scope().Lookup(name); obj != nil && name != "_" {
			a.cell.names[name] = obj
		}
	}
	a.cell.Inert = !runs
	a.cell.Empty = !runs && len(a.items) == 0 && a.aliases["_ "] == ""
	for key := range a.aliases {
		a.cell.Empty = a.cell.Empty && !strings.HasPrefix(key, "_ ")
		a.cell.Inert = a.cell.Inert && !strings.HasPrefix(key, "_ ")
	}

	var out strings.Builder
	out.WriteString("package main\n\n")
	imports := a.imports(&out)
	for _, key := range slices.Sorted(maps.Keys(a.aliases)) {
		if name, ok := strings.CutPrefix(key, "type "); ok {
			fmt.Fprintf(&out, "type %s = %s\n", a.aliases[key], name)
		}
	}
	out.WriteString(outside.String())
	fmt.Fprintf(&out, "\n\nfunc %s() {%s\n}\n\nfunc init() { %s.Register(%q, %s) }\n\nfunc main() {}\n", Entry, entry, hook, self, Entry)
	// Types with lower-case fields name the package, and a type of its own has the compiler write that name down.
	fmt.Fprintf(&out, "\ntype %s%spath struct{}\n", Mark, Mark)
	a.cell.Imports = imports
	a.cell.Path = a.identify(out.String(), imports)
	a.notes()
	a.cell.Source = []byte(strings.ReplaceAll(out.String(), self, a.cell.Path))
}

// importsPath reports whether the cell uses a package.
func (a *analysis) importsPath(path string) bool {
	for p, n := range a.uses {
		if n > 0 && p.Imported().Path() == path {
			return true
		}
	}
	return false
}

// imports writes the import declarations of what the output uses, and returns the paths.
func (a *analysis) imports(out *strings.Builder) []string {
	lines := map[string]string{hook + " \"" + hookPath + "\"": hookPath}
	for p, n := range a.uses {
		if n > 0 {
			lines[p.Name()+" \""+p.Imported().Path()+"\""] = p.Imported().Path()
		}
	}
	for path, name := range a.aliases {
		if strings.HasPrefix(path, "type ") {
			continue
		}
		path = strings.TrimPrefix(path, "_ ")
		lines[name+" \""+path+"\""] = path
	}
	paths := make(map[string]bool)
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(out, "import %s\n", line)
		paths[lines[line]] = true
	}
	fmt.Fprintf(out, "\nvar _ = %s.Poll\n", hook)
	return slices.Sorted(maps.Keys(paths))
}

// block writes a part of the cell with the place where it stands.
func (a *analysis) block(out *strings.Builder, n ast.Node, before, after string) {
	out.WriteString("\n" + a.line(n.Pos()) + "\n" + before + a.text(n) + after)
}

// text is a part of the cell with its edits.
func (a *analysis) text(n ast.Node) string {
	u, from := a.place(n.Pos())
	_, to := a.place(n.End())
	return u.render(from, to)
}

// line is the directive that tells the compiler where the next line comes from.
func (a *analysis) line(pos token.Pos) string {
	u, at := a.place(pos)
	path := u.path
	if path == "" {
		path = self
	}
	begin := strings.LastIndexByte(u.src[:at], '\n') + 1
	column := utf8.RuneCountInString(u.src[begin:at]) + 1
	return fmt.Sprintf("//line %s:%d:%d", File(path), u.line+strings.Count(u.src[:at], "\n")+1, column)
}

// variables declares the variables of this cell among names, with their types.
func (a *analysis) variables(out *strings.Builder, names []*ast.Ident, values []ast.Expr) {
	for i, id := range names {
		obj, ok := a.info.Defs[id].(*types.Var)
		if !ok || id.Name == "_" {
			continue
		}
		t, ok := a.typeText(obj.Type())
		if !ok {
			if b, basic := obj.Type().Underlying().(*types.Basic); basic && b.Kind() == types.Invalid {
				a.problemAt(id.Pos(), "undefined: %s", id.Name)
				return
			}
			if decl, ok := a.inferred(id, i, len(names), values); ok {
				out.WriteString(decl)
				continue
			}
			a.problemAt(id.Pos(), "a variable of the cell cannot have type %s, which has no name outside its package; "+
				"declare it with an interface type, or use it inside a function", types.TypeString(obj.Type(), qualify))
			return
		}
		fmt.Fprintf(out, "\n%s\nvar %s %s", a.line(id.Pos()), marked(id.Name), t)
	}
}

// initialise writes the assignment of a variable declaration; without values the variables become zero, as they must
// when the cell runs a second time.
func (a *analysis) initialise(out *strings.Builder, v *ast.ValueSpec) {
	var names []string
	for _, id := range v.Names {
		names = append(names, marked(id.Name))
	}
	out.WriteString("\n" + a.line(v.Pos()) + "\n")
	if len(v.Values) == 0 {
		for i, id := range v.Names {
			if t, ok := a.typeText(a.info.Defs[id].Type()); ok && id.Name != "_" {
				if i > 0 {
					out.WriteString("; ")
				}
				fmt.Fprintf(out, "%s = *new(%s)", names[i], t)
			}
		}
		return
	}
	var values []string
	for _, e := range v.Values {
		values = append(values, a.text(e))
	}
	out.WriteString(strings.Join(names, ", ") + " = " + strings.Join(values, ", "))
}

// trailing writes the last expression so that its value is shown.
func (a *analysis) trailing(out *strings.Builder, it item) {
	before, after := a.showing(it.last.X)
	if it.mute {
		before, after = "_ = ", ""
		if isCall(unparen(it.last.X)) {
			before = ""
		}
	}
	a.block(out, it.last, before, after)
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// prints reports whether an expression calls one of fmt's printing functions, whose results nobody wants to see.
func (a *analysis) prints(e ast.Expr) bool {
	call, ok := unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := a.info.Uses[sel.Sel].(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == "fmt" && strings.Contains(f.Name(), "rint") && !strings.HasPrefix(f.Name(), "S")
}
