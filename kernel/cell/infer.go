package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// inferred declares a variable whose type cannot be written, such as the result of a function that returns a lower-case
// type of its package: the compiler infers it from the function, which is not called for that, or from another variable.
// The variable is the i-th of n names that get the values.
func (a *analysis) inferred(id *ast.Ident, i, n int, values []ast.Expr) (string, bool) {
	var value ast.Expr
	result := 0 // of the call
	switch len(values) {
	case n:
		value = values[i]
	case 1:
		value, result = values[0], i
	default:
		return "", false
	}
	name := marked(id.Name)
	switch e := unparen(value).(type) {
	case *ast.Ident:
		if _, ok := a.info.Uses[e].(*types.Var); ok {
			return fmt.Sprintf("\n%s\nvar %s = %s", a.line(id.Pos()), name, a.text(e)), true
		}
	case *ast.SelectorExpr:
		if a.harmless(e) {
			return fmt.Sprintf("\n%s\nvar %s = %s", a.line(id.Pos()), name, a.text(e)), true
		}
	case *ast.CallExpr:
		function, params, ok := a.functionText(e.Fun)
		if !ok {
			return "", false
		}
		sig, ok := a.info.TypeOf(e.Fun).Underlying().(*types.Signature)
		if !ok {
			return "", false
		}
		tuple, ok := a.tupleText(sig.Params(), sig.Variadic())
		if !ok {
			return "", false
		}
		if params != "" {
			tuple = strings.TrimSuffix("("+params+", "+tuple[1:], ", )")
			if !strings.HasSuffix(tuple, ")") {
				tuple += ")"
			}
		}
		results := make([]string, sig.Results().Len())
		for k := range results {
			results[k] = fmt.Sprintf("R%d", k)
		}
		list := strings.Join(results, ", ")
		return fmt.Sprintf("\n\nfunc %szero_%s[%s any](func%s (%s)) (r R%d) { return }\n%s\nvar %s = %szero_%s(%s)",
			Mark+Mark, id.Name, list, tuple, list, result, a.line(id.Pos()), name, Mark+Mark, id.Name, function), true
	}
	return "", false
}

// harmless reports whether an expression is a variable, or a field inside one, whose evaluation cannot fail.
func (a *analysis) harmless(e ast.Expr) bool {
	switch e := unparen(e).(type) {
	case *ast.Ident:
		_, ok := a.info.Uses[e].(*types.Var)
		return ok
	case *ast.SelectorExpr:
		if v, ok := a.info.Uses[e.Sel].(*types.Var); !ok || !v.IsField() {
			return ok // of a package
		}
		_, direct := a.info.TypeOf(e.X).Underlying().(*types.Struct)
		s := a.info.Selections[e]
		return direct && s != nil && !s.Indirect() && a.harmless(e.X)
	}
	return false
}

// functionText writes a called function as a value that can be taken without evaluating anything: a declared function, or
// a method with the type of its receiver as the first parameter.
func (a *analysis) functionText(fun ast.Expr) (function, receiver string, ok bool) {
	switch f := unparen(fun).(type) {
	case *ast.Ident:
		_, ok = a.info.Uses[f].(*types.Func)
		return a.text(f), "", ok
	case *ast.SelectorExpr:
		if id, isIdent := f.X.(*ast.Ident); isIdent {
			if p, isPkg := a.info.Uses[id].(*types.PkgName); isPkg {
				_, ok = a.info.Uses[f.Sel].(*types.Func)
				a.packageName(p)
				return a.text(f), "", ok
			}
		}
		m, isMethod := a.info.Uses[f.Sel].(*types.Func)
		if !isMethod {
			return "", "", false
		}
		recv := a.info.TypeOf(f.X)
		if _, pointer := m.Signature().Recv().Type().(*types.Pointer); pointer {
			if _, already := recv.Underlying().(*types.Pointer); !already {
				recv = types.NewPointer(recv)
			}
		}
		t, ok := a.typeText(recv)
		return "(" + t + ")." + memberName(m), t, ok
	}
	return "", "", false
}

func (a *analysis) tupleText(t *types.Tuple, variadic bool) (string, bool) {
	w := typeWriter{analysis: a, ok: true}
	w.tuple(t, variadic)
	return w.String(), w.ok
}
