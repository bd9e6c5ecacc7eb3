package nucnet_test

import (
	"context"
	"fmt"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

// Silicon at five billion kelvin becomes iron-group nuclei within a second.
func ExampleNetwork_Burn() {
	net, err := nucnet.Stock("mesa_80")
	if err != nil {
		fmt.Println(err)
		return
	}
	silicon, err := nuclide.ParseComposition("si28=1")
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := net.Vector(silicon)
	if err != nil {
		fmt.Println(err)
		return
	}
	state := nucnet.State{T: 5e9, Rho: 1e8, X: x}
	result, err := net.Burn(context.Background(), state, nucnet.Decades(1e-3, 1), nucnet.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range result.Samples {
		most := 0
		for i, x := range s.X {
			if x > s.X[most] {
				most = i
			}
		}
		fmt.Printf("%5g s: Ye %.3f, most of all %v\n", s.Time, s.Ye, net.Nuclides()[most])
	}
	// Output:
	// 0.001 s: Ye 0.500, most of all si28
	//  0.01 s: Ye 0.500, most of all ni56
	//   0.1 s: Ye 0.500, most of all ni56
	//     1 s: Ye 0.499, most of all ni56
}
