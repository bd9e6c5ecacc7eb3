package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Beside a model stands the course of its training, and what an interrupted one left is not lost by the next.
func TestTrainingLeaves(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	must(t, "dataset", "generate", "--samples", "12", "--times", "1e-6", "--out", data)
	train := func(flags ...string) []string {
		return append([]string{"train", "--data", data, "--out", filepath.Join(dir, "model.safetensors"),
			"-p", "epochs=2", "-p", "width=8", "-p", "layers=1", "-p", "schedule=cosine"}, flags...)
	}
	must(t, train()...)
	history, err := os.ReadFile(filepath.Join(dir, "model.dt1e-06.csv"))
	if err != nil || strings.Count(string(history), "\n") != 3 || !strings.HasPrefix(string(history), "epoch,training_total,") {
		t.Errorf("history: %v, %q", err, history)
	}
	left := filepath.Join(dir, "model.dt1e-06.training")
	if _, err := os.Stat(left); err == nil {
		t.Error("a finished training left its state")
	}
	if err := os.WriteFile(left, []byte("state"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, _, err := nuclab(train()...); status != exitUsage || !strings.Contains(err, left) || !strings.Contains(err, "--resume") {
		t.Errorf("state of another training: status %d, %s", status, err)
	}
	if status, _, err := nuclab(train("--resume")...); status == 0 || !strings.Contains(err, left) {
		t.Errorf("a damaged state: status %d, %s", status, err)
	}
}
