package nnlib

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
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

// WriteCSV writes a line for each epoch, and before them one of names.
func (h *History) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"epoch", "training_total", "training_composition", "training_energy",
		"validation_total", "validation_composition", "validation_energy", "kept"})
	for _, e := range h.Epochs {
		row := []string{strconv.Itoa(e.Epoch)}
		for _, v := range []float64{e.Training.Total, e.Training.Composition, e.Training.Energy,
			e.Validation.Total, e.Validation.Composition, e.Validation.Energy} {
			row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
		}
		c.Write(append(row, strconv.FormatBool(e.Epoch == h.Best)))
	}
	c.Flush()
	return c.Error()
}

// ErrDiverged is wrapped by the error for a loss that is not a number any more.
var ErrDiverged = errors.New("the training has diverged")

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
	// Begin is called before the first step, with the epochs of a checkpoint
	// that is gone on from.
	Begin func(*History)
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
	// next writes a sample to the rows given: one of each of the network's inputs,
	// then that of the target.
	next(ctx context.Context, rows [][]float32) error
	// skip passes over the next n, before anything was read.
	skip(ctx context.Context, n int) error
	close()
}

// shuffled is a source in memory.
type shuffled struct {
	*samples
	order *order
}

func (s shuffled) next(_ context.Context, rows [][]float32) error {
	r := s.order.next()
	copy(rows[0], s.x[r*s.cols:])
	copy(rows[1], s.target[r*s.cols:])
	return nil
}

func (s shuffled) skip(_ context.Context, n int) error {
	s.order.skip(n)
	return nil
}

func (shuffled) close() {}

func (o *order) next() int {
	o.skip(1)
	return o.all[o.at-1]
}

// skip passes over the next n samples.
func (o *order) skip(n int) {
	for n > 0 {
		if o.at == len(o.all) {
			o.random.Shuffle(len(o.all), func(i, j int) { o.all[i], o.all[j] = o.all[j], o.all[i] })
			o.at = 0
		}
		k := min(n, len(o.all)-o.at)
		o.at += k
		n -= k
	}
}

// Train learns the network for one of the table's times (its index). It keeps
// the weights of the epoch with the least composition loss on the validation
// samples. The same settings and data give the same bits for any number of
// threads.
//
// When ctx ends, or when the loss stops being a number, Train returns the best
// network so far together with the error. With Config.Checkpoint a training that
// ended early goes on, even in the middle of an epoch.
func Train(ctx context.Context, cfg Config, data *dataset.Table, timeIndex int, hooks Hooks) (*Net, *History, error) {
	cfg, err := cfg.forTime(data.Network)
	if err != nil {
		return nil, nil, err
	}
	if err := checkTable(data, timeIndex); err != nil {
		return nil, nil, err
	}
	if err := cfg.fits(len(data.Nuclides), len(data.T), 0); err != nil {
		return nil, nil, err
	}
	rows := good(data)
	if len(rows) < 2 {
		return nil, nil, fmt.Errorf("nnlib: %w: %d usable samples: training and validation need one each at least", ErrData, len(rows))
	}
	cfg.random(useSplit).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	held := min(max(1, int(math.Round(cfg.Validation*float64(len(rows))))), len(rows)-1)
	seen := surveyed(data, rows[held:])
	if seen.err != nil {
		return nil, nil, seen.err
	}
	net, err := cfg.newNet(data.Nuclides, data.Times[timeIndex], seen)
	if err != nil {
		return nil, nil, err
	}
	validation, err := read(ctx, cfg, net.Scaling, data, timeIndex, rows[:held])
	if err != nil {
		return nil, nil, err
	}
	training, err := read(ctx, cfg, net.Scaling, data, timeIndex, rows[held:])
	if err != nil {
		return nil, nil, err
	}
	net.Data = fingerprint(training, validation)
	t := newTrainer(net, shuffled{training, newOrder(training.rows(), cfg.random(useOrder))}, net.judge(validation), hooks)
	return net, net.History, t.run(ctx)
}

