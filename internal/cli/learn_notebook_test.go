package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/kernel/notebook"
)

// TestLearningNotebooks runs the notebooks on training with little to learn: every cell succeeds, and nets, losses, sweeps and
// scores are shown.
func TestLearningNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the cells of notebooks")
	}
	for _, c := range []struct {
		name            string
		settings        []string
		cells, pictures int
		shows           []string
	}{
		{"training.ipynb", []string{"samples=40", "unseen=8", "epochs=3"}, 20, 5,
			[]string{"Loss against epoch over 3 epochs", "nothing happens", "12 of 12 ended", "| layers | seed |", "# Emulator of mesa_80", "inside the range of the data"}},
		{"ablation.ipynb", []string{"runs=40", "tracks=12", "unseen=8", "epochs=1", "layers=1", "width=16"}, 12, 1,
			[]string{"6 of 6 ended", "nothing left out", "without relaxed", "| equilibrium |"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, err := os.ReadFile(filepath.Join(testenv.Repo(), "notebooks", c.name))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir() // its data go beside it
			if err := os.WriteFile(filepath.Join(dir, c.name), whole, 0o644); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, "out.ipynb")
			args := []string{"run", filepath.Join(dir, c.name), "-o", out, "--timeout", "10m"}
			for _, s := range c.settings {
				args = append(args, "-p", s)
			}
			var stdout, stderr bytes.Buffer
			if status := Main(context.Background(), args, &stdout, &stderr, nil, testenv.Repo()); status != exitOK {
				t.Fatalf("status %d: %s", status, &stderr)
			}
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			nb, err := notebook.Read(out)
			if err != nil {
				t.Fatal(err)
			}
			if len(nb.Cells) < c.cells || bytes.Count(text, []byte(`"image/svg+xml": [`)) < c.pictures {
				t.Errorf("%d cells and few pictures", len(nb.Cells))
			}
			for _, want := range c.shows {
				if !strings.Contains(string(text), want) {
					t.Errorf("no %q in what the notebook shows", want)
				}
			}
		})
	}
}
