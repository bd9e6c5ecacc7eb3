package cli

import (
	"context"
	"errors"
	"fmt"
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
	cmd.AddCommand(a.generate(), a.datasetInfo(), a.datasetVerify(), a.datasetMerge())
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

func (a *app) generate() *cobra.Command {
	var (
		s            dataset.Settings
		ph           physics
		dir          string
		times, shard string
		rates        string
	)
	generators := make([]string, len(sample.Generators()))
	for i, g := range sample.Generators() {
		generators[i] = string(g)
	}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Burn many initial states and store the results as Parquet",
		Long: `Burn many initial states and store the results as Parquet.

Initial states are Sobol points in log T (10^9.2..10^9.9 K), log rho (1e7..1e9 g/cm3) and Ye (0.45..0.5), each with a
random composition of that Ye. The same settings give the same bytes, whatever the number of workers or parts.
Ctrl-C keeps the files that are finished; --resume goes on with them.`,
		Example: "  nuclab dataset generate --net mesa_80 --samples 4096 --seed 1 --out data/mesa_80",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	netFlag(cmd, &s.Network)
	f.IntVar(&s.Samples, "samples", 4096, "burns")
	f.Uint64Var(&s.Seed, "seed", 1, "seed of the points and compositions")
	f.StringVar(&dir, "out", "", "folder of the data set")
	f.StringVar(&s.Generator, "generator", generators[0], "compositions: "+strings.Join(generators, "|"))
	f.StringVar(&times, "times", "decades", "times in s: decades (1e-6..1e2), paper (its label times), or a `list`")
	f.IntVar(&s.Float, "float", 64, "bits of a stored number: 32 or 64")
	f.IntVar(&s.PerFile, "per-file", 0, "samples in one file (0: 16384)")
	f.StringVar(&shard, "shard", "", "make part K of M, `K/M`")
	f.BoolVar(&s.Resume, "resume", false, "go on with what an interrupted run left in the folder")
	threadsFlag(cmd, &s.Workers)
	f.IntVar(&s.Workers, "workers", 0, "the same as --threads")
	ph.flags(cmd)
	f.StringVar(&rates, "rates", "", "`FILE` of fits in REACLIB's format that replace ours for the same reactions; the manifest keeps them")
	cmd.MarkFlagRequired("out")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if s.Samples < 1 {
			return badInput("--samples: %d is less than 1", s.Samples)
		}
		var err error
		if s.Burn, err = ph.options(); err != nil {
			return err
		}
		s.Suzuki = ph.rules().Suzuki
		n := network{name: s.Network, nameFlag: "--net", links: "classes", rates: rates}
		if _, err := n.build(ph.rules()); err != nil {
			return err
		}
		s.Rates = n.ownRates
		switch times {
		case "decades":
		case "paper":
			if s.Times, s.Steps, err = dataset.PaperTimes(s.Network); err != nil {
				return badInput("--times: %v", err)
			}
		default:
			if s.Times, err = parseNumbers("--times", times); err != nil {
				return err
			}
		}
		if s.Shard, err = dataset.ParseShard(shard); err != nil {
			return badInput("--shard: %v", err)
		}
		manifest, err := burnAll(cmd.Context(), dir, s)
		if errors.Is(err, context.Canceled) {
			fmt.Fprintf(a.stderr, "The files that were finished are kept; --resume goes on with them.\n")
		}
		if err != nil {
			return asUsage(err, dataset.ErrSettings, dataset.ErrExists, dataset.ErrDifferent, sample.ErrGenerator)
		}
		samples := 0
		for _, file := range manifest.Files {
			samples += file.Samples
		}
		fmt.Fprintf(a.stderr, "%s: %d burns, %d of them failed, %d files\n", dir, samples, manifest.Failed, len(manifest.Files))
		return nil
	}
	return cmd
}

// burnAll generates a data set behind a progress bar.
func burnAll(ctx context.Context, dir string, s dataset.Settings) (*dataset.Manifest, error) {
	bar := nb.NewProgress("burning", s.Samples)
	defer bar.Done()
	return dataset.Generate(ctx, dir, s, func(done, _ int) { bar.Set(done) })
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
	return &cobra.Command{
		Use:     "verify DIR...",
		Short:   "Check data sets for missing, altered and damaged files",
		Example: "  nuclab dataset verify data/mesa_80",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, dir := range args {
				if err := dataset.Verify(cmd.Context(), dir); err != nil {
					return asUsage(err, dataset.ErrNoDataset)
				}
				fmt.Fprintf(a.stdout, "%s: every file is as it was written\n", dir)
			}
			return nil
		},
	}
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
			return asUsage(err, dataset.ErrNoDataset, dataset.ErrDifferent, dataset.ErrExists)
		}
		fmt.Fprintf(a.stderr, "%s: %d samples in %d files, complete\n", dir, manifest.Samples, len(manifest.Files))
		return nil
	}
	return cmd
}
