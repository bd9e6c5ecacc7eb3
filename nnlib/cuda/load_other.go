//go:build !linux

package cuda

import (
	"fmt"
	"runtime"
)

func load(path string) (uintptr, error) {
	return 0, fmt.Errorf("CUDA is used on Linux only, not on %s", runtime.GOOS)
}

func lookup(uintptr, string) (uintptr, error) { return 0, nil }
