package dataset

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nuclab/internal/testenv"
)

// TestFullDisk: on a disk that gets full in the middle Generate stops, says how much it needs, keeps the files that are
// finished and leaves nothing half-written; with space again it goes on to the bytes of a set made in one go.
func TestFullDisk(t *testing.T) {
	limit := testenv.FullDisk(t)
	if limit == nil {
		return
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
		restore := func() {}
		_, err := Generate(context.Background(), dir, s, func(done, _ int) {
			if done == c.after {
				restore = limit(10_000)
			}
		})
		restore()
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
