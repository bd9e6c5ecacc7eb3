package paper

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"nuclab/nnlib"
	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
)

// Task is a part of the work that a scale takes.
type Task struct {
	Name    string // "mesa_80: burns to learn"
	Kind    string // "burns" or "training"
	Network string
	Figures []string // that cannot be drawn without it
	Count   int      // burns, or steps of training at most: trainings often end before
	// CPU is the time of one processor for all of it, measured on this machine, s.
	CPU float64
	// Flops are the floating-point operations of the products in a training.
	Flops float64
	Bytes int64 // on disk
	// Done says that burns are there already. What trainings have done is not looked at.
	Done bool
	// Command are the arguments by which nuclab makes the same burns, on a cluster say, in the folder where the experiment
	// looks for them; nil for a training.
	Command []string
}

// Plan says what a scale takes on this machine: it burns samples samples of each set and makes some steps of training, which
// takes some seconds for each network.
func Plan(ctx context.Context, s Scale, seed uint64, cache string, samples int) ([]Task, error) {
	var all []Task
	for _, network := range s.Networks {
		x := Experiment{Scale: s, Network: network, Seed: seed, Cache: cache}
		tasks, err := x.plan(ctx, samples)
		if err != nil {
			return nil, err
		}
		all = append(all, tasks...)
	}
	return all, nil
}

func (x Experiment) plan(ctx context.Context, samples int) ([]Task, error) {
	var all []Task
	for _, p := range dataset.Protocols() {
		t, err := x.planBurns(ctx, p, samples)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	nets, err := x.planNets(ctx)
	return append(all, nets...), err
}

func (x Experiment) planBurns(ctx context.Context, p dataset.Protocol, samples int) (Task, error) {
	s, err := x.settings(p)
	if err != nil {
		return Task{}, err
	}
	dir, err := x.dir(s)
	if err != nil {
		return Task{}, err
	}
	e, err := dataset.Estimates(ctx, s, samples)
	if err != nil {
		return Task{}, err
	}
	set, err := finished(dir)
	if err != nil {
		return Task{}, err
	}
	t := Task{Name: fmt.Sprintf("%s: test runs, protocol %s", x.Network, p), Kind: "burns", Network: x.Network,
		Figures: []string{"fig3", "fig4", "fig5"}, Count: e.Samples, CPU: e.CPU * float64(e.Samples), Bytes: e.Bytes, Done: set != nil}
	t.Command = []string{"dataset", "generate", "--net", x.Network, "--samples", strconv.Itoa(s.Samples), "--seed", strconv.FormatUint(s.Seed, 10),
		"--protocol", string(p), "--times", "paper", fmt.Sprintf("--log-x=%g:%g", s.Design.LogX[0], s.Design.LogX[1]), "--out", dir}
	if !x.Correct {
		t.Command = append(t.Command, "--rules", "mesa", "--detailed-balance", "r2305")
	}
	switch p {
	case dataset.Train:
		t.Name, t.Figures = x.Network+": burns to learn", append(t.Figures, "fig6", "figA2", "figA3")
	case dataset.PaperTest:
		t.Figures = append(t.Figures, "fig6", "figA3")
	}
	return t, nil
}

// planNets measures a step of the scale's nets, and takes those of the scan to be as fast for each operation.
func (x Experiment) planNets(ctx context.Context) ([]Task, error) {
	s, err := x.Scale.withDefaults(x.Network)
	if err != nil {
		return nil, err
	}
	set, err := x.settings(dataset.Train)
	if err != nil {
		return nil, err
	}
	net, err := nucnet.Stock(x.Network)
	if err != nil {
		return nil, err
	}
	dims := func(layers int) []int {
		d := []int{net.Len() + 2, s.First}
		for range layers - 1 {
			d = append(d, s.Width)
		}
		return append(d, net.Len()+2)
	}
	weights := func(layers int) (n int) {
		d := dims(layers)
		for l := range len(d) - 1 {
			n += (d[l] + 1) * d[l+1]
		}
		return n
	}
	c, err := x.Config()
	if err != nil {
		return nil, err
	}
	bench, err := nnlib.BenchTrain(ctx, dims(s.Layers), s.Batch, 1)
	if err != nil {
		return nil, err
	}
	steps := int(float64(s.Epochs) * (1 - c.Validation) * float64(set.Samples) / float64(s.Batch))
	flops := func(layers int) float64 { return 6 * float64(weights(layers)) * float64(s.Batch) * float64(steps) }
	rate := flops(s.Layers) / (bench.CPU * float64(steps))
	add := func(t Task, layers ...int) Task {
		t.Kind, t.Network = "training", x.Network
		for _, l := range layers {
			t.Count += steps
			t.Flops += flops(l)
			t.CPU += flops(l) / rate
			t.Bytes += 4 * int64(weights(l))
		}
		return t
	}
	nets := make([]int, 2*len(s.Times)) // for both protocols
	for i := range nets {
		nets[i] = s.Layers
	}
	all := []Task{add(Task{Name: fmt.Sprintf("%s: %d nets", x.Network, len(nets)), Figures: []string{"fig3", "fig4", "fig5", "fig6", "figA2"}}, nets...)}
	if slices.Contains(s.Scanned, x.Network) {
		var layers []int
		for _, d := range s.Depths {
			layers = append(layers, d-1)
		}
		all = append(all, add(Task{Name: fmt.Sprintf("%s: scan over layers, %d nets", x.Network, len(layers)), Figures: []string{"figA3"}}, layers...))
	}
	return all, nil
}
