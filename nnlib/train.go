package nnlib

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gorgonia.org/tensor"

	"nuclab/nnlib/op"
	"nuclab/nnlib/vm"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nuclide"
)

// Loss is the paper's loss and its parts: the mean |ln X - ln X target| and the
// mean difference of the two scaled energies.
type Loss struct {
	Total       float64 `json:"total"`
	Composition float64 `json:"composition"`
	Energy      float64 `json:"energy"`
}

// Epoch is what one pass over the training samples brought.
type Epoch struct {
	// Epoch counts from 1.
	Epoch int `json:"epoch"`
	// Training is the mean over the epoch's steps, each before its update.
	Training Loss `json:"training"`
	// Validation is the loss of the samples that are not learnt, after the epoch.
	Validation Loss `json:"validation"`
}

// History is the course of a training.
type History struct {
	Epochs []Epoch `json:"epochs"`
	// Best is the epoch (from 1) whose weights were kept, 0 when none was finished.
	Best int `json:"best"`
}

// Losses returns the total loss of each epoch, of the training and of the validation samples.
func (h *History) Losses() (training, validation []float64) {
	for _, e := range h.Epochs {
		training = append(training, e.Training.Total)
		validation = append(validation, e.Validation.Total)
	}
	return training, validation
}

// Progress is where a training stands after a step.
type Progress struct {
	// Epoch counts from 1; Step and Steps count over all epochs.
	Epoch, Epochs, Step, Steps int
	// Loss of the step's batch.
	Loss float64
	// SamplesPerSecond so far, and the time Left at that rate.
	SamplesPerSecond float64
	Left             time.Duration
}

// Hooks are called while a training runs, from its goroutine; nil ones are not.
type Hooks struct {
	Step  func(Progress)
	Epoch func(Epoch)
	// Done is called once, however the training ends.
	Done func()
}

// order hands out the training samples in random order, pass after pass. A
// batch may span two passes, so that every sample comes once in each pass
// although the batch does not divide their number.
type order struct {
	random *rand.Rand
	all    []int
	at     int
}

func newOrder(n int, r *rand.Rand) *order {
	o := &order{random: r, all: make([]int, n), at: n}
	for i := range o.all {
		o.all[i] = i
	}
	return o
}

// source hands out training samples in random order, pass after pass.
type source interface {
	rows() int // of a pass
	// next copies an input and its target.
	next(ctx context.Context, x, target []float32) error
	close()
}

// shuffled is a source in memory.
type shuffled struct {
	*samples
	order *order
}

func (s shuffled) next(_ context.Context, x, target []float32) error {
	r := s.order.next()
	copy(x, s.x[r*s.cols:])
	copy(target, s.target[r*s.cols:])
	return nil
}

func (shuffled) close() {}

func (o *order) next() int {
	if o.at == len(o.all) {
		o.random.Shuffle(len(o.all), func(i, j int) { o.all[i], o.all[j] = o.all[j], o.all[i] })
		o.at = 0
	}
	o.at++
	return o.all[o.at-1]
}

// Train learns the network for one of the table's times (its index). It keeps
// the weights of the epoch with the least composition loss on the validation
// samples. The same settings and data give the same bits for any number of
// threads.
//
// When ctx ends, or when the loss stops being a number, Train returns the best
// network so far together with the error.
func Train(ctx context.Context, cfg Config, data *dataset.Table, timeIndex int, hooks Hooks) (*Net, *History, error) {
	cfg, err := cfg.forData(data.Network)
	if err != nil {
		return nil, nil, err
	}
	if err := checkTable(data, timeIndex); err != nil {
		return nil, nil, err
	}
	rows := good(data)
	if len(rows) < 2 {
		return nil, nil, fmt.Errorf("nnlib: %d usable samples: training and validation need one each at least", len(rows))
	}
	cfg.random(useSplit).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	held := min(max(1, int(math.Round(cfg.Validation*float64(len(rows))))), len(rows)-1)
	net := cfg.newNet(data.Nuclides, data.Times[timeIndex], surveyed(data, rows[held:]))
	validation, err := read(ctx, cfg, net.Scaling, data, timeIndex, rows[:held])
	if err != nil {
		return nil, nil, err
	}
	training, err := read(ctx, cfg, net.Scaling, data, timeIndex, rows[held:])
	if err != nil {
		return nil, nil, err
	}
	t := &trainer{net: net, training: shuffled{training, newOrder(training.rows(), cfg.random(useOrder))}, validation: validation, hooks: hooks}
	return net, net.History, t.run(ctx)
}

// forData returns the settings for a data set of a network, without zeros.
func (c Config) forData(network string) (Config, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	c = c.withDefaults()
	if c.Network = or(c.Network, network); network != "" && c.Network != network {
		return c, fmt.Errorf("nnlib: network = %s, but the data set is of %s", c.Network, network)
	}
	return c, nil
}

// What random numbers are used for: one stream for each, so that a change to one leaves the others alone.
const (
	useSplit uint64 = iota + 1
	useWeights
	useOrder
)

func (c Config) random(use uint64) *rand.Rand { return rand.New(rand.NewPCG(c.Seed, use)) }

// newNet returns the net to be trained for a time, in s, on the samples of the survey.
func (c Config) newNet(nuclides []nuclide.Nuclide, time float64, s *survey) *Net {
	net := newNet(c, nuclides, time, c.random(useWeights))
	if c.Inputs == "scaled" {
		net.Scaling = s.scaling()
	}
	net.Domain = s.box()
	net.History = &History{}
	return net
}

