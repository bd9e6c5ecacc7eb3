package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nnlib"
	"nuclab/nucnet/dataset"
)

// training is the verb train: its flags, and what they say.
type training struct {
	*app
	path, file, scale, device string
	dirs, settings, axes      []string
	threads                   int
	resume                    bool

	set     *dataset.Set   // the first
	sets    []*dataset.Set // all
	cfg     nnlib.Config
	indices []int // of the times in the data set
}

func (a *app) train() *cobra.Command {
	t := &training{app: a}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train neural networks on a data set",
		Long: `Train a neural network for one time, or for every time, of a data set.

The inputs are log10 T, log10 rho and the mass fractions, the outputs the mass fractions after the time dt and two
energies. The weights kept are those of the epoch whose validation compositions are best. The losses of all epochs go
to a CSV file for each time beside the model; nuclab model info MODEL prints its card.

-p net=physical trains one net for all times that lie between two states of a run, which corrects physical guesses
(nothing happens, nuclear statistical equilibrium, the weak rates at both) and conserves baryons and charge. It learns
from several data sets at once (--data may be repeated); those with many times teach it steps of relaxed matter.

A training that is interrupted leaves its state beside the model as well; --resume goes on with it, to the same bits as
without the interruption.

With --sweep, which may be repeated, every combination of the values given is trained, as many at once as processors and
memory allow, for each of the times (a physical net once for all). --out is then a folder, with a model for each run, and sweep.csv and sweep.json: the
settings that differ, the best epoch, its losses, in JSON the whole history, the model, or why a run has none. The same
command goes on after an interrupt, and does nothing again that is finished; runs are known by their settings, the data
and the commit of the code.

Settings (-p): dt (s; "all" for every time of the data), ` + strings.Join(nnlib.Keys(), ", ") + `.`,
		Example: `  nuclab train --data data/mesa_80 --out mesa_80.safetensors -p dt=1e-3 -p epochs=100
  nuclab train --data data/steps --data data/track --out physical.safetensors -p net=physical
  nuclab train --data data/mesa_80 --out sweep --sweep layers=3..20 --sweep seed=1,2,3 -p dt=0.1
  nuclab train --data data/steps --data data/track --out widths -p net=physical --sweep width=256,512`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringArrayVar(&t.dirs, "data", nil, "`folder` of the data set; may be repeated for a physical net")
	f.StringVar(&t.path, "out", "", "file of the model, safetensors; with --sweep a folder")
	f.StringVar(&t.file, "config", "", "`file` of settings, TOML or JSON")
	f.BoolVar(&t.resume, "resume", false, "go on with what an interrupted training left")
	f.StringArrayVarP(&t.settings, "set", "p", nil, "one setting, `key=value`; may be repeated")
	f.StringArrayVar(&t.axes, "sweep", nil, "values of a setting to train with each, `layers=3,6,9` or layers=3..20; may be repeated")
	f.StringVar(&t.scale, "scale", "demo", "what the settings start from: demo (3 hidden layers of 512) or paper (its layers)")
	f.StringVar(&t.device, "device", "auto", "where to train: auto, cpu or cuda")
	threadsFlag(cmd, &t.threads)
	cmd.MarkFlagRequired("data")
	cmd.MarkFlagRequired("out")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if err := t.read(cmd); err != nil {
			return err
		}
		if len(t.axes) > 0 {
			err = t.sweep(cmd.Context())
		} else {
			err = t.all(cmd.Context())
		}
		return asUsage(err, nnlib.ErrData, nnlib.ErrMemory)
	}
	return cmd
}

// commandLine is the command that began what this one may go on with, as a shell takes it.
func (a *app) commandLine() string {
	line := "nuclab"
	for _, arg := range a.args {
		if arg != "--resume" {
			line += " " + quoted(arg)
		}
	}
	return line
}

