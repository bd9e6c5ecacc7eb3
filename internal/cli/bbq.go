package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/kernel/nb"
	"nuclab/nucnet"
	"nuclab/nucnet/bbq"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

func (a *app) bbq() *cobra.Command {
	var o bbq.Options
	cmd := &cobra.Command{
		Use:   "bbq [INLIST]",
		Short: "Burn what an inlist of BBQ asks for",
		Long: `Burn what an inlist of BBQ asks for, and write the files that BBQ writes, beside the inlist.

INLIST holds BBQ's namelists bbq, sampling, random, profile, hydrostatic, nuclear and eos; "inlist" if none is named.
All its modes are there: samples from a file, random samples, a profile, hydrostatic burning. Physics is that of MESA
r23.05.1 unless --detailed-balance names another release; --solver bader-deuflhard imitates MESA's integrator. Times in
s, log10 of T in K and of rho in g/cm3; eps_nuc in erg/g, eps_neu in erg/g/s. What an inlist asks for and nuclab does not
have is named in a warning.

A run that was cut off keeps what is finished. It goes on where it was if the inlist says so: restartable in namelist
random, restart_from in namelist profile.`,
		Example: "  nuclab bbq tests/ni56/inlist\n  nuclab bbq tests/ni56/inlist --solver bader-deuflhard",
		Args:    cobra.MaximumNArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&o.DetailedBalance, "detailed-balance", "r2305", "reverse rates: r2305|r2408|r2604, as in those MESA releases, or correct")
	f.StringVar(&o.Solver, "solver", "", "integrator: "+strings.Join(nucnet.SolverNames(), "|")+" (default: the fastest that keeps its promise)")
	f.IntVar(&o.Workers, "threads", 0, "zones burnt at once where they do not depend on each other (default: the processors of this process)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := "inlist"
		if len(args) == 1 {
			path = args[0]
		}
		if o.Workers < 0 {
			return badInput("--threads: %d is less than 1", o.Workers)
		}
		if _, err := rate.ParseBalance(o.DetailedBalance); err != nil {
			return badInput("--detailed-balance: %v", err)
		}
		o.Warn = func(s string) { fmt.Fprintf(a.stderr, "warning: %s\n", s) }
		return bbqError(runBBQ(cmd.Context(), path, o))
	}
	return cmd
}

// runBBQ runs an inlist behind a progress bar.
func runBBQ(ctx context.Context, path string, o bbq.Options) error {
	in, err := bbq.ReadInlist(path)
	if err != nil {
		return err
	}
	var bar *nb.Progress
	o.Progress = func(done, total int) {
		if bar == nil {
			bar = nb.NewProgress("burning", total)
		}
		bar.Set(done)
	}
	r, err := bbq.New(in, o)
	if err != nil {
		return err
	}
	err = r.Run(ctx)
	if bar != nil {
		bar.Done()
	}
	return err
}

// bbqError marks what is wrong with the files that a user gave.
func bbqError(err error) error {
	for _, wrong := range []error{bbq.ErrSyntax, bbq.ErrZone, fs.ErrNotExist, nucnet.ErrNetFile, nucnet.ErrNoReaction,
		nucnet.ErrOption, nucnet.ErrState, nuclide.ErrUnknown, rate.ErrReaction} {
		if errors.Is(err, wrong) {
			return usageError{err}
		}
	}
	return err
}
