package ode

import (
	"context"
	"fmt"
	"math"
	"testing"
)

func methods() []Method { return []Method{&Rodas5P{}, &BDF{}} }

// endOf integrates to the single time t.
func endOf(tb testing.TB, m Method, p *Problem, y0 []float64, t float64, s Settings) ([]float64, Stats) {
	tb.Helper()
	y := append([]float64(nil), y0...)
	stats, err := Solve(context.Background(), m, p, 0, y, []float64{t}, s, func(int, float64, []float64) error { return nil })
	if err != nil {
		tb.Fatal(err)
	}
	return y, stats
}

func TestPublishedSolutions(t *testing.T) {
	for _, m := range methods() {
		for _, ref := range references() {
			t.Run(fmt.Sprint(m, "/", ref.name), func(t *testing.T) {
				y, stats := endOf(t, m, ref.problem, ref.y0, ref.t, Settings{RTol: 1e-9, ATol: 1e-18})
				t.Logf("%+v", stats)
				for i := range y {
					if math.Abs(y[i]/ref.want[i]-1) > 1e-7 {
						t.Errorf("y[%d] = %.16g, published %.16g", i, y[i], ref.want[i])
					}
				}
			})
		}
	}
}
