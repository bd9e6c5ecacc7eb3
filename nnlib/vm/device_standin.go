package vm

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"
	"unsafe"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/cuda"
)

// kernelSource is the CUDA C of all kernels.
//
//go:embed kernels.cu
var kernelSource string

// StandIn returns a backend that runs what a GPU would run on the host, with
// memory of its own of that many bytes: the same commands with the same arguments
// in the same order, each kernel replaced by its equivalent in Go. It shows
// without a GPU that the commands are right, not how fast they are. Whatever a GPU
// would not forgive is an error: arguments that do not fit a kernel, addresses
// outside of memory in use, work outside the device's thread. New memory holds
// NaN, so that what nobody wrote is seen when it is used.
func StandIn(precision Precision, memory int64) (*Device, error) {
	if err := precision.check(); err != nil {
		return nil, err
	}
	return &Device{dev: &standIn{capacity: memory, next: 1 << 32, loaded: map[string]bool{}}, precision: precision}, nil
}

// standIn is a device without hardware.
type standIn struct {
	mu        sync.Mutex
	inside    bool // a function that do runs
	capacity  int64
	used      int64
	next      pointer
	slabs     []*slab
	loaded    map[string]bool // kernels that have run
	recording bool
	record    recorded
	counts    struct{ launches, products, graphs, uploads int }
}

// slab is one piece of the stand-in's memory.
type slab struct {
	at   pointer
	data []uint64 // so that it is aligned for all types
	size int64
}

func (s *standIn) name() string { return "a stand-in for a GPU" }

func (s *standIn) do(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside = true
	defer func() { s.inside = false }()
	return f()
}

// allowed reports what must not be done now.
func (s *standIn) allowed(what string) error {
	switch {
	case !s.inside:
		return fmt.Errorf("stand-in: %s outside the device's thread", what)
	case s.recording:
		return fmt.Errorf("stand-in: %s while commands are recorded", what)
	}
	return nil
}

func (s *standIn) memory() (free, total int64, err error) {
	return s.capacity - s.used, s.capacity, s.allowed("memory")
}

func (s *standIn) alloc(bytes int64) (pointer, error) {
	if err := s.allowed("alloc"); err != nil {
		return 0, err
	}
	if bytes <= 0 || s.used+bytes > s.capacity {
		return 0, fmt.Errorf("stand-in: out of memory: %d bytes, %d of %d in use", bytes, s.used, s.capacity)
	}
	b := &slab{at: s.next, data: make([]uint64, (bytes+7)/8), size: bytes}
	for i := range b.data {
		b.data[i] = math.MaxUint64 // NaN as float32 and as float64
	}
	s.slabs = append(s.slabs, b)
	s.used += bytes
	s.next += pointer(bytes+4095)&^4095 + 4096 // nothing lies between
	return b.at, nil
}

