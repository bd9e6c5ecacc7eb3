package ode_test

import (
	"context"
	"fmt"

	"nuclab/nucnet/ode"
)

// A decay chain a -> b -> c with rates 1e6 and 1 per second: the sum of all
// three is an invariant.
func ExampleSolve() {
	const a, b, c = 0, 1, 2
	pattern, err := ode.NewPattern(3, [][2]int{{b, a}, {c, b}})
	if err != nil {
		fmt.Println(err)
		return
	}
	structure, err := ode.NewStructure(pattern, ode.Invariant{Weights: []float64{1, 1, 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	problem := &ode.Problem{
		Structure: structure,
		Func: func(_ float64, y, dst []float64) {
			first, second := 1e6*y[a], y[b]
			dst[a], dst[b], dst[c] = -first, first-second, second
		},
		Jacobian: func(_ float64, _, dst []float64) {
			dst[pattern.Index(a, a)] = -1e6
			dst[pattern.Index(b, a)] = 1e6
			dst[pattern.Index(b, b)] = -1
			dst[pattern.Index(c, b)] = 1
			dst[pattern.Index(c, c)] = 0
		},
	}
	y := []float64{1, 0, 0}
	_, err = ode.Solve(context.Background(), &ode.Rodas5P{}, problem, 0, y, []float64{1, 10}, ode.Settings{},
		func(_ int, t float64, y []float64) error {
			fmt.Printf("t = %2g: b = %.6f, c = %.6f\n", t, y[b], y[c])
			return nil
		})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// t =  1: b = 0.367880, c = 0.632120
	// t = 10: b = 0.000045, c = 0.999955
}
