package rate

import (
	"math"

	"nuclab/nucnet/nuclide"
)

// plasma is the state that screening depends on.
type plasma struct {
	t    float64
	m    nuclide.Moments
	g, w float64 // temperatures in K: e^2/(a_e k), and hbar/k times the plasma frequency for unit charge
	zeta float64 // zeta for unit charge at T* = T

	// Quantities of Extended and Salpeter.
	hw  float64 // weak H for unit charges
	ga  float64 // coupling of unit charges
	tau float64 // T^(-1/3)
}

func newPlasma(t, rho float64, m nuclide.Moments) plasma {
	const massUnit = 1 / nuclide.Avogadro // g, as in MESA
	const e2 = nuclide.Charge * nuclide.Charge
	n := rho / (m.Abar * massUnit)
	ae := math.Cbrt(3 / (4 * math.Pi * m.Zbar * n))
	u := rho / m.Abar
	w := nuclide.HBar / nuclide.Boltzmann * math.Sqrt(4*math.Pi*e2*n/(m.Abar*massUnit))
	return plasma{
		t: t, m: m,
		g:    e2 / (ae * nuclide.Boltzmann),
		w:    w,
		zeta: zetaOf(w / t),
		hw:   1.88e8 / t * math.Sqrt(u*(m.Z2bar+m.Zbar)/t),
		ga:   2.27493e5 / t * math.Cbrt(u*m.Zbar),
		tau:  1 / math.Cbrt(t),
	}
}

// zetaOf returns (4/(3 pi^2) (Tp/T*)^2)^(1/3).
func zetaOf(ratio float64) float64 { return math.Cbrt(4 / (3 * math.Pi * math.Pi) * ratio * ratio) }

// chugunov is Chugunov, DeWitt & Yakovlev (2007, PRD 76, 025028) for mixtures as MESA writes it: the plasma
// temperature is that of ions of mean mass, and the temperature is smoothly held above a tenth of it.
func (p *plasma) chugunov(s *screened) enhancement {
	tp := s.root * p.w
	t := p.t / tp
	effective, kappa := p.t, 1.0 // T* and d ln T*/d ln T = 1 - d ln T*/d ln Tp
	zeta := s.cubeRoot * p.zeta  // where T* is T
	switch {
	case t <= 0.1:
		effective, kappa = 0.1*tp, 0
		zeta = zetaOf(10)
	case t <= 0.2:
		sin, cos := math.Sincos(math.Pi * (t - 0.1) / 0.1)
		share := (1 - cos) / 2
		effective = (1-share)*0.1*tp + share*0.2*tp
		kappa = t * (math.Pi / 0.2 * sin) / (1 + share)
		zeta = zetaOf(tp / effective)
	}

	gamma, cap := s.coupling*p.g/effective, 1.0 // cap is d ln gamma after/d ln gamma before capping
	switch {
	case gamma >= 600:
		gamma, cap = 600, 0
	case gamma >= 590:
		sin, cos := math.Sincos(math.Pi * (gamma - 590) / 10)
		share := (1 - cos) / 2
		capped := (1-share)*gamma + 600*share
		cap = gamma / capped * (1 - share + (600-gamma)*math.Pi/20*sin)
		gamma = capped
	}
	c2, c3 := 0.41-0.6/gamma, 0.06+2.2/gamma
	d := 1 + zeta*(0.022+zeta*(c2+zeta*c3))
	gt := gamma / math.Cbrt(d)
	gtGamma := 1 - zeta*zeta*(0.6-2.2*zeta)/(3*d*gamma)         // d ln gt/d ln gamma
	gtZeta := -zeta * (0.022 + zeta*(2*c2+3*zeta*c3)) / (3 * d) // d ln gt/d ln zeta

	const a1, a2, b1, b2, b3, b4 = 2.7822, 98.34, -1.7476, 66.07, 1.12, 65
	a3 := math.Sqrt(3) - a1/math.Sqrt(a2)
	root, root2, square := math.Sqrt(gt), math.Sqrt(a2+gt), gt*gt
	bracket := a1/root2 + a3/(1+gt)
	h := gt*root*bracket + b1*square/(b2+gt) + b3*square/(b4+square)
	slope := gt * (1.5*root*bracket - gt*root*(0.5*a1/(root2*root2*root2)+a3/((1+gt)*(1+gt))) +
		b1*gt*(2*b2+gt)/((b2+gt)*(b2+gt)) + 2*b3*b4*gt/((b4+square)*(b4+square)))

	hg, hz := slope*gtGamma*cap, slope*gtZeta*2/3 // d h/d ln gamma, d h/d ln(Tp/T*)
	dTp := kappa*hz - (1-kappa)*hg                // d h/d ln Tp
	return enhancement{
		h:      h,
		lnT:    -kappa * (hg + hz),
		lnRho:  hg/3 + dTp/2,
		lnAbar: -hg/3 - dTp,
		zbar:   hg / (3 * p.m.Zbar),
	}
}

