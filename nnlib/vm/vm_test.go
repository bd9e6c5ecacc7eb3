package vm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/op"
)

// net is a network of the paper's kind with its loss and gradients.
type net struct {
	graph                 *G.ExprGraph
	x, t                  *G.Node
	out                   *G.Node
	loss, composition     *G.Node
	parameters, gradients G.Nodes
}

func (n *net) targets() []*G.Node {
	return append([]*G.Node{n.loss, n.composition}, n.gradients...)
}

func values[T op.Float](r *rand.Rand, scale float64, shape ...int) G.Value {
	d := make([]T, tensor.Shape(shape).TotalSize())
	for i := range d {
		d[i] = T(r.NormFloat64() * scale)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(d))
}

func build[T op.Float](t testing.TB, batch int, dims ...int) *net {
	t.Helper()
	must := func(n *G.Node, err error) *G.Node {
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r := rand.New(rand.NewPCG(7, 8))
	n := &net{graph: G.NewGraph()}
	variable := func(name string, scale float64, shape ...int) *G.Node {
		v := values[T](r, scale, shape...)
		return G.NewTensor(n.graph, v.Dtype(), len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(v))
	}
	outputs := dims[len(dims)-1]
	n.x = variable("x", 1, batch, dims[0])
	n.t = variable("t", 1, batch, outputs)
	h := n.x
	for l := 0; l+1 < len(dims); l++ {
		w := variable(fmt.Sprint("w", l), math.Sqrt(2/float64(dims[l])), dims[l], dims[l+1])
		b := variable(fmt.Sprint("b", l), 0.1, dims[l+1])
		n.parameters = append(n.parameters, w, b)
		act := op.ReLU
		if l+2 == len(dims) {
			act = op.Identity
		}
		h = must(op.NewDense(h, w, b, act, l == 0))
	}
	n.out = must(op.NewHead(h, outputs-2))
	n.loss = must(op.NewAbsLoss(n.out, n.t, op.Part{From: 0, To: outputs - 2, Weight: 1}, op.Part{From: outputs - 2, To: outputs, Weight: 1}))
	n.composition = must(op.NewAbsLoss(n.out, n.t, op.Part{From: 0, To: outputs - 2, Weight: 1}))
	var err error
	if n.gradients, err = G.Grad(n.loss, n.parameters...); err != nil {
		t.Fatal(err)
	}
	return n
}

// buildPhysical is a network with every other operation: residual blocks with
// normalised rows, a base that is corrected, and a tilted composition.
func buildPhysical[T op.Float](t testing.TB, batch, width int) *net {
	t.Helper()
	must := func(n *G.Node, err error) *G.Node {
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r := rand.New(rand.NewPCG(9, 10))
	n := &net{graph: G.NewGraph()}
	variable := func(name string, scale float64, shape ...int) *G.Node {
		v := values[T](r, scale, shape...)
		return G.NewTensor(n.graph, v.Dtype(), len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(v))
	}
	parameter := func(name string, scale float64, shape ...int) *G.Node {
		p := variable(name, scale, shape...)
		n.parameters = append(n.parameters, p)
		return p
	}
	za := []float64{0, 1, 0.5, 0.48}
	outputs := len(za) + 2
	n.x = variable("x", 1, batch, 6)
	n.t = variable("t", 1, batch, outputs)
	base := variable("base", 1, batch, outputs)
	for i, d := 0, base.Value().Data().([]T); i < batch; i++ {
		d[i*outputs+len(za)] = T(0.45 + 0.05*r.Float64())
	}
	s := 1 / math.Sqrt(float64(width))
	h := must(op.NewDense(n.x, parameter("w0", 0.4, 6, width), parameter("b0", 0.1, width), op.Tanh, true))
	for l := range 2 {
		z := must(op.NewLayerNorm(h, parameter(fmt.Sprint("g", l), 1, width), parameter(fmt.Sprint("o", l), 1, width)))
		z = must(op.NewDense(z, parameter(fmt.Sprint("u", l), s, width, width), parameter(fmt.Sprint("c", l), 0.1, width), op.ELU, false))
		h = must(op.NewAffine(z, h, nil, false))
	}
	z := must(op.NewDense(h, parameter("w1", s, width, outputs), parameter("b1", 0.1, outputs), op.Identity, false))
	z = must(op.NewAffine(z, base, []float64{1, 1, 0.5, 1, 0.01, 2}, true))
	n.out = must(op.NewTilt(z, za))
	n.loss = must(op.NewAbsLoss(n.out, n.t, op.Part{From: 0, To: len(za), Weight: 1}, op.Part{From: len(za), To: outputs, Weight: 2}))
	n.composition = must(op.NewAbsLoss(n.out, n.t, op.Part{From: 0, To: len(za), Weight: 1}))
	var err error
	if n.gradients, err = G.Grad(n.loss, n.parameters...); err != nil {
		t.Fatal(err)
	}
	return n
}

func machine(t testing.TB, b Backend, targets ...*G.Node) *Machine {
	t.Helper()
	m, err := New(b, targets...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func run(t testing.TB, vm G.VM) {
	t.Helper()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	vm.Reset()
}

func backends() map[string]CPU {
	b := map[string]CPU{
		"gonum/1": {Threads: 1, BLAS: blas.Gonum()},
		"gonum/3": {Threads: 3, BLAS: blas.Gonum()},
	}
	if blas.Default().Native() {
		b["native/1"], b["native/3"] = CPU{Threads: 1}, CPU{Threads: 3}
	}
	if blas.Default().HasBF16() {
		b["native/3/bf16"] = CPU{Threads: 3, Precision: BFloat16}
	}
	return b
}

// A graph must mean the same on our machine and on Gorgonia's own.
func TestStockMachineAgrees(t *testing.T) {
	for name, b := range backends() {
		t.Run(name, func(t *testing.T) {
			stockAgrees(t, b, build[float64](t, 9, 6, 11, 7, 8), build[float64](t, 9, 6, 11, 7, 8))
			stockAgrees(t, b, buildPhysical[float64](t, 9, 13), buildPhysical[float64](t, 9, 13))
		})
	}
}

func stockAgrees(t *testing.T, b CPU, ours, stock *net) {
	tape := G.NewTapeMachine(stock.graph)
	defer tape.Close()
	run(t, tape)
	run(t, machine(t, b, ours.targets()...))
	for i, want := range stock.targets() {
		got := ours.targets()[i]
		g, err := memory[float64](got.Value())
		if err != nil {
			t.Fatal(err)
		}
		w, err := memory[float64](want.Value())
		if err != nil {
			t.Fatal(err)
		}
		for j := range w {
			if math.Abs(g[j]-w[j]) > 1e-13 {
				t.Fatalf("target %d, element %d: %v here, %v on the TapeMachine", i, j, g[j], w[j])
			}
		}
	}
}

// Buffers are reused and overwritten: the gradients must still be the finite
// differences, now from this machine's own loss.
func TestGradientsAreFiniteDifferences(t *testing.T) {
	n := build[float64](t, 5, 6, 9, 8, 7, 8)
	b := CPU{BLAS: blas.Gonum()}
	m, forward := machine(t, b, n.targets()...), machine(t, b, n.loss)
	run(t, m)
	for i, p := range n.parameters {
		w := p.Value().Data().([]float64)
		g := append([]float64(nil), n.gradients[i].Value().Data().([]float64)...)
		for j := 0; j < len(w); j += 3 {
			const h = 1e-6
			old := w[j]
			w[j] = old + h
			run(t, forward)
			up := n.loss.Value().Data().(float64)
			w[j] = old - h
			run(t, forward)
			down := n.loss.Value().Data().(float64)
			w[j] = old
			if want := (up - down) / (2 * h); math.Abs(g[j]-want) > 1e-7 {
				t.Errorf("%s[%d]: gradient %v, finite difference %v", p.Name(), j, g[j], want)
			}
		}
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	for name, b := range backends() {
		if strings.HasPrefix(name, "gonum") && b.Threads > 1 {
			continue // gonum's own buffers
		}
		for kind, n := range map[string]*net{"paper": build[float32](t, 64, 82, 96, 96, 82), "physical": buildPhysical[float32](t, 64, 48)} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				m := machine(t, b, n.targets()...)
				o, err := m.NewAdam(Adam{Rate: 1e-4}, n.parameters, n.gradients)
				if err != nil {
					t.Fatal(err)
				}
				ctx := t.Context()
				step := func() {
					if err := m.Run(ctx); err != nil {
						t.Fatal(err)
					}
					if err := o.Update(); err != nil {
						t.Fatal(err)
					}
				}
				step()
				if a := testing.AllocsPerRun(50, step); a != 0 {
					t.Errorf("%v allocations a step", a)
				}
			})
		}
	}
}

// The same bits for any number of threads.
func TestThreadsDoNotChangeBits(t *testing.T) {
	libraries := []*blas.Library{blas.Gonum()}
	if blas.Default().Native() {
		libraries = append(libraries, blas.Default())
	}
	for _, lib := range libraries {
		for _, p := range []Precision{Float32, BFloat16} {
			t.Run(fmt.Sprint(lib.Name(), "/paper/", p), func(t *testing.T) {
				sameBits(t, lib, p, func() *net { return build[float32](t, 200, 82, 256, 300, 82) })
			})
			t.Run(fmt.Sprint(lib.Name(), "/physical/", p), func(t *testing.T) {
				sameBits(t, lib, p, func() *net { return buildPhysical[float32](t, 600, 96) })
			})
		}
	}
}

func sameBits(t *testing.T, lib *blas.Library, p Precision, build func() *net) {
	var want []float32
	for _, threads := range []int{1, 2, 3, 7} {
		n := build()
		m := machine(t, CPU{Threads: threads, BLAS: lib, Precision: p}, n.targets()...)
		o, err := m.NewAdam(Adam{Rate: 1e-3}, n.parameters, n.gradients)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			run(t, m)
			if err := o.Update(); err != nil {
				t.Fatal(err)
			}
		}
		var got []float32
		for _, p := range n.parameters {
			got = append(got, p.Value().Data().([]float32)...)
		}
		if want == nil {
			want = got
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("parameter %d is %v on one thread, %v on %d", i, want[i], got[i], threads)
			}
		}
	}
}

