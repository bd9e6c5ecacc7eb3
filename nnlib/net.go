package nnlib

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"

	_ "go4.org/unsafe/assume-no-moving-gc" // the version that Gorgonia needs on current Go
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/op"
	"nuclab/nnlib/vm"
	"nuclab/nucnet/nuclide"
)

// Net is a trained network, of the paper's kind for one time, a physical one for
// a range of times. Its methods are safe for concurrent use once training is over.
type Net struct {
	// Time after which it predicts, s, the longest of a physical net.
	Time float64
	// Span are the least and the greatest time of a physical net, s; 0 for others.
	Span [2]float64
	// Config that it was trained with.
	Config Config
	// Nuclides in the order of its inputs and outputs.
	Nuclides []nuclide.Nuclide
	// Scaling of its inputs.
	Scaling Scaling
	// Domain of its training samples.
	Domain Domain
	// History of its training.
	History *History
	// Data is the SHA-256 of the manifest of the data set that it learnt, of a
	// table that of all samples.
	Data string
	// Origin says how to make it again.
	Origin Origin

	dims    []int // of a net of the paper's kind
	tensors []weight
	weights []*tensor.Dense
	physics *physics // of a physical net
	threads int

	mu      sync.Mutex
	backend vm.Backend       // of forward; nil means the CPU
	forward map[int]*forward // by number of rows
}

// forward is the machine for a fixed number of rows.
type forward struct {
	machine    *vm.Machine
	parameters G.Nodes
	in         [][]float32
	out        []float32
}

// on makes the net run on a backend, nil the CPU, from now on.
func (n *Net) on(b vm.Backend) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var err error
	for _, f := range n.forward {
		err = errors.Join(err, f.machine.Close())
	}
	n.backend, n.forward = b, map[int]*forward{}
	return err
}

// weight describes a tensor of weights: at first uniform within bound, or all of
// one value.
type weight struct {
	name  string
	shape []int
	bound float64
	value float32
}

// dense lists the weights of a layer. At first they are those of PyTorch's linear
// layer, uniform within 1/sqrt(inputs), times a factor.
func dense(name string, in, out int, factor float64) []weight {
	bound := factor / math.Sqrt(float64(in))
	return []weight{{name: name + ".weight", shape: []int{in, out}, bound: bound}, {name: name + ".bias", shape: []int{out}, bound: bound}}
}

// newNet returns a network with random first weights.
func newNet(c Config, nuclides []nuclide.Nuclide, time float64, r *rand.Rand) (*Net, error) {
	n, err := emptyNet(c, nuclides, time)
	if err != nil {
		return nil, err
	}
	for i, w := range n.tensors {
		d := data(n.weights[i])
		for j := range d {
			if d[j] = w.value; w.bound > 0 {
				d[j] = float32((2*r.Float64() - 1) * w.bound)
			}
		}
	}
	return n, nil
}

func emptyNet(c Config, nuclides []nuclide.Nuclide, time float64) (n *Net, err error) {
	n = &Net{Time: time, Config: c, Nuclides: nuclides, threads: c.Threads, forward: map[int]*forward{}}
	n.tensors = c.tensors(len(nuclides))
	if n.physical() {
		n.physics, err = newPhysics(c, nuclides)
	} else {
		n.dims = c.dims(len(nuclides))
	}
	for _, w := range n.tensors {
		n.weights = append(n.weights, tensor.New(tensor.WithShape(w.shape...), tensor.Of(tensor.Float32)))
	}
	return n, err
}

func (n *Net) physical() bool { return n.Config.Net == "physical" }

// tensors lists the weights of a net for n nuclides.
func (c Config) tensors(n int) []weight {
	if c.Net == "physical" {
		return c.physicalTensors(n)
	}
	return denseTensors(c.dims(n))
}

func denseTensors(dims []int) (list []weight) {
	for l := range len(dims) - 1 {
		list = append(list, dense(fmt.Sprint("layer", l), dims[l], dims[l+1], 1)...)
	}
	return list
}

// Parameters returns the number of weights.
func (n *Net) Parameters() int {
	total := 0
	for _, w := range n.weights {
		total += w.Shape().TotalSize()
	}
	return total
}

// Dims returns the widths of all layers, inputs and outputs included.
func (n *Net) Dims() []int {
	if !n.physical() {
		return slices.Clone(n.dims)
	}
	var dims []int
	for _, w := range n.tensors {
		if len(w.shape) == 2 {
			if len(dims) == 0 {
				dims = append(dims, w.shape[0])
			}
			dims = append(dims, w.shape[1])
		}
	}
	return dims
}

// graph is a network as Gorgonia sees it, for a number of rows.
type graph struct {
	*G.ExprGraph
	inputs                    []*G.Node // [rows, ..]
	out, target               *G.Node   // [rows, ..]
	loss, composition, energy *G.Node   // what is learnt, and parts of it
	parameters, gradients     G.Nodes

	weights []*tensor.Dense
	tensors []weight
}

