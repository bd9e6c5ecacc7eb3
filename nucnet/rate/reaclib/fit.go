// Package reaclib reads REACLIB-2 files and the compact form in which they are embedded.
package reaclib

import "math"

// Fit holds the seven coefficients of one set: lambda = exp(a0 + a1/T9 + a2 T9^(-1/3) + a3 T9^(1/3) + a4 T9 +
// a5 T9^(5/3) + a6 ln T9).
type Fit [7]float64

// Powers holds the powers of T9 that fits share, so that many are evaluated from one set of roots.
type Powers struct{ Inv, Cbrt, InvCbrt, T9, FiveThirds, Ln float64 }

// NewPowers returns the powers of t9.
func NewPowers(t9 float64) Powers {
	c := math.Cbrt(t9)
	return Powers{Inv: 1 / t9, Cbrt: c, InvCbrt: 1 / c, T9: t9, FiveThirds: t9 * c * c, Ln: math.Log(t9)}
}

// maxExponent caps a fit at 1e99, as MESA does.
const maxExponent = 228

// Eval returns lambda and its derivative with respect to T9.
func (a *Fit) Eval(p *Powers) (lambda, dT9 float64) {
	return a.EvalTimes(p, 0, 0)
}

// EvalTimes returns lambda times exp(ln) and its derivative with respect to T9, where dln is that of ln. Neither
// factor need be a number that a float64 can hold.
func (a *Fit) EvalTimes(p *Powers, ln, dln float64) (lambda, dT9 float64) {
	e := a[0] + a[1]*p.Inv + a[2]*p.InvCbrt + a[3]*p.Cbrt + a[4]*p.T9 + a[5]*p.FiveThirds + a[6]*p.Ln + ln
	if e > maxExponent {
		return math.Exp(maxExponent), 0
	}
	lambda = math.Exp(e)
	slope := (-a[1]*p.Inv+(a[3]*p.Cbrt-a[2]*p.InvCbrt+5*a[5]*p.FiveThirds)/3+a[6])*p.Inv + a[4] + dln
	return lambda, lambda * slope
}
