package op

import (
	"math"
	"testing"
)

// TestBurnLossByHand: one row of two nuclides.
func TestBurnLossByHand(t *testing.T) {
	ln := math.Log
	p := []float64{ln(0.5), ln(0.5), 0.48, 3, 2, ln(0.1), 1}
	q := []float64{ln(0.25), ln(0.75), 0.5, 2, 4, 0.5, 10, 20, 30, 40}
	perX := []float64{3, 1} // q is off by 3 (0.25) - 0.25 = 0.5
	for _, c := range []struct {
		w    BurnWeights
		want float64
	}{
		{BurnWeights{LnX: 1}, 10 * (ln(2) + ln(1.5)) / 2},
		{BurnWeights{X: 1}, 20 * 0.5},
		{BurnWeights{Ye: 1}, 30 * 0.02},
		{BurnWeights{Change: 1}, 0.5},
		{BurnWeights{Q: 1}, 40 * 0.5},
		{BurnWeights{Neutrino: 1}, 1 + 2},
		{BurnWeights{Error: 1}, ln(2.5)}, // mean |dX| is 0.25
	} {
		if got := BurnSum(c.w, perX, 1, p, q); math.Abs(got-c.want) > 1e-7 {
			t.Errorf("%+v: %v, not %v", c.w, got, c.want)
		}
	}
	// What error to expect is learnt from X, X not from that.
	d := make([]float64, len(p))
	BurnSumGrad(BurnWeights{Error: 2}, perX, 1, d, p, q, 1)
	for j, v := range d {
		want := 0.0
		if j == 5 {
			want = -2
		}
		if v != want {
			t.Errorf("gradient %d is %v, not %v", j, v, want)
		}
	}
}

// TestBlendEnds: a closed gate leaves the first guess as it is, an open one gives
// the second with its correction.
func TestBlendEnds(t *testing.T) {
	h := []float32{-200, 200, -200, 7, 0.5, 8, 0.25}
	base := []float32{1.7, -3, 2, 5, 4, 6, 0.4}
	out := make([]float32, 5)
	BlendRows(3, 2, 1e-3, 7, out, h, base)
	want := []float32{1.7, 4.5, float32(0.4 + 1e-3*math.Sinh(2)), 0.25, 2}
	for j := range want {
		if out[j] != want[j] {
			t.Errorf("column %d is %v, not %v", j, out[j], want[j])
		}
	}
}
