package op

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func node(g *G.ExprGraph, name string, data []float64, shape ...int) *G.Node {
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return G.NewTensor(g, tensor.Float64, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(v))
}

func normal(r *rand.Rand, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = r.NormFloat64()
	}
	return s
}

// net is a small network of the paper's kind, 6-7-5-6, with B = 3 and N = 4.
type net struct {
	graph                 *G.ExprGraph
	loss, composition     *G.Node
	out                   *G.Node
	parameters, gradients G.Nodes
}

func build(t *testing.T) *net {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	n := &net{graph: G.NewGraph()}
	h := node(n.graph, "x", normal(r, 3*6), 3, 6)
	target := node(n.graph, "t", normal(r, 3*6), 3, 6)
	sizes := []int{6, 7, 5, 6}
	var err error
	for l := range 3 {
		w := node(n.graph, fmt.Sprint("w", l), normal(r, sizes[l]*sizes[l+1]), sizes[l], sizes[l+1])
		b := node(n.graph, fmt.Sprint("b", l), normal(r, sizes[l+1]), sizes[l+1])
		n.parameters = append(n.parameters, w, b)
		act := ReLU
		if l == 2 {
			act = Identity
		}
		if h, err = NewDense(h, w, b, act, l == 0); err != nil {
			t.Fatal(err)
		}
	}
	if n.out, err = NewHead(h, 4); err != nil {
		t.Fatal(err)
	}
	if n.loss, err = NewAbsLoss(n.out, target, Part{0, 4, 1}, Part{4, 6, 0.5}); err != nil {
		t.Fatal(err)
	}
	if n.composition, err = NewAbsLoss(n.out, target, Part{0, 4, 1}); err != nil {
		t.Fatal(err)
	}
	if n.gradients, err = G.Grad(n.loss, n.parameters...); err != nil {
		t.Fatal(err)
	}
	return n
}

