package star

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/plasma"
)

// zone advances a core. Each step solves for ln T and ln rho at its end such that the first law and the law of
// contraction hold, by Broyden's method: the composition there comes from burning along the way.
type zone struct {
	Core
	members    []nuclide.Nuclide
	collapsing bool
	burns      int

	inverse [2][2]float64 // approximate inverse Jacobian of the residuals
	known   bool          // whether there is one
	slope   [2]float64    // d(ln T, ln rho)/dt of the last step
}

// moment is the state of the zone at one time.
type moment struct {
	time   float64
	x      []float64
	eos    plasma.State
	loss   float64 // to thermal neutrinos, erg/g/s
	budget Budget
}

func (m *moment) logs() [2]float64 { return [2]float64{math.Log(m.eos.T), math.Log(m.eos.Rho)} }

// lack returns ln(P/P_virial): negative if the pressure does not hold the core up.
func (z *zone) lack(s *plasma.State) float64 {
	want := hold(s.Gamma1) * gravity * math.Pow(z.Mass, 2./3) * math.Pow(s.Rho, 4./3)
	return math.Log(s.P.Value / want)
}

// at fills in what depends on T, rho and composition.
func (z *zone) at(t, rho float64, x []float64) (moment, error) {
	moments := nuclide.MomentsOf(z.members, x)
	s, err := plasma.At(t, rho, moments)
	if err != nil {
		return moment{}, err
	}
	l, err := plasma.Neutrinos(t, rho, moments)
	return moment{x: x, eos: s, loss: l.Total.Value}, err
}

