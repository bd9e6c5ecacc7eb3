package lab

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
)

// cudaWheels are NVIDIA's run-time compiler and its matrix products, in versions that belong together. The driver
// comes with the GPU, not from here.
var cudaWheels = []string{"nvidia-cuda-nvrtc-cu12==12.4.127", "nvidia-cublas-cu12==12.4.5.8"}

// CUDA installs the libraries by which an NVIDIA GPU is used, in an environment of their own in the cache directory,
// so that they stay whatever JupyterLab's needs. NVIDIA has them for Linux.
func CUDA(ctx context.Context, cache string, log io.Writer) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("lab: NVIDIA's CUDA packages are used on Linux only, not on %s", runtime.GOOS)
	}
	_, err := Venv(ctx, filepath.Join(cache, "cuda"), cudaWheels, log)
	return err
}
