package vm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/internal/testenv"
	"nuclab/nnlib/op"
)

const testMemory = 1 << 30

// onDevices runs a test on the stand-in, on host memory through the bindings to
// NVIDIA's libraries with the kernels' own source, and on a GPU where there is one.
func onDevices(t *testing.T, precision Precision, test func(t *testing.T, d *Device)) {
	t.Run("source", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes seconds")
		}
		d, used := sourceDevice(t, precision)
		before := used()
		test(t, d)
		if after := used(); after != before {
			t.Errorf("%d bytes of the device are in use, %d were", after, before)
		}
	})
	t.Run("stand-in", func(t *testing.T) {
		d, err := StandIn(precision, testMemory)
		if err != nil {
			t.Fatal(err)
		}
		test(t, d)
		if used := d.dev.(*standIn).used; used != 0 {
			t.Errorf("%d bytes of the device are still in use", used)
		}
	})
	t.Run("gpu", func(t *testing.T) {
		d, err := CUDA(precision)
		if err != nil {
			testenv.Require(t, "gpu", err.Error()+"; the stand-in ran")
		}
		t.Log(d.Name())
		test(t, d)
	})
}

// sourceDevice returns the GPU of package testenv, and what tells how much memory of it is in use.
func sourceDevice(t *testing.T, precision Precision) (*Device, func() int64) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("CUDA is used on Linux only")
	}
	t.Setenv("NUCLAB_CUDA", testenv.GPU(t, kernelSource))
	g, err := sourceOnce()
	if err != nil {
		t.Fatal(err)
	}
	return &Device{dev: g, precision: precision}, func() (n int64) {
		err := g.do(func() error {
			free, total, err := g.memory()
			n = total - free
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return n
	}
}

var sourceOnce = sync.OnceValues(openGPU)

// opened returns a machine that the caller closes.
func opened(t *testing.T, b Backend, targets ...*G.Node) *Machine {
	t.Helper()
	m, err := New(b, targets...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func closed(t *testing.T, m *Machine) {
	t.Helper()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// numbers returns a copy of a node's value.
func numbers(t *testing.T, n *G.Node) []float32 {
	t.Helper()
	v, err := memory[float32](n.Value())
	if err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), v...)
}

// near compares with a tolerance relative to the largest element.
func near(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, not %d", what, len(got), len(want))
	}
	top := 0.0
	for _, v := range want {
		top = max(top, math.Abs(float64(v)))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tolerance*max(top, 1e-30)) {
			t.Fatalf("%s: element %d is %v, not %v (largest %v)", what, i, got[i], want[i], top)
		}
	}
}

// example is an operation with the shapes of its inputs, which are drawn from a
// normal distribution.
type example struct {
	op     op.Op
	shapes []tensor.Shape
	inputs func(r *rand.Rand, in [][]float32) // changes what was drawn
}

