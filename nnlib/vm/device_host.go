package vm

import (
	"math"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/op"
)

// hostKernels are the kernels' equivalents in Go, which the stand-in runs. They
// take sizes from the arguments alone, as the kernels do.
var hostKernels = map[string]func(c *hostCall){
	"activate": func(c *hostCall) {
		op.Activate(op.Activation(c.int(2)), c.floats(0, c.int(1)))
	},
	"activate_grad": func(c *hostCall) {
		n := c.int(3)
		op.ActivateGrad(op.Activation(c.int(4)), c.floats(0, n), c.floats(1, n), c.floats(2, n))
	},
	"log_softmax": func(c *hostCall) {
		cols := c.int(2)
		op.LogSoftmax(c.int(3), cols, c.floats(0, c.grid*cols), c.floats(1, c.grid*cols))
	},
	"log_softmax_grad": func(c *hostCall) {
		cols := c.int(3)
		n := c.grid * cols
		op.LogSoftmaxGrad(c.int(4), cols, c.floats(0, n), c.floats(1, n), c.floats(2, n))
	},
	"add_scaled": func(c *hostCall) {
		n, cols := c.int(4), c.int(5)
		var scale []float64
		if c.args[3].(pointer) != 0 {
			scale = float64s(c.floats(3, cols))
		}
		op.AddScaled(scale, cols, c.floats(0, n), c.floats(1, n), c.floats(2, n))
	},
	"mul_columns": func(c *hostCall) {
		n, cols := c.int(3), c.int(4)
		op.MulColumns(float64s(c.floats(2, cols)), c.floats(0, n), c.floats(1, n))
	},
	"norm_rows": func(c *hostCall) {
		cols := c.int(4)
		op.NormRows(c.floats(0, c.grid*cols), c.floats(1, c.grid*cols), c.floats(2, cols), c.floats(3, cols))
	},
	"norm_rows_grad": func(c *hostCall) {
		cols := c.int(4)
		n := c.grid * cols
		op.NormRowsGrad(c.floats(0, n), c.floats(1, n), c.floats(2, cols), c.floats(3, n))
	},
	"row_stats":   hostRowStats,
	"norm_gain":   hostNormGain,
	"column_sums": hostColumnSums,
	"tilt_rows": func(c *hostCall) {
		cols := c.int(4)
		elements[float64](c, 3, 2)
		op.TiltRows(elements[float64](c, 2, c.int(5)), cols, c.floats(0, c.grid*cols), c.floats(1, c.grid*cols))
	},
	"tilt_rows_grad": func(c *hostCall) {
		cols := c.int(4)
		n := c.grid * cols
		op.TiltRowsGrad(elements[float64](c, 3, c.int(5)), cols, c.floats(0, n), c.floats(1, n), c.floats(2, n))
	},
	"blend_rows": func(c *hostCall) {
		n, at, cols := c.int(4), c.int(5), c.int(6)
		op.BlendRows(n, at, elements[float64](c, 3, 1)[0], cols, c.floats(0, c.grid*(cols-n+1)), c.floats(1, c.grid*cols), c.floats(2, c.grid*(2*n+1)))
	},
	"blend_rows_grad": func(c *hostCall) {
		n, at, cols := c.int(5), c.int(6), c.int(7)
		op.BlendRowsGrad(n, at, elements[float64](c, 4, 1)[0], cols, c.floats(0, c.grid*cols), c.floats(1, c.grid*cols), c.floats(2, c.grid*(2*n+1)), c.floats(3, c.grid*(cols-n+1)))
	},
	"burn_rows": func(c *hostCall) {
		n := c.int(5)
		partial, p, t := elements[float64](c, 0, c.grid), c.floats(1, c.grid*(n+5)), c.floats(2, c.grid*(n+8))
		for r := range partial {
			partial[r] = op.BurnSum(elements[op.BurnWeights](c, 4, 1)[0], elements[float64](c, 3, n), 1, p[r*(n+5):], t[r*(n+8):]) / float64(c.grid)
		}
	},
	"burn_grad": func(c *hostCall) {
		n := c.int(6)
		op.BurnSumGrad(elements[op.BurnWeights](c, 4, 1)[0], elements[float64](c, 3, n), c.grid,
			c.floats(0, c.grid*(n+5)), c.floats(1, c.grid*(n+5)), c.floats(2, c.grid*(n+8)), c.floats(5, 1)[0])
	},
	"abs_rows": hostAbsRows,
	"abs_grad": hostAbsGrad,
	"sum": func(c *hostCall) {
		s := 0.0
		for _, v := range elements[float64](c, 1, c.int(2)) {
			s += v
		}
		c.floats(0, 1)[0] = float32(s)
	},
	"narrow": func(c *hostCall) {
		blas.ToBF16(elements[blas.BF16](c, 0, c.int(2)), c.floats(1, c.int(2)))
	},
	"gather": func(c *hostCall) {
		n, cols := c.int(3), c.int(4)
		to := c.floats(0, n)
		for i, r := range elements[int32](c, 2, n/cols) {
			row := *c
			row.launch = &launch{kernel: c.kernel, args: []any{c.args[1].(pointer) + pointer(4*cols)*pointer(r)}}
			copy(to[i*cols:(i+1)*cols], row.floats(0, cols))
		}
	},
	"squares": hostSquares,
	"judge":   hostJudge,
	"adam":    hostAdam,
	"record": func(c *hostCall) {
		slot := int(c.floats(2, 16)[9])
		c.floats(0, slot+1)[slot] = c.floats(1, 1)[0]
	},
}

