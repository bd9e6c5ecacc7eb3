package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Python is a Python environment that can run JupyterLab.
type Python struct {
	// Interpreter is the path of the python program.
	Interpreter string
	// Prefix is the folder of the environment.
	Prefix string
	// Conda says that this is the user's active conda environment, which is used as it is.
	Conda bool
	// Missing lists the requirements that a conda environment lacks, in the words of environment.yml.
	Missing []string
}

// Script returns the path of one of the environment's programs, such as jupyter-lab.
func (p *Python) Script(name string) string { return filepath.Join(binDir(p.Prefix), name) }

// Environment returns the Python environment to use: the active conda or mamba environment as it is, else the
// private one in the cache directory, which it makes if need be (see [Venv]). Conda's base is nobody's project
// environment and is not used. The error for a conda environment without JupyterLab names the command that mends it; what else it lacks is
// told on log.
func Environment(ctx context.Context, cache string, spec Spec, log io.Writer) (*Python, error) {
	if p, name := activeConda(); p != nil {
		if err := p.findMissing(ctx, spec.Pip); err != nil {
			return nil, err
		}
		if len(p.Missing) == 0 {
			return p, nil
		}
		mend := fmt.Sprintf("the conda environment %s lacks %s; install with: conda env update -n %s -f environment.yml",
			name, strings.Join(p.Missing, ", "), name)
		for _, m := range p.Missing {
			if requirementName(m) == "jupyterlab" {
				return nil, errors.New("lab: " + mend)
			}
		}
		fmt.Fprintln(log, mend)
		return p, nil
	}
	prefix := filepath.Join(cache, "python")
	python, err := Venv(ctx, prefix, spec.Pip, log)
	if err != nil {
		return nil, err
	}
	return &Python{Interpreter: python, Prefix: prefix}, nil
}

// activeConda returns the active conda environment and its name, or nil.
func activeConda() (*Python, string) {
	prefix, name := os.Getenv("CONDA_PREFIX"), os.Getenv("CONDA_DEFAULT_ENV")
	if prefix == "" || name == "base" {
		return nil, ""
	}
	if name == "" {
		name = filepath.Base(prefix)
	}
	python := interpreter(prefix)
	if _, err := os.Stat(python); err != nil {
		return nil, "" // an environment without Python holds nothing for us
	}
	return &Python{Interpreter: python, Prefix: prefix, Conda: true}, name
}

// findMissing sets p.Missing to the requirements whose package is not installed. Other versions than those asked for are the
// user's choice.
func (p *Python) findMissing(ctx context.Context, requirements []string) error {
	const probe = `import importlib.metadata, json
print(json.dumps(sorted({d.metadata["Name"] or "" for d in importlib.metadata.distributions()})))`
	out, err := exec.CommandContext(ctx, p.Interpreter, "-c", probe).Output()
	if err != nil {
		return fmt.Errorf("lab: %s does not run: %w", p.Interpreter, err)
	}
	var names []string
	if err := json.Unmarshal(out, &names); err != nil {
		return fmt.Errorf("lab: %s: %w", p.Interpreter, err)
	}
	installed := map[string]bool{}
	for _, n := range names {
		installed[requirementName(n)] = true
	}
	p.Missing = nil
	for _, r := range requirements {
		if !installed[requirementName(r)] {
			p.Missing = append(p.Missing, r)
		}
	}
	return nil
}
