package op

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Kind says what an [Op] computes. B is the number of rows (samples).
type Kind uint8

// The operations. Those that end in Grad, MatMulNT, MatMulTN, ColSum,
// ScaleColumns and LayerNormGain are what the others differentiate to.
const (
	// Dense: x [B,I], w [I,O], b [O] -> act(x w + b) [B,O].
	Dense Kind = iota
	// Head: z [B,C] -> [B,C], the natural-log softmax over the first N columns
	// of each row; the others unchanged.
	Head
	// AbsLoss: p [B,C], t [B,C] -> scalar, sum over Parts of Weight times the
	// mean of |p - t| over the rows and the part's columns.
	AbsLoss
	// ActGrad: y [B,O], dy [B,O] -> dy act'(.), from the layer's output y.
	ActGrad
	// MatMulNT: a [B,O], w [I,O] -> a w^T [B,I].
	MatMulNT
	// MatMulTN: x [B,I], a [B,O] -> x^T a [I,O].
	MatMulTN
	// ColSum: a [B,O] -> [O], the sums over the rows.
	ColSum
	// HeadGrad: p [B,C], dp [B,C] -> dz [B,C], from Head's output p.
	HeadGrad
	// AbsLossGrad: p, t [B,C], d scalar -> [B,C].
	AbsLossGrad
	// Affine: a, base [B,C] -> a Scale + base [B,C], Scale by column: what is
	// added to a base, such as the input of a residual block.
	Affine
	// ScaleColumns: a [B,C] -> a Scale [B,C].
	ScaleColumns
	// LayerNorm: x [B,C], g, b [C] -> [B,C], each row less its mean, over its
	// standard deviation, times g, plus b (arXiv:1607.06450).
	LayerNorm
	// LayerNormGrad: x [B,C], g [C], dy [B,C] -> dx [B,C].
	LayerNormGrad
	// LayerNormGain: x, dy [B,C] -> dg [C].
	LayerNormGain
	// Tilt: z [B,C] -> [B,C]. The first N columns hold ln w, column N holds Ye.
	// They become ln X = ln w + a + b Z/A with the a and b by which X sums to 1
	// and has the electron fraction Ye; the other columns are unchanged.
	Tilt
	// TiltGrad: p [B,C], dp [B,C] -> dz [B,C], from Tilt's output p.
	TiltGrad
	// Blend: h [B,2N+K], base [B,2N+1] -> [B,N+K+1], what lies between two guesses,
	// see BlendRows.
	Blend
	// BlendGrad: h [B,2N+K], base [B,2N+1], dout [B,N+K+1] -> dh [B,2N+K].
	BlendGrad
	// BurnLoss: p [B,len(PerX)+5], t [B,len(PerX)+8] -> scalar, see BurnSum.
	BurnLoss
	// BurnLossGrad: p, t, d scalar -> dp.
	BurnLossGrad
	kinds
)

var kindNames = [kinds]string{"Dense", "Head", "AbsLoss", "ActGrad", "MatMulNT", "MatMulTN", "ColSum", "HeadGrad", "AbsLossGrad",
	"Affine", "ScaleColumns", "LayerNorm", "LayerNormGrad", "LayerNormGain", "Tilt", "TiltGrad", "Blend", "BlendGrad", "BurnLoss", "BurnLossGrad"}

// String returns the kind's name.
func (k Kind) String() string {
	if k >= kinds {
		return fmt.Sprintf("Kind(%d)", k)
	}
	return kindNames[k]
}

// Activation is the function after a layer's linear part.
type Activation uint8

// The activations.
const (
	Identity Activation = iota
	ReLU
	ELU  // x, for x < 0 e^x - 1
	Tanh // its slope is found from its value, as are the others'
	activations
)

// Part is a range of columns of the outputs, From <= column < To, and its
// weight in a loss.
type Part struct {
	From, To int
	Weight   float64
}

