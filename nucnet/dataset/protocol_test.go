package dataset

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/sample"
)

// TestSpans holds inputs, lengths and steps of the paper's test to what its audit found: input at 1.013 dt (the grid
// itself gives 1.0156, less its beginning), target 0.832 dt later, its own step 0.0832 dt.
func TestSpans(t *testing.T) {
	paper, _, err := PaperTimes("mesa_80")
	if err != nil {
		t.Fatal(err)
	}
	for _, times := range [][]float64{nucnet.Decades(1e-6, 1e2), paper} {
		spans, err := Settings{Times: times, Protocol: PaperTest}.spans()
		if err != nil {
			t.Fatal(err)
		}
		clean, err := Settings{Times: times, Protocol: CleanTest}.spans()
		if err != nil {
			t.Fatal(err)
		}
		for k, c := range spans {
			dt := math.Pow(10, float64(k-6))
			if math.Abs(c.input/dt-1.0145) > 0.002 || math.Abs(c.length/dt-0.8325) > 0.001 || math.Abs(c.step/dt-0.0832) > 1e-4 {
				t.Errorf("dt = %g s: input %g, length %g, step %g", dt, c.input, c.length, c.step)
			}
			if clean[k].input != c.input || clean[k].length != times[k] || clean[k].step != times[k] {
				t.Errorf("dt = %g s, clean: %+v", dt, clean[k])
			}
		}
	}
	if _, err := (Settings{Times: []float64{1e-11}, Protocol: CleanTest}).spans(); !errors.Is(err, ErrSettings) {
		t.Errorf("a time before the first row: %v", err)
	}
}

// TestProtocols: inputs and targets are states of one run, and what stands beside them is the small network's own run.
func TestProtocols(t *testing.T) {
	ctx := context.Background()
	net, err := nucnet.Stock("mesa_80")
	if err != nil {
		t.Fatal(err)
	}
	small, err := nucnet.Stock(sample.SmallNetwork)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []Protocol{PaperTest, CleanTest} {
		dir := filepath.Join(t.TempDir(), "set")
		s := Settings{Network: "mesa_80", Samples: 2, Seed: 4, Protocol: p, Times: []float64{1e-6, 1e-3}}
		if _, err := Generate(ctx, dir, s, nil); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(Verify(ctx, dir), Reburn(ctx, dir, 1, 1)); err != nil {
			t.Error(err)
		}
		set, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		table, err := set.Load()
		if err != nil {
			t.Fatal(err)
		}
		timings, err := set.Timings()
		if err != nil || len(timings) != 4 || !(timings[3].CPU > 0) || !(timings[3].SmallCPU > 0) {
			t.Errorf("timings %v, %v", timings, err)
		}
		sampler, err := s.withDefaults().sampler(net)
		if err != nil {
			t.Fatal(err)
		}
		for i := range table.Len() {
			if table.Status[i] != statusOK {
				t.Fatalf("sample %d: %s", i, table.Status[i])
			}
			point, err := sampler.At(ctx, uint64(i))
			if err != nil {
				t.Fatal(err)
			}
			start := table.SmallX[i*small.Len() : (i+1)*small.Len()]
			if !slices.Equal(start, point.Small) {
				t.Errorf("%s, sample %d starts from %v in the small network, want %v", p, i, start, point.Small)
			}
			for k, e := range table.Ends {
				length, step := set.Times[k], set.Steps[k]
				ages := []float64{e.Age[i], max(e.Age[i], e.Age[i]+length-step), e.Age[i] + length}
				run, err := net.Burn(ctx, nucnet.State{T: point.T, Rho: point.Rho, X: point.X}, ages, nucnet.Options{RTol: 1e-8})
				if err != nil {
					t.Fatal(err)
				}
				other, err := small.Burn(ctx, nucnet.State{T: point.T, Rho: point.Rho, X: point.Small}, ages, nucnet.Options{RTol: 1e-8})
				if err != nil {
					t.Fatal(err)
				}
				near := func(what string, got, want, scale float64) {
					if math.Abs(got-want) > 2e-4*scale {
						t.Errorf("%s, sample %d, time %d: %s is %g, the run has %g", p, i, k, what, got, want)
					}
				}
				for j := range net.Len() {
					near("X of the input", e.Input[i*net.Len()+j], run.Samples[0].X[j], 1)
					near("X", e.X[i*net.Len()+j], run.Samples[2].X[j], 1)
				}
				for j := range small.Len() {
					near("X of the small network", e.Small.X[i*small.Len()+j], other.Samples[2].X[j], 1)
				}
				end := run.Samples[2]
				const scale = 1e18 // erg/g, that of nuclear burning
				near("Ye", e.Ye[i], end.Ye, 1)
				near("q", e.Q[i], end.Q-run.Samples[0].Q, scale)
				near("eps_nuc_row", e.EpsNucRow[i], end.Q-run.Samples[1].Q-end.EpsNu*step, scale)
				near("eps_nu", e.EpsNu[i], end.EpsNu, end.EpsNu*10)
				near("q of the small network", e.Small.Q[i], other.Samples[2].Q-other.Samples[0].Q, scale)
			}
		}
	}
	if _, err := Generate(ctx, t.TempDir(), Settings{Network: "mesa_80", Samples: 1, Protocol: CleanTest, Generator: "nse"}, nil); !errors.Is(err, ErrSettings) {
		t.Errorf("test runs from equilibrium: %v", err)
	}
}

// TestRetried: a burn that the solver gives up is burnt with the sturdy one; the set tells, and counts it as done.
func TestRetried(t *testing.T) {
	s := quick()
	s.Samples, s.Times = 2, []float64{1e-10}
	s.Design.LogT, s.Design.LogRho = [2]float64{9.2, 9.21}, [2]float64{7, 7.01}
	// A limit of steps that is too low for the first solver; the second may take a hundred times as many.
	var dir string
	var m *Manifest
	for _, s.Burn.MaxSteps = range []int{40, 20} {
		dir = t.TempDir()
		var err error
		if m, err = Generate(context.Background(), dir, s, nil); err != nil {
			t.Fatal(err)
		}
		if m.Retried == 2 {
			break
		}
		t.Logf("%d steps: %d retried, %d failed", s.Burn.MaxSteps, m.Retried, m.Failed)
	}
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := set.Load()
	if err != nil {
		t.Fatal(err)
	}
	if m.Retried != 2 || m.Failed != 0 || len(table.OK()) != 2 {
		t.Fatalf("%d retried, %d failed, %d good: %q", m.Retried, m.Failed, len(table.OK()), table.Status)
	}
	if !strings.HasPrefix(table.Status[0], "retried with "+nucnet.Fallback) || math.IsNaN(table.Ends[0].Q[0]) {
		t.Errorf("status %q, q %g", table.Status[0], table.Ends[0].Q[0])
	}
	if err := Verify(context.Background(), dir); err != nil {
		t.Error(err)
	}
	if card := string(files(t, dir)[cardName]); !strings.Contains(card, "| burns retried with the sturdy solver | 2 |") {
		t.Errorf("the card does not tell:\n%s", card)
	}
}
