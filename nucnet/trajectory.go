package nucnet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// ErrTrajectory is wrapped by errors about trajectories.
var ErrTrajectory = errors.New("invalid trajectory")

// Trajectory is a temperature and density against time. Between its points
// their logarithms are linear in time.
type Trajectory struct {
	Time []float64 // s, increasing
	T    []float64 // K
	Rho  []float64 // g/cm3
}

// ReadTrajectory reads lines of three columns, time (s), temperature (K) and
// density (g/cm3), separated by blanks, tabs or commas. Empty lines and those
// that start with # are skipped, and so is a first line of names. Errors wrap
// [ErrTrajectory] and start with the given name and the line.
func ReadTrajectory(name string, r io.Reader) (Trajectory, error) {
	var tr Trajectory
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, 1<<20)
	first := true
	for line := 1; scan.Scan(); line++ {
		text := strings.TrimSpace(scan.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		fields := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' })
		wrong := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %w: %s", name, line, ErrTrajectory, fmt.Sprintf(format, args...))
		}
		if len(fields) != 3 {
			return tr, wrong("%d columns, want t T rho", len(fields))
		}
		var v [3]float64
		names := 0
		for k, field := range fields {
			var err error
			if v[k], err = strconv.ParseFloat(field, 64); err != nil {
				if !first {
					return tr, wrong("%q is not a number", field)
				}
				names++
			}
		}
		if first && names == len(fields) {
			first = false
			continue
		}
		if names > 0 {
			return tr, wrong("%q has a word among numbers", text)
		}
		first = false
		tr.Time, tr.T, tr.Rho = append(tr.Time, v[0]), append(tr.T, v[1]), append(tr.Rho, v[2])
		if err := tr.checkPoint(len(tr.Time) - 1); err != nil {
			return tr, wrong("%v", err)
		}
	}
	if err := scan.Err(); err != nil {
		return tr, fmt.Errorf("%s: %w", name, err)
	}
	if len(tr.Time) == 0 {
		return tr, fmt.Errorf("%s: %w: no lines of t T rho", name, ErrTrajectory)
	}
	return tr, nil
}

// checkPoint reports what is wrong with a point.
func (tr *Trajectory) checkPoint(k int) error {
	switch t, T, rho := tr.Time[k], tr.T[k], tr.Rho[k]; {
	case math.IsNaN(t) || math.IsInf(t, 0):
		return fmt.Errorf("time %g s, want a finite one", t)
	case k > 0 && !(t > tr.Time[k-1]):
		return fmt.Errorf("time %g s after %g s, want increasing times", t, tr.Time[k-1])
	case !(T >= minT && T <= maxT):
		return fmt.Errorf("temperature %g K, want %g to %g", T, minT, maxT)
	case !(rho >= minRho && rho <= maxRho):
		return fmt.Errorf("density %g g/cm3, want %g to %g", rho, minRho, maxRho)
	}
	return nil
}

func (tr *Trajectory) check() error {
	if len(tr.Time) == 0 || len(tr.T) != len(tr.Time) || len(tr.Rho) != len(tr.Time) {
		return fmt.Errorf("nucnet: %w: %d times, %d temperatures, %d densities", ErrTrajectory, len(tr.Time), len(tr.T), len(tr.Rho))
	}
	for k := range tr.Time {
		if err := tr.checkPoint(k); err != nil {
			return fmt.Errorf("nucnet: %w: point %d: %w", ErrTrajectory, k, err)
		}
	}
	return nil
}

// At returns temperature (K) and density (g/cm3) at a time (s). Before the
// first point and after the last they are those of that point; of no points they
// are NaN.
func (tr *Trajectory) At(t float64) (temperature, density float64) {
	if len(tr.Time) == 0 || len(tr.T) != len(tr.Time) || len(tr.Rho) != len(tr.Time) {
		return math.NaN(), math.NaN()
	}
	k, u := tr.segment(t)
	if u == 0 {
		return tr.T[k], tr.Rho[k]
	}
	dT, dRho := tr.slopes(k)
	h := tr.Time[k+1] - tr.Time[k]
	return tr.T[k] * math.Exp(dT*u*h), tr.Rho[k] * math.Exp(dRho*u*h)
}

// segment returns the last point not after t and the part of the way to the
// next that t has gone.
func (tr *Trajectory) segment(t float64) (k int, u float64) {
	k = sort.SearchFloat64s(tr.Time, t)
	last := len(tr.Time) - 1
	if k > last {
		return last, 0
	}
	if tr.Time[k] == t || k == 0 {
		return k, 0
	}
	k--
	return k, (t - tr.Time[k]) / (tr.Time[k+1] - tr.Time[k])
}

// slopes returns d ln T/dt and d ln rho/dt from point k on, 1/s.
func (tr *Trajectory) slopes(k int) (dT, dRho float64) {
	if k+1 >= len(tr.Time) {
		return 0, 0
	}
	h := tr.Time[k+1] - tr.Time[k]
	return math.Log(tr.T[k+1]/tr.T[k]) / h, math.Log(tr.Rho[k+1]/tr.Rho[k]) / h
}

// stops returns the given times and those of the points before the last of
// them, where the slope of T and rho changes, increasing and each once.
func (tr *Trajectory) stops(times []float64) []float64 {
	list := slices.Clone(times)
	for _, t := range tr.Time {
		if t < times[len(times)-1] {
			list = append(list, t)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// timeDerivative is the partial derivative of the right-hand side by time.
func (w *worker) timeDerivative(t float64, y, dst []float64) {
	k, _ := w.along.segment(t)
	dT, dRho := w.along.slopes(k)
	if dT == 0 && dRho == 0 {
		clear(dst)
		return
	}
	temperature, density := w.along.At(t)
	w.partial(y, temperature, density, dT, dRho, dst)
}

// BurnAlong follows the abundances along a trajectory, from mass fractions x at
// its first point, and returns them at the given times (s). These are times of
// the trajectory: they must lie within it and not decrease. Apart from that it
// is like [Network.Burn]; Options.Heating has to be NoHeating. Errors about the
// trajectory wrap [ErrTrajectory].
func (n *Network) BurnAlong(ctx context.Context, tr Trajectory, x []float64, times []float64, opt Options) (*Result, error) {
	if err := tr.check(); err != nil {
		return nil, err
	}
	first, last := tr.Time[0], tr.Time[len(tr.Time)-1]
	if len(times) > 0 && !(times[0] >= first && times[len(times)-1] <= last) {
		return nil, fmt.Errorf("nucnet: %w: %g to %g s, want them within the trajectory, %g to %g s", ErrTimes,
			times[0], times[len(times)-1], first, last)
	}
	if opt.Heating != NoHeating {
		return nil, fmt.Errorf("nucnet: %w: %v heating along a trajectory, which says what the temperature is", ErrOption, opt.Heating)
	}
	return n.burn(ctx, State{T: tr.T[0], Rho: tr.Rho[0], X: x}, &tr, times, opt)
}
