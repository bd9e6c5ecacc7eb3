package build

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// Config says where a notebook's cells are built.
type Config struct {
	Toolchain  *Toolchain
	Cache      string // root of everything that is kept
	SourceTree string // checkout of the module nuclab, "" for the embedded copy
	Embedded   fs.FS  // kernel/nb and kernel/worker, for a program without a checkout
	Name       string // of the notebook; notebooks of one name share a module
	Dir        string // where the notebook works; a go.mod found upwards from here is required
}

// Module is the private module in which the cells of one notebook are built. The user's own module is never changed.
type Module struct {
	Dir      string // of its go.mod
	root     string // source tree of nuclab
	embedded fs.FS  // what root was unpacked from, nil for a checkout
	user     string // go.mod of the user's module, "" when there is none
	t        *Toolchain
	*packages
	cells map[string]*cellFiles
	cache string
	libs  map[string]*library // by package path, nil for a package without
	stubs *stubs              // of what the worker has; nil before there is one, or when there can be none
}

// own is the path of this repository's module.
const own = "nuclab"

// local is the version of modules that are replaced by directories.
const local = "v0.0.0-00010101000000-000000000000"

// NewModule writes the module, or updates it when what it is made of has changed.
func NewModule(c Config) (*Module, error) {
	m := &Module{t: c.Toolchain, cache: filepath.Join(c.Cache, "build"), cells: make(map[string]*cellFiles), libs: make(map[string]*library)}
	m.Dir = filepath.Join(c.Cache, "modules", digest(c.Name, c.SourceTree))
	m.root = c.SourceTree
	if m.root == "" {
		root, err := unpack(c.Embedded, filepath.Join(c.Cache, "modules"))
		if err != nil {
			return nil, err
		}
		m.root, m.embedded = root, c.Embedded
	}
	m.user = userModule(c.Dir)
	if err := m.writeModule(); err != nil {
		return nil, err
	}
	touch(m.Dir)
	if m.embedded != nil {
		touch(m.root)
	}
	var err error
	if m.packages, err = newPackages(m); err != nil {
		return nil, err
	}
	return m, nil
}

// unpack writes the embedded sources as a module of their own.
func unpack(files fs.FS, dir string) (string, error) {
	if files == nil {
		return "", fmt.Errorf("build: neither a source tree nor an embedded copy of kernel/nb and kernel/worker")
	}
	sum, err := digestFiles(files, ".")
	if err != nil {
		return "", err
	}
	root := filepath.Join(dir, "source-"+sum)
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
		return root, nil
	}
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isSource(path) {
			return err
		}
		b, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		return writeFile(filepath.Join(root, "kernel", filepath.FromSlash(path)), b, 0o600)
	})
	if err != nil {
		return "", err
	}
	return root, writeFile(filepath.Join(root, "go.mod"), []byte("module "+own+"\n\ngo 1.26\n"), 0o600)
}

// userModule finds the go.mod above dir, "" when there is none.
func userModule(dir string) string {
	dir, err := filepath.Abs(dir)
	for err == nil {
		path := filepath.Join(dir, "go.mod")
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// workspace finds the go.work above a go.mod that uses it, and returns the go.mod files of the other modules there.
func workspace(user string) []string {
	if user == "" || os.Getenv("GOWORK") == "off" {
		return nil
	}
	for dir := filepath.Dir(user); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "go.work")
		if b, err := os.ReadFile(path); err == nil {
			w, err := modfile.ParseWork(path, b, nil)
			if err != nil {
				return nil
			}
			var others []string
			member := false
			for _, u := range w.Use {
				mod := u.Path
				if !filepath.IsAbs(mod) {
					mod = filepath.Join(dir, mod)
				}
				if mod = filepath.Join(mod, "go.mod"); mod == user {
					member = true
				} else {
					others = append(others, mod)
				}
			}
			if !member {
				return nil
			}
			return others
		}
		if filepath.Dir(dir) == dir {
			return nil
		}
	}
}

