package op

import "math"

// BurnWeights are the weights of the terms of a BurnLoss.
type BurnWeights struct {
	LnX, X, Ye, Change, Q, Neutrino, Error float64
}

// burnAnswers and burnTargets are how many columns stand behind the n nuclides.
const burnAnswers, burnTargets = 5, 8

// BurnSum measures what is said of burns against the truth. The columns of p
// [rows, n+5] are ln X of n nuclides, Ye, ln of the neutrino loss at the end and
// of its mean, ln of the error that is expected, and the inverse hyperbolic sine
// of the change of Ye in some unit. Those of t [rows, n+8] are the truth of all
// but the error, then what a row's terms of ln X, X, Ye and q are multiplied
// with: a row that hardly changes can be held to a stricter measure than one that
// does. The result is the mean over the rows of
//
//	w.LnX mean |dln X| + w.X sum |dX| + w.Ye |dYe| + w.Change |d asinh|
//	+ w.Q |sum perX dX| + w.Neutrino (|dln| + |dln|) + w.Error |expected - ln mean |dX||,
//
// where perX is the energy that a unit of each X releases. The last term teaches
// what error to expect; its gradient leaves X alone.
func BurnSum[T Float](w BurnWeights, perX []float64, rows int, p, t []T) float64 {
	n, sum := len(perX), 0.0
	var room [512]T
	x := scratch(room[:], 2*n)
	for r := range rows {
		b := newBurnRow(perX, x[:n], x[n:], p[r*(n+burnAnswers):], t[r*(n+burnTargets):])
		sum += w.LnX*b.scale[0]*b.lnX + w.X*b.scale[1]*b.x + w.Ye*b.scale[2]*math.Abs(b.ye) + w.Change*math.Abs(b.change) +
			w.Q*b.scale[3]*math.Abs(b.q) + w.Neutrino*(math.Abs(b.end)+math.Abs(b.mean)) + w.Error*math.Abs(b.surprise)
	}
	return sum / float64(rows)
}

// burnRow holds the differences of one row.
type burnRow struct {
	lnX, x        float64 // mean |dln X|, sum |dX|
	ye, change, q float64
	end, mean     float64 // ln of neutrino losses
	surprise      float64 // ln of the expected error less that of the error
	scale         [4]float64
}

// newBurnRow compares a row; x and off receive X and dX.
func newBurnRow[T Float](perX []float64, x, off, p, t []T) (b burnRow) {
	n := len(perX)
	x, off = x[:n], off[:n]
	exps(x, p[:n])
	exps(off, t[:n])
	for j, u := range perX {
		b.lnX += math.Abs(float64(p[j] - t[j]))
		d := x[j] - off[j]
		off[j] = d
		b.x += math.Abs(float64(d))
		b.q += u * float64(d)
	}
	b.lnX /= float64(n)
	at := func(j int) float64 { return float64(p[n+j]) - float64(t[n+j]) }
	b.ye, b.end, b.mean = at(0), at(1), at(2)
	b.change = float64(p[n+4]) - float64(t[n+3])
	b.surprise = float64(p[n+3]) - math.Log(b.x/float64(n)+LeastError)
	for k := range b.scale {
		b.scale[k] = float64(t[n+4+k])
	}
	return b
}

// LeastError is added to mean |dX| before its logarithm is learnt.
const LeastError = 1e-9

// BurnSumGrad writes up times the gradient of BurnSum of so many rows with respect
// to p to dp; p, t and dp may be a part of the rows.
func BurnSumGrad[T Float](w BurnWeights, perX []float64, rows int, dp, p, t []T, up T) {
	n := len(perX)
	var room [512]T
	x := scratch(room[:], 2*n)
	x, off := x[:n], x[n:]
	f := float64(up) / float64(rows)
	for ; len(dp) >= n+burnAnswers; p, t, dp = p[n+burnAnswers:], t[n+burnTargets:], dp[n+burnAnswers:] {
		b := newBurnRow(perX, x, off, p, t)
		d := dp[:n+burnAnswers]
		lnX, sumX, q := f*w.LnX*b.scale[0]/float64(n), w.X*b.scale[1], w.Q*b.scale[3]*sign(b.q)
		for j, u := range perX {
			d[j] = T(lnX*sign(float64(p[j]-t[j])) + f*float64(x[j])*(sumX*sign(float64(off[j]))+q*u))
		}
		for j, v := range [burnAnswers]float64{w.Ye * b.scale[2] * sign(b.ye), w.Neutrino * sign(b.end), w.Neutrino * sign(b.mean),
			w.Error * sign(b.surprise), w.Change * sign(b.change)} {
			d[n+j] = T(f * v)
		}
	}
}

// sign is -1, 0 or 1.
func sign(v float64) float64 {
	return min(max(v*1e300, -1), 1) // no branch; a difference of single-precision numbers is 0 or 1e-45 at least
}
