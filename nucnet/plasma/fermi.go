package plasma

import "math"

// gas holds moments of the Fermi gas of electrons (-) and positrons (+) at reduced temperature beta = kT/(m c^2).
// With momentum p in m c, kinetic energy x in kT, occupations f, slopes k = f(1-f) and W = p^3/3, they are integrals
//
//	n  = int p^2 dp (f- - f+)             t1 = int p^2 dp [(x-eta) k- - (x-eta+) k+]
//	p  = int W dx (f- + f+)               t2 = int p^2 dp [(x-eta)^2 k- + (x-eta+)^2 k+]
//	u  = int p^2 dp x (f- + f+)           s  = int W dx [(x-eta) k- + (x-eta+) k+]
//	nPlus = int p^2 dp f+                 d1, d2 = dn/deta, d2n/deta2 at constant beta
//
// which are number, pressure, kinetic energy and entropy up to units. Since the density of states in physical energy
// does not depend on temperature, t1 and t2 are T dn/dT and T ds/dT at constant chemical potential: no derivative with
// respect to beta is needed.
type gas struct {
	n, nPlus, p, u, s, d1, d2, t1, t2 float64
}

// degenerate is the eta above which the expansion for degenerate matter is accurate to rounding, see sommerfeld.
const degenerate = 36

// pairless is the m c^2/kT above which positrons are fewer than exp(-pairless) of the states: no density here sees them.
const pairless = 100

// fermi evaluates the gas. eta is the chemical potential of the electron over kT without and mu with its rest mass;
// the caller gives both because either may be small by cancellation. For the positron they are -mu - 1/beta and -mu.
func fermi(eta, mu, beta float64) gas {
	if eta > degenerate {
		return sommerfeld(eta, beta)
	}
	return trapezoid(eta, mu, beta)
}

// trapezoid integrates over the rapidity theta, p = sinh theta. In theta the phase space is an entire function, the
// integrands are even and fall off doubly exponentially, so that the trapezoidal rule errs by exp(-2 pi d/h) only
// (Trefethen & Weideman 2014, SIAM Rev. 56, 385): h is the step, d the distance of the nearest pole of the Fermi
// function from the real axis. It is at x = eta +- i pi, cosh theta = 1 + beta x.
func trapezoid(eta, mu, beta float64) gas {
	const (
		logError = 38 // exp(-38) = 3e-17
		cutoff   = 52 // the integrand ends at x = eta + cutoff
	)
	// A dilute gas is exp(eta) of what the poles' residues are. Without poles nearby, what limits the step is the
	// width of exp(-x): 1.4, for relativistic particles, and 2.4, for slow ones, stand for it.
	h := 2 * math.Pi * min(poleDistance(eta, beta)/(logError+max(-eta, 0)), 1.4/logError, 2.4*math.Sqrt(2*beta)/logError)
	end := max(eta, 0) + cutoff
	positrons := 1/beta < pairless && mu < 45
	e2mu, e2mu1 := 0.0, 0.0
	etaPlus := -mu - 1/beta
	if positrons {
		e2mu, e2mu1 = math.Exp(2*mu), math.Expm1(2*mu)
	}

	// All hyperbolic functions come from sinh and cosh of theta/2 by the addition theorem.
	var g gas
	stepSinh, stepCosh := math.Sinh(h/2), math.Cosh(h/2)
	sinh, cosh := stepSinh, stepCosh
	for {
		x := 2 * sinh * sinh / beta
		if x > end {
			break
		}
		p, energy := 2*sinh*cosh, 1+2*sinh*sinh
		number := p * p * energy // p^2 dp/dtheta
		press := p * p * p * p / 3
		boltzmann := math.Exp(x - eta)
		f := 1 / (1 + boltzmann)
		k := f * f * boltzmann
		y := x - eta
		net, both, ky := f, f, k*y
		kyNet, k1, k2, kyy := ky, k, k*(1-2*f), ky*y
		if positrons {
			bp := boltzmann * e2mu
			fp := 1 / (1 + bp)
			kp := fp * fp * bp
			yp := x - etaPlus
			net = f * fp * boltzmann * e2mu1 // f - fp without cancellation
			both += fp
			kyNet -= kp * yp
			ky += kp * yp
			kyy += kp * yp * yp
			k1 += kp
			k2 -= kp * (1 - 2*fp)
			g.nPlus += number * fp
		}
		g.n += number * net
		g.u += number * x * both
		g.d1 += number * k1
		g.d2 += number * k2
		g.t1 += number * kyNet
		g.t2 += number * kyy
		g.p += press * both
		g.s += press * ky
		sinh, cosh = sinh*stepCosh+cosh*stepSinh, cosh*stepCosh+sinh*stepSinh
	}
	// In units of kT, W dx is p^4/3 dtheta over beta.
	g.n *= h
	g.nPlus *= h
	g.u *= h
	g.d1 *= h
	g.d2 *= h
	g.t1 *= h
	g.t2 *= h
	g.p *= h / beta
	g.s *= h / beta
	return g
}

