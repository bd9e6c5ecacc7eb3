package op

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A tilted composition sums to 1, has the wanted electron fraction, and differs
// from ln w by something linear in Z/A.
func TestTilt(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	za := []float64{0, 1, 0.5, 26. / 56, 28. / 56, 0.4, 27. / 55, 0.5}
	n := len(za)
	for k := range 300 {
		z := make([]float64, n+2)
		spread := []float64{1, 30, 300}[k%3]
		for j := range n {
			z[j] = spread * r.NormFloat64()
		}
		z[n] = 0.4 + 0.15*r.Float64()
		z[n+1] = 7
		p := make([]float64, n+2)
		TiltRows(za, n+2, p, z)
		sum, ye := 0.0, 0.0
		for j := range n {
			sum += math.Exp(p[j])
			ye += math.Exp(p[j]) * za[j]
		}
		if tolerance := 1e-13 * (1 + spread); math.Abs(sum-1) > tolerance || math.Abs(ye-z[n]) > tolerance {
			t.Fatalf("ln w %v: sum %v, Ye %v, want %v", z[:n], sum, ye, z[n])
		}
		b := (p[1] - z[1]) - (p[0] - z[0])
		for j := range n {
			want := p[0] - z[0] + b*za[j]
			if d := p[j] - z[j]; math.Abs(d-want) > 1e-9*(1+math.Abs(b)) {
				t.Fatalf("nuclide %d is tilted by %v, not %v", j, d, want)
			}
		}
		if p[n] != z[n] || p[n+1] != 7 {
			t.Fatal("other columns changed")
		}
	}
}

// What no mixture can have becomes what one has.
func TestTiltOutOfReach(t *testing.T) {
	z, p := []float64{0, 0, 0.9, math.NaN(), 0, 0.45, 0, 0, math.NaN()}, make([]float64, 9)
	TiltRows([]float64{0.4, 0.5}, 3, p, z)
	if ye := 0.4*math.Exp(p[0]) + 0.5*math.Exp(p[1]); math.Abs(ye-0.4999) > 1e-12 {
		t.Errorf("Ye %v, want 0.4999", ye)
	}
	for _, v := range []float64{p[3], p[4], p[6], p[7]} {
		if v == v {
			t.Errorf("what is not a number became %v", v)
		}
	}
}

// A row that is normalised has mean 0 and deviation 1 before gain and offset.
func TestNormRows(t *testing.T) {
	y := make([]float64, 6)
	NormRows(y, []float64{1, 2, 6, -5, -5, -5}, []float64{1, 1, 2}, []float64{0, 0, 10})
	s := math.Sqrt(14./3 + normEpsilon)
	for j, want := range []float64{-2 / s, -1 / s, 10 + 2*3/s, 0, 0, 10} {
		if math.Abs(y[j]-want) > 1e-14 {
			t.Errorf("column %d: %v, want %v", j, y[j], want)
		}
	}
}
