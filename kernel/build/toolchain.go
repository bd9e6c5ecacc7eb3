// Package build drives the Go toolchain for cells: it keeps a private module for each notebook, compiles cells to
// archives, links them to plugins the fast way, builds the worker that loads them, and caches all of it.
package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
)

// Toolchain is a Go installation with the C linker that plugins need.
type Toolchain struct {
	Go      string // go command
	Root    string // GOROOT
	Version string // as "go version" of the toolchain says, such as go1.26.0
	tools   string // directory of compile and link

	linkOnce sync.Once
	fast     string // linker to use: a script that stands in for gcc, or gcc
	script   string // text of the script, "" when there is none
	linkErr  error
	cache    string
}

// ErrNoCompiler says that the C compiler that links plugins is missing.
var ErrNoCompiler = errors.New("a cell needs a C compiler to link, and there is no gcc or clang in the PATH.\n" +
	"Install one: apt install gcc (Debian, Ubuntu), dnf install gcc (Fedora), conda install -c conda-forge c-compiler (conda)")

// NewToolchain asks the go command, "go" of the PATH when empty, for what it is. Everything built is kept under cache.
func NewToolchain(goCommand, cache string) (*Toolchain, error) {
	if goCommand == "" {
		goCommand = "go"
	}
	if err := Supported(); err != nil {
		return nil, err
	}
	path, err := exec.LookPath(goCommand)
	if err != nil {
		return nil, fmt.Errorf("cells are compiled with Go, and there is no %s in the PATH.\n"+
			"Install Go 1.26 or newer from https://go.dev/dl/, or by conda install -c conda-forge go", goCommand)
	}
	t := &Toolchain{Go: path, cache: cache}
	if err := t.update(); err != nil {
		return nil, err
	}
	return t, nil
}

// toolEnvironment is what the go command says of itself.
type toolEnvironment struct{ GOROOT, GOVERSION, GOTOOLDIR string }

func (t *Toolchain) ask() (toolEnvironment, error) {
	var env toolEnvironment
	out, err := t.command(context.Background(), "", "env", "-json", "GOROOT", "GOVERSION", "GOTOOLDIR").Output()
	if err != nil {
		return env, fmt.Errorf("%s env: %w", t.Go, commandError(err))
	}
	if err := json.Unmarshal(out, &env); err != nil {
		return env, fmt.Errorf("%s env: %w", t.Go, err)
	}
	return env, nil
}

// update takes the toolchain as it is now.
func (t *Toolchain) update() error {
	env, err := t.ask()
	if err != nil {
		return err
	}
	if version.IsValid(env.GOVERSION) && version.Compare(env.GOVERSION, oldestGo) < 0 {
		return fmt.Errorf("cells need %s or newer, and %s is %s.\n"+
			"Install it from https://go.dev/dl/, or by conda install -c conda-forge go", oldestGo, t.Go, env.GOVERSION)
	}
	t.Root, t.Version, t.tools = env.GOROOT, env.GOVERSION, env.GOTOOLDIR
	return nil
}

// oldestGo is the first version that compiles the worker.
const oldestGo = "go1.26"

// command is the go command in a directory, free of settings that would build something else than the worker is made of.
func (t *Toolchain) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, t.Go, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=1", "GO111MODULE=on")
	return c
}

// resolving lets a go command complete the private go.mod, which may ask the network.
func resolving(c *exec.Cmd) *exec.Cmd {
	c.Env = append(c.Env, "GOFLAGS=-mod=mod")
	return c
}

// unresolved reports whether a go command failed because go.mod needs completing.
func unresolved(message string) bool {
	return strings.Contains(message, "updates to go.mod needed") || strings.Contains(message, "missing go.sum entry")
}

