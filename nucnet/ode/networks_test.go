package ode_test

import (
	"math/rand/v2"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/ode"
)

// BenchmarkNetworks factorises and solves with the pattern of every network at
// hand: what shares a reaction, and two components more that all depend on.
func BenchmarkNetworks(b *testing.B) {
	for _, name := range nucnet.StockNames() {
		n, err := nucnet.Stock(name)
		if err != nil {
			b.Fatal(err)
		}
		size := n.Len() + 2
		var entries [][2]int
		for _, r := range n.Reactions() {
			sides := append(r.In[:len(r.In):len(r.In)], r.Out...)
			for _, row := range sides {
				for _, column := range sides {
					entries = append(entries, [2]int{n.Index(row), n.Index(column)})
				}
			}
		}
		mass, charge := make([]float64, size), make([]float64, size)
		for i, m := range n.Nuclides() {
			mass[i], charge[i] = float64(m.A()), float64(m.Z())
		}
		for i := range size {
			for j := n.Len(); j < size; j++ {
				entries = append(entries, [2]int{i, j}, [2]int{j, i})
			}
		}
		p, err := ode.NewPattern(size, entries)
		if err != nil {
			b.Fatal(err)
		}
		s, err := ode.NewStructure(p, ode.Invariant{Weights: mass}, ode.Invariant{Weights: charge})
		if err != nil {
			b.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		jacobian, y := make([]float64, p.NonZeros()), make([]float64, size)
		for i := range jacobian {
			jacobian[i] = r.NormFloat64()
		}
		for i := range y {
			y[i] = 1 + r.Float64()
		}
		var l ode.LinearSystem
		b.Run(name+"/factor", func(b *testing.B) {
			for b.Loop() {
				if err := l.Factor(s, 100, jacobian, y); err != nil {
					b.Fatal(err)
				}
			}
			_, operations := p.Fill(ode.Markowitz(p, []int{size - 2, size - 1}))
			b.ReportMetric(float64(operations), "operations")
			b.ReportMetric(float64(p.NonZeros()), "nonzeros")
		})
		b.Run(name+"/solve", func(b *testing.B) {
			x := make([]float64, size)
			for b.Loop() {
				copy(x, y)
				l.Solve(x)
			}
		})
	}
}
