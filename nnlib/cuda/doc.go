// Package cuda calls NVIDIA's driver, its run-time compiler NVRTC and its
// matrix products cuBLASLt. The libraries are opened while the program runs, so
// that building needs neither cgo nor the CUDA toolkit, and a program that runs
// where they are missing gets an error that says what was looked for and where.
//
// Each library is looked for in this order:
//
//  1. the folders that NUCLAB_CUDA lists: a folder with the library in it, a
//     toolkit (lib64 or lib below it), a Python environment or its site-packages;
//     "none" asks to find nothing;
//  2. the active conda or virtual environment, then those that nuclab makes
//     (lab --cuda), where NVIDIA's wheels put them;
//  3. where the system keeps libraries, CUDA_HOME and CUDA_PATH, /usr/local/cuda
//     and /opt/cuda.
//
// The driver, libcuda.so.1, comes with the GPU's driver alone. NVRTC works
// without driver and GPU. Versions 12 and 13 of the libraries are known; 13 is
// taken where the driver can run it.
package cuda
