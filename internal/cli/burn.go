package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

// burnDoc is the JSON of schema nuclab.burn/1; predict writes the same.
type burnDoc struct {
	Schema  string       `json:"schema"`
	Network string       `json:"network"`
	T       number       `json:"T"`
	Rho     number       `json:"rho"`
	Options any          `json:"options"`
	Initial burnInitial  `json:"initial"`
	Samples []burnSample `json:"samples"`
	Stats   any          `json:"stats,omitempty"`
	Stopped *burnStopped `json:"stopped,omitempty"`
}

// burnStopped is why a burn ended early; its last sample is the state that it reached.
type burnStopped struct {
	Time   number `json:"t"`
	Reason string `json:"reason"`
	Advice string `json:"advice,omitempty"`
}

type burnInitial struct {
	X  byName[nuclide.Nuclide] `json:"X"`
	Ye number                  `json:"ye"`
}

type burnSample struct {
	Time          number                  `json:"t"`
	T             *number                 `json:"T,omitempty"`
	Rho           *number                 `json:"rho,omitempty"`
	X             byName[nuclide.Nuclide] `json:"X"`
	Ye            number                  `json:"ye"`
	Q             number                  `json:"q"`
	EpsNuc        number                  `json:"eps_nuc"`
	EpsNucBBQ     number                  `json:"eps_nuc_bbq"`
	EpsNu         number                  `json:"eps_nu"`
	EpsNuIntegral number                  `json:"eps_nu_integral"`
	InDomain      *bool                   `json:"in_domain,omitempty"`
	Uncertainty   number                  `json:"uncertainty,omitzero"`
}

type burnOptions struct {
	Screening       string     `json:"screening"`
	Weak            string     `json:"weak"`
	DetailedBalance string     `json:"detailed_balance"`
	Solver          string     `json:"solver"`
	RTol            number     `json:"rtol"`
	ATol            number     `json:"atol"`
	Heating         string     `json:"heating,omitempty"`
	Trajectory      *usedFile  `json:"trajectory,omitempty"`
	Links           string     `json:"links,omitempty"` // "all" for all of REACLIB's
	Rates           *ratesUsed `json:"rates,omitempty"`
}

func optionsDoc(opt nucnet.Options, ph *physics, n *network) burnOptions {
	return burnOptions{Screening: opt.Screening.String(), Weak: ph.weak, DetailedBalance: opt.DetailedBalance.String(),
		Solver: opt.Solver, RTol: number(opt.RTol), ATol: number(opt.ATol), Links: n.linksNote(), Rates: n.used}
}

type burnStats struct {
	Steps          int    `json:"steps"`
	Rejected       int    `json:"rejected"`
	Restarts       int    `json:"restarts"`
	RHS            int    `json:"rhs"`
	Jacobians      int    `json:"jacobians"`
	Factorizations int    `json:"factorizations"`
	Solves         int    `json:"solves"`
	CPU            number `json:"cpu_s"`
}

