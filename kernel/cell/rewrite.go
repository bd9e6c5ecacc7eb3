package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
)

// Mark is the letter put before lower-case names so that other cells may use them: Lu, rare, and never typed.
const Mark = "Ꞌ"

// hook is the name under which the output imports the hooks. Names with two marks are none of the user's.
const hook = Mark + Mark + "hook"

// Unmark removes the marks of rewritten names from a text about a cell.
func Unmark(s string) string { return strings.ReplaceAll(s, Mark, "") }

// initPrefix begins the names that the functions init have in the output, a number follows.
const initPrefix = Mark + Mark + "init"

var (
	cellPackage = regexp.MustCompile(cellPrefix + "[0-9a-f]{16}\\.")
	entryName   = regexp.MustCompile(`main\.` + Entry + `\b`)
	initName    = regexp.MustCompile(`main\.` + initPrefix + `[0-9]+`)
)

// FuncName is the name that a function of the output has in the user's eyes. The statements of a cell are those of a main.
func FuncName(symbol string) string {
	symbol = cellPackage.ReplaceAllString(symbol, "main.")
	symbol = entryName.ReplaceAllString(symbol, "main.main")
	return Unmark(initName.ReplaceAllString(symbol, "main.init"))
}

func marked(name string) string {
	if name == "_" || token.IsExported(name) {
		return name
	}
	return Mark + name
}

// rewriter records the edits of one syntax tree.
type rewriter struct {
	*analysis
	keep    map[ast.Node]bool // channel operations of a select, which stay as they are
	two     map[ast.Node]bool // receive operations with two results
	sel     map[*ast.Ident]bool
	embeds  map[*ast.Ident]bool // type names of embedded fields
	waits   map[ast.Node]bool   // calls that are statements
	pending []ast.Node
}

// rewrite records the edits that turn a declaration or statement of the cell into what is compiled.
func (a *analysis) rewrite(n ast.Node) { a.rewriteValue(n, false) }

// rewriteValue is rewrite for a value of a declaration, which may have two results.
func (a *analysis) rewriteValue(n ast.Node, two bool) {
	r := &rewriter{analysis: a, keep: make(map[ast.Node]bool), two: make(map[ast.Node]bool),
		sel: make(map[*ast.Ident]bool), embeds: make(map[*ast.Ident]bool), waits: make(map[ast.Node]bool)}
	if e, ok := n.(ast.Expr); ok && two {
		r.two[unparen(e)] = true
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if n == nil {
			last := r.pending[len(r.pending)-1]
			r.pending = r.pending[:len(r.pending)-1]
			switch s := last.(type) {
			case *ast.StructType:
				r.hideFields(s)
			case *ast.GoStmt:
				r.goStmt(s)
			case *ast.DeferStmt:
				if a.late[s] {
					r.deferStmt(s)
				}
			}
			return false
		}
		r.pending = append(r.pending, n)
		r.node(n)
		return true
	})
}

func (r *rewriter) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Ident:
		r.ident(n)
	case *ast.SelectorExpr:
		r.sel[n.Sel] = true
		r.selector(n)
	case *ast.BlockStmt:
		if s := r.returned[n]; s != nil {
			r.rewriteReturn(s)
		}
	case *ast.FuncDecl:
		r.poll(n.Body)
	case *ast.FuncLit:
		r.poll(n.Body)
	case *ast.ForStmt:
		r.poll(n.Body)
	case *ast.RangeStmt:
		if c := r.channel(n.X); c != nil {
			r.wrap(n.X, hook+".Range(")
		}
		r.poll(n.Body)
	case *ast.BranchStmt:
		if n.Tok == token.GOTO {
			r.replace(n.Pos(), n.Pos(), "{ "+hook+".Poll(); ")
			r.replace(n.End(), n.End(), " }")
		}
	case *ast.SelectStmt:
		r.selectStmt(n)
	case *ast.SendStmt:
		if !r.keep[n] && r.channel(n.Chan) != nil {
			r.replace(n.Pos(), n.Pos(), hook+".Send(")
			r.replace(n.Arrow, n.Arrow+2, ")(")
			r.replace(n.End(), n.End(), ")")
		}
	case *ast.UnaryExpr:
		if n.Op == token.ARROW && !r.keep[n] && r.channel(n.X) != nil {
			name := hook + ".Recv("
			if r.two[n] {
				name = hook + ".Recv2("
			}
			r.replace(n.OpPos, n.OpPos+2, name)
			r.replace(n.End(), n.End(), ")")
		}
	case *ast.AssignStmt:
		if len(n.Lhs) == 2 && len(n.Rhs) == 1 {
			r.two[unparen(n.Rhs[0])] = true
		}
	case *ast.ValueSpec:
		if len(n.Names) == 2 && len(n.Values) == 1 {
			r.two[unparen(n.Values[0])] = true
		}
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok && len(call.Args) == 0 {
			r.blocking(call)
		}
	case *ast.StructType:
		r.structType(n)
	}
}

