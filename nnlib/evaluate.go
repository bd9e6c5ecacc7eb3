package nnlib

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
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
// mean where they are relative.
type Errors struct {
	// Ye is mean |dYe| / mean Ye; YeEq5 the equation as printed, mean sum
	// |dX| Z/A / mean Ye, an upper bound of it.
	Ye    Fraction `json:"ye"`
	YeEq5 Fraction `json:"ye_eq5"`
	// EpsNuc and EpsNu: the energies over the whole time and the neutrino
	// losses at its end, relative.
	EpsNuc Fraction `json:"eps_nuc"`
	EpsNu  Fraction `json:"eps_nu"`
	// Abar and Zbar: sum X A and sum X Z, relative.
	Abar Fraction `json:"abar"`
	Zbar Fraction `json:"zbar"`
	// XMAE is mean |dX| of each nuclide.
	XMAE map[string]float64 `json:"X_mae"`
}

// TimeErrors are the errors for one time of a model, and of simple rivals.
type TimeErrors struct {
	// T in s.
	T float64 `json:"t"`
	// NNN is the model's net.
	NNN *Errors `json:"nnn"`
	// Approx21 is the small network's; nil where it was not run.
	Approx21 *Errors `json:"approx21"`
	// Nothing leaves the composition as it was and releases no energy.
	Nothing *Errors `json:"nothing"`
	// Nearest answers with the training sample nearest in log T, log rho and
	// Ye; nil unless Evaluation.AddNearest was called.
	Nearest *Errors `json:"nearest,omitempty"`
}

// Evaluation is a model's score on a table of burns that it has not learnt.
type Evaluation struct {
	Schema   string       `json:"schema"`
	Protocol string       `json:"protocol"`
	Network  string       `json:"network"`
	Samples  int          `json:"samples"`
	Times    []TimeErrors `json:"times"`
}

// outcome is a state after burning, true or predicted.
type outcome struct {
	x             []float64
	epsNuc, epsNu float64 // erg/g over the whole time, erg/g/s
}

// Evaluate applies each of the model's nets once to the table's initial states
// and scores each output against its own truth after exactly the net's time
// (the protocol `clean`). Every net's time must be in the table.
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
	e := &Evaluation{Schema: "nuclab.evaluate/1", Protocol: "clean", Network: m.Network(), Samples: len(rows)}
	n := len(t.Nuclides)
	states := make([]nucnet.State, len(rows))
	for i, r := range rows {
		states[i] = nucnet.State{T: t.T[r], Rho: t.Rho[r], X: t.X[r*n : (r+1)*n]}
	}
	for _, net := range m.Nets {
		k, err := timeIndex(t, net.Time)
		if err != nil {
			return nil, err
		}
		truth, err := outcomes(t, k, rows)
		if err != nil {
			return nil, err
		}
		predictions, err := net.Predict(ctx, states)
		if err != nil {
			return nil, err
		}
		guess, still := make([]outcome, len(rows)), make([]outcome, len(rows))
		for i, p := range predictions {
			guess[i] = outcome{p.X, p.EpsNuc, p.EpsNu}
			still[i] = outcome{x: states[i].X}
		}
		e.Times = append(e.Times, TimeErrors{T: net.Time, NNN: score(t.Nuclides, guess, truth), Nothing: score(t.Nuclides, still, truth)})
	}
	return e, nil
}

// AddNearest adds the errors of the nearest neighbour: the answer is the
// training sample's whose log T, log rho and Ye are nearest, each measured by
// its spread in the training samples.
func (e *Evaluation) AddNearest(ctx context.Context, train, test *dataset.Table) error {
	if err := sameNuclides(train.Nuclides, test.Nuclides); err != nil {
		return err
	}
	have, rows := good(train), good(test)
	if len(have) == 0 || len(rows) == 0 {
		return fmt.Errorf("nnlib: %d training and %d test samples: no nearest neighbours", len(have), len(rows))
	}
	d := surveyed(train, have).box()
	place := func(t *dataset.Table, r int) [3]float64 {
		n := len(t.Nuclides)
		ye := electronFraction(t.Nuclides, t.X[r*n:(r+1)*n])
		at := func(b [2]float64, v float64) float64 { return (v - b[0]) / max(b[1]-b[0], 1e-300) }
		return [3]float64{at(d.LogT, math.Log10(t.T[r])), at(d.LogRho, math.Log10(t.Rho[r])), at(d.Ye, ye)}
	}
	places := make([][3]float64, len(have))
	for i, r := range have {
		places[i] = place(train, r)
	}
	neighbour := make([]int, len(rows))
	for i, r := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, least := place(test, r), math.Inf(1)
		for j, q := range places {
			a, b, c := p[0]-q[0], p[1]-q[1], p[2]-q[2]
			if s := a*a + b*b + c*c; s < least {
				least, neighbour[i] = s, have[j]
			}
		}
	}
	for i := range e.Times {
		k, err := timeIndex(train, e.Times[i].T)
		if err != nil {
			return err
		}
		guess, err := outcomes(train, k, neighbour)
		if err != nil {
			return err
		}
		if k, err = timeIndex(test, e.Times[i].T); err != nil {
			return err
		}
		truth, err := outcomes(test, k, rows)
		if err != nil {
			return err
		}
		e.Times[i].Nearest = score(test.Nuclides, guess, truth)
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

func timeIndex(t *dataset.Table, time float64) (int, error) {
	for k, v := range t.Times {
		if math.Abs(v-time) <= 1e-9*time {
			return k, checkTable(t, k)
		}
	}
	return 0, fmt.Errorf("nnlib: the data set has no time %g s; it has %v", time, t.Times)
}

// outcomes returns the true ends of the given rows.
func outcomes(t *dataset.Table, time int, rows []int) ([]outcome, error) {
	n, e := len(t.Nuclides), &t.Ends[time]
	all := make([]outcome, len(rows))
	for i, r := range rows {
		nuc, err := energy("whole", e, r)
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
	var ye, eq5, abar, zbar, nuc, nu struct{ off, mean float64 }
	mae := make([]float64, len(nuclides))
	for s := range truth {
		var dYe, dA, dZ float64
		for i, n := range nuclides {
			z, a := float64(n.Z()), float64(n.A())
			x := max(truth[s].x[i], floorX)
			d := guess[s].x[i] - x
			mae[i] += math.Abs(d)
			eq5.off += math.Abs(d) * z / a
			dYe, dA, dZ = dYe+d*z/a, dA+d*a, dZ+d*z
			ye.mean, abar.mean, zbar.mean = ye.mean+x*z/a, abar.mean+x*a, zbar.mean+x*z
		}
		ye.off, abar.off, zbar.off = ye.off+math.Abs(dYe), abar.off+math.Abs(dA), zbar.off+math.Abs(dZ)
		nuc.off, nuc.mean = nuc.off+math.Abs(guess[s].epsNuc-truth[s].epsNuc), nuc.mean+truth[s].epsNuc
		nu.off, nu.mean = nu.off+math.Abs(guess[s].epsNu-truth[s].epsNu), nu.mean+truth[s].epsNu
	}
	eq5.mean = ye.mean
	relative := func(m struct{ off, mean float64 }) Fraction { return Fraction(m.off / math.Abs(m.mean)) }
	e := &Errors{Ye: relative(ye), YeEq5: relative(eq5), EpsNuc: relative(nuc), EpsNu: relative(nu),
		Abar: relative(abar), Zbar: relative(zbar), XMAE: map[string]float64{}}
	for i, n := range nuclides {
		e.XMAE[n.String()] = mae[i] / float64(len(truth))
	}
	return e
}
