package blas

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// foundMKL lists the MKLs in the Python environments that a user of this
// process may have, and in the folder that MKLROOT names.
func foundMKL() []string {
	var found []string
	for _, root := range append(environments(), os.Getenv("MKLROOT")) {
		if root == "" {
			continue
		}
		for _, pattern := range []string{"lib/libmkl_rt.so*", "lib/intel64/libmkl_rt.so*", "lib/libmkl_rt*.dylib", "Library/bin/mkl_rt*.dll"} {
			if m, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern))); err == nil {
				found = append(found, m...)
			}
		}
	}
	return found
}

// OpenMKL loads the MKL whose file mkl_rt has the path (libmkl_rt.so.3, say).
// The other files of MKL must lie beside it.
func OpenMKL(path string) (*Library, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("blas: MKL: %w", err)
	}
	// With one of these missing mkl_rt ends the whole process in its first product.
	parts := []string{"mkl_core", "mkl_intel_lp64", "mkl_sequential", "mkl_def"}
	if runtime.GOOS == "windows" {
		parts = []string{"mkl_core", "mkl_sequential", "mkl_def"}
	}
	for _, part := range parts {
		if m, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"+part+"*")); err != nil || len(m) == 0 {
			return nil, fmt.Errorf("blas: MKL: %s is not complete: no %s beside it", path, part)
		}
	}
	var l *Library
	var err error
	// They are read in the first product, which is in verify.
	variables := map[string]string{"MKL_THREADING_LAYER": "SEQUENTIAL", "MKL_INTERFACE_LAYER": "LP64"}
	withVariables(variables, func() {
		var h uintptr
		if h, err = load(path); err != nil {
			return
		}
		var r *routines
		if r, err = lookupRoutines(h, "", "gemm_bf16bf16f32_"); err != nil {
			return
		}
		for name, value := range map[string]uintptr{"MKL_Set_Interface_Layer": 0, "MKL_Set_Threading_Layer": 1} { // LP64, sequential
			if set, err := lookup(h, name); err == nil {
				purego.SyscallN(set, value)
			}
		}
		l = &Library{Path: path, kind: "MKL", Version: mklVersion(h), native: r}
		err = l.verify()
	})
	if err != nil {
		return nil, fmt.Errorf("blas: MKL: %s: %w", path, err)
	}
	return l, nil
}

var versionPattern = regexp.MustCompile(`Version ([0-9.]+)`)

// mklVersion returns the number in "Intel(R) oneAPI Math Kernel Library Version
// 2026.2-Product Build 20260901 for Intel(R) 64 architecture applications".
func mklVersion(h uintptr) string {
	get, err := lookup(h, "MKL_Get_Version_String")
	if err != nil {
		return ""
	}
	b := make([]byte, 256)
	purego.SyscallN(get, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)-1))
	b, _, _ = bytes.Cut(b, []byte{0})
	if m := versionPattern.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}