// Adam against its definition in float64 (Kingma & Ba, algorithm 1).
func TestAdamIsItsDefinition(t *testing.T) {
	for name, set := range map[string]Adam{
		"plain": {Rate: 1e-3},
		"all":   {Rate: 1e-3, Decay: 20, Clip: 0.3, Average: 0.6},
	} {
		t.Run(name, func(t *testing.T) { adamIsItsDefinition(t, set) })
	}
}

func adamIsItsDefinition(t *testing.T, set Adam) {
	n := build[float32](t, 4, 5, 6, 7)
	m := machine(t, CPU{BLAS: blas.Gonum()}, n.targets()...)
	const b1, b2, eps = 0.9, 0.999, 1e-8
	o, err := m.NewAdam(set, n.parameters, n.gradients)
	if err != nil {
		t.Fatal(err)
	}
	w := n.parameters[0].Value().Data().([]float32)
	m1, m2, average := make([]float64, len(w)), make([]float64, len(w)), make([]float64, len(w))
	for step := 1; step <= 5; step++ {
		run(t, m)
		square := 0.0
		for _, g := range n.gradients {
			for _, v := range g.Value().Data().([]float32) {
				square += float64(v) * float64(v)
			}
		}
		scale := 1.0
		if set.Clip > 0 {
			if scale = min(1, set.Clip/math.Sqrt(square)); scale == 1 {
				t.Fatal("nothing to clip")
			}
		}
		want := make([]float64, len(w))
		past := min(set.Average, 1-1/float64(step))
		for i, g := range n.gradients[0].Value().Data().([]float32) {
			g := float64(g) * scale
			m1[i] = b1*m1[i] + (1-b1)*g
			m2[i] = b2*m2[i] + (1-b2)*g*g
			mhat, vhat := m1[i]/(1-math.Pow(b1, float64(step))), m2[i]/(1-math.Pow(b2, float64(step)))
			want[i] = float64(w[i])*(1-set.Rate*set.Decay) - set.Rate*mhat/(math.Sqrt(vhat)+eps)
			average[i] = past*average[i] + (1-past)*want[i]
		}
		if err := o.Update(); err != nil {
			t.Fatal(err)
		}
		state, err := o.State()
		if err != nil {
			t.Fatal(err)
		}
		for i := range w {
			if math.Abs(float64(w[i])-want[i]) > 2e-7 {
				t.Fatalf("step %d, weight %d: %v, not %v", step, i, w[i], want[i])
			}
			if set.Average == 0 {
				continue
			}
			if a := state.Average[0].Data().([]float32)[i]; math.Abs(float64(a)-average[i]) > 5e-7 {
				t.Fatalf("step %d, average %d: %v, not %v", step, i, a, average[i])
			}
		}
	}
}