func (a *app) burn() *cobra.Command {
	b := burner{app: a}
	cmd := &cobra.Command{
		Use:   "burn",
		Short: "Burn matter and print its composition and energies at each time",
		Long: `Burn matter and print its composition and energies at each time: at fixed temperature and density, heated by what it
releases, or along temperature and density given against time.

Times in s, mass fractions X sum to 1. q is the rest-mass energy released (erg/g), eps_nu the neutrino loss at that
time (erg/g/s), eps_nuc = q less the integrated loss, eps_nuc_bbq = q - eps_nu t as BBQ reports it.

A file of --rates has fits in the format of REACLIB, one of --trajectory three columns: time in s, temperature in K,
density in g/cm3. Without -t and --decades a burn along it is shown at its own times.`,
		Example: "  nuclab burn --net mesa_80 -T 5e9 --rho 1e9 -x si28=1 -t 1e-6,1e-3,1",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	b.n.flags(cmd, true)
	b.m.placeFlags(cmd)
	b.m.compositionFlags(cmd)
	cmd.MarkFlagRequired("composition")
	f.StringVar(&b.heating, "heating", "none", "what the energy released does: none, isochoric (heats at constant density) or isobaric (at constant pressure)")
	f.StringVar(&b.trajectory, "trajectory", "", "`FILE` of columns t T rho (s, K, g/cm3) to burn along, in place of -T and --rho")
	f.StringVarP(&b.times, "times", "t", "", "times in s, `1e-6,1e-3,1`")
	f.StringVar(&b.decades, "decades", "", "first and last of a time for every decade, `1e-6:1e2`, in s")
	cmd.MarkFlagsRequiredTogether("temperature", "rho")
	cmd.MarkFlagsOneRequired("temperature", "trajectory")
	cmd.MarkFlagsMutuallyExclusive("temperature", "trajectory")
	cmd.MarkFlagsMutuallyExclusive("heating", "trajectory")
	cmd.MarkFlagsMutuallyExclusive("times", "decades")
	cmd.MarkFlagsOneRequired("times", "decades", "trajectory")
	b.ph.flags(cmd)
	f.IntVar(&b.repeat, "repeat", 1, "burn this many times and report the median CPU time")
	threadsFlag(cmd, &b.threads)
	b.out = a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := b.read(); err != nil {
			return err
		}
		return b.run(cmd.Context())
	}
	return cmd
}

// burner is the verb burn: its flags, and what they say.
type burner struct {
	*app
	m                   matter
	ph                  physics
	n                   network
	heating, trajectory string
	times, decades      string
	repeat, threads     int
	out                 *output

	net   *nucnet.Network
	state nucnet.State
	along *nucnet.Trajectory // nil if T and rho are not given against time
	track *usedFile          // of it
	at    []float64
	opt   nucnet.Options
}

// read turns the flags into what is to be burnt.
func (b *burner) read() (err error) {
	if err := useThreads(b.threads); err != nil {
		return err
	}
	if b.repeat < 1 {
		return badInput("--repeat: %d is less than 1", b.repeat)
	}
	if b.opt, err = b.ph.options(); err != nil {
		return err
	}
	if b.opt.Heating, err = nucnet.ParseHeating(b.heating); err != nil {
		return badInput("--heating: %v", err)
	}
	if b.trajectory != "" {
		if err := b.readTrajectory(); err != nil {
			return err
		}
	} else if err := b.m.checkPlace(); err != nil {
		return err
	}
	if err := b.m.checkComposition(); err != nil {
		return err
	}
	if b.net, err = b.n.build(b.ph.rules()); err != nil {
		return err
	}
	x, err := b.net.Vector(b.m.composition)
	if err != nil {
		return badInput("-x: %v", err)
	}
	b.state = nucnet.State{T: b.m.T, Rho: b.m.rho, X: x}
	if b.at, err = b.outputTimes(); err != nil {
		return err
	}
	return nil
}

func (b *burner) readTrajectory() error {
	text, err := readInput(b.trajectory)
	if err != nil {
		return badInput("--trajectory: %v", err)
	}
	tr, err := nucnet.ReadTrajectory(b.trajectory, strings.NewReader(text))
	if err != nil {
		return badInput("--trajectory: %v", err)
	}
	b.along, b.track = &tr, newUsedFile(b.trajectory, text)
	b.m.T, b.m.rho = tr.T[0], tr.Rho[0]
	return nil
}

// outputTimes returns the times to print, s.
func (b *burner) outputTimes() ([]float64, error) {
	if b.along == nil {
		ts, err := parseTimes(b.times, b.decades)
		if err == nil && ts[0] < 0 {
			return nil, badInput("-t: %g s is before the start; times are 0 or later", ts[0])
		}
		return ts, err
	}
	if b.times == "" && b.decades == "" {
		return b.along.Time, nil
	}
	ts, err := parseTimes(b.times, b.decades)
	if err != nil {
		return nil, err
	}
	first, last := b.along.Time[0], b.along.Time[len(b.along.Time)-1]
	for _, t := range ts {
		if t < first || t > last {
			return nil, badInput("-t: %g s is outside of %s, which goes from %g s to %g s", t, b.trajectory, first, last)
		}
	}
	return ts, nil
}

