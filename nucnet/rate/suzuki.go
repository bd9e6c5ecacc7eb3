package rate

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/nuclide/table"
	"nuclab/nucnet/rate/data"
	"nuclab/nucnet/rate/reaclib"
)

// The grid of the tables of Suzuki, Toki & Nomoto (2016): log10(rho Ye) is 7, then runs from 8 to 11 in steps of 0.02;
// log10 T is 7, 7.2, ... 8, then runs to 9.65 in steps of 0.05.
const (
	fineDensities    = 152
	fineTemperatures = 39

	FineNodes = fineDensities * fineTemperatures // of one table, temperature running fastest
	FineUnit  = 1e5                              // values are stored in units of 1/FineUnit
)

// FineGrid returns log10(rho Ye) and log10 T of the nodes of these tables.
func FineGrid() (rhoYe, temperature []float64) {
	rhoYe = append(rhoYe, 7)
	for i := range fineDensities - 1 {
		rhoYe = append(rhoYe, 8+0.02*float64(i))
	}
	for i := range 5 {
		temperature = append(temperature, 7+0.2*float64(i))
	}
	for i := range fineTemperatures - 5 {
		temperature = append(temperature, 8+0.05*float64(i))
	}
	return rhoYe, temperature
}

// FineRow is one of these tables as the importer writes it: log10 of the rate, decay and capture together, in 1/s and
// of the neutrino loss in erg/s at each node.
type FineRow struct {
	Parent, Daughter reaclib.Code
	Rate, Loss       []int32
}

// PackFine writes the payload of the tables. A value is stored as what a plane through its three earlier neighbours
// leaves of it, which is little.
func PackFine(rows []FineRow) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(len(rows)))
	for i := range rows {
		b = le.AppendUint16(b, uint16(rows[i].Parent))
		b = le.AppendUint16(b, uint16(rows[i].Daughter))
		for _, q := range [][]int32{rows[i].Rate, rows[i].Loss} {
			for k, v := range q {
				b = binary.AppendUvarint(b, zigzag(v-plane(q, k)))
			}
		}
	}
	return b
}

func zigzag(v int32) uint64   { return uint64(uint32(v<<1) ^ uint32(v>>31)) }
func unzigzag(u uint64) int32 { return int32(uint32(u)>>1) ^ -int32(u&1) }

// plane predicts the value at node k from those before.
func plane(q []int32, k int) int32 {
	switch left, below := k%fineTemperatures > 0, k >= fineTemperatures; {
	case left && below:
		return q[k-1] + q[k-fineTemperatures] - q[k-fineTemperatures-1]
	case left:
		return q[k-1]
	case below:
		return q[k-fineTemperatures]
	}
	return 0
}

// fineTable holds log10 of rate (1/s) and loss (MeV/s).
type fineTable struct {
	rate, loss [FineNodes]float32
}

// suzuki returns the tables of Suzuki et al., decoded when first asked for.
var suzuki = sync.OnceValues(func() (map[[2]reaclib.Code]*fineTable, error) {
	_, payload, err := table.Decode(data.Suzuki)
	if err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	in := table.NewReader(payload)
	n := in.Count(4 + 2*FineNodes)
	fine := make(map[[2]reaclib.Code]*fineTable, n)
	erg := math.Log10(nuclide.MeV)
	values := make([]int32, FineNodes)
	for range n {
		pair := [2]reaclib.Code{reaclib.Code(in.Uint16()), reaclib.Code(in.Uint16())}
		t := &fineTable{}
		for q, to := range []*[FineNodes]float32{&t.rate, &t.loss} {
			for k := range values {
				values[k] = plane(values, k) + unzigzag(in.Uvarint())
				to[k] = float32(float64(values[k])/FineUnit - erg*float64(q))
			}
		}
		fine[pair] = t
	}
	if err := in.End(); err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	return fine, nil
})

// finePoint is a place in the grid of these tables, as weakPoint is in that of the others. share rises from 0 at the
// edges of the grid, but for the upper one in density, to 1 a little within; slope is d share/d log10(rho Ye).
type finePoint struct {
	node         int
	u, v         float64
	cell         float64 // width of the cell in log10(rho Ye)
	inside       bool    // density is within the grid
	share, slope float64
}

// edge is the width in log10 over which share rises.
const edge = 0.1

func newFinePoint(t9, rhoYe float64) finePoint {
	x, y := math.Log10(rhoYe), 9+math.Log10(t9)
	p := finePoint{inside: x >= 7 && x <= 11}
	rise := func(d float64) float64 { return min(max(d/edge, 0), 1) }
	p.share = rise(x-7) * min(rise(y-7), rise(9.65-y))
	if x > 7 && x < 7+edge {
		p.slope = p.share / (x - 7)
	}
	if !(x >= 7) { // also NaN
		x = 7
	}
	x, y = min(x, 11), min(max(y, 7), 9.65)
	j, cell, from := 0, 1.0, 7.0
	if x >= 8 {
		j = min(1+int((x-8)/0.02), fineDensities-2)
		cell, from = 0.02, 8+0.02*float64(j-1)
	}
	i, width, low := min(int((y-7)/0.2), 4), 0.2, 0.0
	low = 7 + 0.2*float64(i)
	if y >= 8 {
		i = min(5+int((y-8)/0.05), fineTemperatures-2)
		width, low = 0.05, 8+0.05*float64(i-5)
	}
	p.node = j*fineTemperatures + i
	p.cell, p.u, p.v = cell, (y-low)/width, (x-from)/cell
	return p
}

// at returns 10^q at the point and its derivative with respect to ln(rho Ye).
func (p *finePoint) at(q *[FineNodes]float32) (value, d float64) {
	k := p.node
	row := func(k int) float64 { return float64(q[k]) + p.u*(float64(q[k+1])-float64(q[k])) }
	low, high := row(k), row(k+fineTemperatures)
	value = math.Exp(math.Ln10 * (low + p.v*(high-low)))
	if p.inside {
		d = value * (high - low) / p.cell
	}
	return value, d
}

// eval returns rate, neutrino loss in MeV/s and the derivative of the rate with respect to ln(rho Ye), where those of
// another table, if there is one, hold outside the grid.
func (t *fineTable) eval(p *finePoint, other bool, rate, loss, d float64) (float64, float64, float64) {
	r, dr := p.at(&t.rate)
	l, _ := p.at(&t.loss)
	if !other {
		return r, l, dr
	}
	s := p.share
	return s*r + (1-s)*rate, s*l + (1-s)*loss, s*dr + (1-s)*d + p.slope/math.Ln10*(r-rate)
}
