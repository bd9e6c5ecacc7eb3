package nnlib

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Config holds everything that decides what a training makes, apart from the
// data. The zero value trains a small network of the paper's kind.
type Config struct {
	// Network is the name of the reaction network; "" takes the data set's.
	Network string `json:"network,omitempty"`
	// Net is the kind of neural network; "" and "paper" mean dense layers with
	// ReLU, raw inputs and a log-softmax; "physical" a net for all times that
	// corrects physical guesses, see TrainPhysical.
	Net string `json:"net,omitempty"`
	// Without names ideas that a physical net does without, to see what they bring,
	// separated by commas: equilibrium (as a guess), weak (rates as guesses), tilt
	// (the composition keeps the predicted Ye), relative (differences count in units
	// of the change), relaxed (steps that do not begin at a run's start).
	Without string `json:"without,omitempty"`
	// Layers is the number of hidden layers, of a physical net that of residual
	// blocks; 0 means 3.
	Layers int `json:"layers,omitempty"`
	// Width is the number of neurons of a hidden layer; 0 means 512.
	Width int `json:"width,omitempty"`
	// First is the width of the first hidden layer; 0 means Width.
	First int `json:"first,omitempty"`

	// Inputs: "" and "raw" mean the paper's, log10 T, log10 rho and X as they
	// are; "scaled" the same less their means over the training samples, in
	// units of their standard deviations.
	Inputs string `json:"inputs,omitempty"`
	// Label chooses the energy that the net learns as e_nuc: "" and "whole"
	// mean the energy released over the whole time less that of the neutrinos;
	// "row" that of the last row of a BBQ run alone, over its own step.
	Label string `json:"label,omitempty"`
	// EnergyScale [erg/g] and NeutrinoScale [erg/g/s] divide the two energies
	// before they are learnt; 0 means the paper's 1e16.
	EnergyScale   float64 `json:"energy_scale,omitempty"`
	NeutrinoScale float64 `json:"neutrino_scale,omitempty"`
	// EnergyWeight multiplies the energies' part of the loss; 0 means 1.
	EnergyWeight float64 `json:"energy_weight,omitempty"`

	// Epochs is the largest number of passes over the training samples; 0
	// means 30.
	Epochs int `json:"epochs,omitempty"`
	// Patience stops the training after so many epochs in which the composition
	// part of the validation loss was not below its least; 0 means never. The
	// weights kept are those of the least in any case.
	Patience int `json:"patience,omitempty"`
	// Batch is the number of samples of a step; 0 means 512.
	Batch int `json:"batch,omitempty"`
	// LR is Adam's learning rate, the greatest of a schedule; 0 means 1e-4.
	LR float64 `json:"lr,omitempty"`
	// Schedule of the learning rate: "" and "constant", "cosine" (half a wave down
	// to 0 at the last of Epochs) or "onecycle" (up from LR/25, then down to
	// LR/250000; arXiv:1708.07120).
	Schedule string `json:"schedule,omitempty"`
	// Warmup is the part of the steps in which the rate rises; 0 means 0, with
	// onecycle 0.3.
	Warmup float64 `json:"warmup,omitempty"`
	// Decay takes the part LR Decay off each weight in every step (AdamW); Clip is
	// the largest norm of a step's gradients together, 0 means none.
	Decay float64 `json:"decay,omitempty"`
	Clip  float64 `json:"clip,omitempty"`
	// Average, if not 0, makes the model of the exponential average of the weights
	// over the steps, in which the past counts for so much: 0.999, say.
	Average float64 `json:"average,omitempty"`
	// Validation is the fraction of samples that are not learnt but judge; 0
	// means 0.05. At least one sample is taken.
	Validation float64 `json:"validation,omitempty"`
	// Seed decides the first weights, the split and the order of samples.
	Seed uint64 `json:"seed"`

	// Precision is how matrices are multiplied: "bf16" rounds the factors to 8 bits,
	// on a processor only with MKL and AMX or AVX512 for it; "tf32" to 11 on a GPU;
	// "float32" not at all; "" and "auto" mean tf32 on a GPU, else float32. Sums and
	// weights are in float32.
	Precision string `json:"precision,omitempty"`

	// Device is where to train: "cpu"; "cuda", an NVIDIA GPU; "" and "auto" mean a
	// GPU where there is one with its libraries, else the processor.
	Device string `json:"-"`
	// Threads that work at once; 0 means all. It does not change the result.
	Threads int `json:"-"`
	// Checkpoint is a file that keeps the state of the training: one with the same
	// settings and data goes on from it, bit for bit, where another ended.
	Checkpoint string `json:"-"`
}

