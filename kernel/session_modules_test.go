package kernel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeFiles writes files below a directory, by path.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		// The new file must not look like one of the same moment.
		later := time.Now().Add(time.Duration(len(text)) * time.Second)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
}

// TestModules imports packages of the user's module, of a local replacement and of a workspace, and changes one on disk while
// the kernel runs.
func TestModules(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles packages")
	}
	t.Parallel()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"go.work":                "go 1.26\n\nuse (\n\t./mine\n\t./sibling\n)\n",
		"mine/go.mod":            "module example.test/mine\n\ngo 1.26\n\nrequire example.test/replaced v1.2.3\n\nreplace example.test/replaced => ../replaced\n",
		"mine/lib/lib.go":        "package lib\n\ntype Point struct{ X, Y int }\n\nfunc Version() int { return 1 }\n",
		"mine/user/user.go":      "package user\n\nimport \"example.test/mine/lib\"\n\nfunc Version() int { return 10 * lib.Version() }\n",
		"mine/internal/in/in.go": "package in\n\nconst Secret = 7\n",
		"mine/broken/broken.go":  "package broken\n\nfunc f() { undefined() }\n",
		"sibling/go.mod":         "module example.test/sibling\n\ngo 1.26\n",
		"sibling/s.go":           "package sibling\n\nfunc Name() string { return \"sibling\" }\n",
		"replaced/go.mod":        "module example.test/replaced\n\ngo 1.26\n",
		"replaced/r.go":          "// Package replaced is elsewhere.\npackage replaced\n\ntype Set[T comparable] map[T]bool\n\nfunc (s Set[T]) Add(v T) Set[T] { s[v] = true; return s }\n",
		"mine/notebooks/x.txt":   "",
	})
	b := session(t, Options{Dir: filepath.Join(dir, "mine", "notebooks")})
	b.want("import \"example.test/mine/lib\"\np := lib.Point{1, 2}\nlib.Version()", "1")
	b.want("import \"example.test/sibling\"\nsibling.Name()", "sibling")
	b.want("import \"example.test/replaced\"\nlen(replaced.Set[string]{}.Add(\"a\"))", "1")
	b.fails("import \"example.test/mine/broken\"", "broken.go:3", "undefined: undefined")
	b.fails("import \"example.test/nowhere\"", "example.test/nowhere", "%get")

	writeFiles(t, dir, map[string]string{"mine/lib/lib.go": "package lib\n\ntype Point struct{ X, Y, Z int }\n\nfunc Version() int { return 22 }\n"})
	res, r := b.run("lib.Version() + p.X")
	if text := r.err.String(); res.Err != nil || res.Value.Data["text/plain"] != "2" ||
		!strings.Contains(text, "example.test/mine/lib has changed on disk") || !strings.Contains(text, "%restart") {
		t.Errorf("a changed package: %v, stderr %q", res.Err, text)
	}
	b.want("lib.Version()", "1")
	b.fails("import \"example.test/mine/user\"", "changed on disk", "%restart")
	b.want("p.Y", "2")
	writeFiles(t, dir, map[string]string{
		"mine/go.mod":  "module example.test/mine\n\ngo 1.26\n\nrequire (\n\texample.test/replaced v1.2.3\n\texample.test/added v0.1.0\n)\n\nreplace (\n\texample.test/replaced => ../replaced\n\texample.test/added => ../added\n)\n",
		"added/go.mod": "module example.test/added\n\ngo 1.26\n",
		"added/a.go":   "package added\n\nconst A = 3\n",
	})
	b.run("%restart")
	b.want("import \"example.test/mine/user\"\nuser.Version()", "220")
	b.want("lib.Point{1, 2, 3}.Z", "3")
	b.want("import \"example.test/added\"\nadded.A", "3")
}
