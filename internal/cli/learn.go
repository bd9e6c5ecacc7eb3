package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"nuclab/nnlib"
	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nuclide"
)

func (a *app) train() *cobra.Command {
	var (
		dir, path, file, scale, device string
		settings                       []string
		threads                        int
		resume                         bool
	)
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train neural networks on a data set",
		Long: `Train a neural network for one time, or for every time, of a data set.

The inputs are log10 T, log10 rho and the mass fractions, the outputs the mass fractions after the time dt and two
energies. The weights kept are those of the epoch whose validation compositions are best. The losses of all epochs go
to a CSV file for each time beside the model.

A training that is interrupted leaves its state beside the model as well; --resume goes on with it, to the same bits as
without the interruption.

Settings (-p): dt (s; "all" for every time of the data), ` + strings.Join(nnlib.Keys(), ", ") + `.`,
		Example: "  nuclab train --data data/mesa_80 --out mesa_80.safetensors -p dt=1e-3 -p epochs=100",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&dir, "data", "", "folder of the data set")
	f.StringVar(&path, "out", "", "file of the model, safetensors")
	f.StringVar(&file, "config", "", "`file` of settings, TOML or JSON")
	f.BoolVar(&resume, "resume", false, "go on with what an interrupted training left")
	f.StringArrayVarP(&settings, "set", "p", nil, "one setting, `key=value`; may be repeated")
	f.StringVar(&scale, "scale", "demo", "what the settings start from: demo (3 hidden layers of 512) or paper (its layers)")
	f.StringVar(&device, "device", "auto", "where to train: auto or cpu")
	threadsFlag(cmd, &threads)
	cmd.MarkFlagRequired("data")
	cmd.MarkFlagRequired("out")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		set, err := dataset.Open(dir)
		if err != nil {
			return badInput("--data: %v", err)
		}
		cfg, dt, err := trainingConfig(scale, set.Network, file, settings)
		if err != nil {
			return err
		}
		cfg.Device, cfg.Threads = device, threads
		if err := cfg.Check(); err != nil {
			return badInput("%v", err)
		}
		indices, err := timeIndices(set.Times, dt)
		if err != nil {
			return err
		}
		if err := writable(path); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		left, err := filepath.Glob(stateFile(path, "*"))
		if err != nil {
			return err
		}
		if len(left) > 0 && !resume {
			return badInput("--out: %s is left from an interrupted training: go on with it by --resume, or remove it", left[0])
		}
		model := &nnlib.Model{}
		for _, i := range indices {
			dt := strconv.FormatFloat(set.Times[i], 'g', -1, 64)
			cfg.Checkpoint = stateFile(path, dt)
			net, history, err := nnlib.TrainSet(cmd.Context(), cfg, set, i, nnlib.ShowProgress(fmt.Sprintf("training, dt = %s s", dt)))
			if errors.Is(err, nnlib.ErrCheckpoint) {
				return badInput("--resume: %v", err)
			}
			if net != nil {
				model.Nets = append(model.Nets, net)
			}
			if history != nil {
				err = errors.Join(err, writeHistory(modelFile(path, dt, "csv"), history))
			}
			if err != nil {
				if len(model.Nets) > 0 && cmd.Context().Err() != nil {
					if saveErr := model.Save(path); saveErr != nil {
						return errors.Join(err, saveErr)
					}
					fmt.Fprintf(a.stderr, "What was learnt so far is in %s; --resume goes on.\n", path)
				}
				return err
			}
		}
		if err := model.Save(path); err != nil {
			return err
		}
		for _, i := range indices {
			if err := os.Remove(stateFile(path, strconv.FormatFloat(set.Times[i], 'g', -1, 64))); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// modelFile is a file beside a model that belongs to its net for dt s.
func modelFile(model, dt, kind string) string {
	return strings.TrimSuffix(model, filepath.Ext(model)) + ".dt" + dt + "." + kind
}

// stateFile keeps the state of a net's training.
func stateFile(model, dt string) string { return modelFile(model, dt, "training") }

func writeHistory(path string, h *nnlib.History) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(h.WriteCSV(f), f.Close())
}

