package cuda

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Driver is the GPU's driver.
type Driver struct {
	lib *library
	// Version that it supports: 1000 major + 10 minor.
	Version int
}

// The functions by the names of their newest form: the plain names of some are
// older functions with other arguments.
var driverFunctions = []string{"cuInit", "cuDriverGetVersion", "cuGetErrorName", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName",
	"cuDeviceGetAttribute", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuMemGetInfo_v2", "cuMemAlloc_v2", "cuMemFree_v2",
	"cuMemAllocHost_v2", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemsetD8Async", "cuModuleLoadData",
	"cuModuleGetFunction", "cuLaunchKernel", "cuStreamCreate", "cuStreamSynchronize", "cuStreamBeginCapture_v2", "cuStreamEndCapture",
	"cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphExecDestroy", "cuGraphDestroy", "cuEventCreate", "cuEventRecord",
	"cuEventSynchronize", "cuEventElapsedTime"}

// OpenDriver opens the driver and initialises it. Without a GPU the error wraps
// ErrNotFound.
func OpenDriver() (*Driver, error) {
	lib, err := find([]string{"libcuda.so.1"}, driverFunctions)
	if err != nil {
		return nil, fmt.Errorf("%w: it comes with NVIDIA's driver", err)
	}
	var text func(code int32, name **byte) int32
	purego.RegisterFunc(&text, lib.functions["cuGetErrorName"])
	lib.explain = func(code int) string {
		var name *byte
		if text(int32(code), &name) != 0 || name == nil {
			return ""
		}
		n := 0
		for *(*byte)(unsafe.Add(unsafe.Pointer(name), n)) != 0 {
			n++
		}
		return string(unsafe.Slice(name, n))
	}
	d := &Driver{lib: lib}
	if err := lib.call("cuInit", 0); err != nil {
		if e := err.(*Error); e.Code == noDevice {
			return nil, fmt.Errorf("cuda: GPU %w: %s says %s", ErrNotFound, lib.path, e.Text)
		}
		return nil, err
	}
	var version, devices int32
	if err := lib.call("cuDriverGetVersion", uintptr(unsafe.Pointer(&version))); err != nil {
		return nil, err
	}
	if err := lib.call("cuDeviceGetCount", uintptr(unsafe.Pointer(&devices))); err != nil {
		return nil, err
	}
	if devices == 0 {
		return nil, fmt.Errorf("cuda: GPU %w: %s knows none", ErrNotFound, lib.path)
	}
	d.Version = int(version)
	return d, nil
}

const (
	noDevice           = 100 // CUDA_ERROR_NO_DEVICE
	capabilityMajor    = 75  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
	capabilityMinor    = 76
	streamNonBlocking  = 1 // CU_STREAM_NON_BLOCKING
	captureThreadLocal = 1 // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
)

// Device is a GPU with one stream of work. A thread of its own owns the
// context: all methods but Do are called by functions that Do runs.
type Device struct {
	lib *library
	// Name as the driver gives it, and the compute capability.
	Name         string
	Major, Minor int

	stream uintptr
	work   chan task
}

type task struct {
	f    func() error
	done chan error
}

// Open opens the GPU of that number. It stays open as long as the process runs.
func (d *Driver) Open(number int) (*Device, error) {
	g := &Device{lib: d.lib, work: make(chan task)}
	ready := make(chan error)
	go g.serve(number, ready)
	return g, <-ready
}

func (g *Device) open(number int) error {
	var device, major, minor int32
	if err := g.lib.call("cuDeviceGet", uintptr(unsafe.Pointer(&device)), uintptr(number)); err != nil {
		return err
	}
	var name [256]byte
	if err := g.lib.call("cuDeviceGetName", uintptr(unsafe.Pointer(&name)), uintptr(len(name)), uintptr(device)); err != nil {
		return err
	}
	for i, c := range name {
		if c == 0 {
			g.Name = string(name[:i])
			break
		}
	}
	if err := g.lib.call("cuDeviceGetAttribute", uintptr(unsafe.Pointer(&major)), capabilityMajor, uintptr(device)); err != nil {
		return err
	}
	if err := g.lib.call("cuDeviceGetAttribute", uintptr(unsafe.Pointer(&minor)), capabilityMinor, uintptr(device)); err != nil {
		return err
	}
	g.Major, g.Minor = int(major), int(minor)
	var context uintptr
	if err := g.lib.call("cuDevicePrimaryCtxRetain", uintptr(unsafe.Pointer(&context)), uintptr(device)); err != nil {
		return err
	}
	if err := g.lib.call("cuCtxSetCurrent", context); err != nil {
		return err
	}
	return g.lib.call("cuStreamCreate", uintptr(unsafe.Pointer(&g.stream)), streamNonBlocking)
}

// Memory returns how much memory is free and how much there is, in bytes.
func (g *Device) Memory() (free, total int64, err error) {
	var f, t uintptr
	err = g.lib.call("cuMemGetInfo_v2", uintptr(unsafe.Pointer(&f)), uintptr(unsafe.Pointer(&t)))
	return int64(f), int64(t), err
}

// Alloc returns the address of new memory, a multiple of 256.
func (g *Device) Alloc(bytes int64) (uint64, error) {
	var p uintptr
	err := g.lib.call("cuMemAlloc_v2", uintptr(unsafe.Pointer(&p)), uintptr(bytes))
	return uint64(p), err
}