// compiler names the C compiler that cmd/link would use.
func compiler() (string, error) {
	if cc := os.Getenv("CC"); cc != "" {
		if path, err := exec.LookPath(strings.Fields(cc)[0]); err == nil {
			return path, nil
		}
	}
	for _, name := range []string{"gcc", "clang", "cc"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoCompiler
}

// linker returns what -extld should name. Where gcc would run GNU ld with well-known files, a script of ours runs a
// faster linker directly, and answers the trial compilations by which cmd/link explores its linker.
func (t *Toolchain) linker() (string, error) {
	t.linkOnce.Do(func() {
		cc, err := compiler()
		if err != nil {
			t.linkErr = err
			return
		}
		t.fast = t.shim(cc)
		if t.fast == "" {
			t.fast = cc
		}
	})
	return t.fast, t.linkErr
}

// shim writes the linker script, or returns "" when the system is not the one it knows.
func (t *Toolchain) shim(cc string) string {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return ""
	}
	var ld string
	for _, name := range []string{"ld.gold", "mold", "ld.lld"} {
		if path, err := exec.LookPath(name); err == nil {
			ld = path
			break
		}
	}
	if ld == "" {
		return ""
	}
	out, err := exec.Command(cc, "-###", "-shared", "-o", "x.so", "x.o").CombinedOutput()
	if err != nil {
		return ""
	}
	var emulation string
	var begin, end, dirs []string
	for _, line := range strings.Split(string(out), "\n") {
		if !strings.Contains(line, "x.o") {
			continue
		}
		fields := strings.Fields(strings.ReplaceAll(line, `"`, ""))
		for i, f := range fields {
			switch {
			case f == "-m" && i+1 < len(fields):
				emulation = fields[i+1]
			case strings.HasPrefix(f, "-L"):
				dirs = append(dirs, f)
			case strings.HasSuffix(f, "/crti.o"), strings.HasSuffix(f, "/crtbeginS.o"):
				begin = append(begin, f)
			case strings.HasSuffix(f, "/crtendS.o"), strings.HasSuffix(f, "/crtn.o"):
				end = append(end, f)
			}
		}
	}
	if emulation == "" || len(begin) != 2 || len(end) != 2 || strings.ContainsAny(strings.Join(append(append(begin, end...), dirs...), ""), "'\\$") {
		return ""
	}
	// The last link of cmd/link names objects, libraries and the output; the flags for gcc that it always gives are left out.
	script := fmt.Sprintf(`#!/bin/sh
case " $* " in
*" -Qunused-arguments "*) exit 1 ;;
*/trivial.c" "*) exit 0 ;;
esac
objects=
libraries=
out=
next=
for a; do
	if [ -n "$next" ]; then out=$a; next=; continue; fi
	case $a in
	-o) next=1 ;;
	*.o|*.a|*.so) objects="$objects $a" ;;
	-l*) libraries="$libraries $a" ;;
	-L*) libraries="$libraries $a" ;;
	-m64|-s|-g|-O*|-shared|-rdynamic|-pthread|-fPIC|-Wl,-z,*|-Wl,--build-id=none) ;;
	*) exec %s "$@" ;; # a flag of a package with cgo: gcc knows what it means
	esac
done
exec %s -m %s -s -shared -z relro -z now -z nocopyreloc --build-id=none --hash-style=gnu --export-dynamic -o "$out" %s %s $objects $libraries -lpthread -lc %s
`, cc, ld, emulation, strings.Join(begin, " "), strings.Join(dirs, " "), strings.Join(end, " "))
	path := filepath.Join(t.cache, "link-"+digest(script)+".sh")
	if _, err := os.Stat(path); err != nil {
		if err := writeFile(path, []byte(script), 0o700); err != nil {
			return ""
		}
	}
	t.script = script
	return path
}

// restoreLinker writes the script again if it is gone, and reports whether it did.
func (t *Toolchain) restoreLinker() bool {
	if t.script == "" {
		return false
	}
	if _, err := os.Stat(t.fast); err == nil {
		return false
	}
	return writeFile(t.fast, []byte(t.script), 0o700) == nil
}

// compile makes an archive of one Go file in a directory, the same for the same file in any directory.
func (t *Toolchain) compile(ctx context.Context, dir, pkgPath, importcfg, source, out string) error {
	minor := strings.TrimPrefix(t.Version, "go")
	if parts := strings.SplitN(minor, ".", 3); len(parts) >= 2 {
		minor = parts[0] + "." + strings.TrimRightFunc(parts[1], func(r rune) bool { return r < '0' || r > '9' })
	}
	return t.tool(ctx, dir, "compile", "-o", out, "-p", pkgPath, "-lang=go"+minor, "-complete", "-installsuffix", "dynlink",
		"-dynlink", "-trimpath", dir+"=>", "-nolocalimports", "-importcfg", importcfg, "-pack", source)
}

// link makes a plugin of an archive.
func (t *Toolchain) link(ctx context.Context, dir, pkgPath, importcfg, archive, out string) error {
	extld, err := t.linker()
	if err != nil {
		return err
	}
	args := []string{"-o", out, "-importcfg", importcfg, "-installsuffix", "dynlink", "-pluginpath", pkgPath,
		"-buildmode=plugin", "-s", "-w", "-B", "none", "-compressdwarf=false", "-extld=" + extld, archive}
	if err := t.tool(ctx, dir, "link", args...); err != nil {
		if cc, ccErr := compiler(); ccErr == nil && cc != extld && ctx.Err() == nil {
			args[len(args)-2] = "-extld=" + cc
			return t.tool(ctx, dir, "link", args...)
		}
		return err
	}
	return nil
}

func (t *Toolchain) tool(ctx context.Context, dir, name string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(t.tools, name), args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOROOT="+t.Root, "GOGC=off")
	out, err := c.CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		text := strings.TrimSpace(string(out))
		if text == "" {
			text = err.Error()
		}
		if full.MatchString(text) {
			return fullDisk(text)
		}
		return &ToolError{Tool: name, Output: text}
	}
	return nil
}

// full is what tools say when they cannot write.
var full = regexp.MustCompile(`(?i)no space left on device|disk quota exceeded|file too large|file size limit exceeded|bus error`)

func fullDisk(text string) error {
	return fmt.Errorf("%w: %s", ErrFullDisk, text)
}

// ErrFullDisk says that a cell could not be built for want of space.
var ErrFullDisk = errors.New("there is no space left for the files of the cell.\n" +
	"Free some: \"nuclab kernel doctor --clean\" removes what can be built again; NUCLAB_CACHE names another directory for it")

// ToolError is what the compiler or the linker said.
type ToolError struct{ Tool, Output string }

func (e *ToolError) Error() string { return e.Tool + ": " + e.Output }

// commandError adds what a command wrote to its error.
func commandError(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(bytes.TrimSpace(exit.Stderr)) > 0 {
		return errors.New(string(bytes.TrimSpace(exit.Stderr)))
	}
	return err
}
