package cuda

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"nuclab/internal/testenv"
)

const doubling = `
#define ELEMENT (blockIdx.x * blockDim.x + threadIdx.x)

__global__ void twice(float *y, const float *x, int n)
{
	int i = ELEMENT;
	if (i < n)
		y[i] = 2 * x[i];
}
`

// hostGPU opens the tests' GPU of host memory.
func hostGPU(t *testing.T, defines ...string) (*Driver, error) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("CUDA is used on Linux only")
	}
	t.Setenv("NUCLAB_CUDA", testenv.GPU(t, doubling, defines...))
	return OpenDriver()
}

func bytesOf(x []float32) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)) }

// Copies, a kernel, a product and a graph of them go through the bindings.
func TestDevice(t *testing.T) {
	driver, err := hostGPU(t)
	if err != nil {
		t.Fatal(err)
	}
	g, err := driver.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCompiler(driver.Version)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compile("int main;", 90); err == nil || !strings.Contains(err.Error(), "no kernel") {
		t.Errorf("a source without kernels: %v", err)
	}
	code, err := c.Compile(doubling, 90)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	err = g.Do(func() error {
		pinned, err := g.Pinned(64)
		must(err)
		x, err := g.Alloc(16)
		must(err)
		y, err := g.Alloc(16)
		must(err)
		z, err := g.Alloc(16)
		must(err)
		copy(pinned, bytesOf([]float32{1, 2, 3, 4}))
		must(g.CopyIn(x, pinned[:16]))
		m, err := g.Load(code)
		must(err)
		twice, err := m.Launch("twice", 1, 32, []uint64{y, x, 4})
		must(err)
		if _, err := m.Launch("thrice", 1, 32, nil); err == nil || !strings.Contains(err.Error(), "NOT_FOUND") {
			t.Errorf("a kernel that is not there: %v", err)
		}
		b, err := OpenBLAS(g, driver.Version)
		must(err)
		// [2,2] times the transpose of [2,2].
		product, err := b.Prepare(Product{TransB: true, M: 2, N: 2, K: 2, A: x, B: y, C: z, Arithmetic: Float32})
		must(err)
		must(g.Begin())
		must(twice.Run())
		must(product.Run())
		if _, err := g.Alloc(16); err == nil {
			t.Error("memory was allocated while work is recorded")
		}
		graph, err := g.End()
		must(err)
		for range 2 {
			must(graph.Run())
		}
		must(g.CopyOut(pinned[16:32], z))
		must(g.Synchronize())
		// {1 2; 3 4} times {2 6; 4 8}
		for i, want := range []float32{10, 22, 22, 50} {
			if got := *(*float32)(unsafe.Pointer(&pinned[16+4*i])); got != want {
				t.Errorf("element %d is %v, not %v", i, got, want)
			}
		}
		must(graph.Close())
		product.Close()
		if _, err := g.Alloc(1 << 40); err == nil || !strings.Contains(err.Error(), "CUDA_ERROR_OUT_OF_MEMORY") {
			t.Errorf("a terabyte: %v", err)
		}
		for _, p := range []uint64{x, y, z} {
			must(g.Free(p))
		}
		return nil
	})
	must(err)
	if err := g.Synchronize(); err == nil {
		t.Error("a call from another thread than the device's")
	}
}

func TestNoGPU(t *testing.T) {
	if _, err := hostGPU(t, "DEVICES=0"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "CUDA_ERROR_NO_DEVICE") {
		t.Errorf("a driver without a GPU: %v", err)
	}
}

// What is missing is named, and where it was looked for.
func TestLibrariesNotFound(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("NUCLAB_CUDA", dir)
	t.Setenv("NUCLAB_CACHE", t.TempDir())
	t.Setenv("CONDA_PREFIX", "")
	t.Setenv("VIRTUAL_ENV", "")
	_, err := find([]string{"libnuclab-no-such.so.13", "libnuclab-no-such.so.12"}, nil)
	if !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	for _, want := range []string{"libnuclab-no-such.so.13 or libnuclab-no-such.so.12", dir, "the system's library path"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	broken := filepath.Join(dir, "libnuclab-no-such.so.12")
	if err := os.WriteFile(broken, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = find([]string{"libnuclab-no-such.so.12"}, nil); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("a broken library: %v", err)
	}
	t.Setenv("NUCLAB_CUDA", "none")
	if _, err := OpenDriver(); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "none") {
		t.Errorf("none: %v", err)
	}
}

// Wheels are found below an environment, in its site-packages and in a folder.
func TestPlaces(t *testing.T) {
	root := t.TempDir()
	want := filepath.Join(root, "lib", "python3.12", "site-packages", "nvidia", "cublas", "lib")
	if err := os.MkdirAll(want, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, filepath.Join(root, "lib", "python3.12", "site-packages"), want} {
		t.Setenv("NUCLAB_CUDA", dir)
		if !slices.Contains(places(), place(want)) {
			t.Errorf("NUCLAB_CUDA=%s does not lead to %s", dir, want)
		}
	}
	t.Setenv("NUCLAB_CUDA", "")
	t.Setenv("NUCLAB_CACHE", t.TempDir())
	t.Setenv("VIRTUAL_ENV", root)
	if !slices.Contains(places(), place(want)) {
		t.Error("the wheels of the active environment are not found")
	}
}

// Code is compiled for the newest architecture that a GPU runs.
func TestArchitecture(t *testing.T) {
	c := &Compiler{lib: &library{path: "libnvrtc"}, Major: 12, Minor: 4, Architectures: []int{70, 75, 80, 86, 89, 90}}
	for _, v := range []struct{ major, minor, want int }{{8, 0, 80}, {8, 7, 86}, {8, 9, 89}, {9, 0, 90}, {12, 0, 0}, {6, 1, 0}} {
		got, err := c.Architecture(v.major, v.minor)
		if got != v.want || (err == nil) != (v.want != 0) {
			t.Errorf("%d.%d: sm_%d, %v", v.major, v.minor, got, err)
		}
	}
	if names := versioned("lib", 12080); !slices.Equal(names, []string{"lib.so.12"}) {
		t.Errorf("a driver of CUDA 12: %v", names)
	}
	if names := versioned("lib", 13000); names[0] != "lib.so.13" {
		t.Errorf("a driver of CUDA 13: %v", names)
	}
	if unsafe.Sizeof(algorithm{}) != 96 {
		t.Error("cublasLtMatmulHeuristicResult_t has 96 bytes")
	}
}