// Free gives memory back, after the work that was queued before.
func (g *Device) Free(p uint64) error { return g.lib.call("cuMemFree_v2", uintptr(p)) }

// Pinned returns host memory that the GPU reads and writes by itself. It is
// kept as long as the process runs.
func (g *Device) Pinned(bytes int) ([]byte, error) {
	var p unsafe.Pointer
	if err := g.lib.call("cuMemAllocHost_v2", uintptr(unsafe.Pointer(&p)), uintptr(bytes)); err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), bytes), nil
}

// CopyIn queues a copy from pinned memory to the GPU, CopyOut one back.
func (g *Device) CopyIn(to uint64, from []byte) error {
	return g.lib.call("cuMemcpyHtoDAsync_v2", uintptr(to), uintptr(unsafe.Pointer(unsafe.SliceData(from))), uintptr(len(from)), g.stream)
}

// CopyOut queues a copy from the GPU to pinned memory.
func (g *Device) CopyOut(to []byte, from uint64) error {
	return g.lib.call("cuMemcpyDtoHAsync_v2", uintptr(unsafe.Pointer(unsafe.SliceData(to))), uintptr(from), uintptr(len(to)), g.stream)
}

// Zero queues the clearing of memory.
func (g *Device) Zero(p uint64, bytes int64) error {
	return g.lib.call("cuMemsetD8Async", uintptr(p), 0, uintptr(bytes), g.stream)
}

// Synchronize waits until all queued work is done; an error may be of any of it.
func (g *Device) Synchronize() error { return g.lib.call("cuStreamSynchronize", g.stream) }

// Module is loaded machine code.
type Module struct {
	g      *Device
	handle uintptr
}

// Load loads machine code (CUBIN).
func (g *Device) Load(code []byte) (*Module, error) {
	m := &Module{g: g}
	return m, g.lib.call("cuModuleLoadData", uintptr(unsafe.Pointer(&m.handle)), uintptr(unsafe.Pointer(unsafe.SliceData(code))))
}

// Launch is one kernel with its grid and arguments.
type Launch struct {
	g           *Device
	function    uintptr
	grid, block int
	values      []uint64
	arguments   []unsafe.Pointer // of the values
}

// Launch prepares the launch of a kernel on grid blocks of block threads each.
// Each argument fills one element: an address, or a 32-bit integer.
func (m *Module) Launch(kernel string, grid, block int, arguments []uint64) (*Launch, error) {
	name := append([]byte(kernel), 0)
	l := &Launch{g: m.g, grid: grid, block: block, values: arguments}
	if err := m.g.lib.call("cuModuleGetFunction", uintptr(unsafe.Pointer(&l.function)), m.handle, uintptr(unsafe.Pointer(&name[0]))); err != nil {
		return nil, fmt.Errorf("kernel %s: %w", kernel, err)
	}
	for i := range l.values {
		l.arguments = append(l.arguments, unsafe.Pointer(&l.values[i]))
	}
	return l, nil
}

// Run queues the launch.
func (l *Launch) Run() error {
	return l.g.lib.call("cuLaunchKernel", l.function, uintptr(l.grid), 1, 1, uintptr(l.block), 1, 1, 0, l.g.stream,
		uintptr(unsafe.Pointer(unsafe.SliceData(l.arguments))), 0)
}

// Graph is work that is queued by a single call.
type Graph struct {
	g    *Device
	exec uintptr
}

// Begin starts to record what is queued, instead of doing it.
func (g *Device) Begin() error {
	return g.lib.call("cuStreamBeginCapture_v2", g.stream, captureThreadLocal)
}

// End returns what was recorded since Begin.
func (g *Device) End() (*Graph, error) {
	var graph uintptr
	if err := g.lib.call("cuStreamEndCapture", g.stream, uintptr(unsafe.Pointer(&graph))); err != nil {
		return nil, err
	}
	defer g.lib.call("cuGraphDestroy", graph)
	r := &Graph{g: g}
	return r, g.lib.call("cuGraphInstantiateWithFlags", uintptr(unsafe.Pointer(&r.exec)), graph, 0)
}

// Run queues the recorded work, Close forgets it.
func (r *Graph) Run() error { return r.g.lib.call("cuGraphLaunch", r.exec, r.g.stream) }

// Close frees what the graph holds.
func (r *Graph) Close() error { return r.g.lib.call("cuGraphExecDestroy", r.exec) }

// Event is a point in the queued work.
type Event struct {
	g      *Device
	handle uintptr
}

// Event makes an event that was not recorded yet, for which nobody waits.
func (g *Device) Event() (*Event, error) {
	e := &Event{g: g}
	return e, g.lib.call("cuEventCreate", uintptr(unsafe.Pointer(&e.handle)), 0)
}

// Record puts the event behind what is queued, Wait waits until it is reached.
func (e *Event) Record() error { return e.g.lib.call("cuEventRecord", e.handle, e.g.stream) }

// Wait waits until the work before the event is done.
func (e *Event) Wait() error { return e.g.lib.call("cuEventSynchronize", e.handle) }

// Since returns the time in s from an earlier event to this one; both were reached.
func (e *Event) Since(earlier *Event) (float64, error) {
	var ms float32
	err := e.g.lib.call("cuEventElapsedTime", uintptr(unsafe.Pointer(&ms)), earlier.handle, e.handle)
	return float64(ms) / 1e3, err
}
