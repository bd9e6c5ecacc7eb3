package nnlib

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
)

// Fraction is a relative error. It is written to JSON as null when it is not a
// number, as where the mean to divide by is 0.
type Fraction float64

// String returns the fraction in percent, such as "0.53 %".
func (f Fraction) String() string { return fmt.Sprintf("%.3g %%", 100*float64(f)) }

// MarshalJSON implements json.Marshaler.
func (f Fraction) MarshalJSON() ([]byte, error) {
	if v := float64(f); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// Errors are the paper's measures (arXiv:2503.00115, eqs. 3-8): means over all
// samples of the absolute difference from the truth, divided by the truth's
// mean where they are relative; and how those differences are distributed.
type Errors struct {
	// Ye is mean |dYe| / mean Ye; YeEq5 the equation as printed, mean sum
	// |dX| Z/A / mean Ye, an upper bound of it.
	Ye    Fraction `json:"ye"`
	YeEq5 Fraction `json:"ye_eq5"`
	// EpsNuc and EpsNu: the energies (of a test as the paper ran it, of the last
	// step; else over the whole time) and the neutrino losses at its end, relative.
	EpsNuc Fraction `json:"eps_nuc"`
	EpsNu  Fraction `json:"eps_nu"`
	// Abar and Zbar: sum X A and sum X Z, relative.
	Abar Fraction `json:"abar"`
	Zbar Fraction `json:"zbar"`
	// XMAE is mean |dX| of each nuclide.
	XMAE map[string]float64 `json:"X_mae"`

	// Spread of |dYe|, of |dX| averaged over the nuclides, and of the errors of the
	// energies in units of the mean truth.
	Spread struct {
		Ye     Spread `json:"ye"`
		X      Spread `json:"X"`
		EpsNuc Spread `json:"eps_nuc"`
		EpsNu  Spread `json:"eps_nu"`
	} `json:"spread"`
	// Sum is the largest |sum X - 1| of the answers.
	Sum float64 `json:"sum"`
}

// Spread is how a quantity is distributed over samples.
type Spread struct {
	Median Fraction `json:"median"`
	P95    Fraction `json:"p95"`
	P99    Fraction `json:"p99"`
	Worst  Fraction `json:"worst"`
}

// newSpread sorts the values of all samples.
func newSpread(values []float64) Spread {
	slices.Sort(values)
	at := func(p float64) Fraction { return Fraction(values[int(math.Ceil(p*float64(len(values))))-1]) }
	return Spread{at(0.5), at(0.95), at(0.99), at(1)}
}

// TimeErrors are the errors for one time of a model, and of simple rivals.
type TimeErrors struct {
	// T in s: what the model's net was made for.
	T float64 `json:"t"`
	// NNN is the model's net.
	NNN *Errors `json:"nnn"`
	// Approx21 is the small network's, which follows the same run from its own
	// start; nil where it was not run.
	Approx21 *Errors `json:"approx21"`
	// Nothing leaves the composition as it was and releases no energy.
	Nothing *Errors `json:"nothing"`
	// NSE is nuclear statistical equilibrium at the initial Ye, in whose place
	// nothing happens where it is not defined; it loses no neutrinos. Nil unless
	// Evaluation.AddNSE was called.
	NSE *Errors `json:"nse,omitempty"`
	// Nearest answers with the training sample nearest in log T, log rho and
	// Ye; nil unless Evaluation.AddNearest was called.
	Nearest *Errors `json:"nearest,omitempty"`
	// ByTemperature are the net's errors in ranges of the temperature that have
	// samples.
	ByTemperature []RangeErrors `json:"by_temperature"`
}

// RangeErrors are errors of the samples with From <= T < To, in K.
type RangeErrors struct {
	From    float64 `json:"from"`
	To      float64 `json:"to"`
	Samples int     `json:"samples"`
	*Errors
}

// temperatureRanges are cut where silicon burning changes its character, K.
var temperatureRanges = []float64{0, 2e9, 3e9, 4e9, 5e9, 6e9, 1e11}

// Evaluation is a model's score on a table of burns that it has not learnt.
type Evaluation struct {
	Schema   string       `json:"schema"`
	Protocol string       `json:"protocol"`
	Network  string       `json:"network"`
	Samples  int          `json:"samples"`
	Times    []TimeErrors `json:"times"`

	tests []test // one for each of Times
	list  []nuclide.Nuclide
}

// outcome is a state after burning, true or predicted.
type outcome struct {
	x             []float64
	epsNuc, epsNu float64 // erg/g, erg/g/s
}

// test is what is asked for one time, and what is right.
type test struct {
	states []nucnet.State
	truth  []outcome
	small  []outcome // by the nuclides of the small network; nil where it was not run
}

// Evaluate scores each of the model's nets. Every net's time must be in the table.
//
// On a table of burns from their start, and on a test set of dataset.CleanTest, a
// net is applied once and each output is scored against its own truth after
// exactly the net's time (the protocol `clean`). On a set of dataset.PaperTest
// everything is done as for arXiv:2503.00115 (`paper`): compositions are those
// after the net was applied twice, energies those of the first application; what
// is scored as the neutrino loss is the net's energy, a slip by which even a
// perfect net would have errors.
func Evaluate(ctx context.Context, m *Model, t *dataset.Table) (*Evaluation, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := sameNuclides(m.Nuclides(), t.Nuclides); err != nil {
		return nil, err
	}
	rows := good(t)
	if len(rows) == 0 {
		return nil, fmt.Errorf("nnlib: no usable samples to evaluate on")
	}
	protocol := protocolOf(t)
	e := &Evaluation{Schema: "nuclab.evaluate/1", Protocol: string(protocol), Network: m.Network(), Samples: len(rows), list: t.Nuclides}
	for _, net := range m.Nets {
		for _, dt := range net.timesIn(t) {
			if err := e.add(ctx, net, dt, t, rows, protocol); err != nil {
				return nil, err
			}
		}
	}
	if len(e.Times) == 0 {
		return nil, fmt.Errorf("nnlib: %w: the data set has %v s, the model %v", ErrTime, t.Times, m.Times())
	}
	return e, nil
}

// add scores a net for one time.
func (e *Evaluation) add(ctx context.Context, net *Net, dt float64, t *dataset.Table, rows []int, protocol dataset.Protocol) error {
	k, err := timeIndex(t, dt)
	if err != nil {
		return err
	}
	q, err := newTest(t, k, rows, protocol)
	if err != nil {
		return err
	}
	guess, err := answers(ctx, net, dt, q.states, protocol)
	if err != nil {
		return err
	}
	still := make([]outcome, len(rows))
	for i, s := range q.states {
		still[i] = outcome{x: s.X}
	}
	r := TimeErrors{T: dt, NNN: score(t.Nuclides, guess, q.truth), Nothing: score(t.Nuclides, still, q.truth),
		ByTemperature: byTemperature(t.Nuclides, q, guess)}
	if q.small != nil {
		list, move := union(t.Nuclides, t.SmallNuclides)
		r.Approx21 = score(list, move(t.SmallNuclides, q.small), move(t.Nuclides, q.truth))
	}
	e.Times, e.tests = append(e.Times, r), append(e.tests, q)
	return nil
}

// protocolOf returns how a table is a test: targets of the paper's do not lie
// where its nets were made for.
func protocolOf(t *dataset.Table) dataset.Protocol {
	for k, label := range t.Labels {
		if math.Abs(t.Times[k]/label-1) > 1e-6 {
			return dataset.PaperTest
		}
	}
	return dataset.CleanTest
}

// labelOf returns which energy a protocol scores, as Config.Label names it.
func labelOf(p dataset.Protocol) string {
	if p == dataset.PaperTest {
		return "row"
	}
	return "whole"
}

// newTest takes the given rows of a table for one of its times.
func newTest(t *dataset.Table, time int, rows []int, protocol dataset.Protocol) (q test, err error) {
	label := labelOf(protocol)
	e, n := &t.Ends[time], len(t.Nuclides)
	from := t.X
	if len(t.Labels) > 0 {
		from = e.Input
	}
	for _, r := range rows {
		q.states = append(q.states, nucnet.State{T: t.T[r], Rho: t.Rho[r], X: from[r*n : (r+1)*n]})
	}
	if q.truth, err = outcomes(label, e, n, rows); err != nil {
		return q, err
	}
	if small := len(t.SmallNuclides); e.Small != nil {
		q.small, err = outcomes(label, e.Small, small, rows)
	}
	return q, err
}

// answers are what a net says, read as the protocol reads it.
func answers(ctx context.Context, net *Net, dt float64, states []nucnet.State, protocol dataset.Protocol) ([]outcome, error) {
	first, err := net.after(ctx, states, dt)
	if err != nil {
		return nil, err
	}
	guess := make([]outcome, len(states))
	for i, p := range first {
		guess[i] = outcome{p.X, p.EpsNuc, p.EpsNu}
	}
	if protocol != dataset.PaperTest {
		return guess, nil
	}
	again := make([]nucnet.State, len(states))
	for i, s := range states {
		again[i] = nucnet.State{T: s.T, Rho: s.Rho, X: first[i].X}
	}
	second, err := net.after(ctx, again, dt)
	if err != nil {
		return nil, err
	}
	for i, p := range second {
		guess[i].x, guess[i].epsNu = p.X, guess[i].epsNuc
	}
	return guess, nil
}

// union returns the nuclides of two networks, and a function that brings
// outcomes of one to them. A small network's second kind of proton is h1.
func union(a, b []nuclide.Nuclide) ([]nuclide.Nuclide, func([]nuclide.Nuclide, []outcome) []outcome) {
	h1, _ := nuclide.New(1, 1)
	list := slices.Clone(a)
	place := func(n nuclide.Nuclide) int {
		if n == nuclide.Prot {
			n = h1
		}
		if i := slices.Index(list, n); i >= 0 {
			return i
		}
		list = append(list, n)
		return len(list) - 1
	}
	for _, n := range b {
		place(n)
	}
	return list, func(own []nuclide.Nuclide, all []outcome) []outcome {
		moved := make([]outcome, len(all))
		for i, o := range all {
			x := make([]float64, len(list))
			for j, n := range own {
				x[place(n)] += o.x[j]
			}
			moved[i] = outcome{x, o.epsNuc, o.epsNu}
		}
		return moved
	}
}

// byTemperature scores the samples of each range of temperatures.
func byTemperature(list []nuclide.Nuclide, q test, guess []outcome) (all []RangeErrors) {
	for i, from := range temperatureRanges[:len(temperatureRanges)-1] {
		r := RangeErrors{From: from, To: temperatureRanges[i+1]}
		var some, truth []outcome
		for k, s := range q.states {
			if from <= s.T && s.T < r.To {
				some, truth = append(some, guess[k]), append(truth, q.truth[k])
			}
		}
		if r.Samples = len(some); r.Samples > 0 {
			r.Errors = score(list, some, truth)
			all = append(all, r)
		}
	}
	return all
}

// AddNSE adds the errors of nuclear statistical equilibrium at the initial Ye.
func (e *Evaluation) AddNSE(ctx context.Context) error {
	for i, q := range e.tests {
		guess := make([]outcome, len(q.states))
		for k, s := range q.states {
			if err := ctx.Err(); err != nil {
				return err
			}
			guess[k] = outcome{x: s.X}
			eq, err := nse.Solve(e.list, s.T, s.Rho, electronFraction(e.list, s.X), nse.Options{})
			if err == nil {
				guess[k] = outcome{x: eq.X, epsNuc: released(e.list, s.X, eq.X)}
			} else if !errors.Is(err, nse.ErrInput) && !errors.Is(err, nse.ErrConvergence) {
				return err
			}
		}
		e.Times[i].NSE = score(e.list, guess, q.truth)
	}
	return nil
}

// AddNearest adds the errors of the nearest neighbour: the answer is the
// training sample's whose log T, log rho and Ye are nearest, each measured by
// its spread in the training samples.
func (e *Evaluation) AddNearest(ctx context.Context, train *dataset.Table) error {
	if err := sameNuclides(train.Nuclides, e.list); err != nil {
		return err
	}
	have := good(train)
	if len(have) == 0 {
		return fmt.Errorf("nnlib: no training samples: no nearest neighbours")
	}
	d := surveyed(train, have).box()
	place := func(T, rho float64, x []float64) [3]float64 {
		at := func(b [2]float64, v float64) float64 { return (v - b[0]) / max(b[1]-b[0], 1e-300) }
		return [3]float64{at(d.LogT, math.Log10(T)), at(d.LogRho, math.Log10(rho)), at(d.Ye, electronFraction(e.list, x))}
	}
	n := len(e.list)
	places := make([][3]float64, len(have))
	for i, r := range have {
		places[i] = place(train.T[r], train.Rho[r], train.X[r*n:(r+1)*n])
	}
	label := labelOf(dataset.Protocol(e.Protocol))
	for i, q := range e.tests {
		k, err := timeIndex(train, e.Times[i].T)
		if err != nil {
			return err
		}
		neighbour := make([]int, len(q.states))
		for j, s := range q.states {
			if err := ctx.Err(); err != nil {
				return err
			}
			p, least := place(s.T, s.Rho, s.X), math.Inf(1)
			for l, c := range places {
				x, y, z := p[0]-c[0], p[1]-c[1], p[2]-c[2]
				if d := x*x + y*y + z*z; d < least {
					least, neighbour[j] = d, have[l]
				}
			}
		}
		guess, err := outcomes(label, &train.Ends[k], n, neighbour)
		if err != nil {
			return err
		}
		e.Times[i].Nearest = score(e.list, guess, q.truth)
	}
	return nil
}

func sameNuclides(model, data []nuclide.Nuclide) error {
	if len(model) != len(data) {
		return fmt.Errorf("nnlib: the model has %d nuclides, the data set %d", len(model), len(data))
	}
	for i := range model {
		if model[i] != data[i] {
			return fmt.Errorf("nnlib: nuclide %d is %v in the model, %v in the data set", i+1, model[i], data[i])
		}
	}
	return nil
}

// timesIn returns the times for which a table scores the net: its own, or all
// that a physical net covers.
func (n *Net) timesIn(t *dataset.Table) []float64 {
	if !n.physical() {
		return []float64{n.Time}
	}
	times := t.Times
	if len(t.Labels) > 0 {
		times = t.Labels
	}
	var covered []float64
	for _, dt := range times {
		if n.covers(dt) {
			covered = append(covered, dt)
		}
	}
	return covered
}

func timeIndex(t *dataset.Table, time float64) (int, error) {
	times := t.Times
	if len(t.Labels) > 0 {
		times = t.Labels
	}
	for k, v := range times {
		if math.Abs(v-time) <= 1e-9*time {
			return k, checkTable(t, k)
		}
	}
	return 0, fmt.Errorf("nnlib: the data set has no time %g s; it has %v", time, times)
}

// outcomes returns the given rows of true ends with n nuclides.
func outcomes(label string, e *dataset.End, n int, rows []int) ([]outcome, error) {
	all := make([]outcome, len(rows))
	for i, r := range rows {
		nuc, err := energy(label, e, r)
		if err != nil {
			return nil, err
		}
		all[i] = outcome{e.X[r*n : (r+1)*n], nuc, e.EpsNu[r]}
	}
	return all, nil
}

// score measures predictions against the truth, sample by sample. True mass
// fractions below 1e-15 count as 1e-15, as in the paper.
func score(nuclides []nuclide.Nuclide, guess, truth []outcome) *Errors {
	// sums of the differences and of the truth, and the differences one by one
	type measure struct {
		off, mean float64
		all       []float64
	}
	add := func(m *measure, off, truth float64) {
		m.off, m.mean, m.all = m.off+off, m.mean+truth, append(m.all, off)
	}
	var ye, eq5, abar, zbar, nuc, nu, mean measure
	e := &Errors{XMAE: map[string]float64{}}
	mae := make([]float64, len(nuclides))
	for s := range truth {
		var dYe, dA, dZ, bound, yeTrue, aTrue, zTrue, dX, sum float64
		for i, n := range nuclides {
			z, a := float64(n.Z()), float64(n.A())
			x := max(truth[s].x[i], floorX)
			d := guess[s].x[i] - x
			mae[i] += math.Abs(d)
			dX += math.Abs(d) / float64(len(nuclides))
			bound += math.Abs(d) * z / a
			dYe, dA, dZ = dYe+d*z/a, dA+d*a, dZ+d*z
			yeTrue, aTrue, zTrue = yeTrue+x*z/a, aTrue+x*a, zTrue+x*z
			sum += guess[s].x[i]
		}
		add(&ye, math.Abs(dYe), yeTrue)
		add(&eq5, bound, yeTrue)
		add(&abar, math.Abs(dA), aTrue)
		add(&zbar, math.Abs(dZ), zTrue)
		add(&nuc, math.Abs(guess[s].epsNuc-truth[s].epsNuc), truth[s].epsNuc)
		add(&nu, math.Abs(guess[s].epsNu-truth[s].epsNu), truth[s].epsNu)
		add(&mean, dX, 0)
		e.Sum = max(e.Sum, math.Abs(sum-1))
	}
	relative := func(m measure) Fraction { return Fraction(m.off / math.Abs(m.mean)) }
	e.Ye, e.YeEq5, e.EpsNuc, e.EpsNu, e.Abar, e.Zbar = relative(ye), relative(eq5), relative(nuc), relative(nu), relative(abar), relative(zbar)
	for i, n := range nuclides {
		e.XMAE[n.String()] = mae[i] / float64(len(truth))
	}
	e.Spread.Ye, e.Spread.X = newSpread(ye.all), newSpread(mean.all)
	// In units of the mean truth.
	inUnits := func(m measure) Spread {
		for i := range m.all {
			m.all[i] /= math.Abs(m.mean) / float64(len(truth))
		}
		return newSpread(m.all)
	}
	e.Spread.EpsNuc, e.Spread.EpsNu = inUnits(nuc), inUnits(nu)
	return e
}
