package vm

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/op"
)

// moments are Adam's on the host, updated in one pass over all parameters.
type moments[T op.Float] struct {
	r       *program[T]
	w, g    []int // buffers
	m, v    [][]T
	average [][]T // nil until an average is wanted
	pieces  []piece
	squares []float64 // by piece, of gradients
	current op.AdamFactors[T]
	past    T // what is left of an average
	update  func(i int)
	measure func(i int)
}

// piece is a range of one parameter's elements.
type piece struct{ parameter, from, to int }

// A piece's four arrays of this many elements fit in a core's cache, and the
// pass over them is worth a goroutine.
const adamPiece = 1 << 14

// NewAdam implements Program.
func (r *program[T]) NewAdam(parameters, gradients []int) (Moments, error) {
	a := &moments[T]{r: r, w: parameters, g: gradients}
	for i := range parameters {
		n := len(r.mem[parameters[i]])
		if n == 0 {
			return nil, fmt.Errorf("vm: parameter %d has no value", i)
		}
		a.m, a.v = append(a.m, make([]T, n)), append(a.v, make([]T, n))
		for at := 0; at < n; at += adamPiece {
			a.pieces = append(a.pieces, piece{i, at, min(at+adamPiece, n)})
		}
	}
	a.squares = make([]float64, len(a.pieces))
	a.update, a.measure = a.updatePiece, a.measurePiece
	return a, nil
}

func (a *moments[T]) updatePiece(i int) {
	p := a.pieces[i]
	lo, hi, k := p.from, p.to, p.parameter
	w := a.r.mem[a.w[k]][lo:hi]
	op.Adam(w, a.r.mem[a.g[k]][lo:hi], a.m[k][lo:hi], a.v[k][lo:hi], a.current)
	if a.average != nil {
		op.Approach(a.average[k][lo:hi], w, a.past)
	}
}

func (a *moments[T]) measurePiece(i int) {
	p := a.pieces[i]
	a.squares[i] = op.SumSquares(a.r.mem[a.g[p.parameter]][p.from:p.to])
}

// Step implements Moments.
func (a *moments[T]) Step(s Adam, t int) error {
	step, root := s.factors(t)
	unscale := 1.0
	if s.LossScale != 0 {
		unscale = 1 / s.LossScale
	}
	a.current = op.AdamFactors[T]{Beta1: T(s.Beta1), Beta2: T(s.Beta2), Step: T(step), Root: T(root), Epsilon: T(s.Epsilon),
		Scale: T(unscale), Keep: T(1 - s.Rate*s.Decay)}
	if s.Clip > 0 {
		a.r.team.do(len(a.pieces), a.measure)
		sum := 0.0
		for _, v := range a.squares { // in this order whatever the number of threads
			sum += v
		}
		if norm := math.Sqrt(sum) * unscale; norm > s.Clip {
			a.current.Scale = T(unscale * (s.Clip / norm))
		}
	}
	if s.Average > 0 {
		if a.average == nil {
			for _, m := range a.m {
				a.average = append(a.average, make([]T, len(m)))
			}
		}
		a.past = T(min(s.Average, 1-1/float64(t)))
	}
	a.r.team.do(len(a.pieces), a.update)
	return nil
}

// State implements Moments.
func (a *moments[T]) State() (State, error) {
	values := func(all [][]T) (v []G.Value) {
		for _, x := range all {
			v = append(v, tensor.New(tensor.WithBacking(slices.Clone(x))))
		}
		return v
	}
	return State{M: values(a.m), V: values(a.v), Average: values(a.average)}, nil
}

// Restore implements Moments.
func (a *moments[T]) Restore(s State) error {
	m, err := a.copied(s.M)
	if err != nil {
		return fmt.Errorf("vm: first moments: %w", err)
	}
	v, err := a.copied(s.V)
	if err != nil {
		return fmt.Errorf("vm: second moments: %w", err)
	}
	var average [][]T
	if s.Average != nil {
		if average, err = a.copied(s.Average); err != nil {
			return fmt.Errorf("vm: averages: %w", err)
		}
	}
	a.m, a.v, a.average = m, v, average
	return nil
}

// copied returns copies of values that are as many and as long as the parameters.
func (a *moments[T]) copied(values []G.Value) ([][]T, error) {
	if len(values) != len(a.m) {
		return nil, fmt.Errorf("those of %d parameters, not %d", len(values), len(a.m))
	}
	var all [][]T
	for i, v := range values {
		x, ok := v.Data().([]T)
		if !ok || len(x) != len(a.m[i]) {
			return nil, fmt.Errorf("those of parameter %d do not fit", i)
		}
		all = append(all, slices.Clone(x))
	}
	return all, nil
}
