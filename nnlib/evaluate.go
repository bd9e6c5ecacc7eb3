package nnlib

import (
	"context"
	"fmt"
	"math"

	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nuclide"
)

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

	Spread Spreads `json:"spread"`
	// Sum is the largest |sum X - 1| of the answers, and Charge the largest difference
	// between the Ye of their X and that of the start with what, as the answer has it,
	// weak reactions changed. It is NaN of answers that do not tell.
	Sum    float64  `json:"sum"`
	Charge Fraction `json:"charge"`
}

// Spreads are how errors of single samples are distributed, not relative to
// anything unless it says so.
type Spreads struct {
	Ye     Spread `json:"ye"`      // |dYe|
	YeEq5  Spread `json:"ye_eq5"`  // sum |dX| Z/A
	X      Spread `json:"X"`       // mean |dX| over the nuclides
	Abar   Spread `json:"abar"`    // |d sum X A|
	Zbar   Spread `json:"zbar"`    // |d sum X Z|
	EpsNuc Spread `json:"eps_nuc"` // in units of the mean truth, as is the next
	EpsNu  Spread `json:"eps_nu"`
}

// TimeErrors are the errors for one time of a model, and of simple rivals.
type TimeErrors struct {
	// T in s: what the model's net was made for.
	T float64 `json:"t"`
	// NNN is the model's net.
	NNN *Errors `json:"nnn"`
	// Approx21 is the small network's, which follows the same run from its own start,
	// or after Evaluation.AddSmall that of the test; nil where it was not run.
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
	charge        float64 // what Errors.Charge is about; NaN if unknown
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
		r.Approx21 = q.scoreSmall(t.Nuclides, t.SmallNuclides)
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
		guess[i] = outcome{p.X, p.EpsNuc, p.EpsNu, net.charge(states[i], p)}
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
		guess[i].x, guess[i].epsNu, guess[i].charge = p.X, guess[i].epsNuc, net.charge(again[i], p)
	}
	return guess, nil
}

// charge returns how far the Ye of an answer's X is from that of the start and the
// change that the net says weak reactions made.
func (n *Net) charge(start nucnet.State, p Prediction) float64 {
	if !n.physical() {
		return math.NaN()
	}
	return math.Abs(electronFraction(n.Nuclides, p.X) - electronFraction(n.Nuclides, start.X) - p.WeakChange)
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
		all[i] = outcome{e.X[r*n : (r+1)*n], nuc, e.EpsNu[r], math.NaN()}
	}
	return all, nil
}
