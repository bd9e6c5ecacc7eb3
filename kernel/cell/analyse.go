package cell

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// packagePath is the path that all cells have for the type checker, so that one cell may use the lower-case names of
// another. Compiled packages have their own, Cell.Path.
const packagePath = "main"

// packageName is the name that goes with packagePath. It is none that Go treats differently: a cell may have a variable
// named main.
const packageName = Mark + Mark + "cell"

// Entry is the function of a cell's package that runs its statements.
const Entry = "ꞋꞋrun"

// Cell is a cell that passed the type checker, and the Go package made of it.
type Cell struct {
	Path    string   // package path; equal for equal code that uses equal packages and cells
	Source  []byte   // one file of package main with the function Entry
	Imports []string // paths of packages and cells that Source imports, sorted
	Inert   bool     // holds nothing to run: declarations of types, functions, constants at most
	Empty   bool     // holds imports at most: there is nothing to compile
	Notes   []string // what the user should know although it is no error

	names    map[string]types.Object
	imports  map[string]string
	dots     []string
	dotted   map[string]bool // names that come with dots
	texts    map[string]*declaration
	needs    map[types.Object][]types.Object // of earlier cells and this one, by what needs them
	lost     map[string]string               // variables that are out of reach, with the name of their type
	pointers map[types.Object]bool           // variables that the output reaches through pointers, true for functions
	late     bool                            // defers something to the end of the notebook
}

