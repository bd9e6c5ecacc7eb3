//go:build !windows

package blas

import "github.com/ebitengine/purego"

// program stands for everything that the program has loaded.
const program = purego.RTLD_DEFAULT

func load(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

func lookup(library uintptr, name string) (uintptr, error) { return purego.Dlsym(library, name) }
