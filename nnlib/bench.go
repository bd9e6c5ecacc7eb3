package nnlib

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/vm"
	"nuclab/nucnet/nuclide"
)

// Bench is how long one training step or one inference takes.
type Bench struct {
	// Net names the network; Dims are the widths of its layers.
	Net  string `json:"net,omitempty"`
	Dims []int  `json:"dims"`
	// Batch is the number of samples at once.
	Batch int `json:"batch"`
	// CPU is the processor time of all threads and Wall what a clock shows, in s.
	CPU  float64 `json:"cpu_s"`
	Wall float64 `json:"wall_s"`
	// Floor is the processor time that the work cannot do without, in s: for a
	// step its products alone on one thread, one pass of Adam and four passes
	// over the activations, the passes at the speed at which this machine
	// copies memory; for an inference its products.
	Floor float64 `json:"floor_s"`
}

// BenchNets returns the networks that are measured by name: the paper's two,
// and two smaller ones.
func BenchNets() (names []string, dims map[string][]int) {
	dims = map[string][]int{
		"tiny":  {82, 256, 256, 256, 256, 82},
		"small": {82, 1024, 2048, 2048, 82},
	}
	for network, nuclides := range map[string]int{"mesa_80": 80, "mesa_151": 151} {
		c, err := Paper(network)
		if err == nil {
			dims[network] = c.dims(nuclides)
		}
	}
	return []string{"tiny", "small", "mesa_80", "mesa_151"}, dims
}

// BenchTrain measures a training step (forward, backward and Adam, float32) of
// dense layers of these widths. The fastest of several steps counts, as does
// the fastest of each part of the floor.
func BenchTrain(ctx context.Context, dims []int, batch, threads int) (Bench, error) {
	n, err := benchNet(dims, batch, threads)
	if err != nil {
		return Bench{}, err
	}
	g, err := build(dims, n.weights, batch, 1)
	if err != nil {
		return Bench{}, err
	}
	r := rand.New(rand.NewPCG(1, 0))
	fill(r, g.x.Value().Data().([]float32))
	fill(r, g.target.Value().Data().([]float32))
	m, err := vm.New(vm.CPU{Threads: threads}, append(slices.Clone(g.gradients), g.loss, g.composition)...)
	if err != nil {
		return Bench{}, err
	}
	defer m.Close()
	o, err := m.NewAdam(vm.Adam{Rate: 1e-4}, g.parameters, g.gradients)
	if err != nil {
		return Bench{}, err
	}
	activations := 0
	for _, d := range dims[1:] {
		activations += batch * d
	}
	// Adam reads w, g, m and v and writes w, m and v, a pass over activations
	// reads and writes them; a copy reads and writes as well.
	times, err := fastest(ctx, func() error {
		if err := m.Run(ctx); err != nil {
			return err
		}
		return o.Update()
	}, products(dims, batch, true), copies(n.Parameters(), 3.5), copies(activations, 4))
	if err != nil {
		return Bench{}, err
	}
	return Bench{Dims: dims, Batch: batch, CPU: times[0].cpu, Wall: times[0].wall, Floor: times[1].cpu + times[2].cpu + times[3].cpu}, nil
}

// BenchInfer measures a forward pass for that many samples at once.
func BenchInfer(ctx context.Context, dims []int, batch, threads int) (Bench, error) {
	n, err := benchNet(dims, batch, threads)
	if err != nil {
		return Bench{}, err
	}
	g, err := build(dims, n.weights, batch, 0)
	if err != nil {
		return Bench{}, err
	}
	fill(rand.New(rand.NewPCG(1, 0)), g.x.Value().Data().([]float32))
	m, err := vm.New(vm.CPU{Threads: threads}, g.out)
	if err != nil {
		return Bench{}, err
	}
	defer m.Close()
	times, err := fastest(ctx, func() error { return m.Run(ctx) }, products(dims, batch, false))
	if err != nil {
		return Bench{}, err
	}
	return Bench{Dims: dims, Batch: batch, CPU: times[0].cpu, Wall: times[0].wall, Floor: times[1].cpu}, nil
}