// forData returns the settings for a data set of a network, without zeros.
func (c Config) forData(network string) (Config, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	c = c.withDefaults()
	if c.Network = or(c.Network, network); network != "" && c.Network != network {
		return c, fmt.Errorf("nnlib: %w: network = %s, but the data set is of %s", ErrData, c.Network, network)
	}
	return c, nil
}

// forTime is forData for a net that is for one time.
func (c Config) forTime(network string) (Config, error) {
	if c.Net == "physical" {
		return c, fmt.Errorf("nnlib: net = physical: it is for all times at once, which TrainPhysical learns")
	}
	return c.forData(network)
}

// What random numbers are used for: one stream for each, so that a change to one leaves the others alone.
const (
	useSplit uint64 = iota + 1
	useWeights
	useOrder
)

func (c Config) random(use uint64) *rand.Rand { return rand.New(rand.NewPCG(c.Seed, use)) }

// newNet returns the net to be trained for a time, in s, on the samples of the survey.
func (c Config) newNet(nuclides []nuclide.Nuclide, time float64, s *survey) (*Net, error) {
	net, err := newNet(c, nuclides, time, c.random(useWeights))
	if err != nil {
		return nil, err
	}
	net.prepare(s)
	return net, nil
}

// prepare gives a net that is to be trained what follows from its samples.
func (n *Net) prepare(s *survey) {
	if n.Config.Inputs == "scaled" {
		n.Scaling = s.scaling()
	}
	n.Domain = s.box()
	n.History = &History{}
	n.Origin.Code = dataset.CodeVersion()
}

// trainer is one training on its way.
type trainer struct {
	net      *Net
	training source
	judge    judge
	hooks    Hooks

	machine   *vm.Machine
	optimizer *vm.Optimizer
	loop      *vm.Loop
	ahead     int // steps that are made before their losses are waited for
	graph     *graph
	batch     int
	began     time.Time
	first     int // step since then
	saved     time.Time
	position
	best [][]float32
}

// judge returns the loss of a net over the validation samples.
type judge func(ctx context.Context) (Loss, error)

func newTrainer(net *Net, training source, judge judge, hooks Hooks) *trainer {
	return &trainer{net: net, training: training, judge: judge, hooks: hooks,
		position: position{Least: math.Inf(1), History: net.History}}
}

func (t *trainer) run(ctx context.Context) (err error) {
	if t.hooks.Done != nil {
		defer t.hooks.Done()
	}
	c := t.net.Config
	t.batch = min(c.Batch, t.training.rows())
	if t.graph, err = t.net.build(t.batch, true); err != nil {
		return err
	}
	targets := append(t.graph.gradients[:len(t.graph.gradients):len(t.graph.gradients)], t.graph.loss, t.graph.composition, t.graph.energy)
	backend, err := c.backend()
	if err != nil {
		return err
	}
	if t.machine, err = vm.New(backend, targets...); err != nil {
		return err
	}
	defer t.machine.Close()
	if !isCPU(backend) {
		if err := t.net.on(backend); err != nil {
			return err
		}
		defer t.net.on(nil)
	}
	adam := vm.Adam{Rate: c.LR, Decay: c.Decay, Clip: c.Clip, Average: c.Average}
	if t.optimizer, err = t.machine.NewAdam(adam, t.graph.parameters, t.graph.gradients); err != nil {
		return err
	}
	if err := t.resume(ctx); err != nil {
		return err
	}
	if err := t.makeLoop(backend); err != nil {
		return err
	}
	if t.hooks.Begin != nil {
		t.hooks.Begin(t.History)
	}
	defer t.restore()
	t.began, t.saved = time.Now(), time.Now()
	for epoch := len(t.History.Epochs) + 1; epoch <= c.Epochs && !(c.Patience > 0 && t.Since >= c.Patience); epoch++ {
		e := Epoch{Epoch: epoch}
		if e.Training, err = t.epoch(ctx, epoch); err == nil {
			e.Validation, err = t.validate(ctx)
		}
		if err != nil {
			if ctx.Err() != nil {
				err = errors.Join(err, t.save())
			}
			return err
		}
		t.History.Epochs = append(t.History.Epochs, e)
		if t.Since++; e.Validation.Composition < t.Least {
			t.Least, t.Since = e.Validation.Composition, 0
			t.History.Best = epoch
			if err := t.keep(); err != nil {
				return err
			}
		}
		t.Sum = Loss{}
		if t.hooks.Epoch != nil {
			t.hooks.Epoch(e)
		}
		if time.Since(t.saved) > checkpointEvery {
			if err := t.save(); err != nil {
				return err
			}
		}
	}
	return t.save()
}

