package nnlib

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet/dataset"
	"nuclab/nucnet/nuclide"
)

// ErrData is wrapped by errors about data that a net cannot learn.
var ErrData = errors.New("data that cannot be learnt")

// samples are the rows of a table as a network sees them, both [rows, N+2].
type samples struct {
	x      []float32 // log10 T, log10 rho, X, as scaled
	target []float32 // ln X after the time, floored, and the scaled energies
	cols   int
}

func (s *samples) rows() int { return len(s.x) / s.cols }

// good returns the rows of a table whose burns reached their end; a table without statuses has no others.
func good(t *dataset.Table) []int {
	if len(t.Status) > 0 {
		return t.OK()
	}
	return every(len(t.T))
}

// every returns 0 to n-1.
func every(n int) []int {
	rows := make([]int, n)
	for r := range rows {
		rows[r] = r
	}
	return rows
}

// checkTable finds wrong sizes before they are indexed.
func checkTable(t *dataset.Table, time int) error {
	n, rows := len(t.Nuclides), len(t.T)
	switch {
	case n == 0 || rows == 0:
		return fmt.Errorf("nnlib: the data set has %d nuclides and %d samples", n, rows)
	case time < 0 || time >= len(t.Times) || time >= len(t.Ends):
		return fmt.Errorf("nnlib: time %d of the data set: it has %d", time, len(t.Times))
	}
	e := &t.Ends[time]
	for name, have := range map[string]int{"rho": len(t.Rho), "X": len(t.X) / n, "X after": len(e.X) / n,
		"q": len(e.Q), "eps_nu": len(e.EpsNu), "eps_nu_integral": len(e.EpsNuIntegral)} {
		if have != rows {
			return fmt.Errorf("nnlib: the data set has %d values of %s for %d samples", have, name, rows)
		}
	}
	return nil
}

// energy returns the label e_nuc of a row in erg/g.
func energy(label string, e *dataset.End, row int) (float64, error) {
	if label != "row" {
		return e.Q[row] - e.EpsNuIntegral[row], nil
	}
	if row >= len(e.EpsNucRow) {
		return 0, fmt.Errorf("nnlib: label = row, but the data set has no energy of the last row")
	}
	return e.EpsNucRow[row], nil
}

// read makes the samples of the given rows for one of the table's times.
func read(ctx context.Context, c Config, scaling Scaling, t *dataset.Table, time int, rows []int) (*samples, error) {
	s := &samples{cols: len(t.Nuclides) + 2}
	return s, s.add(ctx, c, scaling, t, time, rows)
}

// add appends the given rows of a table, for one of its times.
func (s *samples) add(ctx context.Context, c Config, scaling Scaling, t *dataset.Table, time int, rows []int) error {
	n := len(t.Nuclides)
	e := &t.Ends[time]
	for _, r := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.x = scaling.appendInput(s.x, t.T[r], t.Rho[r], t.X[r*n:(r+1)*n])
		for _, x := range e.X[r*n : (r+1)*n] {
			s.target = append(s.target, float32(math.Log(max(x, floorX))))
		}
		nuc, err := energy(c.Label, e, r)
		if err != nil {
			return err
		}
		s.target = append(s.target, float32(nuc/c.EnergyScale), float32(e.EpsNu[r]/c.NeutrinoScale))
		for k, v := range [][]float32{s.x, s.target} {
			for j, f := range v[len(v)-s.cols:] {
				if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
					return notANumber(t, r, k, j, float64(f))
				}
			}
		}
	}
	return nil
}

// notANumber is the error about value j of the inputs (k = 0) or of the targets of a row.
func notANumber(t *dataset.Table, row, k, j int, v float64) error {
	number := int64(row)
	if row < len(t.Index) {
		number = t.Index[row]
	}
	what := ""
	switch n := len(t.Nuclides); {
	case k == 0 && j < 2:
		what = []string{"log10 T", "log10 rho"}[j]
	case k == 0:
		what = fmt.Sprintf("X of %s", t.Nuclides[j-2])
	case j < n:
		what = fmt.Sprintf("ln X of %s at the end", t.Nuclides[j])
	default:
		what = []string{"the energy released", "the neutrino loss"}[j-n]
	}
	return fmt.Errorf("nnlib: %w: sample %d: %s is %v", ErrData, number, what, v)
}

// Scaling is what is done to the inputs log10 T [K], log10 rho [g/cm3] and X
// before the network sees them: less Mean, divided by Deviation. Both are empty
// for raw inputs.
type Scaling struct {
	Mean      []float64 `json:"mean,omitempty"`
	Deviation []float64 `json:"deviation,omitempty"`
}

