package ode

import (
	"math"
	"math/rand/v2"
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
		n := 1 + r.IntN(9)
		tiles := make([]tile, n)
		for i := range tiles {
			copy(tiles[i][:], random(len(tiles[i])))
		}
		var products []product
		for range r.IntN(7) {
			products = append(products, product{int32(r.IntN(n)), int32(r.IntN(n))})
		}
		start := []int32{0}
		var terms []term
		for i := range n {
			for range min(r.IntN(4), n-1) {
				terms = append(terms, term{int32(r.IntN(n)), int32((i + 1 + r.IntN(n-1)) % n)})
			}
			start = append(start, int32(len(terms)))
		}
		x := make([][tileSize]float64, n)
		for i := range x {
			copy(x[i][:], random(tileSize))
		}
		rows := growRows(nil, 3, 4*tileSize+1)
		for _, row := range rows {
			copy(row, random(len(row)))
		}
		var inverse *tile
		if r.IntN(2) == 0 {
			inverse = &tiles[r.IntN(n)]
		}
		type result struct {
			tile          tile
			forward, back [][tileSize]float64
			combined      []float64
		}
		do := func() (s result) {
			copy(s.tile[:], tiles[0][:])
			update(&s.tile, tiles, products, inverse)
			s.forward = append(s.forward, x...)
			forward(s.forward, tiles, start, terms)
			s.back = append(s.back, x...)
			back(s.back, tiles, tiles, start, terms)
			s.combined = grow(nil, len(rows[0]))
			combine(2, []float64{3, 4, 5}, rows, s.combined)
			return s
		}
		got := do()
		vectorised = false
		want := do()
		vectorised = true
		for i := range want.tile {
			close("update", got.tile[i], want.tile[i])
		}
		for i := range x {
			for k := range tileSize {
				close("forward", got.forward[i][k], want.forward[i][k])
				close("back", got.back[i][k], want.back[i][k])
			}
		}
		for i, v := range want.combined {
			close("combine", got.combined[i], v)
		}
	}
}
