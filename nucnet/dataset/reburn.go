package dataset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"nuclab/nucnet"
	"nuclab/nucnet/rate"
	"nuclab/nucnet/sample"
)

// Settings returns the settings that a data set was made with, to make more like it or to burn a row again.
func (r Recipe) Settings() (Settings, error) {
	s := Settings{
		Network: r.Network, Samples: r.Samples, Seed: r.Seed, Generator: r.Generator,
		Design: sample.Design{LogT: r.Sampling.LogT, LogRho: r.Sampling.LogRho, Ye: r.Sampling.Ye, LogX: r.Sampling.LogX,
			NeutronMax: r.Sampling.NeutronMax, Tolerance: r.Sampling.Tolerance, Alpha: r.Sampling.Alpha, Present: r.Sampling.Present,
			Spread: r.Sampling.Spread},
		Protocol: r.Protocol, States: r.States, Times: r.Times, Steps: r.Steps, Float: r.Float, PerFile: r.PerFile,
		Burn: nucnet.Options{Solver: r.Burn.Solver, RTol: r.Burn.RTol, ATol: r.Burn.ATol, MaxSteps: r.Burn.MaxSteps},
		MESA: r.Burn.Rules == rulesMESA, Suzuki: r.Burn.Suzuki, Rates: r.Burn.Rates,
	}
	if len(r.Labels) > 0 {
		s.Times, s.Steps = r.Labels, nil
	}
	var e1, e2, e3 error
	s.Burn.Screening, e1 = rate.ParseScreening(r.Burn.Screening)
	s.Burn.Weak, e2 = nucnet.ParseWeak(r.Burn.Weak)
	s.Burn.DetailedBalance, e3 = rate.ParseBalance(r.Burn.DetailedBalance)
	return s, errors.Join(e1, e2, e3)
}

// Reburn burns n samples of a data set again, chosen by seed, and compares every number with the one stored, as far as
// the set's tolerance promises it: other versions of this program may take other steps. Samples whose start came from a
// burn are burnt from the start stored, others from the one drawn again. The error wraps ErrDifferent if this program has
// other nuclear data than the set, and ErrDamaged, with the sample and the column, for a number that differs.
func Reburn(ctx context.Context, dir string, n int, seed uint64) error {
	set, err := Open(dir)
	if err != nil {
		return err
	}
	if set.Data != dataHash() {
		return fmt.Errorf("dataset: %s: %w: nuclear data %s, this program has %s", dir, ErrDifferent, set.Data, dataHash())
	}
	s, err := set.Settings()
	if err != nil {
		return fmt.Errorf("dataset: %s: %w: %w", dir, ErrDamaged, err)
	}
	g, err := newGenerator(s)
	if err != nil {
		return err
	}
	blocks, err := set.blocks()
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	rng.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	for b, block := range blocks {
		// The same number of rows from each group, one more from the first of them.
		rows := n / len(blocks)
		if b < n%len(blocks) {
			rows++
		}
		if rows == 0 {
			break
		}
		table, err := set.block(block, nil)
		if err != nil {
			return err
		}
		order := rng.Perm(table.Len())
		for _, i := range order[:min(rows, len(order))] {
			if err := g.compare(ctx, table, i); err != nil {
				return fmt.Errorf("dataset: %s: %w", dir, err)
			}
		}
	}
	return nil
}

