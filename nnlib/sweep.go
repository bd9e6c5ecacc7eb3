package nnlib

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"nuclab/nucnet/dataset"
)

// Sweep is trainings on the same data that differ in their settings. Each is
// kept in a folder under a name made of its settings, the data and the
// commit of the code: what is finished is not done again, and what was
// interrupted, even by a kill, goes on from its checkpoint. Where the commit is
// not known, as in a notebook, a change of the code does not change the name.
type Sweep struct {
	// Settings of the trainings, from [Grid] say. Their Threads and Checkpoint do
	// not count.
	Settings []Config
	// Times are places in the data set's times, each of which is trained for with
	// all of the settings; empty means all of them. Settings of a physical net are
	// trained with once, for all times.
	Times []int
	// Dir is the folder that keeps models and checkpoints; it is made if needed.
	Dir string
	// Workers is how many train at once, and Threads how many processors they use
	// together; 0 means as many as there are, for Workers as far as memory goes.
	// Neither changes a result.
	Workers, Threads int
	// Command is kept in the models, see Origin.
	Command string
	// Progress is called as the trainings go on, from several goroutines but never
	// from two at once; nil is not called.
	Progress func(SweepProgress)
}

// SweepProgress is where a sweep stands.
type SweepProgress struct {
	// Runs to do, those of them that have Ended and how many of these Failed.
	// Those that an earlier sweep finished are not among them.
	Runs, Ended, Failed int
	// Flops are the floating-point operations done and Total all there are to do, as
	// far as products of matrices go.
	Flops, Total float64
	// Latest says which run finished an epoch last, by what sets it apart:
	// "layers = 6"; Epoch is that epoch.
	Latest string
	Epoch  Epoch
	// Over is set in the last call.
	Over bool
}

// Run is one training of a sweep.
type Run struct {
	// Time after which the net predicts, s; 0 for a physical net, which does for
	// many.
	Time float64 `json:"t"`
	// Settings, without zeros.
	Settings Config `json:"settings"`
	// Weights is the number of the net's weights.
	Weights int `json:"weights"`
	// Best is the epoch whose weights were kept; nil if none was finished.
	Best *Epoch `json:"best"`
	// History of the training, up to its failure if it failed.
	History *History `json:"history"`
	// Model is the file with the net, "" if the run failed.
	Model string `json:"model,omitempty"`
	// Failed says why there is no net.
	Failed string `json:"failed,omitempty"`
}

// Net reads the net that was trained.
func (r Run) Net() (*Net, error) {
	if r.Failed != "" {
		return nil, fmt.Errorf("nnlib: this run of the sweep has no net: %s", r.Failed)
	}
	m, err := Load(r.Model)
	if err != nil {
		return nil, err
	}
	return m.Nets[0], nil
}

// Grid returns base with every combination of the values of the axes, the last of
// which varies fastest. An axis is a setting and its values, "lr=1e-3,1e-4", or a
// range of whole numbers, "layers=3..20". The error names the first combination
// that cannot be used.
func Grid(base Config, axes ...string) ([]Config, error) {
	all := []Config{base}
	seen := map[string]bool{}
	for _, axis := range axes {
		name, list, ok := strings.Cut(axis, "=")
		name = strings.TrimSpace(name)
		if !ok {
			return nil, fmt.Errorf("nnlib: %q is no axis of a sweep; one looks like layers=3,6,9 or layers=3..20", axis)
		}
		if seen[name] {
			return nil, fmt.Errorf("nnlib: two axes for %s", name)
		}
		seen[name] = true
		values, err := axisValues(list)
		if err != nil {
			return nil, err
		}
		var next []Config
		for _, c := range all {
			for _, v := range values {
				changed := c
				if err := changed.Set(name, v); err != nil {
					return nil, err
				}
				next = append(next, changed)
			}
		}
		all = next
	}
	return all, distinct(all)
}