// Op is one operation of a graph. Gorgonia merges nodes whose operations have
// the same hash, which is therefore made of every field.
type Op struct {
	Kind Kind
	// Act is the activation of Dense and ActGrad.
	Act Activation
	// First marks a Dense whose x, or an Affine whose base, is data: no gradient
	// is built for it.
	First bool
	// N is the number of columns that Head and HeadGrad normalise, and of
	// quantities that Blend and BlendGrad find.
	N int
	// Parts are the terms of AbsLoss and AbsLossGrad.
	Parts []Part
	// Scale of the columns of Affine and ScaleColumns; of Affine, nil means 1.
	Scale []float64
	// ZA is Z/A of the nuclides in the first columns of Tilt and TiltGrad.
	ZA []float64
	// At is the column of Blend and BlendGrad in which a change is blended, and
	// Unit that change's.
	At   int
	Unit float64
	// PerX and Weights are the energies and the weights of BurnLoss and BurnLossGrad.
	PerX    []float64
	Weights BurnWeights
}

var (
	_ G.SDOp            = (*Op)(nil)
	_ G.UsePreallocDoer = (*Op)(nil)
)

// NewDense adds act(x w + b) to the graph of its arguments. first says that x
// is data, for which no gradient is needed.
func NewDense(x, w, b *G.Node, act Activation, first bool) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: Dense, Act: act, First: first}, x, w, b)
}

// NewHead adds the log-softmax over the first n columns of z [B,C].
func NewHead(z *G.Node, n int) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: Head, N: n}, z)
}

// NewAbsLoss adds the weighted mean absolute differences of p and t [B,C].
func NewAbsLoss(p, t *G.Node, parts ...Part) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: AbsLoss, Parts: parts}, p, t)
}

// NewAffine adds a scale + base to the graph, scale by column; nil means 1.
// data says that no gradient is needed for base.
func NewAffine(a, base *G.Node, scale []float64, data bool) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: Affine, Scale: scale, First: data}, a, base)
}

// NewLayerNorm adds the normalisation of the rows of x [B,C] with gain g and
// offset b [C].
func NewLayerNorm(x, g, b *G.Node) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: LayerNorm}, x, g, b)
}

// NewTilt adds the tilting of the first columns of z [B,C], ln w of nuclides with
// the given Z/A, to the electron fraction in the column behind them.
func NewTilt(z *G.Node, za []float64) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: Tilt, ZA: za}, z)
}

// NewBlend adds BlendRows of h [B,2n+k] and base [B,2n+1], for which no gradient
// is needed.
func NewBlend(h, base *G.Node, n, at int, unit float64) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: Blend, N: n, At: at, Unit: unit}, h, base)
}

// NewBurnLoss adds BurnSum of p [B,len(perX)+5] and t [B,len(perX)+8].
func NewBurnLoss(p, t *G.Node, perX []float64, w BurnWeights) (*G.Node, error) {
	return G.ApplyOp(&Op{Kind: BurnLoss, PerX: perX, Weights: w}, p, t)
}

// String writes the operation with all its attributes.
func (o *Op) String() string {
	return fmt.Sprintf("%v{act=%d first=%v n=%d parts=%v scale=%v za=%v at=%d unit=%v perX=%v weights=%v}", o.Kind, o.Act, o.First, o.N, o.Parts, o.Scale, o.ZA, o.At, o.Unit, o.PerX, o.Weights)
}

// WriteHash implements gorgonia.Op.
func (o *Op) WriteHash(h hash.Hash) { fmt.Fprint(h, "nuclab ", o) }

