package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nucnet/dataset"
)

// ofRows are the flags of generation that decide what stands in the rows.
var ofRows = []string{"net", "samples", "seed", "generator", "protocol", "times", "rules", "float", "per-file", "log-T", "log-rho", "ye",
	"log-x", "neutron-max", "ye-tolerance", "alpha", "present", "spread", "screening", "weak", "detailed-balance", "solver", "rtol", "atol", "rates"}

func (a *app) datasetSubmit() *cobra.Command {
	var (
		g             generation
		j             dataset.Job
		slurm, resume bool
	)
	cmd := &cobra.Command{
		Use:   "submit",
		Short: "Make a data set with an array of jobs on a cluster",
		Long: `Make a data set with an array of jobs of Slurm, each of which makes a part, and a job that merges them when all have
gone well. Parts, scripts and what the jobs print lie in OUT.parts.

"nuclab dataset status OUT" tells how far they are. After a failure --resume submits what is missing or damaged, and
the merging, again. Any other scheduler will do as well: let it run "nuclab dataset generate ... --shard K/M --resume"
for K from 1 to M, each with an --out of its own, and then "nuclab dataset merge".`,
		Example: `  nuclab dataset submit --slurm --array 64 --cpus 16 --sbatch=--time=2:00:00 --net mesa_151 --samples 1048576 --out data/big
  nuclab dataset submit --slurm --resume --out data/big`,
		Args: cobra.NoArgs,
	}
	g.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&slurm, "slurm", false, "submit to Slurm")
	f.IntVar(&j.Array, "array", 8, "parts, one job each")
	f.IntVar(&j.AtOnce, "at-once", 0, "jobs that run at the same time (0: as many as Slurm lets)")
	f.IntVar(&j.CPUs, "cpus", 1, "processors of each job")
	f.StringArrayVar(&j.Options, "sbatch", nil, "an option for sbatch, `--partition=long`; may be repeated")
	f.BoolVar(&resume, "resume", false, "submit again what is missing or damaged of an earlier submission")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !slurm {
			return badInput("--slurm: the only scheduler there is; with others use generate --shard K/M")
		}
		if j.CPUs < 1 || j.AtOnce < 0 {
			return badInput("--cpus: %d, --at-once: %d", j.CPUs, j.AtOnce)
		}
		args, err := rowFlags(cmd)
		if err != nil {
			return err
		}
		job, err := dataset.OpenJob(g.dir)
		switch {
		case resume && err != nil:
			return datasetUsage(err)
		case resume:
			if len(args) > 0 && !slices.Equal(args, job.Args) {
				return badInput("--resume: the set was begun with %s, not with %s", strings.Join(job.Args, " "), strings.Join(args, " "))
			}
			if cmd.Flags().Changed("array") && j.Array != job.Array {
				return badInput("--array: the set was begun in %d parts, not %d", job.Array, j.Array)
			}
			if cmd.Flags().Changed("sbatch") {
				job.Options = j.Options
			}
			if cmd.Flags().Changed("cpus") {
				job.CPUs = j.CPUs
			}
			if cmd.Flags().Changed("at-once") {
				job.AtOnce = j.AtOnce
			}
		default:
			s, err := g.settings()
			if err != nil {
				return err
			}
			j.Args = args
			if j.Program, err = os.Executable(); err != nil {
				return err
			}
			if job, err = dataset.NewJob(g.dir, s, j); err != nil {
				return datasetUsage(err)
			}
		}
		sent, err := job.Submit(cmd.Context())
		switch {
		case err != nil:
			return asUsage(err, dataset.ErrBusy)
		case sent == nil:
			fmt.Fprintf(a.stdout, "%s: complete\n", g.dir)
		case len(sent.Parts) == 0:
			fmt.Fprintf(a.stdout, "%s: all %d parts are there; job %s merges them\n", g.dir, job.Array, sent.Merge)
		default:
			fmt.Fprintf(a.stdout, "%s: job %s makes %d of %d parts, job %s merges them\n", g.dir, sent.Array, len(sent.Parts), job.Array, sent.Merge)
		}
		return nil
	}
	return cmd
}

// rowFlags returns the flags given that decide what stands in the rows, as a job elsewhere can take them: in a fixed
// order, and with files by their whole path.
func rowFlags(cmd *cobra.Command) (args []string, err error) {
	for _, name := range ofRows {
		if !cmd.Flags().Changed(name) {
			continue
		}
		value := cmd.Flags().Lookup(name).Value.String()
		if name == "rates" && value != "" || name == "generator" && ofStates(value) {
			if value, err = filepath.Abs(value); err != nil {
				return nil, err
			}
		}
		args = append(args, "--"+name+"="+value)
	}
	return args, nil
}

func (a *app) datasetStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status DIR",
		Short:   "Tell how far a data set is",
		Long:    "Tell how far a data set is that generate is making, or that was submitted to a cluster: which parts are done, running, waiting, missing or damaged.",
		Example: "  nuclab dataset status data/big",
		Args:    cobra.ExactArgs(1),
	}
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		doc := struct {
			Schema   string              `json:"schema"`
			Complete bool                `json:"complete"`
			Samples  int                 `json:"samples"`
			Done     int                 `json:"done"`
			Failed   int                 `json:"failed"`
			Parts    []dataset.PartState `json:"parts,omitempty"`
		}{Schema: "nuclab.dataset.status/1"}
		t := &grid{head: []string{"part", "state", "samples", "of", "failed", "damaged"}}
		set, err := dataset.Open(args[0])
		job, jobErr := dataset.OpenJob(args[0])
		switch {
		case err == nil && (set.Complete || jobErr != nil):
			doc.Complete, doc.Failed = set.Complete, set.Failed
			doc.Samples = set.Samples
			for _, f := range set.Files {
				doc.Done += f.Samples
			}
			state := "unfinished"
			if set.Complete {
				state = "done"
			}
			t.add(set.Shard, state, doc.Done, doc.Samples, doc.Failed, "")
		case jobErr == nil:
			doc.Samples = job.Samples
			if doc.Parts, err = job.States(cmd.Context()); err != nil {
				return datasetUsage(err)
			}
			for _, s := range doc.Parts {
				doc.Done, doc.Failed = doc.Done+s.Samples, doc.Failed+s.Failed
				t.add(s.Part, s.State, s.Samples, s.Wanted, s.Failed, strings.Join(s.Damaged, " "))
			}
		default:
			return datasetUsage(err)
		}
		notes := []string{fmt.Sprintf("%s: %d of %d samples, complete: %v", args[0], doc.Done, doc.Samples, doc.Complete)}
		return out.write(doc, notes, t)
	}
	return cmd
}
