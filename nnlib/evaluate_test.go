package nnlib

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
)

// Two samples of h1 and fe56, worked out on paper.
func TestErrorsByHand(t *testing.T) {
	list := nuclides(t, "h1,fe56")
	truth := []outcome{{x: []float64{0.2, 0.8}, epsNuc: 10, epsNu: 4}, {x: []float64{0.4, 0.6}, epsNuc: -2}}
	guess := []outcome{{[]float64{0.3, 0.7}, 7, 5, 1e-3}, {[]float64{0.3, 0.7}, -1, 1, 2e-3}}
	e := score(list, guess, truth)
	// Z/A of fe56 is 26/56; dX = +-0.1 in both samples.
	za := 26.0 / 56
	ye := (0.2 + 0.8*za + 0.4 + 0.6*za) / 2
	for name, c := range map[string][2]float64{
		"ye":      {float64(e.Ye), 0.1 * (1 - za) / ye},
		"ye_eq5":  {float64(e.YeEq5), 0.1 * (1 + za) / ye},
		"eps_nuc": {float64(e.EpsNuc), (3 + 1) / 2. / 4},
		"eps_nu":  {float64(e.EpsNu), 1. / 2},
		"abar":    {float64(e.Abar), 0.1 * 55 / ((0.2 + 0.8*56 + 0.4 + 0.6*56) / 2)},
		"zbar":    {float64(e.Zbar), 0.1 * 25 / ((0.2 + 0.8*26 + 0.4 + 0.6*26) / 2)},
		"h1":      {e.XMAE["h1"], 0.1},
		"fe56":    {e.XMAE["fe56"], 0.1},
		"mean":    {e.MeanX(), 0.1},
		"charge":  {float64(e.Charge), 2e-3},
		// of single samples: medians are the smaller of two
		"|dYe|":          {float64(e.Spread.Ye.Worst), 0.1 * (1 - za)},
		"|dA|":           {float64(e.Spread.Abar.Median), 0.1 * 55},
		"|dZ|":           {float64(e.Spread.Zbar.P95), 0.1 * 25},
		"eq. 5":          {float64(e.Spread.YeEq5.P99), 0.1 * (1 + za)},
		"eps_nuc median": {float64(e.Spread.EpsNuc.Median), 1. / 4},
		"eps_nuc worst":  {float64(e.Spread.EpsNuc.Worst), 3. / 4},
	} {
		if math.Abs(c[0]-c[1]) > 1e-14 {
			t.Errorf("%s = %v, not %v", name, c[0], c[1])
		}
	}
}

func TestPerfectPredictionsScoreZero(t *testing.T) {
	d := table(t, 5, 30)
	truth, err := outcomes("whole", &d.Ends[0], len(d.Nuclides), good(d))
	if err != nil {
		t.Fatal(err)
	}
	if e := score(d.Nuclides, truth, truth); e.Ye != 0 || e.YeEq5 != 0 || e.EpsNuc != 0 || e.EpsNu != 0 || e.Abar != 0 {
		t.Errorf("%+v", e)
	}
}