// axisValues reads "3,6,9" or "3..20".
func axisValues(list string) ([]string, error) {
	if from, to, ok := strings.Cut(list, ".."); ok {
		a, err1 := strconv.Atoi(strings.TrimSpace(from))
		b, err2 := strconv.Atoi(strings.TrimSpace(to))
		if err1 != nil || err2 != nil || b < a || b-a > 9999 {
			return nil, fmt.Errorf("nnlib: %q is no range of whole numbers such as 3..20", list)
		}
		var values []string
		for v := a; v <= b; v++ {
			values = append(values, strconv.Itoa(v))
		}
		return values, nil
	}
	values := strings.Split(list, ",")
	for i, v := range values {
		if values[i] = strings.TrimSpace(v); values[i] == "" {
			return nil, fmt.Errorf("nnlib: %q has an empty value", list)
		}
	}
	return values, nil
}

// distinct reports settings that come twice.
func distinct(all []Config) error {
	seen := map[string]int{}
	for i, c := range all {
		s := c.withDefaults().settings()
		if j, ok := seen[s]; ok {
			return fmt.Errorf("nnlib: settings %d and %d of the sweep are the same", j+1, i+1)
		}
		seen[s] = i
	}
	return nil
}

// sweepRun is a run to be done.
type sweepRun struct {
	*Run
	place  int     // of its time in the data set, -1 for a physical net
	stem   string  // of its files
	label  string  // what sets it apart
	device string  // to train on
	flops  float64 // of a step
	steps  int     // in all
	made   int     // of them, so far
	memory int64   // bytes
}

func (r *sweepRun) file(kind string) string { return r.stem + "." + kind }

// sweep is a Sweep on its way.
type sweep struct {
	Sweep
	sets []*dataset.Set
	mu   sync.Mutex // of progress and its sums
	SweepProgress
}

// Run trains with all of the settings and returns what came of it, in the order
// of the settings and, for each, of the times. Physical nets may learn from
// several data sets of one network. Settings that cannot be used, or
// need more memory than there is, are found before anything is trained. A run
// that fails is recorded with its reason, and the others go on; when ctx ends, so
// does the sweep, and the runs returned are those that are finished.
func (s Sweep) Run(ctx context.Context, sets ...*dataset.Set) (Runs, error) {
	w := &sweep{Sweep: s, sets: sets}
	runs, err := w.plan()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("nnlib: sweep: %w", err)
	}
	var todo []*sweepRun
	for _, r := range runs {
		if !r.finished() {
			todo = append(todo, r)
			w.Total += float64(r.steps) * r.flops
		}
	}
	w.Runs = len(todo)
	if len(todo) > 0 {
		w.work(ctx, todo)
		w.Over = true
		w.tell()
	}
	var ended Runs
	for _, r := range runs {
		if r.Model != "" || r.Failed != "" {
			ended = append(ended, *r.Run)
		}
	}
	return ended, ctx.Err()
}