// trainingConfig starts from the settings of a scale and applies a file's and then the flags'. It returns the setting
// dt apart, "all" if there is none.
func trainingConfig(scale, network, file string, settings []string) (cfg nnlib.Config, dt string, err error) {
	switch scale {
	case "demo":
		cfg.Network = network
	case "paper":
		if cfg, err = nnlib.Paper(network); err != nil {
			return cfg, "", badInput("--scale: %v", err)
		}
	default:
		return cfg, "", badInput("--scale: %q is neither demo nor paper", scale)
	}
	dt = "all"
	set := func(where, key, value string) error {
		if key == "dt" {
			dt = value
			return nil
		}
		if err := cfg.Set(key, value); err != nil {
			return badInput("%s: %v", where, err)
		}
		return nil
	}
	if file != "" {
		if err := readSettings(file, set); err != nil {
			return cfg, "", err
		}
	}
	for _, s := range settings {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return cfg, "", badInput("-p: %q is not key=value", s)
		}
		if err := set("-p "+key, strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return cfg, "", err
		}
	}
	return cfg, dt, nil
}

// readSettings calls set for each setting of a file in TOML or of a JSON object.
func readSettings(path string, set func(where, key, value string) error) error {
	text, err := readInput(path)
	if err != nil {
		return badInput("--config: %v", err)
	}
	settings := make(map[string]any)
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		err = json.Unmarshal([]byte(text), &settings)
	} else {
		_, err = toml.Decode(text, &settings)
	}
	if err != nil {
		return badInput("--config %s: %v", path, err)
	}
	for _, key := range sortedKeys(settings) {
		if err := set("--config "+path, key, fmt.Sprint(settings[key])); err != nil {
			return err
		}
	}
	return nil
}

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

// loadModel reads the model that --model names.
func loadModel(path string) (*nnlib.Model, error) {
	model, err := nnlib.Load(path)
	if err != nil {
		return nil, badInput("--model: %v", err)
	}
	return model, nil
}

// loadData reads the data set that a flag names.
func loadData(flag, dir string) (*dataset.Table, error) {
	set, err := dataset.Open(dir)
	if err != nil {
		return nil, badInput("%s: %v", flag, err)
	}
	data, err := set.Load()
	if err != nil {
		return nil, badInput("%s: %v", flag, err)
	}
	return data, nil
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

func (a *app) predict() *cobra.Command {
	var (
		m           matter
		path, times string
	)
	cmd := &cobra.Command{
		Use:   "predict",
		Short: "Ask a trained model what becomes of matter",
		Long: `Ask a trained model what becomes of matter after the times that it has nets for, in the same form as burn.
in_domain tells whether the state lies among those it learnt from.`,
		Example: "  nuclab predict --model mesa_80.safetensors -T 4e9 --rho 1e8 -x si28=0.9,ne22=0.1 -t 1e-3",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&path, "model", "", "file of the model, safetensors")
	m.flags(cmd, true)
	f.StringVarP(&times, "times", "t", "", "times in s, `1e-3`, of those the model has (default: all of them)")
	cmd.MarkFlagRequired("model")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		model, err := loadModel(path)
		if err != nil {
			return err
		}
		if err := m.check(); err != nil {
			return err
		}
		net, err := nucnet.Stock(model.Network())
		if err != nil {
			return err
		}
		x, err := net.Vector(m.composition)
		if err != nil {
			return badInput("-x: %v", err)
		}
		ts := model.Times()
		if times != "" {
			if ts, err = parseTimes(times, ""); err != nil {
				return err
			}
		}
		names := model.Nuclides()
		state := nucnet.State{T: m.T, Rho: m.rho, X: x}
		doc := burnDoc{Schema: "nuclab.burn/1", Network: model.Network(), T: number(m.T), Rho: number(m.rho),
			Options: map[string]string{"model": path},
			Initial: burnInitial{byName[nuclide.Nuclide]{names, x}, number(m.composition.Ye())}}
		outside := false
		for _, t := range ts {
			predictions, err := model.Predict(cmd.Context(), []nucnet.State{state}, t)
			if errors.Is(err, nnlib.ErrTime) {
				return badInput("-t: %v", err)
			}
			if err != nil {
				return err
			}
			p := predictions[0]
			outside = outside || !p.InDomain
			doc.Samples = append(doc.Samples, burnSample{Time: number(t), X: byName[nuclide.Nuclide]{names, p.X},
				Ye: number(p.Ye), Q: number(p.Q), EpsNuc: number(p.EpsNuc), EpsNucBBQ: number(p.Q - p.EpsNu*t),
				EpsNu: number(p.EpsNu), EpsNuIntegral: number(p.Q - p.EpsNuc), InDomain: &p.InDomain})
		}
		notes := []string{fmt.Sprintf("%s for %s at T = %g K, rho = %g g/cm3", path, model.Network(), m.T, m.rho)}
		if outside {
			notes = append(notes, "This state lies outside of what the model was trained on: do not trust the numbers.")
		}
		return out.writeSamples(doc, notes, names)
	}
	return cmd
}