func float64s(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func hostRowStats(c *hostCall) {
	cols := c.int(2)
	stats, x := c.floats(0, 2*c.grid), c.floats(1, c.grid*cols)
	for i := range c.grid {
		mean, variance := 0.0, 0.0
		for _, v := range x[i*cols : (i+1)*cols] {
			mean += float64(v) / float64(cols)
		}
		for _, v := range x[i*cols : (i+1)*cols] {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(cols)
		}
		stats[2*i], stats[2*i+1] = float32(mean), float32(1/math.Sqrt(variance+1e-5))
	}
}

func hostNormGain(c *hostCall) {
	rows, cols := c.int(4), c.int(5)
	dg, x, dy, stats := c.floats(0, cols), c.floats(1, rows*cols), c.floats(2, rows*cols), c.floats(3, 2*rows)
	clear(dg)
	for i := range x {
		r := i / cols
		dg[i%cols] += dy[i] * ((x[i] - stats[2*r]) * stats[2*r+1])
	}
}

func hostColumnSums(c *hostCall) {
	rows, cols := c.int(2), c.int(3)
	dst := c.floats(0, cols)
	clear(dst)
	for i, v := range c.floats(1, rows*cols) {
		dst[i%cols] += v
	}
}

func hostAbsRows(c *hostCall) {
	cols := c.int(4)
	partial, p, t := elements[float64](c, 0, c.grid), c.floats(1, c.grid*cols), c.floats(2, c.grid*cols)
	weight := elements[float64](c, 3, cols)
	clear(partial)
	for i := range p {
		if w := weight[i%cols]; w != 0 {
			partial[i/cols] += w * math.Abs(float64(p[i]-t[i]))
		}
	}
}

func hostAbsGrad(c *hostCall) {
	n, cols := c.int(5), c.int(6)
	dp, p, t := c.floats(0, n), c.floats(1, n), c.floats(2, n)
	weight, up := elements[float64](c, 3, cols), c.floats(4, 1)[0]
	for i := range dp {
		g, d := up*float32(weight[i%cols]), p[i]-t[i]
		switch {
		case g == 0:
			d = 0
		case d > 0:
			d = g
		case d < 0:
			d = -g
		}
		dp[i] = d
	}
}

// piece returns a piece's arrays; the average may be nil.
func (c *hostCall) piece(p devicePiece) (w, g, m, v, a []float32) {
	at := func(q pointer) []float32 {
		if q == 0 {
			return nil
		}
		one := hostCall{s: c.s, launch: &launch{args: []any{q}}}
		return one.floats(0, int(p.n))
	}
	return at(p.w), at(p.g), at(p.m), at(p.v), at(p.a)
}

func hostSquares(c *hostCall) {
	partial := elements[float64](c, 0, c.grid)
	for i, p := range elements[devicePiece](c, 1, c.grid) {
		_, g, _, _, _ := c.piece(p)
		partial[i] = 0
		for _, x := range g {
			partial[i] += float64(x) * float64(x)
		}
	}
}

func hostJudge(c *hostCall) {
	n, block, verdict := c.int(4), c.floats(2, 16), c.floats(0, 2)
	sum := 0.0
	for _, v := range elements[float64](c, 1, n) {
		sum += v
	}
	clip, unscale := float64(block[6]), float64(block[7])
	verdict[0] = block[7]
	if norm := math.Sqrt(sum) * unscale; n > 0 && norm > clip {
		verdict[0] = float32(unscale * (clip / norm))
	}
	if c.args[3].(pointer) != 0 {
		if loss := c.floats(3, 1)[0]; loss-loss != 0 {
			verdict[1] = 1
		}
	}
}

func hostAdam(c *hostCall) {
	block, verdict := c.floats(1, 16), c.floats(2, 2)
	if verdict[1] != 0 {
		return
	}
	beta1, beta2, step, root, epsilon, keep, past := block[0], block[1], block[2], block[3], block[4], block[5], block[8]
	for _, p := range elements[devicePiece](c, 0, c.grid) {
		w, g, m, v, a := c.piece(p)
		for i := range w {
			d := g[i] * verdict[0]
			m[i] = beta1*m[i] + (1-beta1)*d
			v[i] = beta2*v[i] + (1-beta2)*d*d
			w[i] = w[i]*keep - step*m[i]/(float32(math.Sqrt(float64(v[i])))*root+epsilon)
			if a != nil {
				a[i] = w[i] + past*(a[i]-w[i])
			}
		}
	}
}
