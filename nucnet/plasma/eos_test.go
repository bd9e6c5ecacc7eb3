package plasma

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nuclab/nucnet/nuclide"
)

// states are spread over the whole range.
func states(n int, visit func(temperature, rho float64, m nuclide.Moments)) {
	r := rand.New(rand.NewPCG(5, 6))
	for range n {
		visit(math.Pow(10, 3+8*r.Float64()), math.Pow(10, -10+22*r.Float64()),
			nuclide.Moments{Abar: 1 + 60*r.Float64(), Ye: 1 - r.Float64()*r.Float64()})
	}
}

func mustAt(t *testing.T, temperature, rho float64, m nuclide.Moments) State {
	t.Helper()
	s, err := At(temperature, rho, m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Values of an independent program by exact quadrature, with the digits it was trusted to.
func TestStatesAgreeWithAnotherProgram(t *testing.T) {
	for _, c := range []struct{ rho, t, abar, ye, eta, p, e, digits float64 }{
		{1e7, 1e9, 4, 0.5, 5.566363, 1.1486356e24, 2.1456863e17, 1e-7},
		{1e-2, 1e9, 4, 0.5, -5.9298938, 2.6718945e21, 8.7199924e23, 1e-7},
		{1e7, math.Pow(10, 9.2), 30, 0.5, 3.1940, 1.12203608e24, 2.24244e17, 1e-5},
		{1e8, 3e9, 30, 0.5, 5.18226, 2.54598622e25, 5.87853e17, 2e-6},
		{1e8, 5e9, 55, 0.48, 2.56683, 2.99867e25, 7.24797e17, 2e-6},
		{1e9, 5e9, 55, 0.46, 7.76976, 4.77545790e26, 1.234961e18, 2e-6},
		{1e9, math.Pow(10, 9.9), 50, 0.45, 4.50430, 5.25639559e26, 1.372917e18, 1e-6},
	} {
		s := mustAt(t, c.t, c.rho, nuclide.Moments{Abar: c.abar, Ye: c.ye})
		if far(s.Eta.Value, c.eta) > c.digits || far(s.P.Value, c.p) > c.digits || far(s.E.Value, c.e) > c.digits {
			t.Errorf("T = %g, rho = %g: eta %.9g, P %.9g, E %.9g, want %.9g, %.9g, %.9g",
				c.t, c.rho, s.Eta.Value, s.P.Value, s.E.Value, c.eta, c.p, c.e)
		}
	}
	// The interpolated tables of Timmes & Swesty (2000, ApJS 126, 501) for helium at 1e7 g/cm3, 1e9 K, good to 3e-6 or so.
	s := mustAt(t, 1e9, 1e7, nuclide.Moments{Abar: 4, Ye: 0.5})
	for _, q := range []struct {
		name      string
		got, want float64
	}{
		{"eta", s.Eta.Value, 5.566355932}, {"P", s.P.Value, 1.148636161e24}, {"E", s.E.Value, 2.145687528e17},
		{"dP/dT", s.P.DT, 3.934408418e14}, {"dP/drho", s.P.DRho, 1.483248593e17}, {"cv", s.Cv, 7.665162161e7},
		{"cp", s.Cp, 8.708788272e7}, {"Gamma1", s.Gamma1, 1.467127459},
	} {
		if far(q.got, q.want) > 5e-6 {
			t.Errorf("%s = %.10g, tables %.10g", q.name, q.got, q.want)
		}
	}
}

func TestThermodynamicIdentities(t *testing.T) {
	states(2000, func(temperature, rho float64, m nuclide.Moments) {
		s := mustAt(t, temperature, rho, m)
		tds := temperature * s.S.DRho
		pRho := s.P.Value / (rho * rho)
		const kN = nuclide.Boltzmann * nuclide.Avogadro
		for _, c := range []struct {
			name             string
			got, want, scale float64
		}{
			{"dE/dT = T dS/dT", s.E.DT, temperature * s.S.DT, s.E.DT},
			{"dE/drho = T dS/drho + P/rho^2", s.E.DRho, tds + pRho, math.Abs(tds) + pRho},
			{"dP/dT = -rho^2 dS/drho", s.P.DT, -rho * rho * s.S.DRho, s.P.DT},
			{"dE/dYe = T dS/dYe + N_A mu", s.E.DYe, temperature*s.S.DYe + kN*temperature*s.Eta.Value,
				math.Abs(temperature*s.S.DYe) + kN*temperature*(math.Abs(s.Eta.Value)+1)},
			{"electrons less positrons", s.Electrons - s.Positrons, rho * nuclide.Avogadro * m.Ye, s.Electrons},
			// The Euler relation of the Fermi gas and of each other component: E + P/rho = T S + mu N.
			{"d(rho E)/drho at constant S", s.E.Value + pRho*rho, s.enthalpy(), s.E.Value + pRho*rho},
		} {
			if !(math.Abs(c.got-c.want) <= 1e-11*c.scale) {
				t.Errorf("T = %g, rho = %g, %+v: %s: %.15g, %.15g", temperature, rho, m, c.name, c.got, c.want)
			}
		}
		if !(s.Cv > 0 && s.Cp >= s.Cv && s.Gamma1 > 4./3-0.15 && s.Gamma1 < 5./3+1e-9 && s.SoundSpeed < nuclide.LightSpeed/math.Sqrt(3)*1.01) {
			t.Errorf("T = %g, rho = %g, %+v: unphysical %+v", temperature, rho, m, s)
		}
	})
}

// enthalpy returns T S + mu_e Y_e + mu_ion Y_ion with the ions' chemical potential of Sackur and Tetrode.
func (s State) enthalpy() float64 {
	const kN = nuclide.Boltzmann * nuclide.Avogadro
	mass := s.Abar * nuclide.AtomicMass
	wave := nuclide.Planck / math.Sqrt(2*math.Pi*mass*nuclide.Boltzmann*s.T)
	ion := math.Log(s.Rho * nuclide.Avogadro / s.Abar * wave * wave * wave)
	return s.T * (s.S.Value + kN*(s.Eta.Value*s.Ye+ion/s.Abar))
}

func TestEquationOfStateDerivatives(t *testing.T) {
	states(300, func(temperature, rho float64, m nuclide.Moments) {
		x := [4]float64{min(temperature, 0.99*MaxT), min(rho, 0.99*MaxRho), m.Abar, min(m.Ye, 0.99)}
		x[0], x[1] = max(x[0], 1.01*MinT), max(x[1], 1.01*MinRho)
		at := func(x [4]float64) State { return mustAt(t, x[0], x[1], nuclide.Moments{Abar: x[2], Ye: x[3]}) }
		s := at(x)
		numeric, _ := differences(x, func(x [4]float64) []float64 {
			s := at(x)
			return []float64{s.Eta.Value, s.P.Value, s.E.Value, s.S.Value}
		})
		for i, q := range []Quantity{s.Eta, s.P, s.E, s.S} {
			for j, got := range []float64{q.DT, q.DRho, q.DAbar, q.DYe} {
				if !(math.Abs(got-numeric[i][j]) <= 1e-8*(math.Abs(q.Value)/x[j]+math.Abs(got))) {
					t.Errorf("at %v: quantity %d, variable %d: %.10g, by differences %.10g", x, i, j, got, numeric[i][j])
				}
			}
		}
	})
}

// An adiabat walked in small steps must keep its entropy and show the exponents.
func TestAdiabaticExponents(t *testing.T) {
	for _, c := range [][2]float64{{1e6, 1}, {1e9, 1e6}, {3e9, 1e5}, {5e9, 1e9}, {2e10, 1e3}} {
		m := nuclide.Moments{Abar: 20, Ye: 0.47}
		s := mustAt(t, c[0], c[1], m)
		const step = 1e-4
		up := mustAt(t, c[0]*math.Exp(step*(s.Gamma3-1)), c[1]*math.Exp(step), m)
		down := mustAt(t, c[0]*math.Exp(-step*(s.Gamma3-1)), c[1]*math.Exp(-step), m)
		if far(up.S.Value, down.S.Value) > 1e-10 {
			t.Errorf("at %v: entropy %.12g and %.12g along Gamma3", c, down.S.Value, up.S.Value)
		}
		slope := math.Log(up.P.Value/down.P.Value) / (2 * step)
		if far(s.Gamma1, slope) > 1e-7 || far(s.GradAd, (s.Gamma3-1)/slope) > 1e-7 {
			t.Errorf("at %v: Gamma1 %.9g, along the adiabat %.9g", c, s.Gamma1, slope)
		}
		// The same at constant pressure: cp = T dS/dT there.
		cp := s.T * (s.S.DT - s.S.DRho*s.P.DT/s.P.DRho)
		if far(s.Cp, cp) > 1e-10 {
			t.Errorf("at %v: cp %.9g, want %.9g", c, s.Cp, cp)
		}
	}
}

func TestLimits(t *testing.T) {
	const kN = nuclide.Boltzmann * nuclide.Avogadro
	const c = nuclide.LightSpeed

	// Ideal gas, with the first relativistic term of the electrons' energy, 15/8 (kT)^2/(m c^2) each, and the first
	// quantum correction to their pressure, n lambda^3/2^(7/2).
	s := mustAt(t, 1e6, 1e-2, nuclide.Moments{Abar: 1, Ye: 1})
	n := s.Rho * nuclide.Avogadro
	radiation := nuclide.Radiation * math.Pow(s.T, 4)
	wave := nuclide.Planck / math.Sqrt(2*math.Pi*nuclide.ElectronMass*nuclide.Boltzmann*s.T)
	quantum := n * wave * wave * wave / math.Pow(2, 3.5)
	if want := n*nuclide.Boltzmann*s.T*(2+quantum) + radiation/3; far(s.P.Value, want) > 1e-7 {
		t.Errorf("ideal gas: P = %.10g, want %.10g", s.P.Value, want)
	}
	beta := nuclide.Boltzmann * s.T / electronRest
	if want := kN*s.T*(3+1.5*quantum+15./8*beta) + radiation/s.Rho; far(s.E.Value, want) > 1e-6 {
		t.Errorf("ideal gas: E = %.10g, want %.10g", s.E.Value, want)
	}

	// Cold, very relativistic: P = hbar c/(12 pi^2) (3 pi^2 n)^(4/3) (1 - 1/x^2 + ...), x = p_F/(m c).
	s = mustAt(t, 1e5, 1e12, nuclide.Moments{Abar: 56, Ye: 0.46})
	n = s.Rho * nuclide.Avogadro * s.Ye
	kF := math.Cbrt(3 * math.Pi * math.Pi * n)
	x := kF * compton
	want := nuclide.HBar * c / (12 * math.Pi * math.Pi) * math.Pow(kF, 4) * (1 - 1/(x*x))
	if far(s.P.Value, want) > 2e-6 || far(s.Gamma1, 4./3) > 2e-4 {
		t.Errorf("cold relativistic: P = %.9g, want %.9g; Gamma1 = %.9g", s.P.Value, want, s.Gamma1)
	}
	if fermi := (math.Sqrt(1+x*x) - 1) * electronRest / (nuclide.Boltzmann * s.T); far(s.Eta.Value, fermi) > 1e-10 {
		t.Errorf("cold: eta = %.12g, want %.12g", s.Eta.Value, fermi)
	}

	// Cold, slow: P = hbar^2 (3 pi^2)^(2/3) n^(5/3)/(5 m).
	s = mustAt(t, 1e3, 1e2, nuclide.Moments{Abar: 56, Ye: 0.46})
	n = s.Rho * nuclide.Avogadro * s.Ye
	want = nuclide.HBar * nuclide.HBar * math.Pow(3*math.Pi*math.Pi, 2./3) * math.Pow(n, 5./3) / (5 * nuclide.ElectronMass)
	if far(s.P.Value-s.Rho*kN*s.T/s.Abar, want) > 3e-3 || far(s.Gamma1, 5./3) > 1e-3 {
		t.Errorf("cold slow: P = %.9g, want %.9g; Gamma1 = %.9g", s.P.Value, want, s.Gamma1)
	}

	// Radiation and relativistic pairs: a T^4/3 (1 + 7/4 (1 - 15/(7 pi^2) (m c^2/kT)^2)).
	s = mustAt(t, 1e11, 1, nuclide.Moments{Abar: 1, Ye: 1})
	rest := electronRest / (nuclide.Boltzmann * s.T)
	want = nuclide.Radiation * math.Pow(s.T, 4) / 3 * (1 + 7./4*(1-15/(7*math.Pi*math.Pi)*rest*rest))
	if far(s.P.Value, want) > 1e-5 || far(s.Gamma1, 4./3) > 1e-3 || far(s.SoundSpeed, c/math.Sqrt(3)) > 1e-3 {
		t.Errorf("pairs: P = %.9g, want %.9g; Gamma1 = %.9g, speed of sound %g", s.P.Value, want, s.Gamma1, s.SoundSpeed)
	}
	// Their densities, 3 zeta(3)/2 (kT/(hbar c))^3/pi^2 each without masses.
	want = 1.5 * 1.2020569 / (math.Pi * math.Pi) * math.Pow(nuclide.Boltzmann*s.T/(nuclide.HBar*c), 3)
	if far(s.Positrons, want) > 1e-3 || far(s.Electrons, want) > 1e-3 {
		t.Errorf("pairs: %g electrons, %g positrons, want %g", s.Electrons, s.Positrons, want)
	}
}

func TestMatterWithoutElectrons(t *testing.T) {
	for _, temperature := range []float64{1e4, 1e8, 1e10} {
		s := mustAt(t, temperature, 1e5, nuclide.Moments{Abar: 1, Ye: 0})
		if s.Electrons != s.Positrons {
			t.Errorf("T = %g: %g electrons, %g positrons", temperature, s.Electrons, s.Positrons)
		}
		near := mustAt(t, temperature, 1e5, nuclide.Moments{Abar: 1, Ye: 1e-12})
		if far(s.P.Value, near.P.Value) > 1e-10 || far(s.Cv, near.Cv) > 1e-10 || far(s.Gamma1, near.Gamma1) > 1e-10 {
			t.Errorf("T = %g: %+v is not the limit of %+v", temperature, s, near)
		}
	}
}

func TestRoundingOfYe(t *testing.T) {
	for _, c := range [][2]float64{{-1e-13, 0}, {1 + 1e-13, 1}} {
		a := mustAt(t, 1e9, 1e6, nuclide.Moments{Abar: 1, Ye: c[0]})
		b := mustAt(t, 1e9, 1e6, nuclide.Moments{Abar: 1, Ye: c[1]})
		if far(a.P.Value, b.P.Value) > 1e-11 {
			t.Errorf("Ye = %g: P = %g, want %g", c[0], a.P.Value, b.P.Value)
		}
	}
}

func TestOutOfRange(t *testing.T) {
	good := nuclide.Moments{Abar: 4, Ye: 0.5}
	for _, c := range []struct {
		t, rho float64
		m      nuclide.Moments
	}{
		{999, 1e6, good}, {1.1e11, 1e6, good}, {math.NaN(), 1e6, good}, {math.Inf(1), 1e6, good}, {-1, 1e6, good},
		{1e9, 0, good}, {1e9, 1e13, good}, {1e9, math.NaN(), good},
		{1e9, 1e6, nuclide.Moments{Abar: 4, Ye: -0.1}}, {1e9, 1e6, nuclide.Moments{Abar: 4, Ye: 1.1}},
		{1e9, 1e6, nuclide.Moments{Abar: 0, Ye: 0.5}}, {1e9, 1e6, nuclide.Moments{Abar: math.Inf(1), Ye: 0.5}},
		{1e9, 1e6, nuclide.Moments{Abar: 4, Ye: math.NaN()}}, {1e9, 1e6, nuclide.Moments{}},
	} {
		if _, err := At(c.t, c.rho, c.m); !errors.Is(err, ErrRange) {
			t.Errorf("At(%g, %g, %+v): %v", c.t, c.rho, c.m, err)
		}
		if _, err := Neutrinos(c.t, c.rho, c.m); !errors.Is(err, ErrRange) {
			t.Errorf("Neutrinos(%g, %g, %+v): %v", c.t, c.rho, c.m, err)
		}
	}
}

func FuzzAt(f *testing.F) {
	f.Add(1e9, 1e6, 4.0, 0.5, 1e17)
	f.Add(1e11, 1e-10, 1.0, 0.0, 1.0)
	f.Add(6e7, 1e-10, 200.0, 1e-29, 1e30)
	f.Add(1e3, 1e12, 56.0, 1e-300, -1.0)
	f.Fuzz(func(t *testing.T, temperature, rho, abar, ye, target float64) {
		m := nuclide.Moments{Abar: abar, Ye: ye}
		s, err := At(temperature, rho, m)
		if err == nil && !(s.P.Value > 0 && s.E.Value > 0 && s.Cv > 0 && s.Gamma1 > 1 && !math.IsNaN(s.S.Value+s.Eta.DYe+s.E.DYe)) {
			t.Errorf("At(%g, %g, %+v) = %+v", temperature, rho, m, s)
		}
		if err != nil && !errors.Is(err, ErrRange) {
			t.Error(err)
		}
		for _, invert := range []func() (State, error){
			func() (State, error) { return AtDensityEnergy(rho, target, m, temperature) },
			func() (State, error) { return AtDensityPressure(rho, target, m, temperature) },
			func() (State, error) { return AtTemperaturePressure(temperature, target, m, rho) },
		} {
			if _, err := invert(); err != nil && !errors.Is(err, ErrRange) {
				t.Error(err)
			}
		}
	})
}

func ExampleAt() {
	mixture, err := nuclide.ParseComposition("si28=0.6,s32=0.4")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := At(3e9, 1e8, mixture.Moments())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("eta %.4f, P %.4e erg/cm3, E %.4e erg/g, Gamma1 %.4f\n", s.Eta.Value, s.P.Value, s.E.Value, s.Gamma1)
	fmt.Printf("dP/dT %.4e erg/cm3/K, %.2e positrons an electron\n", s.P.DT, s.Positrons/s.Electrons)
	// Output:
	// eta 5.1823, P 2.5475e+25 erg/cm3, E 5.8808e+17 erg/g, Gamma1 1.3698
	// dP/dT 2.3954e+15 erg/cm3/K, 6.05e-06 positrons an electron
}

func ExampleQuantity() {
	// How the pressure answers to electron capture at constant density and temperature.
	s, err := At(6e9, 1e9, nuclide.Moments{Abar: 50, Ye: 0.46})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("d ln P/d ln Ye = %.3f\n", s.Ye*s.P.DYe/s.P.Value)
	// Output: d ln P/d ln Ye = 1.243
}
