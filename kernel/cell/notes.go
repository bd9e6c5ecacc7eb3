package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// need records what functions, types and function literals of the cell use: they keep it when a later cell defines it anew.
func (a *analysis) need() {
	for _, it := range a.items {
		switch {
		case it.fn != nil && it.fn.Recv == nil:
			a.needed(it.fn, it.fn.Name)
		case it.fn != nil:
			if id := receiverIdent(it.fn.Recv.List[0].Type); id != nil {
				a.needed(it.fn, id)
			}
		case it.decl != nil && it.decl.Tok == token.TYPE:
			for _, s := range it.decl.Specs {
				a.needed(s, s.(*ast.TypeSpec).Name)
			}
		case it.spec != nil:
			a.neededByLiterals(it.spec, it.spec.Names)
		case it.def != nil:
			var names []*ast.Ident
			for _, e := range it.def.Lhs {
				if id, ok := e.(*ast.Ident); ok {
					names = append(names, id)
				}
			}
			a.neededByLiterals(it.def, names)
		}
	}
}

func (a *analysis) neededByLiterals(n ast.Node, names []*ast.Ident) {
	ast.Inspect(n, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncLit); ok {
			a.needed(f, names...)
			return false
		}
		return true
	})
}

// needed records what a part of the cell uses for the objects of names.
func (a *analysis) needed(n ast.Node, names ...*ast.Ident) {
	var used []types.Object
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			obj := a.info.Uses[id]
			if o := a.original[obj]; o != nil {
				obj = o
			}
			if obj != nil && (a.n.home[obj] != "" || obj.Parent() == a.pkg.Scope()) {
				used = append(used, obj)
			}
		}
		return true
	})
	for _, id := range names {
		if obj := a.pkg.Scope().Lookup(id.Name); obj != nil {
			a.cell.needs[obj] = append(a.cell.needs[obj], used...)
		}
	}
}

// needFollowed hands on what a followed object needs, with the types that it follows as they are now.
func (a *analysis) needFollowed(f followed) {
	obj := a.pkg.Scope().Lookup(f.name)
	for _, used := range a.n.needs[f.old] {
		if t, ok := used.(*types.TypeName); ok && slices.Contains(a.bases, t.Name()) && a.n.names[t.Name()] == used {
			used = a.pkg.Scope().Lookup(t.Name())
		}
		a.cell.needs[obj] = append(a.cell.needs[obj], used)
	}
}

// notes says what the definitions of the cell do to earlier ones.
func (a *analysis) notes() {
	if len(a.bodiless) > 0 {
		a.cell.Notes = append(a.cell.Notes, "functions without a body are not defined: "+strings.Join(a.bodiless, ", "))
	}
	if a.n.cells[a.cell.Path] != nil {
		return // the very same definitions
	}
	a.need()
	followed := make(map[string]bool)
	for _, f := range a.followed {
		followed[f.name] = true
		a.needFollowed(f)
	}
	for _, name := range a.cell.Defines() {
		old := a.n.names[name]
		if old == nil || followed[name] || a.constants[name] {
			continue
		}
		t, isType := old.(*types.TypeName)
		var keep, lost []string
		for _, other := range slices.Sorted(maps.Keys(a.n.names)) {
			if a.cell.names[other] != nil {
				continue
			}
			obj := a.n.names[other]
			if v, ok := obj.(*types.Var); ok && isType && mentions(v.Type(), t, 0) {
				lost = append(lost, other)
				a.cell.lost[other] = name
			} else if slices.Contains(a.n.needs[obj], old) {
				keep = append(keep, other)
			}
		}
		var parts []string
		if len(keep) > 0 {
			s := "s"
			if len(keep) > 1 {
				s = ""
			}
			parts = append(parts, fmt.Sprintf("%s keep%s the earlier one", strings.Join(keep, ", "), s))
		}
		if len(lost) > 0 {
			parts = append(parts, "variables of the earlier type are out of reach: "+strings.Join(lost, ", "))
		}
		if len(parts) > 0 {
			a.cell.Notes = append(a.cell.Notes, name+" is declared anew; "+strings.Join(parts, "; "))
		}
	}
}

// mentions reports whether a type is, or is made of, a named one.
func mentions(t types.Type, name *types.TypeName, depth int) bool {
	if depth > 8 {
		return false
	}
	depth++
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		for i := range t.TypeArgs().Len() {
			if mentions(t.TypeArgs().At(i), name, depth) {
				return true
			}
		}
		return t.Origin().Obj() == name
	case *types.Pointer:
		return mentions(t.Elem(), name, depth)
	case *types.Slice:
		return mentions(t.Elem(), name, depth)
	case *types.Array:
		return mentions(t.Elem(), name, depth)
	case *types.Chan:
		return mentions(t.Elem(), name, depth)
	case *types.Map:
		return mentions(t.Key(), name, depth) || mentions(t.Elem(), name, depth)
	}
	return false
}
