package nnlib

import (
	"errors"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"nuclab/nnlib/op"
	"nuclab/nucnet"
	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// The physical emulator is one net for a range of times. It does not say what
// becomes of a state from nothing, but corrects two guesses: that nothing
// happens, and nuclear statistical equilibrium at the electron fraction of the
// start. Between these it finds ln X of each nuclide, the change of Ye (as an
// inverse hyperbolic sine, guessed from the weak rates at the start and in
// equilibrium) and ln of the neutrino losses at the end and in the mean. The
// composition is then tilted so that it sums to 1 and has that Ye, and the energy
// released follows from it.

const (
	changeUnit = 1e-9 // of Ye, what the inverse hyperbolic sine is taken in
	leastLoss  = 1    // erg/g/s, the least neutrino loss whose logarithm is learnt
	// Quantities behind ln X: the change of Ye, the loss at the end, that in the mean.
	quantities = 3
	scalars    = 5 // inputs beside the nuclides': log T, log rho, Ye, log dt, 1/T
	weakInputs = 4
)

// Ideas of the physical emulator that Config.Without can leave out.
const (
	withoutEquilibrium = "equilibrium"
	withoutWeak        = "weak"
	withoutTilt        = "tilt"
	withoutRelative    = "relative"
	withoutRelaxed     = "relaxed"
)

var ideas = []string{withoutEquilibrium, withoutWeak, withoutTilt, withoutRelative, withoutRelaxed}

// Physical returns the settings of the physical emulator for a reaction network.
func Physical(network string) Config {
	return Config{
		Network: network, Net: "physical", Layers: 3, Width: 512, Epochs: 40, Batch: 512,
		LR: 1e-3, Schedule: "cosine", Warmup: 0.02, Decay: 0.01, Clip: 1, Average: 0.999, Validation: 0.05,
	}
}

// physics is what the physical emulator knows of its nuclides.
type physics struct {
	nuclides []nuclide.Nuclide
	za, perX []float64 // Z/A; energy released by a unit of X, erg/g
	links    *rate.Links
	decays   []decay
	noNSE    bool
	noWeak   bool
}

// decay is a weak reaction of one nuclide.
type decay struct {
	from   int     // -1 where it is of more than one
	perX   float64 // reactions per mass fraction, mol/g
	charge float64 // change of it
}

func newPhysics(c Config, nuclides []nuclide.Nuclide) (*physics, error) {
	p := &physics{nuclides: nuclides, noNSE: c.without(withoutEquilibrium), noWeak: c.without(withoutWeak)}
	p.za, p.perX = perX(nuclides)
	library, err := rate.Default()
	if err != nil {
		return nil, err
	}
	if p.links, err = library.Links(nuclides, rate.Correct); err != nil {
		return nil, err
	}
	add := func(r rate.Reaction) {
		d := decay{from: -1}
		if len(r.In) == 1 {
			d = decay{from: slices.Index(nuclides, r.In[0]), perX: 1 / float64(r.In[0].A()), charge: -float64(r.In[0].Z())}
			for _, m := range r.Out {
				d.charge += float64(m.Z())
			}
		}
		p.decays = append(p.decays, d)
	}
	for i := range p.links.Tables {
		add(p.links.Tables[i].Reaction)
	}
	for i := range p.links.Fits {
		add(p.links.Fits[i].Reaction)
	}
	return p, nil
}

// start is a state as the physical emulator sees it, whatever the time.
type start struct {
	logT, logRho, ye float64
	ln, equilibrium  []float32 // ln X, floored, of the state and of its equilibrium
	// Rate of change of Ye [1/s] and neutrino loss [erg/g/s], of the state and of its equilibrium.
	change, changeEquilibrium float64
	loss, lossEquilibrium     float64
}

// start describes a state; the two slices, one number for each nuclide, receive ln X.
func (p *physics) start(s nucnet.State, ln, equilibrium []float32) (start, error) {
	q := start{logT: math.Log10(s.T), logRho: math.Log10(s.Rho), ye: electronFraction(p.nuclides, s.X), ln: ln, equilibrium: equilibrium}
	eq := s.X
	if !p.noNSE {
		// Where there is no equilibrium, as below 1e9 K, it is nothing that is guessed twice.
		switch r, err := nse.Solve(p.nuclides, s.T, s.Rho, q.ye, nse.Options{}); {
		case err == nil:
			eq = r.X
		case !errors.Is(err, nse.ErrInput) && !errors.Is(err, nse.ErrConvergence):
			return q, err
		}
	}
	logs(ln, s.X)
	logs(equilibrium, eq)
	if p.noWeak {
		return q, nil
	}
	rates, losses := make([]float64, len(p.decays)), make([]float64, len(p.decays))
	p.links.EvalWeak(s.T, s.Rho*q.ye, rates, losses, nil)
	q.change, q.loss = p.weak(rates, losses, s.X)
	q.changeEquilibrium, q.lossEquilibrium = p.weak(rates, losses, eq)
	return q, nil
}

func logs(dst []float32, x []float64) {
	for i, v := range x {
		dst[i] = float32(math.Log(max(v, floorX)))
	}
}

// weak returns the rate of change of Ye and the neutrino loss of a composition,
// given the reactions' rates [1/s] and their neutrinos' energies [MeV].
func (p *physics) weak(rates, losses, x []float64) (change, loss float64) {
	for i, d := range p.decays {
		if d.from >= 0 {
			r := rates[i] * x[d.from] * d.perX
			change += d.charge * r
			loss += losses[i] * r
		}
	}
	return change, loss * nuclide.ErgPerGram
}

// physicalInputs returns the number of inputs for n nuclides: the scalars, ln X and the
// cube root of X, ln X in equilibrium, and the weak rates.
func physicalInputs(n int) int { return scalars + 3*n + weakInputs }

// guessed is how wide the two guesses of n nuclides are, with Ye at the start
// behind them, and as much comes from the last layer: gates, corrections and the
// expected error.
func guessed(n int) int { return 2*(n+quantities) + 1 }

// fill writes the inputs and the guesses for a time in s: x
// [physicalInputs], base [guessed].
func (q *start) fill(dt float64, x, base []float32) {
	n := len(q.ln)
	for j, v := range [scalars]float64{(q.logT - 9.55) / 0.2, (q.logRho - 8) / 0.6, (q.ye - 0.475) / 0.015,
		(math.Log10(dt) + 2) / 2.6, (math.Pow(10, 9-q.logT) - 0.3) / 0.15} {
		x[j] = float32(v)
	}
	x = x[scalars:]
	for j, v := range q.ln {
		x[j] = (v + 17) / 10
		x[n+j] = 3 * float32(math.Exp(float64(v)/3))
		x[2*n+j] = (q.equilibrium[j] + 17) / 10
	}
	x = x[3*n:]
	m := n + quantities
	a, b := base[:m], base[m:2*m]
	copy(a, q.ln)
	copy(b, q.equilibrium)
	for k, g := range []struct {
		guess        []float32
		change, loss float64
	}{{a, q.change, q.loss}, {b, q.changeEquilibrium, q.lossEquilibrium}} {
		change, loss := asinhChange(g.change*dt), lnLoss(g.loss)
		x[k], x[2+k] = change/6, (loss-33)/6
		g.guess[n], g.guess[n+1], g.guess[n+2] = change, loss, loss
	}
	base[2*m] = float32(q.ye)
}

func asinhChange(ye float64) float32 { return float32(math.Asinh(ye / changeUnit)) }
func lnLoss(loss float64) float32    { return float32(math.Log(max(loss, leastLoss))) }

// physicalTensors lists the weights of a physical net: a layer, blocks of a
// normalisation and two layers whose result is added to what went in, and a last
// layer.
func (c Config) physicalTensors(n int) []weight {
	in, out := physicalInputs(n), guessed(n)
	list := dense("input", in, c.Width, 1)
	norm := func(name string) {
		list = append(list, weight{name: name + ".gain", shape: []int{c.Width}, value: 1}, weight{name: name + ".offset", shape: []int{c.Width}})
	}
	for l := range c.Layers {
		block := fmt.Sprint("block", l)
		norm(block)
		list = append(list, dense(block+".first", c.Width, c.Width, 1)...)
		list = append(list, dense(block+".second", c.Width, c.Width, 0.3)...)
	}
	norm("end")
	return append(list, dense("output", c.Width, out, 0.1)...)
}

// burnWeights are those of the terms of the loss, chosen so that late in a
// training all weigh about alike.
var burnWeights = op.BurnWeights{LnX: 0.3, X: 1, Ye: 0.5, Change: 0.2, Q: 0.5, Neutrino: 0.3, Error: 0.05}

// physicalGraph makes the graph of a physical net for a number of rows, for a
// training also the loss and its gradients.
func (n *Net) physicalGraph(rows int, train bool) (g *graph, err error) {
	p := n.physics
	count := len(n.Nuclides)
	g = newGraph(n.weights, n.tensors)
	must := func(node *G.Node, e error) *G.Node {
		if err == nil {
			err = e
		}
		return node
	}
	layer := func(h *G.Node, act op.Activation, first bool) *G.Node {
		w, b := g.parameter(), g.parameter()
		if err != nil {
			return nil
		}
		return must(op.NewDense(h, w, b, act, first))
	}
	norm := func(h *G.Node) *G.Node {
		gain, offset := g.parameter(), g.parameter()
		if err != nil {
			return nil
		}
		return must(op.NewLayerNorm(h, gain, offset))
	}
	x, base := g.input("x", rows, physicalInputs(count)), g.input("base", rows, guessed(count))
	h := layer(x, op.Identity, true)
	for range n.Config.Layers {
		z := layer(layer(norm(h), op.ELU, false), op.Identity, false)
		if err != nil {
			return nil, err
		}
		h = must(op.NewAffine(z, h, nil, false))
	}
	h = layer(norm(h), op.Identity, false)
	if err != nil {
		return nil, err
	}
	if g.out = must(op.NewBlend(h, base, count+quantities, count, changeUnit)); err != nil {
		return nil, err
	}
	if n.Config.without(withoutTilt) {
		g.out = must(op.NewHead(g.out, count))
	} else {
		g.out = must(op.NewTilt(g.out, p.za))
	}
	if !train || err != nil {
		return g, err
	}
	g.target = g.matrix("target", rows, count+physicalTargets)
	w := burnWeights
	g.loss = must(op.NewBurnLoss(g.out, g.target, p.perX, w))
	g.composition = must(op.NewBurnLoss(g.out, g.target, p.perX, op.BurnWeights{LnX: w.LnX, X: w.X}))
	g.energy = must(op.NewBurnLoss(g.out, g.target, p.perX, op.BurnWeights{Q: 1}))
	if err != nil {
		return nil, err
	}
	g.gradients, err = G.Grad(g.loss, g.parameters...)
	return g, err
}