// replace records an edit between two positions of one text.
func (r *rewriter) replace(from, to token.Pos, text string) {
	u, start := r.place(from)
	_, end := r.place(to)
	u.replace(start, end, text)
}

func (r *rewriter) wrap(n ast.Node, before string) {
	r.replace(n.Pos(), n.Pos(), before)
	r.replace(n.End(), n.End(), ")")
}

func (r *rewriter) poll(body *ast.BlockStmt) {
	if body != nil {
		r.replace(body.Lbrace+1, body.Lbrace+1, " "+hook+".Poll(); ")
	}
}

// channel returns the type of a channel operand, nil for a type parameter, whose operations stay as they are.
func (r *rewriter) channel(e ast.Expr) *types.Chan {
	t := r.info.TypeOf(e)
	if t == nil {
		return nil
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return nil
	}
	c, _ := t.Underlying().(*types.Chan)
	return c
}

// selectStmt lets a select without default end with its cell.
func (r *rewriter) selectStmt(n *ast.SelectStmt) {
	for _, s := range n.Body.List {
		c := s.(*ast.CommClause)
		switch comm := c.Comm.(type) {
		case nil:
			defer func() { r.keep[n] = true }()
		case *ast.SendStmt:
			r.keep[comm] = true
		case *ast.ExprStmt:
			r.keep[unparen(comm.X)] = true
		case *ast.AssignStmt:
			r.keep[unparen(comm.Rhs[0])] = true
		}
	}
	for _, s := range n.Body.List {
		if s.(*ast.CommClause).Comm == nil {
			return
		}
	}
	r.replace(n.Body.Lbrace+1, n.Body.Lbrace+1, " case <-"+hook+".Done(): panic("+hook+".Stop()); ")
}

// blocking lets waits for other goroutines end with the cell.
func (r *rewriter) blocking(call *ast.CallExpr) {
	sel, ok := unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return
	}
	switch name := r.called(call); name {
	case "(*sync.WaitGroup).Wait":
		r.replace(call.Pos(), call.Pos(), hook+".Wait(")
		r.replace(call.Lparen, call.Rparen+1, ")")
	case "(*sync.Mutex).Lock", "(*sync.RWMutex).Lock", "(*sync.RWMutex).RLock":
		// The value may be a struct with the mutex embedded, which must not have other methods to go with it.
		before, kind := hook+"."+sel.Sel.Name+"(", strings.TrimSuffix(name, sel.Sel.Name)
		t := r.info.TypeOf(sel.X)
		read := strings.TrimSuffix(sel.Sel.Name, "Lock")
		for _, other := range []string{read + "Unlock", "Try" + sel.Sel.Name} {
			f, _, _ := types.LookupFieldOrMethod(t, true, nil, other)
			if m, ok := f.(*types.Func); !ok || m.FullName() != kind+other {
				return
			}
		}
		if _, pointer := t.Underlying().(*types.Pointer); !pointer {
			before += "&"
		}
		r.replace(call.Pos(), call.Pos(), before)
		r.replace(sel.X.End(), call.Rparen+1, ")")
	}
}

// called returns the full name of the function or method that a call calls, "" when that is not known before it runs.
func (r *rewriter) called(call *ast.CallExpr) string {
	var id *ast.Ident
	switch f := unparen(call.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return ""
	}
	if f, ok := r.info.Uses[id].(*types.Func); ok {
		return f.FullName()
	}
	return ""
}

