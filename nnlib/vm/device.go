package vm

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/cuda"
	"nuclab/nnlib/op"
)

// pointer is an address in a device's memory; 0 means none.
type pointer uint64

// device is what a plan needs of a GPU. Its methods but do are called by a
// function that do runs, in the order in which the work is to be done; only
// download waits for it.
type device interface {
	name() string
	// do runs f where the device's methods may be called.
	do(f func() error) error
	memory() (free, total int64, err error)
	alloc(bytes int64) (pointer, error)
	free(p pointer) error
	// upload copies to the device; from may be changed when it returns.
	upload(to pointer, from []byte) error
	download(to []byte, from pointer) error
	zero(p pointer, bytes int64) error
	// prepare makes a command that can be issued: begin and end record what is
	// issued between them into another.
	prepare(c any) (command, error)
	begin() error
	end() (command, error)
}

// command is a piece of work on a device.
type command interface {
	issue() error
	release() error
}

// launch is a call of a kernel by grid blocks of block threads. Its arguments are
// of type pointer or int32.
type launch struct {
	kernel      string
	grid, block int
	args        []any
}

// Precision is how matrices are multiplied. All else is computed in float32, and
// products are summed in float32.
type Precision string

// The precisions.
const (
	TF32     Precision = "tf32"    // factors are rounded to 11 bits, on a GPU; "" means this one
	Float32  Precision = "float32" // factors are used as they are
	BFloat16 Precision = "bf16"    // factors are rounded to 8 bits; weights stay in float32
)

var arithmetics = map[Precision]cuda.Arithmetic{"": cuda.TF32, TF32: cuda.TF32, Float32: cuda.Float32, BFloat16: cuda.BFloat16}

// Device is the backend of a GPU, or of a stand-in for one.
type Device struct {
	dev       device
	precision Precision
}

// Name implements Backend.
func (d *Device) Name() string { return d.dev.name() }

// Compile implements Backend. Plans of float32 are run.
func (d *Device) Compile(p *Plan) (Program, error) {
	if p.Dtype != tensor.Float32 {
		return nil, fmt.Errorf("vm: a GPU runs graphs of float32, not of %v", p.Dtype)
	}
	r := &deviceProgram{dev: d.dev, plan: p, precision: d.precision, host: make([][]float32, len(p.Buffers)), made: make([]bool, len(p.Buffers))}
	for _, s := range p.Steps {
		r.made[s.Out] = true
	}
	return r, d.dev.do(func() error {
		// The first pass only counts.
		counter := &arena{}
		if _, _, err := compileDevice(p, d.precision, counter, func(any) (command, error) { return nil, nil }); err != nil {
			return err
		}
		if err := enough(d.dev, counter.bytes, "this graph", "a smaller batch or network needs less"); err != nil {
			return err
		}
		r.arena.dev = d.dev
		at, commands, err := compileDevice(p, d.precision, &r.arena, d.dev.prepare)
		r.at, r.steps = at, sequence{dev: d.dev, commands: commands}
		if err != nil {
			return errors.Join(err, r.release())
		}
		return nil
	})
}

// enough checks that so much memory is free, before any of it is asked for.
func enough(dev device, bytes int64, what, remedy string) error {
	free, total, err := dev.memory()
	if err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	if bytes > free {
		return fmt.Errorf("vm: %s needs %s on %s, which has %s free of %s; %s", what, size10(bytes), dev.name(), size10(free), size10(total), remedy)
	}
	return nil
}

func size10(bytes int64) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(bytes)/1e9)
}

// arena is device memory that belongs together. Without a device it counts.
type arena struct {
	dev   device
	bytes int64
	all   []pointer
}

func (a *arena) alloc(bytes int64) (pointer, error) {
	bytes = (bytes + 255) &^ 255
	a.bytes += bytes
	if a.dev == nil {
		return pointer(a.bytes), nil
	}
	p, err := a.dev.alloc(bytes)
	if err != nil {
		return 0, fmt.Errorf("vm: %w", err)
	}
	a.all = append(a.all, p)
	return p, nil
}

// put returns new memory with a copy of v.
func (a *arena) put(v []byte) (pointer, error) {
	p, err := a.alloc(int64(len(v)))
	if err != nil || a.dev == nil {
		return p, err
	}
	return p, a.dev.upload(p, v)
}

func (a *arena) free() error {
	var err error
	for _, p := range a.all {
		err = errors.Join(err, a.dev.free(p))
	}
	a.all = nil
	return err
}

