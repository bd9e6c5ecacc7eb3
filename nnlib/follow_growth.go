package nnlib

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// DriftErrors are absolute errors after a number of steps, as they are distributed
// over the paths.
type DriftErrors struct {
	Step   int     `json:"step"`
	Time   float64 `json:"t"`       // s
	Ye     Spread  `json:"ye"`      // |dYe|
	X      Spread  `json:"X"`       // mean |dX| over the nuclides
	EpsNuc Spread  `json:"eps_nuc"` // erg/g since the start
}

// After returns the errors after a number of steps, counted from 1.
func (d *Drift) After(step int) DriftErrors {
	of := func(paths [][]float64) Spread { return newSpread(across(paths, step)) }
	return DriftErrors{step, float64(step) * d.Dt, of(d.Ye), of(d.X), of(d.EpsNuc)}
}

// across returns the sizes that a quantity has on all paths after a step.
func across(paths [][]float64, step int) []float64 {
	all := make([]float64, len(paths))
	for i, p := range paths {
		all[i] = math.Abs(p[step-1])
	}
	return all
}

// Steps returns the number of steps.
func (d *Drift) Steps() int { return len(d.Ye[0]) }

// Growth says how an error e grows with the number of steps n.
type Growth struct {
	// Exponent is p of the law e = c n^p that fits the median over the paths best, from step
	// 10 on, every decade counting the same: 1 if each step errs to the same side, 0.5 if to
	// either side at random, 0 if errors are forgotten. It is NaN where there is no error or
	// too few steps.
	Exponent Exponent `json:"exponent"`
	// PerStep is by how much the error changes in a step: the mean size of the changes, the
	// median over the paths.
	PerStep float64 `json:"per_step"`
	// Systematic is the size of the last error over the sum of the sizes of the changes that
	// led to it, the median over the paths: 1 if all go to one side, n^(-1/2) if to either
	// side at random. It is NaN of mean |dX|, which has no sign.
	Systematic Fraction `json:"systematic"`
}

// Exponent is that of a power law. It is written to JSON as null when it is not a
// number.
type Exponent float64

// String returns the exponent with two digits.
func (e Exponent) String() string { return fmt.Sprintf("%.2f", float64(e)) }

// MarshalJSON implements json.Marshaler.
func (e Exponent) MarshalJSON() ([]byte, error) { return numberOrNull(float64(e)) }

// Growths are those of the quantities of a Drift.
type Growths struct {
	Ye     Growth `json:"ye"`
	X      Growth `json:"X"`
	EpsNuc Growth `json:"eps_nuc"`
}

// Growth returns how the errors grow.
func (d *Drift) Growth() Growths {
	g := Growths{growth(d.Ye), growth(d.X), growth(d.EpsNuc)}
	g.X.Systematic = Fraction(math.NaN())
	return g
}

// perDecade is how many steps of each decade are looked at, evenly in their logarithm.
const perDecade = 20

func growth(paths [][]float64) Growth {
	var logN, logE []float64
	last := 0
	for k := 0.0; ; k++ {
		n := int(math.Round(10 * math.Pow(10, k/perDecade)))
		if n > len(paths[0]) {
			break
		}
		if n == last {
			continue
		}
		last = n
		logN, logE = append(logN, math.Log(float64(n))), append(logE, math.Log(median(across(paths, n))))
	}
	g := Growth{Exponent: Exponent(math.NaN()), Systematic: Fraction(math.NaN())}
	if len(logN) > 1 {
		_, p := stat.LinearRegression(logN, logE, nil, false)
		g.Exponent = Exponent(p) // NaN if an error is 0
	}
	var sizes, parts []float64
	for _, p := range paths {
		before, sum := 0.0, 0.0
		for _, e := range p {
			sum += math.Abs(e - before)
			before = e
		}
		sizes = append(sizes, sum/float64(len(p)))
		if sum > 0 {
			parts = append(parts, math.Abs(before)/sum)
		}
	}
	g.PerStep = median(sizes)
	if len(parts) > 0 {
		g.Systematic = Fraction(median(parts))
	}
	return g
}

// median is that of newSpread.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
