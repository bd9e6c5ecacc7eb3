package paper

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"nuclab/nnlib"
	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/rate"
)

// revision is part of the name of all that is kept. Raise it with any change by which burns or trainings give other
// numbers than before; the nuclear data are part of the names by themselves.
const revision = 1

// Experiment is the paper's experiment for one network at a scale.
type Experiment struct {
	Scale   Scale
	Network string // mesa_80 or mesa_151
	Seed    uint64 // of every random choice
	// Label is the energy that nets learn as e_nuc: "" and "row" mean that of a burn's last step, as in the paper; "whole"
	// all that is released until then, some twenty times as much, which is divided by so much more before it is learnt.
	Label string
	// Correct burns with the best physics there is, in place of that of the paper's burns: reverse rates of MESA r23.05.1,
	// which lie orders of magnitude from detailed balance above 5 GK, and MESA's choice of fits.
	Correct bool
	// Cache is the folder for what is made; "" means "data", beside a notebook.
	Cache string
}

// cache returns the folder for what is made.
func (x Experiment) cache() string {
	if x.Cache == "" {
		return "data"
	}
	return x.Cache
}

// Times returns the label times of the nets of the scale, s: those of dataset.PaperTimes nearest to Scale.Times.
func (x Experiment) Times() ([]float64, error) {
	s, err := x.Scale.withDefaults(x.Network)
	if err != nil {
		return nil, err
	}
	all, _, err := dataset.PaperTimes(x.Network)
	if err != nil {
		return nil, err
	}
	var times []float64
	for _, k := range places(s.Times) {
		times = append(times, all[k])
	}
	return times, nil
}

// logX is the range of log10 X of the random compositions, before they are normalised. How the paper made its compositions is
// not published; with this range the median of free neutrons in those of mesa_80 is theirs, 0.017.
var logX = [2]float64{-8, 0}

// settings returns what describes the set of a protocol. Sets have all nine times, whatever the scale's, so that a net for
// another one needs no new burns.
func (x Experiment) settings(p dataset.Protocol) (dataset.Settings, error) {
	s, err := x.Scale.withDefaults(x.Network)
	if err != nil {
		return dataset.Settings{}, err
	}
	d := dataset.Settings{Network: x.Network, Samples: s.Samples, Seed: x.Seed, Protocol: p, MESA: !x.Correct}
	if !x.Correct {
		d.Burn.DetailedBalance = rate.R2305
	}
	d.Design.LogX = logX
	if p != dataset.Train {
		d.Samples, d.Seed = s.Tests, x.Seed+1
	}
	d.Times, d.Steps, err = dataset.PaperTimes(x.Network)
	return d, err
}

// Training returns the burns that the nets learn, made if they are not there yet.
func (x Experiment) Training(ctx context.Context) (*dataset.Set, error) {
	s, err := x.settings(dataset.Train)
	if err != nil {
		return nil, err
	}
	return x.burns(ctx, x.Network+": burns to learn", s)
}

// Test returns the runs that the nets are tested on by a protocol, with the small network's beside them. Those of
// dataset.PaperTest and dataset.CleanTest are the same runs, of which the one takes other targets than the other.
func (x Experiment) Test(ctx context.Context, p dataset.Protocol) (*dataset.Set, error) {
	if p != dataset.PaperTest && p != dataset.CleanTest {
		return nil, fmt.Errorf("paper: protocol %q: want %s or %s", p, dataset.PaperTest, dataset.CleanTest)
	}
	s, err := x.settings(p)
	if err != nil {
		return nil, err
	}
	return x.burns(ctx, fmt.Sprintf("%s: test runs, protocol %s", x.Network, p), s)
}

// TestAt returns n test runs like those of Test that all have the temperature T, K, and the density rho, g/cm3.
func (x Experiment) TestAt(ctx context.Context, p dataset.Protocol, T, rho float64, n int) (*dataset.Set, error) {
	if !(T > 0) || !(rho > 0) || n < 1 {
		return nil, fmt.Errorf("paper: %d runs at T = %g K, rho = %g g/cm3", n, T, rho)
	}
	s, err := x.settings(p)
	if err != nil {
		return nil, err
	}
	logT, logRho := math.Log10(T), math.Log10(rho)
	s.Samples, s.Design.LogT, s.Design.LogRho = n, [2]float64{logT, logT}, [2]float64{logRho, logRho}
	return x.burns(ctx, fmt.Sprintf("%s: runs at %.3g GK, protocol %s", x.Network, T/1e9, p), s)
}

// burns returns a data set, kept under a name made of what decides it.
func (x Experiment) burns(ctx context.Context, label string, s dataset.Settings) (*dataset.Set, error) {
	dir, err := x.dir(s)
	if err != nil {
		return nil, err
	}
	if set, err := finished(dir); set != nil || err != nil {
		return set, err
	}
	unlock, err := lock(ctx, dir+".lock", label)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if set, err := finished(dir); set != nil || err != nil { // made by the one who had the lock
		return set, err
	}
	s.Resume = true
	show := bar(label)
	defer show.done()
	if _, err := dataset.Generate(ctx, dir, s, show.set); err != nil {
		return nil, err
	}
	return dataset.Open(dir)
}

// finished returns the set in a folder, nil if all of it or a part is still to be made.
func finished(dir string) (*dataset.Set, error) {
	set, err := dataset.Open(dir)
	switch {
	case errors.Is(err, dataset.ErrNoDataset):
		return nil, nil
	case err != nil:
		return nil, err
	case !set.Complete:
		return nil, nil
	}
	return set, nil
}

