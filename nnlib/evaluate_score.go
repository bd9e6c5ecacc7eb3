package nnlib

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"nuclab/nucnet/nuclide"
)

// Fraction is a relative error. It is written to JSON as null when it is not a
// number, as where the mean to divide by is 0.
type Fraction float64

// String returns the fraction in percent, such as "0.53 %".
func (f Fraction) String() string { return fmt.Sprintf("%.3g %%", 100*float64(f)) }

// MarshalJSON implements json.Marshaler.
func (f Fraction) MarshalJSON() ([]byte, error) { return numberOrNull(float64(f)) }

func numberOrNull(v float64) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(v)
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

// measure is a quantity's differences from the truth, sample by sample.
type measure struct {
	all        []float64
	off, truth float64 // sums of these and of the true values
}

func (m *measure) add(off, truth float64) {
	m.all = append(m.all, math.Abs(off))
	m.off, m.truth = m.off+math.Abs(off), m.truth+truth
}

// relative is the mean difference over the mean truth.
func (m *measure) relative() Fraction { return Fraction(m.off / math.Abs(m.truth)) }

// inUnits is the spread of the differences in units of the mean truth.
func (m *measure) inUnits() Spread {
	unit := math.Abs(m.truth) / float64(len(m.all))
	for i := range m.all {
		m.all[i] /= unit
	}
	return newSpread(m.all)
}

// score measures predictions against the truth, sample by sample. True mass
// fractions below 1e-15 count as 1e-15, as in the paper.
func score(nuclides []nuclide.Nuclide, guess, truth []outcome) *Errors {
	var ye, eq5, abar, zbar, nuc, nu, mean measure
	e := &Errors{XMAE: map[string]float64{}}
	mae := make([]float64, len(nuclides))
	for s := range truth {
		var dYe, dA, dZ, bound, yeTrue, aTrue, zTrue, dX, sum float64
		for i, n := range nuclides {
			z, a := float64(n.Z()), float64(n.A())
			x := max(truth[s].x[i], floorX)
			d := guess[s].x[i] - x
			mae[i] += math.Abs(d) / float64(len(truth))
			dX += math.Abs(d) / float64(len(nuclides))
			bound += math.Abs(d) * z / a
			dYe, dA, dZ = dYe+d*z/a, dA+d*a, dZ+d*z
			yeTrue, aTrue, zTrue = yeTrue+x*z/a, aTrue+x*a, zTrue+x*z
			sum += guess[s].x[i]
		}
		ye.add(dYe, yeTrue)
		eq5.add(bound, yeTrue)
		abar.add(dA, aTrue)
		zbar.add(dZ, zTrue)
		nuc.add(guess[s].epsNuc-truth[s].epsNuc, truth[s].epsNuc)
		nu.add(guess[s].epsNu-truth[s].epsNu, truth[s].epsNu)
		mean.add(dX, 0)
		e.Sum = max(e.Sum, math.Abs(sum-1))
		e.Charge = max(e.Charge, Fraction(guess[s].charge)) // NaN if any is
	}
	for i, n := range nuclides {
		e.XMAE[n.String()] = mae[i]
	}
	e.Ye, e.YeEq5, e.Abar, e.Zbar = ye.relative(), eq5.relative(), abar.relative(), zbar.relative()
	e.EpsNuc, e.EpsNu = nuc.relative(), nu.relative()
	e.Spread = Spreads{newSpread(ye.all), newSpread(eq5.all), newSpread(mean.all), newSpread(abar.all), newSpread(zbar.all), nuc.inUnits(), nu.inUnits()}
	return e
}

// MeanX is mean |dX| over all nuclides.
func (e *Errors) MeanX() float64 {
	sum := 0.0
	for _, name := range slices.Sorted(maps.Keys(e.XMAE)) { // in the same order every time
		sum += e.XMAE[name]
	}
	return sum / float64(len(e.XMAE))
}
