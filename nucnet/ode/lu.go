package ode

import (
	"errors"
	"slices"
	"unsafe"
)

// errSingular says that a factorisation met a pivot that is zero or not finite.
var errSingular = errors.New("ode: singular matrix")

// maxTail bounds the number of full rows.
const maxTail = 5

// lu holds the values of one factorisation. Its zero value is ready for use;
// buffers grow to what the symbolic part needs and are then reused.
type lu struct {
	sym     *symbolic
	tiles   []tile    // of L and U, in the order of targets, and one for what is left out
	inverse []tile    // of those on the diagonal
	x       []float64 // unknowns by their place, those of the unit matrix zero
}

func (f *lu) reset(s *symbolic) {
	f.sym = s
	n := len(s.order) / tileSize
	f.tiles = slices.Grow(f.tiles[:0], len(s.targets)+1)[:len(s.targets)+1]
	f.inverse = slices.Grow(f.inverse[:0], n)[:n]
	f.x = grow(f.x, n*tileSize)
}

// number returns x[i] without looking whether there is such: for indices that a
// pattern holds, in loops where that takes much of the time.
func number(x []float64, i int32) *float64 {
	return (*float64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), 8*int(i)))
}

// grow returns room for n numbers, with what completes a block behind it.
func grow(x []float64, n int) []float64 {
	if room := tiled(n) * tileSize; cap(x) < room {
		return make([]float64, n, room)
	}
	return x[:n]
}

// factor computes the factors of c I - A, where a holds the entries of A in
// the pattern's numbering, and full, in the components' numbering, the rows of
// the tail. It does not allocate.
func (f *lu) factor(c float64, a []float64, full [][]float64) error {
	s := f.sym
	f.load(c, a, full)
	if !eliminate(f.tiles, f.inverse, s.targets[:s.inHead], s.products) {
		return errSingular
	}
	for k := s.inHead; k < len(s.targets); k++ {
		t, m := &s.targets[k], &f.tiles[k]
		d := &f.inverse[t.column]
		products := s.products[t.from:t.to]
		if t.row > t.column {
			update(m, f.tiles, products, d)
			continue
		}
		update(m, f.tiles, products, nil)
		if t.row == t.column && !m.invertPivoting(d) {
			return errSingular
		}
	}
	return nil
}

// load stores c I - A, with full rows in the tail, in the tiles.
func (f *lu) load(c float64, a []float64, full [][]float64) {
	s := f.sym
	clear(f.tiles)
	m := unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(f.tiles))), len(f.tiles)*len(tile{}))
	for e, at := range s.to[:len(a)] {
		*number(m, at) = -a[e]
	}
	for _, at := range s.diagonal {
		m[at] += c
	}
	for _, at := range s.unit {
		m[at] = 1
	}
	for r, places := range s.full {
		row := full[r]
		for k, i := range s.components {
			m[places[k]] = row[i]
		}
	}
}

// solve overwrites b, in the components' own numbering, by the solution of
// M x = b. It does not allocate.
func (f *lu) solve(b []float64) {
	s, x := f.sym, f.x
	for k, i := range s.order[:len(x)] {
		x[k] = 0 // of what is not a number, too
		if i >= 0 {
			x[k] = *number(b, i)
		}
	}
	blocks := unsafe.Slice((*[tileSize]float64)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/tileSize)
	forward(blocks, f.tiles, s.lowerStart, s.lower)
	back(blocks, f.inverse, f.tiles, s.upperStart, s.upper)
	for k, i := range s.order[:len(x)] {
		if i >= 0 {
			*number(b, i) = x[k]
		}
	}
}