// poleDistance returns the imaginary part of theta where cosh theta = 1 + beta (eta + i pi).
func poleDistance(eta, beta float64) float64 {
	// theta = 2 asinh z with z^2 = beta (eta + i pi)/2, and sin Im asinh z = (|z+i| - |z-i|)/2.
	re, im := beta*eta/2, beta*math.Pi/2
	abs := math.Hypot(re, im)
	b := math.Sqrt((abs + math.Abs(re)) / 2)
	a := im / (2 * b)
	if re > 0 {
		a, b = b, a
	}
	return 2 * math.Asin(2*b/(math.Hypot(a, 1+b)+math.Hypot(a, 1-b)))
}

// sommerfeldCoefficients are c_n = 2 (1 - 2^(1-2n)) zeta(2n), with c_0 = 1.
var sommerfeldCoefficients = [...]float64{
	1, 1.6449340668482264, 1.8940656589944918, 1.9711021825948702, 1.9924660037052958, 1.9980790151965431,
	1.9995153702877164, 1.9998783406919594, 1.9999695284298122, 1.9999923757392202, 1.9999980932231630,
	1.9999995232264617, 1.9999998807977848,
}

// sommerfeld is the expansion of the moments for degenerate electrons,
//
//	p = sum_n c_n V^(2n)(eta),  V'' = p^2 dp/dx,
//
// and what follows from it by differentiation. It leaves out terms of exp(-eta); at eta = 36 the series still falls to
// 1e-16 at its last term. There are no positrons.
func sommerfeld(eta, beta float64) gas {
	// Taylor coefficients of p^2 dp/dx about eta in t = (x-eta)/eta: with q = (1+t)(1+at) and e the Fermi energy,
	// it is p_F q^(1/2) beta (e + beta eta t). The coefficients of q^(1/2) follow from q y' = y q'/2.
	const terms = len(sommerfeldCoefficients) - 1
	var w [2 * terms]float64
	half := beta * eta / 2
	a := half / (1 + half)
	e := 1 + beta*eta
	pf := math.Sqrt(2 * beta * eta * (1 + half))
	prev, y := 0.0, 1.0 // coefficients k-1 and k of q^(1/2)
	orders := len(w)
	switch {
	case eta > 1e4:
		orders = 6
	case eta > 100:
		orders = 14
	}
	factor := beta * pf // beta p_F k!/eta^k, which turns a coefficient into a derivative with respect to x
	w[0] = factor * e
	for k := 1; k < orders; k++ {
		n := float64(k - 1)
		next := ((1+a)*(0.5-n)*y + a*(2-n)*prev) / (n + 1)
		factor *= float64(k) / eta
		w[k] = factor * (e*next + beta*eta*y)
		prev, y = y, next
	}
	g := gas{n: pf * pf * pf / 3, p: coldPressure(pf) / (3 * beta)}
	for n := 1; 2*n <= orders; n++ {
		c, even, odd := sommerfeldCoefficients[n], w[2*n-2], w[2*n-1]
		g.p += c * even
		g.n += c * odd
		g.d1 += sommerfeldCoefficients[n-1] * even
		g.d2 += sommerfeldCoefficients[n-1] * odd
		g.s += float64(2*n) * c * even
		g.t1 += float64(2*n) * c * odd
		g.t2 += float64(2*n*(2*n-1)) * c * even
	}
	g.u = g.s - g.p + eta*g.n
	return g
}

// coldPressure returns int_0^p q^4/sqrt(1+q^2) dq, the pressure of cold electrons up to units (Chandrasekhar 1939).
func coldPressure(p float64) float64 {
	p2 := p * p
	if p > 0.5 {
		return (p*(2*p2-3)*math.Sqrt(1+p2) + 3*math.Asinh(p)) / 8
	}
	sum, term := 0.0, p2*p2*p
	for k := 0; math.Abs(term) > 1e-18*sum; k++ {
		n := float64(k)
		sum += term / (2*n + 5)
		term *= -p2 * (n + 0.5) / (n + 1)
	}
	return sum
}
