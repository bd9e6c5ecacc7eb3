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

// TestTrainingNotebook runs the notebook on training with little to learn: every cell succeeds, the loss is drawn while the
// net learns, and nets, sweep and card are shown.
func TestTrainingNotebook(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the cells of a notebook")
	}
	const name = "training.ipynb"
	whole, err := os.ReadFile(filepath.Join(testenv.Repo(), "notebooks", name))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() // its data go beside it
	if err := os.WriteFile(filepath.Join(dir, name), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.ipynb")
	var stdout, stderr bytes.Buffer
	if status := Main(context.Background(), []string{"run", filepath.Join(dir, name), "-o", out, "--timeout", "10m",
		"-p", "samples=40", "-p", "unseen=8", "-p", "epochs=3"}, &stdout, &stderr, nil, testenv.Repo()); status != exitOK {
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
	if len(nb.Cells) < 20 || bytes.Count(text, []byte(`"image/svg+xml": [`)) < 5 {
		t.Errorf("%d cells and few pictures", len(nb.Cells))
	}
	for _, want := range []string{"Loss against epoch over 3 epochs", "nothing happens", "12 of 12 ended", "| layers | seed |", "# Emulator of mesa_80", "inside the range of the data"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in what the notebook shows", want)
		}
	}
}
