package ode

import "slices"

// symbolic is everything about a factorisation M = L U that does not depend on
// the values: the order of elimination and where L and U have entries. Rows
// and columns are renumbered by the order. The first of them, the head, have
// their pivots on the diagonal; the rest, the tail, are a few full rows, which
// are exchanged among themselves.
//
// Matrices are cut into tiles, which have the same pattern in L and U: that of M
// and its transpose together, and what fills in. Rows of the unit matrix make
// whole tiles of head and tail. The diagonal of L is that of the unit matrix.
// Tiles are computed and stored in the order of the smaller of their row and
// column, which leaves many at a time that do not wait for each other.
type symbolic struct {
	order []int32 // order[k] = component eliminated k-th, -1 for a row of the unit matrix
	head  int     // rows of tiles that belong to the head

	targets  []target // those in rows or columns of the head come first
	inHead   int      // and are so many
	products []product

	// Products of tiles with blocks of the unknowns that belong to a row of
	// tiles: terms[start[i]:start[i+1]].
	lowerStart, upperStart []int32
	lower, upper           []term

	to         []int32   // place of each entry of the matrix among the numbers of the tiles
	diagonal   []int32   // of the components in the head
	unit       []int32   // of rows of the unit matrix
	full       [][]int32 // of the rows of the tail, in the columns of
	components []int32   // these components
}

// target is a tile that is computed: products[from:to] of earlier ones are taken
// off it. On the diagonal its inverse is made; below, it is multiplied by that
// of its column.
type target struct {
	row, column int32
	from, to    int32
}

// newSymbolic analyses the pattern for the elimination of the components head, in
// an order of its choice, and then of tail, which have full rows, whatever the
// pattern says. Equations and unknowns of others are left out.
func newSymbolic(p *Pattern, head, tail []int) *symbolic {
	s := &symbolic{head: tiled(len(head))}
	for _, i := range cluster(p, head) {
		s.order = append(s.order, int32(i))
	}
	s.fill()
	// The tail ends with the rows that come first, which are together in the
	// last tile.
	places := make([]int, len(tail))
	for r := len(tail) - 1; r >= 0; r-- {
		if r+1 == tileSize {
			s.fill()
		}
		places[r] = len(s.order)
		s.order = append(s.order, int32(tail[r]))
	}
	s.fill()
	s.findTargets(p, places)
	return s
}

// fill completes a row of tiles.
func (s *symbolic) fill() {
	for len(s.order)%tileSize != 0 {
		s.order = append(s.order, -1)
	}
}

// findTargets lays out the tiles. The rows of the tail are at the given places.
func (s *symbolic) findTargets(p *Pattern, places []int) {
	n := len(s.order) / tileSize
	place := make([]int, p.Dim())
	for i := range place {
		place[i] = -1
	}
	for k, i := range s.order {
		if i >= 0 {
			place[i] = k
		}
	}
	reach := newBitMatrix(n) // row k: columns of U and, in the head, rows of L
	s.eachEntry(p, place, func(_ int32, i, j int) {
		if i, j := i/tileSize, j/tileSize; i != j {
			reach.set(min(i, j), max(i, j))
		}
	})
	for k := range n {
		if k >= s.head {
			for j := k + 1; j < n; j++ {
				reach.set(k, j)
			}
			continue
		}
		reach.each(k, func(i int) {
			reach.each(k, func(j int) {
				if i < j {
					reach.set(i, j)
				}
			})
		})
	}
	inLower := func(i, k int) bool { return i >= s.head || reach.has(k, i) }

	number := make([]int32, n*n) // of a tile, 1 more
	add := func(i, j int) {
		t := target{row: int32(i), column: int32(j), from: int32(len(s.products))}
		for k := range min(i, j) {
			if inLower(i, k) && reach.has(k, j) {
				s.products = append(s.products, product{number[i*n+k] - 1, number[k*n+j] - 1})
			}
		}
		t.to = int32(len(s.products))
		s.targets = append(s.targets, t)
		if min(i, j) < s.head {
			s.inHead++
		}
		number[i*n+j] = int32(len(s.targets))
	}
	for k := range n {
		add(k, k)
		for i := k + 1; i < n; i++ {
			if inLower(i, k) {
				add(i, k)
			}
			if reach.has(k, i) {
				add(k, i)
			}
		}
	}
	s.lowerStart, s.upperStart = []int32{0}, []int32{0}
	for i := range n {
		// What was found last comes last: there is most to do before it is needed.
		for j := range i {
			if t := number[i*n+j] - 1; t >= 0 {
				s.lower = append(s.lower, term{t, int32(j)})
			}
		}
		for j := n - 1; j > i; j-- {
			if t := number[i*n+j] - 1; t >= 0 {
				s.upper = append(s.upper, term{t, int32(j)})
			}
		}
		s.lowerStart = append(s.lowerStart, int32(len(s.lower)))
		s.upperStart = append(s.upperStart, int32(len(s.upper)))
	}

	at := func(i, j int) int32 {
		t := number[i/tileSize*n+j/tileSize] - 1
		return int32(t)*tileSize*tileSize + int32(j%tileSize*tileSize+i%tileSize)
	}
	s.to = slices.Repeat([]int32{int32(len(s.targets) * len(tile{}))}, p.NonZeros())
	s.eachEntry(p, place, func(e int32, i, j int) { s.to[e] = at(i, j) })
	for k, i := range s.order {
		if i < 0 {
			s.unit = append(s.unit, at(k, k))
		} else if k < s.head*tileSize {
			s.diagonal = append(s.diagonal, at(k, k))
		}
	}
	s.full = make([][]int32, len(places))
	for k, i := range s.order {
		if i < 0 {
			continue
		}
		s.components = append(s.components, i)
		for r, row := range places {
			s.full[r] = append(s.full[r], at(row, k))
		}
	}
}

// eachEntry calls f with the entries of the pattern that lie in rows of the head,
// with row and column in the order of elimination.
func (s *symbolic) eachEntry(p *Pattern, place []int, f func(e int32, i, j int)) {
	for i := range p.Dim() {
		if k := place[i]; k >= 0 && k < s.head*tileSize {
			for e := p.start[i]; e < p.start[i+1]; e++ {
				if j := place[p.cols[e]]; j >= 0 {
					f(e, k, j)
				}
			}
		}
	}
}

// size returns how many numbers a factorisation takes.
func (s *symbolic) size() int { return len(s.targets) * tileSize * tileSize }

// Fill returns the entries of the factors L + U of a matrix with this pattern,
// eliminated on the diagonal in the given order, and the multiply-subtracts of
// one factorisation.
func (p *Pattern) Fill(order []int) (nonzeros, multiplySubtracts int) {
	n := len(order)
	place := make([]int, p.Dim())
	for k, i := range order {
		place[i] = k
	}
	rows := newBitMatrix(n)
	upper := make([]int, n)
	for k, i := range order {
		rows.set(k, k)
		for _, c := range p.row(i) {
			rows.set(k, place[c])
		}
		lower := 0
		for j := range k {
			if rows.has(k, j) {
				rows.orBeyond(k, j)
				multiplySubtracts += upper[j]
				lower++
			}
		}
		upper[k] = rows.count(k) - lower - 1
		nonzeros += lower + 1 + upper[k]
	}
	return nonzeros, multiplySubtracts
}