// writeModule makes go.mod and go.sum of nuclab's, the user's, and what earlier sessions got.
func (m *Module) writeModule() error {
	f := new(modfile.File)
	f.AddModuleStmt("notebook")
	var sums [][]byte
	goVersion := "1.26"
	versions := make(map[string]string)
	replaced := make(map[string]bool)

	merge := func(path string, replaces bool) (*modfile.File, error) {
		b, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		g, err := modfile.Parse(path, b, nil)
		if err != nil {
			return nil, err
		}
		for _, r := range g.Require {
			if semver.Compare(r.Mod.Version, versions[r.Mod.Path]) > 0 {
				versions[r.Mod.Path] = r.Mod.Version
			}
		}
		if g.Go != nil && semver.Compare("v"+g.Go.Version, "v"+goVersion) > 0 {
			goVersion = g.Go.Version
		}
		for _, r := range g.Replace {
			if !replaces || replaced[r.Old.Path] {
				continue
			}
			to := r.New.Path
			if r.New.Version == "" && !filepath.IsAbs(to) {
				to = filepath.Join(filepath.Dir(path), to)
			}
			replaced[r.Old.Path] = true
			if err := f.AddReplace(r.Old.Path, r.Old.Version, to, r.New.Version); err != nil {
				return nil, err
			}
		}
		if s, err := os.ReadFile(strings.TrimSuffix(path, ".mod") + ".sum"); err == nil {
			sums = append(sums, s)
		}
		return g, nil
	}

	replaced[own] = true
	if err := f.AddReplace(own, "", m.root, ""); err != nil {
		return err
	}
	if m.user != "" {
		g, err := modfile.ParseLax(m.user, mustRead(m.user), nil)
		if err != nil || g.Module == nil || g.Module.Mod.Path == own {
			m.user = ""
		}
	}
	for _, user := range append(workspace(m.user), m.user) {
		if user == "" {
			continue
		}
		g, err := merge(user, true)
		if err != nil || g == nil || g.Module == nil {
			return fmt.Errorf("the module of the working directory: %s: %w", user, err)
		}
		name := g.Module.Mod.Path
		if replaced[name] && versions[name] == local {
			continue
		}
		versions[name], replaced[name] = local, true
		if err := f.AddReplace(name, "", filepath.Dir(user), ""); err != nil {
			return err
		}
	}
	if _, err := merge(filepath.Join(m.root, "go.mod"), true); err != nil {
		return err
	}
	if _, err := merge(filepath.Join(m.Dir, "go.mod"), false); err != nil {
		return err
	}
	versions[own] = local
	if err := f.AddGoStmt(goVersion); err != nil {
		return err
	}
	paths := make([]string, 0, len(versions))
	for p := range versions {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	for _, p := range paths {
		if err := f.AddRequire(p, versions[p]); err != nil {
			return err
		}
	}
	f.Cleanup()
	text, err := f.Format()
	if err != nil {
		return err
	}
	if err := writeChanged(filepath.Join(m.Dir, "go.mod"), text); err != nil {
		return err
	}
	return writeChanged(filepath.Join(m.Dir, "go.sum"), uniqueLines(sums))
}

func mustRead(path string) []byte {
	b, _ := os.ReadFile(path)
	return b
}

func uniqueLines(texts [][]byte) []byte {
	seen := make(map[string]bool)
	var lines []string
	for _, t := range texts {
		for _, l := range strings.Split(string(t), "\n") {
			if l != "" && !seen[l] {
				seen[l] = true
				lines = append(lines, l)
			}
		}
	}
	sort.Strings(lines)
	if len(lines) == 0 {
		return nil
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

func writeChanged(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return writeFile(path, data, 0o600)
}

// Get adds a module, as "go get" does, to the private module.
func (m *Module) Get(ctx context.Context, what string) (string, error) {
	out, err := resolving(m.t.command(ctx, m.Dir, "get", what)).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("go get %s: %s", what, text)
	}
	return text, nil
}

// Save adds a module to the user's own go.mod.
func (m *Module) Save(ctx context.Context, what string) (string, error) {
	if m.user == "" {
		return "", fmt.Errorf("there is no go.mod of yours above the notebook's directory")
	}
	c := m.t.command(ctx, filepath.Dir(m.user), "get", what)
	c.Env = os.Environ()
	out, err := c.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("go get %s: %s", what, text)
	}
	return strings.TrimSpace(text + "\nrecorded in " + m.user), nil
}
