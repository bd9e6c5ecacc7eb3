package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// packages knows the compiled packages that cells may import. Once a session has used a package, it keeps that
// compilation of it, since a process can hold only one.
type packages struct {
	m        *Module
	fset     *token.FileSet
	importer types.Importer

	importing sync.Mutex // the importer serves one at a time

	mu       sync.Mutex
	known    map[string]*pkg
	std      map[string][]string // paths by package name
	stdFile  string
	stdDirty bool
}

// pkg is what the go command says about a package.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string `json:",omitempty"`
	Export     string
	Standard   bool `json:",omitempty"`
	Imports    []string
	Error      *struct{ Err string }   `json:",omitempty"`
	DepsErrors []*struct{ Err string } `json:",omitempty"`
}

// stdCache is what is kept of the standard library from session to session.
type stdCache struct {
	Names    map[string][]string
	Packages []*pkg
}

// base are the packages that every cell may need, beside those it imports.
var base = []string{"runtime", "runtime/cgo", "nuclab/kernel/nb", "nuclab/kernel/worker/hook"}

func newPackages(m *Module) (*packages, error) {
	p := &packages{m: m, known: make(map[string]*pkg), fset: token.NewFileSet()}
	p.importer = importer.ForCompiler(p.fset, "gc", p.open)
	p.stdFile = m.stdFileName()
	var c stdCache
	if b, err := os.ReadFile(p.stdFile); err == nil && json.Unmarshal(b, &c) == nil {
		p.std = c.Names
		for _, k := range c.Packages {
			// The go command cleans its cache; what is gone is listed anew when needed.
			if _, err := os.Stat(k.Export); err == nil || k.ImportPath == "unsafe" {
				p.known[k.ImportPath] = k
			}
		}
		p.dropIncomplete()
	}
	return p, nil
}

// stdFileName is the file of a stdCache.
func (m *Module) stdFileName() string {
	return filepath.Join(m.cache, "std-"+digest(m.t.Version, m.t.Root)+".json")
}

// Refresh forgets all packages but the standard library's, so that they are compiled anew from what is on disk, and takes
// the toolchain as it is now. Call it when no process holds the old packages.
func (p *packages) Refresh() error {
	p.importing.Lock()
	defer p.importing.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	version := p.m.t.Version
	if err := p.m.t.update(); err != nil {
		return err
	}
	if p.m.t.Version != version {
		clear(p.known)
		p.std, p.stdFile = nil, p.m.stdFileName()
	}
	for path, k := range p.known {
		if !k.Standard {
			delete(p.known, path)
		}
	}
	p.fset = token.NewFileSet()
	p.importer = importer.ForCompiler(p.fset, "gc", p.open)
	p.m.cells = make(map[string]*cellFiles)
	p.m.libs = make(map[string]*library)
	return p.m.writeModule() // the user's module may have changed too
}

// dropIncomplete forgets packages that import what is not known.
func (p *packages) dropIncomplete() {
	for again := true; again; {
		again = false
		for path, k := range p.known {
			for _, i := range k.Imports {
				if p.known[i] == nil && i != "unsafe" && i != "C" {
					delete(p.known, path)
					again = true
					break
				}
			}
		}
	}
}

func (p *packages) open(path string) (io.ReadCloser, error) {
	p.mu.Lock()
	k := p.known[path]
	p.mu.Unlock()
	if k == nil || k.Export == "" {
		return nil, fmt.Errorf("package %s is not loaded", path)
	}
	return os.Open(k.Export)
}

// Import returns the types of a package that Load has made available.
func (p *packages) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if err := p.Load([]string{path}); err != nil {
		return nil, err
	}
	p.importing.Lock()
	defer p.importing.Unlock()
	return p.importer.Import(path)
}

// Fingerprint is the name of the compiled package in the go command's cache, which is a digest of its content.
func (p *packages) Fingerprint(path string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := p.known[path]; k != nil {
		return filepath.Base(k.Export)
	}
	return ""
}

// Load builds packages and all they import.
func (p *packages) Load(paths []string) error {
	p.mu.Lock()
	var missing []string
	for _, path := range paths {
		if p.known[path] == nil && path != "unsafe" {
			missing = append(missing, path)
		}
	}
	p.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	return p.list(context.Background(), missing)
}

