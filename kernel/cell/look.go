package cell

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Entry of a completion or the answer to a question about a name.
type Symbol struct {
	Name   string
	Kind   string // function, method, field, variable, constant, type, package, keyword
	Object types.Object
}

// cursorName stands at the cursor of an unfinished text, so that there is something to parse.
const cursorName = Mark + Mark + "cursor"

// word finds the identifier that ends at, or reaches over, a byte of src.
func word(src string, cursor int) (start, end int) {
	start, end = cursor, cursor
	for start > 0 {
		r, n := utf8.DecodeLastRuneInString(src[:start])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		start -= n
	}
	for end < len(src) {
		r, n := utf8.DecodeRuneInString(src[end:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		end += n
	}
	return start, end
}

// Complete lists what may stand at a byte of an unfinished cell, in place of the bytes from start to end: members after
// a dot, else all names in scope. Only names that begin with what is typed are listed.
func (n *Notebook) Complete(src string, cursor int) (symbols []Symbol, start, end int) {
	cursor = max(0, min(cursor, len(src)))
	start, end = word(src, cursor)
	prefix := src[start:cursor]
	if insideText(src, cursor) {
		return nil, cursor, cursor
	}
	if prefix != "" && unicode.IsDigit(rune(prefix[0])) {
		return nil, cursor, cursor
	}
	before := strings.TrimRight(src[:start], " \t\n")
	member := strings.HasSuffix(before, ".") && !strings.HasSuffix(before, "..")
	text := src[:start] + cursorName
	a := n.look(text+src[end:], true)
	if a == nil {
		a = n.look(text+closers(src[:start]), false)
	}
	if a == nil {
		return nil, start, end
	}
	if member {
		symbols = a.members()
	} else {
		symbols = a.visible()
	}
	kept := symbols[:0]
	seen := make(map[string]bool)
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, prefix) && !strings.HasPrefix(s.Name, Mark) && !strings.HasSuffix(s.Name, oldSuffix) && !seen[s.Name] {
			seen[s.Name] = true
			kept = append(kept, s)
		}
	}
	// The fields of a literal come first.
	sort.SliceStable(kept, func(i, j int) bool {
		if !member && (kept[i].Kind == "field") != (kept[j].Kind == "field") {
			return kept[i].Kind == "field"
		}
		return kept[i].Name < kept[j].Name
	})
	return kept, start, end
}

// ObjectAt finds what the name at a byte of a cell means; nil if it means nothing.
func (n *Notebook) ObjectAt(src string, cursor int) types.Object {
	cursor = max(0, min(cursor, len(src)))
	start, end := word(src, cursor)
	for start == end && start > 0 { // in front of a bracket or in a space: the name before it
		_, size := utf8.DecodeLastRuneInString(src[:start])
		cursor = start - size
		start, end = word(src, cursor)
		if src[cursor] == '\n' {
			break
		}
	}
	if start == end {
		return nil
	}
	a := n.look(src, true)
	if a == nil {
		a = n.look(src[:end]+closers(src[:end]), false)
	}
	if a == nil {
		return nil
	}
	var found types.Object
	for _, m := range []map[*ast.Ident]types.Object{a.info.Uses, a.info.Defs} {
		for id, obj := range m {
			if u, at := a.place(id.Pos()); u == a.main && at == start && obj != nil && found == nil && !strings.HasPrefix(id.Name, Mark) {
				found = obj
			}
		}
	}
	if found == nil {
		found = a.unused(start, src[start:end])
	}
	if o := a.original[found]; o != nil {
		found = o
	}
	if p, ok := found.(*types.PkgName); ok {
		return p
	}
	return found
}

// unused finds what the name at a byte means that the type checker has no use for: a member after the name of a type, as
// documentation writes it, or a package that nothing imports yet.
func (a *analysis) unused(at int, name string) types.Object {
	isHere := func(id *ast.Ident) bool {
		u, offset := a.place(id.Pos())
		return u == a.main && offset == at
	}
	if sel := a.selector(isHere); sel != nil {
		if t := a.info.TypeOf(sel.X); t != nil {
			for _, m := range memberSymbols(t) {
				if m.Name == name {
					return m.Object
				}
			}
		}
		return nil
	}
	if obj := a.n.names[name]; obj != nil {
		return obj
	}
	if obj := types.Universe.Lookup(name); obj != nil {
		return obj
	}
	path := a.packageOf(name)
	if path == "" {
		path = a.n.loader.Guess(name, nil)
	}
	if path == "" || a.n.loader.Load([]string{path}) != nil {
		return nil
	}
	p, err := a.n.loader.Import(path)
	if err != nil {
		return nil
	}
	return types.NewPkgName(token.NoPos, a.pkg, name, p)
}

