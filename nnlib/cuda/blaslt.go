package cuda

import (
	"fmt"
	"unsafe"
)

// BLAS is cuBLASLt on a device.
type BLAS struct {
	lib       *library
	g         *Device
	handle    uintptr
	workspace uint64
	// chosen algorithms by shape, so that equal products are computed alike.
	chosen map[shape]*algorithm
}

// workspaceBytes is what NVIDIA recommends for its newest GPUs.
const workspaceBytes = 32 << 20

var blasFunctions = []string{"cublasLtCreate", "cublasLtMatmul", "cublasLtMatmulDescCreate", "cublasLtMatmulDescSetAttribute",
	"cublasLtMatmulDescDestroy", "cublasLtMatrixLayoutCreate", "cublasLtMatrixLayoutDestroy", "cublasLtMatmulPreferenceCreate",
	"cublasLtMatmulPreferenceSetAttribute", "cublasLtMatmulPreferenceDestroy", "cublasLtMatmulAlgoGetHeuristic"}

// OpenBLAS opens cuBLASLt for a device, in the newest version that its driver of
// the given version can run. It is to be called on the device's thread.
func OpenBLAS(g *Device, driver int) (*BLAS, error) {
	lib, err := find(versioned("libcublasLt", driver), blasFunctions)
	if err != nil {
		return nil, err
	}
	lib.explain = func(code int) string { return blasStatus[code] }
	b := &BLAS{lib: lib, g: g, chosen: map[shape]*algorithm{}}
	if err := lib.call("cublasLtCreate", uintptr(unsafe.Pointer(&b.handle))); err != nil {
		return nil, err
	}
	b.workspace, err = g.Alloc(workspaceBytes)
	return b, err
}

// blasStatus names cublasStatus_t.
var blasStatus = map[int]string{1: "not initialized", 3: "allocation failed", 7: "invalid value", 8: "architecture mismatch",
	11: "mapping error", 13: "execution failed", 14: "internal error", 15: "not supported", 16: "license error"}

// Path of the library's file.
func (b *BLAS) Path() string { return b.lib.path }

// Arithmetic is how a product is computed.
type Arithmetic int

// The arithmetics. All sum in float32.
const (
	TF32 Arithmetic = iota // float32 matrices, rounded to 11 bits when multiplied
	Float32
	BFloat16 // A and B are of bfloat16, C is of float32
)

// Product is C = act(op(A) op(B) + bias), row-major: op(A) [M,K], op(B) [K,N], C [M,N].
type Product struct {
	// TransA says that A is stored as [K,M], TransB that B is as [N,K].
	TransA, TransB bool
	M, N, K        int
	// A, B, C are the matrices' addresses, Bias [N] that of the row that is added
	// to each of C; 0 means none.
	A, B, C, Bias uint64
	// ReLU says that negative results become 0; it goes with a bias.
	ReLU       bool
	Arithmetic Arithmetic
}

// shape is what an algorithm is chosen for.
type shape struct {
	transA, transB, bias, relu bool
	m, n, k                    int
	arithmetic                 Arithmetic
}

// algorithm is cublasLtMatmulHeuristicResult_t.
type algorithm struct {
	algo      [8]uint64
	workspace uintptr
	state     int32
	waves     float32
	reserved  [4]int32
}

// Matmul is a product ready to be run.
type Matmul struct {
	b           *BLAS
	p           Product
	desc        uintptr
	layout      [3]uintptr // of B, A, C: cuBLAS's first matrix is our second
	algo        *algorithm
	alpha, beta float32
}

// The numbers of cuBLASLt's interface.
const (
	real32F, real16BF = 0, 14 // cudaDataType_t

	compute32F, compute32FFastTF32 = 68, 77 // cublasComputeType_t

	descTransA, descTransB, descEpilogue, descBiasPointer = 3, 4, 7, 8 // cublasLtMatmulDescAttributes_t

	epilogueBias, epilogueReLUBias = 4, 6 // cublasLtEpilogue_t

	prefMaxWorkspace = 1 // cublasLtMatmulPreferenceAttributes_t
)

// Prepare chooses the algorithm for a product. A matrix that is row-major is the
// transposed one to cuBLAS, which is column-major: it computes C' = op(B)' op(A)',
// to the columns of which the bias is added.
func (b *BLAS) Prepare(p Product) (*Matmul, error) {
	m := &Matmul{b: b, p: p, alpha: 1}
	if err := m.prepare(); err != nil {
		return nil, fmt.Errorf("product of %d x %d and %d x %d: %w", p.M, p.K, p.K, p.N, err)
	}
	return m, nil
}

