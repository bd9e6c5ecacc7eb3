package cuda

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Compiler is NVIDIA's run-time compiler. It needs neither driver nor GPU.
type Compiler struct {
	lib *library
	// Major and Minor are its version.
	Major, Minor int
	// Architectures that it compiles for: 80 stands for sm_80.
	Architectures []int
}

var compilerFunctions = []string{"nvrtcVersion", "nvrtcGetErrorString", "nvrtcGetNumSupportedArchs", "nvrtcGetSupportedArchs",
	"nvrtcCreateProgram", "nvrtcDestroyProgram", "nvrtcCompileProgram", "nvrtcGetCUBINSize", "nvrtcGetCUBIN",
	"nvrtcGetProgramLogSize", "nvrtcGetProgramLog"}

// OpenCompiler opens the newest NVRTC whose code a driver of the given version
// loads; 0 stands for no driver.
func OpenCompiler(driver int) (*Compiler, error) {
	lib, err := find(versioned("libnvrtc", driver), compilerFunctions)
	if err != nil {
		return nil, err
	}
	var text func(code int32) string
	purego.RegisterFunc(&text, lib.functions["nvrtcGetErrorString"])
	lib.explain = func(code int) string { return text(int32(code)) }
	c := &Compiler{lib: lib}
	var major, minor, n int32
	if err := lib.call("nvrtcVersion", uintptr(unsafe.Pointer(&major)), uintptr(unsafe.Pointer(&minor))); err != nil {
		return nil, err
	}
	if err := lib.call("nvrtcGetNumSupportedArchs", uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	archs := make([]int32, max(n, 1))
	if err := lib.call("nvrtcGetSupportedArchs", uintptr(unsafe.Pointer(&archs[0]))); err != nil {
		return nil, err
	}
	c.Major, c.Minor = int(major), int(minor)
	for _, a := range archs[:n] {
		c.Architectures = append(c.Architectures, int(a))
	}
	return c, nil
}

// Path of the library's file.
func (c *Compiler) Path() string { return c.lib.path }

// Architecture returns the greatest architecture that the compiler knows and a
// device of the given compute capability runs: code for one runs on those of
// the same major number that are not older.
func (c *Compiler) Architecture(major, minor int) (int, error) {
	best := 0
	for _, a := range c.Architectures {
		if a/10 == major && a%10 <= minor {
			best = max(best, a)
		}
	}
	if best == 0 {
		return 0, fmt.Errorf("cuda: NVRTC %d.%d (%s) does not compile for sm_%d%d; it knows %v: a newer one is needed, or for an old GPU an older one",
			c.Major, c.Minor, c.lib.path, major, minor, c.Architectures)
	}
	return best, nil
}

// Compile translates CUDA C to machine code (CUBIN) for an architecture. The
// error of a source that is wrong holds the compiler's messages.
func (c *Compiler) Compile(source string, architecture int) ([]byte, error) {
	src, name := append([]byte(source), 0), append([]byte("kernels.cu"), 0)
	var program uintptr
	err := c.lib.call("nvrtcCreateProgram", uintptr(unsafe.Pointer(&program)), uintptr(unsafe.Pointer(&src[0])), uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
	if err != nil {
		return nil, err
	}
	defer c.lib.call("nvrtcDestroyProgram", uintptr(unsafe.Pointer(&program)))
	option := append([]byte(fmt.Sprintf("--gpu-architecture=sm_%d", architecture)), 0)
	options := []unsafe.Pointer{unsafe.Pointer(&option[0])}
	if err := c.lib.call("nvrtcCompileProgram", program, 1, uintptr(unsafe.Pointer(&options[0]))); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, c.log(program))
	}
	var n uintptr
	if err := c.lib.call("nvrtcGetCUBINSize", program, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fmt.Errorf("cuda: NVRTC made no machine code for sm_%d", architecture)
	}
	code := make([]byte, n)
	return code, c.lib.call("nvrtcGetCUBIN", program, uintptr(unsafe.Pointer(&code[0])))
}

func (c *Compiler) log(program uintptr) string {
	var n uintptr
	if c.lib.call("nvrtcGetProgramLogSize", program, uintptr(unsafe.Pointer(&n))) != nil || n == 0 {
		return ""
	}
	text := make([]byte, n)
	if c.lib.call("nvrtcGetProgramLog", program, uintptr(unsafe.Pointer(&text[0]))) != nil {
		return ""
	}
	return strings.TrimRight(string(text), "\x00\n")
}