// run burns, and prints the result or, of a burn that ended early, what it reached.
func (b *burner) run(ctx context.Context) error {
	hottest := b.state.T
	if b.along != nil {
		hottest = slices.Max(b.along.T)
	}
	b.warnHot(hottest)
	r, cpu, err := timed(b.repeat, func() (*nucnet.Result, error) {
		if b.along != nil {
			return b.net.BurnAlong(ctx, *b.along, b.state.X, b.at, b.opt)
		}
		return b.net.Burn(ctx, b.state, b.at, b.opt)
	})
	var stopped *nucnet.Stopped
	if err != nil && !errors.As(err, &stopped) {
		return asUsage(err, nucnet.ErrOption, nucnet.ErrState, nucnet.ErrTimes, nucnet.ErrTrajectory)
	}
	return errors.Join(err, b.write(r, cpu, stopped))
}

// timedBurn burns the same state several times and returns the last result and the median processor time in s.
func timedBurn(ctx context.Context, net *nucnet.Network, s nucnet.State, times []float64, opt nucnet.Options, repeat int) (*nucnet.Result, float64, error) {
	return timed(repeat, func() (*nucnet.Result, error) { return net.Burn(ctx, s, times, opt) })
}

// timed burns several times, up to the first error, and returns the last result and the median processor time in s.
func timed(repeat int, burn func() (*nucnet.Result, error)) (r *nucnet.Result, cpu float64, err error) {
	used := make([]float64, 0, repeat)
	for len(used) < repeat && err == nil {
		before := cpuTime()
		r, err = burn()
		used = append(used, (cpuTime() - before).Seconds())
	}
	slices.Sort(used)
	return r, used[len(used)/2], err
}

// write prints a burn. With stopped, the last sample is the state it reached.
func (b *burner) write(r *nucnet.Result, cpu float64, stopped *nucnet.Stopped) error {
	names := b.net.Nuclides()
	doc := burnDoc{
		Schema: "nuclab.burn/1", Network: b.net.Name(), T: number(b.state.T), Rho: number(b.state.Rho),
		Initial: burnInitial{byName[nuclide.Nuclide]{names, b.state.X},
			number(nuclide.Composition{Nuclides: names, X: b.state.X}.Ye())},
		Stats: burnStats{r.Stats.Steps, r.Stats.Rejected, r.Restarts, r.Stats.RHS, r.Stats.Jacobians,
			r.Stats.Factorizations, r.Stats.Solves, number(cpu)},
	}
	options := optionsDoc(b.opt, &b.ph, &b.n)
	options.Heating, options.Trajectory = b.opt.Heating.String(), b.track
	doc.Options = options
	samples := r.Samples
	if stopped != nil {
		doc.Stopped = &burnStopped{number(stopped.Time), stopped.Err.Error(), stopped.Advice}
		samples = append(samples, r.End)
	}
	for _, p := range samples {
		s := burnSample{Time: number(p.Time), X: byName[nuclide.Nuclide]{names, p.X},
			Ye: number(p.Ye), Q: number(p.Q), EpsNuc: number(p.EpsNuc), EpsNucBBQ: number(p.EpsNucBBQ),
			EpsNu: number(p.EpsNu), EpsNuIntegral: number(p.EpsNuIntegral)}
		if b.along != nil || b.opt.Heating != nucnet.NoHeating {
			t, rho := number(p.T), number(p.Rho)
			s.T, s.Rho = &t, &rho
		}
		doc.Samples = append(doc.Samples, s)
	}
	place := fmt.Sprintf("at T = %g K, rho = %g g/cm3", b.state.T, b.state.Rho)
	switch {
	case b.along != nil:
		place = "along " + b.trajectory
	case b.opt.Heating != nucnet.NoHeating:
		place = fmt.Sprintf("from T = %g K, rho = %g g/cm3 with %v heating", b.state.T, b.state.Rho, b.opt.Heating)
	}
	notes := []string{fmt.Sprintf("%s %s: %d steps (%d rejected) of %s, %.3g s of CPU time",
		b.net.Name(), place, r.Stats.Steps, r.Stats.Rejected, b.opt.Solver, cpu)}
	if r.Restarts > 0 {
		notes = append(notes, fmt.Sprintf("Restarted %d times with smaller tolerances: those asked for had led to negative abundances.", r.Restarts))
	}
	return b.out.writeSamples(doc, notes, names)
}

