package notebook

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SetParameters gives the variables and constants that the cell tagged "parameters" declares other values, as papermill does: it
// adds a cell tagged "injected-parameters" after it, in place of one from an earlier run. A value is text that is read
// as the Go type of the declaration: 50, 1e-3, true, mesa_80 (no quotes needed), 1.5s for a time.Duration, 1,2,3 for a
// slice; for other types it is a Go expression. Errors for an unknown name or a value that does not fit wrap ErrInput.
func (nb *Notebook) SetParameters(values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	at := slices.IndexFunc(nb.Cells, func(c *Cell) bool { return c.Type == Code && c.Tagged("parameters") })
	if at < 0 {
		return fmt.Errorf("%w: no cell is tagged \"parameters\", so nothing can be set", ErrInput)
	}
	declared, err := declarations(nb.Cells[at].Source)
	if err != nil {
		return fmt.Errorf("%w: the cell tagged \"parameters\": %w", ErrInput, err)
	}
	var source strings.Builder
	source.WriteString("// Parameters\n")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		d, ok := declared[name]
		if !ok {
			known := strings.Join(slices.Sorted(maps.Keys(declared)), ", ")
			return fmt.Errorf("%w: parameter %q is unknown; there are: %s", ErrInput, name, known)
		}
		value, err := literal(d.typ, values[name])
		if err != nil {
			return fmt.Errorf("%w: parameter %s=%s: %w", ErrInput, name, values[name], err)
		}
		if d.constant {
			// A constant cannot be assigned: the new one takes its name.
			fmt.Fprintf(&source, "const %s%s = %s\n", name, d.written, value)
		} else {
			fmt.Fprintf(&source, "%s = %s\n", name, value)
		}
	}
	cell := &Cell{Type: Code, Source: strings.TrimSuffix(source.String(), "\n"), Metadata: map[string]any{"tags": []any{"injected-parameters"}}}
	if at+1 < len(nb.Cells) && nb.Cells[at+1].Tagged("injected-parameters") {
		cell.ID = nb.Cells[at+1].ID
		nb.Cells[at+1] = cell
		return nil
	}
	used := map[string]bool{}
	for _, c := range nb.Cells {
		used[c.ID] = true
	}
	for n := 0; cell.ID == "" || used[cell.ID]; n++ {
		cell.ID = cellID(n, "injected-parameters")
	}
	nb.Cells = slices.Insert(nb.Cells, at+1, cell)
	return nil
}

// Parameters lists the names that SetParameters can set, in alphabetical order; none where no cell is tagged
// "parameters". Errors wrap ErrInput.
func (nb *Notebook) Parameters() ([]string, error) {
	for _, c := range nb.Cells {
		if c.Type != Code || !c.Tagged("parameters") {
			continue
		}
		declared, err := declarations(c.Source)
		if err != nil {
			return nil, fmt.Errorf("%w: the cell tagged \"parameters\": %w", ErrInput, err)
		}
		return slices.Sorted(maps.Keys(declared)), nil
	}
	return nil, nil
}

// declaration is a name that may be set.
type declaration struct {
	typ      types.Type // nil when it depends on packages that are not looked up
	constant bool
	written  string // a constant's written type, with a space before it
}

// declarations returns what a cell declares at its top level.
func declarations(source string) (map[string]declaration, error) {
	// A cell may begin with imports, which a function body may not hold. The parameters' types rarely need one.
	body := withoutImports(source)
	fset := token.NewFileSet()
	// The directive lets errors say the line of the cell.
	file, err := parser.ParseFile(fset, "parameters", "package p\nfunc _() {\n//line parameters:1:1\n"+body+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	pkg := types.NewPackage("p", "p")
	info := types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Error: func(error) {}}
	checker := types.NewChecker(&conf, fset, pkg, &info)
	// The one package whose types parameters are likely to have.
	pkg.Scope().Insert(types.NewPkgName(token.NoPos, pkg, "time", timePackage()))
	_ = checker.Files([]*ast.File{file}) // errors are those of names from other packages
	found := map[string]declaration{}
	add := func(id *ast.Ident, written ast.Expr, constant bool) {
		if id.Name == "_" {
			return
		}
		d := declaration{constant: constant}
		if written != nil {
			d.written = " " + types.ExprString(written)
		}
		if obj := info.Defs[id]; obj != nil && obj.Type() != nil && types.Default(obj.Type()) != types.Typ[types.Invalid] {
			d.typ = types.Default(obj.Type())
		}
		found[id.Name] = d
	}
	for _, fn := range file.Decls {
		fn, ok := fn.(*ast.FuncDecl)
		if !ok {
			continue
		}
		for _, stmt := range fn.Body.List {
			switch stmt := stmt.(type) {
			case *ast.AssignStmt:
				if stmt.Tok == token.DEFINE {
					for _, lhs := range stmt.Lhs {
						if id, ok := lhs.(*ast.Ident); ok {
							add(id, nil, false)
						}
					}
				}
			case *ast.DeclStmt:
				decl, ok := stmt.Decl.(*ast.GenDecl)
				if !ok || decl.Tok != token.VAR && decl.Tok != token.CONST {
					continue
				}
				for _, spec := range decl.Specs {
					spec := spec.(*ast.ValueSpec)
					for _, id := range spec.Names {
						add(id, spec.Type, decl.Tok == token.CONST)
					}
				}
			}
		}
	}
	return found, nil
}