// Home returns the package path of the cell that defines an object, or a method's type; "" when none does.
func (n *Notebook) Home(obj types.Object) string {
	if f, ok := obj.(*types.Func); ok && f.Signature().Recv() != nil {
		t := f.Signature().Recv().Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if named, ok := t.(*types.Named); ok {
			return n.home[named.Origin().Obj()]
		}
	}
	return n.home[obj]
}

// TypeString writes an object or a type as a user of the notebook writes it.
func TypeString(obj types.Object) string { return types.ObjectString(obj, qualify) }

// look analyses a text as far as it goes. With whole set it gives up when the text has a syntax error.
func (n *Notebook) look(src string, whole bool) (a *analysis) {
	defer func() {
		if recover() != nil {
			a = nil
		}
	}()
	a = n.newAnalysis(src)
	a.lenient = !whole
	a.parse()
	if len(a.problems) > 0 && whole || a.stmts == nil {
		return nil
	}
	a.carry()
	a.resolve()
	a.check()
	return a
}

// selector finds the selection of a name.
func (a *analysis) selector(named func(*ast.Ident) bool) (sel *ast.SelectorExpr) {
	for _, d := range append(slices.Clone(a.decls), ast.Decl(a.stmts)) {
		ast.Inspect(d, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && named(s.Sel) {
				sel = s
			}
			return sel == nil
		})
	}
	return sel
}

// members lists the fields and methods, or the package's names, that may follow the dot before the cursor.
func (a *analysis) members() []Symbol {
	sel := a.selector(func(id *ast.Ident) bool { return id.Name == cursorName })
	if sel == nil {
		return nil
	}
	var list []Symbol
	if id, ok := sel.X.(*ast.Ident); ok {
		if p, ok := a.info.Uses[id].(*types.PkgName); ok {
			scope := p.Imported().Scope()
			for _, name := range scope.Names() {
				if obj := scope.Lookup(name); obj.Exported() {
					list = append(list, Symbol{name, kindName(obj), obj})
				}
			}
			return list
		}
	}
	t := a.info.TypeOf(sel.X)
	if t == nil {
		return nil
	}
	return memberSymbols(t)
}

// memberSymbols lists the fields and methods of a type, those of embedded fields included.
func memberSymbols(t types.Type) []Symbol {
	var list []Symbol
	add := func(obj types.Object) {
		if obj.Exported() || obj.Pkg() != nil && obj.Pkg().Path() == packagePath {
			list = append(list, Symbol{obj.Name(), kindName(obj), obj})
		}
	}
	recv := t
	if _, isPointer := t.Underlying().(*types.Pointer); !isPointer && !types.IsInterface(t) {
		recv = types.NewPointer(t)
	}
	methods := types.NewMethodSet(recv)
	for i := range methods.Len() {
		add(methods.At(i).Obj())
	}
	seen := make(map[types.Type]bool)
	var fields func(t types.Type)
	fields = func(t types.Type) {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok || seen[t] {
			return
		}
		seen[t] = true
		for i := range s.NumFields() {
			add(s.Field(i))
		}
		for i := range s.NumFields() {
			if s.Field(i).Embedded() {
				fields(s.Field(i).Type())
			}
		}
	}
	fields(t)
	return list
}

// keys lists the fields that a struct literal may name at the cursor.
func (a *analysis) keys() []Symbol {
	var list []Symbol
	for _, d := range append(append([]ast.Decl(nil), a.decls...), a.stmts) {
		ast.Inspect(d, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			for _, e := range lit.Elts {
				if id, ok := e.(*ast.Ident); !ok || id.Name != cursorName {
					continue
				}
				t := a.info.TypeOf(lit)
				if t == nil {
					return false
				}
				if s, ok := t.Underlying().(*types.Struct); ok {
					for i := range s.NumFields() {
						if f := s.Field(i); f.Exported() || f.Pkg() != nil && f.Pkg().Path() == packagePath {
							list = append(list, Symbol{f.Name(), kindName(f), f})
						}
					}
				}
			}
			return true
		})
	}
	return list
}

