package plasma

import (
	"math"

	"nuclab/nucnet/nuclide"
)

// Losses holds the energy that thermal neutrinos carry away by process, in erg/g/s.
type Losses struct {
	Pair   Quantity // annihilation of electron-positron pairs
	Plasma Quantity // decay of plasmons
	Photo  Quantity // scattering of photons by electrons with a pair of neutrinos
	Brems  Quantity // bremsstrahlung of electrons at nuclei; its fit may be slightly negative in hot light plasmas
	// Recombination is the capture of free electrons into the K shell. It matters for heavy nuclei below 1e9 K.
	Recombination Quantity
	Total         Quantity // of all five
}

// Couplings of the weak interaction for three flavours of neutrinos, Itoh et al. (1996), eqs. 2.1-2.6.
const (
	sin2ThetaW = 0.2319
	cv, ca     = 0.5 + 2*sin2ThetaW, 0.5
	cvp, cap   = 1 - cv, 1 - ca // of the two other flavours
	flavours   = 2.0
	couplePlus = cv*cv + ca*ca + flavours*(cvp*cvp+cap*cap)
	coupleLess = cv*cv - ca*ca + flavours*(cvp*cvp-cap*cap)
	coupleReco = cv*cv + 1.5*ca*ca + flavours*(cvp*cvp+1.5*cap*cap)
	couplePlas = 0.93153 // cv^2 + flavours cvp^2, as the paper rounds it
)

// neutrinoless is the temperature (K) below which there are no fits and the losses are taken as nothing.
const neutrinoless = 1e7

// Neutrinos returns the losses to thermal neutrinos at temperature t (K) and density rho (g/cm3) of matter with the
// given moments, of which it reads Abar and Ye: the fits of Itoh, Hayashi, Nishikawa & Kohyama (1996, ApJS 102, 411)
// for pair, photo-, plasma and recombination neutrinos and bremsstrahlung. They are zero below 1e7 K, and at Ye = 0 so
// are the derivatives with respect to Ye. Errors wrap ErrRange.
func Neutrinos(t, rho float64, m nuclide.Moments) (Losses, error) {
	ye, err := check(t, rho, m)
	if err != nil {
		return Losses{}, err
	}
	if t < neutrinoless {
		return Losses{}, nil
	}
	s := newSource(t, rho, m.Abar, ye)
	var l Losses
	for _, process := range []struct {
		to   *Quantity
		loss func() dual
	}{{&l.Pair, s.pair}, {&l.Plasma, s.plasma}, {&l.Photo, s.photo}, {&l.Brems, s.brems}, {&l.Recombination, s.recombination}} {
		q := process.loss().div(s.rho)
		*process.to = Quantity{q.v, q.d[lnT] / t, q.d[lnRho] / rho, q.d[lnAbar] / m.Abar, 0}
		if ye > 0 {
			process.to.DYe = q.d[lnYe] / ye
		}
		l.Total.add(*process.to)
	}
	return l, nil
}

// source holds what the fits have in common. All losses are in erg/cm3/s.
type source struct {
	t, rho, abar, ye dual
	l, li            dual // kT/(m_e c^2) by the fits' own constant, and its inverse
	m                dual // rho Ye
	z                dual // the fits' xi
}

func newSource(t, rho, abar, ye float64) source {
	s := source{
		t: variable(t, lnT), rho: variable(rho, lnRho), abar: variable(abar, lnAbar), ye: variable(ye, lnYe),
	}
	s.l = s.t.scale(1 / 5.9302e9)
	s.li = s.l.inv()
	s.m = s.rho.mul(s.ye)
	s.z = s.m.scale(1e-9).pow(1. / 3).mul(s.li)
	return s
}

// pair is Itoh et al. (1996), section 2.
func (s *source) pair() dual {
	g := s.l.square().poly(1, -13.04, 133.5, 1534, 918.6)
	decay, b1, b2, b3 := 5.5924, 0.9383, -0.4141, 0.05829
	if s.t.v >= 1e10 {
		decay, b1, b2, b3 = 4.9924, 1.2383, -0.8141, 0
	}
	f := s.z.poly(6.002e19, 2.084e20, 1.872e21).mul(s.z.scale(-decay).exp()).
		div(s.z.pow(3).add(s.li.poly(0, b1, b2, b3)))
	root := s.l.sqrt()
	q := s.l.square().scale(10.7480).add(root.scale(0.3967)).plus(1.0050).inv()
	q = q.mul(s.m.div(s.l.pow(3).scale(7.692e7).add(root.scale(9.715e6))).plus(1).pow(-0.3))
	return q.poly(couplePlus, coupleLess).scale(0.5).mul(g).mul(s.li.scale(-2).exp()).mul(f)
}

