package ode

import (
	"context"
	"math"
	"testing"
)

// TestOrderOfBackwardEuler halves a fixed step.
func TestOrderOfBackwardEuler(t *testing.T) {
	p := tangent(t)
	errorOf := func(steps int) float64 {
		y := []float64{0, 1}
		it := &integration{ctx: context.Background(), p: p, set: Settings{RTol: 1e-8, ATol: 1e-8}, tEnd: 1, y: y}
		var b BackwardEuler
		if err := b.start(it); err != nil {
			t.Fatal(err)
		}
		for k := range steps {
			it.t = float64(k) / float64(steps)
			if !b.attempt(it, 1/float64(steps)) {
				t.Fatalf("no solution at %g", it.t)
			}
			copy(y, b.yNew)
		}
		return max(math.Abs(y[0]-math.Tan(1)), math.Abs(y[1]-math.Exp(math.Sin(1))))
	}
	if order := math.Log2(errorOf(500) / errorOf(1000)); math.Abs(order-1) > 0.05 {
		t.Errorf("order %.3f, want 1", order)
	}
}

// TestBackwardEuler holds it to the square root of its tolerance.
func TestBackwardEuler(t *testing.T) {
	for _, ref := range references() {
		if ref.name == "OREGO" || ref.name == "van der Pol" {
			continue // their phase drifts
		}
		var last float64
		for _, rtol := range []float64{1e-3, 1e-5} {
			y, stats := endOf(t, &BackwardEuler{}, ref.problem, ref.y0, ref.t, Settings{RTol: rtol, ATol: 1e-16})
			worst := 0.0
			for i := range y {
				worst = max(worst, math.Abs(y[i]/ref.want[i]-1))
			}
			t.Logf("%s, rtol %g: error %.2g, %+v", ref.name, rtol, worst, stats)
			if worst > 3*math.Sqrt(rtol) || last > 0 && worst > last/5 {
				t.Errorf("%s, rtol %g: error %.2g after %.2g", ref.name, rtol, worst, last)
			}
			last = worst
		}
	}
	for _, k := range []float64{1, 1e3, 1e6, 1e9} {
		y, _ := endOf(t, &BackwardEuler{}, protheroRobinson(k), []float64{1}, 1, Settings{RTol: 1e-6, ATol: 1e-9})
		if math.Abs(y[0]-math.Cos(1)) > 1e-3 {
			t.Errorf("k = %g: %.9g, want %.9g", k, y[0], math.Cos(1))
		}
	}
}

// TestBackwardEulerStaysPositive takes one step that is far too long for
// accuracy, where a formula of higher order goes below zero.
func TestBackwardEulerStaysPositive(t *testing.T) {
	it := &integration{ctx: context.Background(), p: decay(t, 1), set: Settings{RTol: 1e-6, ATol: 1e-12}, tEnd: 1e6, y: []float64{1, 0}}
	var b BackwardEuler
	if err := b.start(it); err != nil {
		t.Fatal(err)
	}
	for _, h := range []float64{1, 10, 1e6} {
		if !b.attempt(it, h) || math.Abs(b.yNew[0]-1/(1+h)) > 1e-14 {
			t.Errorf("h = %g: %g, want %g", h, b.yNew[0], 1/(1+h))
		}
	}
}
