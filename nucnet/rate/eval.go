package rate

import (
	"math"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate/reaclib"
)

// The fits hold from T9 = 0.01 to 10. Strong rates are 0 below; above, all rates stay as they are at 10.
const (
	minT9 = 0.01
	maxT9 = 10
)

// MaxT is the temperature (K) above which fits and partition functions stay as they are there.
const MaxT = maxT9 * 1e9

// maxMembers bounds a list of members, so that scratch space fits on the stack.
const maxMembers = 1024

// maxRatio is the logarithm of a ratio of reverse to forward rate beyond which the forward rate, and with it the
// digits of the reverse one, may have underflowed.
const maxRatio = 300

// EvalStrong fills fwd and rev with the rates of l.Strong at temperature t (K) in their two directions, without
// screening, and dfwd and drev with the derivatives with respect to t in 1/K. All have the length of l.Strong; the
// derivatives may both be nil.
func (l *Links) EvalStrong(t float64, fwd, rev, dfwd, drev []float64) {
	t9 := t / 1e9
	if !(t9 >= minT9) {
		clear(fwd)
		clear(rev)
		clear(dfwd)
		clear(drev)
		return
	}
	slope := 1e-9
	if t9 > maxT9 {
		t9, slope = maxT9, 0
	}
	p := reaclib.NewPowers(t9)
	var lnG, dlnG [maxMembers]float64 // d/dT9
	for i, n := range l.Members {
		lnG[i], dlnG[i] = n.LnPartition(t9 * 1e9)
		dlnG[i] *= 1e9
	}
	for k := range l.Strong {
		link := &l.Strong[k]
		var lambda, d float64
		for i := range link.fits {
			a, b := link.fits[i].Eval(&p)
			lambda, d = lambda+a, d+b
		}
		e, de := link.balance.eval(&p)
		for _, i := range link.in {
			e += lnG[i]
			de += dlnG[i]
		}
		for _, i := range link.out {
			e -= lnG[i]
			de -= dlnG[i]
		}
		ratio := math.Exp(e)
		reverse, dReverse := lambda*ratio, ratio*(d+lambda*de)
		if e > maxRatio {
			reverse, dReverse = 0, 0
			for i := range link.fits {
				a, b := link.fits[i].EvalTimes(&p, e, de)
				reverse, dReverse = reverse+a, dReverse+b
			}
		}
		if link.OneWay {
			reverse, dReverse = 0, 0
		}
		if l.factors != nil {
			f := &l.factors[k]
			lambda, d, reverse, dReverse = lambda*f[0], d*f[0], reverse*f[1], dReverse*f[1]
		}
		fwd[k], rev[k] = lambda, reverse
		if dfwd != nil {
			dfwd[k], drev[k] = slope*d, slope*dReverse
		}
	}
}

// EvalWeak fills lambda with the rates of the weak reactions, first l.Tables, then l.Fits, at temperature t (K) and
// rhoYe, the density times the electron fraction (g/cm3), and qnu with the mean energy in MeV that neutrinos carry
// away in one reaction. dlambda, unless nil, becomes the derivative of lambda with respect to ln(rhoYe). All have
// length l.Weak().
func (l *Links) EvalWeak(t, rhoYe float64, lambda, qnu, dlambda []float64) {
	at := newWeakPoint(t/1e9, rhoYe)
	var fine finePoint
	if l.fine {
		fine = newFinePoint(t/1e9, rhoYe)
	}
	for k := range l.Tables {
		rate, nu, d := l.Tables[k].eval(&at, &fine)
		lambda[k], qnu[k] = rate, nu
		if dlambda != nil {
			dlambda[k] = d
		}
	}
	p := reaclib.NewPowers(min(max(t/1e9, minT9), maxT9))
	for i := range l.Fits {
		k := len(l.Tables) + i
		rate, d := l.Fits[i].eval(&p, rhoYe)
		lambda[k], qnu[k] = rate, l.Fits[i].QNu
		if dlambda != nil {
			dlambda[k] = d
		}
	}
	for k, f := range l.weakFactors {
		lambda[k] *= f
		if dlambda != nil {
			dlambda[k] *= f
		}
	}
}

// eval returns the rate and its derivative with respect to ln(rhoYe).
func (w *WeakFit) eval(p *reaclib.Powers, rhoYe float64) (lambda, d float64) {
	for i := range w.fits {
		a, _ := w.fits[i].Eval(p)
		lambda += a
	}
	if w.Electron {
		lambda *= rhoYe
		d = lambda
	}
	return lambda, d
}

// boltzmannT9 is the Boltzmann constant in MeV per 1e9 K.
const boltzmannT9 = nuclide.BoltzmannMeV * 1e9
