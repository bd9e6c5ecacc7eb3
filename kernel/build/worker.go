package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Worker builds the program that loads and runs cells, or finds it in the cache, and returns its file. Progress, if not
// nil, is told when there is something to wait for.
func (m *Module) Worker(ctx context.Context, progress func(string)) (string, error) {
	if _, err := m.t.linker(); err != nil {
		return "", err
	}
	sum, err := digestFiles(os.DirFS(m.root), "kernel/nb", "kernel/worker")
	if err != nil {
		return "", fmt.Errorf("build: the source tree %s: %w", m.root, err)
	}
	dir := filepath.Join(m.cache, "worker-"+digest(m.t.Version, m.t.Root, m.root, sum))
	program, list := filepath.Join(dir, "worker"), filepath.Join(dir, "packages.json")
	if m.readBase(list) {
		if _, err := os.Stat(program); err == nil {
			touch(dir)
			m.stubs = newStubs(m.t, filepath.Join(dir, "stubs"), program)
			return program, nil
		}
	}
	if progress != nil {
		progress("building the worker (once for this Go version)")
	}
	main := filepath.Join(m.Dir, "worker", "main.go")
	text := "// Command worker runs the cells of a notebook.\npackage main\n\nimport \"" + own + "/kernel/worker\"\n\nfunc main() { worker.Main() }\n"
	if err := writeChanged(main, []byte(text)); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "worker.*") // several sessions may build at once
	if err != nil {
		return "", err
	}
	f.Close()
	tmp := f.Name()
	defer os.Remove(tmp)
	out, err := resolving(m.t.command(ctx, m.Dir, "build", "-ldflags=-s -w", "-o", tmp, "./worker")).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: the worker: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	if err := m.list(ctx, base); err != nil {
		return "", fmt.Errorf("build: the worker's packages: %w", err)
	}
	if err := m.writeBase(list); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, program); err != nil {
		return "", err
	}
	m.stubs = newStubs(m.t, filepath.Join(dir, "stubs"), program)
	return program, nil
}

// readBase reads what the worker is made of, reporting whether all of it is still there.
func (m *Module) readBase(path string) bool {
	var list []*pkg
	b, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(b, &list) != nil {
		return false
	}
	for _, k := range list {
		if _, err := os.Stat(k.Export); err != nil && k.ImportPath != "unsafe" {
			return false
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range list {
		m.known[k.ImportPath] = k
	}
	return true
}

func (m *Module) writeBase(path string) error {
	all, err := m.closure(base)
	if err != nil {
		return err
	}
	var list []*pkg
	for _, k := range all {
		list = append(list, k)
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return writeFile(path, b, 0o600)
}
