package lab_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nuclab/internal/testenv"
	"nuclab/kernel/lab"
)

// fakeProgram puts a shell script into a new folder that becomes the whole PATH.
func fakePath(t *testing.T, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("NUCLAB_PYTHON", "")
}

func TestFindPython(t *testing.T) {
	for _, tt := range []struct {
		name     string
		programs map[string]string
		want     string // base name, or the error's text
	}{
		{"good", map[string]string{"python3": "echo 3 12; echo venv"}, "python3"},
		{"the system's is too old, another is not", map[string]string{"python3": "echo 3 8; echo venv", "python3.11": "echo 3 11; echo venv"}, "python3.11"},
		{"none", map[string]string{"apt-get": ""}, "no python3 in PATH; install it: sudo apt install python3 python3-venv"},
		{"too old", map[string]string{"python3": "echo 3 9; echo venv", "dnf": ""}, "is Python 3.9, but JupyterLab needs 3.10 or newer; install it: sudo dnf install python3"},
		{"Debian's without venv", map[string]string{"python3": "echo 3 11", "apt-get": ""}, "lacks its venv module; install it: sudo apt install python3-venv"},
		{"broken", map[string]string{"python3": "exit 1"}, "no python3 in PATH; install it: https://www.python.org"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fakePath(t, tt.programs)
			path, err := lab.FindPython(context.Background())
			if err == nil {
				if filepath.Base(path) != tt.want {
					t.Errorf("%s, want %s", path, tt.want)
				}
			} else if !errors.Is(err, lab.ErrNoPython) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// tinyWheel makes a Python package that pip can install without network.
func tinyWheel(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"tiny.py":                     "answer = 42\n",
		"tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
		"tiny-1.0.dist-info/WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"tiny-1.0.dist-info/RECORD":   "tiny.py,,\ntiny-1.0.dist-info/METADATA,,\ntiny-1.0.dist-info/WHEEL,,\ntiny-1.0.dist-info/RECORD,,\n",
	} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tiny-1.0-py3-none-any.whl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func needPython(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("makes virtual environments")
	}
	if _, err := lab.FindPython(context.Background()); err != nil {
		testenv.Require(t, "python", err.Error())
	}
}

func TestVenv(t *testing.T) {
	needPython(t)
	ctx := context.Background()
	requirements := []string{"tiny @ file://" + tinyWheel(t)}
	dir := filepath.Join(t.TempDir(), "cache", "python")
	// What an interrupted set-up leaves behind is made anew.
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	leftover := filepath.Join(dir, "leftover")
	if err := os.WriteFile(leftover, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// Two at once: one works, both get the same.
	var logs [2]bytes.Buffer
	var wg sync.WaitGroup
	for i := range logs {
		wg.Go(func() {
			python, err := lab.Venv(ctx, dir, requirements, &logs[i])
			if err != nil {
				t.Error(err)
				return
			}
			out, err := exec.Command(python, "-c", "import tiny; print(tiny.answer)").CombinedOutput()
			if err != nil || string(out) != "42\n" {
				t.Errorf("%s, %v", out, err)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(logs[0].String()+logs[1].String(), "setting up Python packages"); n != 1 {
		t.Errorf("set up %d times:\n%s%s", n, &logs[0], &logs[1])
	}
	if _, err := os.Stat(leftover); err == nil {
		t.Error("the interrupted set-up was kept")
	}
	// The second start needs neither pip nor network: PATH is empty and nothing is said.
	fakePath(t, nil)
	var log bytes.Buffer
	if _, err := lab.Venv(ctx, dir, requirements, &log); err != nil || log.Len() != 0 {
		t.Errorf("second start: %v, %s", err, &log)
	}
	if _, ok := lab.ExistingVenv(dir, requirements); !ok {
		t.Error("it is not complete")
	}
	if _, ok := lab.ExistingVenv(dir, []string{"tiny==2.0"}); ok {
		t.Error("it passes for one with other requirements")
	}
}

func TestVenvSaysWhyPipFailed(t *testing.T) {
	needPython(t)
	dir := filepath.Join(t.TempDir(), "python")
	requirements := []string{"tiny @ file:///nowhere/tiny-1.0-py3-none-any.whl"}
	_, err := lab.Venv(context.Background(), dir, requirements, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "pip could not install") || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("error %v", err)
	}
	if _, ok := lab.ExistingVenv(dir, requirements); ok {
		t.Error("a failed set-up passes for complete")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := lab.Venv(ctx, dir, requirements, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// asConda makes a virtual environment pass for an active conda environment.
func asConda(t *testing.T, python string) {
	t.Helper()
	t.Setenv("CONDA_PREFIX", filepath.Dir(filepath.Dir(python)))
	t.Setenv("CONDA_DEFAULT_ENV", "burning")
}

func TestCondaEnvironmentIsUsedAsItIs(t *testing.T) {
	python := testenv.Python(t, "jupyterlab")
	asConda(t, python)
	ctx, cache := context.Background(), t.TempDir()
	p, err := lab.Environment(ctx, cache, lab.Spec{Pip: []string{"jupyterlab==1.0", "scipy_openblas32==0"}}, io.Discard)
	if err != nil || !p.Conda || p.Interpreter != python || len(p.Missing) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	var log bytes.Buffer
	p, err = lab.Environment(ctx, cache, lab.Spec{Pip: []string{"jupyterlab", "not-there==1"}}, &log)
	if want := "the conda environment burning lacks not-there==1; install with: conda env update -n burning -f environment.yml\n"; err != nil || log.String() != want {
		t.Errorf("%+v, %v, told %q", p, err, &log)
	}
	if entries, _ := os.ReadDir(cache); len(entries) != 0 {
		t.Errorf("the cache holds %v", entries)
	}
}

func TestCondaEnvironmentWithoutJupyterLab(t *testing.T) {
	prefix := t.TempDir()
	if err := os.Mkdir(filepath.Join(prefix, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(prefix, "bin", "python")
	if err := os.WriteFile(python, []byte("#!/bin/sh\necho '[\"pip\", \"IPyWidgets\"]'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	asConda(t, python)
	_, err := lab.Environment(context.Background(), t.TempDir(), lab.Spec{Pip: []string{"jupyterlab==4", "ipywidgets==8"}}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "burning lacks jupyterlab==4; install with: conda env update") {
		t.Errorf("error %v", err)
	}
}

func TestKernelspec(t *testing.T) {
	t.Setenv("JUPYTER_DATA_DIR", t.TempDir())
	kernels, err := lab.UserKernels()
	if err != nil {
		t.Fatal(err)
	}
	for _, binary := range []string{"/old/nuclab", "/new/nuclab"} { // a stale one is mended
		dir, err := lab.InstallKernel(kernels, lab.Kernel{Binary: binary, Env: map[string]string{"A": "b"}})
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
		if err != nil {
			t.Fatal(err)
		}
		var spec struct {
			Argv          []string
			Language      string
			InterruptMode string `json:"interrupt_mode"`
			Env           map[string]string
		}
		if err := json.Unmarshal(data, &spec); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(spec.Argv, " "); got != binary+" kernel run {connection_file}" || spec.Language != "go" ||
			spec.InterruptMode != "message" || spec.Env["A"] != "b" {
			t.Errorf("kernelspec %s", data)
		}
		for _, size := range []int{32, 64} {
			f, err := os.Open(filepath.Join(dir, fmt.Sprintf("logo-%dx%d.png", size, size)))
			if err != nil {
				t.Fatal(err)
			}
			picture, err := png.DecodeConfig(f)
			f.Close()
			if err != nil || picture.Width != size || picture.Height != size {
				t.Errorf("logo of %d pixels: %v, %v", size, picture, err)
			}
		}
		if svg, err := os.ReadFile(filepath.Join(dir, "logo-svg.svg")); err != nil || xml.Unmarshal(svg, new(struct{})) != nil {
			t.Errorf("drawn logo: %v", err)
		}
	}
	for _, want := range []bool{true, false} {
		if was, err := lab.UninstallKernel(kernels); err != nil || was != want {
			t.Errorf("uninstalled %v, %v, want %v", was, err, want)
		}
	}
}

func TestInstallBinaryAndRemove(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("JUPYTER_DATA_DIR", t.TempDir())
	path, err := lab.InstallBinary(cache)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v, %v", info, err)
	}
	again, err := lab.InstallBinary(cache)
	if err != nil || again != path {
		t.Errorf("%s, %v", again, err)
	}
	if later, err := os.Stat(path); err != nil || !os.SameFile(info, later) {
		t.Error("the same binary was copied twice")
	}
	if err := os.WriteFile(path, []byte("an older one"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := lab.InstallBinary(cache); err != nil {
		t.Fatal(err)
	}
	if mended, err := os.Stat(path); err != nil || mended.Size() != info.Size() {
		t.Error("an older binary was not replaced")
	}

	kernels, err := lab.UserKernels()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{kernels, lab.PrivateKernels(cache)} {
		if _, err := lab.InstallKernel(dir, lab.Kernel{Binary: path}); err != nil {
			t.Fatal(err)
		}
	}
	// A module cache has folders that cannot be written to.
	locked := filepath.Join(cache, "modules", "m@v1")
	if err := os.MkdirAll(locked, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(locked, "go.mod"), nil, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(cache, "not-ours")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	removed, err := lab.Remove(cache)
	if err != nil || len(removed) != 4 { // the user's kernelspec, bin, jupyter, modules
		t.Errorf("removed %v, %v", removed, err)
	}
	left, _ := os.ReadDir(cache)
	if len(left) != 1 || left[0].Name() != "not-ours" {
		t.Errorf("left %v", left)
	}
	if entries, _ := os.ReadDir(kernels); len(entries) != 0 {
		t.Errorf("the user's kernels: %v", entries)
	}
	os.Remove(foreign)
	if _, err := lab.Remove(cache); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(cache); !os.IsNotExist(err) {
		t.Errorf("the empty cache is left: %v", err)
	}
	if _, err := lab.InstallKernel(kernels, lab.Kernel{Binary: "/elsewhere/nuclab"}); err != nil {
		t.Fatal(err)
	}
	if removed, err := lab.Remove(cache); err != nil || len(removed) != 0 {
		t.Errorf("another installation's kernelspec: removed %v, %v", removed, err)
	}
}

// notes is a log that a test may read while Run writes it.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

func TestRunServesJupyterLabUntilItIsCancelled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts JupyterLab")
	}
	python := testenv.Python(t, "jupyterlab")
	asConda(t, python)
	t.Setenv("JUPYTER_CONFIG_DIR", "")
	cache, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "here.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready := make(chan string, 1)
	ended := make(chan error, 1)
	var log notes
	warmed := make(chan struct{})
	go func() {
		ended <- lab.Run(ctx, lab.Options{Dir: dir, NoBrowser: true, Cache: cache, Spec: lab.Spec{Pip: []string{"jupyterlab"}}, Log: &log,
			Ready: func(u string) { ready <- u },
			Warm: func(ctx context.Context, log io.Writer) error {
				defer close(warmed)
				fmt.Fprintln(log, "warming")
				return nil
			}})
	}()
	var address string
	select {
	case address = <-ready:
	case err := <-ended:
		t.Fatalf("%v\n%s", err, &log)
	case <-time.After(3 * time.Minute):
		t.Fatalf("JupyterLab does not answer\n%s", &log)
	}
	<-warmed
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if u.Hostname() != "127.0.0.1" || !strings.Contains(log.String(), "warming") {
		t.Errorf("URL %s, log\n%s", address, &log)
	}
	get := func(path, query string) (int, string) {
		u := *u
		u.Path, u.RawQuery = path, query
		resp, err := http.Get(u.String())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := get("/lab", u.RawQuery); status != http.StatusOK || !strings.Contains(body, "JupyterLab") {
		t.Errorf("the printed URL answers %d", status)
	}
	if _, body := get("/api/kernelspecs", u.RawQuery); !strings.Contains(body, `"default": "nuclab"`) || !strings.Contains(body, filepath.Join(cache, "bin")) {
		t.Errorf("kernelspecs %s", body)
	}
	if _, body := get("/api/contents/", u.RawQuery); !strings.Contains(body, "here.txt") {
		t.Errorf("contents %s", body)
	}
	if status, _ := get("/api/contents/", ""); status != http.StatusForbidden {
		t.Errorf("without the token: %d", status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("%v", err)
	}
	if conn, err := net.Dial("tcp", u.Host); err == nil {
		conn.Close()
		t.Error("JupyterLab still listens")
	}
}

func TestRunRefusesWhatCannotWork(t *testing.T) {
	ctx, cache := context.Background(), t.TempDir()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).Port
	if err := lab.Run(ctx, lab.Options{Dir: t.TempDir(), Port: port, Cache: cache, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "is not free") {
		t.Errorf("taken port: %v", err)
	}
	if err := lab.Run(ctx, lab.Options{Dir: "/none", Cache: cache, Log: io.Discard}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	fakePath(t, map[string]string{"go": "", "apt-get": ""})
	if err := lab.Run(ctx, lab.Options{Dir: t.TempDir(), Cache: cache, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "sudo apt install gcc") {
		t.Errorf("no compiler: %v", err)
	}
	fakePath(t, nil)
	if err := lab.Run(ctx, lab.Options{Dir: t.TempDir(), Cache: cache, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "https://go.dev/dl/") {
		t.Errorf("no Go: %v", err)
	}
	if entries, _ := os.ReadDir(cache); len(entries) != 0 {
		t.Errorf("the cache holds %v", entries)
	}
}

func TestDoctor(t *testing.T) {
	t.Setenv("JUPYTER_DATA_DIR", t.TempDir())
	t.Setenv("CONDA_PREFIX", "")
	cache := t.TempDir()
	find := func(name string) lab.Check {
		for _, c := range lab.Doctor(context.Background(), cache, lab.Spec{Pip: []string{"jupyterlab"}}) {
			if c.Name == name {
				if c.OK != (c.Fix == "") {
					t.Errorf("%+v: a fault and its remedy go together", c)
				}
				return c
			}
		}
		t.Fatalf("nothing about %s", name)
		return lab.Check{}
	}
	if c := find("Go"); !c.OK || !strings.Contains(c.Detail, "go1.") {
		t.Errorf("%+v", c)
	}
	if c := find("Python"); c.OK {
		t.Errorf("%+v", c)
	}
	if _, err := lab.InstallKernel(lab.PrivateKernels(cache), lab.Kernel{Binary: filepath.Join(cache, "gone")}); err != nil {
		t.Fatal(err)
	}
	if c := find("kernel in lab"); c.OK || !strings.Contains(c.Detail, "which is gone") {
		t.Errorf("%+v", c)
	}
	fakePath(t, map[string]string{"go": "echo go1.21.0; echo 1", "apt-get": ""})
	if c := find("Go"); c.OK || !strings.Contains(c.Fix, "Go 1.26") {
		t.Errorf("%+v", c)
	}
	if c := find("C compiler"); c.OK || c.Fix != "sudo apt install gcc" {
		t.Errorf("%+v", c)
	}
}
