package nnlib

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync"

	_ "go4.org/unsafe/assume-no-moving-gc" // the version that Gorgonia needs on current Go
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/op"
	"nuclab/nnlib/vm"
	"nuclab/nucnet/nuclide"
)

// Net is a trained network for one time. Its methods are safe for concurrent
// use once training is over.
type Net struct {
	// Time after which it predicts, s.
	Time float64
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

	dims    []int
	weights []*tensor.Dense // w [in, out] and b [out] of each layer
	threads int

	mu      sync.Mutex
	backend vm.Backend       // of forward; nil means the CPU
	forward map[int]*forward // by number of rows
}

// forward is the machine for a fixed number of rows.
type forward struct {
	machine    *vm.Machine
	parameters G.Nodes
	x, out     []float32
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

// newNet returns a network with random first weights. They are those of
// PyTorch's linear layer: uniform within 1/sqrt(inputs).
func newNet(c Config, nuclides []nuclide.Nuclide, time float64, r *rand.Rand) *Net {
	n := emptyNet(c, nuclides, time)
	for l := 0; l+1 < len(n.dims); l++ {
		bound := 1 / math.Sqrt(float64(n.dims[l]))
		for _, w := range n.weights[2*l : 2*l+2] {
			d := w.Data().([]float32)
			for i := range d {
				d[i] = float32((2*r.Float64() - 1) * bound)
			}
		}
	}
	return n
}

func emptyNet(c Config, nuclides []nuclide.Nuclide, time float64) *Net {
	n := &Net{Time: time, Config: c, Nuclides: nuclides, dims: c.dims(len(nuclides)), threads: c.Threads, forward: map[int]*forward{}}
	for l := 0; l+1 < len(n.dims); l++ {
		n.weights = append(n.weights,
			tensor.New(tensor.WithShape(n.dims[l], n.dims[l+1]), tensor.Of(tensor.Float32)),
			tensor.New(tensor.WithShape(n.dims[l+1]), tensor.Of(tensor.Float32)))
	}
	return n
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
func (n *Net) Dims() []int { return append([]int(nil), n.dims...) }

// graph is a network as Gorgonia sees it, for a number of rows.
type graph struct {
	x, target             *G.Node // [rows, N+2]
	out                   *G.Node // ln X and scaled energies [rows, N+2]
	loss, composition     *G.Node
	parameters, gradients G.Nodes
}

// build makes the graph of dense layers over the given weights; with weight > 0
// also the loss, with that weight on the energies, and its gradients.
func build(dims []int, weights []*tensor.Dense, rows int, energyWeight float64) (*graph, error) {
	e := G.NewGraph()
	in, out := dims[0], dims[len(dims)-1]
	matrix := func(name string, cols int) *G.Node {
		v := tensor.New(tensor.WithShape(rows, cols), tensor.Of(tensor.Float32))
		return G.NewMatrix(e, tensor.Float32, G.WithShape(rows, cols), G.WithName(name), G.WithValue(v))
	}
	g := &graph{x: matrix("x", in)}
	h := g.x
	var err error
	for l := 0; l+1 < len(dims); l++ {
		w := G.NewMatrix(e, tensor.Float32, G.WithShape(dims[l], dims[l+1]), G.WithName(fmt.Sprint("w", l)), G.WithValue(weights[2*l]))
		b := G.NewVector(e, tensor.Float32, G.WithShape(dims[l+1]), G.WithName(fmt.Sprint("b", l)), G.WithValue(weights[2*l+1]))
		g.parameters = append(g.parameters, w, b)
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
	g.target = matrix("target", out)
	if g.loss, err = op.NewAbsLoss(g.out, g.target, lossParts(out, energyWeight)...); err != nil {
		return nil, err
	}
	if g.composition, err = op.NewAbsLoss(g.out, g.target, lossParts(out, energyWeight)[0]); err != nil {
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

// predict runs the network on inputs x [rows, N+2] and writes ln X and
// scaled energies to out [rows, N+2].
func (n *Net) predict(ctx context.Context, x, out []float32) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	cols := n.dims[0]
	var last *forward
	for len(x) > 0 {
		rows := min(len(x)/cols, maxRows)
		size := 1 << bits.Len(uint(rows-1)) // so that few machines serve all numbers
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
		copy(f.x, x[:rows*cols])
		if err := f.machine.Run(ctx); err != nil {
			return err
		}
		copy(out, f.out[:rows*cols])
		x, out = x[rows*cols:], out[rows*cols:]
	}
	return nil
}

func (n *Net) machine(rows int) (*forward, error) {
	if f := n.forward[rows]; f != nil {
		return f, nil
	}
	g, err := build(n.dims, n.weights, rows, 0)
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
	f := &forward{machine: m, parameters: g.parameters, x: g.x.Value().Data().([]float32), out: g.out.Value().Data().([]float32)}
	n.forward[rows] = f
	return f, nil
}
