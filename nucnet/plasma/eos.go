package plasma

import (
	"math"

	"nuclab/nucnet/nuclide"
)

// State is matter in local thermal equilibrium: ions as an ideal gas without internal states, photons, and electrons
// and positrons as an exact Fermi gas. The interaction of the charges with each other is left out.
type State struct {
	T, Rho, Abar, Ye float64 // K, g/cm3

	Eta Quantity // chemical potential of the electron without its rest mass over kT
	P   Quantity // pressure, erg/cm3
	E   Quantity // internal energy without rest masses save that of electron-positron pairs, erg/g
	S   Quantity // entropy, erg/g/K

	Electrons, Positrons float64 // number densities, 1/cm3; Electrons counts those of pairs as well

	Cv, Cp         float64 // specific heats at constant volume and pressure, erg/g/K
	ChiT, ChiRho   float64 // d ln P/d ln T, d ln P/d ln rho
	Gamma1, Gamma3 float64 // d ln P/d ln rho and 1 + d ln T/d ln rho at constant entropy
	GradAd         float64 // d ln T/d ln P at constant entropy
	SoundSpeed     float64 // adiabatic, relativistic, cm/s
}

// At returns the state at temperature t (K) and density rho (g/cm3) of matter with the given moments, of which it
// reads Abar and Ye. Errors wrap ErrRange.
//
// The Fermi integrals are accurate to some 1e-13. Ions carry the entropy of Sackur and Tetrode for particles of one
// mass Abar m_u and no spin.
func At(t, rho float64, m nuclide.Moments) (State, error) {
	ye, err := check(t, rho, m)
	if err != nil {
		return State{}, err
	}
	e, err := newElectrons(t, rho*nuclide.Avogadro*ye)
	if err != nil {
		return State{}, err
	}
	s := State{T: t, Rho: rho, Abar: m.Abar, Ye: ye}
	s.addIons()
	s.addPhotons()
	s.addElectrons(&e)
	s.derive()
	return s, nil
}

func (s *State) addIons() {
	const gasConstant = nuclide.Avogadro * nuclide.Boltzmann
	r := gasConstant / s.Abar // erg/g/K
	p := s.Rho * r * s.T
	s.P.add(Quantity{Value: p, DT: s.Rho * r, DRho: r * s.T, DAbar: -p / s.Abar})
	e := 1.5 * r * s.T
	s.E.add(Quantity{Value: e, DT: 1.5 * r, DAbar: -e / s.Abar})
	mass := s.Abar * nuclide.AtomicMass
	thermal := nuclide.Planck / math.Sqrt(2*math.Pi*mass*nuclide.Boltzmann*s.T) // de Broglie wavelength, cm
	entropy := r * (2.5 - math.Log(s.Rho*nuclide.Avogadro/s.Abar*thermal*thermal*thermal))
	s.S.add(Quantity{Value: entropy, DT: 1.5 * r / s.T, DRho: -r / s.Rho, DAbar: (2.5*r - entropy) / s.Abar})
}

func (s *State) addPhotons() {
	t3 := s.T * s.T * s.T
	u := nuclide.Radiation * t3 * s.T // erg/cm3
	s.P.add(Quantity{Value: u / 3, DT: 4. / 3 * nuclide.Radiation * t3})
	s.E.add(Quantity{Value: u / s.Rho, DT: 4 * nuclide.Radiation * t3 / s.Rho, DRho: -u / (s.Rho * s.Rho)})
	entropy := 4. / 3 * nuclide.Radiation * t3 / s.Rho
	s.S.add(Quantity{Value: entropy, DT: 3 * entropy / s.T, DRho: -entropy / s.Rho})
}

// addElectrons adds the Fermi gas. What depends on chemical potential and temperature within gas becomes a function of
// density n and temperature here, by dmu/dT = -(dn/dT)/(dn/dmu) at constant n.
func (s *State) addElectrons(e *electrons) {
	g := &e.gas
	kT := nuclide.Boltzmann * s.T
	s.Positrons = phaseSpace * g.nPlus
	s.Electrons = phaseSpace * (g.n + g.nPlus)
	perN := g.n / g.d1 // deta/dln n
	s.Eta = byDensity(s, e.eta, -(g.t1/g.d1+e.eta)/s.T, perN)

	p := phaseSpace * kT * g.p
	pT := phaseSpace * nuclide.Boltzmann * (g.s - perN*g.t1)
	s.P.add(byDensity(s, p, pT, phaseSpace*kT*perN*g.n))

	// Per volume, and then per gram.
	entropy := phaseSpace * nuclide.Boltzmann * g.s
	entropyT := phaseSpace * nuclide.Boltzmann / s.T * (g.t2 - g.t1*g.t1/g.d1)
	entropyN := phaseSpace * nuclide.Boltzmann * perN * g.t1
	s.S.add(byDensity(s, entropy, entropyT, entropyN).per(s.Rho))
	u := phaseSpace * (kT*g.u + 2*electronRest*g.nPlus)
	s.E.add(byDensity(s, u, s.T*entropyT, s.T*entropyN+phaseSpace*kT*e.eta*g.n).per(s.Rho))
}

// byDensity returns the quantity with value v whose derivatives with respect to T and to ln n are vT and vN, n being
// proportional to rho Ye. Without electrons, n = 0, that with respect to Ye is given as 0.
func byDensity(s *State, v, vT, vN float64) Quantity {
	q := Quantity{Value: v, DT: vT, DRho: vN / s.Rho}
	if s.Ye > 0 {
		q.DYe = vN / s.Ye
	}
	return q
}

func (q *Quantity) add(r Quantity) {
	q.Value += r.Value
	q.DT += r.DT
	q.DRho += r.DRho
	q.DAbar += r.DAbar
	q.DYe += r.DYe
}

// per turns a quantity per volume into one per gram.
func (q Quantity) per(rho float64) Quantity {
	return Quantity{q.Value / rho, q.DT / rho, (q.DRho - q.Value/rho) / rho, q.DAbar / rho, q.DYe / rho}
}

func (s *State) derive() {
	s.Cv = s.E.DT
	s.ChiT = s.T * s.P.DT / s.P.Value
	s.ChiRho = s.Rho * s.P.DRho / s.P.Value
	gamma31 := s.P.DT / (s.Rho * s.Cv)
	s.Gamma3 = 1 + gamma31
	s.Gamma1 = s.ChiT*gamma31 + s.ChiRho
	s.GradAd = gamma31 / s.Gamma1
	s.Cp = s.Cv * s.Gamma1 / s.ChiRho
	const c = nuclide.LightSpeed
	s.SoundSpeed = c * math.Sqrt(s.Gamma1*s.P.Value/(s.P.Value+s.Rho*(s.E.Value+c*c)))
}
