package build

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// A package outside the worker would be linked into the plugin of every cell that uses it. A large one is made a plugin of
// its own instead, a library: the worker loads it before the first such cell, and the cells are linked with stubs of what
// it holds.

// library is a package with all it needs, as a plugin.
type library struct {
	*cellFiles
	holds map[string]bool // packages outside the worker
	stubs *stubs
}

// librarySize is how many bytes the compiled packages of a library have at least. Less is linked into the cells.
const librarySize = 2 << 20

// libraries returns the libraries that cells with some imports use, in a fixed order, and builds them if need be. A package
// that cannot be made a library is linked into the cells.
func (m *Module) libraries(ctx context.Context, imports []string) ([]*library, error) {
	if m.stubs == nil {
		return nil, nil
	}
	_, packages := m.flatten(imports)
	for _, path := range packages {
		if l, known := m.libs[path]; known {
			if l == nil {
				continue
			}
			// Other kernels may have used so many libraries meanwhile that this one was removed.
			if _, err := os.Stat(l.plugin()); err == nil {
				touch(l.dir)
				continue
			}
		}
		l, err := m.library(ctx, path)
		if err != nil && (ctx.Err() != nil || errors.Is(err, ErrFullDisk)) {
			return nil, err
		}
		m.libs[path] = l
	}
	return m.librariesOf(imports), nil
}

// Warm builds all that the first cell with some imports needs besides itself. It must not run beside Build.
func (m *Module) Warm(ctx context.Context, imports []string) error {
	if err := m.Load(imports); err != nil || m.stubs == nil {
		return err
	}
	libs, err := m.libraries(ctx, imports)
	if err != nil {
		return err
	}
	all, err := m.dependencies(append([]string{hookPath}, imports...))
	if err != nil {
		return err
	}
	m.linkFiles(all, libs)
	return nil
}

// librariesOf returns those that there are.
func (m *Module) librariesOf(imports []string) []*library {
	_, packages := m.flatten(imports)
	slices.Sort(packages)
	var all []*library
	for _, path := range packages {
		if l := m.libs[path]; l != nil {
			all = append(all, l)
		}
	}
	return all
}

// library makes the library of a package, nil when the package needs none.
func (m *Module) library(ctx context.Context, path string) (*library, error) {
	if err := m.Load([]string{path}); err != nil {
		return nil, err
	}
	inWorker, err := m.closure(base)
	if err != nil || inWorker[path] != nil {
		return nil, err
	}
	needs, err := m.closure([]string{path})
	if err != nil {
		return nil, err
	}
	holds := make(map[string]bool)
	size := int64(0)
	parts := []string{path, m.t.Version, m.stubs.dir}
	for _, p := range sorted(needs) {
		k := needs[p]
		if inWorker[p] != nil || k.Export == "" {
			continue
		}
		holds[p] = true
		parts = append(parts, p, filepath.Base(k.Export))
		if info, err := os.Stat(k.Export); err == nil {
			size += info.Size()
		}
	}
	if size < librarySize {
		return nil, nil
	}
	pkg, err := m.Import(path)
	if err != nil {
		return nil, err
	}
	text := keepAll(pkg)
	id := digest(append(parts, string(text))...)
	imports := []string{path, hookPath}
	l := &library{holds: holds, cellFiles: &cellFiles{dir: filepath.Join(m.cache, "libraries", id), imports: imports,
		source: Source{Path: "library/" + id, Text: text, Imports: imports}}}
	all, err := m.dependencies(imports)
	if err != nil {
		return nil, err
	}
	if err := m.ensure(ctx, l.cellFiles, all, nil); err != nil {
		return nil, err
	}
	l.stubs = newStubs(m.t, filepath.Join(l.dir, "stubs"), m.stubs.program, l.plugin())
	return l, nil
}

// hookPath is imported by all that is loaded into a worker: it keeps the linker from pruning what other plugins need.
const hookPath = own + "/kernel/worker/hook"

// keepAll is a program from which all exported functions and types of a package can be reached.
func keepAll(pkg *types.Package) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "package main\n\nimport (\n\tp %q\n\t_ %q\n)\n\nvar all = []any{\n", pkg.Path(), hookPath)
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Func:
			if obj.Signature().TypeParams() == nil {
				fmt.Fprintf(&b, "\tp.%s,\n", name)
			}
		case *types.TypeName:
			if t, ok := obj.Type().(interface{ TypeParams() *types.TypeParamList }); !ok || t.TypeParams() == nil {
				fmt.Fprintf(&b, "\t(*p.%s)(nil),\n", name)
			}
		}
	}
	b.WriteString("}\n\nvar Kept []any\n\n// It never runs, but the linker cannot know.\nfunc main() { Kept = all }\n")
	return []byte(b.String())
}

// linkFiles chooses for every package what the linker gets of it: a stub of what the worker or a library has, or the
// package itself. It makes stubs that are missing.
func (m *Module) linkFiles(all map[string]string, libs []*library) map[string]string {
	var mu sync.Mutex
	chosen := make(map[string]string, len(all))
	choose := func(path, file string) {
		mu.Lock()
		defer mu.Unlock()
		chosen[path] = file
	}
	var wg sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for path, file := range all {
		if m.cells[path] != nil {
			choose(path, file)
			continue
		}
		s := m.stubs
		for _, l := range libs {
			if l.holds[path] {
				s = l.stubs
				break
			}
		}
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			choose(path, s.file(file))
		})
	}
	wg.Wait()
	return chosen
}