// visible lists the names in scope at the cursor, the innermost first.
func (a *analysis) visible() []Symbol {
	list := a.keys()
	var cursor token.Pos
	for id := range a.info.Uses {
		if id.Name == cursorName {
			cursor = id.Pos()
		}
	}
	for _, d := range append(append([]ast.Decl(nil), a.decls...), a.stmts) {
		ast.Inspect(d, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == cursorName {
				cursor = id.Pos()
			}
			return true
		})
	}
	var inner *types.Scope
	for _, s := range a.info.Scopes {
		if s != a.pkg.Scope() && s.Contains(cursor) && (inner == nil || s.End()-s.Pos() <= inner.End()-inner.Pos()) {
			inner = s
		}
	}
	for s := inner; s != nil && s != a.pkg.Scope() && s != types.Universe; s = s.Parent() {
		for _, name := range s.Names() {
			if obj := s.Lookup(name); obj.Pos() < cursor || !cursor.IsValid() {
				list = append(list, Symbol{name, kindName(obj), obj})
			}
		}
	}
	for _, name := range a.pkg.Scope().Names() {
		obj := a.pkg.Scope().Lookup(name)
		list = append(list, Symbol{name, kindName(obj), obj})
	}
	for name, obj := range a.n.names {
		list = append(list, Symbol{name, kindName(obj), obj})
	}
	for _, m := range []map[string]string{a.n.imports, a.cell.imports, implicit} {
		for name := range m {
			list = append(list, Symbol{name, "package", nil})
		}
	}
	for name := range predeclared {
		list = append(list, Symbol{name, "function", nil})
	}
	for _, name := range types.Universe.Names() {
		list = append(list, Symbol{name, kindName(types.Universe.Lookup(name)), types.Universe.Lookup(name)})
	}
	for k := token.BREAK; k <= token.VAR; k++ {
		list = append(list, Symbol{k.String(), "keyword", nil})
	}
	return list
}

func kindName(obj types.Object) string {
	switch obj := obj.(type) {
	case *types.Func:
		if obj.Signature().Recv() != nil {
			return "method"
		}
		return "function"
	case *types.Builtin:
		return "function"
	case *types.Var:
		if obj.IsField() {
			return "field"
		}
		return "variable"
	case *types.Const, *types.Nil:
		return "constant"
	case *types.TypeName:
		return "type"
	case *types.PkgName:
		return "package"
	}
	return ""
}

// closers returns the brackets that close what is open at the end of a text.
func closers(src string) string {
	var open []byte
	scan(src, func(tok token.Token, at, end int) {
		switch tok {
		case token.LPAREN:
			open = append(open, ')')
		case token.LBRACK:
			open = append(open, ']')
		case token.LBRACE:
			open = append(open, '}')
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	})
	var b strings.Builder
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == '}' {
			b.WriteByte('\n')
		}
		b.WriteByte(open[i])
	}
	return b.String()
}

// insideText reports whether a byte lies within a string or a comment.
func insideText(src string, cursor int) bool {
	inside := false
	scan(src, func(tok token.Token, at, end int) {
		if (tok == token.STRING || tok == token.CHAR || tok == token.COMMENT) && at < cursor && cursor < end {
			inside = true
		}
		if tok == token.CHAR && cursor == end && (end-at < 2 || src[end-1] != '\'') {
			inside = true // not closed yet
		}
		if tok == token.COMMENT && cursor == end && strings.HasPrefix(src[at:], "//") {
			inside = true
		}
	})
	return inside
}

// scan calls f for every token of a text, comments included.
func scan(src string, f func(tok token.Token, at, end int)) {
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return
		}
		at := file.Offset(pos)
		f(tok, at, min(len(src), at+max(len(lit), 1)))
	}
}

// IsComplete judges a cell that is being typed: "complete", "invalid" when no continuation can mend it, or "incomplete"
// with the indentation of the next line.
func IsComplete(src string) (status, indent string) {
	_, open, problem := Split(src)
	switch {
	case problem != nil:
		return "invalid", ""
	case open || strings.HasSuffix(strings.TrimRight(src, " \t\n"), "\\"):
		return "incomplete", nextIndent(src)
	}
	problems := Syntax(src)
	if len(problems) == 0 {
		return "complete", ""
	}
	last := len(strings.TrimRight(src, " \t\n"))
	for _, p := range problems {
		if p.Offset < last {
			return "invalid", ""
		}
	}
	return "incomplete", nextIndent(src)
}

// Syntax finds what makes a cell no Go, whatever its names mean.
func Syntax(src string) []Problem {
	n := &Notebook{}
	n.Reset()
	a := n.newAnalysis(src)
	a.syntaxOnly = true
	a.parse()
	return a.problems
}

// nextIndent is the indentation of the line after an unfinished text: one tab for every line that opened a bracket.
func nextIndent(src string) string {
	line, opened := 1, make([]int, 0, 8)
	last := 0
	scan(src, func(tok token.Token, at, _ int) {
		line += strings.Count(src[last:at], "\n")
		last = at
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			opened = append(opened, line)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(opened) > 0 {
				opened = opened[:len(opened)-1]
			}
		}
	})
	depth := 0
	for i, l := range opened {
		if i == 0 || l != opened[i-1] {
			depth++
		}
	}
	return strings.Repeat("\t", depth)
}
