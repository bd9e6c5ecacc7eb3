package lab

import (
	"bytes"
	"context"
	"fmt"
	"go/version"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Check is one thing that Doctor looked at.
type Check struct {
	Name   string
	OK     bool
	Detail string // what was found
	Fix    string // what to do; "" if all is well
}

// oldestGo is the version that this module's go.mod asks for.
const oldestGo = "go1.26"

// Doctor checks everything the kernel and JupyterLab need, and changes nothing.
func Doctor(ctx context.Context, cache string, spec Spec) []Check {
	checks := []Check{checkGo(ctx), checkCompiler(), checkLinker(), checkCache(cache), checkLoopback()}
	python := checkPython(ctx, cache, spec)
	checks = append(checks, python, checkKernelspec("kernel in lab", PrivateKernels(cache), "nuclab lab"))
	if kernels, err := UserKernels(); err == nil {
		user := checkKernelspec("kernel elsewhere", kernels, "nuclab kernel install")
		if _, err := os.Stat(filepath.Join(kernels, KernelName)); os.IsNotExist(err) {
			user = Check{Name: user.Name, OK: true, Detail: "not installed; other Jupyter programs find it after: nuclab kernel install"}
		}
		checks = append(checks, user)
	}
	return checks
}

func checkGo(ctx context.Context) Check {
	c := Check{Name: "Go", Fix: "install Go 1.26 or newer: https://go.dev/dl/"}
	path, err := exec.LookPath("go")
	if err != nil {
		c.Detail = "no go command in PATH"
		return c
	}
	out, err := exec.CommandContext(ctx, path, "env", "GOVERSION", "CGO_ENABLED").Output()
	have, cgo, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	c.Detail = have + " at " + path
	switch {
	case err != nil:
		c.Detail = fmt.Sprintf("%s: %v", path, err)
	case version.Compare(have, oldestGo) < 0:
	case cgo == "0":
		c.Detail += ", but CGO_ENABLED is 0"
		c.Fix = "unset CGO_ENABLED, or install a C compiler: cells are linked as plugins"
	default:
		c.OK, c.Fix = true, ""
	}
	return c
}

func checkCompiler() Check {
	path, err := cCompiler()
	if err != nil {
		return Check{Name: "C compiler", Detail: "none in PATH", Fix: installHint("gcc")}
	}
	return Check{Name: "C compiler", OK: true, Detail: path}
}

// checkLinker finds what links cells fast. Without it the C compiler's own linker does it, more slowly.
func checkLinker() Check {
	c := Check{Name: "linker", OK: true}
	for _, name := range []string{"ld.gold", "mold", "ld.lld"} {
		if path, err := exec.LookPath(name); err == nil {
			c.Detail = path
			return c
		}
	}
	c.Detail = "the C compiler's own; cells link faster with gold (package binutils or binutils-gold), mold or lld"
	return c
}

func checkCache(cache string) Check {
	c := Check{Name: "cache", Detail: cache}
	probe := filepath.Join(cache, ".doctor")
	if err := writeFile(probe, bytes.NewReader(nil), 0o600); err != nil {
		c.Detail, c.Fix = err.Error(), "set NUCLAB_CACHE to a folder you may write to"
		return c
	}
	os.Remove(probe)
	c.OK = true
	return c
}

func checkLoopback() Check {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Check{Name: "loopback", Detail: err.Error(), Fix: "allow programs to listen on 127.0.0.1: Jupyter talks to kernels there"}
	}
	ln.Close()
	return Check{Name: "loopback", OK: true, Detail: "programs can listen on 127.0.0.1"}
}

func checkPython(ctx context.Context, cache string, spec Spec) Check {
	c := Check{Name: "Python"}
	if p, name := activeConda(); p != nil {
		c.Detail = "conda environment " + name
		if err := p.findMissing(ctx, spec.Pip); err != nil {
			c.Detail, c.Fix = err.Error(), "conda env create -f environment.yml"
		} else if len(p.Missing) > 0 {
			c.Detail += " lacks " + strings.Join(p.Missing, ", ")
			c.Fix = fmt.Sprintf("conda env update -n %s -f environment.yml", name)
		} else {
			c.OK = true
		}
		return c
	}
	dir := filepath.Join(cache, "python")
	if python, ok := ExistingVenv(dir, spec.Pip); ok {
		p := &Python{Interpreter: python, Prefix: dir}
		switch err := p.findMissing(ctx, spec.Pip); {
		case err != nil:
			c.Detail, c.Fix = err.Error(), "nuclab lab --remove, then nuclab lab"
		case len(p.Missing) > 0:
			c.Detail, c.Fix = dir+" lacks "+strings.Join(p.Missing, ", "), "nuclab lab --remove, then nuclab lab"
		default:
			c.OK, c.Detail = true, dir
		}
		return c
	}
	base, err := FindPython(ctx)
	if err != nil {
		c.Detail = strings.TrimPrefix(err.Error(), "lab: ")
		c.Fix = installHint("python3")
		return c
	}
	c.Detail, c.Fix = base+" is there, its packages are not", "nuclab lab sets them up"
	return c
}

func checkKernelspec(name, kernels, install string) Check {
	c := Check{Name: name, Fix: install}
	binary, err := installedBinary(kernels)
	if err != nil {
		c.Detail = "not installed"
		return c
	}
	c.Detail = filepath.Join(kernels, KernelName)
	if _, err := os.Stat(binary); err != nil {
		c.Detail += " starts " + binary + ", which is gone"
		return c
	}
	c.OK, c.Fix = true, ""
	return c
}