// plan checks all settings and returns the runs.
func (w *sweep) plan() ([]*sweepRun, error) {
	if len(w.Settings) == 0 {
		return nil, errors.New("nnlib: a sweep over no settings")
	}
	if w.Dir == "" {
		return nil, errors.New("nnlib: a sweep needs a folder for its models")
	}
	if w.Workers < 0 || w.Threads < 0 {
		return nil, fmt.Errorf("nnlib: a sweep by %d workers on %d threads", w.Workers, w.Threads)
	}
	if err := distinct(w.Settings); err != nil {
		return nil, err
	}
	if len(w.sets) == 0 {
		return nil, errors.New("nnlib: a sweep without a data set")
	}
	set := w.sets[0]
	if len(w.Times) == 0 {
		w.Times = every(len(set.Times))
	}
	for _, place := range w.Times {
		if place < 0 || place >= len(set.Times) {
			return nil, fmt.Errorf("nnlib: time %d of the data set: it has %d", place, len(set.Times))
		}
	}
	data, err := w.dataHash()
	if err != nil {
		return nil, err
	}
	var runs []*sweepRun
	for i, c := range w.Settings {
		c.Threads, c.Checkpoint = 0, ""
		c, err := c.forData(set.Network)
		if err == nil {
			err = errors.Join(c.fit(c.memoryOf(w.sets)), c.CheckDevice())
		}
		if err != nil {
			return nil, fmt.Errorf("settings %d of the sweep: %w", i+1, err)
		}
		places := w.Times
		if c.Net == "physical" {
			places = []int{-1}
		}
		for _, place := range places {
			r := &sweepRun{Run: &Run{Settings: c}, place: place, device: c.Device}
			name := "physical"
			if place >= 0 {
				r.Time = set.Times[place]
				name = "dt" + exact(r.Time)
			}
			r.Settings.Device = ""
			key, err := json.Marshal(struct {
				Code, Data string
				Time       float64
				Settings   Config
			}{dataset.CodeVersion(), data, r.Time, c})
			if err != nil {
				return nil, err
			}
			r.stem = filepath.Join(w.Dir, fmt.Sprintf("%s-%s-%.6x", c.Network, name, sha256.Sum256(key)))
			r.memory = c.memoryOf(w.sets)
			r.Weights = c.weights(len(set.Nuclides))
			r.flops = 6 * float64(r.Weights) * float64(c.Batch)
			r.steps = int(float64(c.Epochs) * (1 - c.Validation) * float64(r.samples(w.sets)) / float64(c.Batch))
			runs = append(runs, r)
		}
	}
	all := make(Runs, len(runs))
	for i, r := range runs {
		all[i] = *r.Run
	}
	names := all.differing()
	for i, r := range runs {
		var parts []string
		for k, v := range all[i].values(names) {
			parts = append(parts, names[k]+" = "+v)
		}
		r.label = strings.Join(parts, ", ")
	}
	return runs, nil
}

// samples estimates those of an epoch; the first step knows better.
func (r *sweepRun) samples(sets []*dataset.Set) int {
	if r.place >= 0 {
		return sets[0].Samples
	}
	n := 0
	for _, s := range sets {
		n += s.Samples * len(s.Times)
	}
	return n
}

// finished reports whether an earlier sweep has done the run, and if so takes
// over what came of it.
func (r *sweepRun) finished() bool {
	if m, err := Load(r.file("safetensors")); err == nil {
		r.succeeded(m.Nets[0])
		return true
	}
	text, err := os.ReadFile(r.file("failed.json"))
	if err != nil {
		return false
	}
	var was Run
	if json.Unmarshal(text, &was) != nil || was.Failed == "" {
		return false
	}
	r.failed(was.Failed, was.History)
	return true
}

func (r *sweepRun) succeeded(n *Net) {
	r.History, r.Model = n.History, r.file("safetensors")
	r.Best = r.History.kept()
}

func (r *sweepRun) failed(reason string, h *History) {
	r.Failed, r.History = reason, h
	r.Best = r.History.kept()
}

// kept is best, nil if no epoch was finished.
func (h *History) kept() *Epoch {
	if h == nil || h.Best == 0 {
		return nil
	}
	e := h.best()
	return &e
}

// work does the runs, the longest first so that none is left alone at the end.
func (w *sweep) work(ctx context.Context, todo []*sweepRun) {
	slices.SortStableFunc(todo, func(a, b *sweepRun) int {
		return int(min(1, max(-1, float64(b.steps)*b.flops-float64(a.steps)*a.flops)))
	})
	threads := or(w.Threads, runtime.GOMAXPROCS(0))
	workers := or(w.Workers, min(threads, fitting(todo, availableMemory())))
	workers = min(workers, len(todo))
	queue := make(chan *sweepRun)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for r := range queue {
				w.train(ctx, r, max(1, threads/workers))
			}
		})
	}
	for _, r := range todo {
		select {
		case queue <- r:
		case <-ctx.Done():
		}
	}
	close(queue)
	group.Wait()
}

