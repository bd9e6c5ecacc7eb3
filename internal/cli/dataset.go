package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/kernel/nb"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/sample"
)

func (a *app) dataset() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dataset",
		Short: "Make and check data sets of burns",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.generate(), a.datasetInfo(), a.datasetVerify(), a.datasetMerge(), a.datasetSubmit(), a.datasetStatus())
	return cmd
}

// asUsage marks errors that wrap one of the targets as errors of the caller's input.
func asUsage(err error, targets ...error) error {
	for _, target := range targets {
		if errors.Is(err, target) {
			return usageError{err}
		}
	}
	return err
}

// threadsFlag adds --threads, the processors that long work may use.
func threadsFlag(cmd *cobra.Command, threads *int) {
	cmd.Flags().IntVar(threads, "threads", 0, "threads that work at once (0: one for each processor this process may use)")
}

// generation is what a data set to be made is like, from the flags.
type generation struct {
	s                      dataset.Settings
	ph                     physics
	dir                    string
	times, rules           string
	rates, protocol        string
	logT, logRho, ye, logX string
	given                  func(flag string) bool
}

// flags adds the flags that decide what stands in the rows, and --out.
func (g *generation) flags(cmd *cobra.Command) {
	generators := make([]string, len(sample.Generators()))
	for i, generator := range sample.Generators() {
		generators[i] = string(generator)
	}
	protocols := make([]string, len(dataset.Protocols()))
	for i, p := range dataset.Protocols() {
		protocols[i] = string(p)
	}
	f := cmd.Flags()
	netFlag(cmd, &g.s.Network)
	f.IntVar(&g.s.Samples, "samples", 4096, "burns (of a test protocol without this flag: 700)")
	f.Uint64Var(&g.s.Seed, "seed", 1, "seed of the points and compositions")
	f.StringVar(&g.dir, "out", "", "folder of the data set")
	f.StringVar(&g.s.Generator, "generator", "", "initial states: "+strings.Join(generators, "|")+
		", several with weights like paper:2,nse:1, or a `FILE` with columns T rho si28 ... (default paper; small-net of a test protocol)")
	f.StringVar(&g.protocol, "protocol", protocols[0], "what the set is for: "+strings.Join(protocols, "|")+
		" (the latter two: test runs with the small network's answers beside)")
	f.StringVar(&g.times, "times", "decades", "times in s: decades (1e-6..1e2), paper (its label times and rows), or a `list`")
	f.StringVar(&g.rules, "rules", "classes", "fits of strong links: classes (as measured or computed), mesa (the exothermic direction's, as MESA takes them)")
	f.IntVar(&g.s.Float, "float", 64, "bits of a stored number: 32 or 64")
	f.IntVar(&g.s.PerFile, "per-file", 0, "samples in one file (0: 2048)")
	d := sample.Design{}.WithDefaults()
	box := func(p *string, name string, standard [2]float64, usage string) {
		f.StringVar(p, name, fmt.Sprintf("%g:%g", standard[0], standard[1]), "range of "+usage)
	}
	box(&g.logT, "log-T", d.LogT, "log10 of the temperature in K")
	box(&g.logRho, "log-rho", d.LogRho, "log10 of the density in g/cm3")
	box(&g.ye, "ye", d.Ye, "the electron fraction at the start")
	box(&g.logX, "log-x", d.LogX, "log10 X before normalisation (paper, paper-reject, small-net)")
	f.Float64Var(&g.s.Design.NeutronMax, "neutron-max", d.NeutronMax, "most X of free neutrons before normalisation (paper, paper-reject, small-net)")
	f.Float64Var(&g.s.Design.Tolerance, "ye-tolerance", d.Tolerance, "how close Ye has to come (paper-reject)")
	f.Float64Var(&g.s.Design.Alpha, "alpha", d.Alpha, "parameter of the distribution (dirichlet)")
	f.IntVar(&g.s.Design.Present, "present", 0, "nuclides with X > 0 (dirichlet; 0: all)")
	f.Float64Var(&g.s.Design.Spread, "spread", d.Spread, "standard deviation of ln X about equilibrium (nse, qse)")
	g.ph.flags(cmd)
	f.StringVar(&g.rates, "rates", "", "`FILE` of fits in REACLIB's format that replace ours for the same reactions; the manifest keeps them")
	cmd.MarkFlagRequired("out")
	g.given = f.Changed
}

