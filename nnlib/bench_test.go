package nnlib

import (
	"testing"
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