// The paper's constants (arXiv:2503.00115, section 2.3 and its data package).
const (
	paperScale = 1e16  // divides both energies
	floorX     = 1e-15 // least mass fraction of a target
)

// Paper returns the settings of the paper's emulator for a reaction network:
// 12 linear layers, 82-1024-2048x10-82, for mesa_80 and 9, 153-1024-2048x7-153,
// for mesa_151. The authors stopped by eye within some 2000 epochs where the
// composition's validation loss rose; Patience stands for the eye.
func Paper(network string) (Config, error) {
	hidden := map[string]int{"mesa_80": 11, "mesa_151": 8}
	n, ok := hidden[network]
	if !ok {
		return Config{}, fmt.Errorf("nnlib: the paper has no emulator for %q, only for mesa_80 and mesa_151", network)
	}
	return Config{
		Network: network, Net: "paper", Layers: n, Width: 2048, First: 1024,
		Inputs: "raw", Label: "row", EnergyScale: paperScale, NeutrinoScale: paperScale, EnergyWeight: 1,
		Epochs: 2000, Patience: 100, Batch: 512, LR: 1e-4, Validation: 0.05,
	}, nil
}

// withDefaults replaces zeros by what they mean.
func (c Config) withDefaults() Config {
	c.Net = or(c.Net, "paper")
	c.Layers = or(c.Layers, 3)
	c.Width = or(c.Width, 512)
	c.First = or(c.First, c.Width)
	c.Inputs = or(c.Inputs, "raw")
	c.Label = or(c.Label, "whole")
	c.EnergyScale = or(c.EnergyScale, paperScale)
	c.NeutrinoScale = or(c.NeutrinoScale, paperScale)
	c.EnergyWeight = or(c.EnergyWeight, 1)
	c.Epochs = or(c.Epochs, 30)
	c.Batch = or(c.Batch, 512)
	c.LR = or(c.LR, 1e-4)
	c.Schedule = or(c.Schedule, "constant")
	if c.Schedule == "onecycle" {
		c.Warmup = or(c.Warmup, 0.3)
	}
	c.Validation = or(c.Validation, 0.05)
	c.Device = or(c.Device, "auto")
	if c.Precision == "auto" {
		c.Precision = ""
	}
	return c
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Check returns an error that names the first setting that cannot be used.
func (c Config) Check() error {
	c = c.withDefaults()
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("nnlib: %s = %v: want %s", name, value, want)
	}
	switch {
	case c.Net != "paper" && c.Net != "physical":
		return bad("net", c.Net, "paper or physical")
	case c.Without != "" && (c.Net != "physical" || !knownIdeas(c.Without)):
		return bad("without", c.Without, "nothing, or of a physical net some of "+strings.Join(ideas, ","))
	case c.Inputs != "raw" && c.Inputs != "scaled":
		return bad("inputs", c.Inputs, "raw or scaled")
	case c.Label != "whole" && c.Label != "row":
		return bad("label", c.Label, "whole or row")
	case c.Device != "auto" && c.Device != "cpu" && c.Device != "cuda":
		return bad("device", c.Device, "auto, cpu or cuda")
	case c.Precision != "" && c.Precision != "tf32" && c.Precision != "float32" && c.Precision != "bf16":
		return bad("precision", c.Precision, "auto, tf32, float32 or bf16")
	case c.Layers < 1 || c.Layers > 1000:
		return bad("layers", c.Layers, "1 to 1000")
	case c.Width < 1 || c.Width > 1<<16:
		return bad("width", c.Width, "1 to 65536")
	case c.First < 1 || c.First > 1<<16:
		return bad("first", c.First, "1 to 65536")
	case c.Epochs < 1:
		return bad("epochs", c.Epochs, "at least 1")
	case c.Batch < 1 || c.Batch > 1<<20:
		return bad("batch", c.Batch, "1 to 1048576")
	case c.Patience < 0:
		return bad("patience", c.Patience, "0 or more")
	case !(c.LR > 0 && c.LR <= 10):
		return bad("lr", c.LR, "more than 0, at most 10")
	case c.Schedule != "constant" && c.Schedule != "cosine" && c.Schedule != "onecycle":
		return bad("schedule", c.Schedule, "constant, cosine or onecycle")
	case !(c.Warmup >= 0 && c.Warmup < 1):
		return bad("warmup", c.Warmup, "at least 0, less than 1")
	case !(c.Decay >= 0 && c.LR*c.Decay < 1):
		return bad("decay", c.Decay, "at least 0, less than 1/lr")
	case !(c.Clip >= 0 && c.Clip < 1e300):
		return bad("clip", c.Clip, "at least 0")
	case !(c.Average >= 0 && c.Average < 1):
		return bad("average", c.Average, "at least 0, less than 1")
	case !(c.Validation > 0 && c.Validation < 1):
		return bad("validation", c.Validation, "between 0 and 1")
	case !(c.EnergyScale > 0 && c.EnergyScale < 1e300):
		return bad("energy_scale", c.EnergyScale, "a positive number of erg/g")
	case !(c.NeutrinoScale > 0 && c.NeutrinoScale < 1e300):
		return bad("neutrino_scale", c.NeutrinoScale, "a positive number of erg/g/s")
	case !(c.EnergyWeight > 0 && c.EnergyWeight < 1e300):
		return bad("energy_weight", c.EnergyWeight, "a positive number")
	case c.Threads < 0:
		return bad("threads", c.Threads, "0 or more")
	}
	return nil
}

