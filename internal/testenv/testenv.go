// Package testenv gives tests the programs that lie outside Go: a Python with the packages that the tests need, and a
// browser. A test that needs what a machine lacks is skipped with one line that says how to get it; with
// NUCLAB_TEST_REQUIRE=python,browser,... it fails instead.
package testenv

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nuclab/kernel/lab"
)

//go:embed requirements.txt
var requirements string

// Require ends a test that cannot run because something is missing: with a skip that gives the reason, or with a
// failure if NUCLAB_TEST_REQUIRE lists name.
func Require(t testing.TB, name, why string) {
	t.Helper()
	if required(name) {
		t.Fatalf("NUCLAB_TEST_REQUIRE asks for %s: %s", name, why)
	}
	t.Skipf("needs %s: %s", name, why)
}

func required(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("NUCLAB_TEST_REQUIRE"), ","), name)
}

// Repo returns the root folder of this repository.
func Repo() string {
	dir, err := os.Getwd() // go test runs each package's tests in its folder
	if err != nil {
		panic("testenv: " + err.Error())
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module nuclab\n")) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			panic("testenv: the working directory is outside the repository")
		}
		dir = filepath.Dir(dir)
	}
}

// Cache returns the folder where tests keep what is slow to make: NUCLAB_CACHE, else nuclab in the user's cache.
func Cache() (string, error) {
	if dir := os.Getenv("NUCLAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "nuclab"), err
}

// Chromium returns the path of a Chromium or Chrome browser. NUCLAB_CHROMIUM names one.
func Chromium(t testing.TB) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}
	if p := os.Getenv("NUCLAB_CHROMIUM"); p != "" {
		names = []string{p}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Require(t, "browser", "no Chromium here; install it: apt install chromium")
	return ""
}

// Python returns the interpreter of the tests' virtual environment, which holds the packages of environment.yml and
// of this package's requirements.txt. The first test that asks makes it, which needs the network and some minutes;
// with -short a test that finds none is skipped. Packages are those the test relies on: a name that is not listed
// there is the test's mistake.
func Python(t testing.TB, packages ...string) string {
	t.Helper()
	reqs, err := allRequirements()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		if !slices.ContainsFunc(reqs, func(r string) bool { return strings.HasPrefix(r, p+"==") }) {
			t.Fatalf("testenv: %s is neither in environment.yml nor in internal/testenv/requirements.txt", p)
		}
	}
	made := pythonOnce()
	switch {
	case made.err == nil:
		return made.interpreter
	case testing.Short() && made.notMade:
		t.Skip("needs the tests' Python environment, which -short does not set up")
	}
	Require(t, "python", firstLine(made.err.Error()))
	return ""
}

type madePython struct {
	interpreter string
	notMade     bool // -short found none and made none
	err         error
}

var pythonOnce = sync.OnceValue(func() madePython {
	cache, err := Cache()
	if err != nil {
		return madePython{err: err}
	}
	reqs, err := allRequirements()
	if err != nil {
		return madePython{err: err}
	}
	dir := filepath.Join(cache, "testenv")
	if testing.Short() {
		if p, ok := lab.ExistingVenv(dir, reqs); ok {
			return madePython{interpreter: p}
		}
		return madePython{notMade: true, err: fmt.Errorf("%s is not set up", dir)}
	}
	// Each package's tests come here in a process of their own: without network, let only one of them try.
	failed := filepath.Join(cache, "testenv.failed")
	if info, err := os.Stat(failed); err == nil && time.Since(info.ModTime()) < 10*time.Minute && !required("python") {
		why, _ := os.ReadFile(failed)
		return madePython{err: fmt.Errorf("%s", why)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	p, err := lab.Venv(ctx, dir, reqs, io.Discard)
	if err != nil {
		os.WriteFile(failed, []byte(firstLine(err.Error())), 0o600)
		return madePython{err: err}
	}
	os.Remove(failed)
	return madePython{interpreter: p}
})

// allRequirements returns environment.yml's Python packages and the tests' own.
func allRequirements() ([]string, error) {
	data, err := os.ReadFile(filepath.Join(Repo(), "environment.yml"))
	if err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	spec, err := lab.ParseSpec(data)
	if err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	reqs := spec.Pip
	for line := range strings.Lines(requirements) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			reqs = append(reqs, line)
		}
	}
	return reqs, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
