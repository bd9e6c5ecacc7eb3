package vm

import (
	"cmp"
	"math"
	"slices"
)

// block is a part of a matrix: rows r0 to r1, columns c0 to c1.
type block struct{ r0, r1, c0, c1 int }

// work is what a step does, on buffers in and out.
type work struct {
	in  []int
	out int
	// cost in floating-point operations, or what takes as long.
	cost float64
	// cut returns the blocks, at most so many, that do may work on at once and in
	// any order, to the same bits.
	cut func(pieces int) []block
	do  func(b block)
	// alone, if not nil, is all of it and may share a round with nothing.
	alone func() error
}

// conflicts says whether two works may not run at once.
func (w *work) conflicts(v *work) bool {
	return w.alone != nil || v.alone != nil || w.out == v.out || slices.Contains(v.in, w.out) || slices.Contains(w.in, v.out)
}

// round is work that may be done at once, in portions.
type round struct {
	portions []portion
	task     func(i int) // does one of them
	alone    func() error
}

type portion struct {
	block
	do   func(b block)
	cost float64
}

// rounds puts successive works that do not depend on one another together and
// cuts them for so many threads: a layer's two backward products need not be cut
// for two, which spares the library to pack their matrices twice.
func rounds(works []work, threads int, do func(portion)) []*round {
	var all []*round
	for len(works) > 0 {
		n := 1
		for n < len(works) && !slices.ContainsFunc(works[:n], func(w work) bool { return w.conflicts(&works[n]) }) {
			n++
		}
		s := &round{alone: works[0].alone}
		if s.alone == nil {
			s.portions = portions(works[:n], threads)
		}
		s.task = func(i int) { do(s.portions[i]) }
		all = append(all, s)
		works = works[n:]
	}
	return all
}

// portions cuts works so that the threads get about the same to do. The longest
// come first.
func portions(works []work, threads int) []portion {
	total := 0.0
	for _, w := range works {
		total += w.cost
	}
	var all []portion
	for _, w := range works {
		pieces := threads
		// Where a work is a whole number of threads' shares, so many pieces do.
		if share := float64(threads) * w.cost / total; math.Round(share) >= 1 && math.Abs(share-math.Round(share)) < 0.1*share {
			pieces = int(math.Round(share))
		}
		blocks := w.cut(pieces)
		for _, b := range blocks {
			all = append(all, portion{b, w.do, w.cost / float64(len(blocks))})
		}
	}
	slices.SortStableFunc(all, func(a, b portion) int { return cmp.Compare(b.cost, a.cost) })
	return all
}

// Starting a goroutine and waiting for it costs some microseconds, which a
// piece of work must be worth. A library may take another way to a product of
// fewer than 1e6 multiplications (OpenBLAS does with AVX512), with other bits.
const (
	minProduct  = 4e6     // floating-point operations
	minElements = 1 << 15 // of an element-wise pass
)

// How many floating-point operations of a product take as long as an element of
// a pass over memory, and of one with some exponentials, logarithms or the like.
const passCost, blendCost, tiltCost = 30, 240, 480

// OpenBLAS and MKL sum an element of a product in the same order wherever its row
// lies in groups of 12 from the first; columns of a matrix-vector product likewise
// in groups of 16. Splitting at multiples of these leaves every bit as it was.
// Products of bf16 are kept to groups that are also whole tiles of AMX.
const rowGroup, columnGroup, roundedGroup = 24, 64, 96

// product is an m x n product over k terms, cut at multiples of group rows. gonum's
// is slow enough that a piece of it is kept short, so that a cancelled run ends soon.
func product(native bool, group, m, n, k int, do func(b block)) work {
	cost := 2 * float64(m) * float64(n) * float64(k)
	cut := func(pieces int) []block {
		pieces = max(1, min(pieces, int(cost/minProduct)))
		if !native {
			pieces = max(pieces, int(cost/2e8)+1)
		}
		var all []block
		if m == 1 {
			for _, s := range spans(n, pieces, columnGroup) {
				all = append(all, block{0, 1, s[0], s[1]})
			}
			return all
		}
		for _, s := range spans(m, pieces, group) {
			all = append(all, block{s[0], s[1], 0, n})
		}
		return all
	}
	return work{cost: cost, cut: cut, do: do}
}

// rowwise is a pass of f over whole rows, the elements lo to hi.
func rowwise(rows, cols int, cost float64, f func(lo, hi int)) work {
	cut := func(pieces int) []block {
		pieces = min(pieces, int(cost/passCost*float64(rows*cols)/minElements)+1)
		var all []block
		for _, s := range spans(rows, pieces, 1) {
			all = append(all, block{s[0], s[1], 0, cols})
		}
		return all
	}
	return work{cost: cost * float64(rows*cols), cut: cut, do: func(b block) { f(b.r0*cols, b.r1*cols) }}
}

// whole is a pass over so many elements that is not cut.
func whole(elements int, f func()) work {
	return work{cost: passCost * float64(elements), cut: func(int) []block { return []block{{}} }, do: func(block) { f() }}
}

// spans cuts 0..n into at most that many pieces that start at multiples of
// group and are at least a group long.
func spans(n, pieces, group int) [][2]int {
	step := (n + pieces - 1) / pieces
	step = (step + group - 1) / group * group
	var all [][2]int
	for at := 0; at < n; at += step {
		if n-at < group && at > 0 {
			all[len(all)-1][1] = n // a last row alone would be a vector's product
			break
		}
		all = append(all, [2]int{at, min(at+step, n)})
	}
	return all
}
