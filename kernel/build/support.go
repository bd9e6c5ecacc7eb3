package build

import (
	"fmt"
	"runtime"
)

// Supported returns an error that says what to do where Go cannot load plugins, and with them cells.
func Supported() error { return supported(runtime.GOOS) }

func supported(system string) error {
	switch system {
	case "linux", "darwin", "freebsd":
		return nil
	case "windows":
		return fmt.Errorf("cells cannot run on Windows, where Go has no plugins; use WSL (wsl --install) and run this there")
	}
	return fmt.Errorf("cells cannot run on %s, where Go has no plugins; they can on Linux, macOS and FreeBSD", system)
}
