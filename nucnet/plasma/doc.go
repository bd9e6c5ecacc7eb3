// Package plasma gives the thermodynamics of hot dense matter and the neutrinos it radiates.
//
// At returns the equation of state at a temperature and density: ions as an ideal gas, photons, and electrons and
// positrons as an exact relativistic Fermi gas. AtDensityEnergy, AtDensityPressure and AtTemperaturePressure invert it.
// Neutrinos returns the thermal losses of Itoh et al. (1996).
//
// Every result is a Quantity, which carries its first derivatives. A composition enters through its moments Abar and
// Ye alone; the mean charge is Zbar = Abar Ye. All functions are safe for concurrent use and do not allocate.
package plasma

import (
	"errors"
	"fmt"

	"nuclab/nucnet/nuclide"
)

// Limits of temperature in K and density in g/cm3. Matter is taken to be fully ionised throughout, which is not so
// below some 1e6 K.
const (
	MinT, MaxT     = 1e3, 1e11
	MinRho, MaxRho = 1e-10, 1e12
)

// ErrRange is wrapped by errors about a state outside the limits of this package.
var ErrRange = errors.New("out of range")

// ErrConvergence is wrapped by the error of a search that did not converge.
var ErrConvergence = errors.New("not converged")

// Quantity is a value with its partial derivatives with respect to temperature T (K), density rho (g/cm3), mean mass
// number Abar and electron fraction Ye, each at constant others. The derivative with respect to Abar at constant mean
// charge Zbar is DAbar - DYe Ye/Abar, that with respect to the molar abundance of a nuclide of charge Z is
// Z DYe - Abar^2 DAbar.
type Quantity struct {
	Value, DT, DRho, DAbar, DYe float64
}

// check holds a state to the limits. It returns the electron fraction to use: one below 1e-30, or negative by rounding
// as an integrator may produce, counts as none.
func check(t, rho float64, m nuclide.Moments) (ye float64, err error) {
	if err := within("T", t, MinT, MaxT, "K"); err != nil {
		return 0, err
	}
	if err := within("rho", rho, MinRho, MaxRho, "g/cm3"); err != nil {
		return 0, err
	}
	const slack = 2 * nuclide.SumTolerance
	if !(m.Ye >= -slack && m.Ye <= 1+slack) {
		return 0, fmt.Errorf("plasma: Ye = %g: %w: want 0..1", m.Ye, ErrRange)
	}
	// From less than protons to more than the heaviest nuclides.
	const minAbar, maxAbar = 0.5, 1000
	if !(m.Abar >= minAbar && m.Abar <= maxAbar) {
		return 0, fmt.Errorf("plasma: Abar = %g: %w: want %g..%g", m.Abar, ErrRange, minAbar, float64(maxAbar))
	}
	if m.Ye < 1e-30 {
		return 0, nil
	}
	return m.Ye, nil
}

func within(name string, v, lo, hi float64, unit string) error {
	if v >= lo && v <= hi {
		return nil
	}
	return fmt.Errorf("plasma: %s = %g %s: %w: want %g..%g %s", name, v, unit, ErrRange, lo, hi, unit)
}
