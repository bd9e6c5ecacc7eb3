package vm

import (
	"fmt"

	"nuclab/nnlib/cuda"
	"nuclab/nnlib/op"
)

// deviceCompiler turns steps into commands.
type deviceCompiler struct {
	arithmetic cuda.Arithmetic
	mem        *arena
	prepare    func(any) (command, error)
	at         []pointer // by buffer
	length     []int
	// narrowed are bfloat16 copies of buffers, which are current from when they are
	// made to when the buffer changes.
	narrowed []pointer
	current  []bool
	commands []command
	err      error // the first
}

// Threads of a block: of one element each, and of those that share a row.
const (
	elementThreads = 256
	rowThreads     = 128
	sumThreads     = 1024
)

func blocks(n, threads int) int { return (n + threads - 1) / threads }

func (c *deviceCompiler) add(what any) {
	if c.err != nil {
		return
	}
	var made command
	if made, c.err = c.prepare(what); c.err == nil {
		c.commands = append(c.commands, made)
	}
}

// elements launches a kernel with a thread for each of n elements.
func (c *deviceCompiler) elements(n int, kernel string, args ...any) {
	c.add(&launch{kernel, blocks(n, elementThreads), elementThreads, args})
}

// rows launches a kernel with a block for each row.
func (c *deviceCompiler) rows(n int, kernel string, args ...any) {
	c.add(&launch{kernel, n, rowThreads, args})
}

// scratch returns memory that the program keeps.
func (c *deviceCompiler) scratch(bytes int64) pointer {
	if c.err != nil {
		return 0
	}
	var p pointer
	p, c.err = c.mem.alloc(bytes)
	return p
}

// constants returns memory with numbers that never change.
func (c *deviceCompiler) constants(v []byte) pointer {
	if c.err != nil {
		return 0
	}
	var p pointer
	p, c.err = c.mem.put(v)
	return p
}

// factor returns where a buffer is to be read as a factor of a product.
func (c *deviceCompiler) factor(buffer int) uint64 {
	if c.arithmetic != cuda.BFloat16 {
		return uint64(c.at[buffer])
	}
	n := c.length[buffer]
	if c.narrowed[buffer] == 0 {
		c.narrowed[buffer] = c.scratch(2 * int64(n))
	}
	if !c.current[buffer] {
		c.elements(n, "narrow", c.narrowed[buffer], c.at[buffer], int32(n))
		c.current[buffer] = true
	}
	return uint64(c.narrowed[buffer])
}

func float32s(v []float64) []float32 {
	x := make([]float32, len(v))
	for i := range v {
		x[i] = float32(v[i])
	}
	return x
}

// columnWeights is what |p - t| counts in each column of a loss.
func columnWeights(parts []op.Part, rows, cols int) []float64 {
	w := make([]float64, cols)
	for _, q := range parts {
		for j := q.From; j < q.To; j++ {
			w[j] += q.Weight / float64(rows*(q.To-q.From))
		}
	}
	return w
}

