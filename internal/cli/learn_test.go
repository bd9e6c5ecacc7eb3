package cli

import (
	"encoding/json"
	"math"
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

// A test set scores a model beside the small network and other rivals.
func TestEvaluateCommand(t *testing.T) {
	dir := t.TempDir()
	data, test, model := filepath.Join(dir, "data"), filepath.Join(dir, "test"), filepath.Join(dir, "model.safetensors")
	must(t, "dataset", "generate", "--samples", "8", "--times", "1e-6", "--out", data)
	must(t, "dataset", "generate", "--protocol", "clean", "--samples", "3", "--times", "1e-6", "--out", test)
	must(t, "train", "--data", data, "--out", model, "-p", "epochs=1", "-p", "width=8", "-p", "layers=1")
	var e struct {
		Protocol string
		Samples  int
		Times    []struct{ NNN, Approx21, Nothing, NSE, Nearest *struct{ Ye float64 } }
	}
	text := must(t, "evaluate", "--model", model, "--data", test, "--train", data, "--nse", "--small-net", "--format", "json")
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Protocol != "clean" || e.Samples != 3 || len(e.Times) != 1 {
		t.Fatalf("%v, %.300s", err, text)
	}
	if r := e.Times[0]; r.NNN == nil || r.Approx21 == nil || r.Nothing == nil || r.NSE == nil || r.Nearest == nil {
		t.Errorf("%.300s", text)
	}
	table := must(t, "evaluate", "--model", model, "--data", test, "--details")
	for _, want := range []string{"protocol clean", "network", "small net", "no change", "|dYe| median", "charge", "worst", "from [K]", "\nsi28 "} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	// onnxruntime reads what nnlib writes in a test there.
	onnx, copied := filepath.Join(dir, "model.onnx"), filepath.Join(dir, "copy.safetensors")
	must(t, "export", "--model", model, "--onnx", onnx, "--safetensors", copied)
	if text, err := os.ReadFile(onnx); err != nil || !strings.Contains(string(text), "ye_end") {
		t.Errorf("onnx: %v", err)
	}
	if a, _ := os.ReadFile(model); string(a) == "" {
		t.Error("no model")
	} else if b, _ := os.ReadFile(copied); string(a) != string(b) {
		t.Error("the copy of a model differs from it")
	}
	if status, _, err := nuclab("export", "--model", model); status != exitUsage || !strings.Contains(err, "onnx") {
		t.Errorf("export to nothing: status %d, %s", status, err)
	}
	// Other sets have no answers of the small network: it burns their states.
	text = must(t, "evaluate", "--model", model, "--data", data, "--small-net", "--format", "json")
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Times[0].Approx21 == nil || e.Times[0].Approx21.Ye > 0.05 {
		t.Errorf("%v, %.300s", err, text)
	}
}

// TestEvaluateSteps follows states over many steps.
func TestEvaluateSteps(t *testing.T) {
	dir := t.TempDir()
	data, model := filepath.Join(dir, "data"), filepath.Join(dir, "model.safetensors")
	must(t, "dataset", "generate", "--samples", "8", "--times", "1e-6", "--out", data)
	must(t, "train", "--data", data, "--out", model, "-p", "epochs=1", "-p", "width=8", "-p", "layers=1")
	type errors struct {
		Burnt  float64
		Errors []struct {
			Step int
			T    float64
			Ye   struct{ Median, Worst float64 }
		}
		Growth struct{ Ye struct{ Exponent *float64 } }
	}
	var doc struct {
		Schema                         string
		Steps, Starts                  int
		NNN, Hybrid, Approx21, Nothing *errors
	}
	text := must(t, "evaluate", "--model", model, "--steps", "30", "--dt", "1e-6", "--data", data, "--samples", "3", "--hybrid=1e-3", "--small-net", "--format", "json")
	if err := json.Unmarshal([]byte(text), &doc); err != nil || doc.Schema != "nuclab.steps/1" || doc.Steps != 30 || doc.Starts != 3 ||
		doc.NNN == nil || doc.Hybrid == nil || doc.Approx21 == nil || doc.Nothing == nil {
		t.Fatalf("%v, %.300s", err, text)
	}
	if e := doc.NNN.Errors; len(e) != 6 || e[5].Step != 30 || math.Abs(e[5].T-3e-5) > 1e-12 || e[5].Ye.Worst < e[5].Ye.Median || doc.NNN.Growth.Ye.Exponent == nil {
		t.Errorf("%+v", e)
	}
	// Weak reactions are too slow to be seen in 30 microseconds, a net that has learnt nothing is wrong at once.
	if still, net := doc.Nothing.Errors[5].Ye.Median, doc.NNN.Errors[5].Ye.Median; still > 1e-4 || net < 1e-3 {
		t.Errorf("|dYe| of a poor net is %g, of no change %g", net, still)
	}
	state := []string{"-T", "4e9", "--rho", "1e8", "-x", "si28=1"}
	table := must(t, append([]string{"evaluate", "--model", model, "--steps", "2", "--dt", "1e-6"}, state...)...)
	for _, want := range []string{"from 1 state of mesa_80", "no change", "systematic"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	for want, args := range map[string][]string{
		"goes with --steps":         state,
		"does not go":               append([]string{"--steps", "2", "--nse"}, state...),
		"-3, want 1":                append([]string{"--steps", "-3"}, state...),
		"the model has 1e-06":       append([]string{"--steps", "2", "--dt", "5"}, state...),
		"data temperature":          append([]string{"--steps", "2", "--data", data}, state...),
		"not a nuclide":             {"--steps", "2", "--dt", "1e-6", "-T", "4e9", "--rho", "1e8", "-x", "u238=1"},
		"at least one of the flags": {"--steps", "2"},
	} {
		if status, _, err := nuclab(append([]string{"evaluate", "--model", model}, args...)...); status != exitUsage || !strings.Contains(err, want) {
			t.Errorf("%v: status %d, %s", args, status, err)
		}
	}
}
