// Package lab sets up what a notebook needs around the kernel, and starts JupyterLab with it.
//
// Everything it makes lies in one cache directory: a private Python virtual environment (python), a copy of the
// running binary (bin), the kernelspec that points at it (jupyter) and JupyterLab's own settings. [Remove] takes all of it away. Only
// [InstallKernel] with [ForUser] writes elsewhere: into the user's Jupyter folder, as every kernel does, so that other
// Jupyter programs find the kernel too.
package lab
