// Package op holds Gorgonia operations that do the work of several stock ones
// in a single pass: a whole dense layer, the log-softmax that leaves other
// outputs alone, the absolute loss of the paper, normalised rows, corrections of
// a base, and the tilting of a composition to an electron fraction, each with
// its gradient.
//
// An operation is a value of [Op], whose fields are all its attributes. It
// implements gorgonia.Op and gorgonia.SDOp, so that graphs of it run on the
// stock TapeMachine and through gorgonia.Grad; nnlib/vm runs the same graphs
// faster. float32 and float64 both work.
//
// The kernels in this package compute on row-major slices and are exported for
// the machines that run the operations.
package op