// survey gathers what has to be known of the training samples before the first step.
type survey struct {
	rows          int
	mean, squares []float64 // of the inputs; squares about the mean
	domain        Domain    // without a margin
	err           error     // about an input that is not a number
}

// add takes the given rows in, by Welford's recurrence.
func (s *survey) add(t *dataset.Table, rows []int) {
	n := len(t.Nuclides)
	if s.rows == 0 {
		inf := math.Inf(1)
		none := [2]float64{inf, -inf}
		s.mean, s.squares = make([]float64, n+2), make([]float64, n+2)
		s.domain = Domain{LogT: none, LogRho: none, Ye: none, XMax: make([]float64, n)}
	}
	for _, r := range rows {
		s.rows++
		input := func(j int, v float64) {
			if s.err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
				s.err = notANumber(t, r, 0, j, v)
			}
			d := v - s.mean[j]
			s.mean[j] += d / float64(s.rows)
			s.squares[j] += d * (v - s.mean[j])
		}
		grow := func(b *[2]float64, v float64) { b[0], b[1] = min(b[0], v), max(b[1], v) }
		logT, logRho, x := math.Log10(t.T[r]), math.Log10(t.Rho[r]), t.X[r*n:(r+1)*n]
		input(0, logT)
		input(1, logRho)
		grow(&s.domain.LogT, logT)
		grow(&s.domain.LogRho, logRho)
		grow(&s.domain.Ye, electronFraction(t.Nuclides, x))
		for i, v := range x {
			input(i+2, v)
			s.domain.XMax[i] = max(s.domain.XMax[i], v)
		}
	}
}

// scaling returns the means and standard deviations of the inputs.
func (s *survey) scaling() Scaling {
	c := Scaling{Mean: s.mean, Deviation: make([]float64, len(s.mean))}
	for j, v := range s.squares {
		if c.Deviation[j] = math.Sqrt(v / float64(s.rows)); c.Deviation[j] < 1e-6 { // an input that does not vary teaches nothing
			c.Deviation[j] = 1
		}
	}
	return c
}

// appendInput appends what the network gets for a state: T in K, rho in g/cm3.
func (s Scaling) appendInput(dst []float32, T, rho float64, x []float64) []float32 {
	add := func(j int, v float64) {
		if len(s.Mean) > 0 {
			v = (v - s.Mean[j]) / s.Deviation[j]
		}
		dst = append(dst, float32(v))
	}
	add(0, math.Log10(T))
	add(1, math.Log10(rho))
	for i, v := range x {
		add(i+2, v)
	}
	return dst
}

// Domain is the box that the training samples came from. It is a little wider
// than they are, since a finite sample does not reach the box's corners.
type Domain struct {
	// Least and greatest log10 T [K], log10 rho [g/cm3] and Ye.
	LogT   [2]float64 `json:"log_t"`
	LogRho [2]float64 `json:"log_rho"`
	Ye     [2]float64 `json:"ye"`
	// XMax is the greatest mass fraction of each nuclide.
	XMax []float64 `json:"x_max"`
}

const domainMargin = 0.02 // of each width

// box returns the domain of the samples.
func (s *survey) box() Domain {
	d := s.domain
	for _, b := range []*[2]float64{&d.LogT, &d.LogRho, &d.Ye} {
		m := domainMargin * (b[1] - b[0])
		b[0], b[1] = b[0]-m, b[1]+m
	}
	d.XMax = slices.Clone(d.XMax)
	for i, v := range d.XMax {
		d.XMax[i] = min(1, v*(1+domainMargin))
	}
	return d
}

// surveyed is the survey of rows of a table.
func surveyed(t *dataset.Table, rows []int) *survey {
	s := &survey{}
	s.add(t, rows)
	return s
}

// Contains reports whether a state lies in the box: T in K, rho in g/cm3, mass
// fractions x and their electron fraction ye.
func (d Domain) Contains(T, rho, ye float64, x []float64) bool {
	in := func(b [2]float64, v float64) bool { return b[0] <= v && v <= b[1] }
	if !in(d.LogT, math.Log10(T)) || !in(d.LogRho, math.Log10(rho)) || !in(d.Ye, ye) || len(x) != len(d.XMax) {
		return false
	}
	for i, v := range x {
		if v > d.XMax[i] {
			return false
		}
	}
	return true
}

// electronFraction returns Ye, the sum of X Z/A.
func electronFraction(nuclides []nuclide.Nuclide, x []float64) float64 {
	ye := 0.0
	for i, v := range x {
		ye += v * float64(nuclides[i].Z()) / float64(nuclides[i].A())
	}
	return ye
}
