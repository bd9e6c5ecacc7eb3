package nnlib

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nucnet"
)

func sprint(v any) string { return fmt.Sprint(v) }

func saved(t *testing.T) (*Model, string) {
	t.Helper()
	d := table(t, 30, 20)
	scaled := tiny
	scaled.Inputs = "scaled"
	m := &Model{Nets: []*Net{train(t, tiny, d, 1), train(t, scaled, d, 0)}}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return m, path
}

func TestSaveAndLoad(t *testing.T) {
	m, path := saved(t)
	l, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(l.Times(), []float64{1e-3, 1}) || l.Network() != "test" || !reflect.DeepEqual(l.Nuclides(), m.Nuclides()) {
		t.Errorf("times %v, network %q, nuclides %v", l.Times(), l.Network(), l.Nuclides())
	}
	s := []nucnet.State{state(table(t, 30, 20), 4)}
	for k, n := range l.Nets {
		if !reflect.DeepEqual(n.History, m.Nets[k].History) || !reflect.DeepEqual(n.Domain, m.Nets[k].Domain) || !reflect.DeepEqual(n.Scaling, m.Nets[k].Scaling) || n.Config != m.Nets[k].Config {
			t.Errorf("net %d: settings, domain or history changed", k)
		}
		want, err := m.Nets[k].Predict(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := n.Predict(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("net %d predicts otherwise after loading", k)
		}
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := l.Save(again); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(path)
	b, _ := os.ReadFile(again)
	if !bytes.Equal(a, b) {
		t.Error("saved again, the file differs")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLoadRefusesWhatIsNotAModel(t *testing.T) {
	_, path := saved(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) []byte {
		if len(old) != len(new) || !bytes.Contains(whole, []byte(old)) {
			t.Fatalf("%q is not in the file", old)
		}
		return bytes.Replace(whole, []byte(old), []byte(new), 1)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-9] ^= 0x10
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":           {nil, "too short"},
		"length only":     {whole[:8], "cut short"},
		"half a header":   {whole[:100], "cut short"},
		"half the data":   {whole[:len(whole)/2+len(whole)/4], "cut short"},
		"one byte short":  {whole[:len(whole)-1], "cut short"},
		"one byte more":   {append(bytes.Clone(whole), 0), "follow"},
		"flipped bit":     {flipped, "damaged"},
		"newer":           {edit("nuclab.model/1", "nuclab.model/2"), "nuclab.model/2"},
		"foreign":         {edit("nuclab.model/1", "pytorch.model1"), "not a model of nuclab"},
		"unknown nuclide": {edit("si28", "xx28"), "xx28"},
		"other shape":     {edit(`"shape":[32,32]`, `"shape":[16,64]`), "shape"},
		"other type":      {edit(`"dtype":"F32"`, `"dtype":"I32"`), "I32"},
		"text":            {[]byte("T rho ye and so on, a table of numbers"), "not a safetensors"},
	} {
		p := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(p, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(p)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\x40\x00\x00\x00\x00\x00\x00\x00" + `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}          ` + "\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		metadata, tensors, err := readSafetensors(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			decode(metadata, tensors) // must not panic
		}
	})
}

func TestSaveKeepsTheOldFileWhenItFails(t *testing.T) {
	m, path := saved(t)
	if err := m.Save(filepath.Join(filepath.Dir(path), "none", "model")); err == nil {
		t.Error("saved into a folder that is not there")
	}
	if err := (&Model{}).Save(path); err == nil {
		t.Error("saved a model without nets")
	}
	if _, err := Load(path); err != nil {
		t.Errorf("the old file: %v", err)
	}
	twice := &Model{Nets: []*Net{m.Nets[0], m.Nets[0]}}
	if err := twice.Save(path); err == nil {
		t.Error("saved two nets for one time")
	}
}

// The format's own Python package must read what we write, and numpy, given the
// weights and settings of the file alone, must predict what we predict.
func TestPythonReadsTheModel(t *testing.T) {
	python := testenv.Python(t, "safetensors", "numpy")
	m, path := saved(t)
	s := state(table(t, 30, 20), 3)
	script := `
import json, sys
import numpy as np
from safetensors import safe_open
state = json.load(sys.stdin)
with safe_open(sys.argv[1], "np") as f:
    meta = f.metadata()
    net = json.loads(meta["nets"])[0]
    layers = len([k for k in f.keys() if k.startswith("net0.") and k.endswith(".weight")])
    h = np.array([np.log10(state["T"]), np.log10(state["Rho"])] + state["X"])
    h = (h - net["scaling"]["mean"]) / net["scaling"]["deviation"]
    for l in range(layers):
        w, b = f.get_tensor(f"net0.layer{l}.weight"), f.get_tensor(f"net0.layer{l}.bias")
        h = h @ w.astype(float) + b
        if l + 1 < layers:
            h = np.maximum(h, 0)
    x = np.exp(h[:-2] - h[:-2].max())
    print(json.dumps({"format": meta["format"], "nuclides": meta["nuclides"], "time": net["time"], "names": len(f.keys()),
        "shape": list(f.get_tensor("net0.layer1.weight").shape), "x": list(x / x.sum()),
        "energies": [h[-2] * net["config"]["energy_scale"], h[-1] * net["config"]["neutrino_scale"]]}))
`
	in, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", script, path)
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	var got struct {
		Format, Nuclides string
		Time             float64
		Names            int
		Shape            []int
		X, Energies      []float64
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Format != "nuclab.model/1" || got.Nuclides != "h1,he4,si28,fe54,ni56" || got.Time != 1e-3 ||
		got.Names != 12 || !reflect.DeepEqual(got.Shape, []int{32, 32}) {
		t.Errorf("the file as Python sees it: %+v", got)
	}
	p, err := m.Predict(t.Context(), []nucnet.State{s}, 1e-3)
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range got.X {
		if math.Abs(p[0].X[j]-want) > 1e-5 {
			t.Errorf("X[%d] is %v, numpy says %v", j, p[0].X[j], want)
		}
	}
	for j, v := range []float64{p[0].EpsNuc, p[0].EpsNu} {
		if want := got.Energies[j]; math.Abs(v-want) > 1e-4*(math.Abs(want)+1e16) {
			t.Errorf("energy %d is %v, numpy says %v", j, v, want)
		}
	}
}
