package nnlib

import (
	"context"
	"fmt"
	"io"
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
	// Precision of the products, see Config.
	Precision string `json:"precision"`
	// CPU is the processor time of all threads and Wall what a clock shows, in s.
	CPU  float64 `json:"cpu_s"`
	Wall float64 `json:"wall_s"`
	// WallOne is what a clock shows for one thread, in turn with the others, and
	// WallRatio is Wall over it; 0 where there is no more than one.
	WallOne   float64 `json:"wall_one_s,omitempty"`
	WallRatio float64 `json:"wall_ratio,omitempty"`
	// Floor is the processor time that the work cannot do without, in s: for a
	// step its products alone on one thread, one pass of Adam and four passes
	// over the activations, the passes at the speed at which this machine
	// copies memory; for an inference its products.
	Floor float64 `json:"floor_s"`
	// Peers are other programs that did the same in turn.
	Peers []PeerTime `json:"peers,omitempty"`
}

// PeerTime is how long another program took: CPU and Wall as in Bench, and Ratio,
// our processor time over its own.
type PeerTime struct {
	Peer    string  `json:"peer"`
	Version string  `json:"version"`
	CPU     float64 `json:"cpu_s"`
	Wall    float64 `json:"wall_s"`
	Ratio   float64 `json:"ratio"`
}

