package vm

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"nuclab/nnlib/blas"
	"nuclab/nnlib/cuda"
)

// Auto returns the backend that a setting names: "cpu"; "cuda", the first GPU, an
// error where there is none or its libraries are missing; "auto" or "", a GPU if
// there is one that can be used, else the CPU. The threads are those of the CPU.
// On the CPU BFloat16 is an error where it would take longer than float32, which it
// uses for every other precision.
func Auto(device string, threads int, precision Precision) (Backend, error) {
	if err := precision.check(); err != nil {
		return nil, err
	}
	switch device {
	case "cpu":
		return processor(threads, precision)
	case "cuda":
		return CUDA(precision)
	case "", "auto":
		if d, err := CUDA(precision); err == nil {
			return d, nil
		}
		return processor(threads, precision)
	}
	return nil, fmt.Errorf("vm: device = %s: want auto, cpu or cuda", device)
}

// processor returns the backend of the CPU, an error where it would imitate the
// precision.
func processor(threads int, precision Precision) (Backend, error) {
	if precision == BFloat16 {
		if err := blas.Default().FastBF16(); err != nil {
			return nil, fmt.Errorf("vm: precision = %s on the CPU: %w", precision, err)
		}
	}
	return CPU{Threads: threads, Precision: precision}, nil
}

func (p Precision) check() error {
	if _, ok := arithmetics[p]; !ok {
		return fmt.Errorf("vm: precision = %s: want %s, %s or %s", p, TF32, Float32, BFloat16)
	}
	return nil
}

// CUDA returns the backend of the first GPU that the driver shows
// (CUDA_VISIBLE_DEVICES chooses), with products of that precision. It is opened
// once for the process. The error says what is missing and where it was looked
// for.
func CUDA(precision Precision) (*Device, error) {
	if err := precision.check(); err != nil {
		return nil, err
	}
	open := gpuOnce
	if os.Getenv("NUCLAB_CUDA") == "none" { // said in the middle of a process too
		open = openGPU
	}
	g, err := open()
	if err != nil {
		return nil, fmt.Errorf("vm: no GPU to be used: %w", err)
	}
	return &Device{dev: g, precision: precision}, nil
}

var gpuOnce = sync.OnceValues(openGPU)

// gpu is a real device.
type gpu struct {
	*cuda.Device
	library string // the file of the products
	blas    *cuda.BLAS
	module  *cuda.Module
	ring    []stage
	turn    int
}

// stage is a part of the pinned memory through which all copies go.
type stage struct {
	memory []byte
	copied *cuda.Event
}

// A host that is ahead of the GPU may fill so many stages before it has to wait.
const (
	stages     = 4
	stageBytes = 4 << 20
)

func openGPU() (*gpu, error) {
	driver, err := cuda.OpenDriver()
	if err != nil {
		return nil, err
	}
	compiler, err := cuda.OpenCompiler(driver.Version)
	if err != nil {
		return nil, fmt.Errorf("%w; nuclab lab --cuda installs it", err)
	}
	d, err := driver.Open(0)
	if err != nil {
		return nil, err
	}
	architecture, err := compiler.Architecture(d.Major, d.Minor)
	if err != nil {
		return nil, err
	}
	code, err := compiler.Compile(kernelSource, architecture)
	if err != nil {
		return nil, err
	}
	g := &gpu{Device: d}
	return g, d.Do(func() error {
		if g.blas, err = cuda.OpenBLAS(d, driver.Version); err != nil {
			if errors.Is(err, cuda.ErrNotFound) {
				err = fmt.Errorf("%w; nuclab lab --cuda installs it", err)
			}
			return err
		}
		g.library = g.blas.Path()
		if g.module, err = d.Load(code); err != nil {
			return err
		}
		for range stages {
			var s stage
			if s.memory, err = d.Pinned(stageBytes); err != nil {
				return err
			}
			if s.copied, err = d.Event(); err != nil {
				return err
			}
			g.ring = append(g.ring, s)
		}
		return nil
	})
}

func (g *gpu) name() string { return g.Name + ", " + g.library }

func (g *gpu) do(f func() error) error { return g.Do(f) }

func (g *gpu) memory() (free, total int64, err error) { return g.Memory() }

func (g *gpu) alloc(bytes int64) (pointer, error) {
	p, err := g.Alloc(bytes)
	return pointer(p), err
}

func (g *gpu) free(p pointer) error { return g.Free(uint64(p)) }

func (g *gpu) zero(p pointer, bytes int64) error { return g.Zero(uint64(p), bytes) }

// next returns the stage that was filled longest ago, once it is free again.
func (g *gpu) next() (*stage, error) {
	s := &g.ring[g.turn]
	g.turn = (g.turn + 1) % len(g.ring)
	return s, s.copied.Wait()
}

func (g *gpu) upload(to pointer, from []byte) error {
	for len(from) > 0 {
		s, err := g.next()
		if err != nil {
			return err
		}
		n := copy(s.memory, from)
		if err := g.CopyIn(uint64(to), s.memory[:n]); err != nil {
			return err
		}
		if err := s.copied.Record(); err != nil {
			return err
		}
		to, from = to+pointer(n), from[n:]
	}
	return nil
}

func (g *gpu) download(to []byte, from pointer) error {
	for len(to) > 0 {
		s, err := g.next()
		if err != nil {
			return err
		}
		n := min(len(to), len(s.memory))
		if err := g.CopyOut(s.memory[:n], uint64(from)); err != nil {
			return err
		}
		if err := g.Synchronize(); err != nil {
			return err
		}
		copy(to, s.memory[:n])
		to, from = to[n:], from+pointer(n)
	}
	return nil
}

func (g *gpu) prepare(what any) (command, error) {
	switch c := what.(type) {
	case *launch:
		values := make([]uint64, len(c.args))
		for i, a := range c.args {
			switch v := a.(type) {
			case pointer:
				values[i] = uint64(v)
			case int32:
				values[i] = uint64(uint32(v))
			}
		}
		l, err := g.module.Launch(c.kernel, c.grid, c.block, values)
		return gpuCommand{l.Run, nil}, err
	case *cuda.Product:
		m, err := g.blas.Prepare(*c)
		if err != nil {
			return nil, err
		}
		return gpuCommand{m.Run, m.Close}, nil
	}
	return nil, fmt.Errorf("vm: a %T is no command", what)
}

// gpuCommand is a launch, a product or a graph.
type gpuCommand struct {
	run   func() error
	close func()
}

func (c gpuCommand) issue() error { return c.run() }

func (c gpuCommand) release() error {
	if c.close != nil {
		c.close()
	}
	return nil
}

func (g *gpu) begin() error { return g.Begin() }

func (g *gpu) end() (command, error) {
	r, err := g.End()
	if err != nil {
		return nil, err
	}
	return gpuCommand{r.Run, func() { r.Close() }}, nil
}