func examples() map[op.Kind][]example {
	const rows, cols = 11, 37
	m, v, one := tensor.Shape{rows, cols}, tensor.Shape{cols}, tensor.Shape{}
	scale := make([]float64, cols)
	za := []float64{0, 1, 0.5, 0.48, 0.46, 0.44}
	for i := range scale {
		scale[i] = 0.5 + float64(i)/cols
	}
	parts := []op.Part{{From: 0, To: 5, Weight: 1}, {From: 4, To: 30, Weight: 2.5}}
	ye := func(_ *rand.Rand, in [][]float32) {
		for r := range rows {
			in[0][r*cols+len(za)] = 0.45 + 0.005*float32(r)
		}
		in[0][len(za)] = 7 // no mixture has this one
	}
	logX := func(r *rand.Rand, in [][]float32) {
		ye(r, in)
		op.TiltRows(za, cols, in[0], in[0])
	}
	equal := func(_ *rand.Rand, in [][]float32) { copy(in[1][:20], in[0]) }
	outputs := func(act op.Activation) func(*rand.Rand, [][]float32) {
		return func(_ *rand.Rand, in [][]float32) { op.Activate(act, in[0]) }
	}
	all := map[op.Kind][]example{
		op.Head:          {{op.Op{N: cols - 2}, []tensor.Shape{m}, nil}},
		op.HeadGrad:      {{op.Op{N: cols - 2}, []tensor.Shape{m, m}, func(_ *rand.Rand, in [][]float32) { op.LogSoftmax(cols-2, cols, in[0], in[0]) }}},
		op.AbsLoss:       {{op.Op{Parts: parts}, []tensor.Shape{m, m}, nil}},
		op.AbsLossGrad:   {{op.Op{Parts: parts}, []tensor.Shape{m, m, one}, equal}},
		op.MatMulNT:      {{op.Op{}, []tensor.Shape{m, {19, cols}}, nil}},
		op.MatMulTN:      {{op.Op{}, []tensor.Shape{m, {rows, 19}}, nil}},
		op.ColSum:        {{op.Op{}, []tensor.Shape{m}, nil}, {op.Op{}, []tensor.Shape{{100, 3}}, nil}},
		op.Affine:        {{op.Op{}, []tensor.Shape{m, m}, nil}, {op.Op{Scale: scale, First: true}, []tensor.Shape{m, m}, nil}},
		op.ScaleColumns:  {{op.Op{Scale: scale}, []tensor.Shape{m}, nil}},
		op.LayerNorm:     {{op.Op{}, []tensor.Shape{m, v, v}, nil}},
		op.LayerNormGrad: {{op.Op{}, []tensor.Shape{m, v, m}, nil}},
		op.LayerNormGain: {{op.Op{}, []tensor.Shape{m, m}, nil}, {op.Op{}, []tensor.Shape{{70, 300}, {70, 300}}, nil}},
		op.Tilt:          {{op.Op{ZA: za}, []tensor.Shape{m}, ye}},
		op.TiltGrad:      {{op.Op{ZA: za}, []tensor.Shape{m, m}, logX}},
	}
	perX := make([]float64, cols)
	for i := range perX {
		perX[i] = float64(i-20) / 10
	}
	weights := op.BurnWeights{LnX: 1, X: 2, Ye: 3, Change: 0.5, Q: 0.2, Neutrino: 0.7, Error: 0.3}
	answers, targets := tensor.Shape{rows, cols + 5}, tensor.Shape{rows, cols + 8}
	all[op.BurnLoss] = []example{{op.Op{PerX: perX, Weights: weights}, []tensor.Shape{answers, targets}, nil}}
	all[op.BurnLossGrad] = []example{{op.Op{PerX: perX, Weights: weights}, []tensor.Shape{answers, targets, one}, nil}}
	h, guesses, blended := tensor.Shape{rows, 2*cols + 3}, tensor.Shape{rows, 2*cols + 1}, tensor.Shape{rows, cols + 4}
	all[op.Blend] = []example{{op.Op{N: cols, At: 7, Unit: 1e-3}, []tensor.Shape{h, guesses}, nil}}
	all[op.BlendGrad] = []example{{op.Op{N: cols, At: 7, Unit: 1e-3}, []tensor.Shape{h, guesses, blended}, nil}}
	for act := op.Identity; act <= op.Tanh; act++ {
		all[op.Dense] = append(all[op.Dense], example{op.Op{Act: act}, []tensor.Shape{m, {cols, 19}, {19}}, nil})
		all[op.ActGrad] = append(all[op.ActGrad], example{op.Op{Act: act}, []tensor.Shape{m, m}, outputs(act)})
	}
	return all
}

// kinds of operations there are.
func kinds() (all []op.Kind) {
	for k := op.Kind(0); !strings.HasPrefix(k.String(), "Kind("); k++ {
		all = append(all, k)
	}
	return all
}

// Every operation that there is means the same on a GPU as on the CPU.
func TestOperationsOnDevice(t *testing.T) {
	onDevices(t, Float32, testOperations)
}

func testOperations(t *testing.T, d *Device) {
	for _, kind := range kinds() {
		all := examples()[kind]
		if len(all) == 0 {
			t.Errorf("%v has no example here: it needs a kernel for GPUs and an example", kind)
		}
		for i, e := range all {
			t.Run(fmt.Sprint(kind, i), func(t *testing.T) {
				r := rand.New(rand.NewPCG(3, uint64(kind)))
				g := G.NewGraph()
				var in G.Nodes
				var drawn [][]float32
				for k, s := range e.shapes {
					x := make([]float32, max(1, s.TotalSize()))
					for j := range x {
						x[j] = float32(r.NormFloat64())
					}
					drawn = append(drawn, x)
					if s.IsScalar() {
						in = append(in, G.NewScalar(g, tensor.Float32, G.WithName(fmt.Sprint("in", k))))
						continue
					}
					in = append(in, G.NewTensor(g, tensor.Float32, s.Dims(), G.WithShape(s...), G.WithName(fmt.Sprint("in", k))))
				}
				if e.inputs != nil {
					e.inputs(r, drawn)
				}
				for k, n := range in {
					var v any = tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(drawn[k]))
					if n.IsScalar() {
						v = G.NewF32(drawn[k][0])
					}
					if err := G.Let(n, v); err != nil {
						t.Fatal(err)
					}
				}
				o := e.op
				o.Kind = kind
				out, err := G.ApplyOp(&o, in...)
				if err != nil {
					t.Fatal(err)
				}
				run(t, machine(t, CPU{Threads: 1}, out))
				want := numbers(t, out)
				m := opened(t, d, out)
				run(t, m)
				near(t, kind.String(), numbers(t, out), want, 2e-6)
				closed(t, m)
			})
		}
	}
}

