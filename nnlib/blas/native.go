package blas

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// routines holds the addresses of a library's routines in use. They are the
// Fortran entry points: these take every argument by address, so that a call
// passes whole registers only and needs no reflection (0.3 us instead of 3).
// bf16 is 0 where the library has none.
type routines struct {
	sgemm, dgemm, sgemv, dgemv, bf16 uintptr
}

// lookupRoutines finds the routines in an opened library under their names with
// a prefix; bf16 is the name of the one that multiplies [BF16].
func lookupRoutines(h uintptr, prefix, bf16 string) (*routines, error) {
	var r routines
	for name, at := range map[string]*uintptr{"sgemm_": &r.sgemm, "dgemm_": &r.dgemm, "sgemv_": &r.sgemv, "dgemv_": &r.dgemv} {
		f, err := lookup(h, prefix+name)
		if err != nil {
			return nil, err
		}
		*at = f
	}
	if f, err := lookup(h, prefix+bf16); err == nil {
		r.bf16 = f
	}
	return &r, nil
}

// withVariables calls f while variables are set in C's environment only, where
// child processes of ours do not see them.
func withVariables(variables map[string]string, f func()) {
	setenv, err1 := lookup(program, "setenv")
	unsetenv, err2 := lookup(program, "unsetenv")
	if err1 != nil || err2 != nil {
		f()
		return
	}
	text := func(s string) *byte { return &append([]byte(s), 0)[0] }
	set := func(name, value string) {
		purego.SyscallN(setenv, uintptr(unsafe.Pointer(text(name))), uintptr(unsafe.Pointer(text(value))), 1)
	}
	for name, value := range variables {
		set(name, value)
		if old, had := os.LookupEnv(name); had {
			defer set(name, old)
		} else {
			defer purego.SyscallN(unsetenv, uintptr(unsafe.Pointer(text(name))))
		}
	}
	f()
}

// verify multiplies matrices of small whole numbers, whose products are exact
// in any order of sums, and compares with gonum's.
func (l *Library) verify() error {
	single := func(transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32) {
		a16, b16 := make([]BF16, len(a)), make([]BF16, len(b))
		ToBF16(a16, a)
		ToBF16(b16, b)
		GemmBF16(l, false, transB, m, n, k, a16, lda, b16, ldb, 0, c, n)
	}
	if l.HasBF16() && verify(single) != nil {
		l.native.bf16 = 0 // its other products may be right
	}
	return errors.Join(verify(product[float32](l)), verify(product[float64](l)))
}

// multiply computes C = A op(B), where C has n columns.
type multiply[T Float] func(transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T)

func product[T Float](l *Library) multiply[T] {
	return func(transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T) {
		Gemm(l, false, transB, m, n, k, a, lda, b, ldb, 0, c, n)
	}
}

func verify[T Float](f multiply[T]) error {
	const m, n, k = 7, 19, 23
	a, b := make([]T, m*k), make([]T, k*n)
	for i := range a {
		a[i] = T(i*5%9 - 4)
	}
	for i := range b {
		b[i] = T(i*7%11 - 5)
	}
	got, want := make([]T, m*n), make([]T, m*n)
	for _, rows := range []int{m, 1} {
		for _, trans := range []bool{false, true} {
			ldb := n
			if trans {
				ldb = k
			}
			f(trans, rows, n, k, a, k, b, ldb, got)
			product[T](gonumLibrary)(trans, rows, n, k, a, k, b, ldb, want)
			for i := range got {
				if got[i] != want[i] {
					return fmt.Errorf("its products are wrong: %v instead of %v", got[i], want[i])
				}
			}
		}
	}
	return nil
}

// call holds the scalars of one call, whose addresses the routines take, and
// the argument list itself, so that nothing is allocated.
type call struct {
	m, n, k, lda, ldb, ldc, one int32
	ta, tb                      byte
	alpha32, beta32             float32
	alpha64, beta64             float64

	// data holds the matrices as pointers: being stored in a heap object they
	// must live on the heap, which does not move, and they stay alive.
	data [3]unsafe.Pointer
	args [15]uintptr
}

