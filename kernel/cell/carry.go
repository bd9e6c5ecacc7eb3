package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// carry lets a cell define a method on a type of an earlier cell: the type is declared anew in this cell, with the
// methods it had. What the notebook defines with the earlier type follows where it can; see follow.
func (a *analysis) carry() {
	own := make(map[string]map[string]bool) // methods of this cell by type
	var order []string
	for _, it := range a.items {
		if it.fn == nil || it.fn.Recv == nil || len(it.fn.Recv.List) == 0 {
			continue
		}
		base := receiverBase(it.fn.Recv.List[0].Type)
		if base == "" || a.declared[base] {
			continue
		}
		if own[base] == nil {
			t, isType := a.n.names[base].(*types.TypeName)
			if !isType || a.n.texts[base] == nil {
				switch {
				case isType && t.IsAlias():
					a.problemAt(it.fn.Recv.Pos(), "cannot define a method on the alias %s", base)
				case a.n.names[base] == nil && types.Universe.Lookup(base) != nil:
					a.problemAt(it.fn.Recv.Pos(), "cannot define new methods on non-local type %s", base)
				default:
					a.problemAt(it.fn.Recv.Pos(), "undefined: %s", base)
				}
				return
			}
			own[base] = make(map[string]bool)
			order = append(order, base)
		}
		own[base][it.fn.Name.Name] = true
	}
	a.carried = a.withHolders(order)
	for i, base := range a.carried {
		optional := ""
		if i >= len(order) {
			optional = base
		}
		d := a.n.texts[base]
		a.carryText(d.typ, optional)
		for _, name := range slices.Sorted(maps.Keys(d.methods)) {
			if !own[base][name] {
				a.carryText(d.methods[name], optional)
			}
		}
	}
	a.carryGeneric()
	a.carryConstants()
	a.carryWaiting()
}

// withHolders adds to types the types that are made of them, which go with them as long as they compile.
func (a *analysis) withHolders(bases []string) []string {
	for i := 0; i < len(bases); i++ {
		base, ok := a.n.names[bases[i]].(*types.TypeName)
		if !ok {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(a.n.texts)) {
			t, ok := a.n.names[name].(*types.TypeName)
			if ok && !t.IsAlias() && !a.declared[name] && !a.changed[name] && !slices.Contains(bases, name) && holds(t.Type().Underlying(), base) {
				bases = append(bases, name)
			}
		}
	}
	return bases
}

// holds reports whether a type is made of a named one.
func holds(t types.Type, name *types.TypeName) bool {
	switch t := t.(type) {
	case *types.Struct:
		for i := range t.NumFields() {
			if mentions(t.Field(i).Type(), name, 0) {
				return true
			}
		}
		return false
	case *types.Signature:
		return inTuple(t.Params(), name) || inTuple(t.Results(), name)
	case *types.Interface:
		for i := range t.NumExplicitMethods() {
			if holds(t.ExplicitMethod(i).Type(), name) {
				return true
			}
		}
		return false
	}
	return mentions(t, name, 0)
}

// carryConstants declares constants of the types that are declared anew, anew too.
func (a *analysis) carryConstants() {
	for _, name := range slices.Sorted(maps.Keys(a.n.names)) {
		c, ok := a.n.names[name].(*types.Const)
		if !ok || a.declared[name] || a.changed[name] {
			continue
		}
		t, named := c.Type().(*types.Named)
		if !named || a.n.names[t.Obj().Name()] != t.Obj() || a.changed[t.Obj().Name()] || !slices.Contains(a.carriedBases(), t.Obj().Name()) {
			continue
		}
		if value := literal(c); value != "" {
			a.carryText(text{cell: a.n.home[c], src: fmt.Sprintf("const %s %s = %s", name, t.Obj().Name(), value)}, name)
			a.constants[name] = true
		}
	}
}