// quoted is an argument as a shell takes it.
func quoted(arg string) string {
	if arg == "" || strings.ContainsAny(arg, " \t\n'\"\\$&|;<>()*?[]{}~#!`") {
		return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return arg
}

// read turns the flags into what is to be trained.
func (t *training) read(cmd *cobra.Command) (err error) {
	for _, dir := range t.dirs {
		set, err := dataset.Open(dir)
		if err != nil {
			return badInput("--data: %v", err)
		}
		t.sets = append(t.sets, set)
	}
	t.set = t.sets[0]
	dt := ""
	if t.cfg, dt, err = trainingConfig(t.scale, t.set.Network, t.file, t.settings); err != nil {
		return err
	}
	if t.cfg.Device == "" || cmd.Flags().Changed("device") {
		t.cfg.Device = t.device
	}
	if t.cfg.Threads == 0 || cmd.Flags().Changed("threads") {
		t.cfg.Threads = t.threads
	}
	for _, err := range []error{t.cfg.Check(), t.cfg.CheckDevice()} {
		if err != nil {
			return badInput("%v", err)
		}
	}
	if t.cfg.Net == "physical" {
		if dt != "all" {
			return badInput("-p dt: a physical net is for all times at once")
		}
		return nil
	}
	if len(t.sets) > 1 {
		return badInput("--data: %d data sets; only a physical net (-p net=physical) learns several", len(t.sets))
	}
	t.indices, err = timeIndices(t.set.Times, dt)
	return err
}

// task is one net to be trained: its name in files and progress, and how.
type task struct {
	name, label string
	train       func(context.Context, nnlib.Config, nnlib.Hooks) (*nnlib.Net, *nnlib.History, error)
}

// tasks lists the nets of the model: one for each of the times, or a physical one for all.
func (t *training) tasks() (all []task) {
	if t.cfg.Net == "physical" {
		return []task{{"physical", "training", func(ctx context.Context, c nnlib.Config, h nnlib.Hooks) (*nnlib.Net, *nnlib.History, error) {
			return nnlib.TrainPhysical(ctx, c, t.sets, h)
		}}}
	}
	for _, i := range t.indices {
		dt := strconv.FormatFloat(t.set.Times[i], 'g', -1, 64)
		all = append(all, task{"dt" + dt, fmt.Sprintf("training, dt = %s s", dt), func(ctx context.Context, c nnlib.Config, h nnlib.Hooks) (*nnlib.Net, *nnlib.History, error) {
			return nnlib.TrainSet(ctx, c, t.set, i, h)
		}})
	}
	return all
}

// all trains the nets of one model.
func (t *training) all(ctx context.Context) error {
	if err := writable(t.path); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	left, err := filepath.Glob(stateFile(t.path, "*"))
	if err != nil {
		return err
	}
	if len(left) > 0 && !t.resume {
		return badInput("--out: %s is left from an interrupted training: go on with it by --resume, or remove it", left[0])
	}
	model := &nnlib.Model{}
	for _, task := range t.tasks() {
		c := t.cfg
		c.Checkpoint = stateFile(t.path, task.name)
		net, history, err := task.train(ctx, c, nnlib.ShowProgress(task.label))
		if errors.Is(err, nnlib.ErrCheckpoint) {
			return badInput("--resume: %v", err)
		}
		if net != nil && history.Best > 0 {
			net.Origin.Command = t.commandLine()
			model.Nets = append(model.Nets, net)
		}
		if history != nil {
			err = errors.Join(err, replaceFile(modelFile(t.path, task.name, "csv"), history.WriteCSV))
		}
		if err != nil {
			if len(model.Nets) > 0 && ctx.Err() != nil {
				if saveErr := model.Save(t.path); saveErr != nil {
					return errors.Join(err, saveErr)
				}
				fmt.Fprintf(t.stderr, "What was learnt so far is in %s; --resume goes on.\n", t.path)
			}
			return err
		}
	}
	if err := model.Save(t.path); err != nil {
		return err
	}
	for _, task := range t.tasks() {
		if err := os.Remove(stateFile(t.path, task.name)); err != nil {
			return err
		}
	}
	return nil
}

// sweep trains every combination of settings.
func (t *training) sweep(ctx context.Context) error {
	settings, err := nnlib.Grid(t.cfg, t.axes...)
	if err != nil {
		return badInput("--sweep: %v", err)
	}
	if info, err := os.Stat(t.path); err == nil && !info.IsDir() {
		return badInput("--out: %s is not a folder, which a sweep needs", t.path)
	}
	runs, err := nnlib.Sweep{Settings: settings, Times: t.indices, Dir: t.path, Threads: t.cfg.Threads, Command: t.commandLine(),
		Progress: nnlib.ShowSweep("sweep")}.Run(ctx, t.sets...)
	if ctx.Err() != nil {
		fmt.Fprintf(t.stderr, "%d of %d runs are finished in %s; the same command goes on.\n", len(runs), len(settings)*max(1, len(t.indices)), t.path)
	}
	if err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{"sweep.csv": runs.WriteCSV, "sweep.json": runs.WriteJSON} {
		if err := replaceFile(filepath.Join(t.path, name), write); err != nil {
			return err
		}
	}
	fmt.Fprint(t.stdout, runs)
	for _, r := range runs {
		if r.Failed == "" {
			return nil
		}
	}
	return fmt.Errorf("every run failed; the first: %s", runs[0].Failed)
}

// modelFile is a file beside a model that belongs to one of its nets.
func modelFile(model, net, kind string) string {
	return strings.TrimSuffix(model, filepath.Ext(model)) + "." + net + "." + kind
}

// stateFile keeps the state of a net's training.
func stateFile(model, net string) string { return modelFile(model, net, "training") }

// timeIndices finds the times that the setting dt asks for: "all", or a list in s.
func timeIndices(times []float64, dt string) ([]int, error) {
	indices := []int{}
	if dt == "all" {
		for i := range times {
			indices = append(indices, i)
		}
		return indices, nil
	}
	wanted, err := parseNumbers("-p dt", dt)
	if err != nil {
		return nil, err
	}
	for _, t := range wanted {
		i := slices.IndexFunc(times, func(v float64) bool { return math.Abs(v-t) <= 1e-9*t })
		if i < 0 {
			return nil, badInput("-p dt: the data has no time %g s; it has %s", t, joinNumbers(times))
		}
		if slices.Contains(indices, i) {
			return nil, badInput("-p dt: %g s is there twice", t)
		}
		indices = append(indices, i)
	}
	return indices, nil
}

func joinNumbers(v []float64) string {
	s := make([]string, len(v))
	for i := range v {
		s[i] = strconv.FormatFloat(v[i], 'g', -1, 64)
	}
	return strings.Join(s, ", ")
}

// writable returns an error if a file of that name cannot be made, so that long work does not end in it.
func writable(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".nuclab-*")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}