// bytesOf returns the memory of a slice of numbers or of structs of these.
func bytesOf[T any](v []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(*new(T))))
}

// sequence is a list of commands, which from its second run on is a single one.
// The first run is as it stands, since what is used for the first time may have
// to be loaded, which cannot be recorded.
type sequence struct {
	dev      device
	commands []command
	runs     int
	graph    command
}

func (s *sequence) run() error {
	s.runs++
	if s.graph == nil && s.runs == 2 {
		if err := s.dev.begin(); err != nil {
			return err
		}
		err := s.issue()
		graph, endErr := s.dev.end()
		if err := errors.Join(err, endErr); err != nil {
			return err
		}
		s.graph = graph
	}
	if s.graph != nil {
		return s.graph.issue()
	}
	return s.issue()
}

func (s *sequence) issue() error {
	for _, c := range s.commands {
		if err := c.issue(); err != nil {
			return err
		}
	}
	return nil
}

func (s *sequence) release() error {
	var err error
	for _, c := range s.commands {
		err = errors.Join(err, c.release())
	}
	if s.graph != nil {
		err = errors.Join(err, s.graph.release())
	}
	s.commands, s.graph = nil, nil
	return err
}

// deviceProgram is a plan on a device. The addresses of its buffers never change.
type deviceProgram struct {
	dev       device
	plan      *Plan
	precision Precision
	arena     arena
	at        []pointer   // by buffer
	host      [][]float32 // by buffer: the bound value's memory
	made      []bool      // by buffer: a step writes it
	steps     sequence
	parts     []interface{ release() error } // what was made for the program
}

// Bind implements Program.
func (r *deviceProgram) Bind(i int, v G.Value) error {
	mem, err := memory[float32](v)
	if err != nil {
		return err
	}
	if n := r.plan.Buffers[i].Len; len(mem) != n {
		return fmt.Errorf("a value of %d elements for a buffer of %d", len(mem), n)
	}
	r.host[i] = mem
	if r.made[i] {
		return nil
	}
	return r.Upload(i)
}

// Upload implements Program.
func (r *deviceProgram) Upload(i int) error {
	return r.dev.do(func() error { return r.dev.upload(r.at[i], bytesOf(r.host[i])) })
}

// Download implements Program.
func (r *deviceProgram) Download(i int) error {
	return r.dev.do(func() error { return r.dev.download(bytesOf(r.host[i]), r.at[i]) })
}

// Run implements Program. It queues the steps; Download waits for them.
func (r *deviceProgram) Run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.dev.do(r.steps.run)
}

// Close implements Program.
func (r *deviceProgram) Close() error { return r.dev.do(r.release) }

func (r *deviceProgram) release() error {
	var err error
	for _, p := range r.parts {
		err = errors.Join(err, p.release())
	}
	r.parts = nil
	return errors.Join(err, r.steps.release(), r.arena.free())
}

// ErrNoKernel is wrapped by the error for an operation that runs on no GPU.
var ErrNoKernel = errors.New("no kernel of the GPU")

// compileDevice assigns memory to the buffers of a plan and returns its steps as
// commands.
func compileDevice(p *Plan, precision Precision, mem *arena, prepare func(any) (command, error)) ([]pointer, []command, error) {
	c := &deviceCompiler{arithmetic: arithmetics[precision], mem: mem, prepare: prepare,
		narrowed: make([]pointer, len(p.Buffers)), current: make([]bool, len(p.Buffers))}
	for _, b := range p.Buffers {
		if int64(b.Len) > 1<<31-1 {
			return nil, nil, fmt.Errorf("vm: a value of %d elements; a GPU's have at most %d", b.Len, int64(1<<31-1))
		}
		at, err := mem.alloc(4 * int64(b.Len))
		if err != nil {
			return nil, nil, err // no command was made yet
		}
		c.at, c.length = append(c.at, at), append(c.length, b.Len)
	}
	for _, s := range p.Steps {
		our, ok := s.Op.(*op.Op)
		if !ok && s.Op.String() == "+ false" && len(s.In) == 2 && s.InShape[0].Eq(s.InShape[1]) {
			n := max(1, s.OutShape.TotalSize()) // vectors or scalars, as one row
			our, s.InShape = &op.Op{Kind: op.Affine}, []tensor.Shape{{1, n}, {1, n}}
		} else if !ok {
			return c.at, c.commands, fmt.Errorf("vm: %w for %v", ErrNoKernel, s.Op)
		}
		c.step(our, s)
		c.current[s.Out] = false
		if c.err != nil {
			break
		}
	}
	return c.at, c.commands, c.err
}
