package ode

import (
	"context"
	"math"
	"testing"
)

// TestOrder halves a fixed step on a smooth nonlinear problem whose solution is
// known: y = (tan t) of dy/dt = 1 + y^2 beside z = exp(sin t) of dz/dt = z cos t.
func TestOrder(t *testing.T) {
	s, err := NewStructure(Dense(2), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &Problem{
		Structure: s,
		Func: func(t float64, y, dst []float64) {
			dst[0] = 1 + y[0]*y[0]
			dst[1] = y[1] * math.Cos(t)
		},
		Jacobian: func(t float64, y, dst []float64) {
			dst[0], dst[1], dst[2], dst[3] = 2*y[0], 0, 0, math.Cos(t)
		},
		TimeDerivative: func(t float64, y, dst []float64) { dst[0], dst[1] = 0, -y[1]*math.Sin(t) },
	}
	for _, c := range []struct {
		m interface {
			Method
			attempt(*integration, float64) float64
		}
		r     *rosenbrock
		order float64
	}{
		{m: &Rodas5P{}, order: 5},
	} {
		errorOf := func(steps int) float64 {
			y := []float64{0, 1}
			it := &integration{ctx: context.Background(), p: p, set: Settings{RTol: 1, ATol: 1}, tEnd: 1, y: y}
			if err := c.m.start(it); err != nil {
				t.Fatal(err)
			}
			h := 1 / float64(steps)
			for k := range steps {
				it.t = float64(k) * h
				r := &c.m.(*Rodas5P).rosenbrock
				r.refresh(it)
				c.m.attempt(it, h)
				copy(y, r.yNew)
			}
			return max(math.Abs(y[0]-math.Tan(1)), math.Abs(y[1]-math.Exp(math.Sin(1))))
		}
		e1, e2 := errorOf(16), errorOf(32)
		t.Logf("%v %v", e1, e2)
		if order := math.Log2(e1 / e2); math.Abs(order-c.order) > 0.4 {
			t.Errorf("%v: order %.2f, want %g", c.m, order, c.order)
		}
	}
}