func newGraph(weights []*tensor.Dense, tensors []weight) *graph {
	return &graph{ExprGraph: G.NewGraph(), weights: weights, tensors: tensors}
}

// matrix adds a variable of zeros.
func (g *graph) matrix(name string, rows, cols int) *G.Node {
	v := tensor.New(tensor.WithShape(rows, cols), tensor.Of(tensor.Float32))
	return G.NewMatrix(g.ExprGraph, tensor.Float32, G.WithShape(rows, cols), G.WithName(name), G.WithValue(v))
}

// input adds a matrix that the network gets.
func (g *graph) input(name string, rows, cols int) *G.Node {
	g.inputs = append(g.inputs, g.matrix(name, rows, cols))
	return g.inputs[len(g.inputs)-1]
}

// parameter adds the next tensor of weights.
func (g *graph) parameter() *G.Node {
	i := len(g.parameters)
	w := g.weights[i]
	p := G.NewTensor(g.ExprGraph, tensor.Float32, w.Dims(), G.WithShape(w.Shape()...), G.WithName(g.tensors[i].name), G.WithValue(w))
	g.parameters = append(g.parameters, p)
	return p
}

// build makes the graph of the network, for a training also its loss and the gradients.
func (n *Net) build(rows int, train bool) (*graph, error) {
	if n.physical() {
		return n.physicalGraph(rows, train)
	}
	weight := 0.0
	if train {
		weight = n.Config.EnergyWeight
	}
	return build(n.dims, n.weights, rows, weight)
}

// build makes the graph of dense layers over the given weights; with weight > 0
// also the loss, with that weight on the energies, and its gradients.
func build(dims []int, weights []*tensor.Dense, rows int, energyWeight float64) (*graph, error) {
	g := newGraph(weights, denseTensors(dims))
	in, out := dims[0], dims[len(dims)-1]
	h := g.input("x", rows, in)
	var err error
	for l := 0; l+1 < len(dims); l++ {
		w, b := g.parameter(), g.parameter()
		act := op.ReLU
		if l+2 == len(dims) {
			act = op.Identity
		}
		if h, err = op.NewDense(h, w, b, act, l == 0); err != nil {
			return nil, err
		}
	}
	if g.out, err = op.NewHead(h, out-2); err != nil || energyWeight == 0 {
		return g, err
	}
	g.target = g.matrix("target", rows, out)
	parts := lossParts(out, energyWeight)
	if g.loss, err = op.NewAbsLoss(g.out, g.target, parts...); err != nil {
		return nil, err
	}
	if g.composition, err = op.NewAbsLoss(g.out, g.target, parts[0]); err != nil {
		return nil, err
	}
	if g.energy, err = op.NewAbsLoss(g.out, g.target, lossParts(out, 1)[1]); err != nil {
		return nil, err
	}
	g.gradients, err = G.Grad(g.loss, g.parameters...)
	return g, err
}

// lossParts is the paper's loss: the mean of |ln X - ln X target| over samples
// and nuclides, plus the mean difference of the two scaled energies.
func lossParts(outputs int, energyWeight float64) []op.Part {
	return []op.Part{{From: 0, To: outputs - 2, Weight: 1}, {From: outputs - 2, To: outputs, Weight: energyWeight}}
}

// maxRows is the most that is predicted at once.
const maxRows = 512

// run gives the network rows of inputs and writes what comes out to out.
func (n *Net) run(ctx context.Context, rows int, in [][]float32, out []float32) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	wide, from := len(out)/rows, slices.Clone(in)
	var last *forward
	for rows > 0 {
		some := min(rows, maxRows)
		size := 1 << bits.Len(uint(some-1)) // so that few machines serve all numbers
		f, err := n.machine(size)
		if err != nil {
			return err
		}
		if f != last { // the weights may have changed since the last call
			if err := f.machine.Store(f.parameters...); err != nil {
				return err
			}
		}
		last = f
		for i, x := range f.in {
			k := len(x) / size * some
			copy(x, from[i][:k])
			from[i] = from[i][k:]
		}
		if err := f.machine.Run(ctx); err != nil {
			return err
		}
		copy(out, f.out[:some*wide])
		out, rows = out[some*wide:], rows-some
	}
	return nil
}

func (n *Net) machine(rows int) (*forward, error) {
	if f := n.forward[rows]; f != nil {
		return f, nil
	}
	g, err := n.build(rows, false)
	if err != nil {
		return nil, err
	}
	b := n.backend
	if b == nil {
		b = vm.CPU{Threads: n.threads}
	}
	m, err := vm.New(b, g.out)
	if err != nil {
		return nil, err
	}
	if err := m.Keep(g.parameters...); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	f := &forward{machine: m, parameters: g.parameters, out: values32(g.out)}
	for _, x := range g.inputs {
		f.in = append(f.in, values32(x))
	}
	n.forward[rows] = f
	return f, nil
}

// values32 is the memory of a node's value.
func values32(n *G.Node) []float32 { return n.Value().Data().([]float32) }
