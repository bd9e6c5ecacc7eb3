package testenv

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

//go:embed gpu/gpu.c
var gpuSource string

// GPU returns a folder, for NUCLAB_CUDA, with libraries that stand in for a GPU's driver, NVRTC and cuBLASLt. They
// work on host memory, and run the kernels of the given CUDA C source, compiled as C, with all threads and barriers;
// gpu/gpu.c says what they check. The defines are DEVICES=n and MEMORY=bytes. What was compiled is kept in the cache.
func GPU(t testing.TB, kernels string, defines ...string) string {
	t.Helper()
	cc, err := exec.LookPath("gcc")
	if err != nil {
		Require(t, "gcc", "no gcc here; install it: apt install gcc")
	}
	cache, err := Cache()
	if err != nil {
		t.Fatal(err)
	}
	header := asC(kernels)
	sum := sha256.Sum256([]byte(strings.Join(append(defines, gpuSource, header), "\x00")))
	dir := filepath.Join(cache, "testgpu", hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), "make")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(made)
	for name, text := range map[string]string{"gpu.c": gpuSource, "kernels.h": header} {
		if err := os.WriteFile(filepath.Join(made, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"-shared", "-fPIC", "-O2", "-w", `-DKERNELS="kernels.h"`, "-I" + made, "-o", filepath.Join(made, "libcuda.so.1")}
	for _, d := range defines {
		args = append(args, "-D"+d)
	}
	if out, err := exec.Command(cc, append(args, filepath.Join(made, "gpu.c"), "-lm", "-lpthread")...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	for _, name := range []string{"libnvrtc.so.12", "libcublasLt.so.12"} {
		if err := os.Symlink("libcuda.so.1", filepath.Join(made, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(made, dir); err != nil {
		if _, made := os.Stat(dir); made != nil { // another process was not faster
			t.Fatal(err)
		}
	}
	return dir
}

var (
	kernelPattern    = regexp.MustCompile(`(?s)__global__ void (\w+)\(([^)]*)\)\s*\{(.*?)\n\}`)
	parameterPattern = regexp.MustCompile(`^(.*?)\w+$`)
)

// asC returns the source followed by a table of its kernels, each with a function that calls it with an array of
// pointers to its arguments.
func asC(source string) string {
	var calls, table strings.Builder
	for _, k := range kernelPattern.FindAllStringSubmatch(source, -1) {
		var args, sizes []string
		for i, p := range strings.Split(k[2], ",") {
			kind := parameterPattern.FindStringSubmatch(strings.TrimSpace(p))[1]
			args = append(args, fmt.Sprintf("*(%s *)a[%d]", kind, i))
			sizes = append(sizes, fmt.Sprintf("sizeof(%s)", kind))
		}
		fmt.Fprintf(&calls, "static void call_%s(void **a) { %s(%s); }\n", k[1], k[1], strings.Join(args, ", "))
		// A thread for each element needs no other; all others may meet at a barrier.
		barriers := 1
		if strings.Contains(k[3], "ELEMENT") {
			barriers = 0
		}
		fmt.Fprintf(&table, "\t{%q, call_%s, %d, %d, {%s}},\n", k[1], k[1], barriers, len(args), strings.Join(sizes, ", "))
	}
	return source + "\n" + calls.String() + `
static const struct kernel {
	const char *name;
	void (*call)(void **);
	int barriers, arguments, sizes[16];
} kernels[] = {
` + table.String() + "\t{0}\n};\n"
}