func (s *standIn) free(p pointer) error {
	if err := s.allowed("free"); err != nil {
		return err
	}
	for i, b := range s.slabs {
		if b.at == p {
			s.used -= b.size
			s.slabs = append(s.slabs[:i], s.slabs[i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("stand-in: free of %#x, which is not in use", uint64(p))
}

// bytes returns n bytes of memory from p on.
func (s *standIn) bytes(p pointer, n int64) ([]byte, error) {
	for _, b := range s.slabs {
		if p >= b.at && int64(p-b.at)+n <= b.size {
			return bytesOf(b.data)[p-b.at:][:n], nil
		}
	}
	return nil, fmt.Errorf("stand-in: %d bytes at %#x are not in use", n, uint64(p))
}

func (s *standIn) upload(to pointer, from []byte) error {
	return s.copy("upload", to, int64(len(from)), func(b []byte) { copy(b, from); s.counts.uploads++ })
}

func (s *standIn) download(to []byte, from pointer) error {
	return s.copy("download", from, int64(len(to)), func(b []byte) { copy(to, b) })
}

func (s *standIn) zero(p pointer, bytes int64) error {
	return s.copy("zero", p, bytes, func(b []byte) { clear(b) })
}

func (s *standIn) copy(what string, p pointer, n int64, f func([]byte)) error {
	if err := s.allowed(what); err != nil {
		return err
	}
	b, err := s.bytes(p, n)
	if err == nil {
		f(b)
	}
	return err
}

func (s *standIn) begin() error {
	if err := s.allowed("begin"); err != nil {
		return err
	}
	s.recording, s.record = true, recorded{s: s}
	return nil
}

func (s *standIn) end() (command, error) {
	if !s.recording {
		return nil, errors.New("stand-in: end without begin")
	}
	s.recording = false
	r := s.record
	return &r, nil
}

// recorded is a graph.
type recorded struct {
	s   *standIn
	all []func() error
}

func (r *recorded) issue() error {
	if err := r.s.allowed("graph"); err != nil {
		return err
	}
	r.s.counts.graphs++
	for _, f := range r.all {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func (r *recorded) release() error {
	r.all = nil
	return nil
}

// prepared is a launch or a product.
type prepared struct {
	s      *standIn
	kernel string
	run    func() error
}

func (c *prepared) release() error { return nil }

func (c *prepared) issue() error {
	s := c.s
	if !s.inside {
		return fmt.Errorf("stand-in: %s outside the device's thread", c.kernel)
	}
	if !s.recording {
		s.loaded[c.kernel] = true
		return c.run()
	}
	if !s.loaded[c.kernel] {
		return fmt.Errorf("stand-in: %s runs for the first time while commands are recorded", c.kernel)
	}
	s.record.all = append(s.record.all, c.run)
	return nil
}

func (s *standIn) prepare(what any) (command, error) {
	if err := s.allowed("prepare"); err != nil {
		return nil, err
	}
	switch c := what.(type) {
	case *launch:
		equivalent, ok := hostKernels[c.kernel]
		if !ok {
			return nil, fmt.Errorf("stand-in: no equivalent of kernel %s", c.kernel)
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		return &prepared{s, c.kernel, func() error { return s.launch(c, equivalent) }}, nil
	case *cuda.Product:
		return &prepared{s, "product", func() error { return s.multiply(c) }}, nil
	}
	return nil, fmt.Errorf("stand-in: a %T is no command", what)
}

func (s *standIn) launch(l *launch, equivalent func(*hostCall)) (err error) {
	s.counts.launches++
	defer func() {
		switch r := recover().(type) {
		case nil:
		case badAddress:
			err = fmt.Errorf("kernel %s: %w", l.kernel, r.error)
		default:
			panic(r)
		}
	}()
	equivalent(&hostCall{s: s, launch: l})
	return nil
}

// multiply rounds the factors as the GPU would and multiplies on the host.
func (s *standIn) multiply(p *cuda.Product) (err error) {
	s.counts.products++
	defer func() {
		if r, ok := recover().(badAddress); ok {
			err = fmt.Errorf("product of %d x %d and %d x %d: %w", p.M, p.K, p.K, p.N, r.error)
		}
	}()
	at := &hostCall{s: s, launch: &launch{args: []any{pointer(p.A), pointer(p.B), pointer(p.C), pointer(p.Bias)}}}
	factor := func(i, n int) []float32 {
		if p.Arithmetic == cuda.BFloat16 {
			x := make([]float32, n)
			for j, v := range elements[uint16](at, i, n) {
				x[j] = math.Float32frombits(uint32(v) << 16)
			}
			return x
		}
		x := elements[float32](at, i, n)
		if p.Arithmetic == cuda.TF32 {
			x = append([]float32(nil), x...)
			for j, v := range x {
				if v == v {
					x[j] = math.Float32frombits((math.Float32bits(v) + 0x1000) &^ 0x1fff)
				}
			}
		}
		return x
	}
	c := elements[float32](at, 2, p.M*p.N)
	lda, ldb := p.K, p.N
	if p.TransA {
		lda = p.M
	}
	if p.TransB {
		ldb = p.K
	}
	blas.Gemm(blas.Default(), p.TransA, p.TransB, p.M, p.N, p.K, factor(0, p.M*p.K), lda, factor(1, p.K*p.N), ldb, 0, c, p.N)
	if p.Bias == 0 {
		return nil
	}
	bias := elements[float32](at, 3, p.N)
	for i := range c {
		c[i] += bias[i%p.N]
		if p.ReLU && c[i] < 0 {
			c[i] = 0
		}
	}
	return nil
}

// signatures are the kinds of each kernel's parameters, as its source has them.
var signatures = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for _, f := range regexp.MustCompile(`(?s)__global__ void (\w+)\(([^)]*)\)`).FindAllStringSubmatch(kernelSource, -1) {
		for _, p := range strings.Split(f[2], ",") {
			kind := "int32"
			if strings.Contains(p, "*") {
				kind = "pointer"
			}
			all[f[1]] = append(all[f[1]], kind)
		}
	}
	return all
})

// check compares the arguments with the kernel's parameters.
func (l *launch) check() error {
	want, ok := signatures()[l.kernel]
	bad := !ok || len(want) != len(l.args) || l.grid < 1 || l.block < 32 || l.block > 1024 || l.block%32 != 0
	for i := 0; !bad && i < len(want); i++ {
		switch l.args[i].(type) {
		case pointer:
			bad = want[i] != "pointer"
		case int32:
			bad = want[i] != "int32"
		default:
			bad = true
		}
	}
	if bad {
		return fmt.Errorf("stand-in: kernel %s takes %v, not %v by %d blocks of %d", l.kernel, want, l.args, l.grid, l.block)
	}
	return nil
}

// hostCall is a launch as its equivalent in Go sees it.
type hostCall struct {
	s *standIn
	*launch
}

// badAddress is what elements panics with, and launch returns.
type badAddress struct{ error }

// elements returns n elements that argument i points to.
func elements[T any](c *hostCall, i, n int) []T {
	b, err := c.s.bytes(c.args[i].(pointer), int64(n)*int64(unsafe.Sizeof(*new(T))))
	if err != nil {
		panic(badAddress{err})
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

func (c *hostCall) floats(i, n int) []float32 { return elements[float32](c, i, n) }

func (c *hostCall) int(i int) int { return int(c.args[i].(int32)) }