// settings turns the flags into what package dataset takes.
func (g *generation) settings() (s dataset.Settings, err error) {
	s = g.s
	if s.Protocol = dataset.Protocol(g.protocol); s.Protocol != dataset.Train && !g.given("samples") {
		s.Samples = 700
	}
	if s.Samples < 1 {
		return s, badInput("--samples: %d is less than 1", s.Samples)
	}
	if ofStates(s.Generator) {
		if s.States, err = readInput(s.Generator); err != nil {
			return s, badInput("--generator: %v", err)
		}
		s.Generator = string(sample.Listed)
	} else if strings.ContainsAny(s.Generator, "/.") && !strings.Contains(s.Generator, ":") {
		return s, badInput("--generator: no file %s", s.Generator)
	}
	for _, r := range []struct {
		flag, text string
		to         *[2]float64
	}{{"--log-T", g.logT, &s.Design.LogT}, {"--log-rho", g.logRho, &s.Design.LogRho}, {"--ye", g.ye, &s.Design.Ye}, {"--log-x", g.logX, &s.Design.LogX}} {
		if *r.to, err = parseRange(r.flag, r.text); err != nil {
			return s, err
		}
		if *r.to == ([2]float64{}) { // which would stand for the default
			return s, badInput("%s: %s, want a range that is not 0 alone", r.flag, r.text)
		}
	}
	for _, n := range []struct {
		flag  string
		value float64
	}{{"neutron-max", s.Design.NeutronMax}, {"ye-tolerance", s.Design.Tolerance}, {"alpha", s.Design.Alpha}, {"spread", s.Design.Spread}} {
		if n.value == 0 {
			return s, badInput("--%s: 0, want more", n.flag)
		}
	}
	if s.Burn, err = g.ph.options(); err != nil {
		return s, err
	}
	s.Suzuki = g.ph.rules().Suzuki
	switch g.rules {
	case "classes":
	case "mesa":
		s.MESA = true
	default:
		return s, badInput("--rules: %q is none of classes, mesa", g.rules)
	}
	n := network{name: s.Network, nameFlag: "--net", links: "classes", rates: g.rates}
	if _, err := n.build(g.ph.rules()); err != nil {
		return s, err
	}
	s.Rates = n.ownRates
	switch g.times {
	case "decades":
	case "paper":
		if s.Times, s.Steps, err = dataset.PaperTimes(s.Network); err != nil {
			return s, badInput("--times: %v", err)
		}
	default:
		if s.Times, err = parseNumbers("--times", g.times); err != nil {
			return s, err
		}
	}
	return s, nil
}

// ofStates reports whether a generator is a file of states. The names of generators are no files, even where there is one.
func ofStates(generator string) bool {
	if slices.Contains(sample.Generators(), sample.Generator(generator)) {
		return false
	}
	info, err := os.Stat(generator)
	return err == nil && !info.IsDir()
}

// parseRange reads "lo:hi".
func parseRange(flag, text string) (r [2]float64, err error) {
	lo, hi, ok := strings.Cut(text, ":")
	if ok {
		var v []float64
		if v, err = parseNumbers(flag, lo+","+hi); err == nil && len(v) == 2 {
			return [2]float64{v[0], v[1]}, nil
		}
	}
	return r, badInput("%s: %q is not a range like 9.2:9.9", flag, text)
}

// datasetUsage marks errors of package dataset that the caller's input causes.
func datasetUsage(err error) error {
	return asUsage(err, dataset.ErrSettings, dataset.ErrExists, dataset.ErrDifferent, dataset.ErrNoDataset, sample.ErrGenerator, sample.ErrRange)
}

func (a *app) generate() *cobra.Command {
	var (
		g        generation
		shard    string
		estimate bool
	)
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Burn many initial states and store the results as Parquet",
		Long: `Burn many initial states and store the results as Parquet.

Initial states are Sobol points in log T (10^9.2..10^9.9 K), log rho (1e7..1e9 g/cm3) and Ye (0.45..0.5), each with a
random composition of that Ye. The same settings give the same bytes, whatever the number of workers or parts.
Ctrl-C, and even a loss of power, keeps the files that are finished; --resume goes on with them.

A burn that fails is burnt again with the sturdy solver; the column status and the card say which and why.`,
		Example: `  nuclab dataset generate --net mesa_80 --samples 4096 --seed 1 --out data/mesa_80
  nuclab dataset generate --net mesa_80 --samples 1048576 --estimate --out data/big
  nuclab dataset generate --net mesa_80 --protocol clean --out data/test`,
		Args: cobra.NoArgs,
	}
	g.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&shard, "shard", "", "make part K of M, `K/M`")
	f.BoolVar(&g.s.Resume, "resume", false, "go on with what an interrupted run left in the folder")
	f.BoolVar(&estimate, "estimate", false, "only say how much disk and time the set will take, from some burns")
	threadsFlag(cmd, &g.s.Workers)
	f.IntVar(&g.s.Workers, "workers", 0, "the same as --threads")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := g.settings()
		if err != nil {
			return err
		}
		if s.Shard, err = dataset.ParseShard(shard); err != nil {
			return badInput("--shard: %v", err)
		}
		if estimate {
			const burns = 32
			e, err := dataset.Estimates(cmd.Context(), s, burns)
			if err != nil {
				return datasetUsage(err)
			}
			fmt.Fprintf(a.stdout, "%d samples: about %.3g GB, %.3g s of one processor each (mean of %d)\n", e.Samples, float64(e.Bytes)/1e9, e.CPU, e.Burnt)
			for _, n := range []int{1, 2, 64, 1000} {
				fmt.Fprintf(a.stdout, "on %4d processors: %s\n", n, hours(e.Hours(n)))
			}
			if e.Acceptance > 0 {
				fmt.Fprintf(a.stdout, "%.3g %% of random compositions have Ye within %s\n", 100*e.Acceptance, g.ye)
			}
			return nil
		}
		manifest, err := burnAll(cmd.Context(), g.dir, s)
		if errors.Is(err, context.Canceled) {
			fmt.Fprintf(a.stderr, "The files that were finished are kept; --resume goes on with them.\n")
		}
		if err != nil {
			return datasetUsage(err)
		}
		samples := 0
		for _, file := range manifest.Files {
			samples += file.Samples
		}
		fmt.Fprintf(a.stderr, "%s: %d burns, %d of them failed, %d with the sturdy solver, %d files\n",
			g.dir, samples, manifest.Failed, manifest.Retried, len(manifest.Files))
		return nil
	}
	return cmd
}

