package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"nuclab/kernel/nb"
	"nuclab/nucnet"
)

// robustnessHelp is what `bench burn --help` says about --robustness.
const robustnessHelp = `--robustness N burns N random states to 100 s and looks for burns that end early, mass fractions below -atol and numbers
that are not finite. Temperatures are from 10^9.2 to 10^9.9 K, densities from 1e7 to 1e9 g/cm3, relative tolerances from 1e-3 to
1e-10, absolute ones a millionth of that. A third of the states is a single nuclide; the others have all nuclides of the network,
drawn in the logarithm down to 1e-30 or a random limit, free neutrons up to 0.05. The exit status is 1 if one of them fails;
each is listed with a command line that burns it again.`

// robustnessTimes are the output times, s.
var robustnessTimes = nucnet.Decades(1e-6, 1e2)

// robustnessRow counts how burns of random states have gone.
type robustnessRow struct {
	Net       string              `json:"net"`
	Seed      uint64              `json:"seed"`
	Burns     int                 `json:"burns"`
	Early     int                 `json:"ended_early"`
	Negative  int                 `json:"negative"`
	NotFinite int                 `json:"not_finite"`
	Restarted int                 `json:"restarted"`
	Steps     int                 `json:"steps"`
	Rejected  int                 `json:"rejected"`
	CPU       number              `json:"cpu_s"`
	Failures  []robustnessFailure `json:"failures"`
}

type robustnessFailure struct {
	Index   int    `json:"index"`
	Reason  string `json:"reason"`
	Command string `json:"command"`
}

// count adds the burn of a state.
func (r *robustnessRow) count(index int, net *nucnet.Network, s nucnet.State, opt nucnet.Options, result *nucnet.Result, err error) {
	r.Burns++
	r.Steps += result.Stats.Steps
	r.Rejected += result.Stats.Rejected
	if result.Restarts > 0 {
		r.Restarted++
	}
	reason := ""
	switch least, finite := leastOf(result); {
	case err != nil:
		r.Early++
		reason = err.Error()
	case !finite:
		r.NotFinite++
		reason = "a number is not finite"
	case least < -opt.ATol:
		r.Negative++
		reason = fmt.Sprintf("a mass fraction of %g", least)
	}
	if reason != "" {
		r.Failures = append(r.Failures, robustnessFailure{index, reason, burnCommand(net, s, opt)})
	}
}

// leastOf returns the smallest mass fraction of a result and whether all its numbers are finite.
func leastOf(r *nucnet.Result) (least float64, finite bool) {
	sum := 0.0
	for _, s := range r.Samples {
		least = min(least, s.Least)
		for _, v := range append(s.X, s.Least, s.Ye, s.Q, s.EpsNu, s.EpsNuIntegral) {
			sum += v * 0
		}
	}
	return least, sum == 0
}

// burnCommand is the command line of a burn, exact in every number.
func burnCommand(net *nucnet.Network, s nucnet.State, opt nucnet.Options) string {
	var x []string
	for i, m := range net.Nuclides() {
		if s.X[i] != 0 {
			x = append(x, fmt.Sprintf("%v=%.17g", m, s.X[i]))
		}
	}
	return fmt.Sprintf("nuclab burn --net %s -T %.17g --rho %.17g --rtol %.17g --atol %.17g --decades 1e-6:1e2 -x %s",
		net.Name(), s.T, s.Rho, opt.RTol, opt.ATol, strings.Join(x, ","))
}

// robustnessState draws a state and tolerances, which depend on seed and index alone.
func robustnessState(net *nucnet.Network, seed uint64, index int) (nucnet.State, nucnet.Options) {
	r := rand.New(rand.NewPCG(seed, uint64(index)))
	between := func(low, high float64) float64 { return math.Pow(10, low+(high-low)*r.Float64()) }
	list := net.Nuclides()
	s := nucnet.State{T: between(9.2, 9.9), Rho: between(7, 9), X: make([]float64, len(list))}
	opt := nucnet.Options{RTol: between(-10, -3)}
	opt.ATol = 1e-6 * opt.RTol
	low := -30.
	switch r.IntN(3) {
	case 0:
		s.X[r.IntN(len(list))] = 1
		return s, opt
	case 1:
		low *= r.Float64()
	}
	sum := 0.0
	for i, m := range list {
		high := 0.0
		if m.Z() == 0 {
			high = math.Log10(0.05)
		}
		s.X[i] = between(low, max(low, high))
		sum += s.X[i]
	}
	for i := range s.X {
		s.X[i] /= sum
	}
	return s, opt
}

// benchRobustness burns count random states of net and prints how that went, also where ctx ends before all are done.
func (a *app) benchRobustness(ctx context.Context, out *output, net *nucnet.Network, count int, seed uint64, threads int) error {
	row := robustnessRow{Net: net.Name(), Seed: seed, Failures: []robustnessFailure{}}
	bar := nb.NewProgress("burning", count)
	before := cpuTime()
	var mu sync.Mutex
	var group sync.WaitGroup
	next := 0
	for range threads {
		group.Go(func() {
			for {
				mu.Lock()
				index := next
				next++
				mu.Unlock()
				if index >= count || ctx.Err() != nil {
					return
				}
				s, opt := robustnessState(net, seed, index)
				result, err := net.Burn(ctx, s, robustnessTimes, opt)
				if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
					return
				}
				mu.Lock()
				row.count(index, net, s, opt, result, err)
				bar.Set(row.Burns)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	bar.Done()
	row.CPU = number((cpuTime() - before).Seconds())
	slices.SortFunc(row.Failures, func(a, b robustnessFailure) int { return a.Index - b.Index })

	doc := struct {
		Schema     string          `json:"schema"`
		Threads    int             `json:"threads"`
		Robustness []robustnessRow `json:"robustness"`
	}{"nuclab.bench/1", threads, []robustnessRow{row}}
	t := &grid{head: []string{"net", "seed", "burns", "ended early", "negative", "not finite", "restarted", "steps", "rejected", "cpu_s"}}
	t.add(row.Net, row.Seed, row.Burns, row.Early, row.Negative, row.NotFinite, row.Restarted, row.Steps, row.Rejected, float64(row.CPU))
	notes := []string{fmt.Sprintf("%d of %d random states, burned to 100 s", row.Burns, count)}
	for _, f := range row.Failures {
		notes = append(notes, fmt.Sprintf("state %d: %s\n  %s", f.Index, f.Reason, f.Command))
	}
	if err := out.write(doc, notes, t); err != nil {
		return err
	}
	if len(row.Failures) > 0 {
		return fmt.Errorf("%d of %d burns failed", len(row.Failures), row.Burns)
	}
	return ctx.Err()
}
