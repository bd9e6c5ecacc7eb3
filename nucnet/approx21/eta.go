package approx21

import (
	"math"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/plasma"
)

// electronEta is the default of Options.Eta, an exact Fermi gas. Its NaN where there is none ends an integration.
func electronEta(t, rhoYe float64) (eta, slope float64) {
	s, err := plasma.At(t, max(rhoYe, plasma.MinRho), nuclide.Moments{Abar: 1, Ye: 1})
	if err != nil {
		return math.NaN(), math.NaN()
	}
	return s.Eta.Value, s.Eta.DRho * s.Rho
}
