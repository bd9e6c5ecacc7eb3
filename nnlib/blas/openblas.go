package blas

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ebitengine/purego"
)

// The 32-bit-integer interface under the names of the scipy-openblas32 package
// and under plain ones.
var prefixes = []string{"scipy_", ""}

var systemNames = []string{
	"libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0",
	"libopenblas.0.dylib", "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
}

// packagedOpenBLAS lists the libraries of scipy-openblas32 in the Python
// environments that a user of this process may have.
func packagedOpenBLAS() []string {
	var found []string
	for _, root := range environments() {
		m, err := filepath.Glob(filepath.Join(root, "lib", "python3*", "site-packages", "scipy_openblas32", "lib", "libscipy_openblas*"))
		if err == nil {
			found = append(found, m...)
		}
	}
	return found
}

// Open loads the OpenBLAS in the file (or by the system's name) path.
func Open(path string) (*Library, error) {
	var h uintptr
	var err error
	// The library starts its threads while it is being loaded.
	withVariables(map[string]string{"OPENBLAS_NUM_THREADS": "1"}, func() { h, err = load(path) })
	if err != nil {
		return nil, fmt.Errorf("blas: %w", err)
	}
	for _, prefix := range prefixes {
		r, err := lookupRoutines(h, prefix, "sbgemm_")
		if err != nil {
			continue
		}
		l := &Library{Path: path, kind: "OpenBLAS", native: r}
		// "OpenBLAS 0.3.34 DYNAMIC_ARCH NO_AFFINITY Zen MAX_THREADS=64"
		if words := strings.Fields(text(h, prefix+"openblas_get_config")); len(words) > 1 && words[0] == "OpenBLAS" {
			l.Version = words[1]
		}
		l.Core = text(h, prefix+"openblas_get_corename")
		// The variable above is read once per process; say it again in case
		// somebody had opened the library before.
		if set, err := lookup(h, prefix+"openblas_set_num_threads"); err == nil {
			purego.SyscallN(set, 1)
		}
		if err := l.verify(); err != nil {
			return nil, fmt.Errorf("blas: %s: %w", path, err)
		}
		return l, nil
	}
	return nil, fmt.Errorf("blas: %s: no sgemm_ in it (nor scipy_sgemm_): not an OpenBLAS with 32-bit integers", path)
}

// text calls a function of the library that returns a C string.
func text(h uintptr, name string) string {
	f, err := lookup(h, name)
	if err != nil {
		return ""
	}
	var get func() string
	purego.RegisterFunc(&get, f)
	return get()
}
