package nnlib

import (
	"bytes"
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nucnet"
)

// onnxruntime gets from the exported graph what we get from the model.
func TestONNX(t *testing.T) {
	python := testenv.Python(t, "onnxruntime", "numpy")
	d := table(t, 60, 8)
	scaled := tiny
	scaled.Inputs, scaled.Epochs = "scaled", 3
	raw := tiny
	raw.Epochs = 3
	m := &Model{Nets: []*Net{train(t, scaled, d, 0), train(t, raw, d, 1)}}
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := m.SaveONNX(path); err != nil {
		t.Fatal(err)
	}
	var in struct {
		Path      string
		T, Rho, Q []float64
		Time      []float64
		X         [][]float64
	}
	in.Path = path
	var want []Prediction
	for i := range 6 {
		s := state(d, i)
		time := d.Times[i%2]
		p, err := m.Predict(t.Context(), []nucnet.State{s}, time)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, p[0])
		in.T, in.Rho, in.Time, in.X = append(in.T, s.T), append(in.Rho, s.Rho), append(in.Time, time), append(in.X, s.X)
	}
	in.T, in.Rho, in.Time, in.X = append(in.T, 5e9), append(in.Rho, 1e8), append(in.Time, 0.5), append(in.X, in.X[0])
	const script = `
import json, sys
import numpy as np
import onnxruntime
q = json.load(sys.stdin)
s = onnxruntime.InferenceSession(q["Path"], providers=["CPUExecutionProvider"])
a = {k: np.array(q[v], dtype=np.float32) for k, v in [("T", "T"), ("rho", "Rho"), ("t", "Time"), ("X", "X")]}
names = [o.name for o in s.get_outputs()]
r = dict(zip(names, s.run(None, a)))
print(json.dumps({"X": r["X_end"][:-1].tolist(), "Ye": r["ye_end"][:-1].tolist(), "Q": r["q"][:-1].tolist(), "EpsNu": r["eps_nu"][:-1].tolist(),
    "NaN": bool(np.isnan(r["X_end"][-1]).all() and np.isnan(r["eps_nu"][-1])), "meta": s.get_modelmeta().custom_metadata_map,
    "shapes": [o.shape for o in s.get_outputs()]}))
`
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = bytes.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	var got struct {
		X            [][]float64
		Ye, Q, EpsNu []float64
		NaN          bool
		Meta         map[string]string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	off := func(what string, i int, got, want, unit float64) {
		if math.Abs(got-want) > 1e-5*unit {
			t.Errorf("sample %d: %s is %v, want %v", i, what, got, want)
		}
	}
	for i, w := range want {
		for j, x := range w.X {
			off("X", i, got.X[i][j], x, 1)
		}
		off("Ye", i, got.Ye[i], w.Ye, 1)
		off("q", i, got.Q[i], w.Q, 1e17) // the scale of what burning releases
		off("eps_nu", i, got.EpsNu[i], w.EpsNu, 1e15)
	}
	if !got.NaN {
		t.Error("there is an answer for a time that the model does not have")
	}
	if got.Meta["nuclides"] != "h1,he4,si28,fe54,ni56" || got.Meta["times"] != "0.001,1" || got.Meta["network"] != "test" {
		t.Errorf("metadata %v", got.Meta)
	}
}