func benchNet(dims []int, batch, threads int) (*Net, error) {
	if len(dims) < 3 || slices.Min(dims) < 3 || dims[0] != dims[len(dims)-1] {
		return nil, fmt.Errorf("nnlib: %v is not a network of at least one hidden layer with as many outputs as inputs", dims)
	}
	if batch < 1 || threads < 0 {
		return nil, fmt.Errorf("nnlib: batch %d, %d threads", batch, threads)
	}
	n := &Net{dims: dims}
	c := Config{First: dims[1], Width: dims[len(dims)-2], Layers: len(dims) - 2}
	if !slices.Equal(c.dims(dims[0]-2), dims) {
		return nil, fmt.Errorf("nnlib: %v: all hidden layers but the first must be alike", dims)
	}
	n = newNet(c, make([]nuclide.Nuclide, dims[0]-2), 1, rand.New(rand.NewPCG(2, 0)))
	return n, nil
}

func fill(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = r.Float32()
	}
}

// measuring is how long is measured, apart from the first runs.
const measuring = 3 * time.Second

type spent struct{ cpu, wall float64 } // s

// fastest runs the functions in turn, so that other load on the machine meets
// all of them, until the time is over, but at least three times, and returns
// the least times of each.
func fastest(ctx context.Context, fs ...func() error) ([]spent, error) {
	least := make([]spent, len(fs))
	repeat := make([]int, len(fs)) // what is over in microseconds runs many times
	for k, f := range fs {
		if err := f(); err != nil { // meets cold caches
			return nil, err
		}
		began := time.Now()
		if err := f(); err != nil {
			return nil, err
		}
		repeat[k] = 1 + int(2*time.Millisecond/max(time.Microsecond, time.Since(began)))
	}
	runtime.GC() // not on their account
	began := time.Now()
	for round := 0; round < 3 || time.Since(began) < measuring; round++ {
		for k, f := range fs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c, w := cpuTime(), time.Now()
			for range repeat[k] {
				if err := f(); err != nil {
					return nil, err
				}
			}
			s := spent{(cpuTime() - c) / float64(repeat[k]), time.Since(w).Seconds() / float64(repeat[k])}
			if round == 0 {
				least[k] = s
			}
			least[k] = spent{min(least[k].cpu, s.cpu), min(least[k].wall, s.wall)}
		}
	}
	return least, nil
}

// products returns the products of a step, or of a forward pass, in the bare
// library on one thread.
func products(dims []int, batch int, training bool) func() error {
	lib := blas.Default()
	widest := slices.Max(dims)
	r := rand.New(rand.NewPCG(3, 0))
	x, y, z := make([]float32, batch*widest), make([]float32, batch*widest), make([]float32, batch*widest)
	fill(r, x)
	fill(r, y)
	w, g := make([][]float32, len(dims)-1), make([][]float32, len(dims)-1)
	for l := range w {
		w[l], g[l] = make([]float32, dims[l]*dims[l+1]), make([]float32, dims[l]*dims[l+1])
		fill(r, w[l])
	}
	return func() error {
		for l := range w {
			i, o := dims[l], dims[l+1]
			blas.Gemm(lib, false, false, batch, o, i, x, i, w[l], o, 0, z, o)
		}
		for l := len(w) - 1; l >= 0 && training; l-- {
			i, o := dims[l], dims[l+1]
			blas.Gemm(lib, true, false, i, o, batch, x, i, y, o, 0, g[l], o)
			if l > 0 {
				blas.Gemm(lib, false, true, batch, i, o, y, o, w[l], o, 0, z, i)
			}
		}
		return nil
	}
}

// copies returns so many passes that copy n numbers of single precision.
func copies(n int, passes float64) func() error {
	a, b := make([]float32, n), make([]float32, n)
	fill(rand.New(rand.NewPCG(4, 0)), b) // memory never written to is not really there
	return func() error {
		p := passes
		for ; p >= 1; p-- {
			copy(a, b)
		}
		copy(a[:int(p*float64(n))], b)
		return nil
	}
}