// literal writes the value of a constant; "" stands for a complex number.
func literal(c *types.Const) string {
	basic, _ := c.Type().Underlying().(*types.Basic)
	switch {
	case basic == nil || basic.Info()&types.IsComplex != 0:
		return ""
	case basic.Info()&types.IsFloat != 0:
		f, _ := constant.Float64Val(c.Val()) // it is exact
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return c.Val().ExactString()
}

// carriedBases lists the types of earlier cells that the cell declares anew.
func (a *analysis) carriedBases() []string {
	if a.following {
		return append(slices.Clone(a.carried), a.redeclared()...)
	}
	return a.carried
}

// carryGeneric declares generic functions over the types that are declared anew, anew too: they cannot follow as values do.
// One that no longer compiles stays as it is.
func (a *analysis) carryGeneric() {
	bases := a.carriedBases()
	for _, name := range slices.Sorted(maps.Keys(a.n.texts)) {
		f, ok := a.n.names[name].(*types.Func)
		if !ok || a.declared[name] || a.changed[name] {
			continue
		}
		for _, base := range bases {
			t := a.n.names[base].(*types.TypeName)
			if !a.changed[base] && (inTuple(f.Signature().Params(), t) || inTuple(f.Signature().Results(), t)) {
				a.carryText(a.n.texts[name].typ, name)
				break
			}
		}
	}
}

func inTuple(tuple *types.Tuple, name *types.TypeName) bool {
	for i := range tuple.Len() {
		if mentions(tuple.At(i).Type(), name, 0) {
			return true
		}
	}
	return false
}

// carryText adds a declaration of an earlier cell. The name of a function, constant or type that the cell can do without is optional.
func (a *analysis) carryText(t text, optional string) {
	const prefix = "package main;"
	u := &unit{path: t.cell, line: t.line, src: t.src, prefix: len(prefix), optional: optional}
	f := a.parseText(u, prefix, t.src, "")
	if f == nil {
		return
	}
	for _, d := range f.Decls {
		a.decls = append(a.decls, d)
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				a.declared[d.Name.Name], a.anywhere[d.Name.Name] = true, true
			}
			a.items = append(a.items, item{fn: d})
		case *ast.GenDecl:
			var id *ast.Ident
			switch spec := d.Specs[0].(type) {
			case *ast.TypeSpec:
				id = spec.Name
			case *ast.ValueSpec:
				id = spec.Names[0]
			}
			a.declared[id.Name], a.anywhere[id.Name] = true, true
			a.items = append(a.items, item{decl: d})
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			a.idents[id.Name] = true
		}
		return true
	})
}

// receiverBase is the name of a receiver's type, "" when it has none.
func receiverBase(e ast.Expr) string {
	if id := receiverIdent(e); id != nil {
		return id.Name
	}
	return ""
}

func receiverIdent(e ast.Expr) *ast.Ident {
	for {
		switch t := e.(type) {
		case *ast.Ident:
			return t
		case *ast.StarExpr:
			e = t.X
		case *ast.ParenExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		default:
			return nil
		}
	}
}

// remember keeps the sources of the types, methods and generic functions that the cell declares.
func (a *analysis) remember() {
	for _, it := range a.items {
		if it.decl == nil || it.decl.Tok != token.TYPE {
			continue
		}
		for _, s := range it.decl.Specs {
			ts := s.(*ast.TypeSpec)
			if !ts.Assign.IsValid() {
				a.cell.texts[ts.Name.Name] = &declaration{typ: a.textOf(ts, "type "), methods: make(map[string]text)}
			}
		}
	}
	for _, it := range a.items {
		if it.fn != nil && it.fn.Type.TypeParams.NumFields() > 0 {
			a.cell.texts[it.fn.Name.Name] = &declaration{typ: a.textOf(it.fn, "")}
		}
		if it.fn == nil || it.fn.Recv == nil || len(it.fn.Recv.List) == 0 {
			continue
		}
		if d := a.cell.texts[receiverBase(it.fn.Recv.List[0].Type)]; d != nil {
			d.methods[it.fn.Name.Name] = a.textOf(it.fn, "")
		}
	}
}

func (a *analysis) textOf(n ast.Node, before string) text {
	u, from := a.place(n.Pos())
	_, to := a.place(n.End())
	return text{cell: u.path, line: u.line + strings.Count(u.src[:from], "\n"), src: before + u.src[from:to]}
}
