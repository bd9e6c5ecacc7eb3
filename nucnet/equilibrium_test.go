package nucnet

import (
	"math"
	"testing"

	"nuclab/nucnet/nse"
)

// TestEquilibriumOfStockNetworks: every network has an equilibrium over all of late burning, with the sums asked for.
func TestEquilibriumOfStockNetworks(t *testing.T) {
	for _, name := range StockNames() {
		members := stock(t, name).Nuclides()
		if testing.Short() && len(members) > 400 {
			continue
		}
		for _, T := range []float64{3e9, 4e9, 5e9, 6e9, 7.5e9, 1e10} {
			for _, rho := range []float64{1e5, 1e6, 1e7, 1e8, 1e9, 1e10} {
				for _, ye := range []float64{0.35, 0.4, 0.43, 0.46, 0.48, 0.5, 0.52, 0.55} {
					for _, bare := range []bool{false, true} {
						r, err := nse.Solve(members, T, rho, ye, nse.Options{NoCoulomb: bare})
						if err != nil {
							t.Errorf("%s: %v", name, err)
							continue
						}
						sum, charge := 0.0, 0.0
						for i, m := range members {
							if !(r.X[i] >= 0) {
								t.Errorf("%s: %g K, %g g/cm3, Ye = %g: X(%s) = %g", name, T, rho, ye, m, r.X[i])
							}
							sum += r.X[i]
							charge += r.X[i] * float64(m.Z()) / float64(m.A())
						}
						if math.Abs(sum-1) > 1e-12 || math.Abs(charge-ye) > 1e-11 {
							t.Errorf("%s: %g K, %g g/cm3, Ye = %g: sum X = 1%+.1e, sum X Z/A = Ye%+.1e", name, T, rho, ye, sum-1, charge-ye)
						}
					}
				}
			}
		}
	}
}
