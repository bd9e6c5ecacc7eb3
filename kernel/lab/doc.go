// Package lab sets up what a notebook needs around the kernel, and starts JupyterLab with it.
//
// Everything it makes lies in one cache directory: a private Python virtual environment (python), a copy of the
// running binary (bin), and JupyterLab's kernelspec, settings and log (jupyter). [Remove] takes all of it away. Only a
// kernelspec that [InstallKernel] writes to [UserKernels] lies elsewhere: in the user's Jupyter folder, where other
// Jupyter programs look for kernels.
package lab
