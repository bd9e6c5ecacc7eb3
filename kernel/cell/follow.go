package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// When a cell adds a method to a type of an earlier cell, the type is declared anew with the same contents. What the
// notebook defines with the earlier type then follows: the variables of it, and the functions over it, are seen as of the
// new type. Values of both types are the same in memory, so a variable of the new type can stand in the place of the old.

// followed is a variable or function that gets the new type.
type followed struct {
	name string
	old  types.Object
}

// follow declares what follows the types that the cell declares anew, for the type checker. The type of each is that of
// the earlier object with the new types put in, which the checker does: it is the result of a generic function.
func (a *analysis) follow() {
	for _, base := range a.carriedBases() {
		if t, ok := a.n.names[base].(*types.TypeName); ok && !a.changed[base] && !slices.Contains(a.bases, base) {
			if _, ok := t.Type().(*types.Named); ok {
				a.bases = append(a.bases, base)
			}
		}
	}
	if len(a.bases) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(a.n.names)) {
		old := a.n.names[name]
		switch obj := old.(type) {
		case *types.Var:
		case *types.Func:
			if obj.Signature().TypeParams().Len() > 0 {
				continue
			}
		default:
			continue
		}
		if a.declared[name] || a.cell.imports[name] != "" {
			continue
		}
		// The type parameters of the function stand for the new types, instances of generic ones each for itself.
		var params []*types.TypeParam
		var args []ast.Expr
		possible := true
		pos := a.stmts.Pos()
		stand := func(e ast.Expr) types.Type {
			p := types.NewTypeParam(types.NewTypeName(pos, a.pkg, fmt.Sprintf("X%d", len(params)), nil), types.Universe.Lookup("any").Type())
			params, args = append(params, p), append(args, e)
			return p
		}
		put := a.substitution(func(base string, list []types.Type) types.Type {
			var e ast.Expr = &ast.Ident{NamePos: pos, Name: base}
			var indices []ast.Expr
			for _, t := range list {
				possible = possible && !a.mentionsBase(t)
				alias := fmt.Sprintf("%s%sarg%d", Mark, Mark, len(a.pkg.Scope().Names()))
				a.pkg.Scope().Insert(types.NewTypeName(pos, a.pkg, alias, t))
				indices = append(indices, &ast.Ident{NamePos: pos, Name: alias})
			}
			if len(indices) > 0 {
				e = &ast.IndexListExpr{X: e, Indices: indices}
			}
			return stand(e)
		})
		t := put.in(old.Type())
		if !put.done || !possible {
			continue
		}
		result := types.NewTuple(types.NewParam(pos, a.pkg, "", t))
		function := Mark + Mark + "follow" + name
		a.pkg.Scope().Insert(types.NewFunc(pos, a.pkg, function, types.NewSignatureType(nil, nil, params, nil, result, false)))
		call := &ast.CallExpr{Fun: &ast.IndexListExpr{X: &ast.Ident{NamePos: pos, Name: function}, Indices: args}}
		spec := &ast.ValueSpec{Names: []*ast.Ident{{NamePos: pos, Name: name}}, Values: []ast.Expr{call}}
		a.decls = append(a.decls, &ast.GenDecl{TokPos: pos, Tok: token.VAR, Specs: []ast.Spec{spec}})
		a.declared[name], a.anywhere[name] = true, true
		a.followed = append(a.followed, followed{name, old})
	}
}

// redeclares reports whether the cell declares types of earlier cells anew, so that what has them may follow. The same cell
// again is the same types.
func (a *analysis) redeclares() bool {
	return !a.unsettled && slices.ContainsFunc(a.redeclared(), func(name string) bool {
		return len(a.problems) > 0 || a.n.home[a.n.names[name]] != a.cell.Path
	})
}