// weak is the weak limit, Salpeter's formula for a mixture with non-degenerate electrons (Graboske et al. 1973).
func (p *plasma) weak(s *screened) enhancement {
	h := s.zz * p.hw
	dz := h / 2 / (p.m.Z2bar + p.m.Zbar)
	return enhancement{h: h, lnT: -1.5 * h, lnRho: h / 2, lnAbar: -h / 2, zbar: dz, z2bar: dz}
}

// extended joins weak screening below a coupling of 0.3 to strong screening above 0.8.
func (p *plasma) extended(s *screened) enhancement {
	ge := s.ge * p.ga
	const low, high = 0.3, 0.8
	w := p.weak(s)
	if ge <= low {
		return w
	}
	strong := p.strong(s)
	if ge > high {
		return strong
	}
	share := (ge - low) / (high - low)
	slope := ge / (high - low) * (strong.h - w.h) // d h/d ln ge at fixed weak and strong
	mix := func(a, b float64) float64 { return a + share*(b-a) }
	return enhancement{
		h:      mix(w.h, strong.h),
		lnT:    mix(w.lnT, strong.lnT) - slope,
		lnRho:  mix(w.lnRho, strong.lnRho) + slope/3,
		lnAbar: mix(w.lnAbar, strong.lnAbar) - slope/3,
		zbar:   mix(w.zbar, strong.zbar) + slope/(3*p.m.Zbar),
		z2bar:  mix(w.z2bar, strong.z2bar),
	}
}

// strong is Alastuey & Jancovici (1978) with the coefficients of Itoh et al. (1979).
func (p *plasma) strong(s *screened) enhancement {
	g, tau := p.ga, s.tau*p.tau
	al, free := s.ge*g/tau, 1.0
	if al > 1.6 {
		al, free = 1.6, 0
		g = 1.6 * tau / s.ge
	}
	a3 := al * al * al
	c3 := 5./32 - al*(0.014+0.0128*al)
	c5 := 0.0055 + al*(-0.0098+0.0048*al)
	series := a3 * (c3 + al*al*c5)
	dSeries := a3 * (3*c3 - al*(0.014+0.0256*al) + al*al*(5*c5+al*(-0.0098+0.0096*al))) // times al
	radius, dRadius := 0.77, 0.0
	if r := 1 - 0.0562*a3; r > radius {
		radius, dRadius = r, -3*0.0562*a3
	}
	root := math.Sqrt(math.Sqrt(g))
	h := 0.896434*g*s.dz53 - 3.4474*root*s.dz512 - 0.5551*(math.Log(g)+s.lnZ) - 2.996 - tau*series + math.Log(radius)
	dg := 0.896434*g*s.dz53 - 3.4474*root*s.dz512/4 - 0.5551 // d h/d ln g at fixed al, tau
	dal := -tau*dSeries + dRadius/radius                     // d h/d ln al
	lnG, lnTau := dg+dal, -tau*series-dal
	if free == 0 { // g follows tau, al is fixed
		lnG, lnTau = 0, dg-tau*series
	}
	return enhancement{h: h, lnT: -lnG - lnTau/3, lnRho: lnG / 3, lnAbar: -lnG / 3, zbar: lnG / (3 * p.m.Zbar)}
}
