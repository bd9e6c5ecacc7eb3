package vm

import (
	"context"
	"fmt"
	"runtime"
	"unsafe"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/op"
)

// CPU is the backend of the processor's cores.
type CPU struct {
	// Threads that work at once; 0 means all that this process may use. The
	// results are the same bits for any number.
	Threads int
	// BLAS multiplies; nil means blas.Default().
	BLAS *blas.Library
	// Precision BFloat16 rounds the factors of a float32 graph's products to 8
	// bits; it is slower than float32 unless [blas.Library.FastBF16] is nil. With
	// any other they are used as they are.
	Precision Precision
}

func (c CPU) library() *blas.Library {
	if c.BLAS == nil {
		return blas.Default()
	}
	return c.BLAS
}

// Name implements Backend.
func (c CPU) Name() string { return "cpu, " + c.library().Name() }

// Compile implements Backend.
func (c CPU) Compile(p *Plan) (Program, error) {
	threads := c.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	switch {
	case p.Dtype == tensor.Float64:
		return compile[float64](p, c.library(), threads, nil)
	case c.Precision == BFloat16:
		return compile[float32](p, c.library(), threads, newRounded(p))
	}
	return compile[float32](p, c.library(), threads, nil)
}

// program is a plan on the host, with elements of type T.
type program[T op.Float] struct {
	lib     *blas.Library
	rounded *rounded // nil: products are of what the buffers hold
	team    *team
	mem     [][]T     // by buffer
	value   []G.Value // by buffer, for stock operations
	rounds  []*round
	ones    []T
	ctx     context.Context // of the current Run
}

// compile prepares p; products are of rounded factors unless rounded is nil.
func compile[T op.Float](p *Plan, lib *blas.Library, threads int, rounded *rounded) (Program, error) {
	r := &program[T]{lib: lib, rounded: rounded, team: newTeam(threads), mem: make([][]T, len(p.Buffers)), value: make([]G.Value, len(p.Buffers))}
	for i, b := range p.Buffers {
		if b.Node == nil {
			r.mem[i] = make([]T, b.Len)
		}
	}
	var works []work
	for _, s := range p.Steps {
		w := work{alone: r.stock(s)}
		if our, ok := s.Op.(*op.Op); ok {
			var err error
			if w, err = r.fused(our, s); err != nil {
				return nil, err
			}
		}
		w.in, w.out = s.In, s.Out
		if rounded == nil {
			works = append(works, w)
		} else {
			works = append(works, rounded.around(s, w, any(r.mem).([][]float32), p)...)
		}
	}
	r.rounds = rounds(works, threads, r.task)
	return r, nil
}

// Bind implements Program: the program works on the value's own memory.
func (r *program[T]) Bind(i int, v G.Value) error {
	mem, err := memory[T](v)
	if err != nil {
		return err
	}
	r.mem[i], r.value[i] = mem, v
	return nil
}

// memory returns the elements of a value without copying them.
func memory[T op.Float](v G.Value) ([]T, error) {
	switch x := v.(type) {
	case *tensor.Dense:
		if d, ok := x.Data().([]T); ok && !x.RequiresIterator() {
			return d, nil
		}
	case *G.F32:
		if _, ok := any(T(0)).(float32); ok {
			return unsafe.Slice((*T)(x.Pointer()), 1), nil
		}
	case *G.F64:
		if _, ok := any(T(0)).(float64); ok {
			return unsafe.Slice((*T)(x.Pointer()), 1), nil
		}
	}
	return nil, fmt.Errorf("a %T of %v; contiguous %T are needed", v, v.Dtype(), T(0))
}

// Upload implements Program.
func (r *program[T]) Upload(int) error { return nil }

// Download implements Program.
func (r *program[T]) Download(int) error { return nil }

// Close implements Program.
func (r *program[T]) Close() error { return nil }

