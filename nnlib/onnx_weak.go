package nnlib

import (
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// onnxWeak are the weak reactions of one nuclide, as a graph has them: rates [1/s]
// and neutrino losses [MeV/s] of a parent, [batch, reactions].
type onnxWeak struct {
	g            *onnxGraph
	rates, loss  term
	from         []int     // the parents among the nuclides
	charge, perX []float64 // see decay
}

// weak adds the weak rates at T [K] and rho Ye [g/cm3], columns, as
// rate.Links.EvalWeak has them. It is nil if there are none.
func (g *onnxGraph) weak(p *physics, t, rhoYe term) *onnxWeak {
	w := &onnxWeak{g: g}
	var rates, losses []term
	var tables []*rate.WeakTable
	var fits []*rate.WeakFit
	for i, d := range p.decays {
		if d.from < 0 {
			continue
		}
		if i < len(p.links.Tables) {
			tables = append(tables, &p.links.Tables[i])
		} else {
			fits = append(fits, &p.links.Fits[i-len(p.links.Tables)])
		}
		w.from, w.perX, w.charge = append(w.from, d.from), append(w.perX, d.perX), append(w.charge, d.charge*d.perX)
	}
	t9 := t.over(1e9)
	if len(tables) > 0 {
		r, l := g.weakTables(tables, t9, rhoYe)
		rates, losses = append(rates, r), append(losses, l)
	}
	if len(fits) > 0 {
		r, l := g.weakFits(fits, t9, rhoYe)
		rates, losses = append(rates, r), append(losses, l)
	}
	if len(rates) == 0 {
		return nil
	}
	w.rates, w.loss = g.beside(rates...), g.beside(losses...)
	return w
}

// of returns the rate of change of Ye [1/s] and the neutrino loss [erg/g/s] of
// mass fractions [batch, nuclides], see physics.weak.
func (w *onnxWeak) of(x term) (change, loss term) {
	n := len(w.from)
	parents := w.g.op("Gather", x, w.from, onnxInteger("axis", 1))
	change = w.rates.times(parents).dot(w.g.matrix([]int{n, 1}, w.charge...))
	return change, w.loss.times(parents).dot(w.g.matrix([]int{n, 1}, w.perX...)).times(nuclide.ErgPerGram)
}

// weakTables interpolates tables.
func (g *onnxGraph) weakTables(list []*rate.WeakTable, t9, rhoYe term) (rates, losses term) {
	const columns, densities = 3, 11
	temperatures := rate.WeakT9()
	n, across := len(list), len(temperatures)
	values := make([]float64, rate.WeakNodes*columns*n)
	var from, width, low, lowNu []float64
	for i, w := range list {
		for q, column := range w.Nodes() {
			for k, v := range column {
				values[(k*columns+q)*n+i] = v
			}
		}
		lambda, qnu, begin, over := w.Cold()
		if lambda == 0 {
			begin = -over // the table's share is 1 everywhere
		}
		from, width, low, lowNu = append(from, begin), append(width, over), append(low, lambda), append(lowNu, qnu)
	}
	table := g.matrix([]int{rate.WeakNodes, columns * n}, values...)
	logs := make([]float64, densities)
	for i := range logs {
		logs[i] = float64(1 + i)
	}
	u := t9.within(temperatures[0], temperatures[across-1]).place(temperatures)
	v := rhoYe.log10().within(logs[0], logs[densities-1]).place(logs)
	node := u.node.plus(v.node.times([]int{across}))
	below, above := g.along(table, node, u.share), g.along(table, node.next(across), u.share)
	all := below.plus(v.share.times(above.minus(below))).exp10()

	rates = all.columns(0, n).plus(all.columns(n, 2*n)) // decay and capture
	known := rates.reaches(1e-30)
	qnu := known.pick(all.columns(2*n, 3*n).over(rates), lowNu)
	share := t9.minus(from).over(width).within(0, 1)
	rates = share.times(rates).plus(g.op("Mul", low, g.op("Sub", 1, share)))
	return rates, rates.times(qnu)
}

// weakFits adds up the terms of fits.
func (g *onnxGraph) weakFits(list []*rate.WeakFit, t9, rhoYe term) (rates, losses term) {
	var coefficients [7][]float64
	var of []int // the fit that a term belongs to
	var qnu []float64
	captures := make([]float64, len(list))
	for i, w := range list {
		for _, a := range w.Coeffs() {
			for k, v := range a {
				coefficients[k] = append(coefficients[k], v)
			}
			of = append(of, i)
		}
		if qnu = append(qnu, w.QNu); w.Electron {
			captures[i] = 1
		}
	}
	var all []float64
	for _, c := range coefficients {
		all = append(all, c...)
	}
	belongs := make([]float64, len(of)*len(list))
	for k, i := range of {
		belongs[k*len(list)+i] = 1
	}
	t9 = t9.within(0.01, rate.MaxT/1e9)
	root := t9.power(1. / 3)
	powers := g.beside(t9.power(0), t9.power(-1), root.power(-1), root, t9, t9.times(root).times(root), t9.log())
	sets := powers.dot(g.matrix([]int{7, len(of)}, all...)).exp()
	rates = sets.dot(g.matrix([]int{len(of), len(list)}, belongs...))
	// An electron that is captured comes with a factor of rho Ye.
	rates = rates.times(rhoYe.minus(1).times(captures).plus(1))
	return rates, rates.times(qnu)
}
