package nucnet

import (
	"math"
	"slices"

	"nuclab/nucnet/ode"
)

// likeMESA makes the integration that comes, from start, follow MESA's one-zone burner in what is not its method: the
// first step is 1e-16 s, abundances are kept between 1e-30 and 1, errors are measured in Y and in nothing else, and the
// loss by neutrinos is that of the last evaluation of the equations, before extrapolation.
func (w *worker) likeMESA(m *ode.BaderDeuflhard, set *ode.Settings, start []float64) {
	const least, most = 1e-30, 1
	n := w.plan.n
	m.Clip = func(y []float64) {
		for i, v := range y[:n] {
			y[i] = min(max(v, least), most)
		}
	}
	set.InitialStep = 1e-16
	for i := range w.scale {
		w.scale[i] = math.Inf(1)
		if i < n {
			w.scale[i] = 1
		}
	}
	w.problem.Admissible = nil
	w.evaluated = slices.Clone(start)
	w.problem.Func = func(t float64, y, dst []float64) {
		copy(w.evaluated, y)
		w.slope(t, y, dst)
	}
}

// likeItself undoes likeMESA.
func (w *worker) likeItself(m *ode.BaderDeuflhard) {
	m.Clip = nil
	w.problem.Func, w.problem.Admissible = w.slope, w.admissible
	w.evaluated = nil
}
