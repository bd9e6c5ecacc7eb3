package paper

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nuclab/nnlib"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nuclide"
)

// tiny is one experiment, made once for all tests.
var tiny = sync.OnceValues(func() (Experiment, error) {
	dir, err := os.MkdirTemp("", "paper")
	return Experiment{Scale: Tiny(), Network: "mesa_80", Seed: 1, Cache: dir}, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if x, err := tiny(); err == nil {
		os.RemoveAll(x.Cache)
	}
	os.Exit(code)
}

// must returns a function that ends the test with an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// files lists the files of a folder with the times of their last changes.
func files(t *testing.T, dir string) map[string]time.Time {
	all := map[string]time.Time{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all[path] = info.ModTime()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFullScale: nets, data and tests are those of arXiv:2503.00115 and its data package.
func TestFullScale(t *testing.T) {
	for _, c := range []struct {
		network         string
		layers, tests   int
		nuclides        int
		first, last     float64 // label times, s
		weightsMillions float64
	}{
		{"mesa_80", 12, 684, 80, 1.0110262580800837e-6, 105.07945435072229, 40.1},
		{"mesa_151", 9, 824, 151, 1.009032724234708e-6, 102.9321548731897, 28},
	} {
		x := Experiment{Scale: Full(), Network: c.network}
		config := must[nnlib.Config](t)(x.Config())
		if linear := config.Layers + 1; linear != c.layers || config.First != 1024 || config.Width != 2048 {
			t.Errorf("%s: %d linear layers, first %d, width %d", c.network, linear, config.First, config.Width)
		}
		weights := (c.nuclides+3)*1024 + 1025*2048 + (c.layers-3)*2049*2048 + 2049*(c.nuclides+2)
		if got := float64(weights) / 1e6; math.Abs(got-c.weightsMillions) > 0.4 {
			t.Errorf("%s: %.1f million weights, want %.1f", c.network, got, c.weightsMillions)
		}
		if config.Batch != 512 || config.LR != 1e-4 || config.Label != "row" || config.EnergyScale != 1e16 || config.Validation != 0.05 {
			t.Errorf("%s: settings %+v", c.network, config)
		}
		times := must[[]float64](t)(x.Times())
		if len(times) != 9 || math.Abs(times[0]/c.first-1) > 1e-12 || math.Abs(times[8]/c.last-1) > 1e-12 {
			t.Errorf("%s: label times %v", c.network, times)
		}
		train := must[dataset.Settings](t)(x.settings(dataset.Train))
		test := must[dataset.Settings](t)(x.settings(dataset.PaperTest))
		if train.Samples != 1_000_000 || test.Samples != c.tests || train.Seed == test.Seed {
			t.Errorf("%s: %d samples, %d tests, seeds %d and %d", c.network, train.Samples, test.Samples, train.Seed, test.Seed)
		}
		scale := must[Scale](t)(x.Scale.withDefaults(c.network))
		if d := scale.Depths; d[0] != 3 || d[len(d)-1] != 20 || len(d) != 18 || scale.ScanTime != 0.1 {
			t.Errorf("%s: depths %v at %g s", c.network, d, scale.ScanTime)
		}
	}
}

// TestDemoScale: nets 82-512-512-512-82 or alike, 16,384 samples, at most 30 epochs, three times and depths, one scan.
func TestDemoScale(t *testing.T) {
	s := must[Scale](t)(ScaleOf("demo"))
	c := must[nnlib.Config](t)(Experiment{Scale: s, Network: "mesa_151"}.Config())
	if c.Layers != 3 || c.First != 512 || c.Width != 512 || c.Epochs > 30 {
		t.Errorf("%+v", c)
	}
	if s.Samples != 16384 || !slices.Equal(s.Times, []float64{1e-6, 1e-3, 1}) || len(s.Depths) != 3 || len(s.Scanned) != 1 {
		t.Errorf("%+v", s)
	}
	for _, c := range [][2]float64{{1e-6, 1e-6}, {0.1, 1}, {1e-2, 1e-3}, {100, 1}, {3e-5, 1e-6}} {
		if got := s.Nearest(c[0]); got != c[1] {
			t.Errorf("nearest to %g s is %g s, want %g", c[0], got, c[1])
		}
	}
	if got := Full().Nearest(0.1); math.Abs(got-0.1) > 1e-12 {
		t.Errorf("at full scale %g s is nearest to 0.1 s", got)
	}
}

// TestOnce: everything is made, and made once: who asks again gets the same without a file being written.
func TestOnce(t *testing.T) {
	x := must[Experiment](t)(tiny())
	ctx := context.Background()
	scores := map[dataset.Protocol]*nnlib.Evaluation{}
	for _, p := range []dataset.Protocol{dataset.PaperTest, dataset.CleanTest} {
		scores[p] = must[*nnlib.Evaluation](t)(x.Evaluate(ctx, p))
		if e := scores[p]; e.Protocol != string(p) || len(e.Times) != 3 || e.Times[0].Approx21 == nil || e.Samples != 6 {
			t.Errorf("%s: %+v", p, e)
		}
	}
	runs := must[nnlib.Runs](t)(x.Scan(ctx))
	if len(runs) != 2 || runs[0].Settings.Layers != 1 || runs[1].Settings.Layers != 2 || Decade(runs[0].Time) != 1 {
		t.Errorf("scan: %+v", runs)
	}
	before := files(t, x.Cache)
	// A context that is over allows nothing to be made.
	late, cancel := context.WithCancel(ctx)
	cancel()
	m, err := x.Model(late)
	if err != nil || len(m.Nets) != 3 || len(m.Nets[0].History.Epochs) != 2 {
		t.Fatalf("%v, %v", m, err)
	}
	if _, err := x.Scan(late); err != nil {
		t.Error(err)
	}
	again := must[*nnlib.Evaluation](t)(x.Evaluate(ctx, dataset.CleanTest))
	if again.Times[2].NNN.XMAE["fe54"] != scores[dataset.CleanTest].Times[2].NNN.XMAE["fe54"] {
		t.Error("another score of the same nets")
	}
	if after := files(t, x.Cache); len(after) != len(before) {
		t.Errorf("%d files became %d", len(before), len(after))
	} else {
		for name, changed := range before {
			if !after[name].Equal(changed) {
				t.Errorf("%s was written again", name)
			}
		}
	}
	// Two scans and nets of the same settings are the same net: the scan's deeper one is among the model's.
	nets, err := filepath.Glob(filepath.Join(x.nets(), "*.safetensors"))
	if err != nil || len(nets) != 3+3+1 {
		t.Errorf("%d nets, want three for each protocol and one more of the scan: %v", len(nets), nets)
	}
}

// TestNamesTellSettingsApart: whatever decides what is burnt is part of the folder's name, and what does not is not.
func TestNamesTellSettingsApart(t *testing.T) {
	x := Experiment{Scale: Tiny(), Network: "mesa_80", Seed: 1, Cache: t.TempDir()}
	name := func(x Experiment, p dataset.Protocol) string {
		return must[string](t)(x.dir(must[dataset.Settings](t)(x.settings(p))))
	}
	own := name(x, dataset.Train)
	same, others := x, []Experiment{x, x, x, x}
	same.Scale.Layers, same.Label, same.Scale.Times = 7, "whole", []float64{0.1}
	if name(same, dataset.Train) != own {
		t.Error("burns depend on what is learnt from them")
	}
	others[0].Seed, others[1].Correct, others[2].Scale.Samples, others[3].Network = 2, true, 49, "mesa_151"
	seen := map[string]bool{own: true, name(x, dataset.PaperTest): true, name(x, dataset.CleanTest): true}
	for _, o := range others {
		seen[name(o, dataset.Train)] = true
	}
	if len(seen) != 7 {
		t.Errorf("7 sets have %d names", len(seen))
	}
}

// TestOneAtATime: who needs what another is making waits for it, and waiting can be interrupted.
func TestOneAtATime(t *testing.T) {
	x := Experiment{Scale: Tiny(), Network: "mesa_80", Seed: 1, Cache: t.TempDir()}
	x.Scale.Tests = 1
	s := must[dataset.Settings](t)(x.settings(dataset.CleanTest))
	dir := must[string](t)(x.dir(s))
	unlock := must[func()](t)(lock(context.Background(), dir+".lock", "test"))
	ctx, cancel := context.WithTimeout(context.Background(), 3*lockEvery)
	defer cancel()
	if _, err := x.Test(ctx, dataset.CleanTest); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("made in spite of the lock: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made in spite of the lock")
	}
	unlock()
	if set := must[*dataset.Set](t)(x.Test(context.Background(), dataset.CleanTest)); !set.Complete {
		t.Error("not complete")
	}
}

// TestGoesOn: burns that were interrupted go on.
func TestGoesOn(t *testing.T) {
	x := Experiment{Scale: Tiny(), Network: "mesa_80", Seed: 1, Cache: t.TempDir()}
	s := must[dataset.Settings](t)(x.settings(dataset.CleanTest))
	s.Samples = 2
	dir := must[string](t)(x.dir(s))
	ctx, cancel := context.WithCancel(context.Background())
	s.Resume = true
	if _, err := dataset.Generate(ctx, dir, s, func(int, int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("not interrupted: %v", err)
	}
	x.Scale.Tests = 2
	set := must[*dataset.Set](t)(x.Test(context.Background(), dataset.CleanTest))
	if table := must[*dataset.Table](t)(set.Load()); set.Dir != dir || table.Len() != 2 {
		t.Errorf("%d runs in %s", table.Len(), set.Dir)
	}
}

// TestCases: the errors of single cases have the means that Evaluate gives, by both protocols.
func TestCases(t *testing.T) {
	x := must[Experiment](t)(tiny())
	ctx := context.Background()
	for _, p := range []dataset.Protocol{dataset.PaperTest, dataset.CleanTest} {
		m := must[*nnlib.Model](t)(x.For(p).Model(ctx))
		set := must[*dataset.Set](t)(x.Test(ctx, p))
		score := must[*nnlib.Evaluation](t)(x.Score(ctx, p, m))
		for k, net := range m.Nets {
			cases := must[[]Case](t)(Cases(ctx, m, set, net.Time))
			var off, small, ye float64
			for _, c := range cases {
				truth := nuclide.MomentsOf(set.Nuclides, c.Target).Ye
				off, small, ye = off+c.YeError*truth, small+c.SmallYeError*truth, ye+truth
			}
			at := score.Times[k]
			if got, want := off/ye, float64(at.NNN.Ye); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s, %g s: mean error %g, want %g", p, net.Time, got, want)
			}
			if got, want := small/ye, float64(at.Approx21.Ye); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s, %g s: mean error of approx21 %g, want %g", p, net.Time, got, want)
			}
			typical := must[Case](t)(Typical(cases, off/ye))
			for _, c := range cases {
				if math.Abs(c.YeError-off/ye) < math.Abs(typical.YeError-off/ye) {
					t.Errorf("run %d is nearer to the mean than run %d", c.Index, typical.Index)
				}
			}
		}
	}
}

// TestTestAt: runs at one temperature and density.
func TestTestAt(t *testing.T) {
	x := must[Experiment](t)(tiny())
	set := must[*dataset.Set](t)(x.TestAt(context.Background(), dataset.PaperTest, 3e9, 3e8, 2))
	table := must[*dataset.Table](t)(set.Load())
	for i := range table.T {
		if math.Abs(table.T[i]/3e9-1) > 2e-3 || math.Abs(table.Rho[i]/3e8-1) > 2e-3 {
			t.Errorf("run %d: T = %g K, rho = %g g/cm3", i, table.T[i], table.Rho[i])
		}
	}
	if slices.Equal(table.X[:80], table.X[80:]) {
		t.Error("all runs have one composition")
	}
}

func TestWrong(t *testing.T) {
	good := Experiment{Scale: Tiny(), Network: "mesa_80", Cache: t.TempDir()}
	change := func(f func(x *Experiment)) Experiment {
		x := good
		f(&x)
		return x
	}
	for _, c := range []struct {
		x    Experiment
		want string
	}{
		{change(func(x *Experiment) { x.Network = "mesa_201" }), "mesa_201"},
		{change(func(x *Experiment) { x.Scale.Times = []float64{2e-3} }), "0.002"},
		{change(func(x *Experiment) { x.Scale.Times = []float64{1e3} }), "1000"},
		{change(func(x *Experiment) { x.Scale.Depths = []int{1} }), "1 linear layers"},
		{change(func(x *Experiment) { x.Scale.Samples = -1 }), "-1"},
		{change(func(x *Experiment) { x.Label = "half" }), "half"},
	} {
		if _, err := c.x.Model(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q is not in %v", c.want, err)
		}
	}
	if _, err := ScaleOf("huge"); err == nil || !strings.Contains(err.Error(), "demo") {
		t.Errorf("scale huge: %v", err)
	}
	if _, err := good.Test(context.Background(), dataset.Train); err == nil {
		t.Error("a test by the protocol train")
	}
	if _, err := good.TestAt(context.Background(), dataset.CleanTest, -3e9, 3e8, 2); err == nil {
		t.Error("runs at a negative temperature")
	}
}

// TestPublished: what is known in two ways agrees, and ranges are ranges.
func TestPublished(t *testing.T) {
	find := func(figure, quantity, of, network string) Value {
		for _, v := range Published(figure, network) {
			if v.Quantity == quantity && v.Of == of && v.Network == network {
				return v
			}
		}
		t.Fatalf("no %s of %s in %s for %s", quantity, of, figure, network)
		return Value{}
	}
	for _, v := range Published("", "") {
		if !(v.Low > 0 && v.Low <= v.High && v.From <= v.To) || v.Source == "" {
			t.Errorf("%+v", v)
		}
	}
	for _, network := range []string{"mesa_80", "mesa_151"} {
		net, small, ratio := find("fig4", "Ye", "NNN", network), find("fig4", "Ye", "approx21", network), find("fig5", "Ye", "approx21/NNN", network)
		if small.Low < 0.98*net.Low*ratio.Low || small.High > 1.02*net.High*ratio.High {
			t.Errorf("%s: %v, yet %v times %v", network, small, net, ratio)
		}
		best := find("figA3", "layers", "NNN", network)
		if c, err := nnlib.Paper(network); err != nil || float64(c.Layers+1) != best.Low {
			t.Errorf("%s: best with %v layers, but the net has %d: %v", network, best.Low, c.Layers+1, err)
		}
	}
	if got := find("fig4", "Ye", "NNN", "mesa_80").String(); got != "0.332 to 0.535 %" {
		t.Errorf("%q", got)
	}
	if got := find("fig7", "time", "burner/NNN", "mesa_151").String(); got != "25 to 34" {
		t.Errorf("%q", got)
	}
}

func TestPlan(t *testing.T) {
	x := must[Experiment](t)(tiny())
	must[*dataset.Set](t)(x.Training(context.Background()))
	x.Scale.Networks = []string{x.Network}
	tasks := must[[]Task](t)(Plan(context.Background(), x.Scale, x.Seed, x.Cache, 1))
	if len(tasks) != 5 {
		t.Fatalf("%d tasks: %+v", len(tasks), tasks)
	}
	for _, task := range tasks {
		if !(task.CPU > 0) || task.Count < 1 || task.Bytes < 1 || len(task.Figures) == 0 || (task.Kind == "burns") != (len(task.Command) > 0) {
			t.Errorf("%+v", task)
		}
	}
	if burns := tasks[0]; !burns.Done || burns.Count != 48 || tasks[1].Count != 6 {
		t.Errorf("%+v, %+v", burns, tasks[1])
	}
	// 2 epochs of 95 % of 48 samples in steps of 16, three times for each of two protocols: 82-16-16-82.
	if nets := tasks[3]; nets.Count != 6*5 || math.Abs(nets.Flops/(6*16*30*(83*16+17*16+17*82))-1) > 1e-9 {
		t.Errorf("%+v", nets)
	}
}

// TestCompare: ranges are over the times that a published value holds for, and ratios are those of the errors.
func TestCompare(t *testing.T) {
	errors := func(ye, nu float64) *nnlib.Errors {
		return &nnlib.Errors{Ye: nnlib.Fraction(ye), EpsNuc: 1, EpsNu: nnlib.Fraction(nu), Abar: 1, XMAE: map[string]float64{"h1": 1, "he4": 2, "fe54": 6}}
	}
	e := &nnlib.Evaluation{Protocol: "paper", Network: "mesa_80", Times: []nnlib.TimeErrors{
		{T: 1.01e-3, NNN: errors(0.01, 1), Approx21: errors(0.02, 10)},
		{T: 1.01, NNN: errors(0.02, 4), Approx21: errors(0.06, 2)},
	}}
	seen := map[string]bool{}
	for _, c := range Compare(e) {
		if c.Source == "print" && c.Figure != "fig4" {
			continue
		}
		key := c.Figure + " " + c.Quantity + " " + c.Of
		seen[key] = true
		want, ok := map[string][2]float64{
			"fig3 X NNN":           {2, 2}, // at 1e-3 s alone
			"fig4 Ye NNN":          {0.01, 0.02},
			"fig4 Ye approx21":     {0.02, 0.06},
			"fig4 e_nu NNN":        {1, 1}, // up to 0.1 s
			"fig5 Ye approx21/NNN": {2, 3},
		}[key]
		if key == "fig5 e_nu approx21/NNN" {
			if want, ok = [2]float64{10, 10}, true; c.From == 1 {
				want = [2]float64{0.5, 0.5}
			}
		}
		if ok && (math.Abs(c.Ours[0]-want[0]) > 1e-12 || math.Abs(c.Ours[1]-want[1]) > 1e-12) {
			t.Errorf("%s: %v, want %v", key, c.Ours, want)
		}
	}
	for _, key := range []string{"fig3 X NNN", "fig4 Ye NNN", "fig4 e_nuc approx21", "fig5 A approx21/NNN", "fig5 e_nu approx21/NNN"} {
		if !seen[key] {
			t.Errorf("no %s", key)
		}
	}
	if seen["fig7 time burner/NNN"] {
		t.Error("times are no errors")
	}
}
