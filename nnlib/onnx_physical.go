package nnlib

import (
	"math"
	"slices"
)

// physical adds a physical net, which Predict follows through physics.start,
// start.fill and predictPhysical, and the outputs. But for the net itself all is
// in float64.
func (g *onnxGraph) physical(n *Net) {
	p := n.physics
	count, m := len(p.nuclides), len(p.nuclides)+quantities
	t, rho, dt := g.column("T"), g.column("rho"), g.column("t")
	x := g.op("Cast", "X", onnxInteger("to", onnxDouble))
	za, perX := g.matrix([]int{count, 1}, p.za...), g.matrix([]int{count, 1}, p.perX...)
	ye := x.dot(za)

	equilibrium := x
	if !p.noNSE {
		equilibrium = g.equilibrium(p.nuclides, t, rho, ye, x)
	}
	var weak *onnxWeak
	if !p.noWeak {
		weak = g.weak(p, t, rho.times(ye))
	}
	guess := func(x term) (ln, change, loss term) {
		change = ye.times(0)
		loss = change
		if weak != nil {
			change, loss = weak.of(x)
		}
		return x.atLeast(floorX).log(), change.times(dt).over(changeUnit).asinh(), loss.atLeast(leastLoss).log()
	}
	ln, change, loss := guess(x)
	lnEquilibrium, changeEquilibrium, lossEquilibrium := guess(equilibrium)

	in := g.beside(
		t.log10().minus(9.55).over(0.2), rho.log10().minus(8).over(0.6), ye.minus(0.475).over(0.015),
		dt.log10().plus(2).over(2.6), g.op("Div", 1e9, t).minus(0.3).over(0.15),
		ln.plus(17).over(10), ln.over(3).exp().times(3), lnEquilibrium.plus(17).over(10),
		change.over(6), changeEquilibrium.over(6), loss.minus(33).over(6), lossEquilibrium.minus(33).over(6))
	h := g.residual(n, in.as(onnxFloat)).as(onnxDouble)

	// See op.BlendRows.
	gate := g.op("Div", 1, h.columns(0, m).negative().exp().plus(1))
	a, b := g.beside(ln, change, loss, loss), g.beside(lnEquilibrium, changeEquilibrium, lossEquilibrium, lossEquilibrium)
	out := a.plus(gate.times(b.minus(a).plus(h.columns(m, 2*m))))
	change = out.columns(count, count+1).sinh().times(changeUnit)
	ln = out.columns(0, count)
	if !n.Config.without(withoutTilt) {
		ln = g.tilt(p.za, ln, ye.plus(change))
	}
	w := ln.minus(ln.greatest()).exp()
	end := w.over(w.sum())

	covered := dt.between(n.Span[0]*(1-spanMargin), n.Span[1]*(1+spanMargin))
	answer := func(name string, v term, dims ...any) {
		v = covered.pick(v, math.NaN()).as(onnxFloat)
		if len(dims) == 1 {
			g.node("Squeeze", name, v, []int{1})
		} else {
			g.node("Identity", name, v)
		}
		g.output(name, dims...)
	}
	answer("X_end", end, "batch", count)
	answer("ye_end", end.dot(za), "batch")
	answer("q", end.minus(x).dot(perX), "batch")
	answer("eps_nu", out.columns(count+1, count+2).exp(), "batch")
	answer("ye_change", change, "batch")
	answer("expected_error", h.columns(2*m, 2*m+1).exp(), "batch")
}

// residual adds the layers of a physical net, of float32, see Net.physicalGraph.
func (g *onnxGraph) residual(n *Net, h term) term {
	next := 0
	weight := func() string {
		w := n.weights[next]
		name := n.tensors[next].name
		g.tensor(name, w.Shape(), data(w))
		next++
		return name
	}
	layer := func(h term) term { return g.op("Gemm", h, weight(), weight()) }
	norm := func(h term) term {
		return g.op("LayerNormalization", h, weight(), weight(), onnxInteger("axis", 1), onnxNumber("epsilon", 1e-5))
	}
	h = layer(h)
	for range n.Config.Layers {
		h = layer(g.op("Elu", layer(norm(h)))).plus(h)
	}
	return layer(norm(h))
}

// tilt adds the b Z/A of op.TiltRows to ln w [batch, nuclides].
func (g *onnxGraph) tilt(za []float64, ln, ye term) term {
	least, greatest := slices.Min(za), slices.Max(za)
	if least == greatest {
		return ln // of any ln w there is one Ye only
	}
	margin := 1e-3 * (greatest - least)
	excess := g.op("Sub", za, ye.within(least+margin, greatest-margin))
	weights := g.layers(ln.plus(excess.atLeast(0).log()), ln.plus(excess.negative().atLeast(0).log()))
	of := g.matrix([]int{len(za), 1}, za...)
	// As in equilibrium, of the logarithms of excess and lack of protons.
	b, _ := g.root(ye.times(0), 1, func(b term) term {
		s := g.sums(weights.plus(g.layer(b.times(za))), of, 2, 1)
		return s[2].minus(s[0]).over(s[1].minus(s[3]))
	})
	return ln.plus(b.times(za))
}

func (t term) asinh() term {
	// Of its size, so that nothing is lost of negative ones.
	size := t.abs()
	return t.g.op("Sign", t).times(size.plus(size.times(size).plus(1).sqrt()).log())
}

func (t term) sinh() term { return t.exp().minus(t.negative().exp()).over(2) }