// Defines returns the names that the cell defines, in alphabetical order.
func (c *Cell) Defines() []string {
	var names []string
	for name := range c.names {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// unit is a source text: the cell, or declarations of earlier cells that are compiled anew with it.
type unit struct {
	path   string // package path of the cell it comes from, "" for this one
	line   int    // where it begins there, from 0
	src    string
	prefix int // bytes before src in what the parser saw
	edits  []edit

	optional string // function, constant or type that the cell can do without
}

// analysis is the work on one cell.
type analysis struct {
	n          *Notebook
	main       *unit
	units      map[*token.File]*unit
	chunks     []Chunk
	lenient    bool // goes on after syntax errors
	syntaxOnly bool // loads no packages
	program    bool // has a package clause or func main: variables are initialised in the order of dependence

	stmts     *ast.FuncDecl                      // the function around the statements
	decls     []ast.Decl                         // for the type checker
	last      ast.Expr                           // trailing expression
	items     []item                             // for the output, in order
	run       []ast.Stmt                         // for the type checker
	shown     map[token.Pos]bool                 // calls whose value is shown
	carried   []string                           // types of earlier cells that get methods
	followed  []followed                         // what is seen as of the new types
	following bool                               // what has a type that the cell declares anew follows too
	bases     []string                           // types of earlier cells that are followed
	constants map[string]bool                    // constants of earlier cells whose types are declared anew
	changed   map[string]bool                    // types that are declared anew with other contents
	unsettled bool                               // changed has grown: what follows must not follow those
	late      map[*ast.DeferStmt]bool            // runs when the notebook ends
	bodiless  []string                           // functions declared without a body, as documentation shows them: they are passed over
	returned  map[*ast.BlockStmt]*ast.ReturnStmt // what stands for statements that return values
	declared  map[string]bool
	anywhere  map[string]bool // declared outside the statements: they mean the same in all of the cell
	idents    map[string]bool // every identifier of the cell

	cell       *Cell
	pkg        *types.Package
	info       *types.Info
	original   map[types.Object]types.Object // of the renamed old definitions
	oldImports map[string]string             // packages whose names the cell defines anew, by renamed name
	renamed    []*ast.Ident                  // what means them, until the types are known
	shadowed   map[string]string             // packages that the cell imports, by names that its statements define
	problems   []Problem
	seen       map[Problem]bool

	aliases map[string]string // import path to name in the output
	uses    map[*types.PkgName]int
}

// item is a part of the cell in the output.
type item struct {
	decl *ast.GenDecl  // types and constants
	fn   *ast.FuncDecl // functions and methods
	spec *ast.ValueSpec
	def  *ast.AssignStmt // x := ...
	stmt ast.Stmt
	last *ast.ExprStmt // the trailing expression
	mute bool          // the trailing expression is followed by a semicolon: it is not shown
}

// oldSuffix marks the names of earlier definitions that a cell uses before it defines the name anew.
const oldSuffix = "·old"

// Text before the source for the parser: of the same length, so that positions agree.
const (
	stmtPrefix = "package main;func _(){"
	declPrefix = "package main;         "
)

// Analyse checks a cell against the notebook and rewrites it. It defines nothing; see Commit. On failure the problems
// are not empty, in the order of the text.
func (n *Notebook) Analyse(src string) (c *Cell, problems []Problem) {
	defer func() {
		if p := recover(); p != nil {
			if _, bug := p.(runtime.Error); !bug {
				panic(p)
			}
			c, problems = nil, []Problem{{0, fmt.Sprintf("the kernel cannot analyse this cell: %v", p)}}
		}
	}()
	a := n.newAnalysis(src)
	a.steps()
	if a.redeclares() {
		a = a.anew(n, src)
		a.following = true
		a.steps()
	}
	for a.unsettled {
		a = a.anew(n, src)
		a.steps()
	}
	if len(a.problems) > 0 {
		a.wait()
		sort.SliceStable(a.problems, func(i, j int) bool { return a.problems[i].Offset < a.problems[j].Offset })
		return nil, a.problems
	}
	return a.cell, nil
}

// anew begins the work once more with what is known about types.
func (a *analysis) anew(n *Notebook, src string) *analysis {
	again := n.newAnalysis(src)
	again.following, again.changed = a.following, a.changed
	return again
}

// steps does the work, as far as there are no problems.
func (a *analysis) steps() {
	for _, step := range []func(){a.parse, a.carry, a.resolve, a.check, a.settle, a.write} {
		if step(); len(a.problems) > 0 || a.unsettled {
			return
		}
	}
}

func (n *Notebook) newAnalysis(src string) *analysis {
	return &analysis{
		n: n, main: &unit{src: src, prefix: len(stmtPrefix)},
		units: make(map[*token.File]*unit), declared: make(map[string]bool), anywhere: make(map[string]bool), idents: make(map[string]bool),
		original: make(map[types.Object]types.Object), seen: make(map[Problem]bool), oldImports: make(map[string]string),
		shown: make(map[token.Pos]bool), late: make(map[*ast.DeferStmt]bool), returned: make(map[*ast.BlockStmt]*ast.ReturnStmt),
		aliases: make(map[string]string), uses: make(map[*types.PkgName]int), changed: make(map[string]bool), constants: make(map[string]bool),
		cell: &Cell{names: make(map[string]types.Object), imports: make(map[string]string), texts: make(map[string]*declaration),
			dotted: make(map[string]bool), needs: make(map[types.Object][]types.Object), lost: make(map[string]string), pointers: make(map[types.Object]bool)},
	}
}

func (a *analysis) problem(offset int, format string, args ...any) {
	p := Problem{max(0, min(offset, len(a.main.src))), fmt.Sprintf(format, args...)}
	if !a.seen[p] {
		a.seen[p] = true
		a.problems = append(a.problems, p)
	}
}

// problemAt reports a problem at a position of the syntax trees.
func (a *analysis) problemAt(pos token.Pos, format string, args ...any) {
	u, offset := a.place(pos)
	if u.optional != "" {
		a.changed[u.optional], a.unsettled = true, true
		return
	}
	if u != a.main {
		offset = 0
	}
	a.problem(offset, format, args...)
}

// place finds the text and the byte of a position.
func (a *analysis) place(pos token.Pos) (*unit, int) {
	f := a.n.fset.File(pos)
	if f == nil || a.units[f] == nil {
		return a.main, 0
	}
	u := a.units[f]
	return u, min(f.Offset(pos)-u.prefix, len(u.src)) // a label at the end belongs to an empty statement after it
}

// parseText parses a source with a prefix that makes a file of it.
func (a *analysis) parseText(u *unit, prefix, src, suffix string) *ast.File {
	f, err := parser.ParseFile(a.n.fset, "", prefix+src+suffix, parser.AllErrors)
	if f != nil {
		a.units[a.n.fset.File(f.Package)] = u
	}
	if list, ok := err.(scanner.ErrorList); ok {
		// The scanner names a character unknown to Go, such as a space that does not break; the parser says only that there is one.
		list = slices.DeleteFunc(list, func(e *scanner.Error) bool { return strings.HasSuffix(e.Msg, "found 'ILLEGAL'") })
		list.RemoveMultiples()
		for i, e := range list {
			if i > 0 && e.Pos.Offset-u.prefix >= len(u.src) {
				break // that the text ends early follows from an earlier error
			}
			if strings.HasPrefix(e.Msg, "imports must appear before") {
				continue // an import may stand anywhere in a cell
			}
			at := e.Pos.Offset - u.prefix
			if end := len(strings.TrimRight(src, " \t\r\n")); at >= end {
				// What the parser found there is the end of the function around the cell.
				at = end
				if before, _, found := strings.Cut(e.Msg, ", found "); found {
					e.Msg = before + ", found the end of the cell"
				}
			}
			a.problem(at, "syntax error: %s", e.Msg)
		}
	} else if err != nil {
		a.problem(0, "%v", err)
	}
	return f
}

// parse makes the syntax trees: statements inside a function, imports and functions outside, each text blanked where the
// other has its part.
func (a *analysis) parse() {
	var problem *Problem
	var open bool
	a.chunks, open, problem = Split(a.main.src)
	only := func(kinds ...Kind) string {
		return blank(a.main.src, a.chunks, func(c Chunk) bool { return slices.Contains(kinds, c.Kind) })
	}
	stmts := a.parseText(a.main, stmtPrefix, only(Code), "\n}")
	decls := a.parseText(a.main, declPrefix, only(Import, Func), "")
	switch {
	case problem != nil:
		a.mismatched(problem)
	case open && len(a.problems) > 0:
		a.unclosed()
	}
	if len(a.problems) > 0 && !a.lenient || stmts == nil || len(stmts.Decls) == 0 || decls == nil {
		return
	}
	a.findEmbeds()
	for _, c := range a.chunks {
		a.program = a.program || c.Kind == Package
	}
	for _, d := range decls.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.ImportSpec); ok && !a.syntaxOnly {
					a.addImport(s)
				}
			}
			a.decls = append(a.decls, d)
		case *ast.FuncDecl:
			if d.Body == nil {
				a.bodiless = append(a.bodiless, d.Name.Name)
				continue
			}
			if d.Recv == nil && d.Name.Name == "main" {
				a.program = true
				if d.Type.Params.NumFields() > 0 || d.Type.Results.NumFields() > 0 || d.Type.TypeParams.NumFields() > 0 {
					a.problemAt(d.Name.Pos(), "func main must have no arguments, no results and no type parameters")
				}
			}
			if d.Recv == nil && d.Name.Name != "init" {
				a.declared[d.Name.Name], a.anywhere[d.Name.Name] = true, true
			}
			a.decls = append(a.decls, d)
			a.items = append(a.items, item{fn: d})
		}
	}
	a.stmts = stmts.Decls[0].(*ast.FuncDecl)
	a.splitLabel(a.stmts.Body)
	a.returns(a.stmts.Body)
	for i, s := range a.stmts.Body.List {
		a.statement(s, i == len(a.stmts.Body.List)-1)
	}
	a.postpone()
	for _, f := range []*ast.File{stmts, decls} {
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				a.idents[id.Name] = true
			}
			return true
		})
	}
}

