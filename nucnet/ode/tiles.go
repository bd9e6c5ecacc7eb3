package ode

import (
	"math"
	"unsafe"
)

// A tile is a block of 4 x 4 numbers of a matrix, column by column: one vector
// register of common processors holds a column.
type tile [tileSize * tileSize]float64

const tileSize = 4

// tiled returns the number of tiles that n rows take.
func tiled(n int) int { return (n + tileSize - 1) / tileSize }

// product names two tiles.
type product struct{ left, right int32 }

// term names a tile, and the block of four numbers of a vector that it is
// multiplied by.
type term struct{ tile, block int32 }

// eliminate computes tiles in the order of the targets, whose pivots are on the
// diagonal: only their inverses are kept. It reports whether there are such.
func eliminate(tiles, inverse []tile, targets []target, products []product) bool {
	if len(targets) == 0 {
		return true
	}
	if vectorised {
		return eliminateTiles(&tiles[0], &inverse[0], targets, unsafe.SliceData(products))
	}
	for k := range targets {
		t := &targets[k]
		d := &inverse[t.column]
		if t.row > t.column {
			update(&tiles[k], tiles, products[t.from:t.to], d)
			continue
		}
		update(&tiles[k], tiles, products[t.from:t.to], nil)
		if t.row == t.column && !tiles[k].invert(d) {
			return false
		}
	}
	return true
}

// update takes products of tiles off c and multiplies what is left by inverse
// from the right, unless that is nil.
func update(c *tile, tiles []tile, products []product, inverse *tile) {
	for _, p := range products {
		a, b := &tiles[p.left], &tiles[p.right]
		for k := range tileSize {
			w, v := (*[tileSize]float64)(c[tileSize*k:]), (*[tileSize]float64)(b[tileSize*k:])
			for i := range w {
				w[i] -= a[i]*v[0] + a[tileSize+i]*v[1] + (a[2*tileSize+i]*v[2] + a[3*tileSize+i]*v[3])
			}
		}
	}
	if inverse == nil {
		return
	}
	a := *c
	for k := range tileSize {
		w, v := (*[tileSize]float64)(c[tileSize*k:]), (*[tileSize]float64)(inverse[tileSize*k:])
		for i := range w {
			w[i] = a[i]*v[0] + a[tileSize+i]*v[1] + (a[2*tileSize+i]*v[2] + a[3*tileSize+i]*v[3])
		}
	}
}

// forward takes from block i of x the products terms[start[i]:start[i+1]], one
// block after the other.
func forward(x [][tileSize]float64, tiles []tile, start []int32, terms []term) {
	if len(terms) == 0 {
		return
	}
	if vectorised {
		forwardTiles(x, &tiles[0], &start[0], &terms[0])
		return
	}
	for i := range x {
		for _, t := range terms[start[i]:start[i+1]] {
			subtract(&x[i], &tiles[t.tile], &x[t.block])
		}
	}
}

// back does the same from the last block to the first, and multiplies each by
// its tile of inverse.
func back(x [][tileSize]float64, inverse, tiles []tile, start []int32, terms []term) {
	if vectorised && len(terms) > 0 {
		backTiles(x, &inverse[0], &tiles[0], &start[0], &terms[0])
		return
	}
	for i := len(x) - 1; i >= 0; i-- {
		for _, t := range terms[start[i]:start[i+1]] {
			subtract(&x[i], &tiles[t.tile], &x[t.block])
		}
		v, d := x[i], &inverse[i]
		for r := range v {
			x[i][r] = d[r]*v[0] + d[tileSize+r]*v[1] + (d[2*tileSize+r]*v[2] + d[3*tileSize+r]*v[3])
		}
	}
}

// dot returns the sum of the products of x and y.
func dot(x, y []float64) float64 {
	if vectorised {
		return dotVectors(x, y[:len(x)])
	}
	sum := 0.0
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// subtract takes a v off x.
func subtract(x *[tileSize]float64, a *tile, v *[tileSize]float64) {
	for r := range x {
		x[r] -= a[r]*v[0] + a[tileSize+r]*v[1] + (a[2*tileSize+r]*v[2] + a[3*tileSize+r]*v[3])
	}
}

// invert stores the inverse of a in dst, found by elimination on the diagonal.
// It reports whether there is one.
func (a *tile) invert(dst *tile) bool {
	// The columns are the rows of the transpose, whose inverse is that of a
	// transposed.
	m := (*[tileSize][tileSize]float64)(unsafe.Pointer(dst))
	*dst = *a
	for k := range m {
		p := 1 / m[k][k]
		if p == 0 || p-p != 0 {
			return false
		}
		m[k][k] = 1
		v := &m[k]
		v[0], v[1], v[2], v[3] = p*v[0], p*v[1], p*v[2], p*v[3]
		for i := range m {
			if i == k {
				continue
			}
			w := &m[i]
			f := w[k]
			w[k] = 0
			w[0], w[1], w[2], w[3] = w[0]-f*v[0], w[1]-f*v[1], w[2]-f*v[2], w[3]-f*v[3]
		}
	}
	return true
}

// invertPivoting does the same with exchanges of rows, in which the largest
// numbers may differ much.
func (a *tile) invertPivoting(dst *tile) bool {
	var m [tileSize][2 * tileSize]float64 // rows of a and of the unit matrix
	for r := range m {
		m[r] = [2 * tileSize]float64{a[r], a[tileSize+r], a[2*tileSize+r], a[3*tileSize+r]}
		big := 0.0
		for _, v := range m[r] {
			big = max(big, math.Abs(v))
		}
		if big == 0 || big-big != 0 {
			return false
		}
		m[r][tileSize+r] = 1
		for c := range m[r] {
			m[r][c] /= big
		}
	}
	for k := range m {
		best := k
		for r := k + 1; r < tileSize; r++ {
			if math.Abs(m[r][k]) > math.Abs(m[best][k]) {
				best = r
			}
		}
		m[k], m[best] = m[best], m[k]
		p := 1 / m[k][k]
		if p == 0 || p-p != 0 {
			return false
		}
		for c := range m[k] {
			m[k][c] *= p
		}
		for r := range m {
			if f := m[r][k]; r != k {
				for c := range m[r] {
					m[r][c] -= f * m[k][c]
				}
			}
		}
	}
	for r := range m {
		for c := range tileSize {
			dst[tileSize*c+r] = m[r][tileSize+c]
		}
	}
	return true
}