// buildPhysical is a small network with residual blocks, normalised rows and a
// tilted composition: 4 inputs, 3 nuclides, their electron fraction and an energy.
func buildPhysical(t *testing.T) *net {
	t.Helper()
	must := func(n *G.Node, err error) *G.Node {
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r := rand.New(rand.NewPCG(7, 8))
	n := &net{graph: G.NewGraph()}
	parameter := func(name string, shape ...int) *G.Node {
		p := node(n.graph, name, normal(r, tensor.Shape(shape).TotalSize()), shape...)
		n.parameters = append(n.parameters, p)
		return p
	}
	h := node(n.graph, "x", normal(r, 3*4), 3, 4)
	target := node(n.graph, "t", normal(r, 3*5), 3, 5)
	base := node(n.graph, "base", []float64{
		0.1, -3, -1, 0.45, 1,
		-9, -1, 0, 0.52, 2,
		0.3, 0.1, 0.2, 0.49, 3,
	}, 3, 5)
	h = must(NewDense(h, parameter("w0", 4, 6), parameter("b0", 6), Tanh, true))
	for l := range 2 {
		act := []Activation{ELU, ReLU}[l]
		z := must(NewLayerNorm(h, parameter(fmt.Sprint("g", l), 6), parameter(fmt.Sprint("o", l), 6)))
		z = must(NewDense(z, parameter(fmt.Sprint("u", l), 6, 6), parameter(fmt.Sprint("c", l), 6), act, false))
		h = must(NewAffine(z, h, nil, false))
	}
	z := must(NewDense(h, parameter("w1", 6, 5), parameter("b1", 5), Identity, false))
	z = must(NewAffine(z, base, []float64{1, 0.5, 1, 0.01, 2}, true))
	n.out = must(NewTilt(z, []float64{0, 0.5, 0.9}))
	n.loss = must(NewAbsLoss(n.out, target, Part{0, 3, 1}, Part{3, 5, 3}))
	n.composition = n.loss
	var err error
	if n.gradients, err = G.Grad(n.loss, n.parameters...); err != nil {
		t.Fatal(err)
	}
	return n
}

// buildBurn is a layer that corrects two guesses of a burn of 3 nuclides: 13
// columns of which 12 are gates and corrections of ln X, the change of Ye and two
// losses, the last the expected error, which the loss is not asked for: its
// gradient is no full derivative.
func buildBurn(t *testing.T) *net {
	t.Helper()
	must := func(n *G.Node, err error) *G.Node {
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r := rand.New(rand.NewPCG(9, 10))
	n := &net{graph: G.NewGraph()}
	const in, nuclides, quantities = 4, 3, 6
	x := node(n.graph, "x", normal(r, 2*in), 2, in)
	w := node(n.graph, "w", normal(r, in*(2*quantities+1)), in, 2*quantities+1)
	b := node(n.graph, "b", normal(r, 2*quantities+1), 2*quantities+1)
	n.parameters = G.Nodes{w, b}
	base := normal(r, 2*(2*quantities+1))
	for row := range 2 {
		base[(row+1)*(2*quantities+1)-1] = 0.45 + 0.02*float64(row)
	}
	h := must(NewDense(x, w, b, Identity, true))
	n.out = must(NewTilt(must(NewBlend(h, node(n.graph, "base", base, 2, 2*quantities+1), quantities, nuclides, 0.01)), []float64{0, 0.5, 0.9}))
	target := node(n.graph, "t", normal(r, 2*(nuclides+burnTargets)), 2, nuclides+burnTargets)
	n.loss = must(NewBurnLoss(n.out, target, []float64{-2, 1, 0.5}, BurnWeights{LnX: 1, X: 2, Ye: 3, Change: 0.5, Q: 1.5, Neutrino: 0.7}))
	n.composition = n.loss
	var err error
	if n.gradients, err = G.Grad(n.loss, n.parameters...); err != nil {
		t.Fatal(err)
	}
	return n
}

// Every gradient, through Gorgonia's own differentiation and machine, must be
// the central difference of the loss.
func TestGradientsAreFiniteDifferences(t *testing.T) {
	t.Run("paper", func(t *testing.T) { gradientsAreFiniteDifferences(t, build(t)) })
	t.Run("physical", func(t *testing.T) { gradientsAreFiniteDifferences(t, buildPhysical(t)) })
	t.Run("burn", func(t *testing.T) { gradientsAreFiniteDifferences(t, buildBurn(t)) })
}

func gradientsAreFiniteDifferences(t *testing.T, n *net) {
	vm := G.NewTapeMachine(n.graph)
	defer vm.Close()
	run := func() float64 {
		vm.Reset()
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		return n.loss.Value().Data().(float64)
	}
	run()
	analytic := make([][]float64, len(n.parameters))
	for i, g := range n.gradients {
		analytic[i] = append([]float64(nil), g.Value().Data().([]float64)...)
	}
	moved := false
	for i, p := range n.parameters {
		w := p.Value().Data().([]float64)
		for j := range w {
			const h = 1e-6
			old := w[j]
			w[j] = old + h
			up := run()
			w[j] = old - h
			down := run()
			w[j] = old
			want := (up - down) / (2 * h)
			if d := math.Abs(analytic[i][j] - want); d > 1e-7 {
				t.Errorf("%s[%d]: gradient %v, finite difference %v", p.Name(), j, analytic[i][j], want)
			}
			moved = moved || want != 0
		}
	}
	if !moved {
		t.Error("no parameter moves the loss")
	}
}

func TestFirstLayerBuildsNoGradientOfItsData(t *testing.T) {
	n := build(t)
	products := 0
	for _, m := range n.graph.AllNodes() {
		if o, ok := m.Op().(*Op); ok && o.Kind == MatMulNT {
			products++
		}
	}
	if products != 2 {
		t.Errorf("%d products with w^T for three layers; the first needs none", products)
	}
}

func TestHeadIsANormalisedComposition(t *testing.T) {
	for _, shift := range []float64{0, 700, -700} { // would overflow without the maximum taken off
		z := []float64{1 + shift, 2 + shift, 3 + shift, 7, -8}
		p := make([]float64, 5)
		LogSoftmax(3, 5, p, z)
		// e^0, e^1, e^2 over their sum
		sum := 1 + math.E + math.E*math.E
		for j := range 3 {
			if want := float64(j) - math.Log(sum); math.Abs(p[j]-want) > 1e-12 {
				t.Errorf("shift %v: column %d is %v, not %v", shift, j, p[j], want)
			}
		}
		if p[3] != 7 || p[4] != -8 {
			t.Errorf("energies changed: %v", p[3:])
		}
	}
}

func TestAbsLossByHand(t *testing.T) {
	p := []float64{1, 2, 3, 4, 5, 6} // 2 x 3
	q := []float64{0, 4, 3, 4, 4, 16}
	// columns 0-1: |1| + |-2| + |0| + |1| = 4 over 4; column 2: 0 + 10 over 2.
	if got := SumAbs([]Part{{0, 2, 1}, {2, 3, 0.5}}, 2, 3, p, q); got != 1+0.5*5 {
		t.Errorf("loss %v, not 3.5", got)
	}
	d := make([]float64, 6)
	for _, up := range []float64{2, -2} {
		SumAbsGrad([]Part{{0, 2, 1}, {2, 3, 0.5}}, 2, 3, d, p, q, up)
		for i, want := range []float64{0.5, -0.5, 0, 0, 0.5, -0.5} {
			if want *= up / 2; d[i] != want {
				t.Errorf("gradient %d of %v times the loss is %v, not %v", i, up, d[i], want)
			}
		}
	}
}

func TestExp32(t *testing.T) {
	for x := -87.0; x < 88; x += 0.0371 {
		f := float32(x)
		want := math.Exp(float64(f))
		if rel := math.Abs(float64(exp32(f))-want) / want; rel > 2.4e-7 {
			t.Fatalf("exp(%v) off by %.1e", f, rel)
		}
	}
	if exp32(-200) != 0 || exp32(200) < 2e38 || exp32(0) != 1 {
		t.Error("ends of the range")
	}
	if v := exp32(float32(math.NaN())); v == v {
		t.Errorf("exp(NaN) = %v", v)
	}
}

func TestNaNIsKept(t *testing.T) {
	nan := math.NaN()
	for _, v := range []float32{float32(nan), float32(math.Copysign(nan, -1))} {
		y := []float32{v, -1, 2}
		Activate(ReLU, y)
		if y[0] == y[0] || y[1] != 0 || y[2] != 2 {
			t.Errorf("ReLU: %v", y)
		}
	}
	z := []float64{nan, 1, 2}
	LogSoftmax(3, 3, z, z)
	if l := SumAbs([]Part{{0, 3, 1}}, 1, 3, z, []float64{0, 0, 0}); l == l {
		t.Errorf("loss of NaN is %v", l)
	}
}

// Gorgonia merges nodes by hash, so two operations that differ in any
// attribute must differ in it.
func TestHashCoversEveryAttribute(t *testing.T) {
	ops := []*Op{
		{Kind: Dense}, {Kind: Dense, Act: ReLU}, {Kind: Dense, First: true}, {Kind: Head, N: 3}, {Kind: Head, N: 4}, {Kind: HeadGrad, N: 4},
		{Kind: Affine}, {Kind: Affine, Scale: []float64{1, 2}}, {Kind: ScaleColumns, Scale: []float64{1, 2}}, {Kind: ScaleColumns, Scale: []float64{1, 3}},
		{Kind: Tilt, ZA: []float64{0, 1}}, {Kind: Tilt, ZA: []float64{0.5, 1}}, {Kind: TiltGrad, ZA: []float64{0, 1}}, {Kind: Dense, Act: ELU}, {Kind: LayerNorm},
		{Kind: AbsLoss, Parts: []Part{{0, 1, 1}}}, {Kind: AbsLoss, Parts: []Part{{0, 2, 1}}}, {Kind: AbsLoss, Parts: []Part{{0, 1, 2}}},
	}
	seen := map[uint32]*Op{}
	for _, o := range ops {
		if other, dup := seen[o.Hashcode()]; dup {
			t.Errorf("%v and %v hash alike", o, other)
		}
		seen[o.Hashcode()] = o
	}
}

func TestWrongShapesAreErrors(t *testing.T) {
	g := G.NewGraph()
	x := node(g, "x", make([]float64, 6), 2, 3)
	w := node(g, "w", make([]float64, 8), 4, 2)
	b := node(g, "b", make([]float64, 2), 2)
	for name, build := range map[string]func() (*G.Node, error){
		"dense": func() (*G.Node, error) { return NewDense(x, w, b, ReLU, false) },
		"head":  func() (*G.Node, error) { return NewHead(x, 4) },
		"loss":  func() (*G.Node, error) { return NewAbsLoss(x, x, Part{0, 9, 1}) },
		"scale": func() (*G.Node, error) { return NewAffine(x, x, []float64{1, 2}, true) },
		"base":  func() (*G.Node, error) { return NewAffine(x, w, nil, true) },
		"norm":  func() (*G.Node, error) { return NewLayerNorm(x, b, b) },
		"tilt":  func() (*G.Node, error) { return NewTilt(x, []float64{0, 0.5, 1}) },
	} {
		if _, err := build(); err == nil {
			t.Errorf("%s: wrong shapes were accepted", name)
		}
	}
	_, err := (&Op{Kind: MatMulNT}).Do(x.Value(), w.Value())
	if err == nil || !strings.Contains(err.Error(), "MatMulNT") {
		t.Errorf("product of 2x3 with (4x2)^T: %v", err)
	}
}
