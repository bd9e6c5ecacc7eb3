package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asNuclab makes this test's binary the command, for programs that call it.
const asNuclab = "NUCLAB_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asNuclab) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := Main(ctx, os.Args[1:], os.Stdout, os.Stderr, nil, "")
	stop()
	os.Exit(status)
}

// TestDatasetKilled: a set whose making was killed twice and interrupted once, each time in the middle of a file, has the
// bytes of one made in one go, and what was finished is not made again.
func TestDatasetKilled(t *testing.T) {
	root := t.TempDir()
	rows := []string{"--samples", "120", "--per-file", "8", "--seed", "6", "--times", "1e-6,1"}
	one, out := filepath.Join(root, "one"), filepath.Join(root, "set")
	must(t, append([]string{"dataset", "generate", "--out", one}, rows...)...)

	finished := map[string]time.Time{}
	for _, end := range []struct {
		files  int
		signal os.Signal
		status string
		says   string
	}{
		{2, syscall.SIGKILL, "signal: killed", ""},
		{5, syscall.SIGKILL, "signal: killed", ""},
		{8, syscall.SIGINT, "exit status 130", "--resume"},
	} {
		cmd := exec.Command(os.Args[0], append([]string{"dataset", "generate", "--out", out, "--resume", "--threads", "1"}, rows...)...)
		cmd.Env = append(os.Environ(), asNuclab+"=1")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait(t, fmt.Sprintf("%d files", end.files), func() bool {
			_, err := os.Stat(filepath.Join(out, fmt.Sprintf("part-%06d.parquet", end.files-1)))
			return err == nil
		})
		cmd.Process.Signal(end.signal)
		if err := cmd.Wait(); err == nil || err.Error() != end.status || !strings.Contains(stderr.String(), end.says) {
			t.Fatalf("after %v: %v, %s", end.signal, err, &stderr)
		}
		parts, err := filepath.Glob(filepath.Join(out, "part-*.parquet"))
		if err != nil || len(parts) < end.files || len(parts) == 15 {
			t.Fatalf("after %v: %d of 15 files, %v", end.signal, len(parts), err)
		}
		for _, path := range parts {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := finished[path]; ok && !before.Equal(info.ModTime()) {
				t.Errorf("%s was made again", path)
			}
			finished[path] = info.ModTime()
		}
	}
	must(t, append([]string{"dataset", "generate", "--out", out, "--resume"}, rows...)...)
	sameFolder(t, one, out)
	must(t, "dataset", "verify", out)
}