// selector replaces functions that would end or block the process.
func (r *rewriter) selector(n *ast.SelectorExpr) {
	f, ok := r.info.Uses[n.Sel].(*types.Func)
	if !ok || f.Pkg() == nil {
		return
	}
	id, _ := n.X.(*ast.Ident)
	pkg, _ := r.info.Uses[id].(*types.PkgName)
	switch f.FullName() {
	case "time.Sleep":
		if pkg != nil {
			r.replace(n.Pos(), n.End(), hook+".Sleep["+r.packageName(pkg)+".Duration]")
			r.uses[pkg]-- // the visit of the identifier counts it
		}
	case "os.Exit":
		if pkg != nil {
			r.replace(n.Pos(), n.End(), hook+".Exit")
			r.uses[pkg]-- // the visit of the identifier counts it
		}
	case "fmt.Print", "fmt.Printf", "fmt.Println":
		wrapper := hook + ".Print("
		if f.Name() == "Printf" {
			wrapper = hook + ".Printf("
		}
		r.replace(n.Pos(), n.Pos(), wrapper)
		r.replace(n.Sel.Pos(), n.Sel.End(), "F"+strings.ToLower(f.Name())+")")
	case "log.Fatal", "log.Fatalf", "log.Fatalln", "(*log.Logger).Fatal", "(*log.Logger).Fatalf", "(*log.Logger).Fatalln":
		print := strings.Replace(f.Name(), "Fatal", "Print", 1)
		fatal := hook + ".Fatal("
		if f.Name() == "Fatalf" {
			fatal = hook + ".Fatalf("
		}
		r.replace(n.Pos(), n.Pos(), fatal)
		r.replace(n.Sel.Pos(), n.Sel.End(), print+")")
	}
}

// ident qualifies and marks a name.
func (r *rewriter) ident(id *ast.Ident) {
	obj := r.info.Uses[id]
	if obj == nil {
		obj = r.info.Defs[id]
	}
	if obj == nil || id.Name == showName {
		return
	}
	if o := r.original[obj]; o != nil {
		obj = o
	}
	if p, ok := obj.(*types.PkgName); ok {
		if name := r.packageName(p); name != id.Name {
			r.replace(id.Pos(), id.End(), name)
		}
		return
	}
	if obj.Pkg() == nil {
		if r.embeds[id] && !token.IsExported(id.Name) {
			r.replace(id.Pos(), id.End(), r.alias(id.Name))
		}
		return
	}
	if isMember(obj) {
		if name := memberName(obj); name != obj.Name() {
			r.replace(id.Pos(), id.Pos(), Mark)
		}
		return
	}
	if obj.Pkg().Path() != packagePath {
		if !r.sel[id] && obj.Parent() == obj.Pkg().Scope() {
			r.replace(id.Pos(), id.Pos(), r.importAlias(obj.Pkg().Path())+".")
		}
		return
	}
	if name := r.objectName(obj); name != "" {
		r.replace(id.Pos(), id.End(), name)
	}
}

// packageName is the name of an import in the output, where it counts as used. The cell may define the name anew.
func (a *analysis) packageName(p *types.PkgName) string {
	if strings.HasSuffix(p.Name(), oldSuffix) {
		return a.importAlias(p.Imported().Path())
	}
	a.uses[p]++
	return p.Name()
}

// isMember reports whether an object is a field or a method.
func isMember(obj types.Object) bool {
	switch obj := obj.(type) {
	case *types.Var:
		return obj.IsField()
	case *types.Func:
		return obj.Signature().Recv() != nil
	}
	return false
}

// memberName is the name of a field or method in the output.
func memberName(obj types.Object) string {
	if obj.Exported() || obj.Pkg() == nil || obj.Pkg().Path() != packagePath {
		return obj.Name()
	}
	if v, ok := obj.(*types.Var); ok && v.Embedded() && isLocalType(v.Type()) {
		return obj.Name() // named like its type, which is not marked
	}
	return marked(obj.Name())
}

// isLocalType reports whether an embedded field's type is declared inside a function.
func isLocalType(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	var obj types.Object
	switch t := t.(type) {
	case *types.Named:
		obj = t.Obj()
	case *types.Alias:
		obj = t.Obj()
	default:
		return false
	}
	return obj.Pkg() != nil && obj.Parent() != nil && obj.Parent().Parent() != types.Universe
}