// trainer is one training on its way.
type trainer struct {
	net        *Net
	training   source
	validation *samples
	hooks      Hooks

	machine   *vm.Machine
	optimizer *vm.Optimizer
	graph     *graph
	batch     int
	began     time.Time
	step      int // made so far
	best      [][]float32
	out       []float32
}

func (t *trainer) run(ctx context.Context) (err error) {
	if t.hooks.Done != nil {
		defer t.hooks.Done()
	}
	c := t.net.Config
	t.batch = min(c.Batch, t.training.rows())
	if t.graph, err = build(t.net.dims, t.net.weights, t.batch, c.EnergyWeight); err != nil {
		return err
	}
	targets := append(t.graph.gradients[:len(t.graph.gradients):len(t.graph.gradients)], t.graph.loss, t.graph.composition)
	if t.machine, err = vm.New(vm.CPU{Threads: c.Threads}, targets...); err != nil {
		return err
	}
	defer t.machine.Close()
	if t.optimizer, err = t.machine.NewAdam(vm.Adam{Rate: c.LR}, t.graph.parameters, t.graph.gradients); err != nil {
		return err
	}
	defer t.restore()
	t.began = time.Now()
	history, least, since := t.net.History, math.Inf(1), 0
	for epoch := 1; epoch <= c.Epochs; epoch++ {
		e := Epoch{Epoch: epoch}
		if e.Training, err = t.epoch(ctx, epoch); err != nil {
			return err
		}
		if e.Validation, err = t.validate(ctx); err != nil {
			return err
		}
		history.Epochs = append(history.Epochs, e)
		if since++; e.Validation.Composition < least {
			least, since = e.Validation.Composition, 0
			history.Best = epoch
			t.keep()
		}
		if t.hooks.Epoch != nil {
			t.hooks.Epoch(e)
		}
		if c.Patience > 0 && since >= c.Patience {
			break
		}
	}
	return nil
}

// stepsUntil returns how many steps the first epochs take.
func (t *trainer) stepsUntil(epoch int) int {
	return int(int64(epoch) * int64(t.training.rows()) / int64(t.batch))
}

// epoch makes the steps of one epoch and returns their mean loss.
func (t *trainer) epoch(ctx context.Context, epoch int) (Loss, error) {
	c := t.net.Config
	x, target := t.graph.x.Value().Data().([]float32), t.graph.target.Value().Data().([]float32)
	cols := t.validation.cols
	var mean Loss
	last := t.stepsUntil(epoch)
	n := float64(last - t.step)
	for t.step < last {
		for i := range t.batch {
			if err := t.training.next(ctx, x[i*cols:(i+1)*cols], target[i*cols:(i+1)*cols]); err != nil {
				return mean, err
			}
		}
		if err := t.machine.Run(ctx); err != nil {
			return mean, err
		}
		loss, composition := number(t.graph.loss.Value().Data()), number(t.graph.composition.Value().Data())
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return mean, fmt.Errorf("nnlib: the loss is %v in step %d (epoch %d, learning rate %g)", loss, t.step+1, epoch, c.LR)
		}
		if err := t.optimizer.Update(); err != nil {
			return mean, err
		}
		t.step++
		mean.Total += loss / n
		mean.Composition += composition / n
		mean.Energy += (loss - composition) / c.EnergyWeight / n
		if t.hooks.Step != nil {
			t.report(epoch, loss)
		}
	}
	return mean, nil
}

func (t *trainer) report(epoch int, loss float64) {
	p := Progress{Epoch: epoch, Epochs: t.net.Config.Epochs, Step: t.step, Steps: t.stepsUntil(t.net.Config.Epochs), Loss: loss}
	if spent := time.Since(t.began); spent > 0 {
		p.SamplesPerSecond = float64(t.step*t.batch) / spent.Seconds()
		p.Left = time.Duration(float64(spent) / float64(t.step) * float64(p.Steps-p.Step))
	}
	t.hooks.Step(p)
}

func number(v any) float64 {
	f, _ := v.(float32)
	return float64(f)
}

// validate returns the loss over the validation samples.
func (t *trainer) validate(ctx context.Context) (Loss, error) {
	s := t.validation
	if t.out == nil {
		t.out = make([]float32, len(s.x))
	}
	if err := t.net.predict(ctx, s.x, t.out); err != nil {
		return Loss{}, err
	}
	parts := lossParts(s.cols, 1)
	l := Loss{
		Composition: op.SumAbs(parts[:1], s.rows(), s.cols, t.out, s.target),
		Energy:      op.SumAbs(parts[1:], s.rows(), s.cols, t.out, s.target),
	}
	l.Total = l.Composition + t.net.Config.EnergyWeight*l.Energy
	return l, nil
}

// keep copies the weights, restore puts the kept ones back.
func (t *trainer) keep() {
	if t.best == nil {
		t.best = make([][]float32, len(t.net.weights))
	}
	for i, w := range t.net.weights {
		t.best[i] = append(t.best[i][:0], data(w)...)
	}
}

func (t *trainer) restore() {
	for i, w := range t.best {
		copy(data(t.net.weights[i]), w)
	}
}

func data(t *tensor.Dense) []float32 { return t.Data().([]float32) }