// findEmbeds reports directives that need files at the time of compilation.
func (a *analysis) findEmbeds() {
	const directive = "//go:embed"
	if !strings.Contains(a.main.src, directive) {
		return
	}
	scan(a.main.src, func(tok token.Token, at, end int) {
		if tok == token.COMMENT && strings.HasPrefix(a.main.src[at:end], directive+" ") {
			a.problem(at, "go:embed is not possible in a cell, which is in no directory; read the file with os.ReadFile, or the directory with os.DirFS")
		}
	})
}

// splitLabel takes the label from the last expression of the cell, so that its value is shown.
func (a *analysis) splitLabel(b *ast.BlockStmt) {
	if len(b.List) == 0 {
		return
	}
	last := len(b.List) - 1
	l, ok := b.List[last].(*ast.LabeledStmt)
	if !ok {
		return
	}
	if _, ok := l.Stmt.(*ast.ExprStmt); ok {
		b.List = append(b.List, l.Stmt)
		b.List[last] = &ast.LabeledStmt{Label: l.Label, Colon: l.Colon, Stmt: &ast.EmptyStmt{Semicolon: l.Colon + 1, Implicit: true}}
	}
}

// addImport records an import of the cell; one that cannot be loaded is a problem.
func (a *analysis) addImport(s *ast.ImportSpec) {
	p, err := strconv.Unquote(s.Path.Value)
	if err != nil || p == "C" {
		a.problemAt(s.Pos(), "import %s is not possible in a cell", s.Path.Value)
		return
	}
	if err := a.n.loader.Load([]string{p}); err != nil {
		a.problemAt(s.Path.Pos(), "%v", err)
		return
	}
	pkg, err := a.n.loader.Import(p)
	if err != nil {
		a.problemAt(s.Path.Pos(), "%v", err)
		return
	}
	switch {
	case s.Name == nil:
		a.cell.imports[pkg.Name()] = p
	case s.Name.Name == ".":
		a.cell.dots = append(a.cell.dots, p)
		for _, name := range pkg.Scope().Names() {
			if token.IsExported(name) {
				a.cell.dotted[name] = true
			}
		}
	case s.Name.Name == "_":
		a.aliases["_ "+p] = "_"
	default:
		a.cell.imports[s.Name.Name] = p
	}
}

