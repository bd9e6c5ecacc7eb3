package browsertest

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nuclab/internal/testenv"
	"nuclab/kernel/lab"
)

//go:embed jupyter_kernel_test.py
var suite string

// installKernel registers this test binary as the kernel in a new Jupyter folder, and returns that and the environment
// in which Jupyter's programs find it.
func installKernel(t *testing.T) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	kernel := lab.Kernel{Binary: self, Env: map[string]string{"NUCLAB_CACHE": filepath.Join(home, "cache"), sourceVariable: testenv.Repo()}}
	if _, err := lab.InstallKernel(filepath.Join(home, "kernels"), kernel); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "JUPYTER_PATH="+home, "JUPYTER_DATA_DIR="+home, "JUPYTER_RUNTIME_DIR="+filepath.Join(home, "runtime"),
		"JUPYTER_CONFIG_DIR="+filepath.Join(home, "config"))
}

// TestJupyterKernelTest runs Jupyter's own kernel tests; none of them may be skipped.
func TestJupyterKernelTest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs cells")
	}
	python := testenv.Python(t, "jupyter_kernel_test")
	file := filepath.Join(t.TempDir(), "nuclab_kernel_test.py") // a name of its own: it imports jupyter_kernel_test
	if err := os.WriteFile(file, []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, file)
	cmd.Env, cmd.Dir = installKernel(t), t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\nOK\n") {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Count(string(out), " ... ok\n") < 13 {
		t.Errorf("fewer tests than the suite has:\n%s", out)
	}
}
