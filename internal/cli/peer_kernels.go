package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// peerKernel is another Jupyter kernel and the way to get it.
type peerKernel struct {
	program string
	args    []string
	build   func(ctx context.Context, bin string, log io.Writer) error // puts the program into bin
}

var peerKernels = map[string]peerKernel{
	"evcxr": {"evcxr_jupyter", []string{"--control_file", "{connection_file}"}, buildEvcxr},
	"gonb": {"gonb", []string{"--kernel", "{connection_file}"}, func(ctx context.Context, bin string, log io.Writer) error {
		for _, p := range []struct{ pkg, module, version string }{
			// gonb completes imports and answers questions by the first two.
			{"golang.org/x/tools/cmd/goimports", "golang.org/x/tools", "v0.52.0"},
			{"golang.org/x/tools/gopls", "golang.org/x/tools/gopls", "v0.21.1"},
			{"github.com/janpfeifer/gonb", "github.com/janpfeifer/gonb", "v0.11.4"},
		} {
			if err := buildWithGo(ctx, bin, p.pkg, p.module, p.version, "", log); err != nil {
				return err
			}
		}
		return nil
	}},
	"gophernotes": {"gophernotes", []string{"{connection_file}"}, func(ctx context.Context, bin string, log io.Writer) error {
		// Built with a newer Go it does not start.
		return buildWithGo(ctx, bin, "github.com/gopherdata/gophernotes", "github.com/gopherdata/gophernotes", "v0.7.5", "go1.21.13", log)
	}},
}

// buildWithGo builds the program pkg of a module in a module of its own. A toolchain other than "" compiles it.
func buildWithGo(ctx context.Context, bin, pkg, module, version, toolchain string, log io.Writer) error {
	dir, err := os.MkdirTemp("", "nuclab-peer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	language := "1.26"
	if toolchain != "" {
		language = strings.TrimPrefix(toolchain, "go")
	}
	text := fmt.Sprintf("module peer\n\ngo %s\n", language)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"get", module + "@" + version},
		{"build", "-o", filepath.Join(bin, filepath.Base(pkg)), pkg},
	} {
		c := exec.CommandContext(ctx, "go", args...)
		c.Dir, c.Stderr = dir, log
		// The checksum database does not know gophernotes' interpreter.
		c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GONOSUMDB=github.com/cosmos72/gomacro")
		if toolchain != "" {
			c.Env = append(c.Env, "GOTOOLCHAIN="+toolchain)
		}
		if err := c.Run(); err != nil {
			return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
		}
	}
	return nil
}

// buildEvcxr builds the Rust kernel with cargo.
func buildEvcxr(ctx context.Context, bin string, log io.Writer) error {
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		return errors.New("cargo is needed to build it: https://rustup.rs, or apt install cargo")
	}
	c := exec.CommandContext(ctx, cargo, "install", "--locked", "evcxr_jupyter", "--version", "0.22.0", "--root", filepath.Dir(bin))
	c.Stderr = log
	if err := c.Run(); err != nil {
		return fmt.Errorf("cargo install evcxr_jupyter: %w", err)
	}
	return nil
}
