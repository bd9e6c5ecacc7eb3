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

// Reburn burns n samples of a data set again, chosen by seed, and compares every number with the one stored. The error
// wraps ErrDifferent if this program has other nuclear data than the set, and ErrDamaged, with the sample and the column,
// if a number differs by more than rounding on another processor explains.
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
	names, place := set.columns(), places(nil, len(set.Times))
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
			fresh, err := g.burn(ctx, int(table.Index[i]))
			if err != nil {
				return err
			}
			if reachedEnd(fresh.status) != reachedEnd(table.Status[i]) {
				return fmt.Errorf("dataset: %s: %w: sample %d: status %q, burnt again %q", dir, ErrDamaged, table.Index[i], table.Status[i], fresh.status)
			}
			for c, v := range fresh.numbers {
				values, offset, stride := table.column(g.layout, c, place)
				if values == nil {
					continue
				}
				if stored := values[i*stride+offset]; !alike(stored, v, set.Float) {
					other := ""
					if code := codeVersion(); code != set.Code {
						other = fmt.Sprintf(" (by commit %s, the set was made by %s)", code, set.Code)
					}
					return fmt.Errorf("dataset: %s: %w: sample %d: %s is %.17g, burnt again %.17g%s", dir, ErrDamaged, table.Index[i], names[c+1], stored, v, other)
				}
			}
		}
	}
	return nil
}

// alike compares a stored number with one burnt again. Burns on processors of different kinds differ by rounding, which
// the small differences of eps_nuc_row amplify; a number burnt with other physics differs by much more.
func alike(a, b float64, float int) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	tolerance := 1e-6
	if float == 32 {
		tolerance = 1e-4
	}
	const smallest = 1e-12 // of a mass fraction: the accuracy of a burn
	return math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b))+smallest
}
