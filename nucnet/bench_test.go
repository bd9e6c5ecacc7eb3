package nucnet

import (
	"context"
	"fmt"
	"math"
	"testing"
)

// burnStates are the states that the network codes of this field are compared
// at: pure si28 burning slowly and fast.
var burnStates = []struct {
	t, rho, end float64
}{{3e9, 3e8, 1}, {3e9, 3e8, 100}, {5e9, 1e9, 1e-3}, {5e9, 1e9, 1}, {5e9, 1e9, 100}}

func BenchmarkBurn(b *testing.B) {
	for _, name := range []string{"mesa_80", "mesa_151"} {
		n, err := Stock(name)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range burnStates {
			b.Run(fmt.Sprintf("%s/T=%g/rho=%g/t=%g", name, s.t, s.rho, s.end), func(b *testing.B) {
				x := pure(b, n, "si28")
				steps := 0
				start := cpuSeconds(b)
				for b.Loop() {
					r, err := n.Burn(context.Background(), State{s.t, s.rho, x}, []float64{s.end}, Options{})
					if err != nil {
						b.Fatal(err)
					}
					steps = r.Stats.Steps
				}
				b.ReportMetric(float64(steps), "steps/op")
				b.ReportMetric((cpuSeconds(b)-start)/float64(b.N)*1e3, "cpu-ms/op")
			})
		}
	}
}

// BenchmarkNetworks burns silicon for a microsecond in every network.
func BenchmarkNetworks(b *testing.B) {
	for _, name := range StockNames() {
		n := stock(b, name)
		x := pure(b, n, "si28")
		b.Run(name, func(b *testing.B) {
			s, o := State{5e9, 1e9, x}, Options{RTol: 1e-4}
			burn(b, n, s, []float64{1e-6}, o) // makes what all burns share
			b.ReportAllocs()
			steps := 0
			start := cpuSeconds(b)
			for b.Loop() {
				r, err := n.Burn(context.Background(), s, []float64{1e-6}, o)
				if err != nil {
					b.Fatal(err)
				}
				steps += r.Stats.Steps
			}
			b.ReportMetric(float64(steps)/float64(b.N), "steps/op")
			b.ReportMetric((cpuSeconds(b)-start)/float64(steps)*1e6, "cpu-us/step")
		})
	}
}

// BenchmarkParts times what a step is made of, in every network, at
// a state on the way to equilibrium. Package ode has those of linear algebra.
func BenchmarkParts(b *testing.B) {
	for _, name := range StockNames() {
		n := stock(b, name)
		o := Options{}.WithDefaults()
		s := State{5e9, 1e9, pure(b, n, "si28")}
		w := workerFor(b, n, o)
		y := burnComponents(b, w, s, 1e-6, o)
		dst, jac := make([]float64, w.plan.dim), make([]float64, w.plan.jacobian.nonzeros)
		b.Run(name+"/rhs", func(b *testing.B) {
			for b.Loop() {
				y[w.plan.change] += 1e-15 // so that nothing is taken from the last call
				w.slope(0, y, dst)
			}
		})
		b.Run(name+"/jacobian", func(b *testing.B) {
			for b.Loop() {
				w.jacobian(0, y, jac)
			}
		})
		b.Run(name+"/rates", func(b *testing.B) {
			for b.Loop() {
				w.temperature = math.NaN() // so that nothing is taken from the last call
				w.setState(5e9, 1e9)
			}
		})
	}
}