// redeclared lists the types of earlier cells that the text of the cell declares.
func (a *analysis) redeclared() []string {
	var list []string
	for _, it := range a.items {
		if it.decl == nil || it.decl.Tok != token.TYPE {
			continue
		}
		for _, s := range it.decl.Specs {
			name := s.(*ast.TypeSpec).Name.Name
			if old, ok := a.n.names[name].(*types.TypeName); ok && !old.IsAlias() && !slices.Contains(a.carried, name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// settle marks what follows as reached through a pointer. Where old and new types differ, the work begins anew without
// them: they are declared otherwise, or a name in their declaration means something else by now.
func (a *analysis) settle() {
	if len(a.followed) == 0 {
		return
	}
	put := a.substitution(func(base string, args []types.Type) types.Type {
		return instance(a.pkg.Scope().Lookup(base).Type(), args)
	})
	for _, base := range a.bases {
		old, again := a.n.names[base].Type().(*types.Named), a.pkg.Scope().Lookup(base).Type()
		if n, ok := again.(*types.Named); !ok || n.TypeParams().Len() != old.TypeParams().Len() {
			a.changed[base], a.unsettled = true, true
			continue
		}
		var params []types.Type
		for i := range old.TypeParams().Len() {
			params = append(params, old.TypeParams().At(i))
		}
		if !types.Identical(put.in(old.Underlying()), instance(again, params).Underlying()) {
			a.changed[base], a.unsettled = true, true
		}
	}
	if a.unsettled {
		return
	}
	for _, f := range a.followed {
		obj := a.pkg.Scope().Lookup(f.name)
		if _, ok := a.typeText(obj.Type()); !ok {
			for _, base := range a.bases {
				a.changed[base] = true
			}
			a.unsettled = true
			return
		}
		_, isFunc := f.old.(*types.Func)
		a.cell.pointers[obj] = isFunc || a.n.pointers[f.old]
	}
}

// followedText declares the variables in the output: pointers to the old ones.
func (a *analysis) followedText() (text string) {
	for _, f := range a.followed {
		t, _ := a.typeText(a.pkg.Scope().Lookup(f.name).Type())
		old := a.importAlias(a.n.home[f.old]) + "." + marked(f.name)
		_, isVar := f.old.(*types.Var)
		_, isPointer := a.n.pointers[f.old]
		switch {
		case !isVar:
			value := Mark + Mark + "old" + f.name
			text += fmt.Sprintf("\nvar %s = %s", value, old)
			old = "&" + value
		case !isPointer:
			old = "&" + old
		}
		text += fmt.Sprintf("\nvar %s = (*%s)(%s.Pointer(%s))\n", marked(f.name), t, a.importAlias("unsafe"), old)
	}
	return text
}

// substitution puts other types in the place of named ones.
type substitution struct {
	put  func(t *types.Named) types.Type // nil for a type that stays
	done bool                            // something was put in
}

// substitution puts in what put gives for the types that are followed, by their names and type arguments.
func (a *analysis) substitution(put func(base string, args []types.Type) types.Type) substitution {
	return substitution{put: func(t *types.Named) types.Type {
		for _, base := range a.bases {
			if t.Origin().Obj() == a.n.names[base] {
				return put(base, typeArgs(t))
			}
		}
		return nil
	}}
}

func (a *analysis) mentionsBase(t types.Type) bool {
	return slices.ContainsFunc(a.bases, func(base string) bool { return mentions(t, a.n.names[base].(*types.TypeName), 0) })
}

func typeArgs(t *types.Named) []types.Type {
	args := make([]types.Type, t.TypeArgs().Len())
	for i := range args {
		args[i] = t.TypeArgs().At(i)
	}
	return args
}

// instance is a generic type with type arguments, or the type itself when there are none.
func instance(t types.Type, args []types.Type) types.Type {
	if len(args) == 0 {
		return t
	}
	again, err := types.Instantiate(nil, t, args, false)
	if err != nil {
		return t
	}
	return again
}

func (s *substitution) in(t types.Type) types.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if to := s.put(t); to != nil {
			s.done = true
			return to
		}
		args := typeArgs(t)
		for i := range args {
			args[i] = s.in(args[i])
		}
		if len(args) > 0 {
			return instance(t.Origin(), args)
		}
	case *types.Interface:
		methods, embedded := make([]*types.Func, t.NumExplicitMethods()), make([]types.Type, t.NumEmbeddeds())
		for i := range methods {
			m := t.ExplicitMethod(i)
			methods[i] = types.NewFunc(m.Pos(), m.Pkg(), m.Name(), s.in(m.Type()).(*types.Signature))
		}
		for i := range embedded {
			embedded[i] = s.in(t.EmbeddedType(i))
		}
		return types.NewInterfaceType(methods, embedded).Complete()
	case *types.Pointer:
		return types.NewPointer(s.in(t.Elem()))
	case *types.Slice:
		return types.NewSlice(s.in(t.Elem()))
	case *types.Array:
		return types.NewArray(s.in(t.Elem()), t.Len())
	case *types.Chan:
		return types.NewChan(t.Dir(), s.in(t.Elem()))
	case *types.Map:
		return types.NewMap(s.in(t.Key()), s.in(t.Elem()))
	case *types.Signature:
		if t.TypeParams().Len() == 0 {
			return types.NewSignatureType(nil, nil, nil, s.tuple(t.Params()), s.tuple(t.Results()), t.Variadic())
		}
	case *types.Struct:
		fields, tags := make([]*types.Var, t.NumFields()), make([]string, t.NumFields())
		for i := range fields {
			f := t.Field(i)
			fields[i], tags[i] = types.NewField(f.Pos(), f.Pkg(), f.Name(), s.in(f.Type()), f.Embedded()), t.Tag(i)
		}
		return types.NewStruct(fields, tags)
	}
	return t
}

func (s *substitution) tuple(t *types.Tuple) *types.Tuple {
	vars := make([]*types.Var, t.Len())
	for i := range vars {
		v := t.At(i)
		vars[i] = types.NewParam(v.Pos(), v.Pkg(), v.Name(), s.in(v.Type()))
	}
	return types.NewTuple(vars...)
}