func TestEvaluate(t *testing.T) {
	training, test := table(t, 400, 31), table(t, 50, 32)
	c := tiny
	c.Epochs = 200
	m := &Model{Nets: []*Net{train(t, c, training, 1)}}
	e, err := Evaluate(t.Context(), m, test)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.AddNearest(t.Context(), training); err != nil {
		t.Fatal(err)
	}
	r := e.Times[0]
	// The made-up burn depends on T alone, so that learning it is easy, and
	// nothing happening is wrong by the whole energy.
	if r.Nothing.EpsNuc != 1 || r.NNN.EpsNuc > 0.3 || r.NNN.Ye > 0.5*r.Nothing.Ye {
		t.Errorf("the net: %+v; nothing: %+v", r.NNN, r.Nothing)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"schema":"nuclab.evaluate/1"`, `"protocol":"clean"`, `"samples":50`, `"t":1`, `"approx21":null`, `"X_mae":{`, `"ye_eq5":`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	// A training sample is its own nearest neighbour.
	self, err := Evaluate(t.Context(), m, training)
	if err != nil {
		t.Fatal(err)
	}
	if err := self.AddNearest(t.Context(), training); err != nil {
		t.Fatal(err)
	}
	if n := self.Times[0].Nearest; n.EpsNuc != 0 || n.Ye != 0 {
		t.Errorf("nearest neighbours of the training samples: %+v", n)
	}
}

// Test sets bring the state that a net starts from, and what the small network says.
func TestEvaluateProtocols(t *testing.T) {
	set := func(p dataset.Protocol, samples int) *dataset.Table {
		table, err := generated(t, dataset.Settings{Network: "mesa_80", Samples: samples, Seed: 2, Protocol: p, Times: []float64{1e-6}}).Load()
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	training := set(dataset.Train, 6)
	c := tiny
	c.Network, c.Epochs = "mesa_80", 2
	net := train(t, c, training, 0)
	for _, p := range []dataset.Protocol{dataset.CleanTest, dataset.PaperTest} {
		d := set(p, 3)
		e, err := Evaluate(t.Context(), &Model{Nets: []*Net{net}}, d)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(e.AddNSE(t.Context()), e.AddNearest(t.Context(), training)); err != nil {
			t.Fatal(err)
		}
		if e.Protocol != string(p) || e.Samples != 3 {
			t.Errorf("%s: protocol %s, %d samples", p, e.Protocol, e.Samples)
		}
		// By hand, for each sample: the energy and the neutrino loss.
		n, end := len(d.Nuclides), &d.Ends[0]
		var nuc, nu, ye, nucTrue, nuTrue, yeTrue float64
		for i := range 3 {
			s := nucnet.State{T: d.T[i], Rho: d.Rho[i], X: end.Input[i*n : (i+1)*n]}
			ask := func(s nucnet.State) Prediction {
				all, err := net.Predict(t.Context(), []nucnet.State{s})
				if err != nil {
					t.Fatal(err)
				}
				return all[0]
			}
			first := ask(s)
			last, truth, loss := first, end.Q[i]-end.EpsNuIntegral[i], first.EpsNu
			if p == dataset.PaperTest {
				last, truth, loss = ask(nucnet.State{T: s.T, Rho: s.Rho, X: first.X}), end.EpsNucRow[i], first.EpsNuc
			}
			nuc, nucTrue = nuc+math.Abs(first.EpsNuc-truth), nucTrue+truth
			nu, nuTrue = nu+math.Abs(loss-end.EpsNu[i]), nuTrue+end.EpsNu[i]
			ye, yeTrue = ye+math.Abs(last.Ye-end.Ye[i]), yeTrue+end.Ye[i]
		}
		r := e.Times[0]
		for name, v := range map[string][2]float64{
			"eps_nuc": {float64(r.NNN.EpsNuc), nuc / math.Abs(nucTrue)},
			"eps_nu":  {float64(r.NNN.EpsNu), nu / math.Abs(nuTrue)},
			"Ye":      {float64(r.NNN.Ye), ye / yeTrue},
		} {
			if math.Abs(v[0]/v[1]-1) > 1e-6 {
				t.Errorf("%s: %s is %v, want %v", p, name, v[0], v[1])
			}
		}
		// The small network keeps charge and mass number as well as any.
		if r.Approx21 == nil || r.Approx21.Ye > 0.05 || r.Approx21.Sum > 1e-6 || r.Approx21.XMAE["si28"] == 0 {
			t.Errorf("%s: approx21 %+v", p, r.Approx21)
		}
		if r.NSE == nil || r.Nearest == nil || r.NSE.EpsNu != 1 || r.NSE.Charge > 1e-9 || !math.IsNaN(float64(r.NNN.Charge)) {
			t.Errorf("%s: NSE %+v, nearest neighbour %+v", p, r.NSE, r.Nearest)
		}
		if _, both := r.Approx21.XMAE["prot"]; both {
			t.Error("prot is h1")
		}
		samples := 0
		for _, b := range r.ByTemperature {
			samples += b.Samples
		}
		if samples != 3 || r.NNN.Spread.Ye.Worst < r.NNN.Spread.Ye.Median {
			t.Errorf("%s: %d samples in all ranges, spread %+v", p, samples, r.NNN.Spread.Ye)
		}
	}
}

func TestSpread(t *testing.T) {
	values := make([]float64, 200)
	for i := range values {
		values[i] = float64((i*77)%200 + 1)
	}
	if s := newSpread(values); s != (Spread{100, 190, 198, 200}) {
		t.Errorf("%+v", s)
	}
	if s := newSpread([]float64{3}); s != (Spread{3, 3, 3, 3}) {
		t.Errorf("%+v", s)
	}
}

func TestEvaluateRefusesOtherData(t *testing.T) {
	d := table(t, 20, 33)
	m := &Model{Nets: []*Net{train(t, tiny, d, 1)}}
	for want, change := range map[string]func(*dataset.Table){
		"c12":     func(d *dataset.Table) { d.Nuclides = nuclides(t, "h1,he4,c12,fe54,ni56") },
		"4":       func(d *dataset.Table) { d.Nuclides = d.Nuclides[:4] },
		"no time": func(d *dataset.Table) { d.Times = []float64{1e-3, 2} },
		"usable":  func(d *dataset.Table) { failAll(d.Status) },
	} {
		other := table(t, 20, 33)
		change(other)
		if _, err := Evaluate(t.Context(), m, other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestFractionsThatAreNoNumbersAreNull(t *testing.T) {
	b, err := json.Marshal([]Fraction{0.25, Fraction(math.NaN()), Fraction(math.Inf(1))})
	if err != nil || string(b) != "[0.25,null,null]" {
		t.Errorf("%s, %v", b, err)
	}
}

// TestSmallStates brings states to the nuclides of the small network: what is in
// both stays, Ye and the sum are kept, and nuclei go to neighbours.
func TestSmallStates(t *testing.T) {
	small, err := nucnet.Stock("approx21_cr60_plus_co56")
	if err != nil {
		t.Fatal(err)
	}
	list := nuclides(t, "neut,h1,he4,si28,si29,p31,cr53,fe54,fe56,ni56,ni58")
	at := func(x []float64) map[string]float64 {
		states, err := smallStates(small, list, []nucnet.State{{T: 3e9, Rho: 1e8, X: x}})
		if err != nil {
			t.Fatal(err)
		}
		sum, by := 0.0, map[string]float64{}
		for i, n := range small.Nuclides() {
			sum += states[0].X[i]
			by[n.String()] = states[0].X[i]
		}
		if ye := electronFraction(small.Nuclides(), states[0].X); math.Abs(sum-1) > 1e-14 || math.Abs(ye-electronFraction(list, x)) > 1e-14 {
			t.Errorf("%v: the sum is 1%+.2g, Ye off by %.2g", x, sum-1, ye-electronFraction(list, x))
		}
		return by
	}
	same := at([]float64{0.01, 0.04, 0.1, 0.25, 0, 0, 0, 0.2, 0.2, 0.2, 0})
	for name, want := range map[string]float64{"neut": 0.01, "prot": 0.04, "h1": 0, "he4": 0.1, "si28": 0.25, "fe54": 0.2, "ni56": 0.2} {
		if math.Abs(same[name]-want) > 1e-14 {
			t.Errorf("X(%s) = %v, want %v as before", name, same[name], want)
		}
	}
	if moved := at([]float64{0, 0, 0, 0.3, 0.1, 0.05, 0.05, 0.2, 0.1, 0.2, 0}); math.Abs(moved["si28"]-0.4) > 0.1 || math.Abs(moved["s32"]-0.05) > 0.02 || moved["h1"] != 0 {
		t.Errorf("silicon and phosphorus went to %v", moved)
	}
	at([]float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) // no neighbour of ni58 alone has its Ye
	at([]float64{0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0})
}
