package build

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/mod/modfile"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := writeFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPrivateModule(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	write(t, filepath.Join(tree, "go.mod"), "module nuclab\n\ngo 1.26\n\nrequire (\n\texample.org/a v1.2.0\n\texample.org/b v1.0.0 // indirect\n)\n\nreplace example.org/b => ../b\n")
	write(t, filepath.Join(tree, "go.sum"), "example.org/a v1.2.0 h1:x=\n")
	user := filepath.Join(dir, "user", "deep")
	mine := "module example.org/mine\n\ngo 1.26.1\n\nrequire example.org/a v1.3.0\n\nreplace example.org/c v1.0.0 => ./c\n"
	write(t, filepath.Join(dir, "user", "go.mod"), mine)
	write(t, filepath.Join(dir, "user", "go.sum"), "example.org/a v1.3.0 h1:y=\nexample.org/a v1.2.0 h1:x=\n")
	write(t, filepath.Join(user, "x.txt"), "")

	cache := filepath.Join(dir, "cache")
	c := Config{Toolchain: &Toolchain{}, Cache: cache, SourceTree: tree, Name: "n", Dir: user}
	m, err := NewModule(c)
	if err != nil {
		t.Fatal(err)
	}
	read := func() *modfile.File {
		t.Helper()
		path := filepath.Join(m.Dir, "go.mod")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := modfile.Parse(path, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := read()
	versions, replaced := map[string]string{}, map[string]string{}
	for _, r := range f.Require {
		versions[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range f.Replace {
		replaced[r.Old.Path] = r.New.Path
	}
	if versions["example.org/a"] != "v1.3.0" || versions["example.org/b"] != "v1.0.0" || versions["example.org/mine"] == "" || versions["nuclab"] == "" {
		t.Errorf("requires %v", versions)
	}
	want := map[string]string{"nuclab": tree, "example.org/mine": filepath.Join(dir, "user"), "example.org/b": filepath.Join(dir, "b"), "example.org/c": filepath.Join(dir, "user", "c")}
	for path, to := range want {
		if replaced[path] != to {
			t.Errorf("replaces %s by %q, want %q", path, replaced[path], to)
		}
	}
	if f.Go.Version != "1.26.1" {
		t.Errorf("go %s", f.Go.Version)
	}
	sum, err := os.ReadFile(filepath.Join(m.Dir, "go.sum"))
	if err != nil || string(sum) != "example.org/a v1.2.0 h1:x=\nexample.org/a v1.3.0 h1:y=\n" {
		t.Errorf("go.sum %q, %v", sum, err)
	}
	// What a notebook got stays; the user's file is as it was.
	f.AddRequire("example.org/got", "v1.0.0")
	text, err := f.Format()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(m.Dir, "go.mod"), string(text))
	if m, err = NewModule(c); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(modfile.Format(read().Syntax)), "example.org/got v1.0.0") {
		t.Error("a module that the notebook got is forgotten")
	}
	if b, err := os.ReadFile(filepath.Join(dir, "user", "go.mod")); err != nil || string(b) != mine {
		t.Errorf("the user's go.mod: %q, %v", b, err)
	}
	// In the checkout itself there is no other module.
	c.Dir, c.Name = tree, "in the tree"
	if m, err = NewModule(c); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(modfile.Format(read().Syntax)), "example.org/mine") {
		t.Error("requires a module that is not above the directory")
	}
}

func TestUnpack(t *testing.T) {
	files := fstest.MapFS{
		"nb/nb.go":               {Data: []byte("package nb\n")},
		"nb/nb_test.go":          {Data: []byte("package nb\n")},
		"worker/hook/hook.go":    {Data: []byte("package hook\n")},
		"worker/worker.go":       {Data: []byte("package worker\n")},
		"worker/empty.s":         {Data: []byte("// empty\n")},
		"worker/message/notes.x": {Data: []byte("no source")},
	}
	dir := t.TempDir()
	root, err := unpack(files, dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"go.mod": true, "kernel/nb/nb.go": true, "kernel/worker/empty.s": true, "kernel/nb/nb_test.go": false, "kernel/worker/message/notes.x": false} {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again, err := unpack(files, dir); again != root || err != nil {
		t.Errorf("unpacked to %s, then %s, %v", root, again, err)
	}
}

func TestMissingTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CC", "")
	if _, err := NewToolchain("", t.TempDir()); err == nil || !strings.Contains(err.Error(), "go.dev/dl") {
		t.Errorf("without go: %v", err)
	}
	if _, err := compiler(); !errors.Is(err, ErrNoCompiler) || !strings.Contains(err.Error(), "apt install gcc") {
		t.Errorf("without gcc: %v", err)
	}
}

func TestRestoreName(t *testing.T) {
	const mark = "Ꞌ"
	name := func(flags byte, s, tag string) []byte {
		b := append([]byte{flags, byte(len(s))}, s...)
		if tag != "" {
			b = append(append(b, byte(len(tag))), tag...)
		}
		return b
	}
	pad := func(b []byte, n int) []byte { return append(b, make([]byte, n-len(b))...) }
	for _, tt := range []struct {
		in, want []byte
		was      restored
	}{
		{name(1, "*main.Ꞌpoint", ""), name(1, "*main.point", ""), restored{changed: true}},
		{name(3, "Ꞌx", `-`), name(0, "x", ""), restored{true, true, true}},
		{name(3, "Ꞌx", `- db:"y"`), name(2, "x", `db:"y"`), restored{true, true, true}},
		{name(9, "Ꞌbase", ""), name(8, "base", ""), restored{true, true, true}},
		{name(1, "Ꞌnorm", ""), name(1, "norm", ""), restored{changed: true, marked: true}},
		{name(1, "struct { Ꞌa int \"-\"; Ꞌb int \"- db\" }", ""), name(1, "struct { a int; b int \"db\" }", ""), restored{changed: true}},
		{name(0, "cell/0123456789abcdef", ""), name(0, "main", ""), restored{changed: true}},
		{name(1, "main.L[cell/0123456789abcdef.Ꞌt]", ""), name(1, "main.L[main.t]", ""), restored{changed: true}},
		{name(1, "Plain", ""), name(1, "Plain", ""), restored{}},
		{name(5, "Ꞌhas path", ""), name(5, "Ꞌhas path", ""), restored{}},
		{[]byte{1, 200}, []byte{1, 200}, restored{}},
		{nil, nil, restored{}},
	} {
		got := append([]byte(nil), tt.in...)
		was := restoreName(got, mark, "-")
		if want := pad(tt.want, len(tt.in)); string(got) != string(want) || was != tt.was {
			t.Errorf("%q becomes %q, %v, want %q, %v", tt.in, got, was, want, tt.was)
		}
	}
	for _, bad := range []string{"", "no archive", archiveMagic + "no header"} {
		if got, err := restoreNames([]byte(bad), mark, ""); err == nil && len(got) > len(archiveMagic) {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"old", "middle", "new"} {
		write(t, filepath.Join(dir, name, "f"), strings.Repeat("x", 100))
		at := time.Now().Add(time.Duration(i-3) * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := prune(filepath.Join(dir, "*"), 250); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || entries[0].Name() != "middle" {
		t.Errorf("kept %v, %v", entries, err)
	}
}

// A Go older than the worker needs is refused with the way to a newer one.
func TestOldGo(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho '{\"GOROOT\":\"/x\",\"GOVERSION\":\"go1.20.3\",\"GOTOOLDIR\":\"/x\"}'\n"
	old := filepath.Join(dir, "go")
	if err := os.WriteFile(old, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := NewToolchain(old, dir)
	if err == nil || !strings.Contains(err.Error(), "go1.20.3") || !strings.Contains(err.Error(), "go.dev/dl") {
		t.Errorf("an old Go: %v", err)
	}
}

func TestSupported(t *testing.T) {
	for system, want := range map[string]string{"linux": "", "darwin": "", "windows": "WSL", "plan9": "Linux, macOS and FreeBSD"} {
		if err := supported(system); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", system, err)
		}
	}
}