// compare burns row i of a table of all times again.
func (g *generator) compare(ctx context.Context, t *Table, i int) error {
	stored, index := g.numbers(t, i), t.Index[i]
	var fresh row
	var err error
	if l := g.layout; g.sampler.Burns() {
		fresh, err = g.burnFrom(ctx, int(index), sample.Point{T: t.T[i], Rho: t.Rho[i], Ye: t.Ye[i],
			X: stored[l.start():l.smallStart()], Small: stored[l.smallStart():l.time(0)]})
	} else {
		fresh, err = g.burn(ctx, int(index))
	}
	if err != nil {
		return err
	}
	if !reachedEnd(t.Status[i]) {
		return nil // another version of the solver may well get further
	}
	if !reachedEnd(fresh.status) {
		return fmt.Errorf("%w: sample %d: status %q, burnt again %q", ErrDamaged, index, t.Status[i], fresh.status)
	}
	if c := g.differ(stored, fresh.numbers); c >= 0 {
		return fmt.Errorf("%w: sample %d: %s is %.17g, burnt again %.17g (by commit %s)", ErrDamaged, index, g.manifest.columns()[c+1],
			stored[c], fresh.numbers[c], codeVersion())
	}
	return nil
}

// numbers returns row i of a table of all times as layout describes it.
func (g *generator) numbers(t *Table, i int) []float64 {
	v, place := make([]float64, g.layout.numbers()), places(nil, len(g.manifest.Times))
	for k, time := range g.manifest.Times {
		v[g.layout.time(k)] = time
	}
	for c := range v {
		if values, offset, stride := t.column(g.layout, c, place); values != nil {
			v[c] = values[i*stride+offset]
		}
	}
	return v
}

// What burns at a relative tolerance promise, in units of it: integrators as unlike as those of nucnet agree to a few of
// them in mass fractions above 1e-4 and to less in energies, bader-deuflhard to some two hundred. Physics that is not that
// of the set makes a difference of per cents.
const (
	agreeX      = 300  // of X, of 1e-4 if it is below
	agreeEnergy = 10   // of the largest energy of the row
	agreeRate   = 100  // of eps_nu
	agreeMost   = 0.05 // whatever the tolerance
)

// differ returns the first column in which a row and the same burnt again differ by more than the tolerance promises, -1
// if there is none.
func (g *generator) differ(a, b []float64) int {
	l, r := g.layout, g.manifest.Recipe
	tolerance := func(times float64) float64 { return min(times*r.Burn.RTol, agreeMost) }
	found := -1
	check := func(c int, off float64) {
		digits := 1e-12 // of the number
		if r.Float == 32 {
			digits = 1e-6
		}
		size := max(math.Abs(a[c]), math.Abs(b[c]))
		same := math.Abs(a[c]-b[c]) <= off+digits*size || math.IsNaN(a[c]) && math.IsNaN(b[c])
		if !same && (found < 0 || c < found) {
			found = c
		}
	}
	for c := range l.time(0) {
		check(c, 0)
	}
	composition := func(c, n int) {
		for ; n > 0; n-- {
			check(c, tolerance(agreeX)*max(math.Abs(a[c]), math.Abs(b[c]), 1e-4))
			c++
		}
	}
	largest := 0.0 // energy
	ends := func(visit func(c, k int)) {
		for k := range l.times {
			visit(l.scalars(k), k)
			if l.small > 0 {
				visit(l.smallEnd(k)+l.small, k)
			}
		}
	}
	ends(func(c, k int) {
		for _, v := range [][]float64{a, b} {
			for _, e := range []float64{v[c+1], v[c+3], v[c+2] * r.Steps[k]} {
				if !math.IsNaN(e) {
					largest = max(largest, math.Abs(e))
				}
			}
		}
	})
	energy := tolerance(agreeEnergy) * largest
	ends(func(c, k int) {
		check(c, tolerance(agreeEnergy)) // Ye
		check(c+1, energy)
		check(c+2, tolerance(agreeRate)*max(math.Abs(a[c+2]), math.Abs(b[c+2])))
		check(c+3, energy)
		check(c+4, energy)
	})
	for k := range l.times {
		check(l.time(k), 0)
		composition(l.end(k), l.nuclides)
		if l.small > 0 {
			check(l.input(k), 0)
			check(l.input(k)+1, tolerance(agreeEnergy))
			composition(l.input(k)+2, l.nuclides)
			composition(l.smallEnd(k), l.small)
		}
	}
	return found
}
