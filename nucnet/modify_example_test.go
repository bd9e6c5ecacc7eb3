package nucnet_test

import (
	"fmt"
	"slices"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// Alpha particles first knock protons out of nuclei: (a,p) is faster than (a,g).
func ExampleNetwork_Flows() {
	net, err := nucnet.Stock("mesa_80")
	if err != nil {
		fmt.Println(err)
		return
	}
	silicon, err := nuclide.ParseComposition("si28=0.5,mg24=0.3,he4=0.2")
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := net.Vector(silicon)
	if err != nil {
		fmt.Println(err)
		return
	}
	flows, err := net.Flows(nucnet.State{T: 3e9, Rho: 1e7, X: x}, nucnet.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	slices.SortFunc(flows, nucnet.CompareNet)
	for _, f := range flows[:2] {
		from, to := f.Ends()
		fmt.Printf("from %v to %v by %v, %v\n", from, to, f.Reaction, f.Kind)
	}
	// Output:
	// from mg24 to al27 by al27 + h1 -> mg24 + he4, strong
	// from si28 to p31 by p31 + h1 -> si28 + he4, strong
}

// Networks are values: what is taken out of one, or scaled, makes another.
func ExampleNetwork_Without() {
	net, err := nucnet.Stock("mesa_80")
	if err != nil {
		fmt.Println(err)
		return
	}
	capture, err := rate.ParseReaction("c12(a,g)o16")
	if err != nil {
		fmt.Println(err)
		return
	}
	without, err := net.Without(capture)
	if err != nil {
		fmt.Println(err)
		return
	}
	faster, err := net.Scaled(1.5, capture)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(net)
	fmt.Println(without, without.Changes())
	fmt.Println(faster, faster.Changes())
	// Output:
	// mesa_80: 80 nuclides, 606 reactions
	// mesa_80: 80 nuclides, 604 reactions [without c12 + he4 -> o16]
	// mesa_80: 80 nuclides, 606 reactions [1.5 times c12 + he4 -> o16]
}