// Run implements Program.
func (r *program[T]) Run(ctx context.Context) error {
	r.ctx = ctx
	for _, s := range r.rounds {
		if s.alone != nil {
			if err := s.alone(); err != nil {
				return err
			}
		} else {
			r.team.do(len(s.portions), s.task)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// task does one portion of a round unless the run was cancelled.
func (r *program[T]) task(p portion) {
	if r.ctx.Err() == nil {
		p.do(p.block)
	}
}

// stock runs an operation of Gorgonia's own through its methods. It allocates
// what they allocate.
func (r *program[T]) stock(s Step) func() error {
	in := make([]G.Value, len(s.In))
	return func() error {
		for i, b := range s.In {
			in[i] = r.value[b]
			if in[i] == nil { // a scratch buffer of ours
				in[i] = tensor.New(tensor.WithShape(s.InShape[i]...), tensor.WithBacking(r.mem[b][:max(1, s.InShape[i].TotalSize())]))
				if s.InShape[i].IsScalar() {
					in[i] = scalar(r.mem[b][0])
				}
			}
		}
		v, err := s.Op.Do(in...)
		if err != nil {
			return fmt.Errorf("vm: %v: %w", s.Op, err)
		}
		d, err := memory[T](v)
		if err != nil {
			return fmt.Errorf("vm: %v: %w", s.Op, err)
		}
		copy(r.mem[s.Out], d)
		return nil
	}
}

func scalar[T op.Float](x T) G.Value {
	if f, ok := any(x).(float32); ok {
		return G.NewF32(f)
	}
	return G.NewF64(float64(x))
}

// fused returns the work of one of our operations. Buffers are looked up when
// it runs, since a variable may be given another value.
func (r *program[T]) fused(o *op.Op, s Step) (work, error) {
	mem, lib := r.mem, r.lib
	out := s.Out
	rows, cols := s.InShape[0][0], s.InShape[0][1]
	switch o.Kind {
	case op.Dense:
		x, w, b, n := s.In[0], s.In[1], s.In[2], s.InShape[1][1]
		return r.product(rows, n, cols, func(q block) {
			y := mem[out]
			for i := q.r0; i < q.r1; i++ {
				copy(y[i*n+q.c0:i*n+q.c1], mem[b][q.c0:q.c1])
			}
			r.gemm(q.r1-q.r0, q.c1-q.c0, cols, factor{x, q.r0 * cols, cols, false}, factor{w, q.c0, n, false}, 1, y[q.r0*n+q.c0:], n)
			for i := q.r0; i < q.r1; i++ {
				op.Activate(o.Act, y[i*n+q.c0:i*n+q.c1])
			}
		}), nil
	case op.MatMulNT:
		a, w, n := s.In[0], s.In[1], s.InShape[1][0]
		return r.product(rows, n, cols, func(q block) {
			r.gemm(q.r1-q.r0, q.c1-q.c0, cols, factor{a, q.r0 * cols, cols, false}, factor{w, q.c0 * cols, cols, true}, 0, mem[out][q.r0*n+q.c0:], n)
		}), nil
	case op.MatMulTN:
		x, a, n := s.In[0], s.In[1], s.InShape[1][1]
		return r.product(cols, n, rows, func(q block) {
			r.gemm(q.r1-q.r0, q.c1-q.c0, rows, factor{x, q.r0, cols, true}, factor{a, q.c0, n, false}, 0, mem[out][q.r0*n+q.c0:], n)
		}), nil
	case op.ColSum:
		for len(r.ones) < rows {
			r.ones = append(r.ones, 1)
		}
		return whole(rows*cols, func() {
			blas.ColSum(lib, rows, cols, mem[s.In[0]], cols, r.ones, mem[out])
		}), nil
	case op.ActGrad:
		return rowwise(rows, cols, passCost, func(lo, hi int) {
			op.ActivateGrad(o.Act, mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]][lo:hi])
		}), nil
	case op.Head:
		return rowwise(rows, cols, passCost, func(lo, hi int) {
			op.LogSoftmax(o.N, cols, mem[out][lo:hi], mem[s.In[0]][lo:hi])
		}), nil
	case op.HeadGrad:
		return rowwise(rows, cols, passCost, func(lo, hi int) {
			op.LogSoftmaxGrad(o.N, cols, mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]][lo:hi])
		}), nil
	case op.Affine:
		return rowwise(rows, cols, passCost, func(lo, hi int) {
			op.AddScaled(o.Scale, cols, mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]][lo:hi])
		}), nil
	case op.ScaleColumns:
		return rowwise(rows, cols, passCost, func(lo, hi int) {
			op.MulColumns(o.Scale, mem[out][lo:hi], mem[s.In[0]][lo:hi])
		}), nil
	case op.LayerNorm:
		return rowwise(rows, cols, passCost, func(lo, hi int) {
			op.NormRows(mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]], mem[s.In[2]])
		}), nil
	case op.LayerNormGrad:
		return rowwise(rows, cols, passCost, func(lo, hi int) {
			op.NormRowsGrad(mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]], mem[s.In[2]][lo:hi])
		}), nil
	case op.LayerNormGain:
		return whole(rows*cols, func() {
			op.NormGainGrad(mem[out][:cols], mem[s.In[0]][:rows*cols], mem[s.In[1]])
		}), nil
	case op.Tilt:
		return rowwise(rows, cols, tiltCost, func(lo, hi int) {
			op.TiltRows(o.ZA, cols, mem[out][lo:hi], mem[s.In[0]][lo:hi])
		}), nil
	case op.TiltGrad:
		return rowwise(rows, cols, tiltCost, func(lo, hi int) {
			op.TiltRowsGrad(o.ZA, cols, mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]][lo:hi])
		}), nil
	case op.Blend:
		guesses, wide := s.InShape[1][1], s.OutShape[1]
		return rowwise(rows, cols, blendCost, func(lo, hi int) {
			from, to := lo/cols, hi/cols
			op.BlendRows(o.N, o.At, o.Unit, cols, mem[out][from*wide:to*wide], mem[s.In[0]][lo:hi], mem[s.In[1]][from*guesses:to*guesses])
		}), nil
	case op.BlendGrad:
		guesses, wide := s.InShape[1][1], s.InShape[2][1]
		return rowwise(rows, cols, blendCost, func(lo, hi int) {
			from, to := lo/cols, hi/cols
			op.BlendRowsGrad(o.N, o.At, o.Unit, cols, mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]][from*guesses:to*guesses], mem[s.In[2]][from*wide:to*wide])
		}), nil
	case op.BurnLoss:
		return whole(rows*cols, func() {
			mem[out][0] = T(op.BurnSum(o.Weights, o.PerX, rows, mem[s.In[0]], mem[s.In[1]]))
		}), nil
	case op.BurnLossGrad:
		wide := s.InShape[1][1]
		return rowwise(rows, cols, blendCost, func(lo, hi int) {
			op.BurnSumGrad(o.Weights, o.PerX, rows, mem[out][lo:hi], mem[s.In[0]][lo:hi], mem[s.In[1]][lo/cols*wide:], mem[s.In[2]][0])
		}), nil
	case op.AbsLoss:
		return whole(rows*cols, func() {
			mem[out][0] = T(op.SumAbs(o.Parts, rows, cols, mem[s.In[0]], mem[s.In[1]]))
		}), nil
	case op.AbsLossGrad:
		return whole(rows*cols, func() {
			op.SumAbsGrad(o.Parts, rows, cols, mem[out], mem[s.In[0]], mem[s.In[1]], mem[s.In[2]][0])
		}), nil
	}
	return work{}, fmt.Errorf("vm: the CPU has no code for %v", o)
}