// shown is how many nuclides the tables for a person list, and columnsShown how many times stand side by side.
const (
	shown        = 10
	columnsShown = 9
)

// writeSamples prints a burn or a prediction: times as columns of tables for a person, as rows in CSV.
func (o *output) writeSamples(doc burnDoc, notes []string, names []nuclide.Nuclide) error {
	scalars := []string{"ye", "q", "eps_nuc", "eps_nuc_bbq", "eps_nu", "eps_nu_integral"}
	units := []string{"", " [erg/g]", " [erg/g]", " [erg/g]", " [erg/g/s]", " [erg/g]"}
	values := func(p burnSample) []number {
		return []number{p.Ye, p.Q, p.EpsNuc, p.EpsNucBBQ, p.EpsNu, p.EpsNuIntegral}
	}
	if len(doc.Samples) > 0 && doc.Samples[0].T != nil {
		scalars, units = append([]string{"T", "rho"}, scalars...), append([]string{" [K]", " [g/cm3]"}, units...)
		rest := values
		values = func(p burnSample) []number { return append([]number{*p.T, *p.Rho}, rest(p)...) }
	}
	if o.format != "table" {
		t := &grid{head: append([]string{"t"}, scalars...)}
		for _, n := range names {
			t.head = append(t.head, n.String())
		}
		for _, p := range doc.Samples {
			row := []any{float64(p.Time)}
			for _, v := range values(p) {
				row = append(row, float64(v))
			}
			for _, x := range p.X.values {
				row = append(row, x)
			}
			t.add(row...)
		}
		return o.write(doc, nil, t)
	}
	var tables []*grid
	for block := range slices.Chunk(doc.Samples, columnsShown) {
		t := &grid{head: []string{"t [s]"}}
		for i, s := range scalars {
			t.add(s + units[i])
		}
		for rank := range min(shown, len(names)) {
			t.add(fmt.Sprintf("X %d.", rank+1))
		}
		for _, p := range block {
			t.head = append(t.head, short(float64(p.Time), 4))
			for i, v := range values(p) {
				t.rows[i] = append(t.rows[i], short(float64(v), 6))
			}
			for rank, i := range largest(p.X.values, shown) {
				cell := ""
				if x := p.X.values[i]; x > 0 {
					cell = fmt.Sprintf("%-4s %.5g", names[i], x)
				}
				row := len(scalars) + rank
				t.rows[row] = append(t.rows[row], cell)
			}
		}
		tables = append(tables, t)
	}
	if len(names) > shown {
		notes = append(notes, fmt.Sprintf("Below, the %d most abundant of %d nuclides at each time; --format csv or json gives all.", shown, len(names)))
	}
	return o.write(doc, notes, tables...)
}

// parseTimes reads -t or --decades.
func parseTimes(times, decades string) ([]float64, error) {
	if decades != "" {
		from, to, ok := strings.Cut(decades, ":")
		if !ok {
			return nil, badInput("--decades: %q is not two times, as in 1e-6:1e2", decades)
		}
		ends, err := parseNumbers("--decades", from+","+to)
		if err != nil {
			return nil, err
		}
		if !(ends[0] > 0 && ends[1] >= ends[0]) {
			return nil, badInput("--decades: %q does not go up from a positive time", decades)
		}
		ts := nucnet.Decades(ends[0], ends[1])
		if len(ts) == 0 {
			return nil, badInput("--decades: there is no power of ten from %g to %g s", ends[0], ends[1])
		}
		return ts, nil
	}
	ts, err := parseNumbers("-t", times)
	if err != nil {
		return nil, err
	}
	for i, t := range ts {
		if i > 0 && t <= ts[i-1] {
			return nil, badInput("-t: %g s does not come after %g s; list times in increasing order", t, ts[i-1])
		}
	}
	return ts, nil
}
