package cell

import (
	"go/token"
	"maps"
	"slices"
	"strings"
)

// Functions of one cell may call those of a later one, which may call them in turn. A cell of declarations that lacks
// nothing but such names fails, but its text is kept: a later cell that uses a name of it declares it too, when it can.

// wait keeps the declarations of a cell that fails for undefined names alone.
func (a *analysis) wait() {
	if a.stmts == nil || !a.unordered() || a.program {
		return
	}
	for _, p := range a.problems {
		name, ok := strings.CutPrefix(p.Text, "undefined: ")
		if name, _, _ = strings.Cut(name, " "); !ok || !token.IsIdentifier(name) {
			return // something else is wrong
		}
	}
	a.remember()
	for _, it := range a.items {
		if it.fn != nil && it.fn.Recv == nil && !it.isInit() {
			a.cell.texts[it.fn.Name.Name] = &declaration{typ: a.textOf(it.fn, "")}
		}
	}
	maps.Copy(a.n.waiting, a.cell.texts)
}

// carryWaiting declares what failed cells declared, where this cell uses it.
func (a *analysis) carryWaiting() {
	for again := true; again; {
		again = false
		for _, name := range slices.Sorted(maps.Keys(a.n.waiting)) {
			if !a.idents[name] || a.declared[name] || a.changed[name] || a.n.names[name] != nil || a.packageOf(name) != "" || a.cell.imports[name] != "" {
				continue
			}
			again = true
			d := a.n.waiting[name]
			a.carryText(d.typ, name)
			for _, m := range slices.Sorted(maps.Keys(d.methods)) {
				a.carryText(d.methods[m], name)
			}
			a.declared[name] = true
		}
	}
}
