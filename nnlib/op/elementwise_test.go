package op

import (
	"math/rand/v2"
	"testing"
)

func BenchmarkElementwise(b *testing.B) {
	const n = 1 << 16
	r := rand.New(rand.NewPCG(1, 1))
	x, y, m, v := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	fill := func() {
		for i := range x {
			x[i], y[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
		}
	}
	for name, f := range map[string]func(){
		"ReLU":       func() { relu32(x) },
		"ReLUGrad":   func() { reluGrad32(x, y, x) },
		"Adam":       func() { Adam(x, y, m, v, AdamFactors[float32]{0.9, 0.999, 1e-3, 1, 1e-8, 1, 1}) },
		"LogSoftmax": func() { LogSoftmax(80, 82, x, y) },
	} {
		b.Run(name, func(b *testing.B) {
			fill()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
		})
	}
}
