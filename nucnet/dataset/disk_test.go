package dataset

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTooSmallADisk: a disk too small is refused before anything is burnt.
func TestTooSmallADisk(t *testing.T) {
	s := quick()
	s.Samples = 1 << 40
	if _, err := Generate(context.Background(), t.TempDir(), s, nil); !errors.Is(err, ErrSpace) || !strings.Contains(err.Error(), "PB") {
		t.Errorf("more than any disk holds: %v", err)
	}
}

// TestReadOnly: a folder that nothing can be written to is named.
func TestReadOnly(t *testing.T) {
	for _, dir := range []string{"/proc/nuclab", "/sys/nuclab"} {
		if _, err := os.Stat(filepath.Dir(dir)); err != nil {
			continue
		}
		if _, err := Generate(context.Background(), dir, quick(), nil); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
