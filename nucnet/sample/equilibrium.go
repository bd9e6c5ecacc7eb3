package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
)

// group is where a nuclide stands in quasi-equilibrium.
type group int

const (
	light   group = iota // A < 24, taken to be in equilibrium with neutrons, protons and alpha particles
	silicon              // A >= 24 up to scandium
	iron                 // from titanium on
)

// groupsOf returns the groups of nuclides. The border between silicon and iron group, behind scandium, is that of Hix &
// Thielemann (1996, ApJ 460, 869).
func groupsOf(nuclides []nuclide.Nuclide) ([]group, error) {
	groups := make([]group, len(nuclides))
	for i, n := range nuclides {
		switch {
		case n.A() >= 24 && n.Z() <= 21:
			groups[i] = silicon
		case n.Z() >= 22:
			groups[i] = iron
		}
	}
	if !slices.Contains(groups, silicon) || !slices.Contains(groups, iron) {
		return nil, fmt.Errorf("sample: %w: quasi-equilibrium needs nuclides of the silicon group and of the iron group", ErrRange)
	}
	return groups, nil
}

// equilibrium makes a composition near statistical equilibrium or, with groups, near a quasi-equilibrium in which the
// iron group has a random share of the mass of both.
func (s *Sampler) equilibrium(rng *rand.Rand, p *Point, groups []group) error {
	eq, err := nse.Solve(s.Nuclides, p.T, p.Rho, p.Ye, nse.Options{})
	if err != nil {
		return fmt.Errorf("sample: T = %g K, rho = %g g/cm3, Ye = %.6g: %w", p.T, p.Rho, p.Ye, err)
	}
	logs := make([]float64, len(eq.X))
	for i, x := range eq.X {
		logs[i] = math.Log(x)
	}
	if groups != nil {
		s.quasi(logs, groups, p.Ye, rng.Float64())
	}
	for i := range logs {
		logs[i] += s.Spread * rng.NormFloat64()
	}
	return Tilt(p.X, logs, s.z, p.Ye)
}

// quasi changes the logarithms of equilibrium abundances to those of the quasi-equilibrium in which the iron group has
// the given share of what it and the silicon group hold. All abundances within a group keep the ratios that equilibrium
// at the new chemical potentials gives; only the number of nuclei of the iron group as a whole is free.
func (s *Sampler) quasi(logs []float64, groups []group, ye, share float64) {
	base := slices.Clone(logs)
	x := make([]float64, len(logs))
	var a, b float64 // shifts of the chemical potentials of proton and neutron, in units of kT
	ironShare := func(d float64) float64 {
		for n := range 200 {
			if n == 100 {
				a, b = 0, 0 // lost: from equilibrium instead
			}
			for i, n := range s.Nuclides {
				logs[i] = base[i] + float64(n.Z())*a + float64(n.A()-n.Z())*b
				if groups[i] == iron {
					logs[i] += d
				}
			}
			top := slices.Max(logs)
			var sum, z, zz, zn, mz, mn float64
			for i, n := range s.Nuclides {
				v := math.Exp(logs[i] - top)
				x[i] = v
				Z, N := float64(n.Z()), float64(n.A()-n.Z())
				sum += v
				z += v * s.z[i]
				mz, mn = mz+v*Z, mn+v*N
				zz += v * s.z[i] * Z
				zn += v * s.z[i] * N
			}
			// Newton's method for f = ln(sum X) = 0 and g = mean Z/A - Ye = 0.
			f, g := top+math.Log(sum), z/sum-ye
			fa, fb := mz/sum, mn/sum
			ga, gb := zz/sum-z/sum*fa, zn/sum-z/sum*fb
			det := fa*gb - fb*ga
			da, db := -(f*gb-g*fb)/det, -(fa*g-ga*f)/det
			if scale := max(math.Abs(da), math.Abs(db)); scale > 2 {
				da, db = da*2/scale, db*2/scale
			}
			if math.IsNaN(da + db) {
				a, b = 0, 0
				continue
			}
			a, b = a+da, b+db
			if max(math.Abs(da), math.Abs(db)) < 1e-10 {
				break
			}
		}
		var heavy, heaviest float64
		for i, v := range x {
			if groups[i] != light {
				heavy += v
			}
			if groups[i] == iron {
				heaviest += v
			}
		}
		return heaviest / heavy
	}
	// In small steps from equilibrium until the share lies between two of them, so that each search starts close by.
	const stride = 4
	lo, hi := 0.0, 0.0
	if ironShare(0) < share {
		for hi < 400 && ironShare(hi) < share {
			lo, hi = hi, hi+stride
		}
	} else {
		for lo > -400 && ironShare(lo) >= share {
			lo, hi = lo-stride, lo
		}
	}
	for range 24 {
		d := (lo + hi) / 2
		if ironShare(d) < share {
			lo = d
		} else {
			hi = d
		}
	}
}
