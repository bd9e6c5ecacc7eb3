//go:build !amd64

package op

// Without code for this processor nothing is done ahead of the Go loops.

func simdReLU([]float32) int                            { return 0 }
func simdReLUGrad(_, _, _ []float32) int                { return 0 }
func simdAdam(_, _, _, _ []float32, _ *adamFactors) int { return 0 }
func simdELU(_, _ []float32) int                        { return 0 }
func simdApproach(_, _ []float32, _ float32) int        { return 0 }
func simdExp(_, _ []float32, _ float32) int             { return 0 }