// without reports whether a physical net does without an idea.
func (c Config) without(idea string) bool {
	return slices.Contains(strings.Split(c.Without, ","), idea)
}

func knownIdeas(list string) bool {
	for idea := range strings.SplitSeq(list, ",") {
		if !slices.Contains(ideas, idea) {
			return false
		}
	}
	return true
}

// dims returns the widths of all layers for n nuclides: n+2 inputs, the hidden
// layers, n+2 outputs.
func (c Config) dims(n int) []int {
	d := []int{n + 2, c.First}
	for range c.Layers - 1 {
		d = append(d, c.Width)
	}
	return append(d, n+2)
}

// Keys lists the names that Set takes.
func Keys() []string {
	var keys []string
	for f := range reflect.TypeFor[Config]().Fields() {
		keys = append(keys, key(f))
	}
	return keys
}

func key(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" {
		name = strings.ToLower(f.Name)
	}
	return name
}

// Set changes the setting of that name, as in "lr" = "3e-4".
func (c *Config) Set(name, value string) error {
	v := reflect.ValueOf(c).Elem()
	i := slices.Index(Keys(), name)
	if i < 0 {
		return fmt.Errorf("nnlib: no setting %q; did you mean %q? There are %s", name, nearest(name, Keys()), strings.Join(Keys(), ", "))
	}
	var err error
	switch f := v.Field(i); f.Kind() {
	case reflect.String:
		f.SetString(value)
	case reflect.Int:
		var n int
		n, err = strconv.Atoi(value)
		f.SetInt(int64(n))
	case reflect.Uint64:
		var n uint64
		n, err = strconv.ParseUint(value, 10, 64)
		f.SetUint(n)
	case reflect.Float64:
		var x float64
		x, err = strconv.ParseFloat(value, 64)
		f.SetFloat(x)
	}
	if err != nil {
		return fmt.Errorf("nnlib: %s = %q: not a number of its kind", name, value)
	}
	return c.Check()
}

// nearest returns the name with the smallest edit distance to s.
func nearest(s string, names []string) string {
	best, least := "", 1<<30
	for _, n := range names {
		row := make([]int, len(n)+1)
		for j := range row {
			row[j] = j
		}
		for i := range len(s) {
			diagonal := row[0]
			row[0] = i + 1
			for j := range len(n) {
				d := diagonal
				if s[i] != n[j] {
					d++
				}
				diagonal = row[j+1]
				row[j+1] = min(d, row[j]+1, row[j+1]+1)
			}
		}
		if row[len(n)] < least {
			best, least = n, row[len(n)]
		}
	}
	return best
}
