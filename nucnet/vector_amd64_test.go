package nucnet

import (
	"math"
	"math/rand/v2"
	"testing"

	"nuclab/nucnet/rate"
)

// Vector code finds what loops do, to rounding.
func TestVectors(t *testing.T) {
	if !vectorised {
		t.Skip("this processor has no such instructions")
	}
	defer func() { vectorised = true }()
	r := rand.New(rand.NewPCG(1, 1))
	for _, name := range []string{"mesa_80", "mesa_128", "mesa_151"} {
		for _, screening := range []rate.Screening{rate.Chugunov, rate.Extended, rate.Unscreened} {
			n := stock(t, name)
			o := Options{Screening: screening}.WithDefaults()
			x := make([]float64, n.Len())
			sum := 0.0
			for i := range x {
				x[i] = math.Exp(-20 * r.Float64())
				sum += x[i]
			}
			for i := range x {
				x[i] /= sum
			}
			w := workerFor(t, n, o)
			y := burnComponents(t, w, State{4e9, 1e8, x}, 0, o)
			dst := make([]float64, w.plan.dim)
			slope := func() []float64 {
				w.screening.valid, w.weak.valid = false, false
				w.slope(0, y, dst) // makes the references for the next
				y[w.plan.change] += 1e-6
				w.slope(0, y, dst)
				y[w.plan.change] -= 1e-6
				return append([]float64(nil), dst...)
			}
			got := slope()
			vectorised = false
			want := slope()
			vectorised = true
			for i, v := range want {
				if !(math.Abs(got[i]-v) <= 1e-10*math.Abs(v)) {
					t.Errorf("%s, %v: component %d changes by %g, in vectors by %g", name, screening, i, v, got[i])
				}
			}
		}
	}
}
