package ode

import "slices"

// symbolic is everything about a factorisation M = L U that does not depend on
// the values: the order of elimination and where L and U have entries. Rows
// and columns are renumbered by the order. The first of them, the head, have
// their pivots on the diagonal; the rest, the tail, are a few full rows, whose
// part beyond the head is factorised with row exchanges.
//
// L and U get the same pattern, that of M and its transpose together. The head
// is cut into panels of rows that follow each other and have nearly the same
// entries, and what of these is missing is filled with zeros. The numeric work
// then runs in loops over several rows at once, which load every index once for
// all of them.
//
// J. W. H. Liu, E. G. Ng, B. W. Peyton, On finding supernodes for sparse matrix
// computations, SIAM J. Matrix Anal. Appl. 14 (1993) 242.
type symbolic struct {
	order  []int32 // order[k] = component eliminated k-th
	head   int
	panels []panel

	// Panels that act on the rows of panel k, itself not included:
	// acting[start[k]:start[k+1]], in the order of elimination. Those that act
	// on the tail come last.
	start  []int32
	acting []action

	// Entries load[i] to load[i+1] of the matrix go to row i: entry from[k] to
	// column to[k].
	load     []int32
	from, to []int32

	values      int // of all panels together and, behind them,
	multipliers int // from here on, of the tail, row by row
}

// panel is a group of rows of the head and of the columns with the same numbers.
type panel struct {
	first, width int
	cols         []int32 // beyond the panel, increasing
	rows         []int32 // those of cols that belong to the head: rows of L below the panel

	// Places of values: the block on the diagonal, width x width by rows, with
	// reciprocal pivots; U beyond it, width x len(cols) by rows; L below it,
	// len(rows) x width by rows.
	block, upper, lower int
}

// action is a panel that acts on some rows, and where their multipliers go, row
// after row at a distance of stride.
type action struct {
	panel               int32
	rows                []int32
	multipliers, stride int32
}

// maxWidth bounds the rows of a panel.
const maxWidth = 4

// newSymbolic analyses the pattern for elimination in the given order, which
// need not name all components: equations and unknowns of the others are left
// out. The last tail components have full rows, whatever the pattern says.
func newSymbolic(p *Pattern, order []int, tail int) *symbolic {
	head := len(order) - tail
	order = slices.Clone(order)
	_, parent, beyond := eliminate(p, order, head)
	postorder(order[:head], parent, beyond)
	reach, parent, beyond := eliminate(p, order, head)

	s := &symbolic{head: head}
	for _, i := range order {
		s.order = append(s.order, int32(i))
	}
	for i := 0; i < head; i += s.panels[len(s.panels)-1].width {
		s.addPanel(i, panelWidth(i, parent, beyond), reach)
	}
	s.findActions()
	s.findLoads(p)
	return s
}

// eliminate finds the entries of U: row j of reach holds the columns beyond j,
// beyond[j] is their number and parent[j] the first of them, head or more if it
// does not belong to the head. A row is contained in its parent's.
func eliminate(p *Pattern, order []int, head int) (reach bitMatrix, parent, beyond []int) {
	place := make([]int, p.Dim())
	for i := range place {
		place[i] = -1
	}
	for k, i := range order {
		place[i] = k
	}
	reach = newBitMatrix(len(order))
	for k, i := range order[:head] {
		for _, c := range p.row(i) {
			switch j := place[c]; {
			case j > k:
				reach.set(k, j)
			case j >= 0 && j < k:
				reach.set(j, k)
			}
		}
	}
	parent, beyond = make([]int, head), make([]int, head)
	for j := range head {
		parent[j] = head
		if first := reach.first(j); first >= 0 && first < head {
			parent[j] = first
			reach.or(first, j)
			reach.clear(first, first)
		}
		beyond[j] = reach.count(j)
	}
	return reach, parent, beyond
}

// postorder changes the order of elimination so that every row comes right
// before its parent or before that one's other descendants. That fills in as
// much as before. The descendant most like the parent comes last.
func postorder(order, parent, beyond []int) {
	n := len(order)
	children := make([][]int, n+1)
	for j, p := range parent {
		children[p] = append(children[p], j)
	}
	sorted := make([]int, 0, n)
	var visit func(j int)
	visit = func(j int) {
		slices.SortStableFunc(children[j], func(a, b int) int { return beyond[a] - beyond[b] })
		for _, c := range children[j] {
			visit(c)
		}
		if j < n {
			sorted = append(sorted, order[j])
		}
	}
	visit(n)
	copy(order, sorted)
}

// panelWidth returns how many rows from first on make a panel: as many as cost
// less together than apart, zeros included.
func panelWidth(first int, parent, beyond []int) int {
	const spared = 6 // zeros worth one row more
	width, zeros := 1, 0
	for width < maxWidth {
		last := first + width - 1
		if last+1 >= len(parent) || parent[last] != last+1 {
			break
		}
		// Every row so far grows by what the next one has more.
		zeros += width * (beyond[last+1] + 1 - beyond[last])
		if zeros > spared*width {
			break
		}
		width++
	}
	return width
}

func (s *symbolic) addPanel(first, width int, reach bitMatrix) {
	q := panel{first: first, width: width}
	reach.each(first+width-1, func(j int) {
		q.cols = append(q.cols, int32(j))
		if j < s.head {
			q.rows = q.cols
		}
	})
	q.block = s.values
	q.upper = q.block + width*width
	q.lower = q.upper + width*len(q.cols)
	s.values = q.lower + width*len(q.rows)
	s.panels = append(s.panels, q)
}

// findActions lists the panels that act on each panel. All of them act on the
// tail, whose multipliers follow the values of the panels.
func (s *symbolic) findActions() {
	tail := s.order[s.head:]
	s.multipliers = s.values
	s.values += len(tail) * s.head
	on := make([][]action, len(s.panels)+1)
	at := make([]int, s.head) // panel of a row
	for k := range s.panels {
		q := &s.panels[k]
		for r := range q.width {
			at[q.first+r] = k
		}
	}
	for k := range s.panels {
		q := &s.panels[k]
		for r := 0; r < len(q.rows); {
			from, target := r, at[q.rows[r]]
			for r < len(q.rows) && at[q.rows[r]] == target {
				r++
			}
			on[target] = append(on[target], action{int32(k), q.rows[from:r], int32(q.lower + from*q.width), int32(q.width)})
		}
		if len(tail) == 0 {
			continue
		}
		last := action{int32(k), nil, int32(s.multipliers + q.first), int32(s.head)}
		for r := range tail {
			last.rows = append(last.rows, int32(s.head+r))
		}
		on[len(s.panels)] = append(on[len(s.panels)], last)
	}
	s.start = []int32{0}
	for _, list := range on {
		s.acting = append(s.acting, list...)
		s.start = append(s.start, int32(len(s.acting)))
	}
}

func (s *symbolic) findLoads(p *Pattern) {
	place := make([]int32, p.Dim())
	for i := range place {
		place[i] = -1
	}
	for k, i := range s.order {
		place[i] = int32(k)
	}
	s.load = []int32{0}
	for _, i := range s.order[:s.head] {
		for e := p.start[i]; e < p.start[i+1]; e++ {
			if j := place[p.cols[e]]; j >= 0 {
				s.from = append(s.from, e)
				s.to = append(s.to, j)
			}
		}
		s.load = append(s.load, int32(len(s.from)))
	}
}

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
