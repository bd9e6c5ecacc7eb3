// Package blas multiplies matrices with the fastest library at hand.
//
// OpenBLAS is opened while the program runs, so that building needs neither
// cgo nor headers; a machine without it gets gonum's pure Go routines, which
// are about ten times slower, and [Notice] says so once. Matrices are
// row-major, as in gonum and Gorgonia.
//
// Every call runs on the calling thread alone: the caller splits a product
// into pieces if it wants more cores (nnlib/vm does). OpenBLAS is therefore
// opened with a single thread, and no idle thread of it exists that could spin.
//
// OpenBLAS is looked for in this order:
//
//  1. the file that NUCLAB_OPENBLAS names ("none" asks for gonum);
//  2. the scipy-openblas32 package in the active conda or virtual environment,
//     then in nuclab's own environment;
//  3. the system's libopenblas.
package blas
