package vm

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nnlib/cuda"
)

// NVIDIA's compiler, which needs no GPU, translates every kernel for the GPUs of
// the A100's kind and of the H100's.
func TestKernelsCompile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("CUDA is used on Linux only")
	}
	python := testenv.Python(t, "nvidia-cuda-nvrtc-cu12")
	t.Setenv("NUCLAB_CUDA", filepath.Dir(filepath.Dir(python)))
	c, err := cuda.OpenCompiler(12040)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(c.Path())
	const machineCUDA = 190 // EM_CUDA
	for _, architecture := range []int{80, 90} {
		code, err := c.Compile(kernelSource, architecture)
		if err != nil {
			t.Fatal(err)
		}
		if got := int(code[48]); got != architecture { // the low byte of e_flags
			t.Errorf("sm_%d: code for sm_%d", architecture, got)
		}
		binary.LittleEndian.PutUint32(code[20:], uint32(elf.EV_CURRENT)) // NVIDIA writes its own version there
		f, err := elf.NewFile(bytes.NewReader(code))
		if err != nil {
			t.Fatalf("sm_%d: %v", architecture, err)
		}
		if f.Machine != machineCUDA {
			t.Errorf("sm_%d: code for machine %v", architecture, f.Machine)
		}
		symbols, err := f.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]bool{}
		for _, s := range symbols {
			have[s.Name] = elf.ST_TYPE(s.Info) == elf.STT_FUNC
		}
		for name := range signatures() {
			if !have[name] {
				t.Errorf("sm_%d: no kernel %s", architecture, name)
			}
		}
	}
}

// Each kernel has an equivalent in Go, and the other way round.
func TestKernelsHaveEquivalents(t *testing.T) {
	for name := range signatures() {
		if hostKernels[name] == nil {
			t.Errorf("kernel %s has no equivalent", name)
		}
	}
	for name := range hostKernels {
		if signatures()[name] == nil {
			t.Errorf("no kernel %s in the source", name)
		}
	}
}
