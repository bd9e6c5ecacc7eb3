package cli

import (
	"context"
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
}

type burnInitial struct {
	X  byName[nuclide.Nuclide] `json:"X"`
	Ye number                  `json:"ye"`
}

type burnSample struct {
	T             number                  `json:"t"`
	X             byName[nuclide.Nuclide] `json:"X"`
	Ye            number                  `json:"ye"`
	Q             number                  `json:"q"`
	EpsNuc        number                  `json:"eps_nuc"`
	EpsNucBBQ     number                  `json:"eps_nuc_bbq"`
	EpsNu         number                  `json:"eps_nu"`
	EpsNuIntegral number                  `json:"eps_nu_integral"`
	InDomain      *bool                   `json:"in_domain,omitempty"`
}

type burnOptions struct {
	Screening       string `json:"screening"`
	Weak            string `json:"weak"`
	DetailedBalance string `json:"detailed_balance"`
	Solver          string `json:"solver"`
	RTol            number `json:"rtol"`
	ATol            number `json:"atol"`

	Links  string     `json:"links,omitempty"` // "all" for all of REACLIB's
	Suzuki bool       `json:"suzuki,omitempty"`
	Rates  *ratesUsed `json:"rates,omitempty"`
}

type burnStats struct {
	Steps          int    `json:"steps"`
	Rejected       int    `json:"rejected"`
	RHS            int    `json:"rhs"`
	Jacobians      int    `json:"jacobians"`
	Factorizations int    `json:"factorizations"`
	Solves         int    `json:"solves"`
	CPU            number `json:"cpu_s"`
}

func (a *app) burn() *cobra.Command {
	var (
		m              matter
		ph             physics
		n              network
		times, decades string
		repeat         int
	)
	cmd := &cobra.Command{
		Use:   "burn",
		Short: "Burn matter at fixed temperature and density",
		Long: `Burn matter at fixed temperature and density and print its composition and energies at each time.

Times in s, mass fractions X sum to 1. q is the rest-mass energy released (erg/g), eps_nu the neutrino loss at that
time (erg/g/s), eps_nuc = q less the integrated loss, eps_nuc_bbq = q - eps_nu t as BBQ reports it.`,
		Example: "  nuclab burn --net mesa_80 -T 5e9 --rho 1e9 -x si28=1 -t 1e-6,1e-3,1",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	n.flags(cmd, true)
	m.flags(cmd, true)
	f.StringVarP(&times, "times", "t", "", "times in s, `1e-6,1e-3,1`")
	f.StringVar(&decades, "decades", "", "first and last of a time for every decade, `1e-6:1e2`, in s")
	cmd.MarkFlagsMutuallyExclusive("times", "decades")
	cmd.MarkFlagsOneRequired("times", "decades")
	ph.flags(cmd)
	f.IntVar(&repeat, "repeat", 1, "burn this many times and report the median CPU time")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		net, err := n.build()
		if err != nil {
			return err
		}
		if err := m.check(); err != nil {
			return err
		}
		x, err := net.Vector(m.composition)
		if err != nil {
			return badInput("-x: %v", err)
		}
		opt, err := ph.options()
		if err != nil {
			return err
		}
		ts, err := parseTimes(times, decades)
		if err != nil {
			return err
		}
		if repeat < 1 {
			return badInput("--repeat: %d is less than 1", repeat)
		}
		state := nucnet.State{T: m.T, Rho: m.rho, X: x}
		result, cpu, err := timedBurn(cmd.Context(), net, state, ts, opt, repeat)
		if err != nil {
			return err
		}
		return writeBurn(out, net, &n, state, opt, result, cpu)
	}
	return cmd
}

// timedBurn burns the same state several times and returns the last result and the median processor time in s.
func timedBurn(ctx context.Context, net *nucnet.Network, s nucnet.State, times []float64, opt nucnet.Options, repeat int) (r *nucnet.Result, cpu float64, err error) {
	used := make([]float64, repeat)
	for i := range used {
		before := cpuTime()
		if r, err = net.Burn(ctx, s, times, opt); err != nil {
			return nil, 0, err
		}
		used[i] = (cpuTime() - before).Seconds()
	}
	slices.Sort(used)
	return r, used[repeat/2], nil
}

