package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nnlib"
	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

// prediction is the verb predict: its flags, and what they say.
type prediction struct {
	*app
	m                        matter
	path, times, states, out string
	output                   *output

	model *nnlib.Model
	at    []float64 // times in s
}

func (a *app) predict() *cobra.Command {
	p := &prediction{app: a}
	cmd := &cobra.Command{
		Use:   "predict",
		Short: "Ask a trained model what becomes of matter",
		Long: `Ask a trained model what becomes of matter after the times that it has nets for, in the same form as burn.
in_domain tells whether the state lies among those it learnt from.

With --states, of all the states in a file: CSV with a line of names, or Parquet, such as a file of a data set. Its
columns T (K), rho (g/cm3) and X_<nuclide>, of those nuclides that are there, make the states; a column t (s) gives each
its time, without it -t holds for all. Other columns do not matter. One row of the output for each state and time goes to
standard output or, as the name of the file says, as CSV, JSON or Parquet to --out: row (of the input, from 1), T, rho, t,
X_<nuclide>, ye, q, eps_nuc, eps_nuc_bbq, eps_nu_integral (erg/g), eps_nu (erg/g/s) and in_domain. Such a file is one of
states again. Rows are read and written as they come, so that there may be any number of them.`,
		Example: `  nuclab predict --model mesa_80.safetensors -T 4e9 --rho 1e8 -x si28=0.9,ne22=0.1 -t 1e-3
  nuclab predict --model mesa_80.safetensors --states states.csv -t 1e-3 --out after.parquet`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&p.path, "model", "", modelUsage)
	p.m.placeFlags(cmd)
	p.m.compositionFlags(cmd)
	f.StringVarP(&p.times, "times", "t", "", "times in s, `1e-3`, of those the model has (default: all of them)")
	f.StringVar(&p.states, "states", "", "`FILE` of states instead of -T, --rho and -x, CSV or Parquet")
	f.StringVar(&p.out, "out", "", "`FILE` for the answers to --states: .csv, .json or .parquet")
	cmd.MarkFlagRequired("model")
	cmd.MarkFlagsOneRequired("temperature", "states")
	cmd.MarkFlagsRequiredTogether("temperature", "rho", "composition")
	for _, other := range []string{"temperature", "rho", "composition"} {
		cmd.MarkFlagsMutuallyExclusive("states", other)
	}
	p.output = a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if p.out != "" && p.states == "" {
			return badInput("--out: it is for the answers to --states")
		}
		if p.model, err = loadModel("--model", p.path); err != nil {
			return err
		}
		p.at = p.model.Times()
		if p.times != "" {
			if p.at, err = parseTimes(p.times, ""); err != nil {
				return err
			}
			for _, t := range p.at {
				if _, err := p.model.Net(t); err != nil {
					return badInput("-t: %v", err)
				}
			}
		}
		if p.states != "" {
			return p.many(cmd)
		}
		return p.one(cmd)
	}
	return cmd
}

// one answers for the state of the flags.
func (p *prediction) one(cmd *cobra.Command) error {
	m := &p.m
	if err := m.check(); err != nil {
		return err
	}
	names := p.model.Nuclides()
	x, err := vector(names, m.composition)
	if err != nil {
		return badInput("-x: %v", err)
	}
	state := nucnet.State{T: m.T, Rho: m.rho, X: x}
	doc := burnDoc{Schema: "nuclab.burn/1", Network: p.model.Network(), T: number(m.T), Rho: number(m.rho),
		Options: map[string]string{"model": p.path},
		Initial: burnInitial{byName[nuclide.Nuclide]{names, x}, number(m.composition.Ye())}}
	outside := false
	for _, t := range p.at {
		answers, err := p.model.Predict(cmd.Context(), []nucnet.State{state}, t)
		if err != nil {
			return err
		}
		outside = outside || !answers[0].InDomain
		doc.Samples = append(doc.Samples, predicted(names, t, &answers[0]))
	}
	notes := []string{fmt.Sprintf("%s for %s at T = %g K, rho = %g g/cm3", p.path, p.model.Network(), m.T, m.rho)}
	if outside {
		notes = append(notes, "This state lies outside of what the model was trained on: do not trust the numbers.")
	}
	return p.output.writeSamples(doc, notes, names)
}

