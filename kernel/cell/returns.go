package cell

import (
	"go/ast"
	"go/token"
)

// returns lets statements of the cell return values, which are shown: `return x` becomes a block that shows x and returns.
// Function literals keep their own.
func (a *analysis) returns(body *ast.BlockStmt) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BlockStmt:
			a.returnsIn(n.List)
		case *ast.CaseClause:
			a.returnsIn(n.Body)
		case *ast.CommClause:
			a.returnsIn(n.Body)
		case *ast.LabeledStmt:
			if r, ok := n.Stmt.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
				n.Stmt = a.showAndReturn(r)
			}
		}
		return true
	})
}

func (a *analysis) returnsIn(list []ast.Stmt) {
	for i, s := range list {
		if r, ok := s.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			list[i] = a.showAndReturn(r)
		}
	}
}

// showAndReturn is what the type checker sees of a return statement with values.
func (a *analysis) showAndReturn(r *ast.ReturnStmt) *ast.BlockStmt {
	show := &ast.ExprStmt{X: r.Results[0]}
	if len(r.Results) > 1 || !isCall(unparen(r.Results[0])) {
		show.X = a.showCall(r.Results[0].Pos(), r.Results[len(r.Results)-1].End(), r.Results)
	} else {
		a.shown[show.X.Pos()] = true
	}
	b := &ast.BlockStmt{Lbrace: r.Pos(), List: []ast.Stmt{show, &ast.ReturnStmt{Return: r.Return}}, Rbrace: r.End() - 1}
	a.returned[b] = r
	return b
}

// showCall is a call that the type checker accepts around any values.
func (a *analysis) showCall(from, to token.Pos, values []ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{Fun: &ast.Ident{NamePos: from, Name: showName}, Args: values, Lparen: from, Rparen: to}
}

// rewriteReturn writes such a statement.
func (r *rewriter) rewriteReturn(s *ast.ReturnStmt) {
	before, after := "{ "+hook+".Show(", "); return }"
	if len(s.Results) == 1 {
		before, after = r.showing(s.Results[0])
		before, after = "{ "+before, after+"; return }"
	}
	r.replace(s.Pos(), s.Pos()+token.Pos(len("return")), before)
	r.replace(s.End(), s.End(), after)
}

// showing is what stands around an expression so that its value is shown; nothing when there is no value worth it.
func (a *analysis) showing(e ast.Expr) (before, after string) {
	switch tv := a.info.Types[e]; {
	case isCall(unparen(e)) && (tv.IsVoid() || a.prints(e)):
		return "", ""
	case isCall(unparen(e)) && isError(tv.Type):
		return hook + ".ShowError(", ")"
	}
	return hook + ".Show(", ")"
}
