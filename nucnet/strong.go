package nucnet

import (
	"math"
	"unsafe"
)

// strongSlope adds the net fluxes of strong links to the right-hand side.
func (w *worker) strongSlope(y, dst []float64) {
	p := w.plan
	if p.screener != nil {
		w.screening.update(w, y)
	}
	if vectorised && len(p.wide) > 0 {
		wideSlope(p.groups, &p.wide[0], &w.wideRates[0], &w.screening.factor[0], &w.y[0], &dst[0], &w.lost[0], tiled(p.n))
	} else {
		w.pairSlope(dst)
	}
	factor := unchecked(w.screening.factor)
	base := len(p.pairs)
	for i := range p.others {
		f := &p.others[i]
		forward := w.rates[base+i].forward * factor[f.channelIn]
		reverse := w.rates[base+i].reverse * factor[f.channelOut]
		net := forward*w.entrance(f) -
			reverse*w.y[f.out[0]]*w.y[f.out[1]]*w.y[f.out[2]]*w.y[f.out[3]]
		for _, k := range f.in[:f.nIn] {
			dst[k] -= net
		}
		for _, k := range f.out[:f.nOut] {
			dst[k] += net
		}
	}
}

// pairSlope adds the net fluxes of pairs.
func (w *worker) pairSlope(dst []float64) {
	p := w.plan
	v, change, factor := unchecked(w.y), unchecked(dst), unchecked(w.screening.factor)
	for k := range p.groups {
		g := &p.groups[k]
		yb, yd := v[g.b], v[g.d]
		hot, rates := p.hot[g.from:g.to], w.rates[g.from:g.to]
		rates = rates[:len(hot)]
		sum := 0.0
		if g.d == uint16(p.n) {
			for i, f := range hot {
				net := rates[i].forward*factor[f.in]*yb*v[f.a] - rates[i].reverse*v[f.c]
				change[f.a] -= net
				change[f.c] += net
				sum += net
			}
		} else {
			for i, f := range hot {
				net := rates[i].forward*factor[f.in]*yb*v[f.a] - rates[i].reverse*factor[f.out]*yd*v[f.c]
				change[f.a] -= net
				change[f.c] += net
				sum += net
			}
			change[g.d] += sum
		}
		change[g.b] -= sum
	}
}

// unchecked returns the numbers of x for indices that cannot lie outside: those
// that a plan holds, in loops where checking them takes a third of the time.
func unchecked(x []float64) *[1 << 16]float64 {
	return (*[1 << 16]float64)(unsafe.Pointer(unsafe.SliceData(x)))
}

// strongJacobian adds their derivatives.
func (w *worker) strongJacobian(dst []float64) {
	p, y := w.plan, w.y
	s := &w.screening
	for k := range p.groups {
		if g := &p.groups[k]; g.d == uint16(p.n) {
			w.captureJacobian(g, dst)
		} else {
			w.pairJacobian(g, dst)
		}
	}
	if s.variables > 2 {
		for i := range p.pairs {
			f := &p.pairs[i]
			w.screenColumns(f, 2, w.rates[i].forward*s.factor[f.channelIn]*y[f.in[0]]*y[f.in[1]],
				w.rates[i].reverse*s.factor[f.channelOut]*y[f.out[0]]*y[f.out[1]])
		}
	}
	base := len(p.pairs)
	for i := range p.others {
		f := &p.others[i]
		forward := w.rates[base+i].forward * s.factor[f.channelIn]
		reverse := w.rates[base+i].reverse * s.factor[f.channelOut]
		if p.screener != nil {
			w.screenColumns(f, 0, forward*w.entrance(f),
				reverse*y[f.out[0]]*y[f.out[1]]*y[f.out[2]]*y[f.out[3]])
		}
		var by [8]float64
		for k := range f.nIn {
			by[k] = forward * w.entranceBy(f, k)
		}
		m := f.nIn + f.nOut
		for k := range f.nOut {
			by[f.nIn+k] = -reverse * others(y, &f.out, k)
		}
		scatter(dst, f.places, by[:m], f.nIn)
	}
}

