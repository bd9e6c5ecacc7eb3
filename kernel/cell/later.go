package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// goStmt makes the goroutine's panic an error of the cell. A function literal gets a deferred guard; any other call is
// made inside a literal, its function and arguments evaluated before as Go wants it.
func (r *rewriter) goStmt(g *ast.GoStmt) {
	if lit, ok := unparen(g.Call.Fun).(*ast.FuncLit); ok {
		r.replace(lit.Body.Lbrace+1, lit.Body.Lbrace+1, " defer "+hook+".Guard(); ")
		return
	}
	set, call := r.hold(g.Call)
	r.replace(g.Pos(), g.End(), "{ "+set+"go func() { defer "+hook+".Guard(); "+call+" }() }")
}

// postpone finds the defer statements that nothing follows in the cell. At the end of the cell they would run at once,
// and a file that is to be closed would be closed for the next cell; so they run when the notebook ends.
func (a *analysis) postpone() {
	for i := len(a.items) - 1; i >= 0; i-- {
		it := a.items[i]
		s, ok := it.stmt.(*ast.DeferStmt)
		if ok {
			a.late[s] = true
		} else if it.decl == nil {
			break
		}
	}
	if a.cell.late = len(a.late) > 0; a.cell.late && !a.n.toldLate {
		a.cell.Notes = append(a.cell.Notes, "what is deferred at the end of a cell runs when the notebook ends or restarts")
	}
}

func (r *rewriter) deferStmt(s *ast.DeferStmt) {
	set, call := r.hold(s.Call)
	r.replace(s.Pos(), s.End(), "{ "+set+hook+".Later(func() { "+call+" }) }")
}

// hold writes a call in two parts: statements that evaluate its function and arguments, and the call with the results.
func (r *rewriter) hold(call *ast.CallExpr) (set, later string) {
	u, _ := r.place(call.Pos())
	text := func(n ast.Node) string {
		_, from := r.place(n.Pos())
		_, to := r.place(n.End())
		return u.render(from, to)
	}
	var names, values, args []string
	hold := func(e ast.Expr) string {
		tv := r.info.Types[e]
		if tv.Value != nil || tv.IsNil() || tv.IsType() {
			return text(e)
		}
		name := fmt.Sprintf("%s%sv%d", Mark, Mark, len(names))
		value := text(e)
		if _, ok := e.(*ast.BinaryExpr); ok {
			// Comparisons and shifts without a type of their own have that of the parameter.
			if t, ok := r.typeText(tv.Type); ok {
				value = t + "(" + value + ")"
			}
		}
		names = append(names, name)
		values = append(values, value)
		return name
	}
	f := text(call.Fun)
	if !r.static(call.Fun) {
		f = hold(call.Fun)
	}
	multiple := false
	for _, e := range call.Args {
		if t, ok := r.info.TypeOf(e).(*types.Tuple); ok {
			multiple = true
			var vars []string
			for i := range t.Len() {
				vars = append(vars, fmt.Sprintf("%s%sv%d", Mark, Mark, len(names)+i))
			}
			args = vars
			names = append(names, vars...)
			values = append(values, text(e))
			break
		}
		args = append(args, hold(e))
	}
	ellipsis := ""
	if call.Ellipsis.IsValid() {
		ellipsis = "..."
	}
	switch {
	case multiple && len(values) > 1:
		set = names[0] + " := " + values[0] + "; " + strings.Join(names[1:], ", ") + " := " + values[1] + "; "
	case len(names) > 0:
		set = strings.Join(names, ", ") + " := " + strings.Join(values, ", ") + "; "
	}
	return set, f + "(" + strings.Join(args, ", ") + ellipsis + ")"
}

// static reports whether a call's function is a declared one, whose evaluation does nothing.
func (r *rewriter) static(e ast.Expr) bool {
	switch e := unparen(e).(type) {
	case *ast.Ident:
		switch r.info.Uses[e].(type) {
		case *types.Func, *types.Builtin:
			return true
		}
	case *ast.SelectorExpr:
		if id, ok := e.X.(*ast.Ident); ok {
			_, pkg := r.info.Uses[id].(*types.PkgName)
			_, fn := r.info.Uses[e.Sel].(*types.Func)
			return pkg && fn
		}
	case *ast.IndexExpr:
		return r.static(e.X)
	case *ast.IndexListExpr:
		return r.static(e.X)
	}
	return false
}
