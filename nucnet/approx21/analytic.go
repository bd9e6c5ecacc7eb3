package approx21

import "math"

// Rates that MESA takes from NACRE (Angulo et al. 1999, Nucl. Phys. A 656, 3) or from Caughlan & Fowler (1988, ADNDT
// 40, 283) instead of REACLIB. All are N_A<sigma v> in cm3/mol/s at t9 = T/1e9 K.

// nacre is NACRE's general form: a non-resonant part with a polynomial in T9, two resonances and a power law,
//
//	a0 T9^(-2/3) exp(-a1 T9^(-1/3) - (a2 T9)^2) (1 + b0 T9 + b1 T9^2 + b2 T9^3 + b3 T9^4)
//	+ c0 T9^(-3/2) exp(-c1/T9) + d0 T9^(-3/2) exp(-d1/T9) + e0 T9^e1 exp(-e2/T9)
type nacre struct {
	a [3]float64
	b [4]float64
	c [2]float64
	d [2]float64
	e [3]float64
}

func (n *nacre) at(t9 float64) float64 {
	cube := math.Cbrt(t9)
	root := t9 * math.Sqrt(t9)
	gauss := n.a[2] * t9
	rate := n.a[0] / (cube * cube) * math.Exp(-n.a[1]/cube-gauss*gauss) *
		(1 + t9*(n.b[0]+t9*(n.b[1]+t9*(n.b[2]+t9*n.b[3]))))
	if n.c[0] != 0 {
		rate += n.c[0] / root * math.Exp(-n.c[1]/t9)
	}
	if n.d[0] != 0 {
		rate += n.d[0] / root * math.Exp(-n.d[1]/t9)
	}
	if n.e[0] != 0 {
		rate += n.e[0] * math.Pow(t9, n.e[1]) * math.Exp(-n.e[2]/t9)
	}
	return rate
}

var (
	nacrePP    = nacre{a: [3]float64{4.08e-15, 3.381, 0}, b: [4]float64{3.82, 1.51, 0.144, -0.0114}}
	nacreHe3He = nacre{a: [3]float64{5.59e10, 12.277, 0}, b: [4]float64{-0.135, 0.0254, -0.00129}}
	nacreHe3a  = nacre{a: [3]float64{5.46e6, 12.827, 0}, b: [4]float64{-0.307, 0.0881, -0.0106, 4.46e-4}}
	nacreC12p  = nacre{a: [3]float64{2.00e7, 13.692, 1 / 0.46}, b: [4]float64{9.89, -59.8, 266},
		c: [2]float64{1e5, 4.913}, d: [2]float64{4.24e5, 21.62}}
	nacreN14p = nacre{a: [3]float64{4.83e7, 15.231, 1 / 0.8}, b: [4]float64{-2, 3.41, -2.43},
		c: [2]float64{2.36e3, 3.010}, e: [3]float64{6.72e3, 0.380, 9.530}}
	nacreO16a = nacre{a: [3]float64{2.68e10, 39.760, 1 / 1.6},
		c: [2]float64{51.1, 10.32}, d: [2]float64{616.1, 12.2}, e: [3]float64{0.41, 2.966, 11.9}}
	nacreBe7p = nacre{a: [3]float64{2.61e5, 10.264, 0}, b: [4]float64{-0.0511, 0.0468, -0.0066, 3.12e-4},
		c: [2]float64{2.05e3, 7.345}}
	nacreDp = nacre{a: [3]float64{2.58e3, 3.721, 0}, b: [4]float64{3.96, 0.116}}
	// Below T9 = 0.11 NACRE gives d(p,g) another polynomial.
	nacreColdDp = nacre{a: [3]float64{1.81e3, 3.721, 0}, b: [4]float64{14.3, -90.5, 395}}
)

func deuteronProton(t9 float64) float64 {
	if t9 <= 0.11 {
		return nacreColdDp.at(t9)
	}
	return nacreDp.at(t9)
}

// protonNeutron is p(n,g)d of Smith, Kawano & Malaney (1993, ApJS 85, 219).
func protonNeutron(t9 float64) float64 {
	x := math.Sqrt(t9)
	return 4.742e4 * (1 + x*(-0.8504+x*(0.4895+x*(-0.09623+x*(8.471e-3-x*2.80e-4)))))
}

// heliumNeutron is he3(n,g)he4 of Caughlan & Fowler.
func heliumNeutron(t9 float64) float64 { return 6.62 * (1 + 905*t9) }

// oxygenProton is o16(p,g) of NACRE.
func oxygenProton(t9 float64) float64 {
	return 7.37e7 * math.Pow(t9, -0.82) * math.Exp(-16.696/math.Cbrt(t9)) * (1 + 202*math.Exp(-70.348/t9-0.161*t9))
}

// carbonCarbon is c12 + c12 by all channels, of Caughlan & Fowler.
func carbonCarbon(t9 float64) float64 {
	t := t9 / (1 + 0.0396*t9)
	return 4.27e26 * math.Pow(t, 5./6) / (t9 * math.Sqrt(t9)) * math.Exp(-84.165/math.Cbrt(t)-2.12e-3*t9*t9*t9)
}

// carbonOxygen is c12 + o16 by all channels, of Caughlan & Fowler. There is none below T9 = 0.5.
func carbonOxygen(t9 float64) float64 {
	if t9 < 0.5 {
		return 0
	}
	t := t9 / (1 + 0.055*t9)
	cube := math.Cbrt(t)
	return 1.72e31 * math.Pow(t, 5./6) / (t9 * math.Sqrt(t9)) * math.Exp(-106.594/cube) /
		(math.Exp(-0.18*t*t) + 1.06e-3*math.Exp(2.562*cube*cube))
}
