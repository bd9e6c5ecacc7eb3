package cli

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nuclab/nnlib"
	"nuclab/nucnet/dataset"
)

// modelUsage is the help of a flag that names a model.
const modelUsage = "`MODEL`: a file, safetensors, or mesa_80 or mesa_151, which are part of this program"

// loadModel reads the model that a flag or an argument names.
func loadModel(flag, path string) (*nnlib.Model, error) {
	if !strings.ContainsAny(path, `./\`) {
		model, err := nnlib.Pretrained(path)
		if _, noFile := os.Stat(path); err == nil || noFile != nil {
			if err != nil {
				err = badInput("%s: %v, and no file", flag, err)
			}
			return model, err
		}
	}
	model, err := nnlib.Load(path)
	if err != nil {
		return nil, badInput("%s: %v", flag, err)
	}
	return model, nil
}

// sameNetwork reports data of other nuclides than a model's.
func sameNetwork(flag string, model *nnlib.Model, data *dataset.Table) error {
	if data.Network != model.Network() {
		return badInput("%s: the data are of %s, the model of %s", flag, data.Network, model.Network())
	}
	mine := model.Nuclides()
	if len(mine) != len(data.Nuclides) {
		return badInput("%s: the data have %d nuclides, the model %d", flag, len(data.Nuclides), len(mine))
	}
	for i, n := range data.Nuclides {
		if n != mine[i] {
			return badInput("%s: nuclide %d is %s in the data, %s in the model", flag, i+1, n, mine[i])
		}
	}
	return nil
}

// sameMatter reports data that a model cannot be scored on or compared with: of other nuclides, or without its times.
func sameMatter(flag string, model *nnlib.Model, data *dataset.Table) error {
	if err := sameNetwork(flag, model, data); err != nil {
		return err
	}
	times := data.Times
	if len(data.Labels) > 0 {
		times = data.Labels
	}
	if model.Nets[0].Span != [2]float64{} { // a physical net, which is scored for the times that it covers
		if !slices.ContainsFunc(times, func(v float64) bool { _, err := model.Net(v); return err == nil }) {
			return badInput("%s: the data have %s s; the model is for %.4g to %.4g s", flag, joinNumbers(times), model.Nets[0].Span[0], model.Nets[0].Span[1])
		}
		return nil
	}
	for _, t := range model.Times() {
		if !slices.ContainsFunc(times, func(v float64) bool { return math.Abs(v-t) <= 1e-9*t }) {
			return badInput("%s: the data have no time %g s, which a net of the model is for; they have %s", flag, t, joinNumbers(times))
		}
	}
	return nil
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

func (a *app) export() *cobra.Command {
	var (
		path, onnx, safetensors string
		float                   int
	)
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write a model for other programs",
		Long: `Write a model as ONNX, the whole way from a state to what becomes of it, or as safetensors, its weights.

ONNX, float32: inputs T (K), rho (g/cm3), t (s), each [batch], and X [batch, nuclides]; outputs X_end [batch, nuclides],
ye_end, q (erg/g) and eps_nu (erg/g/s), each [batch]. Where t is none of the model's times the outputs are NaN. The
metadata have the nuclides in order, the times and the network. A physical net takes any time of its span, which is there
too, and says also ye_change, that by weak reactions, and expected_error, the mean |dX| that it expects.`,
		Example: `  nuclab export --model mesa_80.safetensors --onnx mesa_80.onnx
  nuclab export --model mesa_80.safetensors --safetensors small.safetensors --float 16`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&path, "model", "", modelUsage)
	f.StringVar(&onnx, "onnx", "", "`file` to write as ONNX")
	f.StringVar(&safetensors, "safetensors", "", "`file` to write as safetensors")
	f.IntVar(&float, "float", 32, "bits of a weight in safetensors: 32 or 16, which is rounded to three digits")
	cmd.MarkFlagRequired("model")
	cmd.MarkFlagsOneRequired("onnx", "safetensors")
	cmd.RunE = func(*cobra.Command, []string) error {
		if float != 16 && float != 32 {
			return badInput("--float: %d is neither 16 nor 32", float)
		}
		model, err := loadModel("--model", path)
		if err != nil {
			return err
		}
		if safetensors != "" {
			save := model.Save
			if float == 16 {
				save = model.SaveFloat16
			}
			if err := save(safetensors); err != nil {
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

func (a *app) modelVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Describe trained models",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	info := &cobra.Command{
		Use:   "info MODEL",
		Short: "Print the card of a model: what it is, its data, settings, history and domain, and how to make it again",
		Long: `Print the card of a model in Markdown: what it is, its data, settings, history and domain, and the commands that make
it again. MODEL is a file, or mesa_80 or mesa_151, which are part of this program. JSON has a document with all of it, CSV
a line for each net.`,
		Example: "  nuclab model info mesa_80.safetensors > card.md",
		Args:    cobra.ExactArgs(1),
	}
	out := a.outputFlag(info)
	info.RunE = func(_ *cobra.Command, args []string) error {
		model, err := loadModel("MODEL", args[0])
		if err != nil {
			return err
		}
		if out.format == "table" {
			fmt.Fprint(a.stdout, model.Card())
			return nil
		}
		type netDoc struct {
			Time    float64        `json:"t"`
			Dims    []int          `json:"dims"`
			Weights int            `json:"weights"`
			Config  nnlib.Config   `json:"settings"`
			Data    string         `json:"data"`
			Origin  nnlib.Origin   `json:"origin"`
			Domain  nnlib.Domain   `json:"domain"`
			History *nnlib.History `json:"history"`
		}
		doc := struct {
			Schema   string   `json:"schema"`
			Network  string   `json:"network"`
			Nuclides []string `json:"nuclides"`
			Nets     []netDoc `json:"nets"`
		}{Schema: "nuclab.model/1", Network: model.Network()}
		for _, n := range model.Nuclides() {
			doc.Nuclides = append(doc.Nuclides, n.String())
		}
		t := &grid{head: []string{"t", "weights", "epochs", "best_epoch", "data", "code"}}
		for _, n := range model.Nets {
			doc.Nets = append(doc.Nets, netDoc{n.Time, n.Dims(), n.Parameters(), n.Config, n.Data, n.Origin, n.Domain, n.History})
			t.add(n.Time, n.Parameters(), len(n.History.Epochs), n.History.Best, n.Data, n.Origin.Code)
		}
		return out.write(doc, nil, t)
	}
	cmd.AddCommand(info)
	return cmd
}
