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
		{"training", []string{"samples=40", "unseen=8", "epochs=3"}, 20, 5,
			[]string{"Loss against epoch over 3 epochs", "nothing happens", "12 of 12 ended", "| layers | seed |", "# Emulator of mesa_80", "inside the range of the data"}},
		{"ablation", []string{"runs=40", "tracks=12", "unseen=8", "epochs=1", "layers=1", "width=16"}, 12, 1,
			[]string{"6 of 6 ended", "nothing left out", "without relaxed", "| equilibrium |"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, nb := runNotebook(t, t.TempDir(), c.name, c.settings...)
			if len(nb.Cells) < c.cells || strings.Count(text, `"image/svg+xml": [`) < c.pictures {
				t.Errorf("%d cells and few pictures", len(nb.Cells))
			}
			for _, want := range c.shows {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in what the notebook shows", want)
				}
			}
		})
	}
}

// runNotebook runs a copy in dir, where its data and figures go too, of one of the repository's notebooks, with parameters
// "key=value", and returns its text and cells.
func runNotebook(t *testing.T, dir, name string, parameters ...string) (text string, nb *notebook.Notebook) {
	t.Helper()
	whole, err := os.ReadFile(filepath.Join(testenv.Repo(), "notebooks", name+".ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(dir, name+".ipynb"), filepath.Join(dir, name+".out.ipynb")
	if err := os.WriteFile(in, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", in, "-o", out, "--timeout", "10m"}
	for _, p := range parameters {
		args = append(args, "-p", p)
	}
	var stdout, stderr bytes.Buffer
	if status := Main(context.Background(), args, &stdout, &stderr, nil, testenv.Repo()); status != exitOK {
		t.Fatalf("%s: status %d: %s", name, status, &stderr)
	}
	shown, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if nb, err = notebook.Read(out); err != nil {
		t.Fatal(err)
	}
	return string(shown), nb
}

// exported wants a figure in all its formats below dir.
func exported(t *testing.T, dir, figure string) {
	t.Helper()
	for _, ext := range []string{".pdf", ".svg", ".png", ".csv", ".json"} {
		if _, err := os.Stat(filepath.Join(dir, "figures", figure+ext)); err != nil {
			t.Error(err)
		}
	}
}
