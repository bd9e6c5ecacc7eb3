package importer

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrNoPynucastro is wrapped by the error of Find.
var ErrNoPynucastro = errors.New("pynucastro not found")

// Find asks a Python interpreter, python3 if the name is empty, for the directory of its pynucastro, without importing it.
func Find(python string) (string, error) {
	if python == "" {
		python = "python3"
	}
	const script = "import importlib.util as u; s = u.find_spec('pynucastro'); print(s.submodule_search_locations[0] if s else '')"
	b, err := exec.Command(python, "-c", script).Output()
	if err != nil {
		return "", fmt.Errorf("importer: %s: %w: %w", python, ErrNoPynucastro, err)
	}
	if dir := strings.TrimSpace(string(b)); dir != "" {
		return dir, nil
	}
	return "", fmt.Errorf("importer: %s: %w: install it with %s -m pip install pynucastro==%s", python, ErrNoPynucastro, python, Version)
}
