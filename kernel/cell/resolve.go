package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"sort"
	"strconv"
)

// resolve finds what the cell takes from the notebook: earlier definitions, imports, and packages that nothing imports yet.
func (a *analysis) resolve() {
	a.pkg = types.NewPackage(packagePath, packageName)
	scope := a.pkg.Scope()
	if obj := types.Universe.Lookup("any"); obj != nil {
		param := types.NewParam(token.NoPos, a.pkg, "", types.NewSlice(obj.Type()))
		sig := types.NewSignatureType(nil, nil, nil, types.NewTuple(param), nil, true)
		scope.Insert(types.NewFunc(token.NoPos, a.pkg, showName, sig))
	}
	a.follow()
	a.useOld()
	for name := range a.idents {
		if obj := a.n.names[name]; obj != nil && !a.declared[name] && a.cell.imports[name] == "" && !a.cell.dotted[name] {
			scope.Insert(obj)
		}
	}

	taken := func(name string) bool {
		return a.declared[name] || a.cell.imports[name] != "" || a.n.lost[name] != "" || scope.Lookup(name) != nil || types.Universe.Lookup(name) != nil
	}
	need := make(map[string]string)
	for name := range a.idents {
		if taken(name) {
			continue
		}
		if p := a.packageOf(name); p != "" {
			need[name] = p
		}
	}
	maps.Copy(need, a.oldImports)
	for name, members := range a.packageLike() {
		if !taken(name) && need[name] == "" {
			if p := a.n.loader.Guess(name, members); p != "" {
				need[name] = p
				a.cell.imports[name] = p
			}
		}
	}
	var paths []string
	for _, p := range need {
		paths = append(paths, p)
	}
	if len(a.n.dots) > 0 {
		a.problemsOfLoad(a.n.loader.Load(a.n.dots))
	}
	sort.Strings(paths)
	a.problemsOfLoad(a.n.loader.Load(paths))
	names := make([]string, 0, len(need))
	for name := range need {
		names = append(names, name)
	}
	sort.Strings(names)
	var specs []ast.Spec
	spec := func(name, p string) {
		specs = append(specs, &ast.ImportSpec{Name: &ast.Ident{NamePos: a.stmts.Pos(), Name: name},
			Path: &ast.BasicLit{ValuePos: a.stmts.Pos(), Kind: token.STRING, Value: strconv.Quote(p)}})
	}
	for _, name := range names {
		spec(name, need[name])
	}
	if len(specs) > 0 {
		d := &ast.GenDecl{TokPos: a.stmts.Pos(), Tok: token.IMPORT, Specs: specs, Lparen: a.stmts.Pos()}
		a.decls = append([]ast.Decl{d}, a.decls...)
	}
	member := func(name, path, member string) {
		if !a.idents[name] || need[name] != "" || a.cell.dotted[name] || taken(name) {
			return
		}
		if pkg, err := a.n.loader.Import(path); err == nil {
			if obj := pkg.Scope().Lookup(member); obj != nil && obj.Exported() {
				scope.Insert(obj)
			}
		}
	}
	for i := len(a.n.dots) - 1; i >= 0; i-- {
		for name := range a.idents {
			member(name, a.n.dots[i], name)
		}
	}
	for name, m := range predeclared {
		member(name, nbPath, m)
	}
}

func (a *analysis) problemsOfLoad(err error) {
	if err != nil {
		a.problem(0, "%v", err)
	}
}

// packageOf is the path of the import that a name means when the notebook defines nothing else by it.
func (a *analysis) packageOf(name string) string {
	if p := a.n.imports[name]; p != "" {
		return p
	}
	return implicit[name]
}

// packageLike collects the names before a dot that nothing in the text declares, with what is selected from them.
func (a *analysis) packageLike() map[string][]string {
	found := make(map[string][]string)
	visit := func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Obj == nil {
				found[id.Name] = append(found[id.Name], sel.Sel.Name)
			}
		}
		return true
	}
	ast.Inspect(a.stmts, visit)
	for _, d := range a.decls {
		ast.Inspect(d, visit)
	}
	return found
}
