package blas

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// openblas holds the addresses of the routines in use. They are the Fortran
// entry points: these take every argument by address, so that a call passes
// whole registers only and needs no reflection (0.3 us instead of 3).
type openblas struct {
	sgemm, dgemm, sgemv, dgemv uintptr
}

// The 32-bit-integer interface under the names of the scipy-openblas32 package
// and under plain ones.
var prefixes = []string{"scipy_", ""}

var systemNames = []string{
	"libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0",
	"libopenblas.0.dylib", "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
}

// find returns the first OpenBLAS of the search order, or why there is none.
func find() (*Library, error) {
	if p := os.Getenv("NUCLAB_OPENBLAS"); p != "" {
		if p == "none" {
			return nil, errors.New("NUCLAB_OPENBLAS=none")
		}
		return Open(p)
	}
	for _, p := range packaged() {
		if l, err := Open(p); err == nil {
			return l, nil
		}
	}
	for _, p := range systemNames {
		if l, err := Open(p); err == nil {
			return l, nil
		}
	}
	return nil, errors.New("neither the scipy-openblas32 package nor libopenblas was found")
}

// packaged lists the libraries of scipy-openblas32 in the environments that a
// user of this process may have.
func packaged() []string {
	roots := []string{os.Getenv("CONDA_PREFIX"), os.Getenv("VIRTUAL_ENV")}
	if c := os.Getenv("NUCLAB_CACHE"); c != "" {
		roots = append(roots, filepath.Join(c, "python"))
	} else if c, err := os.UserCacheDir(); err == nil {
		roots = append(roots, filepath.Join(c, "nuclab", "python"))
	}
	var found []string
	for _, r := range roots {
		if r == "" {
			continue
		}
		m, err := filepath.Glob(filepath.Join(r, "lib", "python3*", "site-packages", "scipy_openblas32", "lib", "libscipy_openblas*"))
		if err == nil {
			found = append(found, m...)
		}
	}
	return found
}

// Open loads the OpenBLAS in the file (or by the system's name) path.
func Open(path string) (*Library, error) {
	restore := singleThreaded()
	h, err := load(path)
	restore()
	if err != nil {
		return nil, fmt.Errorf("blas: %w", err)
	}
	for _, prefix := range prefixes {
		var o openblas
		ok := true
		for name, at := range map[string]*uintptr{"sgemm_": &o.sgemm, "dgemm_": &o.dgemm, "sgemv_": &o.sgemv, "dgemv_": &o.dgemv} {
			if *at, err = lookup(h, prefix+name); err != nil {
				ok = false
				break
			}
		}
		if !ok {
			continue
		}
		l := &Library{Path: path, native: &o}
		// "OpenBLAS 0.3.34 DYNAMIC_ARCH NO_AFFINITY Zen MAX_THREADS=64"
		if words := strings.Fields(text(h, prefix+"openblas_get_config")); len(words) > 1 && words[0] == "OpenBLAS" {
			l.Version = words[1]
		}
		l.Core = text(h, prefix+"openblas_get_corename")
		// The variable above is read once per process; say it again in case
		// somebody had opened the library before.
		if set, err := lookup(h, prefix+"openblas_set_num_threads"); err == nil {
			purego.SyscallN(set, 1)
		}
		return l, nil
	}
	return nil, fmt.Errorf("blas: %s: no sgemm_ in it (nor scipy_sgemm_): not an OpenBLAS with 32-bit integers", path)
}

// singleThreaded makes the library, which starts its threads while it is being
// loaded, start none. It sets the variable in C's environment only, where
// child processes of ours do not see it, and returns what undoes that.
func singleThreaded() (restore func()) {
	const name = "OPENBLAS_NUM_THREADS"
	setenv, err1 := lookup(program, "setenv")
	unsetenv, err2 := lookup(program, "unsetenv")
	if err1 != nil || err2 != nil {
		return func() {}
	}
	set := func(v string) {
		n, s := append([]byte(name), 0), append([]byte(v), 0)
		purego.SyscallN(setenv, uintptr(unsafe.Pointer(&n[0])), uintptr(unsafe.Pointer(&s[0])), 1)
	}
	old, had := os.LookupEnv(name)
	set("1")
	return func() {
		if had {
			set(old)
			return
		}
		n := append([]byte(name), 0)
		purego.SyscallN(unsetenv, uintptr(unsafe.Pointer(&n[0])))
	}
}

// text calls a function of the library that returns a C string.
func text(h uintptr, name string) string {
	f, err := lookup(h, name)
	if err != nil {
		return ""
	}
	var get func() string
	purego.RegisterFunc(&get, f)
	return get()
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
func gemm[T Float](o *openblas, transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	p := calls.Get().(*call)
	p.m, p.n, p.k, p.lda, p.ldb, p.ldc = int32(m), int32(n), int32(k), int32(lda), int32(ldb), int32(ldc)
	p.ta, p.tb = flag(transA), flag(transB)
	p.data = [3]unsafe.Pointer{unsafe.Pointer(&a[0]), unsafe.Pointer(&b[0]), unsafe.Pointer(&c[0])}
	f, alpha, bt := scalars(p, o.sgemm, o.dgemm, beta)
	p.args = [15]uintptr{
		uintptr(unsafe.Pointer(&p.tb)), uintptr(unsafe.Pointer(&p.ta)),
		uintptr(unsafe.Pointer(&p.n)), uintptr(unsafe.Pointer(&p.m)), uintptr(unsafe.Pointer(&p.k)), alpha,
		uintptr(p.data[1]), uintptr(unsafe.Pointer(&p.ldb)),
		uintptr(p.data[0]), uintptr(unsafe.Pointer(&p.lda)), bt,
		uintptr(p.data[2]), uintptr(unsafe.Pointer(&p.ldc)), 1, 1, // lengths of the two flags
	}
	purego.SyscallN(f, p.args[:]...)
	p.data = [3]unsafe.Pointer{}
	calls.Put(p)
}

// gemv computes y = op(A) x + beta y, where A is stored as rows x cols.
func gemv[T Float](o *openblas, trans bool, rows, cols int, a []T, lda int, x []T, beta T, y []T) {
	p := calls.Get().(*call)
	p.m, p.n, p.lda = int32(cols), int32(rows), int32(lda) // Fortran sees the transpose
	p.ta = flag(!trans)
	p.data = [3]unsafe.Pointer{unsafe.Pointer(&a[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&y[0])}
	f, alpha, bt := scalars(p, o.sgemv, o.dgemv, beta)
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
