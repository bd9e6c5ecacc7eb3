package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPhysicalNet: one net from two data sets answers for every time between their states, and is scored for those that
// data have.
func TestPhysicalNet(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, times := range map[string]string{"a": "1e-4,2e-4", "b": "1e-3,2e-3"} {
		must(t, "dataset", "generate", "--samples", "16", "--generator", "small-net", "--times", times, "--out", file(name))
	}
	must(t, "dataset", "generate", "--samples", "2", "--times", "1", "--out", file("late"))
	model := file("m.safetensors")
	must(t, "train", "--data", file("a"), "--data", file("b"), "--out", model, "-p", "net=physical", "-p", "width=8", "-p", "layers=1", "-p", "epochs=1", "-p", "validation=0.3")
	var doc struct {
		Samples []struct {
			T           float64  `json:"t"`
			Uncertainty *float64 `json:"uncertainty"`
		}
	}
	if err := json.Unmarshal([]byte(must(t, "predict", "--model", model, "-T", "5e9", "--rho", "1e8", "-x", "si28=1", "-t", "3e-4,7e-4", "--format", "json")), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Samples) != 2 || doc.Samples[1].T != 7e-4 || doc.Samples[0].Uncertainty == nil || *doc.Samples[0].Uncertainty <= 0 {
		t.Errorf("answers %+v", doc)
	}
	var score struct{ Times []struct{ T float64 } }
	if err := json.Unmarshal([]byte(must(t, "evaluate", "--model", model, "--data", file("b"), "--format", "json")), &score); err != nil {
		t.Fatal(err)
	}
	if len(score.Times) != 2 || score.Times[1].T != 2e-3 {
		t.Errorf("scores %+v", score)
	}
	if card := must(t, "model", "info", model); !strings.Contains(card, "for all times") {
		t.Errorf("card:\n%s", card)
	}
	must(t, "export", "--model", model, "--onnx", file("m.onnx"))
	if text, err := os.ReadFile(file("m.onnx")); err != nil || !strings.Contains(string(text), "expected_error") {
		t.Errorf("onnx: %v", err)
	}
	// A sweep learns from both as well.
	table := must(t, "train", "--data", file("a"), "--data", file("b"), "--out", file("sweep"), "-p", "net=physical", "-p", "layers=1", "-p", "epochs=1",
		"-p", "validation=0.3", "--sweep", "width=8,9")
	models, err := filepath.Glob(file("sweep/*-physical-*.safetensors"))
	if err != nil || len(models) != 2 || !strings.HasPrefix(table, "width") {
		t.Errorf("%v, %v, table:\n%s", err, models, table)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"predict", "--model", model, "-T", "5e9", "--rho", "1e8", "-x", "si28=1", "-t", "1"}, "0.0001 to 0.002"},
		{[]string{"evaluate", "--model", model, "--data", file("late")}, "0.0001 to 0.002"},
		{[]string{"train", "--data", file("a"), "--data", file("b"), "--out", file("x")}, "net=physical"},
		{[]string{"train", "--data", file("a"), "--out", file("x"), "-p", "net=physical", "-p", "dt=1e-4"}, "all times"},
		{[]string{"train", "--data", file("a"), "--out", file("x"), "-p", "net=physical", "-p", "without=luck"}, "equilibrium"},
	} {
		status, _, stderr := nuclab(c.args...)
		if status != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d, %s", c.args, status, stderr)
		}
	}
}
