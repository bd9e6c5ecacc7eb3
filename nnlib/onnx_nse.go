package nnlib

import (
	"math"
	"slices"

	"nuclab/nucnet/nse"
	"nuclab/nucnet/nuclide"
)

// equilibrium returns mass fractions [batch, nuclides] in nuclear statistical
// equilibrium at T [K], rho [g/cm3] and Ye, columns, as nse.Solve finds them; x
// where there is no equilibrium.
func (g *onnxGraph) equilibrium(nuclides []nuclide.Nuclide, t, rho, ye, x term) term {
	zero := g.lnAtRest(nuclides, t, rho, ye)
	var z, n, za []float64
	for _, m := range nuclides {
		z, n = append(z, float64(m.Z())), append(n, float64(m.N()))
		za = append(za, float64(m.Z())/float64(m.A()))
	}
	count := len(nuclides)
	numbers := g.matrix([]int{2, count}, append(z, n...)...)
	turned := g.op("Transpose", numbers)

	// Two equations, of functions that are nearly linear in the chemical potentials
	// over kT wherever one looks: ln sum X = 0, and the logarithms of the proton
	// excess sum X (Z/A - Ye) of nuclides that have one, and of the lack of all
	// others, are equal.
	excess := g.op("Sub", za, ye)
	ln := func(e term) term { return e.atLeast(0).log() }
	weights := g.layers(zero, zero.plus(ln(excess)), zero.plus(ln(excess.negative())))
	start := t.power(-1).times(-9 / nuclide.BoltzmannMeV) // -9 MeV
	potentials, found := g.root(g.beside(start, start), 2, func(potentials term) term {
		s := g.sums(weights.plus(g.layer(potentials).dot(numbers)), turned, 3, 2)
		all, over, under := s[0:3], s[3:6], s[6:9] // ln sum, mean Z, mean N
		f, a, b := all[0], all[1], all[2]
		h, c, d := over[0].minus(under[0]), over[1].minus(under[1]), over[2].minus(under[2])
		det := a.times(d).minus(b.times(c))
		return g.beside(b.times(h).minus(d.times(f)).over(det), c.times(f).minus(a.times(h)).over(det))
	})
	w := zero.plus(potentials.dot(numbers)).exp()
	possible := found.and(t.between(nse.MinT, nse.MaxT)).and(rho.between(nse.MinRho, nse.MaxRho)).
		and(ye.exceeds(slices.Min(za))).and(ye.below(slices.Max(za)))
	return possible.pick(w.over(w.sum()), x)
}

// layer makes [batch, columns] [batch, 1, columns], and layers as many of these.
func (g *onnxGraph) layer(t term) term { return g.op("Unsqueeze", t, []int{1}) }

func (g *onnxGraph) layers(terms ...term) term {
	var in []any
	for _, t := range terms {
		in = append(in, g.layer(t))
	}
	return g.op("Concat", append(in, onnxInteger("axis", 1))...)
}

// sums returns, of layers of logarithms of weights, [batch, layers, nuclides], the
// logarithm of the sum of each and k means with these weights, of [nuclides, k]:
// columns, layer by layer.
func (g *onnxGraph) sums(ln, of term, layers, k int) []term {
	top := ln.greatest()
	w := ln.minus(top).exp()
	sum := w.sum()
	all := g.beside(top.plus(sum.log()), w.dot(of).over(sum))
	return g.op("Reshape", all, []int{-1, layers * (1 + k)}).split(layers * (1 + k))
}

// root follows Newton's steps [batch, k] from a start, and reports where they have
// come to an end, a column of bool. Where a step turns back it is halved, as are
// those behind it, which lets no cycle last; where it does not turn back, doubled,
// up to the whole. From the start used here 15 rounds have always been enough.
func (g *onnxGraph) root(start term, k int, step func(at term) term) (at, found term) {
	const rounds, enough = 100, 1e-12
	moves := func(at, d term) term { return d.abs().sum().exceeds(at.abs().sum().plus(1).times(enough)) }
	still := start.times(0)
	end := g.loop(rounds, []term{start, still, still.columns(0, 1).plus(1)}, func(state []term) ([]term, term) {
		at, last, share := state[0], state[1], state[2]
		d := step(at)
		back := d.times(last).sum().below(0)
		share = back.pick(share.times(0.5), share.times(2).atMost(1))
		at = at.plus(share.times(d))
		return []term{at, d, share}, moves(at, d).any()
	})
	at = end[0]
	return at, g.op("Not", moves(at, end[1])).and(g.op("Not", g.op("IsNaN", at.sum())))
}

// lnAtRest returns ln X at zero chemical potentials, see nse.Solve.
func (g *onnxGraph) lnAtRest(nuclides []nuclide.Nuclide, t, rho, ye term) term {
	// Number of states per volume of a particle of 1 u, in mol/g.
	const perT = nuclide.AtomicMass * nuclide.Boltzmann / (2 * math.Pi * nuclide.HBar * nuclide.HBar)
	states := t.times(perT).log().times(1.5).minus(rho.times(nuclide.Avogadro).log())
	ne := rho.times(ye).over(nuclide.AtomicMass)
	coupling := ne.times(4 * math.Pi / 3).power(1. / 3).over(t).times(nuclide.Charge * nuclide.Charge / nuclide.Boltzmann)
	var own, binding, charges, partition []float64
	small := slices.Contains(nuclides, nuclide.Prot)
	for _, m := range nuclides {
		c := math.Log(float64(m.A())*m.Spin()) + 1.5*math.Log(m.Mass())
		if m == nuclide.Proton && small {
			c = math.Inf(-1) // takes no part, prot does
		}
		own, binding = append(own, c), append(binding, m.Binding()/nuclide.BoltzmannMeV)
		charges = append(charges, math.Pow(float64(m.Z()), 5./3))
	}
	temperatures := nuclide.PartitionTemperatures()
	for _, at := range temperatures {
		for _, m := range nuclides {
			ln, _ := m.LnPartition(at)
			partition = append(partition, ln)
		}
	}
	last := len(temperatures) - 1
	at := t.within(temperatures[0], temperatures[last]).place(temperatures)
	table := g.matrix([]int{last + 1, len(nuclides)}, partition...)
	return states.plus(own).plus(g.op("Div", binding, t)).plus(g.along(table, at.node, at.share)).minus(g.coulomb(coupling.times(charges)))
}

// coulomb returns the Coulomb chemical potential over kT of ions of these coupling
// constants, eq. 28 of Chabrier & Potekhin (1998, PRE 58, 4941).
func (g *onnxGraph) coulomb(gamma term) term {
	const a1, a2 = -0.9052, 0.6322
	a3 := -math.Sqrt(3)/2 - a1/math.Sqrt(a2)
	root := gamma.sqrt()
	// There is an Atan of float32 only: its error, 1e-7, is one of ln X.
	angle := g.op("Atan", root.as(onnxFloat)).as(onnxDouble)
	logarithm := root.over(math.Sqrt(a2)).plus(gamma.over(a2).plus(1).sqrt()).log()
	return gamma.times(gamma.plus(a2)).sqrt().minus(logarithm.times(a2)).times(a1).plus(root.minus(angle).times(2 * a3))
}
