package rate

import (
	"math"
	"slices"
)

// weakT9 is the temperature grid of the weak tables; log10(rho Ye) runs from 1 to weakDensities in steps of 1.
var weakT9 = [...]float64{0.01, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2, 3, 5, 10, 30}

const weakDensities = 11

// weakTable holds log10 of decay and capture rates in 1/s and of the neutrino loss in MeV/s, T9 running fastest.
type weakTable struct {
	decay, capture, neutrino [len(weakT9) * weakDensities]float64
}

// weakPoint is a place in the grid of the weak tables: node is the lower corner of a cell, u and v the fractions of
// the cell in T9 and log10(rho Ye). slope is 0 where rho Ye was clipped, else 1.
type weakPoint struct {
	node            int
	u, v, slope, t9 float64
}

func newWeakPoint(t9, rhoYe float64) weakPoint {
	p := weakPoint{t9: t9, slope: 1}
	i, last := 0, len(weakT9)-1
	t9 = min(max(t9, weakT9[0]), weakT9[last])
	for i < last-1 && t9 >= weakT9[i+1] {
		i++
	}
	p.u = (t9 - weakT9[i]) / (weakT9[i+1] - weakT9[i])
	x := math.Log10(rhoYe)
	if !(x > 1) {
		x, p.slope = 1, 0
	} else if x > weakDensities {
		x, p.slope = weakDensities, 0
	}
	j := min(int(x)-1, weakDensities-2)
	p.v = x - 1 - float64(j)
	p.node = j*len(weakT9) + i
	return p
}

// at returns 10^q at the point, q bilinear in T9 and log10(rho Ye), and its derivative with respect to ln(rho Ye).
func (p *weakPoint) at(q *[len(weakT9) * weakDensities]float64) (value, d float64) {
	k := p.node
	low := q[k] + p.u*(q[k+1]-q[k])
	k += len(weakT9)
	high := q[k] + p.u*(q[k+1]-q[k])
	value = math.Exp(math.Ln10 * (low + p.v*(high-low)))
	return value, value * (high - low) * p.slope // d log10 q/d log10 rhoYe = d ln q/d ln rhoYe
}

// eval returns the rate in 1/s, the neutrino energy in MeV per reaction, and the derivative of the rate with respect to
// ln(rho Ye). Tables are not trusted at low temperature: there the rate passes over to w.low.
func (w *WeakTable) eval(p *weakPoint, f *finePoint) (lambda, qnu, d float64) {
	var loss float64
	if w.table != nil {
		decay, dDecay := p.at(&w.table.decay)
		capture, dCapture := p.at(&w.table.capture)
		lambda, d = decay+capture, dDecay+dCapture
		if lambda >= 1e-30 || w.fine != nil {
			loss, _ = p.at(&w.table.neutrino)
		}
	}
	if w.fine != nil {
		lambda, loss, d = w.fine.eval(f, w.table != nil, lambda, loss, d)
	}
	if lambda >= 1e-30 {
		qnu = loss / lambda
	}
	if w.low > 0 && p.t9 < w.tableFrom+w.tableWidth {
		if lambda < 1e-30 {
			qnu = w.lowNu
		}
		share := max((p.t9-w.tableFrom)/w.tableWidth, 0)
		lambda = share*lambda + (1-share)*w.low
		d *= share
	}
	return lambda, qnu, d
}

// Nodes returns the decimal logarithms of the decay and the capture rate (1/s) and of the neutrino loss (MeV/s) at the
// WeakNodes nodes of the table, between which they are bilinear in T9 and log10(rho Ye); nil where there are only the
// rates of Suzuki et al.
func (w *WeakTable) Nodes() [3][]float64 {
	if w.table == nil {
		return [3][]float64{}
	}
	return [3][]float64{slices.Clone(w.table.decay[:]), slices.Clone(w.table.capture[:]), slices.Clone(w.table.neutrino[:])}
}

// Cold returns what takes the place of the table at low temperature: the rate (1/s), 0 if none is known and the table holds
// everywhere; the energy (MeV) that neutrinos carry away in one reaction, where the table has no rate; and that the table's
// share of the rate rises from 0 at T9 = from to 1 at from + width.
func (w *WeakTable) Cold() (lambda, qnu, from, width float64) {
	return w.low, w.lowNu, w.tableFrom, w.tableWidth
}

// Coeffs returns the coefficients of the fits that add up to the rate, see [Set].
func (w *WeakFit) Coeffs() [][7]float64 {
	list := make([][7]float64, len(w.fits))
	for i, f := range w.fits {
		list[i] = f
	}
	return list
}
