package cell

import (
	"go/ast"
	"go/types"
	"slices"
)

// unordered reports whether the cell holds declarations alone, whose order does not matter.
func (a *analysis) unordered() bool {
	return a.program || !slices.ContainsFunc(a.items, item.isStatement)
}

// isStatement reports whether a part of the cell is more than a declaration.
func (it item) isStatement() bool {
	return it.def != nil || it.last != nil || it.stmt != nil && it.declares() == nil
}

// declares is the declaration of variables that a part of the cell is; blank names alone are declared by a statement.
func (it item) declares() *ast.ValueSpec {
	if d, ok := it.stmt.(*ast.DeclStmt); ok {
		return d.Decl.(*ast.GenDecl).Specs[0].(*ast.ValueSpec)
	}
	return it.spec
}

func (it item) isInit() bool { return it.fn != nil && it.fn.Recv == nil && it.fn.Name.Name == "init" }

// inOrder returns the parts of the cell as they run: declarations alone as Go initialises a package, others in the order of
// the text, but functions init not before the declarations of variables that open the cell.
func (a *analysis) inOrder() []item {
	if a.unordered() {
		return a.dependenceOrder()
	}
	var inits, items []item
	for _, it := range a.items {
		if it.isInit() {
			inits = append(inits, it)
		}
	}
	opening := true
	for _, it := range a.items {
		opening = opening && !it.isStatement()
		if !opening && it.fn == nil && it.decl == nil {
			for len(inits) > 0 && a.offset(inits[0].fn) < a.offset(it.node()) {
				items, inits = append(items, inits[0]), inits[1:]
			}
		}
		if !it.isInit() {
			items = append(items, it)
		}
	}
	return append(items, inits...)
}

// node is the syntax tree of a statement or declared variable.
func (it item) node() ast.Node {
	switch {
	case it.spec != nil:
		return it.spec
	case it.def != nil:
		return it.def
	case it.last != nil:
		return it.last
	}
	return it.stmt
}

func (a *analysis) offset(n ast.Node) int {
	_, at := a.place(n.Pos())
	return at
}

// dependenceOrder sorts the variables as Go initialises those of a package.
func (a *analysis) dependenceOrder() []item {
	rank := make(map[types.Object]int)
	for i, init := range a.info.InitOrder {
		for _, v := range init.Lhs {
			rank[v] = i + 1
		}
	}
	order := func(it item) int {
		for _, id := range it.declares().Names {
			if r := rank[a.info.Defs[id]]; r > 0 {
				return r
			}
		}
		return 0
	}
	var vars, rest []item
	for _, it := range a.items {
		if it.declares() != nil {
			vars = append(vars, it)
		} else {
			rest = append(rest, it)
		}
	}
	slices.SortStableFunc(vars, func(x, y item) int { return order(x) - order(y) })
	return append(vars, rest...)
}