// plasma is section 4.
func (s *source) plasma() dual {
	if s.m.v == 0 {
		return dual{}
	}
	root := s.m.scale(1.019e-6).pow(2. / 3).plus(1).sqrt()
	g2 := s.m.scale(1.1095e11).div(s.t.square().mul(root))
	g := g2.sqrt()
	sqrtG := g.sqrt()
	ft := sqrtG.poly(2.4, 0.6, 0.51, 1.25)
	fl := g2.mul(g.poly(8.6)).add(g2.mul(g).mul(sqrtG).scale(1.35)).div(g.poly(225, -17, 1))

	log2m, log3T := s.m.scale(2).log10(), s.t.log10().scale(3)
	x := log2m.sub(log3T).plus(17.5).scale(1. / 6)
	y := log2m.add(log3T).plus(-24.5).scale(1. / 6)
	fxy := dual{v: 1}
	if math.Abs(x.v) <= 0.7 && y.v >= 0 {
		sin, cos := math.Sincos(4.5 * x.v)
		wave := x.chain(sin, 4.5*cos)
		hill := x.scale(4.5).plus(0.9).square().scale(-1).exp()
		height := x.poly(0.39, -1.25).sub(wave.scale(0.35)).sub(hill.scale(0.3))
		reach := y.add(x.scale(1.25)).plus(-1.6)
		if reach.v > 0 {
			reach = dual{}
		}
		fxy = reach.div(x.poly(0.57, -0.25)).square().scale(-1).exp().mul(height).plus(1.05)
	}
	const unit = 3e21
	return s.l.pow(9).scale(couplePlas * unit).mul(g2.pow(3)).mul(g.scale(-1).exp()).mul(ft.add(fl)).mul(fxy)
}

// photoRange holds the Fourier coefficients of a0, a1, a2 in section 3 for a decade of temperature: those of the
// cosines with half of the first and last, then those of the sines.
type photoRange struct {
	cos [3][7]float64
	sin [3][5]float64
}

var photoRanges = [3]photoRange{{ // 1e7 K
	cos: [3][7]float64{
		{1.008e11, 0, 0, 0, 0, 0, 0},
		{8.156e10, 9.728e8, -3.806e9, -4.384e9, -5.774e9, -5.249e9, -5.153e9},
		{1.067e11, -9.782e9, -7.193e9, -6.936e9, -6.893e9, -7.041e9, -7.193e9},
	},
	sin: [3][5]float64{
		{0, 0, 0, 0, 0},
		{-1.879e10, -9.667e9, -5.602e9, -3.370e9, -1.825e9},
		{-2.919e10, -1.185e10, -7.270e9, -4.222e9, -1.560e9},
	},
}, { // 1e8 K
	cos: [3][7]float64{
		{9.889e10, -4.524e8, -6.088e6, 4.269e7, 5.172e7, 4.910e7, 4.388e7},
		{1.813e11, -7.556e9, -3.304e9, -1.031e9, -1.764e9, -1.851e9, -1.928e9},
		{9.750e10, 3.484e10, 5.199e9, -1.695e9, -2.865e9, -3.395e9, -3.418e9},
	},
	sin: [3][5]float64{
		{-1.135e8, 1.256e8, 5.149e7, 3.436e7, 1.005e7},
		{1.652e9, -3.119e9, -1.839e9, -1.458e9, -8.956e8},
		{-1.548e10, -9.338e9, -5.899e9, -3.035e9, -1.598e9},
	},
}, { // 1e9 K and above
	cos: [3][7]float64{
		{9.581e10, 4.107e8, 2.305e8, 2.236e8, 1.580e8, 2.165e8, 1.721e8},
		{1.459e12, 1.314e11, -1.169e11, -1.765e11, -1.867e11, -1.983e11, -1.896e11},
		{2.424e11, -3.669e9, -8.691e9, -7.967e9, -7.932e9, -7.987e9, -8.333e9},
	},
	sin: [3][5]float64{
		{4.724e8, 2.976e8, 2.242e8, 7.937e7, 4.859e7},
		{-7.094e11, -3.697e11, -2.189e11, -1.273e11, -5.705e10},
		{-2.254e10, -1.551e10, -7.793e9, -4.489e9, -2.185e9},
	},
}}

