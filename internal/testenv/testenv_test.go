package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRepoHoldsTheModule(t *testing.T) {
	if _, err := os.Stat(filepath.Join(Repo(), "environment.yml")); err != nil {
		t.Fatal(err)
	}
}

func TestPythonHasTheTestsPackages(t *testing.T) {
	python := Python(t, "pynucastro", "pyarrow", "jupyterlab")
	out, err := exec.Command(python, "-c", `import importlib.metadata as m
print(m.version("pynucastro"), m.version("jupyter_kernel_test"), m.version("scipy_openblas32"))
import pyarrow, numpy, scipy, safetensors`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.HasPrefix(string(out), "3.1.0 0.7.0 0.3.34") {
		t.Errorf("versions %s", out)
	}
}
