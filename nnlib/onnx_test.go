package nnlib

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nucnet"
)

// onnxJob is what onnxruntime is asked about a model.
type onnxJob struct {
	Path         string
	T, Rho, Time []float64
	X            [][]float64
}

func (j *onnxJob) add(s nucnet.State, time float64) {
	j.T, j.Rho, j.Time, j.X = append(j.T, s.T), append(j.Rho, s.Rho), append(j.Time, time), append(j.X, s.X)
}

// onnxAnswer is what it says: outputs by name, of one column but for X. NaN counts
// the numbers that are none.
type onnxAnswer struct {
	X    [][]float64
	Out  map[string][]float64
	NaN  []int // by row
	Meta map[string]string
}

func runONNX(t *testing.T, jobs []onnxJob) (answers []onnxAnswer) {
	t.Helper()
	const script = `
import json, sys
import numpy as np
import onnxruntime
answers = []
for q in json.load(sys.stdin):
    s = onnxruntime.InferenceSession(q["Path"], providers=["CPUExecutionProvider"])
    a = {k: np.array(q[v], dtype=np.float32) for k, v in [("T", "T"), ("rho", "Rho"), ("t", "Time"), ("X", "X")]}
    r = {o.name: v for o, v in zip(s.get_outputs(), s.run(None, a))}
    rows = len(a["T"])
    assert all(v.shape[0] == rows and v.dtype == np.float32 for v in r.values())
    none = sum(np.isnan(v).reshape(rows, -1).sum(axis=1) for v in r.values())
    number = lambda v: np.nan_to_num(v).tolist()
    x = number(r.pop("X_end"))
    answers.append({"X": x, "Out": {k: number(v) for k, v in r.items()}, "NaN": none.tolist(), "Meta": s.get_modelmeta().custom_metadata_map})
json.dump(answers, sys.stdout)
`
	text, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testenv.Python(t, "onnxruntime", "numpy"), "-c", script)
	cmd.Stdin = bytes.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// onnxruntime gets from the exported graph what we get from the model.
func TestONNX(t *testing.T) {
	d := table(t, 60, 8)
	scaled := tiny
	scaled.Inputs, scaled.Epochs = "scaled", 3
	raw := tiny
	raw.Epochs = 3
	m := &Model{Nets: []*Net{train(t, scaled, d, 0), train(t, raw, d, 1)}}
	in := onnxJob{Path: filepath.Join(t.TempDir(), "model.onnx")}
	if err := m.SaveONNX(in.Path); err != nil {
		t.Fatal(err)
	}
	var want []Prediction
	for i := range 6 {
		s := state(d, i)
		time := d.Times[i%2]
		p, err := m.Predict(t.Context(), []nucnet.State{s}, time)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, p[0])
		in.add(s, time)
	}
	in.add(nucnet.State{T: 5e9, Rho: 1e8, X: in.X[0]}, 0.5)
	got := runONNX(t, []onnxJob{in})[0]
	off := func(what string, i int, got, want, unit float64) {
		if math.Abs(got-want) > 1e-5*unit {
			t.Errorf("sample %d: %s is %v, want %v", i, what, got, want)
		}
	}
	for i, w := range want {
		for j, x := range w.X {
			off("X", i, got.X[i][j], x, 1)
		}
		off("Ye", i, got.Out["ye_end"][i], w.Ye, 1)
		off("q", i, got.Out["q"][i], w.Q, 1e17) // the scale of what burning releases
		off("eps_nu", i, got.Out["eps_nu"][i], w.EpsNu, 1e15)
	}
	if last := len(want); got.NaN[0] != 0 || got.NaN[last] < len(in.X[0])+1 {
		t.Error("there is an answer for a time that the model does not have, or none for one that it has")
	}
	if got.Meta["nuclides"] != "h1,he4,si28,fe54,ni56" || got.Meta["times"] != "0.001,1" || got.Meta["network"] != "test" {
		t.Errorf("metadata %v", got.Meta)
	}
}

func rounded(x float64) float64 { return float64(float32(x)) }

// onnxState returns a state of n nuclides in single precision, the first ones of
// special temperatures.
func onnxState(r *rand.Rand, i, n int) nucnet.State {
	s := nucnet.State{T: rounded(math.Pow(10, 9+1.1*r.Float64())), Rho: rounded(math.Pow(10, 6+4*r.Float64())), X: make([]float64, n)}
	switch i {
	case 0:
		s.T = 9e8 // too cool for equilibrium
	case 1:
		s.T, s.Rho = 1.034e9, 5.873e7 // where it is hard to find
	case 2:
		s.T = 5e7 // too cool for weak tables
	}
	sum := 0.0
	for j := range s.X {
		s.X[j] = math.Pow(r.Float64(), 8)
		if j < 2 {
			s.X[j] *= 10 * r.Float64() // free nucleons, for a wide range of Ye
		}
		sum += s.X[j]
	}
	for j := range s.X {
		s.X[j] = rounded(s.X[j] / sum)
	}
	return s
}

