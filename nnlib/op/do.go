package op

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Do implements gorgonia.Op for the stock machines: it allocates its result
// and multiplies with the BLAS that Gorgonia was told to use.
func (o *Op) Do(in ...G.Value) (G.Value, error) {
	if len(in) != o.Arity() {
		return nil, fmt.Errorf("op: %v takes %d inputs, not %d", o.Kind, o.Arity(), len(in))
	}
	s, err := o.shape(shapes(in))
	if err != nil {
		return nil, err
	}
	if o.Kind == AbsLoss || o.Kind == BurnLoss {
		return o.UsePreallocDo(nil, in...)
	}
	return o.UsePreallocDo(tensor.New(tensor.WithShape(s...), tensor.Of(in[0].Dtype())), in...)
}

// UsePreallocDo implements gorgonia.UsePreallocDoer: the result goes to
// prealloc, whose shape must be right. Scalar results are returned anew.
func (o *Op) UsePreallocDo(prealloc G.Value, in ...G.Value) (G.Value, error) {
	b := G.WhichBLAS()
	switch in[0].Dtype() {
	case tensor.Float32:
		return do(o, prealloc, in, b.Sgemm, func(v float32) G.Value { return G.NewF32(v) })
	case tensor.Float64:
		return do(o, prealloc, in, b.Dgemm, func(v float64) G.Value { return G.NewF64(v) })
	}
	return nil, fmt.Errorf("op: %v of %v: only float32 and float64", o.Kind, in[0].Dtype())
}

func shapes(in []G.Value) []tensor.Shape {
	s := make([]tensor.Shape, len(in))
	for i, v := range in {
		s[i] = v.Shape()
	}
	return s
}

type gemm[T Float] func(tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

func do[T Float](o *Op, prealloc G.Value, in []G.Value, mul gemm[T], scalar func(T) G.Value) (G.Value, error) {
	var x [3][]T
	for i, v := range in {
		switch d := v.Data().(type) {
		case []T:
			x[i] = d
		case T: // the scalar that a loss's gradient is multiplied with
			x[i] = []T{d}
		default:
			return nil, fmt.Errorf("op: %v: input %d is a %T", o.Kind, i, d)
		}
	}
	s := shapes(in)
	rows, cols := s[0][0], s[0][1]
	if o.Kind == AbsLoss {
		return scalar(T(SumAbs(o.Parts, rows, cols, x[0], x[1]))), nil
	}
	if o.Kind == BurnLoss {
		return scalar(T(BurnSum(o.Weights, o.PerX, rows, x[0], x[1]))), nil
	}
	y, ok := prealloc.Data().([]T)
	if !ok {
		return nil, fmt.Errorf("op: %v: result is a %T", o.Kind, prealloc.Data())
	}
	switch o.Kind {
	case Dense:
		n := s[1][1]
		FillRows(y, x[2])
		mul(blas.NoTrans, blas.NoTrans, rows, n, cols, 1, x[0], cols, x[1], n, 1, y, n)
		Activate(o.Act, y)
	case MatMulNT:
		n := s[1][0]
		mul(blas.NoTrans, blas.Trans, rows, n, cols, 1, x[0], cols, x[1], cols, 0, y, n)
	case MatMulTN:
		n := s[1][1]
		mul(blas.Trans, blas.NoTrans, cols, n, rows, 1, x[0], cols, x[1], n, 0, y, n)
	case ColSum:
		clear(y)
		for r := range rows {
			for j, v := range x[0][r*cols : (r+1)*cols] {
				y[j] += v
			}
		}
	case ActGrad:
		ActivateGrad(o.Act, y, x[0], x[1])
	case Affine:
		AddScaled(o.Scale, cols, y, x[0], x[1])
	case ScaleColumns:
		MulColumns(o.Scale, y, x[0])
	case LayerNorm:
		NormRows(y, x[0], x[1], x[2])
	case LayerNormGrad:
		NormRowsGrad(y, x[0], x[1], x[2])
	case LayerNormGain:
		NormGainGrad(y, x[0], x[1])
	case Blend:
		BlendRows(o.N, o.At, o.Unit, cols, y, x[0], x[1])
	case BlendGrad:
		BlendRowsGrad(o.N, o.At, o.Unit, cols, y, x[0], x[1], x[2])
	case BurnLossGrad:
		BurnSumGrad(o.Weights, o.PerX, rows, y, x[0], x[1], x[2][0])
	case Tilt:
		TiltRows(o.ZA, cols, y, x[0])
	case TiltGrad:
		TiltRowsGrad(o.ZA, cols, y, x[0], x[1])
	case Head:
		LogSoftmax(o.N, cols, y, x[0])
	case HeadGrad:
		LogSoftmaxGrad(o.N, cols, y, x[0], x[1])
	case AbsLossGrad:
		SumAbsGrad(o.Parts, rows, cols, y, x[0], x[1], x[2][0])
	}
	return prealloc, nil
}
