package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nuclab/nnlib"
)

// TestTrainInterrupted: Ctrl-C keeps the best model, which says how it was made, and --resume goes on.
func TestTrainInterrupted(t *testing.T) {
	dir := t.TempDir()
	data, model := filepath.Join(dir, "data"), filepath.Join(dir, "model.safetensors")
	must(t, "dataset", "generate", "--samples", "12", "--times", "1e-6", "--out", data)
	args := []string{"train", "--data", data, "--out", model, "-p", "epochs=100000000", "-p", "width=8", "-p", "layers=1"}
	epochs := 0
	for range 2 {
		grown := 0
		for delay := 300 * time.Millisecond; grown <= epochs; delay *= 2 { // longer where the machine is busy
			cmd := exec.Command(os.Args[0], append(args, "--resume")...)
			cmd.Env = append(os.Environ(), asNuclab+"=1")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(delay)
			cmd.Process.Signal(syscall.SIGINT)
			if err := cmd.Wait(); err == nil || err.Error() != "exit status 130" {
				if delay < time.Minute { // not ready for the signal yet
					continue
				}
				t.Fatalf("%v, %s", err, &stderr)
			}
			if m, err := nnlib.Load(model); err == nil {
				grown = len(m.Nets[0].History.Epochs)
				if grown > epochs && !strings.Contains(stderr.String(), "--resume goes on") {
					t.Errorf("%s", &stderr)
				}
			}
		}
		epochs = grown
	}
	m, err := nnlib.Load(model)
	if err != nil {
		t.Fatal(err)
	}
	if m.Nets[0].History.Best < 1 || m.Nets[0].Origin.Command != "nuclab "+strings.Join(args, " ") {
		t.Errorf("best epoch %d, command %q", m.Nets[0].History.Best, m.Nets[0].Origin.Command)
	}
	must(t, "predict", "--model", model, "-T", "5e9", "--rho", "1e8", "-x", "si28=1")
}

// TestSweepKilled: a sweep that was killed goes on with the runs that are not finished, and one that fails is in the table.
func TestSweepKilled(t *testing.T) {
	dir := t.TempDir()
	data, out := filepath.Join(dir, "data"), filepath.Join(dir, "sweep")
	must(t, "dataset", "generate", "--samples", "12", "--times", "1e-6,1e-3", "--out", data)
	args := []string{"train", "--data", data, "--out", out, "--sweep", "layers=1..3", "--sweep", "lr=1e-3,3e-3",
		"-p", "epochs=1500", "-p", "width=8", "-p", "dt=1e-3", "--threads", "1"}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asNuclab+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	finished := func() []string {
		models, _ := filepath.Glob(filepath.Join(out, "*.safetensors"))
		return models
	}
	wait(t, "a finished run", func() bool { return len(finished()) > 0 })
	cmd.Process.Kill()
	cmd.Wait()
	before := map[string]time.Time{}
	for _, m := range finished() {
		info, err := os.Stat(m)
		if err != nil {
			t.Fatal(err)
		}
		before[m] = info.ModTime()
	}
	if len(before) == 6 {
		t.Fatal("it was through before it was killed: give it more epochs")
	}
	table := must(t, args...)
	if strings.Count(table, "\n") != 7 || !strings.HasPrefix(table, "layers  lr ") {
		t.Errorf("%s", table)
	}
	for m, at := range before {
		if info, err := os.Stat(m); err != nil || !info.ModTime().Equal(at) {
			t.Errorf("%s was made again: %v", m, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "sweep.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 7 || strings.Join(rows[6][:3], " ") != "0.001 3 0.003" {
		t.Fatalf("%v, %s", err, text)
	}
	model := rows[6][len(rows[6])-2]
	if card := must(t, "model", "info", model); !strings.Contains(card, "layers = 3\n") || !strings.Contains(card, "--sweep layers=1..3") {
		t.Errorf("%s", card)
	}

	// One that diverges beside one that does not.
	wild := []string{"train", "--data", data, "--out", out, "-p", "layers=120", "-p", "width=16", "-p", "epochs=4", "-p", "dt=1e-6", "-p", "batch=4", "--sweep"}
	table = must(t, append(wild, "lr=1e-3,10")...)
	if strings.Count(table, "diverged") != 1 {
		t.Errorf("%s", table)
	}
	var doc struct {
		Schema string
		Runs   []nnlib.Run
	}
	if text, err = os.ReadFile(filepath.Join(out, "sweep.json")); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &doc); err != nil || doc.Schema != "nuclab.sweep/1" || len(doc.Runs) != 2 ||
		doc.Runs[0].Best == nil || len(doc.Runs[0].History.Epochs) != 4 || !strings.Contains(doc.Runs[1].Failed, "step") {
		t.Errorf("%v, %s", err, text)
	}
	if status, _, err := nuclab(append(wild, "lr=10")...); status != exitFailed || !strings.Contains(err, "every run failed") {
		t.Errorf("nothing but failures: status %d, %s", status, err)
	}
}

// TestCardReproduces: the two commands of a card make the same data and the same model again.
func TestCardReproduces(t *testing.T) {
	dir := t.TempDir()
	data, model := filepath.Join(dir, "data"), filepath.Join(dir, "model.safetensors")
	must(t, "dataset", "generate", "--samples", "12", "--seed", "3", "--times", "1e-6,1e-3", "--log-T", "9.5:9.7", "--generator", "paper:1,dirichlet:1",
		"--detailed-balance", "r2305", "--out", data)
	must(t, "train", "--data", data, "--out", model, "-p", "epochs=3", "-p", "width=8", "-p", "layers=1", "-p", "dt=1e-3")
	var doc struct {
		Nets []struct{ Origin nnlib.Origin }
	}
	if err := json.Unmarshal([]byte(must(t, "model", "info", model, "--format", "json")), &doc); err != nil {
		t.Fatal(err)
	}
	card := must(t, "model", "info", model)
	again, copied := filepath.Join(dir, "again"), filepath.Join(dir, "copy.safetensors")
	for _, command := range []string{doc.Nets[0].Origin.DataCommand, doc.Nets[0].Origin.Command} {
		if !strings.Contains(card, command) {
			t.Errorf("not in the card: %s", command)
		}
		command = strings.NewReplacer("--out DATA", "--out "+again, "--data "+data, "--data "+again, model, copied).Replace(command)
		must(t, strings.Fields(command)[1:]...)
	}
	sameFolder(t, data, again)
	a, err := nnlib.Load(model)
	if err != nil {
		t.Fatal(err)
	}
	b, err := nnlib.Load(copied)
	if err != nil {
		t.Fatal(err)
	}
	a.Nets[0].Origin, b.Nets[0].Origin = nnlib.Origin{}, nnlib.Origin{}
	if a.Card() != b.Card() {
		t.Errorf("%s\n%s", a.Card(), b.Card())
	}
}
