package blas

import (
	"errors"
	"syscall"
)

// program stands for everything that the program has loaded; Windows has no such handle.
const program = 0

func load(path string) (uintptr, error) {
	h, err := syscall.LoadLibrary(path)
	return uintptr(h), err
}

func lookup(library uintptr, name string) (uintptr, error) {
	if library == program {
		return 0, errors.New("not to be found")
	}
	return syscall.GetProcAddress(syscall.Handle(library), name)
}
