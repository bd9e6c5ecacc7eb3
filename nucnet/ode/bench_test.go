package ode

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkLinear factorises and solves with a pattern like a reaction
// network's: a band, and three dense rows and columns.
func BenchmarkLinear(b *testing.B) {
	const n, band = 80, 3
	r := rand.New(rand.NewPCG(1, 1))
	var entries [][2]int
	for i := range n {
		for j := range n {
			if j < 3 || i < 3 || i-j <= band && j-i <= band {
				entries = append(entries, [2]int{i, j})
			}
		}
	}
	p, err := NewPattern(n, entries)
	if err != nil {
		b.Fatal(err)
	}
	weights := func() []float64 {
		w := make([]float64, n)
		for i := range w {
			w[i] = 1 + r.Float64()
		}
		return w
	}
	s, err := NewStructure(p, Invariant{Weights: weights()}, Invariant{Weights: weights()})
	if err != nil {
		b.Fatal(err)
	}
	var l linear
	l.init(s, new(Stats))
	y := weights()
	l.evaluate(&Problem{Structure: s, Jacobian: func(_ float64, _, dst []float64) {
		for i := range dst {
			dst[i] = r.NormFloat64()
		}
	}}, 0, y)
	b.Run("factor", func(b *testing.B) {
		for b.Loop() {
			if err := l.factor(100); err != nil {
				b.Fatal(err)
			}
		}
		_, operations := p.Fill(Markowitz(p, []int{0, 1, 2}))
		b.ReportMetric(float64(operations), "operations")
	})
	b.Run("solve", func(b *testing.B) {
		for b.Loop() {
			copy(l.residual, y)
			l.factors.solve(l.residual)
		}
	})
}