// stepsUntil returns how many steps the first epochs take.
func (t *trainer) stepsUntil(epoch int) int {
	return int(int64(epoch) * int64(t.training.rows()) / int64(t.batch))
}

// stepsAhead is how many steps a GPU is given before their losses are waited for.
const stepsAhead = 16

// openBackend is replaced in tests, which train on a stand-in.
var openBackend = vm.Auto

func (c Config) backend() (vm.Backend, error) {
	return openBackend(c.Device, c.Threads, vm.Precision(c.Precision))
}

// CheckDevice returns an error that says what is missing where this machine cannot
// train on the settings' Device in their Precision.
func (c Config) CheckDevice() error {
	_, err := c.withDefaults().backend()
	return err
}

// makeLoop prepares the steps, which go on from the weights on the host. Samples
// in memory are left to the loop, which may put them on the device.
func (t *trainer) makeLoop(backend vm.Backend) (err error) {
	if err := t.machine.Store(t.graph.parameters...); err != nil {
		return err
	}
	if t.ahead = 1; !isCPU(backend) {
		t.ahead = stepsAhead
	}
	var all []vm.Samples
	if s, ok := t.training.(shuffled); ok {
		all = []vm.Samples{{Node: t.graph.inputs[0], Data: s.x}, {Node: t.graph.target, Data: s.target}}
	}
	t.loop, err = t.machine.NewLoop(t.optimizer, all, t.graph.loss, t.graph.composition, t.graph.energy)
	return err
}

func isCPU(b vm.Backend) bool {
	_, ok := b.(vm.CPU)
	return ok
}