// Hashcode implements gorgonia.Op.
func (o *Op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// Arity implements gorgonia.Op.
func (o *Op) Arity() int {
	switch o.Kind {
	case Head, ColSum, ScaleColumns, Tilt:
		return 1
	case Dense, AbsLossGrad, LayerNorm, LayerNormGrad, BlendGrad, BurnLossGrad:
		return 3
	}
	return 2
}

// Type implements gorgonia.Op. Gorgonia puts what it gets back into a pool, so
// that each call must make a new one.
func (o *Op) Type() hm.Type {
	scalar := hm.TypeVariable('a')
	mat := func() hm.Type { return G.TensorType{Dims: 2, Of: scalar} }
	vec := func() hm.Type { return G.TensorType{Dims: 1, Of: scalar} }
	switch o.Kind {
	case Dense:
		return hm.NewFnType(mat(), mat(), vec(), mat())
	case Head, ScaleColumns, Tilt:
		return hm.NewFnType(mat(), mat())
	case LayerNorm:
		return hm.NewFnType(mat(), vec(), vec(), mat())
	case LayerNormGrad:
		return hm.NewFnType(mat(), vec(), mat(), mat())
	case LayerNormGain:
		return hm.NewFnType(mat(), mat(), vec())
	case AbsLoss, BurnLoss:
		return hm.NewFnType(mat(), mat(), scalar)
	case BlendGrad:
		return hm.NewFnType(mat(), mat(), mat(), mat())
	case ColSum:
		return hm.NewFnType(mat(), vec())
	case AbsLossGrad, BurnLossGrad:
		return hm.NewFnType(mat(), mat(), scalar, mat())
	}
	return hm.NewFnType(mat(), mat(), mat())
}

// InferShape implements gorgonia.Op; it is also where wrong shapes are found.
func (o *Op) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	if len(in) != o.Arity() {
		return nil, fmt.Errorf("op: %v takes %d inputs, not %d", o.Kind, o.Arity(), len(in))
	}
	s, err := G.DimSizersToShapes(in)
	if err != nil {
		return nil, fmt.Errorf("op: %v: %w", o.Kind, err)
	}
	return o.shape(s)
}

func (o *Op) shape(s []tensor.Shape) (tensor.Shape, error) {
	dims := []int{2, 2, 2}
	switch o.Kind {
	case Dense:
		dims[2] = 1
	case LayerNorm:
		dims[1], dims[2] = 1, 1
	case LayerNormGrad:
		dims[1] = 1
	case AbsLossGrad, BurnLossGrad:
		dims[2] = 0
	}
	for i := range s {
		if s[i].Dims() != dims[i] {
			return nil, fmt.Errorf("op: %v: input %d has shape %v, not %d dimensions", o.Kind, i, s[i], dims[i])
		}
	}
	bad := func() (tensor.Shape, error) {
		return nil, fmt.Errorf("op: %v: shapes %v do not fit together", o, s)
	}
	switch o.Kind {
	case Dense:
		if s[0][1] != s[1][0] || s[1][1] != s[2][0] {
			return bad()
		}
		return tensor.Shape{s[0][0], s[1][1]}, nil
	case MatMulNT:
		if s[0][1] != s[1][1] {
			return bad()
		}
		return tensor.Shape{s[0][0], s[1][0]}, nil
	case MatMulTN:
		if s[0][0] != s[1][0] {
			return bad()
		}
		return tensor.Shape{s[0][1], s[1][1]}, nil
	case ColSum:
		return tensor.Shape{s[0][1]}, nil
	case Blend, BlendGrad:
		wide := s[0][1] - o.N + 1
		if o.N < 1 || s[0][1] < 2*o.N || o.At < 0 || o.At >= o.N || !(o.Unit > 0) ||
			s[1][0] != s[0][0] || s[1][1] != 2*o.N+1 || o.Kind == BlendGrad && (s[2][0] != s[0][0] || s[2][1] != wide) {
			return bad()
		}
		if o.Kind == BlendGrad {
			return s[0].Clone(), nil
		}
		return tensor.Shape{s[0][0], wide}, nil
	case BurnLoss, BurnLossGrad:
		if n := len(o.PerX); n == 0 || s[0][0] != s[1][0] || s[0][1] != n+burnAnswers || s[1][1] != n+burnTargets {
			return bad()
		}
		if o.Kind == BurnLossGrad {
			return s[0].Clone(), nil
		}
		return tensor.Shape{}, nil
	case LayerNorm:
		if s[1][0] != s[0][1] || s[2][0] != s[0][1] {
			return bad()
		}
		return s[0].Clone(), nil
	case LayerNormGrad:
		if s[1][0] != s[0][1] || !s[0].Eq(s[2]) {
			return bad()
		}
		return s[0].Clone(), nil
	case LayerNormGain:
		if !s[0].Eq(s[1]) {
			return bad()
		}
		return tensor.Shape{s[0][1]}, nil
	case Affine, ScaleColumns:
		if (o.Scale != nil || o.Kind == ScaleColumns) && len(o.Scale) != s[0][1] {
			return nil, fmt.Errorf("op: %v by %d factors for %d columns", o.Kind, len(o.Scale), s[0][1])
		}
	case Tilt, TiltGrad:
		if len(o.ZA) < 2 || len(o.ZA) >= s[0][1] {
			return nil, fmt.Errorf("op: %v of %d nuclides and an electron fraction in %d columns", o.Kind, len(o.ZA), s[0][1])
		}
	case Head, HeadGrad:
		if o.N < 1 || o.N > s[0][1] {
			return nil, fmt.Errorf("op: %v over %d of %d columns", o.Kind, o.N, s[0][1])
		}
	case AbsLoss, AbsLossGrad:
		for _, p := range o.Parts {
			if p.From < 0 || p.From >= p.To || p.To > s[0][1] {
				return nil, fmt.Errorf("op: %v: columns %d to %d of %d", o.Kind, p.From, p.To, s[0][1])
			}
		}
	}
	if len(s) > 1 && !s[0].Eq(s[1]) {
		return bad()
	}
	if o.Kind == AbsLoss {
		return tensor.Shape{}, nil // a scalar's shape is empty, not nil
	}
	return s[0].Clone(), nil
}

