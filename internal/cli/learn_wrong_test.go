package cli

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"nuclab/nnlib"
)

// edit replaces a file's text by one of the same length.
func edit(t *testing.T, from, to string, pairs ...string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !bytes.Contains(text, []byte(pairs[i])) || len(pairs[i]) != len(pairs[i+1]) {
			t.Fatalf("%s: no %q to become %q", from, pairs[i], pairs[i+1])
		}
		text = bytes.Replace(text, []byte(pairs[i]), []byte(pairs[i+1]), 1)
	}
	if err := os.WriteFile(to, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// copyFolder copies the files of a folder.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// spoil puts a value into a column of a row of a Parquet file.
func spoil(t *testing.T, path, column string, row int, value float64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	place := -1
	for c, name := range f.Schema().Columns() {
		if name[0] == column {
			place = c
		}
	}
	if place < 0 {
		t.Fatalf("no column %s", column)
	}
	options := []parquet.WriterOption{f.Schema()}
	for _, m := range f.Metadata().KeyValueMetadata {
		options = append(options, parquet.KeyValueMetadata(m.Key, m.Value))
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[any](&out, options...)
	rows := parquet.MultiRowGroup(f.RowGroups()...).Rows()
	defer rows.Close()
	one := make([]parquet.Row, 1)
	for i := 0; ; i++ {
		n, err := rows.ReadRows(one)
		if n == 1 {
			if i == row {
				one[0][place] = parquet.DoubleValue(value).Level(0, 0, place)
			}
			if _, err := w.WriteRows(one); err != nil {
				t.Fatal(err)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Whatever is wrong with data, settings or models is said in one line that tells what differs, and an earlier model stays.
func TestWrongLearning(t *testing.T) {
	dir := t.TempDir()
	data, model := learnt(t, dir, "1e-6")
	file := func(name string) string { return filepath.Join(dir, name) }
	before, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	small, spoilt, newer := file("small"), file("spoilt"), file("newer")
	must(t, "dataset", "generate", "--net", "approx21_cr60_plus_co56", "--samples", "4", "--times", "1e-6", "--out", small)
	must(t, "dataset", "generate", "--samples", "4", "--times", "1e-3", "--out", file("later"))
	must(t, "dataset", "generate", "--samples", "2", "--times", "1e-6", "--protocol", "clean", "--out", file("test"))
	copyFolder(t, data, spoilt)
	spoil(t, filepath.Join(spoilt, "part-000000.parquet"), "t0_X_fe54", 7, math.NaN())
	copyFolder(t, data, newer)
	edit(t, filepath.Join(data, "manifest.json"), filepath.Join(newer, "manifest.json"), "nuclab.dataset/1", "nuclab.dataset/2")
	if err := os.WriteFile(file("settings"), []byte("widht = 8\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file("nested"), []byte("[lr]\nfirst = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	edit(t, model, file("order.safetensors"), "si28,", "xxxx,", "ar36,", "si28,", "xxxx,", "ar36,")
	edit(t, model, file("newer.safetensors"), "nuclab.model/1", "nuclab.model/2")
	edit(t, model, file("shape.safetensors"), `"shape":[82,8]`, `"shape":[8,82]`)
	edit(t, model, file("foreign.safetensors"), "nuclab.model", "pytorch.mode")
	if err := os.WriteFile(file("cut.safetensors"), before[:len(before)-1], 0o644); err != nil {
		t.Fatal(err)
	}

	trainOn := func(data string, flags ...string) []string {
		return append([]string{"train", "--data", data, "--out", model, "-p", "epochs=1", "-p", "width=8", "-p", "layers=1"}, flags...)
	}
	train := func(flags ...string) []string { return trainOn(data, flags...) }
	predict := func(path string) []string {
		return []string{"predict", "--model", path, "-T", "5e9", "--rho", "1e8", "-x", "si28=1"}
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{train("-p", "network=mesa_151"), []string{"network = mesa_151", "mesa_80"}},
		{trainOn(spoilt), []string{"sample 7", "ln X of fe54 at the end", "NaN"}},
		{trainOn(newer), []string{"--data", newer, "nuclab.dataset/2", "nuclab.dataset/1"}},
		{trainOn(file("test")), []string{"protocol clean"}},
		{trainOn(file("none")), []string{"--data", file("none")}},
		{train("--config", file("settings")), []string{"--config", "widht", `"width"`}},
		{train("--config", file("nested")), []string{"--config", "lr", "neither a number nor a text"}},
		{train("-p", "bacth=8"), []string{"-p bacth", `"batch"`}},
		{train("-p", "lr"), []string{"-p", "key=value"}},
		{train("-p", "lr=-1"), []string{"lr = -1", "more than 0"}},
		{train("-p", "dt=1e-6,1e-6"), []string{"-p dt", "1e-06 s is there twice"}},
		{train("--device", "abacus"), []string{"device", "abacus", "auto"}},
		{train("--sweep", "layers=1,2", "--sweep", "widht=3,4"), []string{"--sweep", "widht", `"width"`}},
		{train("--sweep", "layers=1,2"), []string{"--out", model, "folder"}},
		{train("--sweep", "layers"), []string{"--sweep", "layers=3,6,9"}},

		{[]string{"evaluate", "--model", model, "--data", small}, []string{"--data", "approx21_cr60_plus_co56", "mesa_80"}},
		{[]string{"evaluate", "--model", model, "--data", file("later")}, []string{"--data", "1e-06", "0.001"}},
		{[]string{"evaluate", "--model", model, "--data", data, "--train", small}, []string{"--train", "approx21_cr60_plus_co56"}},
		{[]string{"evaluate", "--model", file("order.safetensors"), "--data", data}, []string{"--data", "nuclide", "is si28 in the data, ar36 in the model"}},
		{predict(file("newer.safetensors")), []string{"--model", file("newer.safetensors"), "nuclab.model/2", "nuclab.model/1"}},
		{predict(file("cut.safetensors")), []string{"--model", "cut short"}},
		{predict(file("shape.safetensors")), []string{"--model", "net0.layer0.weight", "[8 82]", "[82 8]"}},
		{predict(file("foreign.safetensors")), []string{"--model", "not a model of nuclab"}},
		{predict(file("data/manifest.json")), []string{"--model", "not a safetensors file"}},
		{predict(file("none.safetensors")), []string{"--model", "none.safetensors"}},
		{predict("mesa_81"), []string{"--model", "mesa_81", "no committed model", "no file"}},
		{[]string{"model", "info", file("cut.safetensors")}, []string{"MODEL", "cut short"}},
		{[]string{"export", "--model", model, "--safetensors", file("x"), "--float", "8"}, []string{"--float", "8"}},
	} {
		wrong(t, c.args, c.want...)
	}
	if _, err := os.Stat("/proc/meminfo"); err == nil {
		wrong(t, train("-p", "width=65536", "-p", "layers=1000"), "not enough memory", "width = 65536", "GiB are free")
	}
	if after, err := os.ReadFile(model); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the model became another: %v", err)
	}
	if left, _ := filepath.Glob(file("model.dt*")); len(left) != 1 { // the history of its own training
		t.Errorf("left behind: %v", left)
	}
}

// A committed model goes by its name, unless a file's name says otherwise.
func TestModelByName(t *testing.T) {
	for _, name := range []string{"mesa_80", "mesa_151"} {
		status, out, err := nuclab("model", "info", name)
		if _, missing := nnlib.Pretrained(name); missing != nil {
			if status != exitUsage || !strings.Contains(err, name) || !strings.Contains(err, "no committed model") {
				t.Errorf("%s: status %d, %s", name, status, err)
			}
		} else if status != exitOK || !strings.HasPrefix(out, "# Emulator of "+name) {
			t.Errorf("%s: status %d, %s, %.100s", name, status, err, out)
		}
	}
	t.Chdir(t.TempDir())
	_, model := learnt(t, ".", "1e-6")
	if err := os.Rename(model, "nameless"); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "model", "info", "nameless"); !strings.HasPrefix(out, "# Emulator of mesa_80") {
		t.Errorf("%.100s", out)
	}
}

// Settings are the same in Go, in a file of either kind and as flags.
func TestSettingsEverywhere(t *testing.T) {
	want := nnlib.Config{Network: "mesa_80", Net: "paper", Layers: 4, Width: 64, First: 32, Inputs: "scaled", Label: "row",
		EnergyScale: 1e18, NeutrinoScale: 2.5e17, EnergyWeight: 0.125, Epochs: 7, Patience: 3, Batch: 48, LR: 3.3e-4,
		Schedule: "onecycle", Warmup: 0.1, Decay: 0.01, Clip: 1.5, Average: 0.999, Validation: 0.15, Seed: 1<<63 + 3}
	const toml = `
network = "mesa_80" # a comment
net = "paper"
layers = 4
width = 64
first = 32
inputs = "scaled"
label = "row"
energy_scale = 1e18
neutrino_scale = 2.5e17
energy_weight = 0.125
epochs = 7
patience = 3
batch = 48
lr = 3.3e-4
schedule = "onecycle"
warmup = 0.1
decay = 0.01
clip = 1.5
average = 0.999
validation = 0.15
seed = "9223372036854775811" # beyond the integers of TOML
dt = [1e-3, 1]
`
	const json = `{"network": "mesa_80", "net": "paper", "layers": 4, "width": 64, "first": 32, "inputs": "scaled", "label": "row",
		"energy_scale": 1e18, "neutrino_scale": 2.5e17, "energy_weight": 0.125, "epochs": 7, "patience": 3, "batch": 48,
		"lr": 3.3e-4, "schedule": "onecycle", "warmup": 0.1, "decay": 0.01, "clip": 1.5, "average": 0.999, "validation": 0.15,
		"seed": 9223372036854775811, "dt": "1e-3,1"}`
	dir := t.TempDir()
	path := func(text string) string {
		p := filepath.Join(dir, "settings")
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	var flags []string
	for line := range strings.Lines(toml) {
		key, value, ok := strings.Cut(line, "=")
		value, _, _ = strings.Cut(value, "#")
		if ok {
			flags = append(flags, key+"="+strings.NewReplacer(`"`, "", "[", "", "]", "", " ", "").Replace(strings.TrimSpace(value)))
		}
	}
	for name, from := range map[string]func() (nnlib.Config, string, error){
		"TOML":  func() (nnlib.Config, string, error) { return trainingConfig("demo", "mesa_80", path(toml), nil) },
		"JSON":  func() (nnlib.Config, string, error) { return trainingConfig("demo", "mesa_80", path(json), nil) },
		"flags": func() (nnlib.Config, string, error) { return trainingConfig("demo", "mesa_80", "", flags) },
	} {
		got, dt, err := from()
		if times, e := timeIndices([]float64{1e-6, 1e-3, 1}, dt); err != nil || e != nil || got != want || len(times) != 2 {
			t.Errorf("%s: %v, %v, dt %q, %+v", name, err, e, dt, got)
		}
	}
	// Flags come after the file.
	if got, _, err := trainingConfig("demo", "mesa_80", path(toml), []string{"lr=1e-5"}); err != nil || got.LR != 1e-5 || got.Layers != 4 {
		t.Errorf("%v, %+v", err, got)
	}
}
