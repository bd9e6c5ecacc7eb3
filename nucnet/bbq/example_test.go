package bbq_test

import (
	"context"
	"fmt"

	"nuclab/nucnet/bbq"
)

// A zone of silicon in the small network that BBQ takes by default.
func ExampleRunner_Burn() {
	in, err := bbq.ParseInlist("inlist", "&bbq use_input_file = .true., eps = 1d-6 /")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := bbq.New(in, bbq.Options{DetailedBalance: "r2604"})
	if err != nil {
		fmt.Println(err)
		return
	}
	net := r.Network()
	x := make([]float64, net.Len())
	for i, n := range net.Nuclides() {
		if n.String() == "si28" {
			x[i] = 1
		}
	}
	burnt, err := r.Burn(context.Background(), bbq.Zone{Time: 1, LogT: 9.7, LogRho: 8, X: x})
	if err != nil {
		fmt.Println(err)
		return
	}
	most := 0
	for i, x := range burnt.X {
		if x > burnt.X[most] {
			most = i
		}
	}
	fmt.Printf("%s: most of all %v after 1 s\n", net.Name(), net.Nuclides()[most])
	// Output: approx21: most of all ni56 after 1 s
}

// A sample of the random mode is a function of the seed and of its number.
func ExampleRandom_Draw() {
	in, err := bbq.ParseInlist("inlist", "&bbq net_name='mesa_80', use_random_sampling=.true. /\n"+
		"&random log_temp_min=9, log_temp_max=9, log_xa_min=-30, log_xa_max=0 /")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := bbq.New(in, bbq.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	z := in.Random.Draw(42, 7, r.Network().Nuclides())
	fmt.Println(z.LogT, len(z.X))
	// Output: 9 80
}
