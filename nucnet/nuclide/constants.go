package nuclide

import "math"

// Physical constants in cgs units, CODATA 2018 (Tiesinga et al. 2021, Rev. Mod. Phys. 93, 025010).
// Those without a comment on accuracy are exact by definition of the SI.
const (
	Avogadro      = 6.02214076e23          // 1/mol
	Boltzmann     = 1.380649e-16           // erg/K
	Planck        = 6.62607015e-27         // erg s
	HBar          = Planck / (2 * math.Pi) // erg s
	LightSpeed    = 2.99792458e10          // cm/s
	MeV           = 1.602176634e-6         // erg
	Charge        = 4.803204712570263e-10  // esu
	AtomicMass    = 1.66053906660e-24      // g, measured
	AtomicMassMeV = 931.49410242           // MeV, measured
	ElectronMass  = 9.1093837015e-28       // g, measured
	Radiation     = 7.565733e-15           // erg/cm3/K4, rounded

	// ElectronMassMeV is the rest energy of the electron in MeV.
	ElectronMassMeV = ElectronMass * LightSpeed * LightSpeed / MeV
	// BoltzmannMeV is the Boltzmann constant in MeV/K.
	BoltzmannMeV = Boltzmann / MeV
	// ErgPerGram converts MeV per nucleon mass unit, i.e. mol/g times MeV, to erg/g.
	ErgPerGram = MeV * Avogadro
)