func (m *Matmul) prepare() error {
	b, p, lib := m.b, m.p, m.b.lib
	compute, operand := uintptr(compute32F), uintptr(real32F)
	switch p.Arithmetic {
	case TF32:
		compute = compute32FFastTF32
	case BFloat16:
		operand = real16BF
	}
	if err := lib.call("cublasLtMatmulDescCreate", uintptr(unsafe.Pointer(&m.desc)), compute, real32F); err != nil {
		return err
	}
	if err := m.set32(descTransA, flag(p.TransB)); err != nil {
		return err
	}
	if err := m.set32(descTransB, flag(p.TransA)); err != nil {
		return err
	}
	if p.Bias != 0 {
		epilogue := int32(epilogueBias)
		if p.ReLU {
			epilogue = epilogueReLUBias
		}
		if err := m.set32(descEpilogue, epilogue); err != nil {
			return err
		}
		bias := p.Bias
		if err := lib.call("cublasLtMatmulDescSetAttribute", m.desc, descBiasPointer, uintptr(unsafe.Pointer(&bias)), 8); err != nil {
			return err
		}
	}
	for i, l := range []struct {
		data       uintptr
		rows, cols int // column-major, as stored; without gaps
	}{
		{operand, pick(p.TransB, p.K, p.N), pick(p.TransB, p.N, p.K)},
		{operand, pick(p.TransA, p.M, p.K), pick(p.TransA, p.K, p.M)},
		{real32F, p.N, p.M},
	} {
		if err := lib.call("cublasLtMatrixLayoutCreate", uintptr(unsafe.Pointer(&m.layout[i])), l.data, uintptr(l.rows), uintptr(l.cols), uintptr(l.rows)); err != nil {
			return err
		}
	}
	s := shape{p.TransA, p.TransB, p.Bias != 0, p.ReLU, p.M, p.N, p.K, p.Arithmetic}
	if m.algo = b.chosen[s]; m.algo != nil {
		return nil
	}
	algo, err := m.choose()
	b.chosen[s], m.algo = algo, algo
	return err
}

// choose asks the library's heuristics.
func (m *Matmul) choose() (*algorithm, error) {
	lib := m.b.lib
	var preference uintptr
	if err := lib.call("cublasLtMatmulPreferenceCreate", uintptr(unsafe.Pointer(&preference))); err != nil {
		return nil, err
	}
	defer lib.call("cublasLtMatmulPreferenceDestroy", preference)
	size := uint64(workspaceBytes)
	if err := lib.call("cublasLtMatmulPreferenceSetAttribute", preference, prefMaxWorkspace, uintptr(unsafe.Pointer(&size)), 8); err != nil {
		return nil, err
	}
	a := &algorithm{}
	var found int32
	if err := lib.call("cublasLtMatmulAlgoGetHeuristic", m.b.handle, m.desc, m.layout[0], m.layout[1], m.layout[2], m.layout[2],
		preference, 1, uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(&found))); err != nil {
		return nil, err
	}
	if found < 1 || a.state != 0 {
		return nil, &Error{Function: "cublasLtMatmulAlgoGetHeuristic", Code: int(a.state), Text: "no algorithm for this product"}
	}
	return a, nil
}

func (m *Matmul) set32(attribute uintptr, v int32) error {
	return m.b.lib.call("cublasLtMatmulDescSetAttribute", m.desc, attribute, uintptr(unsafe.Pointer(&v)), 4)
}

func flag(transposed bool) int32 {
	if transposed {
		return 1 // CUBLAS_OP_T
	}
	return 0
}

func pick(first bool, a, b int) int {
	if first {
		return a
	}
	return b
}

// Run queues the product.
func (m *Matmul) Run() error {
	p, c := &m.p, uintptr(m.p.C)
	return m.b.lib.call("cublasLtMatmul", m.b.handle, m.desc, uintptr(unsafe.Pointer(&m.alpha)), uintptr(p.B), m.layout[0], uintptr(p.A), m.layout[1],
		uintptr(unsafe.Pointer(&m.beta)), c, m.layout[2], c, m.layout[2], uintptr(unsafe.Pointer(&m.algo.algo)),
		uintptr(m.b.workspace), workspaceBytes, m.b.g.stream)
}

// Close frees what describes the product.
func (m *Matmul) Close() {
	for _, l := range m.layout {
		if l != 0 {
			m.b.lib.call("cublasLtMatrixLayoutDestroy", l)
		}
	}
	if m.desc != 0 {
		m.b.lib.call("cublasLtMatmulDescDestroy", m.desc)
	}
	m.layout, m.desc = [3]uintptr{}, 0
}