// captureJacobian adds the derivatives of the net fluxes a + b -> c of a group.
func (w *worker) captureJacobian(g *partners, dst []float64) {
	p, v, s := w.plan, unchecked(w.y), &w.screening
	yb := v[g.b]
	hot, rates := p.hot[g.from:g.to], w.rates[g.from:g.to]
	rates = rates[:len(hot)]
	factor, g0, g1 := unchecked(s.factor), unchecked(s.gradient[0]), unchecked(s.gradient[1])
	col0, col1 := unchecked(w.columns[0]), unchecked(w.columns[1])
	places := p.places[g.places:]
	var bb, sum0, sum1 float64
	for i, f := range hot {
		at := (*[8]int32)(places)
		places = places[8:]
		rate := rates[i].forward * factor[f.in]
		da, db, dc := rate*yb, rate*v[f.a], rates[i].reverse
		dst[at[0]] -= da
		dst[at[1]] -= db
		dst[at[2]] += dc
		dst[at[3]] -= da
		dst[at[4]] += dc
		dst[at[5]] += da
		dst[at[6]] += db
		dst[at[7]] -= dc
		bb += db
		gross := db * yb
		d0, d1 := gross*g0[f.in], gross*g1[f.in]
		col0[f.a] -= d0
		col0[f.c] += d0
		sum0 += d0
		col1[f.a] -= d1
		col1[f.c] += d1
		sum1 += d1
	}
	dst[g.bb] -= bb
	col0[g.b] -= sum0
	col1[g.b] -= sum1
}

// pairJacobian adds the derivatives of the net fluxes a + b -> c + d of a group.
func (w *worker) pairJacobian(g *partners, dst []float64) {
	p, v, s := w.plan, unchecked(w.y), &w.screening
	yb, yd := v[g.b], v[g.d]
	hot, rates := p.hot[g.from:g.to], w.rates[g.from:g.to]
	rates = rates[:len(hot)]
	factor, g0, g1 := unchecked(s.factor), unchecked(s.gradient[0]), unchecked(s.gradient[1])
	col0, col1 := unchecked(w.columns[0]), unchecked(w.columns[1])
	places := p.places[g.places:]
	var byB, byD, sum0, sum1 float64
	for i, f := range hot {
		at := (*[12]int32)(places)
		places = places[12:]
		ahead, back := rates[i].forward*factor[f.in], rates[i].reverse*factor[f.out]
		da, db, dc, dd := ahead*yb, ahead*v[f.a], back*yd, back*v[f.c]
		dst[at[0]] -= da
		dst[at[1]] -= db
		dst[at[2]] += dc
		dst[at[3]] -= da
		dst[at[4]] += dc
		dst[at[5]] += da
		dst[at[6]] += db
		dst[at[7]] -= dc
		dst[at[8]] += dd
		dst[at[9]] -= dd
		dst[at[10]] += da
		dst[at[11]] -= dc
		byB += db
		byD += dd
		in, out := db*yb, dd*yd
		d0, d1 := in*g0[f.in]-out*g0[f.out], in*g1[f.in]-out*g1[f.out]
		col0[f.a] -= d0
		col0[f.c] += d0
		sum0 += d0
		col1[f.a] -= d1
		col1[f.c] += d1
		sum1 += d1
	}
	dst[g.bb] -= byB
	dst[g.bd] += byD
	dst[g.db] += byB
	dst[g.dd] -= byD
	col0[g.b] -= sum0
	col0[g.d] += sum0
	col1[g.b] -= sum1
	col1[g.d] += sum1
}

// entrance returns the product of the abundances that go in. Of two of a kind it
// is y sqrt(y^2 + trace^2) in place of y^2, which is the same where there is more
// than a trace of them. A square takes away from what errors have made negative,
// and without end where nothing else burns it, as happens to he3; and steps far
// longer than it lasts make noise of it up to the tolerance.
func (w *worker) entrance(f *flow) float64 {
	y := w.y
	if f.twins {
		return y[f.in[0]] * math.Sqrt(y[f.in[0]]*y[f.in[0]]+w.trace*w.trace)
	}
	return y[f.in[0]] * y[f.in[1]] * y[f.in[2]] * y[f.in[3]]
}

// entranceBy returns its derivative by the k-th of them.
func (w *worker) entranceBy(f *flow, k int) float64 {
	if f.twins {
		y := w.y[f.in[0]]
		h := math.Sqrt(y*y + w.trace*w.trace)
		return (h + y*y/h) / 2 // the other half is that by the other
	}
	return others(w.y, &f.in, k)
}

// scatter adds the derivatives of a net flux to the rows that gain by it, and
// takes them from the first rows, which lose.
func scatter(dst []float64, places []int32, by []float64, lose int) {
	m := len(by)
	for row := range len(places) / m {
		for k, at := range places[row*m : (row+1)*m] {
			if row < lose {
				dst[at] -= by[k]
			} else {
				dst[at] += by[k]
			}
		}
	}
}

// others returns the product of the abundances of one side without the k-th.
func others(y []float64, side *[4]int32, k int) float64 {
	product := 1.0
	for j, i := range side {
		if j != k {
			product *= y[i]
		}
	}
	return product
}
