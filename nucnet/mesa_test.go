package nucnet

import (
	"context"
	"errors"
	"math"
	"testing"
)

// TestExtrapolationAgrees burns silicon where fluxes cancel to many digits, with Bader and Deuflhard's method as it is
// and as MESA runs it, and compares with the default.
func TestExtrapolationAgrees(t *testing.T) {
	n := stock(t, "mesa_80")
	times := []float64{1e-3, 1}
	for _, start := range []State{{5e9, 1e8, pure(t, n, "si28")}, {7.9e9, 1e9, pure(t, n, "si28=0.9,ne22=0.1")}} {
		want := burn(t, n, start, times, Options{RTol: 1e-7, ATol: 1e-17})
		for _, opt := range []Options{
			{Solver: "bader-deuflhard", RTol: 1e-7, ATol: 1e-17},
			{Solver: "bader-deuflhard", RTol: 1e-7, ATol: 1e-17, LikeMESA: true},
		} {
			for k, s := range burn(t, n, start, times, opt) {
				for i, x := range want[k].X {
					if x > 1e-6 && math.Abs(s.X[i]/x-1) > 1e-5 {
						t.Errorf("T = %g, t = %g, like MESA %v: X(%v) = %.10g, by default %.10g", start.T, s.Time, opt.LikeMESA, n.members[i], s.X[i], x)
					}
				}
				if math.Abs(s.Ye-want[k].Ye) > 1e-9 || math.Abs(s.Q/want[k].Q-1) > 1e-6 {
					t.Errorf("T = %g, t = %g, like MESA %v: Ye = %.12g, q = %.8g, by default %.12g, %.8g", start.T, s.Time, opt.LikeMESA,
						s.Ye, s.Q, want[k].Ye, want[k].Q)
				}
			}
		}
	}
}

// Whatever a worker did as MESA, it does not do afterwards: results are the same bits.
func TestLikeMESAEnds(t *testing.T) {
	n := stock(t, "mesa_80")
	s := State{4e9, 1e8, pure(t, n, "si28")}
	opt := Options{Solver: "bader-deuflhard"}
	like := opt
	like.LikeMESA = true
	first := burn(t, n, s, []float64{1e-3}, opt)[0]
	other := burn(t, n, s, []float64{1e-3}, like)[0]
	again := burn(t, n, s, []float64{1e-3}, opt)[0]
	if first.EpsNu != again.EpsNu || first.Q != again.Q {
		t.Errorf("q = %v, eps_nu = %v, then %v, %v", first.Q, first.EpsNu, again.Q, again.EpsNu)
	}
	if other.EpsNu == first.EpsNu {
		t.Error("LikeMESA has no effect")
	}
	like.Heating = Isochoric
	if _, err := n.Burn(context.Background(), s, []float64{1}, like); !errors.Is(err, ErrOption) {
		t.Errorf("with heating: %v", err)
	}
}