// withoutImports leaves out the text, but not the lines, of the import declarations at the beginning of a cell.
func withoutImports(source string) string {
	fset := token.NewFileSet()
	const head = "package p\n"
	file, err := parser.ParseFile(fset, "", head+source, parser.ImportsOnly)
	if err != nil || len(file.Decls) == 0 {
		return source
	}
	end := fset.Position(file.Decls[len(file.Decls)-1].End()).Offset - len(head)
	return strings.Repeat("\n", strings.Count(source[:end], "\n")) + source[end:]
}

// timePackage returns a package time with what a duration needs.
func timePackage() *types.Package {
	pkg := types.NewPackage("time", "time")
	duration := types.NewNamed(types.NewTypeName(token.NoPos, pkg, "Duration", nil), types.Typ[types.Int64], nil)
	pkg.Scope().Insert(duration.Obj())
	for name, d := range map[string]time.Duration{"Nanosecond": 1, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
		"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, name, duration, constant.MakeInt64(int64(d))))
	}
	pkg.MarkComplete()
	return pkg
}

// literal returns the Go expression for a value given as text.
func literal(typ types.Type, text string) (string, error) {
	if named, ok := typ.(*types.Named); ok && named.String() == "time.Duration" {
		d, err := time.ParseDuration(text)
		if err != nil {
			return "", fmt.Errorf("want a time.Duration, such as 1.5s")
		}
		return fmt.Sprintf("time.Duration(%d)", int64(d)), nil
	}
	if typ == nil {
		return expression(text)
	}
	switch t := typ.(type) {
	case *types.Basic:
		return basicLiteral(t, text)
	case *types.Slice:
		elem, ok := t.Elem().(*types.Basic)
		if !ok || strings.Contains(text, "{") {
			return expression(text)
		}
		var items []string
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item == "" {
				continue
			}
			lit, err := basicLiteral(elem, item)
			if err != nil {
				return "", err
			}
			items = append(items, lit)
		}
		return fmt.Sprintf("[]%s{%s}", elem, strings.Join(items, ", ")), nil
	}
	return expression(text)
}

func expression(text string) (string, error) {
	if _, err := parser.ParseExpr(text); err != nil {
		return "", fmt.Errorf("want a Go expression")
	}
	return text, nil
}

func basicLiteral(t *types.Basic, text string) (string, error) {
	bits := 8 * int(types.SizesFor("gc", "amd64").Sizeof(t))
	var err error
	switch info := t.Info(); {
	case info&types.IsString != 0:
		if s, e := strconv.Unquote(text); e == nil && strings.ContainsAny(text[:1], "\"`") {
			text = s
		}
		return strconv.Quote(text), nil
	case info&types.IsBoolean != 0:
		var b bool
		b, err = strconv.ParseBool(text)
		text = strconv.FormatBool(b)
	case t.Kind() == types.Int32 && t.Name() == "rune", t.Kind() == types.Uint8 && t.Name() == "byte":
		return expression(text)
	case info&types.IsUnsigned != 0:
		_, err = strconv.ParseUint(text, 0, bits)
	case info&types.IsInteger != 0:
		_, err = strconv.ParseInt(text, 0, bits)
	case info&types.IsFloat != 0:
		var f float64
		if f, err = strconv.ParseFloat(text, bits); err == nil && (f != f || f-f != 0) {
			err = strconv.ErrRange // no Go literal writes an infinity or a NaN
		}
		text = strconv.FormatFloat(f, 'g', -1, bits)
		if !strings.ContainsAny(text, ".e") {
			text += ".0" // an untyped constant stays a floating-point one
		}
	default:
		return expression(text)
	}
	if err != nil {
		return "", fmt.Errorf("want a Go %s", t)
	}
	return text, nil
}
