package build

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// Watch notices when the sources of loaded packages change. The zero value is ready; it may be used by several goroutines.
type Watch struct {
	mu   sync.Mutex
	seen map[string]string // state of the sources by compiled package
}

// Changed lists the packages whose sources are no longer what they were when Changed saw them first, each change once. Call
// it after packages were loaded. Packages of Go itself and of the module cache do not change.
func (w *Watch) Changed(m *Module) []string {
	dirs := make(map[string]string) // of sources, by package path and compiled file
	m.mu.Lock()
	for path, k := range m.known {
		if !k.Standard && !strings.Contains(k.Dir, "@") {
			dirs[path+" "+k.Export] = k.Dir
		}
	}
	m.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = make(map[string]string)
	}
	var changed []string
	for key, dir := range dirs {
		now := sourceState(dir)
		if was, known := w.seen[key]; known && was != now {
			path, _, _ := strings.Cut(key, " ")
			changed = append(changed, path)
		}
		w.seen[key] = now
	}
	sort.Strings(changed)
	return changed
}

// sourceState tells versions of the Go files in a directory apart without reading them.
func sourceState(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "gone"
	}
	var b strings.Builder
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		if info, err := e.Info(); err == nil {
			fmt.Fprintln(&b, e.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
