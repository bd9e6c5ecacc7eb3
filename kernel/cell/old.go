package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
)

// old finds the identifiers that mean a definition of an earlier cell although this cell defines the name too.
type old struct {
	*analysis
	own      map[string]bool // names that the visited declaration defines
	function bool            // only shadowed imports are sought
}

// useOld gives old definitions their place. In statements a name that the cell defines means the earlier definition until
// then. In declarations alone it does so only where it is defined by itself, as in var x = x + 1: these see each other in any
// order, as declarations of a package do. Functions see the new definitions.
func (a *analysis) useOld() {
	if a.program {
		return
	}
	a.shadowImports()
	for _, s := range a.stmts.Body.List {
		o := &old{analysis: a, own: make(map[string]bool)}
		switch s := s.(type) {
		case *ast.AssignStmt:
			for _, e := range s.Lhs {
				o.owns(e)
			}
		case *ast.DeclStmt:
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				o.own = make(map[string]bool)
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, id := range v.Names {
						o.owns(id)
					}
				}
				ast.Inspect(spec, o.visit)
			}
			continue
		}
		ast.Inspect(s, o.visit)
	}
}

// shadowImports lets statements give a variable the name of a package that the cell imports, as they may in a function. To
// the functions of the cell the name means the package.
func (a *analysis) shadowImports() {
	if a.unordered() {
		return
	}
	shadowed := make(map[string]string)
	for name, path := range a.cell.imports {
		if a.declared[name] && !a.anywhere[name] {
			shadowed[name] = path
			delete(a.cell.imports, name)
		}
	}
	if len(shadowed) == 0 {
		return
	}
	a.shadowed = shadowed
	for _, d := range a.decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			d.Specs = slices.DeleteFunc(d.Specs, func(s ast.Spec) bool {
				i, ok := s.(*ast.ImportSpec)
				return ok && (i.Name == nil || shadowed[i.Name.Name] != "") && slices.Contains(slices.Collect(maps.Values(shadowed)), importPath(i))
			})
		case *ast.FuncDecl:
			ast.Inspect(d, (&old{analysis: a, function: true}).visit)
		}
	}
}

func (o *old) owns(e ast.Expr) {
	if id, ok := e.(*ast.Ident); ok {
		o.own[id.Name] = true
	}
}

func (o *old) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		ast.Inspect(n.X, o.visit)
		return false
	case *ast.CompositeLit:
		if n.Type != nil {
			ast.Inspect(n.Type, o.visit)
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && !hasValueKeys(n.Type) {
				if _, name := kv.Key.(*ast.Ident); name {
					e = kv.Value // the key is a field
				}
			}
			ast.Inspect(e, o.visit)
		}
		return false
	case *ast.LabeledStmt:
		ast.Inspect(n.Stmt, o.visit)
		return false
	case *ast.BranchStmt:
		return false
	case *ast.Ident:
		o.ident(n)
	}
	return true
}

// hasValueKeys reports whether the keys of a composite literal of a type are values for sure, and not fields.
func hasValueKeys(t ast.Expr) bool {
	switch t.(type) {
	case *ast.MapType, *ast.ArrayType:
		return true
	}
	return false
}

// ident renames an identifier that means an old definition.
func (o *old) ident(id *ast.Ident) {
	if o.function && o.shadowed[id.Name] == "" || id.Obj != nil || !o.declared[id.Name] || o.anywhere[id.Name] || o.unordered() && !o.own[id.Name] {
		return
	}
	name := id.Name + oldSuffix
	if path := o.shadowed[id.Name]; path != "" {
		o.oldImports[name] = path
	} else if obj := o.n.names[id.Name]; obj != nil {
		if o.pkg.Scope().Lookup(name) == nil {
			again := renamed(obj, o.pkg, name)
			o.original[again] = obj
			o.pkg.Scope().Insert(again)
		}
	} else if path := o.oldPackage(id.Name); path != "" {
		o.oldImports[name] = path
	} else {
		if !o.own[id.Name] {
			o.problemAt(id.Pos(), "undefined: %s (the cell declares it further down)", id.Name)
		}
		return
	}
	id.Name = name
	o.renamed = append(o.renamed, id)
}

// oldPackage is the path of the package that a name means before the cell defines it, as in list := list.New().
func (o *old) oldPackage(name string) string {
	if path := o.packageOf(name); path != "" {
		return path
	}
	if members := o.packageLike()[name]; len(members) > 0 {
		return o.n.loader.Guess(name, members)
	}
	return ""
}

func importPath(s *ast.ImportSpec) string {
	p, _ := strconv.Unquote(s.Path.Value) // the parser has checked it
	return p
}

func renamed(obj types.Object, pkg *types.Package, name string) types.Object {
	switch obj := obj.(type) {
	case *types.Var:
		return types.NewVar(token.NoPos, pkg, name, obj.Type())
	case *types.Const:
		return types.NewConst(token.NoPos, pkg, name, obj.Type(), obj.Val())
	case *types.Func:
		return types.NewFunc(token.NoPos, pkg, name, obj.Type().(*types.Signature))
	default:
		return types.NewTypeName(token.NoPos, pkg, name, obj.Type())
	}
}