// An optimiser goes on from a state as if it had never stopped.
func TestRestore(t *testing.T) {
	set := Adam{Rate: 1e-2, Clip: 0.5, Average: 0.9}
	start := func() (*net, *Machine, *Optimizer) {
		n := build[float32](t, 4, 5, 6, 7)
		m := machine(t, CPU{}, n.targets()...)
		o, err := m.NewAdam(set, n.parameters, n.gradients)
		if err != nil {
			t.Fatal(err)
		}
		return n, m, o
	}
	step := func(m *Machine, o *Optimizer) {
		run(t, m)
		if err := o.Update(); err != nil {
			t.Fatal(err)
		}
	}
	n, m, o := start()
	for range 3 {
		step(m, o)
	}
	state, err := o.State()
	if err != nil {
		t.Fatal(err)
	}
	n2, m2, o2 := start()
	for i, p := range n2.parameters {
		copy(p.Value().Data().([]float32), n.parameters[i].Value().Data().([]float32))
	}
	if err := o2.Restore(state); err != nil {
		t.Fatal(err)
	}
	o2.T = o.T
	for range 3 {
		step(m, o)
		step(m2, o2)
	}
	for i, p := range n.parameters {
		for j, v := range p.Value().Data().([]float32) {
			if got := n2.parameters[i].Value().Data().([]float32)[j]; got != v {
				t.Fatalf("parameter %d, element %d: %v, not %v", i, j, got, v)
			}
		}
	}
	state.M = state.M[1:]
	if err := o2.Restore(state); err == nil {
		t.Error("the moments of too few parameters were taken")
	}
}