// step adds the commands of one of our operations.
func (c *deviceCompiler) step(o *op.Op, s Step) {
	in := make([]pointer, len(s.In))
	for i, b := range s.In {
		in[i] = c.at[b]
	}
	out := c.at[s.Out]
	rows, cols := s.InShape[0][0], s.InShape[0][1]
	n := rows * cols
	n32, rows32, cols32, of := int32(n), int32(rows), int32(cols), int32(o.N)
	switch o.Kind {
	case op.Dense:
		outputs := s.InShape[1][1]
		c.add(&cuda.Product{M: rows, N: outputs, K: cols, A: c.factor(s.In[0]), B: c.factor(s.In[1]), C: uint64(out),
			Bias: uint64(in[2]), ReLU: o.Act == op.ReLU, Arithmetic: c.arithmetic})
		if o.Act != op.ReLU && o.Act != op.Identity {
			c.elements(rows*outputs, "activate", out, int32(rows*outputs), int32(o.Act))
		}
	case op.MatMulNT:
		c.add(&cuda.Product{TransB: true, M: rows, N: s.InShape[1][0], K: cols, A: c.factor(s.In[0]), B: c.factor(s.In[1]), C: uint64(out), Arithmetic: c.arithmetic})
	case op.MatMulTN:
		c.add(&cuda.Product{TransA: true, M: cols, N: s.InShape[1][1], K: rows, A: c.factor(s.In[0]), B: c.factor(s.In[1]), C: uint64(out), Arithmetic: c.arithmetic})
	case op.ColSum:
		c.add(&launch{"column_sums", blocks(cols, 32), sumThreads, []any{out, in[0], rows32, cols32}})
	case op.ActGrad:
		c.elements(n, "activate_grad", out, in[0], in[1], n32, int32(o.Act))
	case op.Head:
		c.rows(rows, "log_softmax", out, in[0], cols32, of)
	case op.HeadGrad:
		c.rows(rows, "log_softmax_grad", out, in[0], in[1], cols32, of)
	case op.Affine:
		scale := pointer(0)
		if o.Scale != nil {
			scale = c.constants(bytesOf(float32s(o.Scale)))
		}
		c.elements(n, "add_scaled", out, in[0], in[1], scale, n32, cols32)
	case op.ScaleColumns:
		c.elements(n, "mul_columns", out, in[0], c.constants(bytesOf(float32s(o.Scale))), n32, cols32)
	case op.LayerNorm:
		c.rows(rows, "norm_rows", out, in[0], in[1], in[2], cols32)
	case op.LayerNormGrad:
		c.rows(rows, "norm_rows_grad", out, in[0], in[1], in[2], cols32)
	case op.LayerNormGain:
		stats := c.scratch(8 * int64(rows))
		c.rows(rows, "row_stats", stats, in[0], cols32)
		c.add(&launch{"norm_gain", blocks(cols, 32), sumThreads, []any{out, in[0], in[1], stats, rows32, cols32}})
	case op.Tilt:
		least, greatest := o.ZA[0], o.ZA[0]
		for _, v := range o.ZA {
			least, greatest = min(least, v), max(greatest, v)
		}
		c.rows(rows, "tilt_rows", out, in[0], c.constants(bytesOf(o.ZA)), c.constants(bytesOf([]float64{least, greatest})), cols32, int32(len(o.ZA)))
	case op.TiltGrad:
		c.rows(rows, "tilt_rows_grad", out, in[0], in[1], c.constants(bytesOf(o.ZA)), cols32, int32(len(o.ZA)))
	case op.AbsLoss:
		partial := c.scratch(8 * int64(rows))
		c.rows(rows, "abs_rows", partial, in[0], in[1], c.constants(bytesOf(columnWeights(o.Parts, rows, cols))), cols32)
		c.add(&launch{"sum", 1, elementThreads, []any{out, partial, rows32}})
	case op.AbsLossGrad:
		c.elements(n, "abs_grad", out, in[0], in[1], c.constants(bytesOf(columnWeights(o.Parts, rows, cols))), in[2], n32, cols32)
	case op.Blend:
		c.rows(rows, "blend_rows", out, in[0], in[1], c.constants(bytesOf([]float64{o.Unit})), of, int32(o.At), cols32)
	case op.BlendGrad:
		c.rows(rows, "blend_rows_grad", out, in[0], in[1], in[2], c.constants(bytesOf([]float64{o.Unit})), of, int32(o.At), cols32)
	case op.BurnLoss:
		partial := c.scratch(8 * int64(rows))
		c.rows(rows, "burn_rows", partial, in[0], in[1], c.constants(bytesOf(o.PerX)), c.constants(bytesOf([]op.BurnWeights{o.Weights})), int32(len(o.PerX)))
		c.add(&launch{"sum", 1, elementThreads, []any{out, partial, rows32}})
	case op.BurnLossGrad:
		c.rows(rows, "burn_grad", out, in[0], in[1], c.constants(bytesOf(o.PerX)), c.constants(bytesOf([]op.BurnWeights{o.Weights})), in[2], int32(len(o.PerX)))
	default:
		c.err = fmt.Errorf("vm: %w for %v", ErrNoKernel, o.Kind)
	}
}