// dir returns the folder of a data set.
func (x Experiment) dir(s dataset.Settings) (string, error) {
	headers, err := rate.Headers()
	if err != nil {
		return "", err
	}
	key, err := json.Marshal(struct {
		Revision int
		Data     any
		Settings dataset.Settings
	}{revision, headers, s})
	if err != nil {
		return "", fmt.Errorf("paper: %w", err)
	}
	return filepath.Join(x.cache(), fmt.Sprintf("%s-%s-%.6x", s.Network, s.Protocol, sha256.Sum256(key))), nil
}

// Config returns the settings of the nets.
func (x Experiment) Config() (nnlib.Config, error) {
	s, err := x.Scale.withDefaults(x.Network)
	if err != nil {
		return nnlib.Config{}, err
	}
	c, err := nnlib.Paper(x.Network)
	c.Layers, c.Width, c.First = s.Layers, s.Width, s.First
	c.Epochs, c.Patience, c.Batch, c.LR, c.Seed = s.Epochs, s.Patience, s.Batch, s.LR, x.Seed
	if x.Label != "" {
		c.Label = x.Label
	}
	if x.Label == "whole" {
		c.EnergyScale *= 20 // or it would be all that the net learns
	}
	return c, err
}

// Model returns the nets for the times of the scale, with the histories of their trainings, trained if they are not there
// yet.
func (x Experiment) Model(ctx context.Context) (*nnlib.Model, error) {
	s, err := x.Scale.withDefaults(x.Network)
	if err != nil {
		return nil, err
	}
	c, err := x.Config()
	if err != nil {
		return nil, err
	}
	runs, err := x.train(ctx, "nets", []nnlib.Config{c}, s.Times)
	if err != nil {
		return nil, err
	}
	m := &nnlib.Model{}
	for _, r := range runs {
		net, err := r.Net()
		if err != nil {
			return nil, fmt.Errorf("paper: %s, %.3g s: %w", x.Network, r.Time, err)
		}
		m.Nets = append(m.Nets, net)
	}
	return m, nil
}

// Scan returns the trainings of nets of all depths of the scale, in their order. Those that failed say so.
func (x Experiment) Scan(ctx context.Context) (nnlib.Runs, error) {
	s, err := x.Scale.withDefaults(x.Network)
	if err != nil {
		return nil, err
	}
	var all []nnlib.Config
	for _, depth := range s.Depths {
		c, err := x.Config()
		if err != nil {
			return nil, err
		}
		c.Layers = depth - 1
		all = append(all, c)
	}
	return x.train(ctx, "scan over layers", all, []float64{s.ScanTime})
}

// train returns the runs of a sweep over the training set. Sweeps of one network share a folder, so that none trains what
// another has trained.
func (x Experiment) train(ctx context.Context, what string, all []nnlib.Config, times []float64) (nnlib.Runs, error) {
	set, err := x.Training(ctx)
	if err != nil {
		return nil, err
	}
	dir := x.nets()
	label := fmt.Sprintf("%s: %s", x.Network, what)
	sweep := nnlib.Sweep{Settings: all, Times: places(times), Dir: dir}
	// A sweep without time trains nothing and returns what is there: who needs no more than that need not wait.
	late, cancel := context.WithCancel(ctx)
	cancel()
	switch runs, err := sweep.Run(late, set); {
	case len(runs) == len(all)*len(times):
		return runs, nil
	case err != nil && !errors.Is(err, context.Canceled):
		return nil, err
	}
	unlock, err := lock(ctx, filepath.Join(dir, x.Network+".lock"), label)
	if err != nil {
		return nil, err
	}
	defer unlock()
	sweep.Progress = nnlib.ShowSweep(label)
	return sweep.Run(ctx, set)
}

// nets returns the folder of trained nets.
func (x Experiment) nets() string { return filepath.Join(x.cache(), fmt.Sprintf("nets-%d", revision)) }

// places returns the numbers of times among the nine. Scale.withDefaults has checked them.
func places(times []float64) (all []int) {
	for _, t := range times {
		k, _ := place(t)
		all = append(all, k)
	}
	return all
}

// For returns the experiment with the label that a protocol scores: nets that are to pass the test dataset.PaperTest learn
// the energy of a last step, those for dataset.CleanTest that of the whole time.
func (x Experiment) For(p dataset.Protocol) Experiment {
	if x.Label = "row"; p == dataset.CleanTest {
		x.Label = "whole"
	}
	return x
}

// Evaluate tests the nets by a protocol, those that have learnt what it scores: see For.
func (x Experiment) Evaluate(ctx context.Context, p dataset.Protocol) (*nnlib.Evaluation, error) {
	m, err := x.For(p).Model(ctx)
	if err != nil {
		return nil, err
	}
	return x.Score(ctx, p, m)
}

// Score tests other nets by a protocol, on the same runs as Evaluate.
func (x Experiment) Score(ctx context.Context, p dataset.Protocol, m *nnlib.Model) (*nnlib.Evaluation, error) {
	set, err := x.Test(ctx, p)
	if err != nil {
		return nil, err
	}
	t, err := set.Load()
	if err != nil {
		return nil, err
	}
	return nnlib.Evaluate(ctx, m, t)
}

// Burner returns the reaction network that the burns are of, and how it burns.
func (x Experiment) Burner() (*nucnet.Network, nucnet.Options, error) {
	net, err := nucnet.Stock(x.Network)
	if err != nil || x.Correct {
		return net, nucnet.Options{}, err
	}
	net, err = net.By(rate.Rules{OneWay: true, Exothermic: true, ListedNeutrinos: true})
	return net, nucnet.Options{DetailedBalance: rate.R2305}, err
}
