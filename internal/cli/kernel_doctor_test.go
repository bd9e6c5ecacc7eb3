package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoctorClean(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("NUCLAB_CACHE", cache)
	for _, name := range []string{"build/cells/a/cell.so", "modules/b/go.mod", "python/bin/python", "history.jsonl"} {
		path := filepath.Join(cache, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr strings.Builder
	if status := Main(context.Background(), []string{"kernel", "doctor", "--clean"}, &stdout, &stderr, nil, ""); status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	if !strings.Contains(stdout.String(), "removed 2.0 MB") {
		t.Errorf("says %q", stdout.String())
	}
	for name, want := range map[string]bool{"build": false, "modules": false, "python/bin/python": true, "history.jsonl": true} {
		if _, err := os.Stat(filepath.Join(cache, filepath.FromSlash(name))); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without tools every part that is missing is named with what to do, and the status is that of a failure.
func TestDoctorWithoutTools(t *testing.T) {
	t.Setenv("NUCLAB_CACHE", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CC", "")
	environment := []byte("name: nuclab\ndependencies:\n  - jupyterlab==4.6.6\n")
	var stdout, stderr strings.Builder
	if status := Main(context.Background(), []string{"kernel", "doctor", "--format", "json"}, &stdout, &stderr, environment, ""); status != 1 {
		t.Errorf("status %d: %s", status, stderr.String())
	}
	var checks []struct {
		Name, Detail, Fix string
		OK                bool
	}
	if err := json.Unmarshal([]byte(stdout.String()), &checks); err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	bad := make(map[string]bool)
	for _, c := range checks {
		if bad[c.Name] = !c.OK; !c.OK && c.Fix == "" {
			t.Errorf("%s: nothing to do about %q", c.Name, c.Detail)
		}
	}
	for _, name := range []string{"Go", "C compiler", "Python", "a cell"} {
		if !bad[name] {
			t.Errorf("%s is said to be good", name)
		}
	}
	if bad["loopback"] || bad["cache"] {
		t.Errorf("the loopback address or the cache is said to be bad: %s", stdout.String())
	}
}