// draw takes the next batch: the numbers of its rows, or nil with the batch in
// the graph's variables.
func (t *trainer) draw(ctx context.Context) ([]int32, error) {
	if s, ok := t.training.(shuffled); ok {
		rows := make([]int32, t.batch)
		for i := range rows {
			rows[i] = int32(s.order.next())
		}
		return rows, nil
	}
	var all [][]float32
	for _, n := range append(slices.Clone(t.graph.inputs), t.graph.target) {
		all = append(all, values32(n))
	}
	rows := make([][]float32, len(all))
	for i := range t.batch {
		for k, x := range all {
			cols := len(x) / t.batch
			rows[k] = x[i*cols : (i+1)*cols]
		}
		if err := t.training.next(ctx, rows); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// epoch makes the steps of one epoch that are left, brings the weights to the
// host and returns the mean loss of all steps.
func (t *trainer) epoch(ctx context.Context, epoch int) (Loss, error) {
	c := t.net.Config
	last, steps := t.stepsUntil(epoch), t.stepsUntil(c.Epochs)
	n := last - t.stepsUntil(epoch-1)
	for made := t.Step; t.Step < last; {
		rows, err := t.draw(ctx)
		if err == nil {
			t.optimizer.Adam.Rate = c.rate(made, steps)
			err = t.loop.Step(ctx, rows)
		}
		if err == nil {
			made++
		}
		if err != nil || made-t.Step >= t.ahead || made == last {
			err = errors.Join(t.count(epoch, last, n), err)
		}
		if err != nil {
			return Loss{}, err
		}
	}
	k := float64(n)
	return Loss{t.Sum.Total / k, t.Sum.Composition / k, t.Sum.Energy / k}, t.machine.Fetch(t.graph.parameters...)
}

// count takes over the losses of the steps that were made; the epoch has n steps
// and ends with the last.
func (t *trainer) count(epoch, last, n int) error {
	c := t.net.Config
	losses, err := t.loop.Losses()
	if err != nil {
		return err
	}
	for _, v := range losses {
		loss, composition := v[0], v[1]
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("nnlib: %w: the loss is %v in step %d (epoch %d, batch %d of %d, learning rate %g)",
				ErrDiverged, loss, t.Step+1, epoch, n-(last-t.Step)+1, n, c.rate(t.Step, t.stepsUntil(c.Epochs)))
		}
		t.Step++
		t.Sum.Total += loss
		t.Sum.Composition += composition
		t.Sum.Energy += v[2]
		if t.hooks.Step != nil {
			t.report(epoch, loss)
		}
	}
	return nil
}

func (t *trainer) report(epoch int, loss float64) {
	p := Progress{Epoch: epoch, Epochs: t.net.Config.Epochs, Step: t.Step, Steps: t.stepsUntil(t.net.Config.Epochs), Loss: loss}
	if spent := time.Since(t.began); spent > 0 {
		made := t.Step - t.first
		p.SamplesPerSecond = float64(made*t.batch) / spent.Seconds()
		p.Left = time.Duration(float64(spent) / float64(made) * float64(p.Steps-p.Step))
	}
	t.hooks.Step(p)
}

// validate returns the loss over the validation samples, with averaged weights
// if the model will have these.
func (t *trainer) validate(ctx context.Context) (Loss, error) {
	own, err := t.averaged()
	if err != nil {
		return Loss{}, err
	}
	l, err := t.judge(ctx)
	t.put(own)
	if err == nil && (math.IsNaN(l.Total) || math.IsInf(l.Total, 0)) {
		err = fmt.Errorf("nnlib: %w: the validation loss is %v after step %d", ErrDiverged, l.Total, t.Step)
	}
	return l, err
}

// judge returns what judges a net of the paper's kind by the samples.
func (n *Net) judge(s *samples) judge {
	out := make([]float32, len(s.x))
	parts := lossParts(s.cols, 1)
	return func(ctx context.Context) (Loss, error) {
		if err := n.run(ctx, s.rows(), [][]float32{s.x}, out); err != nil {
			return Loss{}, err
		}
		l := Loss{
			Composition: op.SumAbs(parts[:1], s.rows(), s.cols, out, s.target),
			Energy:      op.SumAbs(parts[1:], s.rows(), s.cols, out, s.target),
		}
		l.Total = l.Composition + n.Config.EnergyWeight*l.Energy
		return l, nil
	}
}

// averaged replaces the weights by their averages, where these are wanted, and
// returns what they were.
func (t *trainer) averaged() (own [][]float32, err error) {
	if t.net.Config.Average == 0 {
		return nil, nil
	}
	state, err := t.optimizer.State()
	if err != nil {
		return nil, err
	}
	for i, w := range t.net.weights {
		own = append(own, slices.Clone(data(w)))
		copy(data(w), state.Average[i].Data().([]float32))
	}
	return own, nil
}

func (t *trainer) put(weights [][]float32) {
	for i, w := range weights {
		copy(data(t.net.weights[i]), w)
	}
}

// keep copies the weights that the model would have, restore makes it have the
// kept ones.
func (t *trainer) keep() error {
	own, err := t.averaged()
	if err != nil {
		return err
	}
	if t.best == nil {
		t.best = make([][]float32, len(t.net.weights))
	}
	for i, w := range t.net.weights {
		t.best[i] = append(t.best[i][:0], data(w)...)
	}
	t.put(own)
	return nil
}

func (t *trainer) restore() { t.put(t.best) }

func data(t *tensor.Dense) []float32 { return t.Data().([]float32) }
