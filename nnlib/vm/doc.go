// Package vm runs Gorgonia graphs fast.
//
// A [Machine] takes an expression graph, gradients included (after
// gorgonia.Grad), and the nodes whose values are wanted. It keeps only what
// they need, decides once which buffer each value lives in, reusing buffers
// and working in place where nothing still needs the old value, and then runs
// step after step without allocating. It implements gorgonia.VM.
//
// The plan knows nothing of devices. A [Backend] turns it into a [Program]:
// [CPU] here, others beside it.
package vm
