package nnlib

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"

	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nuclide"
)

func nuclides(t testing.TB, names string) []nuclide.Nuclide {
	t.Helper()
	list, err := nuclide.ParseList(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// table makes up samples whose ends are a smooth function of their starts: the
// hotter, the more of everything has become nickel.
func table(t testing.TB, rows int, seed uint64) *dataset.Table {
	list := nuclides(t, "h1,he4,si28,fe54,ni56")
	r := rand.New(rand.NewPCG(seed, 0))
	d := &dataset.Table{Nuclides: list, Times: []float64{1e-3, 1}, Ends: make([]dataset.End, 2)}
	for i := range rows {
		x := make([]float64, len(list))
		sum := 0.0
		for j := range x {
			x[j] = r.ExpFloat64()
			sum += x[j]
		}
		for j := range x {
			x[j] /= sum
		}
		hot := r.Float64()
		d.Index = append(d.Index, int64(i))
		d.T = append(d.T, math.Pow(10, 9.2+0.7*hot))
		d.Rho = append(d.Rho, math.Pow(10, 7+2*r.Float64()))
		d.X = append(d.X, x...)
		d.Ye = append(d.Ye, electronFraction(list, x))
		d.Status = append(d.Status, "ok")
		for k := range d.Ends {
			e := &d.Ends[k]
			burnt := hot * float64(k+1) / 2
			for j := range x {
				v := x[j] * (1 - burnt)
				if j == len(x)-1 {
					v += burnt
				}
				e.X = append(e.X, v)
			}
			e.Ye = append(e.Ye, electronFraction(list, e.X[len(e.X)-len(x):]))
			e.Q = append(e.Q, 2e17*burnt)
			e.EpsNu = append(e.EpsNu, 3e15*burnt)
			e.EpsNuIntegral = append(e.EpsNuIntegral, 1e16*burnt)
			e.EpsNucRow = append(e.EpsNucRow, 5e15*burnt)
		}
	}
	return d
}

var tiny = Config{Network: "test", Layers: 2, Width: 32, Batch: 16, LR: 3e-3, Epochs: 30, Seed: 1}

func train(t testing.TB, c Config, d *dataset.Table, time int) *Net {
	t.Helper()
	n, _, err := Train(t.Context(), c, d, time, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func state(d *dataset.Table, row int) nucnet.State {
	n := len(d.Nuclides)
	return nucnet.State{T: d.T[row], Rho: d.Rho[row], X: d.X[row*n : (row+1)*n]}
}

// A network that cannot learn a handful of samples by heart learns nothing.
func TestOverfitsAHandful(t *testing.T) {
	c := Config{Layers: 2, Width: 128, LR: 1e-3, Epochs: 4000, Seed: 3}
	_, h, err := Train(t.Context(), c, table(t, 9, 1), 1, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	first, least := h.Epochs[0].Training, h.Epochs[0].Training
	for _, e := range h.Epochs {
		least.Composition = min(least.Composition, e.Training.Composition)
		least.Energy = min(least.Energy, e.Training.Energy)
	}
	if least.Composition > 0.05*first.Composition || least.Energy > 0.05*first.Energy {
		t.Errorf("4000 steps on 8 samples brought %+v down to %+v only", first, least)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	d := table(t, 70, 2)
	var want *Net
	for _, threads := range []int{1, 2, 5} {
		c := tiny
		c.Threads = threads
		n := train(t, c, d, 0)
		if want == nil {
			want = n
			continue
		}
		if !reflect.DeepEqual(n.History, want.History) {
			t.Errorf("another history on %d threads", threads)
		}
		for i, w := range n.weights {
			if !reflect.DeepEqual(data(w), data(want.weights[i])) {
				t.Errorf("other weights on %d threads", threads)
			}
		}
	}
	c := tiny
	c.Seed++
	if reflect.DeepEqual(train(t, c, d, 0).History, want.History) {
		t.Error("another seed, the same history")
	}
}

// What the net says of its own loss must be what Gorgonia's machine says.
func TestStockMachineGivesTheSameLoss(t *testing.T) {
	d := table(t, 12, 4)
	c := tiny.withDefaults()
	s, err := read(t.Context(), c, Scaling{}, d, 0, good(d))
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNet(c, d.Nuclides, 1e-3, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	g, err := build(n.dims, n.weights, s.rows(), 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(values32(g.inputs[0]), s.x)
	copy(g.target.Value().Data().([]float32), s.target)
	vm := G.NewTapeMachine(g.loss.Graph())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	l, err := n.judge(s)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := float64(g.loss.Value().Data().(float32)); math.Abs(l.Total-want) > 1e-5*want {
		t.Errorf("loss %v, on the TapeMachine %v", l.Total, want)
	}
}

// The paper's nets: 40.1 million weights for mesa_80.
func TestPaperNets(t *testing.T) {
	for network, want := range map[string]struct {
		nuclides, layers int
		dims             string
	}{
		"mesa_80":  {80, 12, "82 1024 2048 2048 2048 2048 2048 2048 2048 2048 2048 2048 82"},
		"mesa_151": {151, 9, "153 1024 2048 2048 2048 2048 2048 2048 2048 153"},
	} {
		c, err := Paper(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		dims := c.withDefaults().dims(want.nuclides)
		if len(dims)-1 != want.layers {
			t.Errorf("%s: %d linear layers, not %d", network, len(dims)-1, want.layers)
		}
		if got := strings.Trim(strings.Join(strings.Fields(sprint(dims)), " "), "[]"); got != want.dims {
			t.Errorf("%s: %s", network, got)
		}
		weights := 0
		for l := 0; l+1 < len(dims); l++ {
			weights += (dims[l] + 1) * dims[l+1]
		}
		if network == "mesa_80" && math.Abs(float64(weights)-40.1e6) > 0.05e6 {
			t.Errorf("mesa_80: %d weights, not 40.1 million", weights)
		}
	}
	if _, err := Paper("mesa_201"); err == nil {
		t.Error("the paper has no net for mesa_201")
	}
}

func TestPredict(t *testing.T) {
	d := table(t, 200, 5)
	c := tiny
	c.Epochs = 400
	m := &Model{Nets: []*Net{train(t, c, d, 1), train(t, tiny, d, 0)}}
	states := []nucnet.State{state(d, 0), state(d, 1), state(d, 2)}
	all, err := m.Predict(t.Context(), states, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range all {
		sum := 0.0
		for _, x := range p.X {
			sum += x
		}
		if math.Abs(sum-1) > 1e-14 {
			t.Errorf("sum X - 1 = %g", sum-1)
		}
		if math.Abs(p.Ye-electronFraction(d.Nuclides, p.X)) > 1e-15 {
			t.Errorf("Ye %v is not that of X", p.Ye)
		}
		if !p.InDomain {
			t.Errorf("sample %d lies outside its own domain", i)
		}
		truth := d.Ends[1].Q[i] - d.Ends[1].EpsNuIntegral[i]
		if math.Abs(p.EpsNuc-truth) > 0.2*2e17 {
			t.Errorf("e_nuc %.3g, learnt from %.3g", p.EpsNuc, truth)
		}
		one, err := m.Predict(t.Context(), states[i:i+1], 1)
		if err != nil {
			t.Fatal(err)
		}
		for j := range p.X {
			if math.Abs(one[0].X[j]-p.X[j]) > 1e-6 {
				t.Errorf("X[%d] is %v alone, %v in a batch", j, one[0].X[j], p.X[j])
			}
		}
	}
	_, err = m.Predict(t.Context(), states, 0.1)
	if !errors.Is(err, ErrTime) || !strings.Contains(err.Error(), "0.001, 1") {
		t.Errorf("a time without a net: %v", err)
	}
	hot := states[0]
	hot.T = 5e10
	out, err := m.Predict(t.Context(), []nucnet.State{hot}, 1)
	if err != nil || out[0].InDomain {
		t.Errorf("5e10 K is not in the domain: %v, %v", out, err)
	}
	for what, s := range map[string]nucnet.State{
		"T":   {T: -1, Rho: 1e8, X: states[0].X},
		"rho": {T: 3e9, Rho: math.NaN(), X: states[0].X},
		"len": {T: 3e9, Rho: 1e8, X: states[0].X[1:]},
		"sum": {T: 3e9, Rho: 1e8, X: []float64{0.9, 0, 0, 0, 0}},
	} {
		if _, err := m.Predict(t.Context(), []nucnet.State{s}, 1); !errors.Is(err, ErrState) {
			t.Errorf("bad %s: %v", what, err)
		}
	}
}

// 28 nucleons of silicon turned to nickel: what the masses say.
func TestPredictedQIsTheMassDefect(t *testing.T) {
	d := table(t, 60, 6)
	p, err := train(t, tiny, d, 0).Predict(t.Context(), []nucnet.State{state(d, 0)})
	if err != nil {
		t.Fatal(err)
	}
	q := 0.0
	for j, n := range d.Nuclides {
		// q in MeV per nucleon from masses in u instead of mass excesses
		q -= (p[0].X[j] - d.X[j]) * n.Mass() / float64(n.A()) * nuclide.AtomicMassMeV
	}
	q *= nuclide.ErgPerGram
	if math.Abs(p[0].Q-q) > 1e-9*math.Abs(q) {
		t.Errorf("Q %v, mass defect %v", p[0].Q, q)
	}
}

func TestCancelKeepsTheBest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := tiny
	c.Epochs = 1000
	n, h, err := Train(ctx, c, table(t, 80, 7), 0, Hooks{Epoch: func(e Epoch) {
		if e.Epoch == 5 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if n == nil || len(h.Epochs) != 5 || h.Best < 1 {
		t.Fatalf("after five epochs: net %v, history %+v", n, h)
	}
	if _, err := n.Predict(t.Context(), []nucnet.State{state(table(t, 80, 7), 0)}); err != nil {
		t.Error(err)
	}
}

func TestPatienceStopsAndKeepsTheBest(t *testing.T) {
	c := tiny
	c.Epochs, c.Patience, c.LR = 500, 3, 0.05
	d := table(t, 40, 8)
	n, h, err := Train(t.Context(), c, d, 0, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Epochs) == 500 || len(h.Epochs) != h.Best+3 {
		t.Errorf("best epoch %d of %d with a patience of 3", h.Best, len(h.Epochs))
	}
	for _, e := range h.Epochs {
		if e.Validation.Composition < h.Epochs[h.Best-1].Validation.Composition {
			t.Errorf("epoch %d was better than the best, %d", e.Epoch, h.Best)
		}
	}
	// The weights that came back are the best epoch's.
	c = n.Config
	rows := good(d)
	stream := rand.New(rand.NewPCG(c.Seed, 1))
	stream.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	s, err := read(t.Context(), c, Scaling{}, d, 0, rows[:2])
	if err != nil {
		t.Fatal(err)
	}
	l, err := n.judge(s)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l != h.Epochs[h.Best-1].Validation {
		t.Errorf("validation loss %+v of the net, %+v of its best epoch", l, h.Epochs[h.Best-1].Validation)
	}
}

func TestHooks(t *testing.T) {
	c := tiny
	c.Epochs = 4
	var steps, epochs, done int
	var last Progress
	_, h, err := Train(t.Context(), c, table(t, 60, 13), 0, Hooks{
		Step:  func(p Progress) { steps++; last = p },
		Epoch: func(Epoch) { epochs++ },
		Done:  func() { done++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	// 57 samples in batches of 16: 14 steps in four passes.
	if steps != 14 || last.Step != 14 || last.Steps != 14 || epochs != 4 || len(h.Epochs) != 4 || done != 1 {
		t.Errorf("%d steps (%+v), %d epochs, done %d times", steps, last, epochs, done)
	}
	if _, _, err := Train(t.Context(), c, table(t, 60, 13), 0, ShowProgress("test")); err != nil {
		t.Error(err)
	}
}

func TestLabels(t *testing.T) {
	d := table(t, 3, 9)
	for label, want := range map[string]float64{"whole": d.Ends[1].Q[2] - d.Ends[1].EpsNuIntegral[2], "row": d.Ends[1].EpsNucRow[2]} {
		s, err := read(t.Context(), Config{Label: label}.withDefaults(), Scaling{}, d, 1, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(s.target[len(d.Nuclides)]) * 1e16; math.Abs(got-want) > 1e-6*want {
			t.Errorf("%s: %v, not %v", label, got, want)
		}
	}
}

// The mean of a scaled input is 0, its variance 1.
func TestScaledInputs(t *testing.T) {
	d := table(t, 50, 12)
	rows := good(d)
	s, err := read(t.Context(), Config{}.withDefaults(), surveyed(d, rows).scaling(), d, 0, rows)
	if err != nil {
		t.Fatal(err)
	}
	for j := range s.cols {
		var mean, square float64
		for r := range rows {
			v := float64(s.x[r*s.cols+j])
			mean, square = mean+v/50, square+v*v/50
		}
		if math.Abs(mean) > 1e-5 || math.Abs(square-1) > 1e-5 {
			t.Errorf("input %d has mean %g and mean square %g", j, mean, square)
		}
	}
}

func TestEveryPassTakesEverySample(t *testing.T) {
	o := newOrder(7, rand.New(rand.NewPCG(1, 2)))
	for range 5 {
		seen := map[int]bool{}
		for range 7 {
			seen[o.next()] = true
		}
		if len(seen) != 7 {
			t.Errorf("a pass over 7 samples took %d", len(seen))
		}
	}
}

func TestBadData(t *testing.T) {
	change := map[string]func(d *dataset.Table){
		"sample 3: the neutrino loss is NaN": func(d *dataset.Table) { d.Ends[0].EpsNu[3] = math.NaN() },
		"sample 4: X of si28 is NaN":         func(d *dataset.Table) { d.X[4*5+2] = math.NaN() },
		"sample 5: log10 T is NaN":           func(d *dataset.Table) { d.T[5] = -1 },
		"sample 6: ln X of he4 at the end":   func(d *dataset.Table) { d.Ends[0].X[6*5+1] = math.NaN() },
		"usable": func(d *dataset.Table) {
			clear(d.Status)
			d.Status[0] = "ok"
			d.Status[1] = "failed"
			d.Status = failAll(d.Status)
		},
		"eps_nu":   func(d *dataset.Table) { d.Ends[0].EpsNu = d.Ends[0].EpsNu[1:] },
		"nuclides": func(d *dataset.Table) { d.Nuclides = nil },
		"last row": func(d *dataset.Table) { d.Ends[0].EpsNucRow = nil },
		"X":        func(d *dataset.Table) { d.X = d.X[:7] },
		"mesa_80":  func(d *dataset.Table) { d.Network = "mesa_80" },
	}
	for want, f := range change {
		d := table(t, 10, 10)
		f(d)
		c := tiny
		c.Label, c.Inputs = "row", "scaled"
		if _, _, err := Train(t.Context(), c, d, 0, Hooks{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, _, err := Train(t.Context(), tiny, table(t, 10, 1), 2, Hooks{}); err == nil {
		t.Error("a time that the data set does not have")
	}
}

func failAll(s []string) []string {
	for i := range s {
		s[i] = "failed"
	}
	return s
}

func TestDivergenceIsReported(t *testing.T) {
	c := tiny
	c.LR, c.Epochs = 10, 2000
	d := table(t, 40, 11)
	for i := range d.Ends[0].Q {
		d.Ends[0].Q[i], d.Ends[0].EpsNu[i] = 3.3e54, 3.3e54 // once scaled and summed more than single precision holds
	}
	_, _, err := Train(t.Context(), c, d, 0, Hooks{})
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 1 (epoch 1, batch 1 of 2, learning rate 10)") {
		t.Errorf("error %v", err)
	}
}

func TestSet(t *testing.T) {
	var c Config
	for key, value := range map[string]string{"lr": "3e-4", "layers": "5", "seed": "7", "label": "row", "device": "cpu", "validation": "0.1"} {
		if err := c.Set(key, value); err != nil {
			t.Error(err)
		}
	}
	if want := (Config{LR: 3e-4, Layers: 5, Seed: 7, Label: "row", Device: "cpu", Validation: 0.1}); c != want {
		t.Errorf("%+v", c)
	}
	for _, bad := range [][3]string{{"widht", "3", `"width"`}, {"layers", "many", "layers"}, {"lr", "-1", "lr"}, {"precision", "fp8", "precision"}, {"device", "tpu", "device"}} {
		if err := c.Set(bad[0], bad[1]); err == nil || !strings.Contains(err.Error(), bad[2]) {
			t.Errorf("%s=%s: %v", bad[0], bad[1], err)
		}
	}
}
