package ode

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Instructions for whole columns of tiles do what loops do.
func TestTiles(t *testing.T) {
	if !vectorised {
		t.Skip("this processor has no such instructions")
	}
	r := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		return x
	}
	close := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-13*(1+math.Abs(want)) {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	for range 20 {
		// A full matrix of n x n tiles with much on the diagonal.
		n := 1 + r.IntN(5)
		number := make([]int32, n*n)
		var tiles []tile
		var products []product
		var targets []target
		add := func(i, j int) {
			t := target{row: int32(i), column: int32(j), from: int32(len(products))}
			for k := range min(i, j) {
				products = append(products, product{number[i*n+k], number[k*n+j]})
			}
			t.to = int32(len(products))
			number[i*n+j] = int32(len(tiles))
			tiles = append(tiles, tile(random(len(tile{}))))
			if i == j {
				for k := range tileSize {
					tiles[len(tiles)-1][k*(tileSize+1)] += 30
				}
			}
			targets = append(targets, t)
		}
		for k := range n {
			add(k, k)
			for i := k + 1; i < n; i++ {
				add(i, k)
				add(k, i)
			}
		}
		start := []int32{0}
		var terms []term
		for i := range n {
			for range min(r.IntN(4), n-1) {
				terms = append(terms, term{int32(r.IntN(len(tiles))), int32((i + 1 + r.IntN(n-1)) % n)})
			}
			start = append(start, int32(len(terms)))
		}
		x := make([][tileSize]float64, n)
		for i := range x {
			copy(x[i][:], random(tileSize))
		}
		rows, y := growRows(nil, 3, 10*tileSize+1), grow(nil, 10*tileSize+1)
		copy(y, random(len(y)))
		for _, row := range rows {
			copy(row, random(len(row)))
		}
		few := r.IntN(len(y) + 1)
		type result struct {
			tiles, inverse []tile
			regular        bool
			forward, back  [][tileSize]float64
			combined       []float64
			dot            float64
		}
		do := func() (s result) {
			s.tiles, s.inverse = slices.Clone(tiles), slices.Clone(tiles[:n])
			s.regular = eliminate(s.tiles, s.inverse, targets, products)
			s.forward = append(s.forward, x...)
			forward(s.forward, tiles, start, terms)
			s.back = append(s.back, x...)
			back(s.back, tiles, tiles, start, terms)
			s.combined = grow(nil, len(rows[0]))
			combine(s.combined, y, 2, []float64{3, 4, 5}, rows)
			s.dot = dot(y[:few], rows[0])
			return s
		}
		got := do()
		vectorised = false
		want := do()
		vectorised = true
		if !got.regular || !want.regular {
			t.Error("a random matrix is singular")
		}
		for i := range tiles {
			if targets[i].row == targets[i].column {
				continue // the inverse is what counts
			}
			for k := range tiles[i] {
				close("eliminate", got.tiles[i][k], want.tiles[i][k])
			}
		}
		for i := range n {
			for k := range tiles[i] {
				close("inverse", got.inverse[i][k], want.inverse[i][k])
			}
		}
		for i := range x {
			for k := range tileSize {
				close("forward", got.forward[i][k], want.forward[i][k])
				close("back", got.back[i][k], want.back[i][k])
			}
		}
		close("dot", got.dot, want.dot)
		for i, v := range want.combined {
			close("combine", got.combined[i], v)
		}
	}
}

// A pivot that is zero or not a number is noticed either way.
func TestSingularTiles(t *testing.T) {
	if !vectorised {
		t.Skip("this processor has no such instructions")
	}
	defer func() { vectorised = true }()
	for _, vectorised = range []bool{true, false} {
		for i := range tileSize {
			for _, v := range []float64{0, math.NaN(), math.Inf(1)} {
				var a, inverse [1]tile
				for k := range tileSize {
					a[0][k*(tileSize+1)] = 1
				}
				a[0][i*(tileSize+1)] = v
				if eliminate(a[:], inverse[:], []target{{}}, nil) {
					t.Errorf("vectorised = %v: %g is a pivot", vectorised, v)
				}
			}
		}
	}
}