var calls = sync.Pool{New: func() any { return &call{one: 1, alpha32: 1, alpha64: 1} }}

func flag(trans bool) byte {
	if trans {
		return 'T'
	}
	return 'N'
}

// gemm asks for the transposed product, since Fortran's matrices are
// column-major: C' = op(B)' op(A)'.
func gemm[T Float](r *routines, transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	p := calls.Get().(*call)
	f, alpha, bt := scalars(p, r.sgemm, r.dgemm, beta)
	p.data = [3]unsafe.Pointer{unsafe.Pointer(&a[0]), unsafe.Pointer(&b[0]), unsafe.Pointer(&c[0])}
	p.gemm(f, transA, transB, m, n, k, lda, ldb, ldc, alpha, bt)
}

// gemm calls f with the matrices in p.data and gives p back.
func (p *call) gemm(f uintptr, transA, transB bool, m, n, k, lda, ldb, ldc int, alpha, beta uintptr) {
	p.m, p.n, p.k, p.lda, p.ldb, p.ldc = int32(m), int32(n), int32(k), int32(lda), int32(ldb), int32(ldc)
	p.ta, p.tb = flag(transA), flag(transB)
	p.args = [15]uintptr{
		uintptr(unsafe.Pointer(&p.tb)), uintptr(unsafe.Pointer(&p.ta)),
		uintptr(unsafe.Pointer(&p.n)), uintptr(unsafe.Pointer(&p.m)), uintptr(unsafe.Pointer(&p.k)), alpha,
		uintptr(p.data[1]), uintptr(unsafe.Pointer(&p.ldb)),
		uintptr(p.data[0]), uintptr(unsafe.Pointer(&p.lda)), beta,
		uintptr(p.data[2]), uintptr(unsafe.Pointer(&p.ldc)), 1, 1, // lengths of the two flags
	}
	purego.SyscallN(f, p.args[:]...)
	p.data = [3]unsafe.Pointer{}
	calls.Put(p)
}

// gemv computes y = op(A) x + beta y, where A is stored as rows x cols.
func gemv[T Float](r *routines, trans bool, rows, cols int, a []T, lda int, x []T, beta T, y []T) {
	p := calls.Get().(*call)
	p.m, p.n, p.lda = int32(cols), int32(rows), int32(lda) // Fortran sees the transpose
	p.ta = flag(!trans)
	p.data = [3]unsafe.Pointer{unsafe.Pointer(&a[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0])}
	f, alpha, bt := scalars(p, r.sgemv, r.dgemv, beta)
	p.args = [15]uintptr{
		uintptr(unsafe.Pointer(&p.ta)), uintptr(unsafe.Pointer(&p.m)), uintptr(unsafe.Pointer(&p.n)), alpha,
		uintptr(p.data[0]), uintptr(unsafe.Pointer(&p.lda)),
		uintptr(p.data[1]), uintptr(unsafe.Pointer(&p.one)), bt,
		uintptr(p.data[2]), uintptr(unsafe.Pointer(&p.one)), 1,
	}
	purego.SyscallN(f, p.args[:12]...)
	p.data = [3]unsafe.Pointer{}
	calls.Put(p)
}

// scalars chooses between the two precisions: the routine, and where its
// alpha = 1 and its beta stand.
func scalars[T Float](p *call, single, double uintptr, beta T) (f, alpha, bt uintptr) {
	p.beta32, p.beta64 = float32(beta), float64(beta)
	if _, ok := any(beta).(float64); ok {
		return double, uintptr(unsafe.Pointer(&p.alpha64)), uintptr(unsafe.Pointer(&p.beta64))
	}
	return single, uintptr(unsafe.Pointer(&p.alpha32)), uintptr(unsafe.Pointer(&p.beta32))
}