func nets(t *testing.T) map[string]func() *net {
	return map[string]func() *net{
		"paper":    func() *net { return build[float32](t, 9, 8, 33, 40, 12) },
		"physical": func() *net { return buildPhysical[float32](t, 9, 33) },
	}
}

// Outputs and gradients of whole networks, and again when the second and the
// third run are a recorded graph.
func TestNetworksOnDevice(t *testing.T) {
	onDevices(t, Float32, testNetworks)
}

func testNetworks(t *testing.T, d *Device) {
	for name, make := range nets(t) {
		cpu, gpu := make(), make()
		run(t, machine(t, CPU{Threads: 1}, cpu.targets()...))
		m := opened(t, d, gpu.targets()...)
		for range 3 {
			run(t, m)
			for i, n := range cpu.targets() {
				near(t, fmt.Sprint(name, ", target ", i), numbers(t, gpu.targets()[i]), numbers(t, n), 1e-5)
			}
		}
		closed(t, m)
	}
}

// trained is what a training of some steps left.
type trained struct {
	losses     []float32
	parameters [][]float32
	state      State
}

func train(t *testing.T, b Backend, n *net, a Adam, steps int) trained {
	t.Helper()
	m := opened(t, b, n.targets()...)
	defer closed(t, m)
	o, err := m.NewAdam(a, n.parameters, n.gradients)
	if err != nil {
		t.Fatal(err)
	}
	var r trained
	for i := range steps {
		run(t, m)
		r.losses = append(r.losses, numbers(t, n.loss)[0])
		o.Adam.Rate = a.Rate * (1 - float64(i)/float64(2*steps)) // a schedule
		if err := o.Update(); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Fetch(n.parameters...); err != nil {
		t.Fatal(err)
	}
	for _, p := range n.parameters {
		r.parameters = append(r.parameters, numbers(t, p))
	}
	if r.state, err = o.State(); err != nil {
		t.Fatal(err)
	}
	return r
}

func same(t *testing.T, got, want trained, tolerance float64) {
	t.Helper()
	for i := range want.losses {
		near(t, fmt.Sprint("loss of step ", i), got.losses[i:i+1], want.losses[i:i+1], tolerance)
	}
	for i := range want.parameters {
		near(t, fmt.Sprint("parameter ", i), got.parameters[i], want.parameters[i], tolerance)
	}
	for k, part := range [][2][]G.Value{{got.state.M, want.state.M}, {got.state.V, want.state.V}, {got.state.Average, want.state.Average}} {
		if len(part[0]) != len(part[1]) {
			t.Fatalf("state %d: of %d parameters, not %d", k, len(part[0]), len(part[1]))
		}
		for i := range part[0] {
			near(t, fmt.Sprint("state ", k, " of ", i), part[0][i].Data().([]float32), part[1][i].Data().([]float32), 20*tolerance)
		}
	}
}

// A training brings the CPU's losses, parameters and moments.
func TestTrainingOnDevice(t *testing.T) {
	onDevices(t, Float32, testTraining)
}

func testTraining(t *testing.T, d *Device) {
	for name, a := range map[string]Adam{
		"adam":    {Rate: 1e-3},
		"all":     {Rate: 1e-3, Decay: 0.1, Clip: 0.5, Average: 0.8},
		"no clip": {Rate: 1e-3, Clip: 1e9},
	} {
		for kind, make := range nets(t) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				same(t, train(t, d, make(), a, 6), train(t, CPU{Threads: 1}, make(), a, 6), 2e-4)
			})
		}
	}
}

