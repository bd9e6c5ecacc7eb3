package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

// cellFiles are the files of a built cell.
type cellFiles struct {
	dir     string
	source  Source
	imports []string
}

func (c *cellFiles) archive() string { return filepath.Join(c.dir, "cell.a") }
func (c *cellFiles) plugin() string  { return filepath.Join(c.dir, "cell.so") }

// Source is a cell as it is compiled.
type Source struct {
	Path    string // package path
	Text    []byte
	Imports []string // packages and cells
	Inert   bool     // has nothing to run: it is compiled for later cells, and not linked
	Mark    string   // before names of types, fields and methods that are lower-case at run time
	Tag     string   // of such fields, which they do not have at run time

	Func func(symbol string) string // what a function is called at run time, if that differs
}

// Build compiles and links a cell, or finds it in the cache. It returns the plugins that a process loads to run it, in
// their order, none for an inert cell. When files that it relies on are gone, it makes them anew.
func (m *Module) Build(ctx context.Context, s Source) ([]string, error) {
	plugins, err := m.build(ctx, s)
	switch {
	case err == nil || ctx.Err() != nil || errors.Is(err, ErrFullDisk):
		return plugins, err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG):
		return nil, fullDisk(err.Error())
	}
	if repaired, problem := m.repair(ctx); problem != nil {
		return nil, problem
	} else if repaired {
		return m.build(ctx, s)
	}
	return nil, err
}

func (m *Module) build(ctx context.Context, s Source) ([]string, error) {
	c := m.cells[s.Path]
	libs, err := m.libraries(ctx, s.Imports)
	if err != nil {
		return nil, err
	}
	if c == nil {
		all, err := m.dependencies(s.Imports)
		if err != nil {
			return nil, err
		}
		// A plugin holds copies of packages; it can be used again only where these are the same, and where the process has
		// what it lacks.
		parts := []string{s.Path, m.t.Version}
		if m.stubs != nil {
			parts = append(parts, m.stubs.dir)
		}
		for _, l := range libs {
			parts = append(parts, l.dir)
		}
		for _, path := range sorted(all) {
			parts = append(parts, path, filepath.Base(all[path]))
		}
		c = &cellFiles{dir: filepath.Join(m.cache, "cells", digest(parts...)), source: s, imports: s.Imports}
		if err := m.ensure(ctx, c, all, libs); err != nil {
			return nil, err
		}
		m.cells[s.Path] = c
	}
	if s.Inert {
		return nil, nil
	}
	var plugins []string
	for _, l := range libs {
		plugins = append(plugins, l.plugin())
	}
	return append(plugins, c.plugin()), nil
}

// ensure makes the files of a cell unless they are in the cache.
func (m *Module) ensure(ctx context.Context, c *cellFiles, all map[string]string, libs []*library) error {
	done := c.plugin()
	if c.source.Inert {
		done = c.archive()
	}
	if _, err := os.Stat(done); err != nil {
		return m.make(ctx, c, all, libs)
	}
	touch(c.dir)
	return nil
}

// dependencies returns the archive of every package and cell that imports lead to.
func (m *Module) dependencies(imports []string) (map[string]string, error) {
	all, paths := m.flatten(imports)
	paths = append(paths, "runtime", "runtime/cgo", "syscall") // what the linker and packages with cgo need unasked
	if err := m.Load(paths); err != nil {
		return nil, err
	}
	known, err := m.closure(paths)
	if err != nil {
		return nil, err
	}
	for path, k := range known {
		if k.Export != "" {
			all[path] = k.Export
		}
	}
	return all, nil
}

// flatten follows imports through cells: the archives of the cells, and the packages that all of them import.
func (m *Module) flatten(imports []string) (cells map[string]string, packages []string) {
	cells = make(map[string]string)
	seen := make(map[string]bool)
	var visit func(imports []string)
	visit = func(imports []string) {
		for _, path := range imports {
			if seen[path] {
				continue
			}
			seen[path] = true
			if c := m.cells[path]; c != nil {
				cells[path] = c.archive()
				visit(c.imports)
			} else {
				packages = append(packages, path)
			}
		}
	}
	visit(imports)
	return cells, packages
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// make builds a cell in a directory of its own, and moves it to its place when it is complete.
func (m *Module) make(ctx context.Context, c *cellFiles, all map[string]string, libs []*library) error {
	s := c.source
	parent := filepath.Dir(c.dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, ".tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	b := &cellFiles{dir: tmp}
	importcfg := filepath.Join(tmp, "importcfg")
	source := filepath.Join(tmp, "cell.go")
	if err := os.WriteFile(source, s.Text, 0o600); err != nil {
		return err
	}
	if err := writeConfig(importcfg, all); err != nil {
		return err
	}
	if err := m.t.compile(ctx, tmp, s.Path, importcfg, source, b.archive()); err != nil {
		return err
	}
	object, err := os.ReadFile(b.archive())
	if err != nil {
		return err
	}
	if object, err = restoreNames(object, s.Mark, s.Tag); err != nil {
		return err
	}
	if err := os.WriteFile(b.archive(), withoutExports(object), 0o600); err != nil {
		return err
	}
	if !s.Inert {
		if err := m.link(ctx, s, b, all, libs); err != nil {
			return err
		}
		if s.Func != nil {
			if err := restoreFunctions(b.plugin(), s.Func); err != nil {
				return err
			}
		}
	}
	if err := os.Rename(tmp, c.dir); err != nil {
		if _, exists := os.Stat(c.archive()); exists != nil {
			return err
		}
		// Another kernel was faster, or an inert build is being completed.
		if !s.Inert {
			return os.Rename(b.plugin(), c.plugin())
		}
	}
	return nil
}

// writeConfig tells the compiler or the linker where packages are.
func writeConfig(path string, files map[string]string) error {
	var b strings.Builder
	for _, pkg := range sorted(files) {
		fmt.Fprintf(&b, "packagefile %s=%s\n", pkg, files[pkg])
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// link makes the plugin of a compiled cell, with stubs of the packages where that is possible.
func (m *Module) link(ctx context.Context, s Source, c *cellFiles, all map[string]string, libs []*library) error {
	if m.stubs != nil {
		config := filepath.Join(c.dir, "linkcfg")
		if err := writeConfig(config, m.linkFiles(all, libs)); err != nil {
			return err
		}
		if err := m.t.link(ctx, c.dir, s.Path, config, c.archive(), c.plugin()); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return m.t.link(ctx, c.dir, s.Path, filepath.Join(c.dir, "importcfg"), c.archive(), c.plugin())
}

// withoutExports renames the table of a plugin's exported names in a compiled package. A cell announces itself to the
// worker and needs no table, a cell that imports it must not inherit one, and the names in it are no longer those of the
// symbols. The new names have equal length, because the object is an indexed file.
func withoutExports(object []byte) []byte {
	object = bytes.ReplaceAll(object, []byte("go:plugin.exports"), []byte("go:plugin.exportz"))
	return bytes.ReplaceAll(object, []byte("go:plugin.tabs"), []byte("go:plugin.tabz"))
}
