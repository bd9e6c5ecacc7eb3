package blas

import (
	"errors"
	"os"
	"path/filepath"
)

// find returns the first library of the search order, gonum where there is none.
// The error says why it is not a faster one.
func find() (*Library, error) {
	mkl, openblas := os.Getenv("NUCLAB_MKL"), os.Getenv("NUCLAB_OPENBLAS")
	var failed error
	switch {
	case mkl == "none":
	case mkl != "":
		l, err := OpenMKL(mkl)
		if err == nil {
			return l, nil
		}
		failed = err
	case openblas == "":
		for _, p := range foundMKL() {
			if l, err := OpenMKL(p); err == nil {
				return l, nil
			}
		}
	}
	l, err := findOpenBLAS(openblas)
	if err != nil {
		return gonumLibrary, errors.Join(failed, err)
	}
	return l, failed
}

func findOpenBLAS(wanted string) (*Library, error) {
	if wanted == "none" {
		return nil, errors.New("NUCLAB_OPENBLAS=none")
	}
	if wanted != "" {
		return Open(wanted)
	}
	for _, p := range append(packagedOpenBLAS(), systemNames...) {
		if l, err := Open(p); err == nil {
			return l, nil
		}
	}
	return nil, errors.New("neither the scipy-openblas32 package nor libopenblas was found")
}

// environments are the Python environments that a user of this process may
// have: the active ones, then nuclab's own.
func environments() []string {
	var roots []string
	for _, name := range []string{"CONDA_PREFIX", "VIRTUAL_ENV"} {
		if r := os.Getenv(name); r != "" {
			roots = append(roots, r)
		}
	}
	if c := os.Getenv("NUCLAB_CACHE"); c != "" {
		roots = append(roots, filepath.Join(c, "python"))
	} else if c, err := os.UserCacheDir(); err == nil {
		roots = append(roots, filepath.Join(c, "nuclab", "python"))
	}
	return roots
}
