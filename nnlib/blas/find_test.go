package blas

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenMKLSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	lonely := filepath.Join(dir, "libmkl_rt.so.3")
	if err := os.WriteFile(lonely, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenMKL(lonely); err == nil || !strings.Contains(err.Error(), "mkl_core") {
		t.Errorf("opening an MKL without its other files: %v", err)
	}
	for _, part := range []string{"core", "intel_lp64", "sequential", "def"} {
		if err := os.WriteFile(filepath.Join(dir, "libmkl_"+part+".so.3"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenMKL(lonely); err == nil || !strings.Contains(err.Error(), lonely) {
		t.Errorf("opening a file that is no library: %v", err)
	}
	if _, err := OpenMKL(filepath.Join(dir, "absent.so")); err == nil || !strings.Contains(err.Error(), "absent.so") {
		t.Errorf("opening a missing file: %v", err)
	}
}

func TestFindHeedsTheEnvironment(t *testing.T) {
	t.Setenv("NUCLAB_MKL", "none")
	t.Setenv("NUCLAB_OPENBLAS", "none")
	if l, err := find(); l.Native() || err == nil || !strings.Contains(err.Error(), "NUCLAB_OPENBLAS=none") {
		t.Errorf("with neither: %s, %v", l.Name(), err)
	}
	t.Setenv("NUCLAB_MKL", "/no/such/mkl.so")
	if l, err := find(); l.Native() || err == nil || !strings.Contains(err.Error(), "/no/such/mkl.so") {
		t.Errorf("with an MKL that is not there: %s, %v", l.Name(), err)
	}
	t.Setenv("NUCLAB_OPENBLAS", "")
	if l, err := find(); l.kind == "MKL" || err == nil || !strings.Contains(err.Error(), "/no/such/mkl.so") {
		t.Errorf("with an MKL that is not there, OpenBLAS in its place: %s, %v", l.Name(), err)
	}
	if l := mkl(); l != nil {
		t.Setenv("NUCLAB_MKL", l.Path)
		if got, err := find(); err != nil || got.kind != "MKL" || got.Version == "" || !strings.Contains(got.Name(), l.Path) {
			t.Errorf("%s was asked for and %s found, %v", l.Path, got.Name(), err)
		}
	}
}

func TestFindLooksForMKLInEnvironments(t *testing.T) {
	root := t.TempDir()
	want := filepath.Join(root, "lib", "libmkl_rt.so.3")
	if err := os.MkdirAll(filepath.Dir(want), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(want, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX", "MKLROOT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, root)
			for _, p := range foundMKL() {
				if p == want {
					return
				}
			}
			t.Errorf("not among %v", foundMKL())
		})
	}
}