func TestBuffersAreReused(t *testing.T) {
	n := build[float32](t, 8, 10, 20, 20, 20, 20, 20, 10)
	p, err := NewPlan(n.targets()...)
	if err != nil {
		t.Fatal(err)
	}
	scratch := 0
	for _, b := range p.Buffers {
		if b.Node == nil {
			scratch++
		}
	}
	// Six layers' outputs (the head works in the last one's place) live until
	// the way back; that needs one more for the gradient on its way, and one
	// for the next.
	if scratch > 8 {
		t.Errorf("%d scratch buffers for six layers", scratch)
	}
	forward, err := NewPlan(n.out)
	if err != nil {
		t.Fatal(err)
	}
	scratch = 0
	for _, b := range forward.Buffers {
		if b.Node == nil {
			scratch++
		}
	}
	if scratch > 2 {
		t.Errorf("%d scratch buffers for inference, which needs two", scratch)
	}
}

// Users may mix in Gorgonia's stock operations.
func TestStockOperationsRun(t *testing.T) {
	n := build[float64](t, 3, 4, 5, 6)
	twice := G.Must(G.Mul(n.out, G.NewConstant(2.0)))
	sum := G.Must(G.Sum(G.Must(G.Square(twice))))
	run(t, machine(t, CPU{BLAS: blas.Gonum()}, sum, n.out))
	want := 0.0
	for _, v := range n.out.Value().Data().([]float64) {
		want += 4 * v * v
	}
	if got := sum.Value().Data().(float64); math.Abs(got-want) > 1e-12*want {
		t.Errorf("sum of squares %v, not %v", got, want)
	}
}