// start finds the temperature at which the core is in equilibrium at its initial density.
func (z *zone) start() (moment, error) {
	lo, hi := math.Log(1e7), math.Log(z.EndT)
	for hi-lo > 1e-12 {
		mid := (lo + hi) / 2
		m, err := z.at(math.Exp(mid), z.Rho, z.X)
		if err != nil {
			return m, fmt.Errorf("star: %w: %w", ErrCore, err)
		}
		if z.lack(&m.eos) < 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	t := math.Exp(lo)
	if t <= 1e7*(1+1e-9) || t >= z.EndT*(1-1e-9) {
		return moment{}, fmt.Errorf("star: %w: %g solar masses at %g g/cm3 have no equilibrium between 1e7 and %g K", ErrCore, z.Mass, z.Rho, z.EndT)
	}
	m, err := z.at(t, z.Rho, z.X)
	m.budget.Internal = m.eos.E.Value
	z.collapsing = z.Law == FreeFall
	return m, err
}

// firstStep is short against the times in which the core radiates its heat or falls.
func (z *zone) firstStep(m moment) float64 {
	h := z.Step * z.fall(m.eos.Rho)
	if z.Law == Virial {
		h = max(h, 0.01*z.Step*m.eos.Cv*m.eos.T/max(m.loss, 1))
	}
	return h
}

// fall returns the shortest time of contraction, s.
func (z *zone) fall(rho float64) float64 { return z.FallTime * 446 / math.Sqrt(rho) }

// change returns how much a step changed the zone, in the measure of Core.Step.
func (z *zone) change(from, to moment) float64 {
	a, b := from.logs(), to.logs()
	c := max(math.Abs(b[0]-a[0]), math.Abs(b[1]-a[1])/2, 1e-6)
	for i, x := range to.x {
		c = max(c, math.Abs(x-from.x[i]))
	}
	return c
}

// errStep says that a step has to be tried again with half its length.
var errStep = errors.New("no solution within a step")

// advance makes a step of length h or less and returns how long it was.
func (z *zone) advance(ctx context.Context, from moment, h float64) (to moment, used float64, err error) {
	for range 60 {
		was := z.collapsing
		if was {
			h = min(h, 1.9*z.Step*z.fall(from.eos.Rho))
		}
		to, err = z.step(ctx, from, h)
		switch {
		case err == nil && z.change(from, to) <= 1.5*z.Step:
			a, b := from.logs(), to.logs()
			z.slope = [2]float64{(b[0] - a[0]) / h, (b[1] - a[1]) / h}
			return to, h, nil
		case err == nil:
			h *= max(0.8*z.Step/z.change(from, to), 0.2)
		case errors.Is(err, errStep):
			h /= 2
			if z.collapsing && !was {
				h = z.Step * z.fall(from.eos.Rho)
			}
			z.known = false
		default:
			return to, h, err
		}
	}
	return to, h, err
}

// step makes one step of length h. A core in equilibrium that would have to contract faster than it can fall begins to
// collapse; one that collapses does so until its pressure holds it again.
func (z *zone) step(ctx context.Context, from moment, h float64) (moment, error) {
	to, err := z.solve(ctx, from, h)
	if err != nil || z.Law == FreeFall {
		return to, err
	}
	switch {
	case !z.collapsing && math.Log(to.eos.Rho/from.eos.Rho) > h/z.fall(from.eos.Rho):
		z.collapsing, z.known = true, false
		rate := 1 / z.fall(from.eos.Rho)
		z.slope = [2]float64{(from.eos.Gamma3 - 1) * rate, rate}
		return to, errStep
	case z.collapsing && z.lack(&to.eos) > 0:
		z.collapsing, z.known = false, false
		return z.solve(ctx, from, h)
	}
	return to, nil
}

// solve finds the end of a step under the law in force.
func (z *zone) solve(ctx context.Context, from moment, h float64) (moment, error) {
	const (
		tolerance = 1e-6 // of the logarithms
		widest    = 0.3  // correction of one iteration
	)
	start := from.logs()
	u := [2]float64{start[0] + h*z.slope[0], start[1] + h*z.slope[1]}
	to, f, err := z.residual(ctx, from, u, h)
	if err != nil {
		return to, err
	}
	for i := range 16 {
		if math.Abs(f[0]) < tolerance && math.Abs(f[1]) < tolerance {
			return to, nil
		}
		if !z.known || i == 8 {
			if err := z.differentiate(ctx, from, u, f, h); err != nil {
				return to, err
			}
		}
		var du, df [2]float64
		for k := range du {
			du[k] = -(z.inverse[k][0]*f[0] + z.inverse[k][1]*f[1])
			if !(math.Abs(du[k]) < widest) {
				return to, errStep
			}
			u[k] += du[k]
		}
		var g [2]float64
		if to, g, err = z.residual(ctx, from, u, h); err != nil {
			return to, err
		}
		for k := range df {
			df[k] = g[k] - f[k]
		}
		z.update(du, df)
		f = g
	}
	return to, errStep
}

// residual burns from one moment to T and rho = exp(u) a time h later and returns the moment there, with what is
// missing in the first law, in units of cv T, and in the law of contraction.
func (z *zone) residual(ctx context.Context, from moment, u [2]float64, h float64) (to moment, f [2]float64, err error) {
	start := from.logs()
	x := from.x
	var q, nu float64
	// Two burns at the middles of the halves of the way: rates are right to second order, and matter in equilibrium
	// lags behind by a quarter of a step only.
	for _, w := range []float64{0.25, 0.75} {
		s := nucnet.State{T: math.Exp(start[0] + w*(u[0]-start[0])), Rho: math.Exp(start[1] + w*(u[1]-start[1])), X: x}
		z.burns++
		r, err := z.Network.Burn(ctx, s, []float64{h / 2}, z.Options)
		if err != nil {
			return to, f, err
		}
		last := r.Samples[0]
		x, q, nu = last.X, q+last.Q, nu+last.EpsNuIntegral
	}
	if to, err = z.at(math.Exp(u[0]), math.Exp(u[1]), x); err != nil {
		if errors.Is(err, plasma.ErrRange) {
			err = errStep
		}
		return to, f, err
	}
	work := (from.eos.P.Value/from.eos.Rho + to.eos.P.Value/to.eos.Rho) / 2 * math.Log(to.eos.Rho/from.eos.Rho)
	thermal := h * (from.loss + to.loss) / 2
	b := from.budget
	to.time = from.time + h
	to.budget = Budget{to.eos.E.Value, b.Work + work, b.Nuclear + q, b.WeakNu + nu, b.ThermalNu + thermal}
	f[0] = (to.eos.E.Value - from.eos.E.Value - work - q + nu + thermal) / (to.eos.Cv * to.eos.T)
	if z.collapsing {
		f[1] = u[1] - start[1] - h/z.fall(from.eos.Rho)
	} else {
		f[1] = z.lack(&to.eos)
	}
	return to, f, nil
}

// differentiate finds the inverse Jacobian of the residuals f at u from differences.
func (z *zone) differentiate(ctx context.Context, from moment, u, f [2]float64, h float64) error {
	const d = 1e-4
	var j [2][2]float64
	for k := range u {
		v := u
		v[k] += d
		_, g, err := z.residual(ctx, from, v, h)
		if err != nil {
			return err
		}
		j[0][k], j[1][k] = (g[0]-f[0])/d, (g[1]-f[1])/d
	}
	det := j[0][0]*j[1][1] - j[0][1]*j[1][0]
	if det == 0 || math.IsNaN(det) {
		return errStep
	}
	z.inverse = [2][2]float64{{j[1][1] / det, -j[0][1] / det}, {-j[1][0] / det, j[0][0] / det}}
	z.known = true
	return nil
}

// update makes the inverse Jacobian map the change df of the residuals to the change du (Broyden 1965, Math. Comp. 19,
// 577, his first method).
func (z *zone) update(du, df [2]float64) {
	b := &z.inverse
	bdf := [2]float64{b[0][0]*df[0] + b[0][1]*df[1], b[1][0]*df[0] + b[1][1]*df[1]}
	below := du[0]*bdf[0] + du[1]*bdf[1]
	if math.Abs(below) < 1e-30 {
		return
	}
	row := [2]float64{du[0]*b[0][0] + du[1]*b[1][0], du[0]*b[0][1] + du[1]*b[1][1]}
	for i := range b {
		for k := range row {
			b[i][k] += (du[i] - bdf[i]) * row[k] / below
		}
	}
}