// With factors rounded to 11 and 8 bits the losses stay near the CPU's.
func TestPrecisions(t *testing.T) {
	for precision, tolerance := range map[Precision]float64{TF32: 2e-3, BFloat16: 2e-2} {
		onDevices(t, precision, func(t *testing.T, d *Device) {
			for kind, make := range nets(t) {
				a := Adam{Rate: 1e-3}
				got, want := train(t, d, make(), a, 8), train(t, CPU{Threads: 1}, make(), a, 8)
				near(t, fmt.Sprint(kind, " in ", precision), got.losses, want.losses, tolerance)
			}
		})
	}
	t.Run("cpu", func(t *testing.T) {
		for kind, make := range nets(t) {
			a := Adam{Rate: 1e-3}
			got, want := train(t, CPU{Precision: BFloat16}, make(), a, 8), train(t, CPU{Threads: 1}, make(), a, 8)
			near(t, kind, got.losses, want.losses, 2e-2)
		}
	})
}

// scaledNet is a layer whose loss is multiplied for the gradients' sake.
func scaledNet(t *testing.T, by float64) *net {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	n := &net{graph: G.NewGraph()}
	variable := func(name string, shape ...int) *G.Node {
		return G.NewTensor(n.graph, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(values[float32](r, 1, shape...)))
	}
	n.x, n.t = variable("x", 9, 8), variable("t", 9, 12)
	n.parameters = G.Nodes{variable("w", 8, 12), variable("b", 12)}
	var err error
	if n.out, err = op.NewDense(n.x, n.parameters[0], n.parameters[1], op.Tanh, true); err != nil {
		t.Fatal(err)
	}
	if n.loss, err = op.NewAbsLoss(n.out, n.t, op.Part{From: 0, To: 12, Weight: by}); err != nil {
		t.Fatal(err)
	}
	n.composition = n.loss
	if n.gradients, err = G.Grad(n.loss, n.parameters...); err != nil {
		t.Fatal(err)
	}
	return n
}

// A loss that is multiplied by a power of 2 trains as without, bit for bit on the
// CPU, if the optimiser knows.
func TestLossScaleOnDevice(t *testing.T) {
	const by = 1024
	plain := train(t, CPU{Threads: 1}, scaledNet(t, 1), Adam{Rate: 1e-3, Clip: 0.1}, 5)
	for i := range plain.losses {
		plain.losses[i] *= by
	}
	scaled := Adam{Rate: 1e-3, Clip: 0.1, LossScale: by}
	same(t, train(t, CPU{Threads: 1}, scaledNet(t, by), scaled, 5), plain, 0)
	onDevices(t, Float32, func(t *testing.T, d *Device) { same(t, train(t, d, scaledNet(t, by), scaled, 5), plain, 1e-5) })
}

// What State returned puts another optimiser where the first was.
func TestRestoreOnDevice(t *testing.T) {
	onDevices(t, Float32, testRestore)
}

func testRestore(t *testing.T, d *Device) {
	a := Adam{Rate: 1e-3, Average: 0.5}
	whole := train(t, d, build[float32](t, 9, 8, 33, 12), a, 5)
	n := build[float32](t, 9, 8, 33, 12)
	m := opened(t, d, n.targets()...)
	defer closed(t, m)
	o, err := m.NewAdam(a, n.parameters, n.gradients)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Restore(whole.state); err != nil {
		t.Fatal(err)
	}
	for i, p := range n.parameters {
		copy(p.Value().Data().([]float32), whole.parameters[i])
	}
	if err := m.Store(n.parameters...); err != nil {
		t.Fatal(err)
	}
	o.T = 5
	run(t, m)
	if err := o.Update(); err != nil {
		t.Fatal(err)
	}
	if err := m.Fetch(n.parameters...); err != nil {
		t.Fatal(err)
	}
	after := train(t, d, build[float32](t, 9, 8, 33, 12), a, 6)
	// The schedule of train differs in length: its last step has a smaller rate.
	for i, p := range n.parameters {
		near(t, p.Name(), numbers(t, p), after.parameters[i], 2e-3)
	}
	again, err := o.State()
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Average) != len(n.parameters) {
		t.Errorf("averages of %d parameters, not %d", len(again.Average), len(n.parameters))
	}
	if err := o.Restore(State{M: whole.state.M[:1], V: whole.state.V}); err == nil {
		t.Error("the moments of one parameter for several")
	}
}
