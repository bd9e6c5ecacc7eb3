package nnlib

import (
	"encoding/binary"
	"math"
)

// term is a value in a graph, of float64 and [batch, columns] unless said
// otherwise. Its methods add operations, in which the other operands are terms or
// constants (see onnxGraph.operation), so that chains of them read as formulas do.
type term struct {
	g    *onnxGraph
	name string
}

// op adds an operation.
func (g *onnxGraph) op(kind string, in ...any) term {
	t := term{g, g.name()}
	g.node(kind, t.name, in...)
	return t
}

// matrix adds a constant.
func (g *onnxGraph) matrix(shape []int, x ...float64) term {
	raw := make([]byte, 0, 8*len(x))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	t := term{g, g.name()}
	g.constant(t.name, shape, onnxDouble, raw)
	return t
}

// column makes a column of an input.
func (g *onnxGraph) column(input string) term {
	return g.op("Unsqueeze", input, []int{1}).as(onnxDouble)
}

func (t term) plus(x any) term    { return t.g.op("Add", t, x) }
func (t term) minus(x any) term   { return t.g.op("Sub", t, x) }
func (t term) times(x any) term   { return t.g.op("Mul", t, x) }
func (t term) over(x any) term    { return t.g.op("Div", t, x) }
func (t term) negative() term     { return t.g.op("Neg", t) }
func (t term) abs() term          { return t.g.op("Abs", t) }
func (t term) sqrt() term         { return t.g.op("Sqrt", t) }
func (t term) exp() term          { return t.g.op("Exp", t) }
func (t term) log() term          { return t.g.op("Log", t) }
func (t term) log10() term        { return t.log().times(1 / math.Ln10) }
func (t term) exp10() term        { return t.times(math.Ln10).exp() }
func (t term) power(x any) term   { return t.g.op("Pow", t, x) }
func (t term) atLeast(x any) term { return t.g.op("Max", t, x) }
func (t term) atMost(x any) term  { return t.g.op("Min", t, x) }
func (t term) dot(x any) term     { return t.g.op("MatMul", t, x) }

// within holds t between two numbers.
func (t term) within(low, high float64) term { return t.atLeast(low).atMost(high) }

// Comparisons make terms of bool, and so do and and or of these.
func (t term) reaches(x any) term { return t.g.op("GreaterOrEqual", t, x) }
func (t term) exceeds(x any) term { return t.g.op("Greater", t, x) }
func (t term) below(x any) term   { return t.g.op("Less", t, x) }
func (t term) and(x term) term    { return t.g.op("And", t, x) }

// between reports where low <= t <= high.
func (t term) between(low, high float64) term {
	return t.reaches(low).and(t.g.op("LessOrEqual", t, high))
}

// pick returns yes where t, which is of bool, is true, and no elsewhere.
func (t term) pick(yes, no any) term { return t.g.op("Where", t, yes, no) }

// as converts to another type of elements.
func (t term) as(element int) term { return t.g.op("Cast", t, onnxInteger("to", element)) }

// sum and greatest are taken along the last axis, which stays.
func (t term) sum() term { return t.g.op("ReduceSum", t, []int{-1}) }
func (t term) greatest() term {
	return t.g.op("ReduceMax", t, onnxIntegers("axes", -1))
}

// any reports, as a single bool, whether one of t, which is of bool, is true.
func (t term) any() term {
	return t.g.op("ReduceSum", t.as(onnxDouble), onnxInteger("keepdims", 0)).exceeds(0)
}

// columns returns some of the columns.
func (t term) columns(from, to int) term {
	return t.g.op("Slice", t, []int{from}, []int{to}, []int{-1})
}

// split returns n columns, all there are, one by one.
func (t term) split(n int) []term {
	var all []term
	var names []string
	for range n {
		all = append(all, term{t.g, t.g.name()})
		names = append(names, all[len(all)-1].name)
	}
	t.g.operation("Split", names, t, onnxInteger("axis", -1))
	return all
}

// beside puts terms beside each other.
func (g *onnxGraph) beside(terms ...term) term {
	var in []any
	for _, t := range terms {
		in = append(in, t)
	}
	return g.op("Concat", append(in, onnxInteger("axis", -1))...)
}

// grid is a place between nodes: the number of the lower one, [batch] of int64,
// and the fraction of the way to the next.
type grid struct{ node, share term }

// place finds a column, which must lie between the ends, in ascending nodes.
func (t term) place(nodes []float64) grid {
	n := len(nodes)
	passed := t.reaches(nodes[1 : n-1]).as(onnxDouble)
	g := grid{node: t.g.op("ReduceSum", passed, []int{-1}, onnxInteger("keepdims", 0)).as(onnxInt64)}
	var width []float64
	for i := range n - 1 {
		width = append(width, nodes[i+1]-nodes[i])
	}
	g.share = t.minus(t.g.rows(t.g.matrix([]int{n, 1}, nodes...), g.node)).over(t.g.rows(t.g.matrix([]int{n - 1, 1}, width...), g.node))
	return g
}

// rows returns the rows of a matrix that the numbers, [batch] of int64, name.
func (g *onnxGraph) rows(matrix, numbers term) term { return g.op("Gather", matrix, numbers) }

// next adds a number to those of rows.
func (t term) next(n int) term { return t.plus([]int{n}) }

// along returns what lies a share of the way from the named rows of a matrix to
// the ones below them.
func (g *onnxGraph) along(matrix, rows, share term) term {
	a, b := g.rows(matrix, rows), g.rows(matrix, rows.next(1))
	return a.plus(share.times(b.minus(a)))
}
