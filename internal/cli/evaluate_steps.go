package cli

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nnlib"
	"nuclab/nucnet"
	"nuclab/nucnet/rate"
)

// consecutive is what evaluate --steps does: many steps, each from where the last one ended.
type consecutive struct {
	steps, samples int
	dt, hybrid     float64
	balance        string
	m              matter
}

// stepFlags are those that mean something with --steps alone.
var stepFlags = []string{"dt", "samples", "temperature", "rho", "composition", "normalize", "detailed-balance", "hybrid"}

func (c *consecutive) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&c.steps, "steps", 0, "how errors add up over so many consecutive steps, each from the last answer")
	f.Float64Var(&c.dt, "dt", 1e-3, "length of a step in s")
	f.IntVar(&c.samples, "samples", 20, "with --data: how many of its states to start from")
	c.m.placeFlags(cmd)
	c.m.compositionFlags(cmd)
	f.StringVar(&c.balance, "detailed-balance", "correct", "with -T: reverse rates of the burns: correct|r2305|r2408|r2604; a data set brings its own")
	f.Float64Var(&c.hybrid, "hybrid", 0, "also the model with burns outside of its domain and where it expects a mean |dX| in a step above this")
	f.Lookup("hybrid").NoOptDefVal = "1e-3"
	cmd.MarkFlagsRequiredTogether("temperature", "rho", "composition")
	cmd.MarkFlagsMutuallyExclusive("data", "temperature")
	cmd.MarkFlagsOneRequired("data", "temperature")
}

// check reports flags that do not go together.
func (c *consecutive) check(cmd *cobra.Command) error {
	f := cmd.Flags()
	if !f.Changed("steps") {
		for _, name := range stepFlags {
			if f.Changed(name) {
				return badInput("--%s: goes with --steps", name)
			}
		}
		return nil
	}
	for _, name := range []string{"train", "nse", "details"} {
		if f.Changed(name) {
			return badInput("--%s: does not go with --steps", name)
		}
	}
	switch {
	case c.steps < 1:
		return badInput("--steps: %d, want 1 or more", c.steps)
	case c.hybrid < 0:
		return badInput("--hybrid: %g, want more than 0", c.hybrid)
	case c.samples < 1:
		return badInput("--samples: %d, want 1 or more", c.samples)
	}
	return nil
}

// stepsDoc is the JSON of schema nuclab.steps/1.
type stepsDoc struct {
	Schema   string      `json:"schema"`
	Network  string      `json:"network"`
	Dt       float64     `json:"dt"`
	Steps    int         `json:"steps"`
	Starts   int         `json:"starts"`
	NNN      *stepErrors `json:"nnn"`
	Hybrid   *stepErrors `json:"hybrid,omitempty"`
	Approx21 *stepErrors `json:"approx21,omitempty"`
	Nothing  *stepErrors `json:"nothing"`
}

type stepErrors struct {
	Outside float64             `json:"outside"` // part of the steps
	Burnt   float64             `json:"burnt"`
	Errors  []nnlib.DriftErrors `json:"errors"`
	Growth  nnlib.Growths       `json:"growth"`
}