func (p *packages) list(ctx context.Context, paths []string) error {
	args := append([]string{"list", "-e", "-export", "-deps", "-buildmode=plugin",
		"-json=ImportPath,Name,Dir,Export,Standard,Imports,Error,DepsErrors", "--"}, paths...)
	var stderr bytes.Buffer
	c := p.m.t.command(ctx, p.m.Dir, args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if unresolved(stderr.String()) || unresolved(string(out)) {
		stderr.Reset()
		c = resolving(p.m.t.command(ctx, p.m.Dir, args...))
		c.Stderr = &stderr
		out, err = c.Output()
	}
	if err != nil && len(out) == 0 {
		return errors.New(strings.TrimSpace(stderr.String()))
	}
	found := make(map[string]*pkg)
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		k := new(pkg)
		if err := dec.Decode(k); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		found[k.ImportPath] = k
	}
	for _, path := range paths {
		k := found[path]
		if k == nil {
			return fmt.Errorf("package %s: %s", path, strings.TrimSpace(stderr.String()))
		}
		if text := k.problem(); text != "" {
			return errors.New(text)
		}
		if k.Export == "" {
			return fmt.Errorf("package %s does not compile: %s", path, strings.TrimSpace(stderr.String()))
		}
		if k.Name == "main" {
			return fmt.Errorf("%s is a program, not a package that can be imported", path)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for path, k := range found {
		if old := p.known[path]; old != nil && old.Export != k.Export && !k.Standard {
			return fmt.Errorf("package %s has changed on disk since this kernel loaded it; restart the kernel (%%restart) to use the new one", path)
		}
	}
	for path, k := range found {
		if p.known[path] == nil {
			p.known[path] = k
			p.stdDirty = p.stdDirty || k.Standard
		}
	}
	p.saveStd()
	return nil
}

// problem is what is wrong with a package, in words for the user.
func (k *pkg) problem() string {
	var text string
	switch {
	case k.Error != nil:
		text = k.Error.Err
	case len(k.DepsErrors) > 0:
		text = k.DepsErrors[0].Err
	default:
		return ""
	}
	text, _, _ = strings.Cut(text, "; to add it:")
	text, _, _ = strings.Cut(text, ": import lookup disabled")
	if strings.Contains(text, "no required module provides") || strings.Contains(text, "cannot find module providing") {
		text += "; add it with %get MODULE@VERSION"
	}
	return strings.TrimSpace(text)
}

// saveStd keeps what is known of the standard library for later sessions. Failing to is no harm.
func (p *packages) saveStd() {
	if !p.stdDirty {
		return
	}
	c := stdCache{Names: p.std}
	for _, k := range p.known {
		if k.Standard {
			c.Packages = append(c.Packages, k)
		}
	}
	sort.Slice(c.Packages, func(i, j int) bool { return c.Packages[i].ImportPath < c.Packages[j].ImportPath })
	if b, err := json.Marshal(c); err == nil && writeFile(p.stdFile, b, 0o600) == nil {
		p.stdDirty = false
	}
}

// closure returns the packages that some import, directly or not, those included.
func (p *packages) closure(paths []string) (map[string]*pkg, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string]*pkg)
	var visit func(path string) error
	visit = func(path string) error {
		if all[path] != nil || path == "unsafe" || path == "C" {
			return nil
		}
		k := p.known[path]
		if k == nil {
			return fmt.Errorf("package %s is not loaded", path)
		}
		all[path] = k
		for _, i := range k.Imports {
			if err := visit(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, path := range paths {
		if err := visit(path); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// SourceDir returns the source directory of a loaded package.
func (p *packages) SourceDir(path string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := p.known[path]; k != nil {
		return k.Dir
	}
	if dir := filepath.Join(p.m.t.Root, "src", filepath.FromSlash(path)); isDir(dir) {
		return dir
	}
	return ""
}

func isDir(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

// Fset returns the positions of imported objects.
func (p *packages) Fset() *token.FileSet { return p.fset }

// stdNames lists the standard library's packages by name.
func (p *packages) stdNames() map[string][]string {
	p.mu.Lock()
	std := p.std
	p.mu.Unlock()
	if std != nil {
		return std
	}
	out, err := p.m.t.command(context.Background(), p.m.Dir, "list", "-f", "{{.Name}} {{.ImportPath}}", "std").Output()
	if err != nil {
		return nil
	}
	std = make(map[string][]string)
	for _, line := range strings.Split(string(out), "\n") {
		name, path, ok := strings.Cut(line, " ")
		if ok && !strings.Contains("/"+path+"/", "/internal/") && !strings.HasPrefix(path, "vendor/") {
			std[name] = append(std[name], path)
		}
	}
	p.mu.Lock()
	p.std, p.stdDirty = std, true
	p.saveStd()
	p.mu.Unlock()
	return std
}

// StdPaths lists the import paths of the standard library.
func (p *packages) StdPaths() []string {
	var all []string
	for _, paths := range p.stdNames() {
		all = append(all, paths...)
	}
	sort.Strings(all)
	return all
}

// StdNames lists the names of the standard library's packages.
func (p *packages) StdNames() []string {
	var all []string
	for name := range p.stdNames() {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

// Guess returns the path of the package that name stands for: of the standard library, or one that the session has
// loaded. Of several it takes the only one that has all the members.
func (p *packages) Guess(name string, members []string) string {
	candidates := append([]string(nil), p.stdNames()[name]...)
	p.mu.Lock()
	for path, k := range p.known {
		if !k.Standard && k.Name == name && !strings.Contains("/"+path+"/", "/internal/") {
			candidates = append(candidates, path)
		}
	}
	p.mu.Unlock()
	if len(candidates) <= 1 {
		return strings.Join(candidates, "")
	}
	var fits []string
	for _, path := range candidates {
		pkg, err := p.Import(path)
		if err != nil {
			continue
		}
		all := true
		for _, m := range members {
			all = all && pkg.Scope().Lookup(m) != nil
		}
		if all {
			fits = append(fits, path)
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0]
	case name == "rand" && len(fits) > 1:
		return "math/rand" // math/rand/v2 has names of its own where it is meant
	case name == "template" && len(fits) > 1:
		return "text/template"
	}
	return ""
}

// LoadedPaths lists the packages outside the standard library that the session has loaded.
func (p *packages) LoadedPaths() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for path, k := range p.known {
		if !k.Standard && !strings.Contains("/"+path+"/", "/internal/") {
			all = append(all, path)
		}
	}
	sort.Strings(all)
	return all
}
