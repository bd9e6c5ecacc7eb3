package nucnet

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/plasma"
)

// Heating says what becomes of the energy that a burn releases.
type Heating int

// With NoHeating it leaves: temperature and density stay as they are. With
// Isochoric it heats matter of constant density, with Isobaric matter of
// constant pressure, through the equation of state of package plasma. In both
// neutrinos of weak reactions leave; thermal ones are not in it.
const (
	NoHeating Heating = iota
	Isochoric
	Isobaric
)

var heatingNames = []string{"none", "isochoric", "isobaric"}

// String returns the name that ParseHeating reads.
func (h Heating) String() string {
	if h < 0 || int(h) >= len(heatingNames) {
		return fmt.Sprint(int(h))
	}
	return heatingNames[h]
}

// ParseHeating reads "none", "isochoric" or "isobaric".
func ParseHeating(s string) (Heating, error) {
	i := slices.Index(heatingNames, strings.ToLower(s))
	if i < 0 {
		return 0, fmt.Errorf("nucnet: %q: %w for heating, want one of %s", s, ErrOption, strings.Join(heatingNames, ", "))
	}
	return Heating(i), nil
}

// heating is the matter of a burn whose energy stays in it. Component energy of
// the solution holds the internal energy, or the enthalpy at constant pressure,
// MeV mol/g. It is what it was plus the rest-mass energy released less what
// neutrinos carried away: an invariant of the equations, so that energy is
// conserved to the accuracy of the search for the temperature that belongs to
// it.
type heating struct {
	isobaric bool
	pressure float64 // erg/cm3
	last     plasma.State
	origin   plasma.State // where the step began
}

// start fixes the pressure and returns the initial value of component energy.
func (h *heating) start(s State, m nuclide.Moments) (float64, error) {
	var err error
	if h.last, err = plasma.At(s.T, s.Rho, m); err != nil {
		return 0, err
	}
	h.origin = h.last
	h.pressure = h.last.P.Value
	e := h.last.E.Value
	if h.isobaric {
		e += h.pressure / s.Rho
	}
	return e / nuclide.ErgPerGram, nil
}

// moments returns what the equation of state has to know of the components.
func (w *worker) moments(y []float64) nuclide.Moments {
	p := w.plan
	ye, abar := w.ye0+y[p.change], 1/y[p.sumY]
	return nuclide.Moments{Abar: abar, Zbar: ye * abar, Ye: min(max(ye, 0), 1)}
}

// find brings the matter to the components y from where it was or, if that was a
// trial that led far away, from where the step began. It reports whether there is
// such matter.
func (h *heating) find(w *worker, y []float64) bool {
	if h.search(w, y) {
		return true
	}
	h.last = h.origin
	if h.search(w, y) {
		return true
	}
	h.last = h.origin
	return false
}

// search is Newton's method from the last state.
func (h *heating) search(w *worker, y []float64) bool {
	m := w.moments(y)
	e := y[w.plan.energy] * nuclide.ErgPerGram
	t, rho := h.last.T, h.last.Rho
	for range 50 {
		s, err := plasma.At(t, rho, m)
		if err != nil {
			return false
		}
		h.last = s
		dt, dRho := h.solve(e-h.value(), h.pressure-s.P.Value)
		// No more than a factor at a time, however wrong the start.
		dt = min(max(dt, -0.5*t), t)
		dRho = min(max(dRho, -0.5*rho), rho)
		t += dt
		rho += dRho
		if math.Abs(dt) <= 1e-8*t && math.Abs(dRho) <= 1e-8*rho {
			h.last.T, h.last.Rho = t, rho
			return t >= plasma.MinT && t <= plasma.MaxT && rho >= plasma.MinRho && rho <= plasma.MaxRho
		}
	}
	return false
}

// value returns the energy or enthalpy of the last state, erg/g.
func (h *heating) value() float64 {
	if h.isobaric {
		return h.last.E.Value + h.last.P.Value/h.last.Rho
	}
	return h.last.E.Value
}

// solve returns the changes of temperature and density that change energy or
// enthalpy and pressure by the given amounts, in linear order.
func (h *heating) solve(e, p float64) (dt, dRho float64) {
	s := &h.last
	if !h.isobaric {
		return e / s.E.DT, 0
	}
	et, er := s.E.DT+s.P.DT/s.Rho, s.E.DRho+s.P.DRho/s.Rho-s.P.Value/(s.Rho*s.Rho)
	det := et*s.P.DRho - er*s.P.DT
	return (e*s.P.DRho - p*er) / det, (et*p - s.P.DT*e) / det
}

// columns adds to the columns of the Jacobian how temperature and density
// depend on the components, and the right-hand side on them.
func (h *heating) columns(w *worker, y []float64) {
	h.origin = h.last
	s, rho := &h.last, h.last.Rho
	var p plasma.Quantity
	if h.isobaric {
		p = s.P
	}
	abar := 1 / y[w.plan.sumY]
	t := [3]float64{}
	d := [3]float64{}
	t[0], d[0] = h.solve(nuclide.ErgPerGram, 0)
	t[1], d[1] = h.solve((s.E.DAbar+p.DAbar/rho)*abar*abar, p.DAbar*abar*abar)
	t[2], d[2] = h.solve(-s.E.DYe-p.DYe/rho, -p.DYe)
	temperature, density := s.T, s.Rho
	byT := w.byTemperature
	w.partial(y, temperature, density, 1, 0, byT)
	for k, column := range [][]float64{w.columns[3], w.columns[1], w.columns[0]} {
		for i, v := range byT {
			column[i] += v / temperature * t[k]
		}
	}
	if h.isobaric {
		w.partial(y, temperature, density, 0, 1, byT)
		for k, column := range [][]float64{w.columns[3], w.columns[1], w.columns[0]} {
			for i, v := range byT {
				column[i] += v / density * d[k]
			}
		}
	}
}

// partial stores in dst the derivative of the right-hand side along a direction
// in ln T and ln rho, by a difference, and leaves the worker at (t, rho).
func (w *worker) partial(y []float64, t, rho, alongT, alongRho float64, dst []float64) {
	const step = 5e-6
	size := step / max(math.Abs(alongT), math.Abs(alongRho))
	w.setState(t*math.Exp(size*alongT), rho*math.Exp(size*alongRho))
	w.rightHandSide(y, w.shifted)
	w.setState(t*math.Exp(-size*alongT), rho*math.Exp(-size*alongRho))
	w.rightHandSide(y, dst)
	for i, v := range w.shifted {
		dst[i] = (v - dst[i]) / (2 * size)
	}
	w.setState(t, rho)
}