// statement sorts a top-level statement into what the type checker and the output make of it.
func (a *analysis) statement(s ast.Stmt, last bool) {
	switch s := s.(type) {
	case *ast.EmptyStmt:
		return
	case *ast.DeclStmt:
		d := s.Decl.(*ast.GenDecl)
		if d.Tok != token.VAR {
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					// As outside functions, a type may stand below what uses it.
					a.declared[spec.Name.Name], a.anywhere[spec.Name.Name] = true, true
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						a.declared[id.Name] = true
					}
				}
			}
			a.decls = append(a.decls, d)
			a.items = append(a.items, item{decl: d})
			return
		}
		for _, spec := range d.Specs {
			v := spec.(*ast.ValueSpec)
			named := false
			for _, id := range v.Names {
				if id.Name != "_" {
					a.declared[id.Name], named = true, true
				}
			}
			one := &ast.GenDecl{TokPos: v.Pos(), Tok: token.VAR, Specs: []ast.Spec{v}}
			a.decls = append(a.decls, one)
			if named {
				a.items = append(a.items, item{spec: v})
			} else {
				a.items = append(a.items, item{stmt: &ast.DeclStmt{Decl: one}})
			}
		}
		return
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			a.define(s)
			return
		}
	case *ast.ExprStmt:
		if last {
			a.last = s.X
			a.items = append(a.items, item{last: s, mute: a.trailingSemicolon()})
			if call := unparen(s.X); !isCall(call) {
				// The checker accepts a bare expression only as an argument.
				a.run = append(a.run, &ast.ExprStmt{X: a.showCall(s.Pos(), s.End(), []ast.Expr{s.X})})
			} else {
				a.shown[s.X.Pos()] = true
				a.run = append(a.run, s)
			}
			return
		}
	}
	a.run = append(a.run, s)
	a.items = append(a.items, item{stmt: s})
}

// showName is a function for the type checker alone that takes any value.
const showName = "ꞋꞋshow"

func unparen(e ast.Expr) ast.Expr { return ast.Unparen(e) }

func isCall(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CallExpr:
		return true
	case *ast.UnaryExpr:
		return e.Op == token.ARROW
	}
	return false
}

// trailingSemicolon reports whether the cell ends with a semicolon, which keeps the last value from being shown.
func (a *analysis) trailingSemicolon() bool {
	return len(a.chunks) > 0 && a.chunks[len(a.chunks)-1].Semicolon
}

// define makes package variables of x, y := ...; a variable that this cell defined before is assigned.
func (a *analysis) define(s *ast.AssignStmt) {
	names := make([]*ast.Ident, len(s.Lhs))
	assigned := make([]ast.Expr, len(s.Lhs))
	fresh, repeated := 0, 0
	for i, e := range s.Lhs {
		id, ok := e.(*ast.Ident)
		if !ok {
			a.problemAt(e.Pos(), "non-name on left side of :=")
			return
		}
		names[i], assigned[i] = id, &ast.Ident{NamePos: id.Pos(), Name: "_"}
		switch {
		case id.Name == "_":
		case a.declared[id.Name]:
			names[i], assigned[i] = &ast.Ident{NamePos: id.Pos(), Name: "_"}, id
			repeated++
		default:
			fresh++
		}
	}
	if fresh == 0 {
		a.problemAt(s.TokPos, "no new variables on left side of :=")
		return
	}
	for _, id := range names {
		if id.Name != "_" {
			if a.declared[id.Name] {
				a.problemAt(id.Pos(), "%s repeated on left side of :=", id.Name)
			}
			a.declared[id.Name] = true
		}
	}
	v := &ast.ValueSpec{Names: names, Values: s.Rhs}
	a.decls = append(a.decls, &ast.GenDecl{TokPos: s.Pos(), Tok: token.VAR, Specs: []ast.Spec{v}})
	if repeated > 0 {
		a.run = append(a.run, &ast.AssignStmt{Lhs: assigned, TokPos: s.TokPos, Tok: token.ASSIGN, Rhs: s.Rhs})
	}
	a.items = append(a.items, item{def: s})
}

