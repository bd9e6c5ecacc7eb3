package nnlib

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nuclab/internal/testenv"
)

func TestBenchRefusesWhatIsNoNet(t *testing.T) {
	for _, dims := range [][]int{nil, {82, 82}, {82, 64, 80}, {82, 64, 32, 64, 82}, {2, 5, 2}} {
		if _, err := BenchTrain(t.Context(), dims, 8, 1); err == nil {
			t.Errorf("%v was taken", dims)
		}
	}
	if _, err := BenchInfer(t.Context(), []int{82, 64, 82}, 0, 1); err == nil {
		t.Error("a batch of 0 was taken")
	}
}

// What a peer is given to infer is what we infer.
func TestBenchONNXIsTheSameNet(t *testing.T) {
	python := testenv.Python(t, "onnxruntime", "numpy")
	dims := []int{5, 7, 9, 9, 5}
	path := filepath.Join(t.TempDir(), "net.onnx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := WriteBenchONNX(f, dims); err != nil {
		t.Fatal(err)
	}
	const script = `
import json, sys
import numpy as np
import onnxruntime
s = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
x = np.arange(10, dtype=np.float32).reshape(2, 5)
print(json.dumps(s.run(None, {"x": x})[0].ravel().tolist()))
`
	cmd := exec.Command(python, "-c", script, path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	var got []float64
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	net, err := benchNet(dims, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	x, want := make([]float32, 10), make([]float32, 10)
	for i := range x {
		x[i] = float32(i)
	}
	if err := net.run(t.Context(), 2, [][]float32{x}, want); err != nil {
		t.Fatal(err)
	}
	for i, v := range want {
		if math.Abs(got[i]-float64(v)) > 1e-5 {
			t.Errorf("output %d is %v there, %v here", i, got[i], v)
		}
	}
}

func benchmark(b *testing.B, f func(dims []int) (Bench, error)) {
	names, dims := BenchNets()
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			var r Bench
			var err error
			for b.Loop() {
				if r, err = f(dims[name]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(r.CPU*1e3, "cpu-ms/step")
			b.ReportMetric(r.Wall*1e3, "wall-ms/step")
			b.ReportMetric(r.CPU/r.Floor, "cpu/floor")
		})
	}
}

// One iteration measures for some seconds: run with -benchtime 1x.
func BenchmarkTrain(b *testing.B) {
	benchmark(b, func(dims []int) (Bench, error) { return BenchTrain(b.Context(), dims, 512, 1) })
}

func BenchmarkTrainTwoThreads(b *testing.B) {
	benchmark(b, func(dims []int) (Bench, error) { return BenchTrain(b.Context(), dims, 512, 2) })
}

func BenchmarkInfer(b *testing.B) {
	benchmark(b, func(dims []int) (Bench, error) { return BenchInfer(b.Context(), dims, 700, 1) })
}

func BenchmarkInferOne(b *testing.B) {
	benchmark(b, func(dims []int) (Bench, error) { return BenchInfer(b.Context(), dims, 1, 1) })
}
