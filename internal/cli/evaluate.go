package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"nuclab/nnlib"
	"nuclab/nucnet/dataset"
)

func (a *app) evaluate() *cobra.Command {
	var (
		path, dir, train    string
		small, nse, details bool
		c                   consecutive
	)
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Score a model on burns it has not learnt",
		Long: `Score a model on a data set that it has not learnt, beside simple rivals: random starts, the test runs of the paper
(dataset generate --protocol clean or paper), or relaxed states like those in stars (--generator core or track). Errors
of Ye (and eq. 5 of the paper, an upper bound), of the energies eps_nuc and eps_nu and of the means A and Z are mean
absolute differences divided by the mean of the truth; |dYe|, |dX|, |sum X - 1| and the charge error, by how much Ye
changes other than by weak reactions, are absolute. --details has how errors of single burns are distributed, and those in
ranges of temperature and by nuclide; JSON always has.

The protocol is that of the data set (dataset generate --protocol). With clean, and with burns from random states, each
net is applied once and each output is compared with the burn after exactly its time. With paper everything is done as it
was for the paper, slips included: the net is applied twice for the composition, and its energy is scored as the
neutrino loss, so that a perfect net would have errors.

With --steps the model goes on from its own answers, as in a star, at constant temperature and density, from the state of
-T, --rho and -x or from states of the data set. Beside the errors of Ye, X and of the energy released so far, printed is
how they grow: the exponent p of error ~ steps^p, 1 if all steps err to the same side and 0.5 if at random; the mean
change in a step; and the systematic part, the last error over the sum of the sizes of all changes.`,
		Example: `  nuclab evaluate --model mesa_80.safetensors --data data/test --train data/mesa_80 --nse --format json
  nuclab dataset generate --generator core --samples 400 --times 1e-3,1e-2,1e-1,1 --seed 7 --out data/core
  nuclab evaluate --model mesa_80.safetensors --data data/core --small-net --details
  nuclab evaluate --model mesa_80.safetensors --steps 1000 --dt 1e-3 -T 4e9 --rho 1e8 -x si28=1 --hybrid --small-net`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&path, "model", "", modelUsage)
	f.StringVar(&dir, "data", "", "folder of the data set")
	f.StringVar(&train, "train", "", "`folder` of training samples, of which the nearest one is a rival")
	f.BoolVar(&nse, "nse", false, "nuclear statistical equilibrium at the initial Ye as a rival")
	f.BoolVar(&small, "small-net", false, "the small network as a rival also where the data set, unlike test sets, has none of its answers")
	f.BoolVar(&details, "details", false, "tables of distributions, ranges of temperature and nuclides as well")
	cmd.MarkFlagRequired("model")
	c.flags(cmd)
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		if err := c.check(cmd); err != nil {
			return err
		}
		model, err := loadModel("--model", path)
		if err != nil {
			return err
		}
		if c.steps > 0 {
			return a.evaluateSteps(ctx, out, model, &c, dir, small)
		}
		data, err := loadData("--data", dir)
		if err != nil {
			return err
		}
		if err := sameMatter("--data", model, data); err != nil {
			return err
		}
		e, err := nnlib.Evaluate(ctx, model, data)
		if err != nil {
			return err
		}
		if small {
			settings, err := settingsOf(dir)
			if err != nil {
				return err
			}
			if err := e.AddSmall(ctx, settings.Burn); err != nil {
				return err
			}
		}
		if nse {
			if err := e.AddNSE(ctx); err != nil {
				return err
			}
		}
		if train != "" {
			have, err := loadData("--train", train)
			if err != nil {
				return err
			}
			if err := sameMatter("--train", model, have); err != nil {
				return err
			}
			if err := e.AddNearest(ctx, have); err != nil {
				return err
			}
		}
		tables := []*grid{scores(e)}
		if details {
			tables = append(tables, distributions(e), byTemperature(e), byNuclide(model, e))
		}
		return out.write(e, []string{fmt.Sprintf("Errors over %d burns of %s, protocol %s", e.Samples, e.Network, e.Protocol)}, tables...)
	}
	return cmd
}

