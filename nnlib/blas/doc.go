// Package blas multiplies matrices with the fastest library at hand.
//
// MKL and OpenBLAS are opened while the program runs, so that building needs
// neither cgo nor headers; a machine without them gets gonum's pure Go routines,
// which are about ten times slower, and [Notice] says so once. Matrices are
// row-major, as in gonum and Gorgonia.
//
// Every call runs on the calling thread alone: the caller splits a product
// into pieces if it wants more cores (nnlib/vm does). The libraries are therefore
// opened with a single thread, and no idle thread of them exists that could spin.
//
// They are looked for in this order:
//
//  1. the libmkl_rt that NUCLAB_MKL names ("none" asks for none);
//  2. the OpenBLAS that NUCLAB_OPENBLAS names ("none" asks for gonum);
//  3. libmkl_rt in the active conda or virtual environment (the mkl package of
//     PyPI or conda brings it), in nuclab's own environment, in MKLROOT;
//  4. the scipy-openblas32 package in these environments;
//  5. the system's libopenblas.
package blas
