package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrNoPython says that this machine has no Python that can make a virtual environment. Its text says how to get one.
var ErrNoPython = errors.New("no usable Python")

// oldestPython is the oldest minor version of Python 3 that JupyterLab runs on.
const oldestPython = 10

// FindPython returns a Python interpreter of version 3.10 or newer that can make virtual environments. NUCLAB_PYTHON
// names one; else the usual names are tried in PATH. The error says what is missing and the command that installs it.
func FindPython(ctx context.Context) (string, error) {
	names := []string{"python3", "python"}
	for minor := 20; minor >= oldestPython; minor-- {
		names = append(names, fmt.Sprintf("python3.%d", minor))
	}
	if p := os.Getenv("NUCLAB_PYTHON"); p != "" {
		names = []string{p}
	}
	var tooOld, noVenv string
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		const probe = `import sys
print("%d %d" % sys.version_info[:2])
try:
    import venv, ensurepip
    print("venv")
except ImportError:
    pass`
		out, err := exec.CommandContext(ctx, path, "-c", probe).Output()
		if err != nil {
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			continue
		}
		var major, minor int
		var venv string
		fmt.Sscan(string(out), &major, &minor, &venv)
		switch {
		case major < 3 || major == 3 && minor < oldestPython:
			tooOld = fmt.Sprintf("%s is Python %d.%d", path, major, minor)
		case venv == "":
			noVenv = path
		default:
			return path, nil
		}
	}
	switch {
	case noVenv != "":
		return "", fmt.Errorf("lab: %w: %s lacks its venv module; install it: %s", ErrNoPython, noVenv, installHint("python3-venv"))
	case tooOld != "":
		return "", fmt.Errorf("lab: %w: %s, but JupyterLab needs 3.%d or newer; install it: %s", ErrNoPython, tooOld, oldestPython, installHint("python3"))
	case os.Getenv("NUCLAB_PYTHON") != "":
		return "", fmt.Errorf("lab: %w: NUCLAB_PYTHON=%s does not run", ErrNoPython, os.Getenv("NUCLAB_PYTHON"))
	}
	return "", fmt.Errorf("lab: %w: no python3 in PATH; install it: %s", ErrNoPython, installHint("python3"))
}

// installHint returns the command that installs a thing ("python3", "python3-venv", "gcc") on this kind of machine.
func installHint(thing string) string {
	packages := map[string]map[string]string{
		"apt-get": {"python3": "sudo apt install python3 python3-venv", "python3-venv": "sudo apt install python3-venv", "gcc": "sudo apt install gcc"},
		"dnf":     {"python3": "sudo dnf install python3", "python3-venv": "sudo dnf install python3", "gcc": "sudo dnf install gcc"},
		"pacman":  {"python3": "sudo pacman -S python", "python3-venv": "sudo pacman -S python", "gcc": "sudo pacman -S gcc"},
		"zypper":  {"python3": "sudo zypper install python3", "python3-venv": "sudo zypper install python3", "gcc": "sudo zypper install gcc"},
		"apk":     {"python3": "sudo apk add python3", "python3-venv": "sudo apk add python3", "gcc": "sudo apk add gcc musl-dev"},
		"brew":    {"python3": "brew install python", "python3-venv": "brew install python", "gcc": "xcode-select --install"},
	}
	for _, manager := range []string{"apt-get", "dnf", "pacman", "zypper", "apk", "brew"} {
		if _, err := exec.LookPath(manager); err == nil {
			return packages[manager][thing]
		}
	}
	if thing == "gcc" {
		return "a C compiler from your system's packages"
	}
	return "https://www.python.org/downloads/"
}

// binDir returns the folder of an environment's programs.
func binDir(prefix string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(prefix, "Scripts")
	}
	return filepath.Join(prefix, "bin")
}

// interpreter returns the Python of the virtual environment in prefix.
func interpreter(prefix string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(binDir(prefix), "python.exe")
	}
	return filepath.Join(binDir(prefix), "python")
}

// lastLines returns the last n lines of text that are not blank, for an error message.
func lastLines(text string, n int) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n "); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