// evaluateSteps follows the states of a data set, or the one of the flags.
func (a *app) evaluateSteps(ctx context.Context, out *output, model *nnlib.Model, c *consecutive, dir string, small bool) error {
	if _, err := model.Net(c.dt); err != nil {
		return badInput("--dt: %s", strings.TrimPrefix(err.Error(), "nnlib: "))
	}
	f := nnlib.Follow{Dt: c.dt, Steps: c.steps}
	var err error
	if f.Network, err = nucnet.Stock(model.Network()); err != nil {
		return err
	}
	if dir != "" {
		f.Paths, f.Options, err = pathsOf(model, dir, c.samples)
	} else {
		f.Paths, f.Options, err = c.path(f.Network)
	}
	if err != nil {
		return err
	}
	burns, err := f.Burn(ctx)
	if err != nil {
		return err
	}
	doc := stepsDoc{Schema: "nuclab.steps/1", Network: model.Network(), Dt: c.dt, Steps: c.steps, Starts: len(f.Paths)}
	errors := &grid{head: []string{"step", "t [s]", "answer", "|dYe| median", "|dYe| worst", "mean |dX| median", "mean |dX| worst", "|d eps_nuc| median", "|d eps_nuc| worst"}}
	growth := &grid{head: []string{"answer", "error", "exponent", "per step", "systematic", "outside", "burnt"}}
	add := func(name string, d *nnlib.Drift) *stepErrors {
		e := &stepErrors{Outside: d.Outside, Burnt: d.Burnt, Growth: d.Growth()}
		for _, n := range milestones(c.steps) {
			at := d.After(n)
			e.Errors = append(e.Errors, at)
			errors.add(n, at.Time, name, float64(at.Ye.Median), float64(at.Ye.Worst), float64(at.X.Median), float64(at.X.Worst), float64(at.EpsNuc.Median), float64(at.EpsNuc.Worst))
		}
		for _, q := range []struct {
			name string
			g    nnlib.Growth
		}{{"|dYe|", e.Growth.Ye}, {"mean |dX|", e.Growth.X}, {"|d eps_nuc|", e.Growth.EpsNuc}} {
			growth.add(name, q.name, known(float64(q.g.Exponent)), q.g.PerStep, known(float64(q.g.Systematic)), d.Outside, d.Burnt)
		}
		return e
	}
	compare := func(name string, s nnlib.Stepper) (*stepErrors, error) {
		d, err := burns.Compare(ctx, s)
		if err != nil {
			return nil, err
		}
		return add(name, d), nil
	}
	if doc.NNN, err = compare("network", model); err != nil {
		return err
	}
	if c.hybrid > 0 {
		if doc.Hybrid, err = compare("hybrid", nnlib.Hybrid{Model: model, Network: f.Network, Options: f.Options, MaxUncertainty: c.hybrid}); err != nil {
			return err
		}
	}
	if small {
		d, _, err := burns.CompareSmall(ctx)
		if err != nil {
			return err
		}
		doc.Approx21 = add("small net", d)
	}
	if doc.Nothing, err = compare("no change", nnlib.Unchanged{}); err != nil {
		return err
	}
	return out.write(doc, []string{fmt.Sprintf("Errors that add up over %d steps of %g s, each from the last answer, from %s of %s", c.steps, c.dt, plural(len(f.Paths), "state"), doc.Network)}, errors, growth)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// pathsOf returns the first states of a data set that could be burnt, and how they were.
func pathsOf(model *nnlib.Model, dir string, samples int) (paths []nnlib.Path, opt nucnet.Options, err error) {
	data, err := loadData("--data", dir)
	if err != nil {
		return nil, opt, err
	}
	if err := sameNetwork("--data", model, data); err != nil {
		return nil, opt, err
	}
	settings, err := settingsOf(dir)
	if err != nil {
		return nil, opt, badInput("--data: %v", err)
	}
	n := len(data.Nuclides)
	for _, r := range data.OK() {
		if len(paths) < samples {
			paths = append(paths, nnlib.Path{X: data.X[r*n : (r+1)*n], T: data.T[r : r+1], Rho: data.Rho[r : r+1]})
		}
	}
	if len(paths) == 0 {
		return nil, opt, badInput("--data: %s has no states that could be burnt", dir)
	}
	return paths, settings.Burn, nil
}

// path returns what -T, --rho and -x say.
func (c *consecutive) path(net *nucnet.Network) (paths []nnlib.Path, opt nucnet.Options, err error) {
	if err := c.m.check(); err != nil {
		return nil, opt, err
	}
	if opt.DetailedBalance, err = rate.ParseBalance(c.balance); err != nil {
		return nil, opt, badInput("--detailed-balance: %v", err)
	}
	x, err := net.Vector(c.m.composition)
	if err != nil {
		return nil, opt, badInput("-x: %v", err)
	}
	return []nnlib.Path{{X: x, T: []float64{c.m.T}, Rho: []float64{c.m.rho}}}, opt, nil
}

// milestones are 1, 2, 5, 10, 20, 50, ... and the last step.
func milestones(steps int) (all []int) {
	for decade := 1; ; decade *= 10 {
		for _, m := range []int{1, 2, 5} {
			if n := m * decade; n < steps {
				all = append(all, n)
			} else {
				return append(all, steps)
			}
		}
	}
}

// known is a number for a table, nothing where there is none.
func known(v float64) any {
	if math.IsNaN(v) {
		return ""
	}
	return v
}