func writeBurn(out *output, net *nucnet.Network, n *network, s nucnet.State, opt nucnet.Options, r *nucnet.Result, cpu float64) error {
	names := net.Nuclides()
	ye := func(x []float64) number {
		return number(nuclide.Composition{Nuclides: names, X: x}.Ye())
	}
	doc := burnDoc{
		Schema: "nuclab.burn/1", Network: net.Name(), T: number(s.T), Rho: number(s.Rho),
		Options: burnOptions{opt.Screening.String(), opt.Weak.String(), opt.DetailedBalance.String(), opt.Solver,
			number(opt.RTol), number(opt.ATol), n.linksNote(), n.suzuki, n.used},
		Initial: burnInitial{byName[nuclide.Nuclide]{names, s.X}, ye(s.X)},
		Stats: burnStats{r.Stats.Steps, r.Stats.Rejected, r.Stats.RHS, r.Stats.Jacobians,
			r.Stats.Factorizations, r.Stats.Solves, number(cpu)},
	}
	for _, p := range r.Samples {
		doc.Samples = append(doc.Samples, burnSample{T: number(p.Time), X: byName[nuclide.Nuclide]{names, p.X},
			Ye: number(p.Ye), Q: number(p.Q), EpsNuc: number(p.EpsNuc), EpsNucBBQ: number(p.EpsNucBBQ),
			EpsNu: number(p.EpsNu), EpsNuIntegral: number(p.EpsNuIntegral)})
	}
	notes := []string{fmt.Sprintf("%s at T = %g K, rho = %g g/cm3: %d steps, %.3g s of CPU time",
		net.Name(), s.T, s.Rho, r.Stats.Steps, cpu)}
	return out.writeSamples(doc, notes, names)
}

// shown is how many nuclides the tables for a person list.
const shown = 10

// writeSamples prints a burn or a prediction: times as columns of one table for a person, as rows in CSV.
func (o *output) writeSamples(doc burnDoc, notes []string, names []nuclide.Nuclide) error {
	scalars := []string{"ye", "q", "eps_nuc", "eps_nuc_bbq", "eps_nu", "eps_nu_integral"}
	values := func(p burnSample) []any {
		return []any{float64(p.Ye), float64(p.Q), float64(p.EpsNuc), float64(p.EpsNucBBQ), float64(p.EpsNu), float64(p.EpsNuIntegral)}
	}
	if o.format == "csv" {
		t := &grid{head: append([]string{"t"}, scalars...)}
		for _, n := range names {
			t.head = append(t.head, n.String())
		}
		for _, p := range doc.Samples {
			row := append([]any{float64(p.T)}, values(p)...)
			for _, x := range p.X.values {
				row = append(row, x)
			}
			t.add(row...)
		}
		return o.write(doc, nil, t)
	}
	units := []string{"", " erg/g", " erg/g", " erg/g", " erg/g/s", " erg/g"}
	t := &grid{head: []string{"t [s]"}}
	rows := make([][]any, len(scalars))
	for i := range rows {
		rows[i] = []any{scalars[i] + units[i]}
	}
	peak := make([]float64, len(names))
	for _, p := range doc.Samples {
		for i, x := range p.X.values {
			peak[i] = max(peak[i], x)
		}
	}
	top := largest(peak, shown)
	for _, i := range top {
		rows = append(rows, []any{"X " + names[i].String()})
	}
	for _, p := range doc.Samples {
		t.head = append(t.head, fmt.Sprintf("%g", float64(p.T)))
		for i, v := range values(p) {
			rows[i] = append(rows[i], v)
		}
		for k, i := range top {
			rows[len(scalars)+k] = append(rows[len(scalars)+k], p.X.values[i])
		}
	}
	t.rows = rows
	if len(names) > shown {
		notes = append(notes, fmt.Sprintf("The %d most abundant of %d nuclides; --format csv or json gives all.", shown, len(names)))
	}
	return o.write(doc, notes, t)
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
		return nucnet.Decades(ends[0], ends[1]), nil
	}
	ts, err := parseNumbers("-t", times)
	if err != nil {
		return nil, err
	}
	for i, t := range ts {
		if t < 0 {
			return nil, badInput("-t: %g s is before the start; times are 0 or later", t)
		}
		if i > 0 && t <= ts[i-1] {
			return nil, badInput("-t: %g s does not come after %g s; list times in increasing order", t, ts[i-1])
		}
	}
	return ts, nil
}
