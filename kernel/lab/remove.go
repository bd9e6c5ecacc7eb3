package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// made lists what nuclab keeps in its cache directory. Remove deletes these and nothing else, since the directory may
// be one that the user chose.
var made = []string{"python", "python.lock", "bin", "jupyter", "build", "modules", "testenv", "testenv.lock",
	"testenv.failed", "testgpu", "cuda", "cuda.lock", "peers", "history.jsonl", "history.jsonl.lock"}

// Remove deletes everything that nuclab has installed: what lies in the cache directory, and a kernelspec in the
// user's folder that points there. It returns the paths it deleted.
func Remove(cache string) ([]string, error) {
	var removed []string
	if kernels, err := UserKernels(); err == nil {
		binary, err := installedBinary(kernels)
		if err == nil && strings.HasPrefix(binary, filepath.Join(cache, "bin")+string(filepath.Separator)) {
			if _, err := UninstallKernel(kernels); err != nil {
				return removed, err
			}
			removed = append(removed, filepath.Join(kernels, KernelName))
		}
	}
	for _, name := range made {
		path := filepath.Join(cache, name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := removeAll(path); err != nil {
			return removed, fmt.Errorf("lab: %w", err)
		}
		removed = append(removed, path)
	}
	os.Remove(cache) // fails, as it should, while something else is in there
	return removed, nil
}

// removeAll is os.RemoveAll that also enters folders without write permission, as Go's module cache has them.
func removeAll(path string) error {
	if os.RemoveAll(path) == nil {
		return nil
	}
	filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}