// The same of physical nets, of which the graph holds equilibrium and weak rates
// as well: of nets with random weights, and of the one that is part of the program.
func TestONNXPhysical(t *testing.T) {
	type model struct {
		network, nuclides, without string
		rows                       int
		least                      float64 // of X, what its relative error counts from
		net                        *Net
	}
	var models []model
	for _, without := range append([]string{"", "equilibrium,weak,tilt"}, ideas...) {
		models = append(models, model{network: "mesa_80", without: without, rows: 40, least: 1e-5})
	}
	models = append(models, model{network: "mesa_151", rows: 20, least: 1e-5},
		model{network: "test", nuclides: "neut,h1,he4,be7,li7,si28,fe54,ni56", rows: 20, least: 1e-5},
		model{network: "test", nuclides: "he4,c12,o16,ne20,mg24", rows: 5, least: 1e-5}) // all of Z/A = 1/2, no weak reaction, no equilibrium
	pretrained, err := Pretrained("mesa_80")
	if err != nil {
		t.Fatal(err)
	}
	// A trained net magnifies what single precision lacks.
	models = append(models, model{network: "mesa_80", rows: 40, least: 1, net: pretrained.Nets[0]})
	r := rand.New(rand.NewPCG(7, 7))
	dir := t.TempDir()
	var jobs []onnxJob
	var want [][]Prediction
	for k := range models {
		c := &models[k]
		if c.net == nil {
			list := nuclides(t, c.nuclides)
			if c.nuclides == "" {
				network, err := nucnet.Stock(c.network)
				if err != nil {
					t.Fatal(err)
				}
				list = network.Nuclides()
			}
			cfg := Config{Network: c.network, Net: "physical", Layers: 2, Width: 24, Without: c.without}.withDefaults()
			if c.net, err = newNet(cfg, list, 100, r); err != nil {
				t.Fatal(err)
			}
			c.net.Span = [2]float64{1e-6, 100}
		}
		m := &Model{Nets: []*Net{c.net}}
		job := onnxJob{Path: filepath.Join(dir, fmt.Sprint(k, ".onnx"))}
		if err := m.SaveONNX(job.Path); err != nil {
			t.Fatal(err)
		}
		var predictions []Prediction
		for i := range c.rows {
			s := onnxState(r, i, len(c.net.Nuclides))
			time := rounded(math.Pow(10, -6+8*r.Float64()))
			p, err := m.Predict(t.Context(), []nucnet.State{s}, time)
			if err != nil {
				t.Fatal(err)
			}
			predictions = append(predictions, p[0])
			job.add(s, time)
		}
		job.add(nucnet.State{T: job.T[3], Rho: job.Rho[3], X: job.X[3]}, 2*c.net.Span[1])
		jobs, want = append(jobs, job), append(want, predictions)
	}

	for k, got := range runONNX(t, jobs) {
		c, job := models[k], jobs[k]
		for i, w := range want[k] {
			off := func(what string, got, want, unit float64) {
				if !(math.Abs(got-want) <= 1e-5*unit) {
					t.Errorf("%s without %q, T = %g K, rho = %g g/cm3, t = %g s: %s is %v, want %v",
						c.network, c.without, job.T[i], job.Rho[i], job.Time[i], what, got, want)
				}
			}
			for j, x := range w.X {
				off(fmt.Sprintf("X %d", j), got.X[i][j], x, max(4*x, c.least))
			}
			out := func(name string) float64 { return got.Out[name][i] }
			off("ye_end", out("ye_end"), w.Ye, w.Ye)
			off("q", out("q"), w.Q, math.Abs(w.Q)+5e17) // half a MeV per nucleon
			off("eps_nu", out("eps_nu"), w.EpsNu, 3*w.EpsNu)
			off("expected_error", out("expected_error"), w.Uncertainty, 3*w.Uncertainty)
			if before := electronFraction(c.net.Nuclides, job.X[i]); !strings.Contains(c.without, withoutTilt) {
				za := c.net.physics.za
				least, greatest := slices.Min(za), slices.Max(za)
				margin := 1e-3 * (greatest - least) // see op.TiltRows
				ye := min(max(before+out("ye_change"), least+margin), greatest-margin)
				off("Ye and its change", ye, w.Ye, math.Abs(w.Ye-before)+1e-9)
			}
		}
		if last := len(want[k]); got.NaN[0] != 0 || got.NaN[last] != len(job.X[0])+len(got.Out) {
			t.Errorf("%s without %q: %v numbers of a row are none, all should be of the last one only", c.network, c.without, got.NaN)
		}
		if got.Meta["span"] != fmt.Sprintf("%g,%g", c.net.Span[0], c.net.Span[1]) || got.Meta["network"] != c.network {
			t.Errorf("metadata %v", got.Meta)
		}
	}
}