// check runs the type checker.
func (a *analysis) check() {
	a.stmts.Name = &ast.Ident{NamePos: a.stmts.Name.Pos(), Name: Entry}
	a.stmts.Body.List = a.run
	file := &ast.File{Package: a.stmts.Pos(), Name: ast.NewIdent(packageName), Decls: append(a.decls, a.stmts)}
	a.info = &types.Info{
		Types:  make(map[ast.Expr]types.TypeAndValue),
		Defs:   make(map[*ast.Ident]types.Object),
		Uses:   make(map[*ast.Ident]types.Object),
		Scopes: make(map[ast.Node]*types.Scope),

		Selections: make(map[*ast.SelectorExpr]*types.Selection),
	}
	var found []types.Error
	conf := types.Config{
		Importer:                 a.n.loader,
		DisableUnusedImportCheck: true,
		GoVersion:                "go1." + goMinor(),
		Error:                    func(err error) { found = append(found, err.(types.Error)) },
	}
	checker := types.NewChecker(&conf, a.n.fset, a.pkg, a.info)
	checker.Files([]*ast.File{file})
	for _, e := range found {
		a.typeError(file, e)
	}
	for _, id := range a.renamed {
		id.Name = strings.TrimSuffix(id.Name, oldSuffix)
	}
}

// typeError reports what the type checker found, unless it is none in a cell.
func (a *analysis) typeError(file *ast.File, e types.Error) {
	msg := clean(e.Msg)
	if strings.HasPrefix(msg, "\t") {
		return // more about the error before
	}
	if !a.program && strings.HasPrefix(msg, "initialization cycle") {
		// Cells initialise in the order of their text.
		return
	}
	if strings.HasPrefix(e.Msg, "implicit assignment to unexported field") && strings.Contains(e.Msg, " of type "+packageName+".") {
		return // of another cell's type, which is exported in the output
	}
	if a.shown[e.Pos] && strings.HasSuffix(msg, "is not used") {
		return
	}
	if n := a.multiple(e.Pos); n > 1 && strings.HasSuffix(msg, "in single-value context") {
		msg = fmt.Sprintf("assignment mismatch: 1 variable but the call returns %d values", n)
	}
	a.problemAt(e.Pos, "%s", a.suggest(file, e.Pos, msg))
}

// multiple counts the values of a call that alone initialises one variable; 0 when no such call is at the position.
func (a *analysis) multiple(pos token.Pos) int {
	for _, it := range a.items {
		var value ast.Expr
		switch {
		case it.def != nil && len(it.def.Lhs) == 1 && len(it.def.Rhs) == 1:
			value = it.def.Rhs[0]
		case it.spec != nil && len(it.spec.Names) == 1 && len(it.spec.Values) == 1:
			value = it.spec.Values[0]
		default:
			continue
		}
		if t, ok := a.info.TypeOf(value).(*types.Tuple); ok && value.Pos() == pos {
			return t.Len()
		}
	}
	return 0
}

// goMinor is the minor version of Go whose language the type checker knows.
func goMinor() string {
	v := strings.TrimPrefix(runtime.Version(), "go1.")
	if i := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		v = v[:i]
	}
	if _, err := strconv.Atoi(v); err != nil {
		return "26"
	}
	return v
}

// clean restores names in a message of the type checker.
func clean(msg string) string {
	msg = strings.ReplaceAll(msg, oldSuffix, "")
	msg = strings.ReplaceAll(msg, " value in argument to "+showName, " value")
	msg = strings.ReplaceAll(msg, " in argument to "+showName, " as a value")
	if strings.HasPrefix(msg, "in call to "+showName+", cannot infer") {
		msg = "cannot use generic function without instantiation"
	}
	msg = strings.ReplaceAll(msg, packageName+".", "")
	if m := twoTypes.FindStringSubmatch(msg); m != nil && m[1] == m[2] {
		msg += " (it is of an earlier " + m[1] + ", declared anew since)"
	}
	return strings.ReplaceAll(msg, "; have ", ", have ")
}

// twoTypes finds the types in a message about a value of one that should be of another.
var twoTypes = regexp.MustCompile(`(?:type|of type|struct type|interface type) (\S+)\) as (\S+) value`)

// identify gives the cell its path, which stands for all that decides what it means.
func (a *analysis) identify(source string, imports []string) string {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version(), source)
	for _, p := range imports {
		if !strings.HasPrefix(p, cellPrefix) {
			fmt.Fprintln(h, p, a.n.loader.Fingerprint(p))
		}
	}
	return cellPrefix + hex.EncodeToString(h.Sum(nil)[:8])
}

// cellPrefix starts the package paths of cells; no importable package has such a path.
const cellPrefix = "cell/"

// File is the name of the file that a cell's code seems to come from, in tracebacks and logs; there is no such file.
func File(path string) string { return "/" + path + "/cell.go" }

// IsCellPath reports whether a package path names a cell.
func IsCellPath(p string) bool { return strings.HasPrefix(p, cellPrefix) }
