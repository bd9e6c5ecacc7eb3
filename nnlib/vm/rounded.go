package vm

import (
	"slices"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/op"
)

// rounded holds what products in bf16 read: copies of buffers, each rounded once
// for all products that read it before the buffer is written again.
type rounded struct {
	copies [][]blas.BF16 // by buffer; nil where no product reads it
	fresh  []bool        // while a plan is compiled: the copy is that of the buffer
}

func newRounded(p *Plan) *rounded {
	return &rounded{make([][]blas.BF16, len(p.Buffers)), make([]bool, len(p.Buffers))}
}

// of returns the number that the copy of a buffer has among what works read and
// write.
func (r *rounded) of(buffer int) int { return len(r.copies) + buffer }

// around returns the works of a step: w, and before it those that round factors of
// a product which are not rounded yet. mem are the buffers.
func (r *rounded) around(s Step, w work, mem [][]float32, p *Plan) (works []work) {
	if o, ok := s.Op.(*op.Op); ok && (o.Kind == op.Dense || o.Kind == op.MatMulNT || o.Kind == op.MatMulTN) {
		w.in = slices.Clone(w.in)
		for i, b := range s.In[:2] {
			w.in[i] = r.of(b)
			if r.fresh[b] {
				continue
			}
			r.fresh[b] = true
			if r.copies[b] == nil {
				r.copies[b] = make([]blas.BF16, p.Buffers[b].Len)
			}
			to := r.copies[b]
			round := rowwise(s.InShape[i][0], s.InShape[i][1], passCost, func(lo, hi int) { blas.ToBF16(to[lo:hi], mem[b][lo:hi]) })
			round.in, round.out = []int{b}, r.of(b)
			works = append(works, round)
		}
	}
	r.fresh[s.Out] = false
	return append(works, w)
}

// factor is a matrix in a buffer from element at on.
type factor struct {
	buffer, at, ld int
	trans          bool
}

// gemm computes C = A B + beta C, where A is m x k and B is k x n.
func (r *program[T]) gemm(m, n, k int, a, b factor, beta T, c []T, ldc int) {
	if r.rounded == nil {
		blas.Gemm(r.lib, a.trans, b.trans, m, n, k, r.mem[a.buffer][a.at:], a.ld, r.mem[b.buffer][b.at:], b.ld, beta, c, ldc)
		return
	}
	from := r.rounded.copies
	blas.GemmBF16(r.lib, a.trans, b.trans, m, n, k, from[a.buffer][a.at:], a.ld, from[b.buffer][b.at:], b.ld, float32(beta), any(c).([]float32), ldc)
}

// product is an m x n product over k terms by the program's library.
func (r *program[T]) product(m, n, k int, do func(b block)) work {
	group := rowGroup
	if r.rounded != nil {
		group = roundedGroup
	}
	return product(r.lib.Native(), group, m, n, k, do)
}