// fitting returns how many of the runs fit in the memory at once whichever they
// are, at least one; 0 of memory is not known to be little.
func fitting(todo []*sweepRun, memory int64) int {
	if memory == 0 {
		return len(todo)
	}
	var needs []int64
	for _, r := range todo {
		needs = append(needs, r.memory)
	}
	slices.Sort(needs)
	slices.Reverse(needs)
	for i, n := range needs {
		if memory -= n; memory < 0 {
			return max(i, 1)
		}
	}
	return len(todo)
}

// train does one run.
func (w *sweep) train(ctx context.Context, r *sweepRun, threads int) {
	c := r.Settings
	c.Device, c.Threads, c.Checkpoint = r.device, threads, r.file("training")
	hooks := Hooks{
		Step:  func(p Progress) { w.report(r, p.Steps) },
		Epoch: func(e Epoch) { w.learnt(r, e) },
	}
	var net *Net
	var history *History
	var err error
	if r.place < 0 {
		net, history, err = TrainPhysical(ctx, c, w.sets, hooks)
	} else {
		net, history, err = TrainSet(ctx, c, w.sets[0], r.place, hooks)
	}
	if err == nil {
		net.Origin.Command = w.Command
		m := &Model{Nets: []*Net{net}}
		err = m.Save(r.file("safetensors"))
	}
	switch {
	case err == nil:
		r.succeeded(net)
		os.Remove(c.Checkpoint)
	case ctx.Err() != nil:
		return
	default:
		r.failed(err.Error(), history)
	}
	if errors.Is(err, ErrDiverged) { // and would again
		text, err := json.Marshal(r.Run)
		if err == nil {
			err = replaceFile(r.file("failed.json"), func(w io.Writer) error {
				_, err := w.Write(text)
				return err
			})
		}
		if err != nil {
			r.Failed += "; " + err.Error()
		} else {
			os.Remove(c.Checkpoint)
		}
	}
	w.end(r)
}

// report counts a step of a run, which will make so many in all.
func (w *sweep) report(r *sweepRun, steps int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Total += float64(steps-r.steps) * r.flops
	r.steps = steps
	r.made++
	w.Flops += r.flops
	w.tell()
}

// learnt tells of an epoch that a run finished.
func (w *sweep) learnt(r *sweepRun, e Epoch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Latest, w.Epoch = r.label, e
	w.tell()
}

// end counts a run that has ended, and what it did not need to do.
func (w *sweep) end(r *sweepRun) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Flops += float64(r.steps-r.made) * r.flops
	if w.Ended++; r.Failed != "" {
		w.Failed++
	}
	w.tell()
}

func (w *sweep) tell() {
	if w.Sweep.Progress != nil {
		w.Sweep.Progress(w.SweepProgress)
	}
}

// dataHash returns what tells the sweep's data from others, and an error for sets
// that cannot be learnt together.
func (w *sweep) dataHash() (string, error) {
	var hashes []string
	for _, set := range w.sets {
		if err := sameNuclides(w.sets[0].Nuclides, set.Nuclides); err != nil {
			return "", err
		}
		h, err := manifestHash(set)
		if err != nil {
			return "", err
		}
		hashes = append(hashes, h)
	}
	if len(w.sets) > 1 && slices.ContainsFunc(w.Settings, func(c Config) bool { return c.Net != "physical" }) {
		return "", fmt.Errorf("nnlib: %d data sets; only a physical net (net = physical) learns several", len(w.sets))
	}
	return strings.Join(hashes, " "), nil
}

// manifestHash returns the SHA-256 of what describes a data set, with those of
// all of its files.
func manifestHash(set *dataset.Set) (string, error) {
	manifest, err := json.Marshal(set.Manifest)
	return fmt.Sprintf("%x", sha256.Sum256(manifest)), err
}
