package approx21

import (
	"fmt"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// Options choose the physics of an [Evaluator]. The zero value is screening by Chugunov, DeWitt & Yakovlev (2007),
// correct detailed balance and all weak reactions.
type Options struct {
	Screening rate.Screening
	Balance   rate.Balance
	NoWeak    bool // leaves out every flow that changes the electron fraction

	// Eta returns the chemical potential of electrons over kT, without their rest mass, at temperature t (K) and
	// rhoYe, the density times the electron fraction (g/cm3), and its derivative by ln(rhoYe). The default is that of
	// package plasma.
	Eta func(t, rhoYe float64) (eta, slope float64)
}

// Conditions are what rates depend on beside temperature, density and the members' own abundances.
type Conditions struct {
	// Factor holds the enhancement factors of the channels of [Evaluator.Screener], and 1 behind them.
	Factor []float64
	// Gradient holds the derivatives of their logarithms by the electron fraction, the sum of Y and the sum of Z^2 Y.
	// A nil slice stands for zeros.
	Gradient [3][]float64
	// Weak and WeakSlope hold what [Evaluator.EvalWeak] gives, the latter as derivatives by the electron fraction.
	Weak, WeakSlope []float64
}

// Evaluator computes fluxes at one temperature and density. It is used by one goroutine at a time.
type Evaluator struct {
	net      *Network
	rates    *rates
	opt      Options
	screener *rate.Screener
	channel  [2 * links]int // place in Factor
	active   []bool         // by flow

	fixed
	plain state[plain]
	dual  state[dual]
}

// NewEvaluator returns an evaluator for a kind of physics. It needs [Evaluator.Begin] before anything else.
func (n *Network) NewEvaluator(o Options) (*Evaluator, error) {
	r, err := n.ratesFor(o.Balance)
	if err != nil {
		return nil, fmt.Errorf("approx21: %w", err)
	}
	if o.Eta == nil {
		o.Eta = electronEta
	}
	e := &Evaluator{net: n, rates: r, opt: o}
	for i := range n.flows {
		e.active = append(e.active, !(o.NoWeak && n.flows[i].Weak()))
	}
	e.screen()
	return e, nil
}

// Clone returns an evaluator for the same physics that another goroutine may use.
func (e *Evaluator) Clone() *Evaluator {
	c := *e
	return &c
}

// screen assigns a channel to every direction. Following MESA, a pair with a nuclide that the network does not follow
// is not screened unless that is co55, co57 or h2.
func (e *Evaluator) screen() {
	known := map[string]bool{"co55": true, "co57": true, "h2": true}
	for _, m := range e.net.members {
		known[m.String()] = true
	}
	screened := func(side []nuclide.Nuclide) bool {
		for _, m := range side {
			if !known[m.String()] {
				return false
			}
		}
		return true
	}
	list := &rate.Links{} // triple alpha joins all three, also in MESA
	var of []direction
	for l := range links {
		r := e.rates.strong.Strong[e.rates.place[l]].Reaction
		if e.rates.flip[l] {
			r = r.Reverse()
		}
		for i, side := range [][]nuclide.Nuclide{r.In, r.Out} {
			if screened(side) {
				list.Strong = append(list.Strong, rate.Link{Reaction: rate.Reaction{In: side}})
				of = append(of, l.forward()+direction(i))
			}
		}
	}
	e.screener = list.Screener(e.opt.Screening)
	for d := range e.channel {
		e.channel[d] = e.screener.Channels
	}
	for i, d := range of {
		if c := e.screener.Forward[i]; c >= 0 {
			e.channel[d] = c
		}
	}
}

// Screener gives the enhancement factors that Conditions hold.
func (e *Evaluator) Screener() *rate.Screener { return e.screener }

// Begin prepares for temperature t (K) and density rho (g/cm3).
func (e *Evaluator) Begin(t, rho float64) {
	e.rates.eval(t, rho, &e.raw)
	for d, f := range e.net.strongFactor {
		e.raw[d] *= f
	}
	e.hot = t > 1.5e9
	e.fake = 0
	if t >= e.net.fakeFrom {
		e.fake = e.net.fakeFactor
	}
	for _, pair := range [][2]direction{
		{mg24ap.reverse(), al27pg.forward()},
		{si28ap.reverse(), p31pg.forward()},
		{s32ap.reverse(), cl35pg.forward()},
		{ar36ap.reverse(), k39pg.forward()},
		{ca40ap.reverse(), sc43pg.forward()},
		{ti44ap.reverse(), v47pg.forward()},
		{cr48ap.reverse(), mn51pg.forward()},
		{n15pa.forward(), n15pg.forward()},
	} {
		share := 0.0
		if sum := e.raw[pair[0]] + e.raw[pair[1]]; sum > 1e-30 {
			share = e.raw[pair[0]] / sum
		}
		e.back[pair[0]/2] = share
	}
}

// WeakCount is the number of weak rates.
const WeakCount = weakRates

// least is the smallest rate in 1/s that is not taken for zero.
const least = 1e-99

// EvalWeak fills lambda with the weak rates (1/s) at temperature t (K) and rhoYe, the density times the electron
// fraction (g/cm3), and slope with their derivatives by ln(rhoYe). Both have length WeakCount.
func (e *Evaluator) EvalWeak(t, rhoYe float64, lambda, slope []float64) {
	e.rates.evalWeak(t, rhoYe, lambda, slope)
	clear(lambda[weakProton:])
	clear(slope[weakProton:])
	if !e.opt.NoWeak {
		eta, by := e.opt.Eta(t, rhoYe)
		p, n, dp, dn := captures(t, eta)
		if p > least {
			lambda[weakProton], slope[weakProton] = p, dp*by
		}
		if n > least {
			lambda[weakNeutron], slope[weakNeutron] = n, dn*by
		}
	}
	for k, f := range e.net.weakFactor {
		lambda[k] *= f
		slope[k] *= f
	}
}

// Slope stores the time derivatives of the members' molar abundances y (mol/g) in dst, and behind them those of the
// electron fraction (mol/g/s) and of the energy carried away by neutrinos (MeV mol/g/s).
func (e *Evaluator) Slope(y []float64, c *Conditions, dst []float64) {
	s := e.values(y, c)
	clear(dst)
	for i := range e.net.flows {
		if f := &e.net.flows[i]; e.active[i] {
			net := f.forward.flux(s, y) - f.reverse.flux(s, y)
			for _, t := range f.rows {
				dst[t.place] += t.coefficient * net
			}
		}
	}
}

// Flux is a flow's pace in both directions, mol/g/s.
type Flux struct{ Forward, Reverse float64 }

// Fluxes stores the fluxes of all flows of the network at abundances y (mol/g) in dst.
func (e *Evaluator) Fluxes(y []float64, c *Conditions, dst []Flux) {
	s := e.values(y, c)
	for i := range e.net.flows {
		dst[i] = Flux{}
		if f := &e.net.flows[i]; e.active[i] {
			dst[i] = Flux{f.forward.flux(s, y), f.reverse.flux(s, y)}
		}
	}
}

// Jacobian stores the derivatives of what Slope gives: by abundances in values, at the places of [Network.Entries],
// and by the electron fraction, the sum of Y and the sum of Z^2 Y in columns, each of [Network.Rows] elements.
func (e *Evaluator) Jacobian(y []float64, c *Conditions, values []float64, columns [3][]float64) {
	s := e.derivatives(y, c)
	clear(values)
	for _, column := range columns {
		clear(column)
	}
	var by [8]float64
	for i := range e.net.flows {
		f := &e.net.flows[i]
		if !e.active[i] {
			continue
		}
		m := len(f.columns)
		gradient := by[:m]
		clear(gradient)
		var plasma [3]float64
		f.forward.gradient(s, y, 1, gradient, &plasma)
		f.reverse.gradient(s, y, -1, gradient, &plasma)
		for row, t := range f.rows {
			for k, at := range f.places[row*m : (row+1)*m] {
				values[at] += t.coefficient * gradient[k]
			}
			for k, column := range columns {
				column[t.place] += t.coefficient * plasma[k]
			}
		}
	}
}
