package nnlib

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	m := &Model{Nets: []*Net{train(t, scaled, d, 1), train(t, tiny, d, 0)}}
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

// The format's own Python package must read what we write.
func TestPythonReadsTheModel(t *testing.T) {
	python := testenv.Python(t, "safetensors", "numpy")
	m, path := saved(t)
	script := `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], "np") as f:
    meta = f.metadata()
    w = f.get_tensor("net0.layer1.weight")
    print(json.dumps({"format": meta["format"], "nuclides": meta["nuclides"], "time": json.loads(meta["nets"])[0]["time"],
        "names": sorted(f.keys()), "shape": list(w.shape), "dtype": str(w.dtype), "first": [float(x) for x in w.ravel()[:5]]}))
`
	out, err := exec.Command(python, "-c", script, path).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var got struct {
		Format, Nuclides, Dtype string
		Time                    float64
		Names                   []string
		Shape                   []int
		First                   []float32
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Format != "nuclab.model/1" || got.Nuclides != "h1,he4,si28,fe54,ni56" || got.Time != 1e-3 || got.Dtype != "float32" {
		t.Errorf("metadata %+v", got)
	}
	if !reflect.DeepEqual(got.Shape, []int{32, 32}) || len(got.Names) != 12 {
		t.Errorf("tensors %v, shape %v", got.Names, got.Shape)
	}
	if want := data(m.Nets[0].weights[2])[:5]; !reflect.DeepEqual(got.First, want) {
		t.Errorf("weights %v, not %v", got.First, want)
	}
}
