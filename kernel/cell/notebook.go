package cell

import (
	"go/token"
	"go/types"
	"maps"
	"slices"
	"sort"
)

// Loader finds packages.
type Loader interface {
	// Load makes the packages available to Import; one call for many is faster. The error says which cannot be built.
	Load(paths []string) error
	// Import returns the types of a package.
	Import(path string) (*types.Package, error)
	// Guess returns the path of the package that name stands for when nothing imports it; "" if there is none, or if
	// several offer the members.
	Guess(name string, members []string) string
	// StdNames lists the names of the standard library's packages.
	StdNames() []string
	// Fingerprint changes when the compiled package changes.
	Fingerprint(path string) string
}

// Paths of the packages that a cell may use without import, or that its rewritten code uses.
const (
	nbPath   = "nuclab/kernel/nb"
	hookPath = "nuclab/kernel/worker/hook"
)

// predeclared names stand for members of kernel/nb, unless the notebook defines them otherwise.
var predeclared = map[string]string{"Display": "Display", "ClearOutput": "ClearOutput"}

// implicit package names stand for imports, unless the notebook defines them otherwise.
var implicit = map[string]string{"display": nbPath, "nb": nbPath, "widgets": nbPath + "/widgets"}

// Notebook is the scope that the cells of one notebook share: the newest definition of every name, and the imports.
// It is not safe for concurrent use.
type Notebook struct {
	loader   Loader
	fset     *token.FileSet
	names    map[string]types.Object
	home     map[types.Object]string            // package path of the cell that defines an object
	pointers map[types.Object]bool              // variables that stand in the place of others of an earlier type, true for functions
	imports  map[string]string                  // name to path
	dots     []string                           // paths of dot imports
	cells    map[string]map[string]types.Object // what the cells define, by package path
	texts    map[string]*declaration            // types and generic functions by name, for methods that come later
	needs    map[types.Object][]types.Object    // what functions and types use
	lost     map[string]string                  // variables whose type was changed, with its name
	waiting  map[string]*declaration            // what cells declare that failed for names yet undefined
	toldLate bool                               // that what is deferred last runs late
}

// declaration is the source of a type with its methods.
type declaration struct {
	typ     text
	methods map[string]text
}

// text is a declaration as it stands in a cell.
type text struct {
	cell string // package path, "" for the cell being analysed
	line int    // of the cell, from 0
	src  string
}

// NewNotebook returns an empty scope.
func NewNotebook(l Loader) *Notebook {
	n := &Notebook{loader: l, imports: make(map[string]string)}
	n.Reset()
	return n
}

// Reset forgets all definitions but the imports, as when the process that held their values is gone.
func (n *Notebook) Reset() {
	n.fset = token.NewFileSet()
	n.names = make(map[string]types.Object)
	n.home = make(map[types.Object]string)
	n.pointers = make(map[types.Object]bool)
	n.texts = make(map[string]*declaration)
	n.needs = make(map[types.Object][]types.Object)
	n.lost = make(map[string]string)
	n.waiting = make(map[string]*declaration)
	n.cells = make(map[string]map[string]types.Object)
}

// Name is a definition of the notebook, for people.
type Name struct {
	Name, Kind, Type string
}

// Names lists the definitions in alphabetical order.
func (n *Notebook) Names() []Name {
	var list []Name
	for name, obj := range n.names {
		kind := ""
		switch obj.(type) {
		case *types.Var:
			kind = "var"
			if n.pointers[obj] {
				kind = "func"
			}
		case *types.Const:
			kind = "const"
		case *types.Func:
			kind = "func"
		case *types.TypeName:
			kind = "type"
		}
		t := obj.Type()
		if kind == "type" {
			t = t.Underlying()
		}
		list = append(list, Name{name, kind, types.TypeString(t, qualify)})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// Imports returns the imports of the notebook: path by name.
func (n *Notebook) Imports() map[string]string {
	m := make(map[string]string, len(n.imports))
	for k, v := range n.imports {
		m[k] = v
	}
	return m
}

// qualify writes types as a user of the notebook writes them.
func qualify(p *types.Package) string {
	if p.Path() == packagePath {
		return ""
	}
	return p.Name()
}

// Commit makes the definitions of a cell those of the notebook. Call it when the cell has compiled.
func (n *Notebook) Commit(c *Cell) {
	for name, path := range c.imports {
		n.imports[name] = path
		delete(n.names, name)
	}
	for _, path := range c.dots {
		n.dots = append(slices.DeleteFunc(n.dots, func(p string) bool { return p == path }), path)
	}
	for name := range c.dotted {
		delete(n.names, name)
		delete(n.imports, name)
	}
	n.toldLate = n.toldLate || c.late
	names := c.names
	if same := n.cells[c.Path]; same != nil {
		names = same // the package is the one that runs already, and so are its types
	}
	n.cells[c.Path] = names
	maps.Copy(n.pointers, c.pointers)
	for name, obj := range names {
		n.names[name] = obj
		n.home[obj] = c.Path
		delete(n.imports, name)
		delete(n.lost, name)
		delete(n.texts, name)
		delete(n.waiting, name)
	}
	maps.Copy(n.needs, c.needs)
	for name := range c.lost {
		delete(n.names, name)
	}
	maps.Copy(n.lost, c.lost)
	for name, d := range c.texts {
		n.texts[name] = d.in(c.Path)
	}
}

// in returns the declaration with its new parts placed in a cell.
func (d *declaration) in(cell string) *declaration {
	place := func(t text) text {
		if t.cell == "" {
			t.cell = cell
		}
		return t
	}
	placed := &declaration{typ: place(d.typ), methods: make(map[string]text)}
	for name, m := range d.methods {
		placed.methods[name] = place(m)
	}
	return placed
}