// ReturnsPtr implements gorgonia.Op.
func (o *Op) ReturnsPtr() bool { return false }

// CallsExtern implements gorgonia.Op.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op.
func (o *Op) OverwritesInput() int { return -1 }

// DiffWRT implements gorgonia.SDOp.
func (o *Op) DiffWRT(inputs int) []bool {
	d := make([]bool, inputs)
	switch o.Kind {
	case Dense:
		copy(d, []bool{!o.First, true, true})
	case Affine:
		copy(d, []bool{true, !o.First})
	case LayerNorm:
		copy(d, []bool{true, true, true})
	case Head, AbsLoss, Tilt, Blend, BurnLoss:
		d[0] = true
	}
	return d
}

// SymDiff implements gorgonia.SDOp.
func (o *Op) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	d := make(G.Nodes, len(in))
	var err error
	apply := func(next *Op, args ...*G.Node) (n *G.Node) {
		if err == nil {
			n, err = G.ApplyOp(next, args...)
		}
		return n
	}
	switch o.Kind {
	case Dense:
		dz := grad
		if o.Act != Identity {
			dz = apply(&Op{Kind: ActGrad, Act: o.Act}, out, grad)
		}
		if !o.First {
			d[0] = apply(&Op{Kind: MatMulNT}, dz, in[1])
		}
		d[1] = apply(&Op{Kind: MatMulTN}, in[0], dz)
		d[2] = apply(&Op{Kind: ColSum}, dz)
	case Head:
		d[0] = apply(&Op{Kind: HeadGrad, N: o.N}, out, grad)
	case Blend:
		d[0] = apply(&Op{Kind: BlendGrad, N: o.N, At: o.At, Unit: o.Unit}, in[0], in[1], grad)
	case BurnLoss:
		d[0] = apply(&Op{Kind: BurnLossGrad, PerX: o.PerX, Weights: o.Weights}, in[0], in[1], grad)
	case Tilt:
		d[0] = apply(&Op{Kind: TiltGrad, ZA: o.ZA}, out, grad)
	case Affine:
		d[0] = grad
		if o.Scale != nil {
			d[0] = apply(&Op{Kind: ScaleColumns, Scale: o.Scale}, grad)
		}
		if !o.First {
			d[1] = grad
		}
	case LayerNorm:
		d[0] = apply(&Op{Kind: LayerNormGrad}, in[0], in[1], grad)
		d[1] = apply(&Op{Kind: LayerNormGain}, in[0], grad)
		d[2] = apply(&Op{Kind: ColSum}, grad)
	case AbsLoss:
		d[0] = apply(&Op{Kind: AbsLossGrad, Parts: o.Parts}, in[0], in[1], grad)
	default:
		return nil, fmt.Errorf("op: %v has no second derivative", o.Kind)
	}
	return d, err
}
