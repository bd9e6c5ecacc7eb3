package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// repair makes anew what disappeared while the kernel ran, such as a cache that was removed, and reports whether there was
// anything to do. The error says what only the user can mend.
func (m *Module) repair(ctx context.Context) (repaired bool, err error) {
	now, err := m.t.ask()
	if err != nil {
		return false, fmt.Errorf("the Go toolchain does not answer any more: %w", err)
	}
	if now.GOVERSION != m.t.Version || now.GOROOT != m.t.Root {
		return false, fmt.Errorf("the Go toolchain was %s when this kernel started and now is %s; restart the kernel (%%restart) to use it",
			m.t.Version, now.GOVERSION)
	}
	if _, err := os.Stat(filepath.Join(m.Dir, "go.mod")); err != nil {
		if m.embedded != nil {
			if _, err := unpack(m.embedded, filepath.Dir(m.Dir)); err != nil {
				return false, err
			}
		}
		if err := m.writeModule(); err != nil {
			return false, err
		}
		repaired = true
	}
	if m.t.restoreLinker() {
		repaired = true
	}
	if lost := m.lostPackages(); len(lost) > 0 {
		// Compiled again, a package is the same file.
		if err := m.list(ctx, lost); err != nil {
			return false, err
		}
		repaired = true
	}
	for _, c := range m.cellsInOrder() {
		if _, err := os.Stat(c.archive()); err == nil {
			continue
		}
		all, err := m.dependencies(c.imports)
		if err != nil {
			return false, err
		}
		if err := m.make(ctx, c, all, m.librariesOf(c.imports)); err != nil {
			return false, err
		}
		repaired = true
	}
	return repaired, nil
}

// lostPackages lists the known packages whose compiled files are gone.
func (p *packages) lostPackages() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var lost []string
	for path, k := range p.known {
		if k.Export == "" {
			continue
		}
		if _, err := os.Stat(k.Export); err != nil {
			lost = append(lost, path)
		}
	}
	return lost
}

// cellsInOrder lists the cells so that each follows those that it imports.
func (m *Module) cellsInOrder() []*cellFiles {
	var all []*cellFiles
	seen := make(map[string]bool)
	var visit func(path string)
	visit = func(path string) {
		c := m.cells[path]
		if c == nil || seen[path] {
			return
		}
		seen[path] = true
		for _, i := range c.imports {
			visit(i)
		}
		all = append(all, c)
	}
	for _, path := range sorted(m.cells) {
		visit(path)
	}
	return all
}