// Gorgonia's own product, with the library's underneath.
func TestUseBLAS(t *testing.T) {
	defer UseBLAS(blas.Gonum())
	for _, lib := range []*blas.Library{blas.Gonum(), blas.Default()} {
		UseBLAS(lib)
		g := G.NewGraph()
		a := G.NewMatrix(g, tensor.Float32, G.WithShape(2, 3), G.WithName("a"), G.WithValue(tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))))
		b := G.NewMatrix(g, tensor.Float32, G.WithShape(3, 2), G.WithName("b"), G.WithValue(tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float32{1, 0, 0, 1, 2, -1}))))
		c := G.Must(G.Mul(a, b))
		tape := G.NewTapeMachine(g)
		run(t, tape)
		tape.Close()
		for i, want := range []float32{7, -1, 16, -1} {
			if got := c.Value().Data().([]float32)[i]; got != want {
				t.Errorf("%s: element %d of the product is %v, not %v", lib.Name(), i, got, want)
			}
		}
	}
}

func TestNewValuesAreSeen(t *testing.T) {
	n := build[float64](t, 3, 4, 5, 6)
	m := machine(t, CPU{BLAS: blas.Gonum()}, n.loss)
	run(t, m)
	first := n.loss.Value().Data().(float64)
	if err := G.Let(n.x, values[float64](rand.New(rand.NewPCG(1, 1)), 1, 3, 4)); err != nil {
		t.Fatal(err)
	}
	run(t, m)
	if n.loss.Value().Data().(float64) == first {
		t.Error("another input, the same loss")
	}
}

func TestErrors(t *testing.T) {
	g := G.NewGraph()
	x := G.NewMatrix(g, tensor.Float64, G.WithShape(2, 2), G.WithName("forgotten"))
	y := G.Must(op.NewHead(x, 2))
	m := machine(t, CPU{BLAS: blas.Gonum()}, y)
	if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), "forgotten") {
		t.Errorf("an input without a value: %v", err)
	}
	if _, err := New(CPU{}); err == nil {
		t.Error("a machine without targets")
	}
	n := build[float32](t, 3, 4, 5, 6)
	m = machine(t, CPU{BLAS: blas.Gonum()}, n.targets()...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
	if _, err := m.NewAdam(Adam{}, n.parameters, G.Nodes{n.x}); err == nil {
		t.Error("more parameters than gradients")
	}
}

func BenchmarkStep(b *testing.B) {
	for name, dims := range map[string][]int{
		"82-256x4-82":          {82, 256, 256, 256, 256, 82},
		"82-1024-2048-2048-82": {82, 1024, 2048, 2048, 82},
	} {
		b.Run(name, func(b *testing.B) {
			n := build[float32](b, 512, dims...)
			m := machine(b, CPU{Threads: 1}, n.targets()...)
			o, err := m.NewAdam(Adam{Rate: 1e-4}, n.parameters, n.gradients)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				run(b, m)
				if err := o.Update(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