// predicted is what stands in a document about the answer for a time in s.
func predicted(names []nuclide.Nuclide, t float64, p *nnlib.Prediction) burnSample {
	return burnSample{Time: number(t), X: byName[nuclide.Nuclide]{names, p.X},
		Ye: number(p.Ye), Q: number(p.Q), EpsNuc: number(p.EpsNuc), EpsNucBBQ: number(p.Q - p.EpsNu*t),
		EpsNu: number(p.EpsNu), EpsNuIntegral: number(p.Q - p.EpsNuc), InDomain: &p.InDomain,
		Uncertainty: number(p.Uncertainty)}
}

// vector returns the mass fractions of a composition in the order of a model's nuclides.
func vector(nuclides []nuclide.Nuclide, c nuclide.Composition) ([]float64, error) {
	x := make([]float64, len(nuclides))
	for i, n := range c.Nuclides {
		place := slices.Index(nuclides, n)
		if place < 0 {
			return nil, fmt.Errorf("the model has no %s", n)
		}
		x[place] += c.X[i]
	}
	return x, nil
}

// statesAtOnce is how many states of a file are in memory.
const statesAtOnce = 4096

// many answers for the states of a file. What is written to a file appears only once it is whole.
func (p *prediction) many(cmd *cobra.Command) error {
	in, err := openStates(p.states, p.model.Nuclides(), p.m.normalize)
	if err != nil {
		return err
	}
	defer in.close()
	if in.timed && p.times != "" {
		return badInput("-t: %s has times of its own, in the column t", p.states)
	}
	if p.out != "" {
		format := strings.TrimPrefix(filepath.Ext(p.out), ".")
		if format != "csv" && format != "json" && format != "parquet" {
			return badInput("--out: %s ends in none of .csv, .json, .parquet", p.out)
		}
		return replaceFile(p.out, func(f io.Writer) error { return p.answerAll(cmd, in, f, format) })
	}
	return p.answerAll(cmd, in, p.stdout, p.output.format)
}

// replaceFile writes a file so that path is at any moment either the old file or the whole new one.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// answerAll writes the answers for all states of a file.
func (p *prediction) answerAll(cmd *cobra.Command, in *stateReader, w io.Writer, format string) error {
	out := newAnswers(w, format, p)
	for {
		states, err := in.read(statesAtOnce)
		if err != nil {
			return err
		}
		if len(states) == 0 {
			return out.end()
		}
		rows, err := p.answer(cmd, in, states)
		if err != nil {
			return err
		}
		for _, r := range rows {
			out.add(r)
		}
		if err := out.flush(); err != nil {
			return err
		}
	}
}

// answerRow is the answer for a state and a time.
type answerRow struct {
	row    int // of the file, from 1
	T, rho float64
	t      float64
	*nnlib.Prediction
}

// answer asks the model, all states of a time at once, and returns the answers in the order of the rows.
func (p *prediction) answer(cmd *cobra.Command, in *stateReader, states []stateRow) ([]answerRow, error) {
	perState := 1
	if !in.timed {
		perState = len(p.at)
	}
	rows := make([]answerRow, 0, len(states)*perState)
	of := map[*nnlib.Net][]int{}
	for _, s := range states {
		times := p.at
		if in.timed {
			times = []float64{s.t}
		}
		for _, t := range times {
			net, err := p.model.Net(t)
			if err != nil {
				return nil, badInput("--states %s: %s: %v", p.states, s.name, err)
			}
			of[net] = append(of[net], len(rows))
			rows = append(rows, answerRow{row: s.row, T: s.T, rho: s.Rho, t: t})
		}
	}
	for _, net := range p.model.Nets {
		var batch []nucnet.State
		for _, k := range of[net] {
			batch = append(batch, states[k/perState].State)
		}
		answers, err := net.Predict(cmd.Context(), batch)
		if err != nil {
			return nil, err
		}
		for i, k := range of[net] {
			rows[k].Prediction = &answers[i]
		}
	}
	return rows, nil
}