// settingsOf returns what a data set was made with.
func settingsOf(dir string) (dataset.Settings, error) {
	set, err := dataset.Open(dir)
	if err != nil {
		return dataset.Settings{}, err
	}
	return set.Settings()
}

// answerErrors are the errors of an answer and what it is called in tables.
type answerErrors struct {
	name string
	*nnlib.Errors
}

// answersAt lists the answers that were scored for a time.
func answersAt(t nnlib.TimeErrors) (list []answerErrors) {
	for _, a := range []answerErrors{{"network", t.NNN}, {"small net", t.Approx21}, {"no change", t.Nothing}, {"NSE", t.NSE}, {"nearest", t.Nearest}} {
		if a.Errors != nil {
			list = append(list, a)
		}
	}
	return list
}

func scores(e *nnlib.Evaluation) *grid {
	t := &grid{head: []string{"t [s]", "answer", "Ye", "Ye eq. 5", "eps_nuc", "eps_nu", "A", "Z", "|dYe| median", "|dYe| 99 %", "mean |dX|", "|sum X - 1|", "charge"}}
	for _, at := range e.Times {
		for _, a := range answersAt(at) {
			t.add(at.T, a.name, float64(a.Ye), float64(a.YeEq5), float64(a.EpsNuc), float64(a.EpsNu), float64(a.Abar), float64(a.Zbar),
				float64(a.Spread.Ye.Median), float64(a.Spread.Ye.P99), a.MeanX(), a.Sum, known(float64(a.Charge)))
		}
	}
	return t
}

// distributions has the errors of single burns.
func distributions(e *nnlib.Evaluation) *grid {
	t := &grid{head: []string{"t [s]", "answer", "error", "median", "95 %", "99 %", "worst"}}
	for _, at := range e.Times {
		for _, a := range answersAt(at) {
			for _, q := range []struct {
				name string
				s    nnlib.Spread
			}{
				{"|dYe|", a.Spread.Ye}, {"Ye eq. 5", a.Spread.YeEq5}, {"mean |dX|", a.Spread.X}, {"|dA|", a.Spread.Abar}, {"|dZ|", a.Spread.Zbar},
				{"eps_nuc / mean", a.Spread.EpsNuc}, {"eps_nu / mean", a.Spread.EpsNu},
			} {
				t.add(at.T, a.name, q.name, float64(q.s.Median), float64(q.s.P95), float64(q.s.P99), float64(q.s.Worst))
			}
		}
	}
	return t
}

// byTemperature has the network's errors in ranges of temperature.
func byTemperature(e *nnlib.Evaluation) *grid {
	t := &grid{head: []string{"t [s]", "from [K]", "to [K]", "burns", "Ye", "eps_nuc", "eps_nu", "A", "Z", "|dYe| median", "|dYe| 99 %", "mean |dX|"}}
	for _, at := range e.Times {
		for _, r := range at.ByTemperature {
			t.add(at.T, r.From, r.To, r.Samples, float64(r.Ye), float64(r.EpsNuc), float64(r.EpsNu), float64(r.Abar), float64(r.Zbar),
				float64(r.Spread.Ye.Median), float64(r.Spread.Ye.P99), r.MeanX())
		}
	}
	return t
}

// byNuclide has the network's mean |dX| of each nuclide, a column for each time.
func byNuclide(model *nnlib.Model, e *nnlib.Evaluation) *grid {
	t := &grid{head: []string{"mean |dX|"}}
	for _, at := range e.Times {
		t.head = append(t.head, fmt.Sprintf("%g s", at.T))
	}
	for _, n := range model.Nuclides() {
		row := []any{n.String()}
		for _, at := range e.Times {
			row = append(row, at.NNN.XMAE[n.String()])
		}
		t.add(row...)
	}
	return t
}