// BenchPeer is another program to be measured beside nnlib.
type BenchPeer struct {
	Name, Version string
	// Run does the work n times and returns the time that it took, in s.
	Run func(n int) (cpu, wall float64, err error)
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
// the fastest of each part of the floor and of each peer's.
func BenchTrain(ctx context.Context, dims []int, batch, threads int, peers ...BenchPeer) (Bench, error) {
	return benchTrain(ctx, dims, batch, vm.CPU{Threads: threads, Precision: vm.Float32}, peers)
}

// CheckBF16 returns an error that says what is missing where products of bf16 are
// not faster than those of float32 on this processor.
func CheckBF16() error {
	return Config{Device: "cpu", Precision: string(vm.BFloat16)}.CheckDevice()
}

// BenchTrainBF16 is BenchTrain with products of bf16, in the floor as well, and
// weights of float32. Its error is that of CheckBF16.
func BenchTrainBF16(ctx context.Context, dims []int, batch, threads int, peers ...BenchPeer) (Bench, error) {
	if err := CheckBF16(); err != nil {
		return Bench{}, err
	}
	return benchTrain(ctx, dims, batch, vm.CPU{Threads: threads, Precision: vm.BFloat16}, peers)
}

func benchTrain(ctx context.Context, dims []int, batch int, cpu vm.CPU, peers []BenchPeer) (Bench, error) {
	n, err := benchNet(dims, batch, cpu.Threads)
	if err != nil {
		return Bench{}, err
	}
	g, err := build(dims, n.weights, batch, 1)
	if err != nil {
		return Bench{}, err
	}
	r := rand.New(rand.NewPCG(1, 0))
	fill(r, g.inputs[0].Value().Data().([]float32))
	fill(r, g.target.Value().Data().([]float32))
	step := func(threads int) (func() error, error) {
		cpu := cpu
		cpu.Threads = threads
		m, err := vm.New(cpu, append(slices.Clone(g.gradients), g.loss, g.composition)...)
		if err != nil {
			return nil, err
		}
		o, err := m.NewAdam(vm.Adam{Rate: 1e-4}, g.parameters, g.gradients)
		return func() error {
			if err := m.Run(ctx); err != nil {
				return err
			}
			return o.Update()
		}, err
	}
	activations := 0
	for _, d := range dims[1:] {
		activations += batch * d
	}
	// Adam reads w, g, m and v and writes w, m and v, a pass over activations
	// reads and writes them; a copy reads and writes as well.
	b := Bench{Dims: dims, Batch: batch, Precision: string(cpu.Precision)}
	return compare(ctx, b, cpu.Threads, step, peers, products(dims, batch, true, cpu.Precision), copies(n.Parameters(), 3.5), copies(activations, 4))
}

// BenchInfer measures a forward pass for that many samples at once, as BenchTrain
// does a step.
func BenchInfer(ctx context.Context, dims []int, batch, threads int, peers ...BenchPeer) (Bench, error) {
	n, err := benchNet(dims, batch, threads)
	if err != nil {
		return Bench{}, err
	}
	g, err := build(dims, n.weights, batch, 0)
	if err != nil {
		return Bench{}, err
	}
	fill(rand.New(rand.NewPCG(1, 0)), g.inputs[0].Value().Data().([]float32))
	pass := func(threads int) (func() error, error) {
		m, err := vm.New(vm.CPU{Threads: threads}, g.out)
		return func() error { return m.Run(ctx) }, err
	}
	b := Bench{Dims: dims, Batch: batch, Precision: string(vm.Float32)}
	return compare(ctx, b, threads, pass, peers, products(dims, batch, false, vm.Float32))
}

// compare completes b by the times of the work that on returns for a number of
// threads, of the peers and of the parts of the floor.
func compare(ctx context.Context, b Bench, threads int, on func(threads int) (func() error, error), peers []BenchPeer, floor ...func() error) (Bench, error) {
	work, err := on(threads)
	if err != nil {
		return Bench{}, err
	}
	all := []func(n int) (spent, error){timed(work)}
	for _, p := range peers {
		all = append(all, func(n int) (s spent, err error) {
			s.cpu, s.wall, err = p.Run(n)
			return s, err
		})
	}
	for _, f := range floor {
		all = append(all, timed(f))
	}
	if threads > 1 {
		one, err := on(1)
		if err != nil {
			return Bench{}, err
		}
		all = append(all, timed(one))
	}
	times, err := fastest(ctx, all)
	if err != nil {
		return Bench{}, err
	}
	b.CPU, b.Wall = times[0].cpu, times[0].wall
	for i, p := range peers {
		t := times[1+i]
		b.Peers = append(b.Peers, PeerTime{p.Name, p.Version, t.cpu, t.wall, b.CPU / t.cpu})
	}
	for _, t := range times[1+len(peers):][:len(floor)] {
		b.Floor += t.cpu
	}
	if threads > 1 {
		b.WallOne = times[len(times)-1].wall
		b.WallRatio = b.Wall / b.WallOne
	}
	return b, nil
}

// timed measures n calls of f.
func timed(f func() error) func(n int) (spent, error) {
	return func(n int) (spent, error) {
		c, w := cpuTime(), time.Now()
		for range n {
			if err := f(); err != nil {
				return spent{}, err
			}
		}
		return spent{cpuTime() - c, time.Since(w).Seconds()}, nil
	}
}

// WriteBenchONNX writes the network that BenchInfer measures as an ONNX graph
// from x to y, both [batch, dims[0]].
func WriteBenchONNX(w io.Writer, dims []int) error {
	net, err := benchNet(dims, 1, 0)
	if err != nil {
		return err
	}
	out := dims[len(dims)-1]
	g := &onnxGraph{}
	g.input("x", "batch", dims[0])
	h := "x"
	for l := range len(dims) - 1 {
		weight, bias, z := fmt.Sprint("w", l), fmt.Sprint("b", l), fmt.Sprint("z", l)
		g.tensor(weight, dims[l:l+2], data(net.weights[2*l]))
		g.tensor(bias, dims[l+1:l+2], data(net.weights[2*l+1]))
		g.node("Gemm", z, h, weight, bias)
		if h = z; l+2 < len(dims) {
			h = fmt.Sprint("h", l)
			g.node("Relu", h, z)
		}
	}
	g.integers("zero", 0)
	g.integers("one", 1)
	g.integers("nuclides", out-2)
	g.integers("end", out)
	g.node("Slice", "composition", h, "zero", "nuclides", "one")
	g.node("LogSoftmax", "ln_X", "composition", onnxInteger("axis", 1))
	g.node("Slice", "energies", h, "nuclides", "end", "one")
	g.node("Concat", "y", "ln_X", "energies", onnxInteger("axis", 1))
	g.output("y", "batch", out)
	_, err = w.Write(g.model(nil))
	return err
}

func benchNet(dims []int, batch, threads int) (*Net, error) {
	if len(dims) < 3 || slices.Min(dims) < 3 || dims[0] != dims[len(dims)-1] {
		return nil, fmt.Errorf("nnlib: %v is not a network of at least one hidden layer with as many outputs as inputs", dims)
	}
	if batch < 1 || threads < 0 {
		return nil, fmt.Errorf("nnlib: batch %d, %d threads", batch, threads)
	}
	c := Config{First: dims[1], Width: dims[len(dims)-2], Layers: len(dims) - 2}
	if !slices.Equal(c.dims(dims[0]-2), dims) {
		return nil, fmt.Errorf("nnlib: %v: all hidden layers but the first must be alike", dims)
	}
	return newNet(c, make([]nuclide.Nuclide, dims[0]-2), 1, rand.New(rand.NewPCG(2, 0)))
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
// the least times of each. A function is told how often to do its work.
func fastest(ctx context.Context, fs []func(n int) (spent, error)) ([]spent, error) {
	least := make([]spent, len(fs))
	repeat := make([]int, len(fs)) // what is over in microseconds runs many times
	for k, f := range fs {
		if _, err := f(1); err != nil { // meets cold caches
			return nil, err
		}
		s, err := f(1)
		if err != nil {
			return nil, err
		}
		repeat[k] = 1 + int(2e-3/max(1e-6, s.wall))
	}
	runtime.GC() // not on their account
	began := time.Now()
	for round := 0; round < 3 || time.Since(began) < measuring; round++ {
		for k, f := range fs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			s, err := f(repeat[k])
			if err != nil {
				return nil, err
			}
			n := float64(repeat[k])
			s = spent{s.cpu / n, s.wall / n}
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
func products(dims []int, batch int, training bool, precision vm.Precision) func() error {
	lib := blas.Default()
	if precision == vm.BFloat16 {
		return productsOf(dims, batch, training, blas.ToBF16, func(transA, transB bool, m, n, k int, a []blas.BF16, lda int, b []blas.BF16, ldb int, c []float32) {
			blas.GemmBF16(lib, transA, transB, m, n, k, a, lda, b, ldb, 0, c, n)
		})
	}
	as := func(dst, src []float32) { copy(dst, src) }
	return productsOf(dims, batch, training, as, func(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32) {
		blas.Gemm(lib, transA, transB, m, n, k, a, lda, b, ldb, 0, c, n)
	})
}

// productsOf returns the products of factors that convert makes of numbers.
func productsOf[T any](dims []int, batch int, training bool, convert func([]T, []float32),
	gemm func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []float32)) func() error {
	widest := slices.Max(dims)
	r := rand.New(rand.NewPCG(3, 0))
	factor := func(n int) []T {
		x, y := make([]float32, n), make([]T, n)
		fill(r, x)
		convert(y, x)
		return y
	}
	x, y, z := factor(batch*widest), factor(batch*widest), make([]float32, batch*widest)
	w, g := make([][]T, len(dims)-1), make([][]float32, len(dims)-1)
	for l := range w {
		w[l], g[l] = factor(dims[l]*dims[l+1]), make([]float32, dims[l]*dims[l+1])
	}
	return func() error {
		for l := range w {
			i, o := dims[l], dims[l+1]
			gemm(false, false, batch, o, i, x, i, w[l], o, z)
		}
		for l := len(w) - 1; l >= 0 && training; l-- {
			i, o := dims[l], dims[l+1]
			gemm(true, false, i, o, batch, x, i, y, o, g[l])
			if l > 0 {
				gemm(false, true, batch, i, o, y, o, w[l], o, z)
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
