package lab

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// KernelName is the name under which Jupyter knows the kernel.
const KernelName = "nuclab"

// logos are what front ends show for the kernel.
//
//go:embed logos
var logos embed.FS

// Kernel is how Jupyter starts the kernel.
type Kernel struct {
	// Binary is the program; it is called with the arguments kernel run CONNECTION.
	Binary string
	// Env is added to the kernel's environment.
	Env map[string]string
}

// InstallBinary copies the running program to bin in the cache directory and returns the copy's path. A kernelspec can
// name the copy, while the program itself may be a temporary file of go run.
func InstallBinary(cache string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	return copyBinary(self, cache)
}

func copyBinary(self, cache string) (string, error) {
	name := KernelName
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	to := filepath.Join(cache, "bin", name)
	if same, err := sameContent(self, to); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	} else if same {
		return to, nil
	}
	in, err := os.Open(self)
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	defer in.Close()
	if err := writeFile(to, in, 0o700); err != nil {
		return "", err
	}
	return to, nil
}

// sameContent reports whether both files exist and are equal.
func sameContent(a, b string) (bool, error) {
	ia, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	ib, err := os.Stat(b)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil || ia.Size() != ib.Size() {
		return false, err
	}
	if os.SameFile(ia, ib) {
		return true, nil
	}
	fa, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	ba, bb := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		na, ea := io.ReadFull(fa, ba)
		nb, eb := io.ReadFull(fb, bb)
		if !bytes.Equal(ba[:na], bb[:nb]) {
			return false, nil
		}
		if ea != nil || eb != nil {
			return ea == eb && (ea == io.EOF || ea == io.ErrUnexpectedEOF), nil
		}
	}
}

// writeFile puts a file in place whole, its folder included, also over a program that is running.
func writeFile(path string, content io.Reader, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	defer os.Remove(tmp.Name()) // no longer there after the rename
	_, err = io.Copy(tmp, content)
	if e := tmp.Chmod(mode); err == nil {
		err = e
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return nil
}

// InstallKernel writes the kernelspec into a kernels folder, over one that is there, and returns the spec's folder.
// The folder is [UserKernels] for all of the user's Jupyter programs, [PrivateKernels] for lab alone.
func InstallKernel(kernels string, k Kernel) (string, error) {
	dir := filepath.Join(kernels, KernelName)
	spec := map[string]any{
		"argv":           []string{k.Binary, "kernel", "run", "{connection_file}"},
		"display_name":   "Go (nuclab)",
		"language":       "go",
		"interrupt_mode": "message",
		"metadata":       map[string]any{"debugger": false},
	}
	if len(k.Env) > 0 {
		spec["env"] = k.Env
	}
	data, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	if err := writeFile(filepath.Join(dir, "kernel.json"), bytes.NewReader(append(data, '\n')), 0o644); err != nil {
		return "", err
	}
	files, err := logos.ReadDir("logos")
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	for _, f := range files {
		data, err := logos.ReadFile("logos/" + f.Name())
		if err != nil {
			return "", fmt.Errorf("lab: %w", err)
		}
		if err := writeFile(filepath.Join(dir, f.Name()), bytes.NewReader(data), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// UninstallKernel removes the kernelspec from a kernels folder and reports whether it was there.
func UninstallKernel(kernels string) (bool, error) {
	dir := filepath.Join(kernels, KernelName)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return false, fmt.Errorf("lab: %w", err)
	}
	return true, nil
}

// installedBinary returns the program that the kernelspec in a kernels folder starts.
func installedBinary(kernels string) (string, error) {
	data, err := os.ReadFile(filepath.Join(kernels, KernelName, "kernel.json"))
	if err != nil {
		return "", err
	}
	var spec struct {
		Argv []string `json:"argv"`
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		return "", err
	}
	if len(spec.Argv) == 0 {
		return "", errors.New("kernel.json has no argv")
	}
	return spec.Argv[0], nil
}

// PrivateKernels returns the kernels folder in the cache directory.
func PrivateKernels(cache string) string { return filepath.Join(cache, "jupyter", "kernels") }

// UserKernels returns the folder of the user's own kernels: that of JUPYTER_DATA_DIR, else Jupyter's usual place.
func UserKernels() (string, error) {
	dir, err := userData()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "kernels"), nil
}

// userData returns the user's Jupyter data folder as jupyter_core finds it.
func userData() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Jupyter"), nil
	case "windows":
		if dir := os.Getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "jupyter"), nil
		}
		return filepath.Join(home, ".jupyter", "data"), nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "jupyter"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}
