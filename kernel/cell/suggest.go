package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Nearest returns the candidate that a misspelt word most likely means: one or two letters away, or the same but for
// case. It is "" when there is none.
func Nearest(word string, candidates []string) string {
	best, at := "", 3
	if len(word) < 4 {
		at = 2
	}
	for _, c := range candidates {
		if c == word {
			continue // it cannot be used here
		}
		d := distance(word, c)
		if strings.EqualFold(word, c) {
			d = 1
		}
		if d < at && d < len(word) {
			best, at = c, d
		}
	}
	return best
}

// distance counts the insertions, removals, replacements and swaps of neighbours that make b of a.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// suggest adds to the message about an unknown name what may have been meant. The syntax tree is that of the cell.
func (a *analysis) suggest(file *ast.File, pos token.Pos, msg string) string {
	name, undefined := strings.CutPrefix(msg, "undefined: ")
	candidates := a.memberNames(file, pos)
	if m := noMember.FindStringSubmatch(msg); m != nil {
		name = m[1] + m[2]
	} else if !undefined {
		return msg
	} else if t := a.n.lost[name]; t != "" {
		return fmt.Sprintf("%s is out of reach: its type %s was declared anew with other contents; define %s again", name, t, name)
	} else if pkg, member, qualified := strings.Cut(name, "."); qualified {
		name, candidates = member, a.exported(pkg)
	} else {
		candidates = a.namesLike(name)
	}
	slices.Sort(candidates)
	if best := Nearest(name, candidates); best != "" {
		return msg + " (did you mean " + best + "?)"
	}
	return msg
}

// noMember finds the name of which the type checker says that a type has no such field or method.
var noMember = regexp.MustCompile(`(?:has no field or method (\w+)\)|unknown field (\w+) in struct literal)`)

// memberNames lists the fields and methods that may stand at a position: after a dot, or in a literal of a struct.
func (a *analysis) memberNames(file *ast.File, pos token.Pos) []string {
	var t types.Type
	methods := false
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if n.Sel.Pos() == pos {
				t, methods = a.info.TypeOf(n.X), true
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.Pos() == pos {
					t = a.info.TypeOf(n)
				}
			}
		}
		return true
	})
	if t == nil {
		return nil
	}
	var names []string
	for _, m := range memberSymbols(t) {
		if methods || m.Kind == "field" {
			names = append(names, m.Name)
		}
	}
	return names
}

// exported lists what a package offers.
func (a *analysis) exported(pkg string) []string {
	path := a.cell.imports[pkg]
	if path == "" {
		path = a.n.imports[pkg]
	}
	p, err := a.n.loader.Import(path)
	if path == "" || err != nil {
		return nil
	}
	return slices.DeleteFunc(p.Scope().Names(), func(n string) bool { return !token.IsExported(n) })
}

// namesLike lists the names that can stand where an undefined one does: before a dot packages too, but not types.
func (a *analysis) namesLike(name string) []string {
	candidates := slices.Collect(maps.Keys(a.n.imports))
	candidates = slices.AppendSeq(candidates, maps.Keys(a.n.names))
	candidates = slices.AppendSeq(candidates, maps.Keys(a.declared))
	if _, selected := a.packageLike()[name]; selected {
		return append(candidates, a.n.loader.StdNames()...)
	}
	return append(candidates, types.Universe.Names()...)
}
