package dataset

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/rate"
)

// TestReburnTolerance: another integrator is as good as the one that made a set; other physics is not, nor is a number that
// was changed by a thousandth.
func TestReburnTolerance(t *testing.T) {
	ctx := context.Background()
	burn := func(change func(*Settings)) (*generator, []row) {
		t.Helper()
		s := Settings{Network: "mesa_80", Samples: 3, Seed: 11}
		change(&s)
		g, err := newGenerator(s)
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]row, s.Samples)
		for i := range rows {
			if rows[i], err = g.burn(ctx, i); err != nil {
				t.Fatal(err)
			}
		}
		return g, rows
	}
	g, rows := burn(func(*Settings) {})
	name := func(c int) string { return g.manifest.columns()[c+1] }
	for _, solver := range []string{"bdf", "bader-deuflhard"} {
		_, others := burn(func(s *Settings) { s.Burn.Solver = solver })
		for i, r := range others {
			if c := g.differ(r.numbers, rows[i].numbers); c >= 0 {
				t.Errorf("%s, sample %d: %s is %g, want %g", solver, i, name(c), r.numbers[c], rows[i].numbers[c])
			}
		}
	}
	for what, change := range map[string]func(*Settings){
		"no screening":      func(s *Settings) { s.Burn.Screening = rate.Unscreened },
		"no weak rates":     func(s *Settings) { s.Burn.Weak = nucnet.NoWeak },
		"other reverse":     func(s *Settings) { s.Burn.DetailedBalance = rate.R2305 },
		"MESA's own choice": func(s *Settings) { s.MESA = true },
	} {
		_, others := burn(change)
		for i, r := range others {
			if g.differ(r.numbers, rows[i].numbers) < 0 {
				t.Errorf("%s: sample %d passes", what, i)
			}
		}
	}
	l := g.layout
	good := rows[1].numbers
	for _, c := range []int{0, l.start() + slices.Index(good[l.start():], slices.Max(good[l.start():l.time(0)])), l.scalars(8), l.scalars(8) + 1, l.scalars(8) + 2} {
		forged := slices.Clone(good)
		forged[c] *= 1.001
		if got := g.differ(forged, good); got != c {
			t.Errorf("%s was changed, number %d is said to be", name(c), got)
		}
		forged[c] = math.NaN()
		if got := g.differ(forged, good); got != c {
			t.Errorf("%s is no number, number %d is said to be", name(c), got)
		}
	}
}

// TestReburnBurnt: states that themselves come from burns are taken as they stand, since those may be integrated in other
// steps some day.
func TestReburnBurnt(t *testing.T) {
	s := quick()
	s.Generator, s.Samples, s.Float = "burnt", 2, 32
	s.Design.LogT, s.Design.LogRho = [2]float64{9.2, 9.3}, [2]float64{7, 7.5}
	dir := filepath.Join(t.TempDir(), "set")
	if _, err := Generate(context.Background(), dir, s, nil); err != nil {
		t.Fatal(err)
	}
	if err := Reburn(context.Background(), dir, 2, 1); err != nil {
		t.Error(err)
	}
}