// objectName is the name in the output of an object that a cell declares outside functions; "" for other objects.
func (a *analysis) objectName(obj types.Object) string {
	if t, ok := obj.(*types.TypeName); ok {
		if n, ok := t.Type().(*types.Named); ok && !t.IsAlias() {
			obj = n.Origin().Obj()
		}
	}
	name := ""
	if home := a.n.home[obj]; home != "" {
		name = a.importAlias(home) + "." + marked(obj.Name())
	} else if obj.Parent() == a.pkg.Scope() && obj.Name() != "init" {
		name = marked(obj.Name())
	}
	_, earlier := a.n.pointers[obj]
	if _, now := a.cell.pointers[obj]; earlier || now {
		name = "(*" + name + ")"
	}
	return name
}

// importAlias imports a package in the output under a name that nothing else has.
func (a *analysis) importAlias(path string) string {
	if path == hookPath {
		return hook
	}
	name := a.aliases[path]
	if name == "" {
		name = fmt.Sprintf("%s%sp%d", Mark, Mark, len(a.aliases))
		a.aliases[path] = name
	}
	return name
}

// alias declares an exported name of a predeclared type, for embedding.
func (a *analysis) alias(name string) string {
	a.aliases["type "+name] = marked(name)
	return marked(name)
}

// HiddenTag is the tag of fields that are lower-case in the user's text, by which they are known in compiled code; encoders
// pass over them.
const HiddenTag = `json:"-" xml:"-" yaml:"-"`

// structType notes the embedded fields.
func (r *rewriter) structType(n *ast.StructType) {
	for _, f := range n.Fields.List {
		if len(f.Names) > 0 {
			continue
		}
		ast.Inspect(f.Type, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				r.embeds[id] = true
			}
			_, index := n.(*ast.IndexExpr)
			return !index
		})
	}
}

// hideFields gives lower-case fields their tag, once their types are rewritten.
func (r *rewriter) hideFields(n *ast.StructType) {
	for _, f := range n.Fields.List {
		lower := 0
		for _, id := range f.Names {
			if !token.IsExported(id.Name) && id.Name != "_" {
				lower++
			}
		}
		switch {
		case lower == 0:
		case lower < len(f.Names):
			r.splitField(f)
		default:
			r.hideField(f)
		}
	}
}

// hideField gives a lower-case field its tag.
func (r *rewriter) hideField(f *ast.Field) {
	if f.Tag != nil {
		r.replace(f.Tag.Pos(), f.Tag.End(), hiddenTagOf(f))
	} else {
		r.replace(f.Type.End(), f.Type.End(), " "+hiddenTagOf(f))
	}
}

// hiddenTagOf is the tag in the output of a lower-case field.
func hiddenTagOf(f *ast.Field) string {
	if f.Tag == nil {
		return "`" + HiddenTag + "`"
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return f.Tag.Value
	}
	return strconv.Quote(hiddenTag(tag))
}

// hiddenTag is the tag of a lower-case field that has one of its own. Of two values for one key the first counts.
func hiddenTag(tag string) string { return strings.TrimSpace(HiddenTag + " " + tag) }

// splitField divides a, B T into fields of their own, since only one of them is HiddenTag.
func (r *rewriter) splitField(f *ast.Field) {
	for i, id := range f.Names[:len(f.Names)-1] {
		comma := f.Names[i+1].Pos()
		u, from := r.place(id.End())
		_, to := r.place(comma)
		at := strings.IndexByte(u.src[from:to], ',')
		if at < 0 {
			continue
		}
		text, ok := r.typeText(r.info.TypeOf(f.Type))
		if !ok {
			text = r.text(f.Type) // with names that are known here alone
		}
		if !token.IsExported(id.Name) {
			text += " " + hiddenTagOf(f)
		} else if f.Tag != nil {
			text += " " + f.Tag.Value
		}
		u.replace(from, from+at+1, " "+text+";")
	}
	if last := f.Names[len(f.Names)-1]; !token.IsExported(last.Name) {
		r.hideField(f)
	}
}
