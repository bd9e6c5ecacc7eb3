package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// rooms lists, for each package tree, what stands directly upstream of it; it may import that and everything further
// upstream. A room also covers the folders below it that have no entry of their own. Everybody may import kernel/nb,
// which is what notebook cells and libraries share.
var rooms = map[string][]string{
	"":                {"*"},
	"internal/cli":    {"*"},
	"nucnet":          {"nucnet/nuclide", "nucnet/rate", "nucnet/ode", "nucnet/nse", "nucnet/plasma", "nucnet/approx21"},
	"nucnet/nuclide":  {},
	"nucnet/rate":     {"nucnet/nuclide"},
	"nucnet/ode":      {},
	"nucnet/nse":      {"nucnet/nuclide"},
	"nucnet/plasma":   {"nucnet/nuclide"},
	"nucnet/approx21": {"nucnet/nuclide", "nucnet/rate", "nucnet/plasma"},
	"nucnet/bbq":      {"nucnet", "nucnet/nuclide", "nucnet/rate"},
	"nucnet/star":     {"nucnet", "nucnet/plasma"},
	"nucnet/sample":   {"nucnet/nuclide", "nucnet", "nucnet/nse", "nucnet/star"},
	"nucnet/dataset":  {"nucnet", "nucnet/sample"},
	"nnlib":           {"nucnet/dataset", "nnlib/op", "nnlib/vm", "nnlib/blas", "nnlib/cuda"},
	"nnlib/paper":     {"nnlib"},
	"nnlib/op":        {},
	"nnlib/vm":        {"nnlib/op", "nnlib/blas", "nnlib/cuda"},
	"nnlib/blas":      {},
	"nnlib/cuda":      {},
	"plots":           {"nucnet/nuclide"},
	"kernel":          {"kernel/cell", "kernel/build", "kernel/worker"},
	"kernel/cell":     {},
	"kernel/build":    {},
	"kernel/worker":   {},
	"kernel/nb":       {},
	"kernel/notebook": {"kernel"},
	"kernel/lab":      {"kernel", "kernel/build"},
}

// upstream reports whether room to stands upstream of room from.
func upstream(from, to string) bool {
	for _, next := range rooms[from] {
		if next == "*" || next == to || upstream(next, to) {
			return true
		}
	}
	return false
}

// roomOf returns the entry of rooms that a package path, relative to the module, belongs to.
func roomOf(path string) (string, bool) {
	for {
		if _, ok := rooms[path]; ok {
			return path, true
		}
		cut := strings.LastIndexByte(path, '/')
		if cut < 0 {
			return "", false
		}
		path = path[:cut]
	}
}

// TestImportDirection holds the arrows of the house: data flows from nuclear data to figures, no package imports one
// downstream of it, and the kernel imports no science.
func TestImportDirection(t *testing.T) {
	const module = "nuclab"
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		path := strings.TrimPrefix(strings.TrimPrefix(pkg.ImportPath, module), "/")
		if strings.HasPrefix(path, "internal/") && path != "internal/cli" {
			continue // tools for tests and generators: nothing that ships imports them, which the next check holds
		}
		room, ok := roomOf(path)
		if !ok {
			t.Errorf("package %s is in no room: give it an entry in rooms", path)
			continue
		}
		for _, imp := range pkg.Imports {
			imp, ours := strings.CutPrefix(imp, module+"/")
			if !ours || imp == "kernel/nb" {
				continue
			}
			if strings.HasPrefix(imp, "internal/") && path != "" {
				t.Errorf("%s imports %s", path, imp)
				continue
			}
			to, _ := roomOf(imp)
			if to != room && !upstream(room, to) {
				t.Errorf("%s imports %s, which is not upstream of it", path, imp)
			}
		}
	}
	if seen < 2 {
		t.Fatalf("go list found %d packages", seen)
	}
}