// photo is section 3.
func (s *source) photo() dual {
	decade := 0
	switch {
	case s.t.v >= 1e9:
		decade = 2
	case s.t.v >= 1e8:
		decade = 1
	}
	fit := &photoRanges[decade]
	tau := s.t.log10().plus(float64(-7 - decade))
	decay := dual{v: 1.5654}
	if decade == 0 {
		decay = tau.plus(0.5654)
	}
	var a [3]dual
	for i := range a {
		v, slope := fit.cos[i][0]/2, 0.0
		for j := 1; j <= 5; j++ {
			k := 5 * math.Pi / 3 * float64(j)
			sin, cos := math.Sincos(k * tau.v)
			c, d := fit.cos[i][j], fit.sin[i][j-1]
			v += c*cos + d*sin
			slope += k * (d*cos - c*sin)
		}
		const last = 10 * math.Pi
		sin, cos := math.Sincos(last * tau.v)
		v += fit.cos[i][6] / 2 * cos
		slope -= fit.cos[i][6] / 2 * last * sin
		a[i] = tau.chain(v, slope)
	}
	f := a[0].add(a[1].mul(s.z)).add(a[2].mul(s.z.square())).mul(decay.mul(s.z).scale(-1).exp()).
		div(s.z.pow(3).add(s.li.poly(0, 6.290e-3, 7.483e-3, 3.061e-4)))
	// The polynomial turns negative above 3.3e10 K, where the correction q is a thousandth: continue its limit 0.
	var q dual
	if c := s.l.poly(0, 1.875e8, 1.653e8, 8.499e8, -1.604e8); c.v > 0 {
		q = s.l.poly(1, 2.045).pow(-2.066).scale(0.666).mul(c).div(s.m.add(c))
	}
	loss := s.m.mul(s.l.pow(5)).mul(f).mul(q.poly(couplePlus, -coupleLess).scale(0.5))
	if loss.v < 0 {
		return dual{}
	}
	return loss
}

// brems is section 5: weakly degenerate electrons above 0.3 Fermi temperatures, else a liquid metal.
func (s *source) brems() dual {
	if s.m.v == 0 {
		return dual{}
	}
	t8 := s.t.scale(1e-8)
	zbar := s.abar.mul(s.ye)
	fermi := 5.9302e9 * (math.Sqrt(1+1.018*math.Pow(s.m.v/1e6, 2./3)) - 1)
	var f, g dual
	if s.t.v > 0.3*fermi {
		f, g = s.weaklyDegenerate(t8)
	} else {
		f, g = s.liquidMetal(t8, zbar)
	}
	return zbar.mul(s.m).mul(t8.pow(6)).scale(0.5738 * 0.5).mul(f.scale(couplePlus).sub(g.scale(coupleLess)))
}

func (s *source) weaklyDegenerate(t8 dual) (f, g dual) {
	t2, t5 := t8.pow(-2), t8.pow(-5)
	e := s.m.div(t8.pow(1.5).scale(7.05e6).add(t8.pow(3).scale(5.12e4))).inv()
	f = t2.scale(6.83e4).add(t5.scale(7.81e8)).plus(23.5).inv().
		add(e.poly(1, 1).scale(1.26).div(e.poly(1, 1.47, 0.0329)))
	g = t2.scale(6.7e5).add(t5.scale(7.66e9)).plus(230).mul(s.m.poly(1, 1e-9)).inv().
		add(t8.pow(1.5).scale(7.75e5).add(t8.pow(3.85).scale(247)).div(s.m).plus(4.07).
			add(t8.pow(1.4).scale(0.0240)).add(t8.pow(-0.11).mul(s.rho.pow(0.656)).scale(4.59e-5)).inv())
	return f, g
}

// metalSeries is a fit of the liquid metal in u = pi/5 (log10 rho - 3): line[0] + line[1] u and the coefficients of
// cos ju and sin ju.
type metalSeries struct {
	line [2]float64
	cos  [5]float64
	sin  [4]float64
}