// hours writes a time for people.
func hours(h float64) string {
	switch {
	case h < 1./60:
		return fmt.Sprintf("%.3g seconds", 3600*h)
	case h < 1:
		return fmt.Sprintf("%.3g minutes", 60*h)
	}
	return fmt.Sprintf("%.3g hours", h)
}

// burnAll generates a data set behind a progress bar, which counts what is yet to be burnt.
func burnAll(ctx context.Context, dir string, s dataset.Settings) (*dataset.Manifest, error) {
	var bar *nb.Progress
	before := 0
	m, err := dataset.Generate(ctx, dir, s, func(done, total int) {
		if bar == nil {
			before = done - 1
			bar = nb.NewProgress("burning", total-before)
		}
		bar.Set(done - before)
	})
	if bar != nil {
		bar.Done()
	}
	return m, err
}

func (a *app) datasetInfo() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "info DIR",
		Short:   "Describe a data set",
		Example: "  nuclab dataset info data/mesa_80",
		Args:    cobra.ExactArgs(1),
	}
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := dataset.Open(args[0])
		if err != nil {
			return asUsage(err, dataset.ErrNoDataset)
		}
		if out.format == "table" {
			card, err := set.Card()
			fmt.Fprint(a.stdout, card)
			return err
		}
		t := &grid{head: []string{"file", "first", "samples", "failed", "bytes", "sha256"}}
		for _, file := range set.Files {
			t.add(file.Name, file.First, file.Samples, file.Failed, file.Bytes, file.SHA256)
		}
		return out.write(set.Manifest, nil, t)
	}
	return cmd
}

func (a *app) datasetVerify() *cobra.Command {
	var (
		burns int
		seed  uint64
	)
	cmd := &cobra.Command{
		Use:     "verify DIR...",
		Short:   "Check data sets for missing, altered, foreign and damaged files, and burn some rows again",
		Example: "  nuclab dataset verify data/mesa_80 --burn 20",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().IntVar(&burns, "burn", 4, "rows, chosen at random, to burn again and compare")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "seed of the choice of rows (0: another one each time)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if burns < 0 {
			return badInput("--burn: %d is less than 0", burns)
		}
		if seed == 0 {
			seed = rand.Uint64()
		}
		for _, dir := range args {
			if err := dataset.Verify(cmd.Context(), dir); err != nil {
				return asUsage(err, dataset.ErrNoDataset)
			}
			if burns > 0 {
				if err := dataset.Reburn(cmd.Context(), dir, burns, seed); err != nil {
					return asUsage(err, dataset.ErrDifferent)
				}
			}
			fmt.Fprintf(a.stdout, "%s: every file is as it was written; %d rows burnt again are as stored (--seed %d)\n", dir, burns, seed)
		}
		return nil
	}
	return cmd
}

func (a *app) datasetMerge() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "merge DIR...",
		Short:   "Join the parts of a data set that were made with --shard",
		Example: "  nuclab dataset merge part1 part2 --out data/mesa_80",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVar(&dir, "out", "", "folder of the whole set")
	cmd.MarkFlagRequired("out")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		manifest, err := dataset.Merge(cmd.Context(), dir, args...)
		if err != nil {
			return datasetUsage(err)
		}
		fmt.Fprintf(a.stderr, "%s: %d samples in %d files, complete\n", dir, manifest.Samples, len(manifest.Files))
		return nil
	}
	return cmd
}
