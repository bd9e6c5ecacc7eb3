package vm

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/op"
)

// moments are Adam's on the host, updated in one pass over all parameters.
type moments[T op.Float] struct {
	r       *program[T]
	w, g    []int // buffers
	m, v    [][]T
	pieces  []piece
	current factors[T]
	task    func(i int)
}

// piece is a range of one parameter's elements.
type piece struct{ parameter, from, to int }

type factors[T op.Float] struct{ beta1, beta2, step, root, epsilon T }

// A piece's four arrays of this many elements fit in a core's cache, and the
// pass over them is worth a goroutine.
const adamPiece = 1 << 16

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
	a.task = func(i int) {
		p := a.pieces[i]
		lo, hi := p.from, p.to
		f, k := a.current, p.parameter
		op.Adam(r.mem[a.w[k]][lo:hi], r.mem[a.g[k]][lo:hi], a.m[k][lo:hi], a.v[k][lo:hi], f.beta1, f.beta2, f.step, f.root, f.epsilon)
	}
	return a, nil
}

// Step implements Moments.
func (a *moments[T]) Step(s Adam, t int) error {
	step, root := s.factors(t)
	a.current = factors[T]{T(s.Beta1), T(s.Beta2), T(step), T(root), T(s.Epsilon)}
	a.r.team.do(len(a.pieces), a.task)
	return nil
}

// Values implements Moments.
func (a *moments[T]) Values() (m, v []G.Value, err error) {
	for i := range a.m {
		m = append(m, tensor.New(tensor.WithBacking(append([]T(nil), a.m[i]...))))
		v = append(v, tensor.New(tensor.WithBacking(append([]T(nil), a.v[i]...))))
	}
	return m, v, nil
}

// Restore implements Moments.
func (a *moments[T]) Restore(m, v []G.Value) error {
	if len(m) != len(a.m) || len(v) != len(a.v) {
		return fmt.Errorf("vm: moments of %d and %d parameters, not %d", len(m), len(v), len(a.m))
	}
	for i := range a.m {
		mi, ok := m[i].Data().([]T)
		vi, ok2 := v[i].Data().([]T)
		if !ok || !ok2 || len(mi) != len(a.m[i]) || len(vi) != len(a.v[i]) {
			return fmt.Errorf("vm: moments of parameter %d do not fit", i)
		}
		copy(a.m[i], mi)
		copy(a.v[i], vi)
	}
	return nil
}