// For F and G, each at the ion couplings Gamma = 1 and 160.
var (
	metalF1   = metalSeries{[2]float64{0.08973 + 0.34529, 0.00945}, [5]float64{-0.05821, -0.01089, -0.01147, -0.00656, -0.00519}, [4]float64{-0.04969, -0.01584, -0.00504, -0.00281}}
	metalF160 = metalSeries{[2]float64{0.033905 + 0.24819, -0.02342}, [5]float64{-0.00944, -0.01289, -0.00589, -0.00404, -0.00330}, [4]float64{-0.02213, -0.01136, -0.00467, -0.00131}}
	metalG1   = metalSeries{[2]float64{0.00383 + 0.07917, -0.01259}, [5]float64{-0.00710, -0.00028, 0.00232, 0.00044, 0.00158}, [4]float64{0.02300, -0.01078, 0.00118, -0.00089}}
	metalG160 = metalSeries{[2]float64{-0.003845 + 0.05211, -0.00829}, [5]float64{0.00356, -0.00184, 0.00146, 0.00031, 0.00069}, [4]float64{0.01052, -0.00354, -0.00014, -0.00018}}
)

func (c *metalSeries) at(u dual) dual {
	v, slope := c.line[0]+c.line[1]*u.v, c.line[1]
	for j := range c.cos {
		k := float64(j + 1)
		sin, cos := math.Sincos(k * u.v)
		v += c.cos[j] * cos
		slope -= k * c.cos[j] * sin
		if j < len(c.sin) {
			v += c.sin[j] * sin
			slope += k * c.sin[j] * cos
		}
	}
	return u.chain(v, slope)
}

func (s *source) liquidMetal(t8, zbar dual) (f, g dual) {
	u := s.rho.log10().plus(-3).scale(math.Pi / 5)
	coupling := zbar.square().scale(0.2275).div(t8).mul(s.rho.scale(1e-6).div(s.abar).pow(1. / 3))
	r := coupling.pow(-1. / 3) // Gamma^(-1/3)
	v := r.poly(-0.05483, -0.01946, 1.86310, -0.78873)
	w := r.poly(-0.06711, 0.06859, 1.74360, -0.74498)
	mix := func(share dual, a, b *metalSeries) dual {
		end := b.at(u)
		return end.add(share.mul(a.at(u).sub(end)))
	}
	return mix(v, &metalF1, &metalF160), mix(w, &metalG1, &metalG160)
}

// recombination is section 6.
func (s *source) recombination() dual {
	// The fits are for nu in -20..10, nu being the eta of slow electrons, with F_1/2(nu) as in eq. 6.11.
	integral := s.m.scale(1.10520e8).mul(s.t.pow(-1.5))
	if integral.v < 1e-9 || integral.v > 25 {
		return dual{}
	}
	const slow = 1e-9 // a beta at which electrons are not relativistic
	e, err := solveElectrons(math.Sqrt2*math.Pow(slow, 1.5)*integral.v, slow)
	if err != nil || e.eta < -20 || e.eta > 10 {
		return dual{}
	}
	nu := integral.chain(e.eta, e.gas.n/e.gas.d1/integral.v)

	// Table 12.
	a1, a2, a3, b, c, d := 1.51e-2, 2.42e-1, 1.21, 3.71e-2, 9.06e-1, 9.28e-1
	f := dual{v: 1}
	if nu.v >= 0 {
		a1, a2, a3, b, c, d = 1.23e-2, 2.66e-1, 1.30, 1.17e-1, 8.97e-1, 1.77e-1
		f = nu.poly(1, -1.20e-2, 2.29e-2, -1.04e-3)
	}
	zbar := s.abar.mul(s.ye)
	zeta := zbar.square().div(s.t).scale(1.579e5)
	z := zeta.div(f)
	j := z.pow(-1).scale(a1).add(z.pow(-2.25).scale(a2)).add(z.pow(-4.55).scale(a3)).mul(nu.exp()).
		div(nu.scale(c).exp().scale(b).mul(z.poly(1, d)).plus(1))
	return s.m.scale(2.649e-18 * coupleReco).mul(zbar.pow(13)).mul(j).mul(zeta.add(nu).occupation())
}
