package approx21

import (
	"math"

	"nuclab/nucnet/nuclide"
)

// Constants of the captures on nucleons as Timmes's networks have them.
const (
	massDifference = 2.0716446e-6 // erg, neutron less proton
	halfLife       = 1083.9269    // s, the neutron's ft
)

// captures returns the rates in 1/s of electron capture on a proton and positron capture on a neutron at temperature t
// (K), with their derivatives by eta. eta is the chemical potential of electrons over kT, without the rest mass. The
// decay of the free neutron is not among them. Nothing is captured below T9 = 0.01.
//
// With Fermi integrals F_k(x), the rate is ln 2/ft (kT/m_e c^2)^5 times the integral over t of
// (t+l)^2 (t+l+z)^2/(exp(t-x)+1), where l is the threshold and z the energy gained in units of kT. MESA's F_k are
// sums for large |x|; they are worst, by a few percent, near x = 0.
func captures(t, eta float64) (onProton, onNeutron, dProton, dNeutron float64) {
	if t < 1e7 {
		return 0, 0, 0, 0
	}
	kT := nuclide.Boltzmann * t
	const me = nuclide.ElectronMass * nuclide.LightSpeed * nuclide.LightSpeed
	unit := math.Ln2 / halfLife * math.Pow(kT/me, 5)
	q, b := massDifference/kT, me/kT
	onProton, dProton = captureIntegral(q, -q, eta+b-q)
	onNeutron, dNeutron = captureIntegral(b, q, -(eta+b)-b)
	return unit * onProton, unit * onNeutron, unit * dProton, -unit * dNeutron
}

// captureIntegral returns the sum over Fermi integrals and its derivative by x.
func captureIntegral(l, z, x float64) (sum, slope float64) {
	f, d := fermi(x)
	c := [5]float64{
		l * l * (l*l + 2*z*l + z*z),
		l * (4*l*l + 6*l*z + 2*z*z),
		6*l*l + 6*l*z + z*z,
		2*z + 4*l,
		1,
	}
	for k := range c {
		sum += c[k] * f[k]
		slope += c[k] * d[k]
	}
	return sum, slope
}

// fermi returns approximations of the Fermi integrals F_0 to F_4 at x, int t^k/(exp(t-x)+1), and their derivatives.
func fermi(x float64) (f, d [5]float64) {
	const pi2 = math.Pi * math.Pi
	e := math.Exp(-math.Abs(x))
	if x <= 0 {
		factorial := 1.0
		for k := 1; k < 5; k++ {
			factorial *= float64(k)
			f[k] = factorial * e
			d[k] = f[k]
		}
		f[0], d[0] = math.Log1p(e), e/(1+e)
		return f, d
	}
	x2 := x * x
	f[0], d[0] = x+math.Log1p(e), 1/(1+e)
	f[1], d[1] = x2/2+2-e, x+e
	f[2], d[2] = x*(x2/3+4)+2*e, x2+4-2*e
	f[3], d[3] = x2*(x2/4+pi2/2)+12-6*e, x*(x2+pi2)+6*e
	f[4], d[4] = x*(x2*(x2/5+2*pi2/3)+48)+24*e, x2*(x2+2*pi2)+48-24*e
	return f, d
}
