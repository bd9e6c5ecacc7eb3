package op

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkKernels: passes over 512 rows in single precision, of 256 columns where
// layers are and of 80 nuclides with what belongs to them where outputs are.
func BenchmarkKernels(b *testing.B) {
	const rows, width, nuclides = 512, 256, 80
	r := rand.New(rand.NewPCG(1, 2))
	normal := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	layer, dy, y := normal(rows*width), normal(rows*width), make([]float32, rows*width)
	g, o := normal(width), normal(width)
	scale := make([]float64, width)
	for i := range scale {
		scale[i] = r.Float64()
	}
	za, perX := make([]float64, nuclides), make([]float64, nuclides)
	for i := range za {
		za[i], perX[i] = 0.4+0.2*r.Float64(), r.NormFloat64()
	}
	const cols = nuclides + 5
	p, t := normal(rows*cols), normal(rows*(nuclides+burnTargets))
	for i := range rows {
		for j := range nuclides {
			p[i*cols+j] *= 8
		}
		p[i*cols+nuclides] = 0.48
	}
	out, dp := make([]float32, rows*cols), normal(rows*cols)
	const quantities = nuclides + 3
	h, base, dh := normal(rows*(2*quantities+1)), normal(rows*(2*quantities+1)), make([]float32, rows*(2*quantities+1))
	blended := make([]float32, rows*(quantities+2))
	tilted := make([]float32, rows*cols)
	TiltRows(za, cols, tilted, p)
	weights := BurnWeights{1, 1, 1, 1, 1, 1, 1}
	parts := []Part{{0, nuclides, 1}}
	for _, k := range []struct {
		name     string
		elements int
		f        func()
	}{
		{"copy", rows * width, func() { copy(y, layer) }},
		{"ReLU", rows * width, func() { copy(y, layer); Activate(ReLU, y) }},
		{"ELU", rows * width, func() { copy(y, layer); Activate(ELU, y) }},
		{"Tanh", rows * width, func() { copy(y, layer); Activate(Tanh, y) }},
		{"ReLUGrad", rows * width, func() { ActivateGrad(ReLU, y, layer, dy) }},
		{"ELUGrad", rows * width, func() { ActivateGrad(ELU, y, layer, dy) }},
		{"TanhGrad", rows * width, func() { ActivateGrad(Tanh, y, layer, dy) }},
		{"Add", rows * width, func() { AddScaled(nil, width, y, layer, dy) }},
		{"AddScaled", rows * width, func() { AddScaled(scale, width, y, layer, dy) }},
		{"MulColumns", rows * width, func() { MulColumns(scale, y, layer) }},
		{"NormRows", rows * width, func() { NormRows(y, layer, g, o) }},
		{"NormRowsGrad", rows * width, func() { NormRowsGrad(y, layer, g, dy) }},
		{"NormGainGrad", rows * width, func() { NormGainGrad(o, layer, dy) }},
		{"LogSoftmax", rows * cols, func() { LogSoftmax(nuclides, cols, out, p) }},
		{"LogSoftmaxGrad", rows * cols, func() { LogSoftmaxGrad(nuclides, cols, out, p, dp) }},
		{"SumAbs", rows * cols, func() { SumAbs(parts, rows, cols, p, dp) }},
		{"SumAbsGrad", rows * cols, func() { SumAbsGrad(parts, rows, cols, out, p, dp, 1) }},
		{"TiltRows", rows * cols, func() { TiltRows(za, cols, out, p) }},
		{"TiltRowsGrad", rows * cols, func() { TiltRowsGrad(za, cols, out, tilted, dp) }},
		{"BlendRows", rows * cols, func() { BlendRows(quantities, nuclides, 1e-3, 2*quantities+1, blended, h, base) }},
		{"BlendRowsGrad", rows * cols, func() { BlendRowsGrad(quantities, nuclides, 1e-3, 2*quantities+1, dh, h, base, blended) }},
		{"BurnSum", rows * cols, func() { BurnSum(weights, perX, rows, tilted, t) }},
		{"BurnSumGrad", rows * cols, func() { BurnSumGrad(weights, perX, rows, out, tilted, t, 1) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				k.f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(k.elements), "ns/element")
		})
	}
}