func (a *app) evaluate() *cobra.Command {
	var (
		path, dir, train string
		small, nse       bool
	)
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Score a model on burns it has not learnt",
		Long: `Score a model on a data set that it has not learnt, beside simple rivals. Errors are mean absolute differences divided by
the mean of the truth; JSON has how they are distributed, and those in ranges of temperature.

The protocol is that of the data set (dataset generate --protocol). With clean, and with burns from random states, each
net is applied once and each output is compared with the burn after exactly its time. With paper everything is done as it
was for the paper, slips included: the net is applied twice for the composition, and its energy is scored as the
neutrino loss, so that a perfect net would have errors.`,
		Example: "  nuclab evaluate --model mesa_80.safetensors --data data/test --train data/mesa_80 --nse --format json",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&path, "model", "", "file of the model, safetensors")
	f.StringVar(&dir, "data", "", "folder of the data set")
	f.StringVar(&train, "train", "", "`folder` of training samples, of which the nearest one is a rival")
	f.BoolVar(&nse, "nse", false, "nuclear statistical equilibrium at the initial Ye as a rival")
	f.BoolVar(&small, "small-net", false, "insist on the answers of the small network, which test sets have")
	cmd.MarkFlagRequired("model")
	cmd.MarkFlagRequired("data")
	out := a.outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		model, err := loadModel(path)
		if err != nil {
			return err
		}
		data, err := loadData("--data", dir)
		if err != nil {
			return err
		}
		if small && len(data.SmallNuclides) == 0 {
			return badInput("--small-net: %s has no answers of the small network; dataset generate --protocol clean makes a set that has", dir)
		}
		e, err := nnlib.Evaluate(cmd.Context(), model, data)
		if err != nil {
			return err
		}
		if nse {
			if err := e.AddNSE(cmd.Context()); err != nil {
				return err
			}
		}
		if train != "" {
			have, err := loadData("--train", train)
			if err != nil {
				return err
			}
			if err := e.AddNearest(cmd.Context(), have); err != nil {
				return err
			}
		}
		t := &grid{head: []string{"t [s]", "answer", "Ye", "eps_nuc", "eps_nu", "A", "Z", "|dYe|, 99 %", "mean |dX|"}}
		for _, at := range e.Times {
			for _, row := range []struct {
				name string
				e    *nnlib.Errors
			}{{"network", at.NNN}, {"small net", at.Approx21}, {"no change", at.Nothing}, {"NSE", at.NSE}, {"nearest", at.Nearest}} {
				if row.e == nil {
					continue
				}
				sum := 0.0
				for _, v := range row.e.XMAE {
					sum += v
				}
				t.add(at.T, row.name, float64(row.e.Ye), float64(row.e.EpsNuc), float64(row.e.EpsNu), float64(row.e.Abar), float64(row.e.Zbar),
					float64(row.e.Spread.Ye.P99), sum/float64(len(row.e.XMAE)))
			}
		}
		return out.write(e, []string{fmt.Sprintf("Relative mean errors over %d burns of %s, protocol %s", e.Samples, e.Network, e.Protocol)}, t)
	}
	return cmd
}

func (a *app) export() *cobra.Command {
	var path, onnx, safetensors string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write a model for other programs",
		Long: `Write a model as ONNX, the whole way from a state to what becomes of it, or as safetensors, its weights.

ONNX, float32: inputs T (K), rho (g/cm3), t (s), each [batch], and X [batch, nuclides]; outputs X_end [batch, nuclides],
ye_end, q (erg/g) and eps_nu (erg/g/s), each [batch]. Where t is none of the model's times the outputs are NaN. The
metadata have the nuclides in order, the times and the network.`,
		Example: "  nuclab export --model mesa_80.safetensors --onnx mesa_80.onnx",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&path, "model", "", "file of the model, safetensors")
	f.StringVar(&onnx, "onnx", "", "`file` to write as ONNX")
	f.StringVar(&safetensors, "safetensors", "", "`file` to write as safetensors")
	cmd.MarkFlagRequired("model")
	cmd.MarkFlagsOneRequired("onnx", "safetensors")
	cmd.RunE = func(*cobra.Command, []string) error {
		model, err := loadModel(path)
		if err != nil {
			return err
		}
		if safetensors != "" {
			if err := model.Save(safetensors); err != nil {
				return err
			}
		}
		if onnx != "" {
			return model.SaveONNX(onnx)
		}
		return nil
	}
	return cmd
}
