package dataset

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk: on a disk that gets full in the middle Generate stops, says how much it needs, keeps the files that are
// finished and leaves nothing half-written; with space again it goes on to the bytes of a set made in one go. A limit of
// the process's plays the full disk. It would stop the test's own log too, so a process of its own has it.
func TestFullDisk(t *testing.T) {
	const child = "NUCLAB_TEST_FULL_DISK"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestFullDisk") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: old.Max}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		after int // samples
		kept  []string
	}{
		"first file":  {1, nil},
		"second file": {5, []string{"part-000000.parquet"}},
	} {
		dir := t.TempDir()
		s := quick()
		_, err := Generate(context.Background(), dir, s, func(done, _ int) {
			if done == c.after {
				limit(10_000)
			}
		})
		limit(old.Cur)
		if !errors.Is(err, ErrSpace) || !strings.Contains(err.Error(), "kB more") || !strings.Contains(err.Error(), "part-00000") {
			t.Errorf("%s: %v", name, err)
		}
		for file := range files(t, dir) {
			if strings.HasPrefix(file, temporary) {
				t.Errorf("%s: %s was left behind", name, file)
			}
		}
		for _, file := range c.kept {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "part-000002.parquet")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: Generate went on: %v", name, err)
		}
		s.Resume = true
		if _, err := Generate(context.Background(), dir, s, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		requireSame(t, dir)
	}
}
