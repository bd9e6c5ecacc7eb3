package nucnet_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"slices"
	"strings"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
)

// must returns v, or ends the program with the error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// matter returns mass fractions in the order of the network.
func matter(net *nucnet.Network, composition string) []float64 {
	return must(net.Vector(must(nuclide.ParseComposition(composition))))
}

// A burn starts from temperature, density and mass fractions in the order of the network's nuclides.
func ExampleState() {
	net := must(nucnet.Stock("approx21"))
	x := make([]float64, net.Len())
	x[net.Index(nuclide.Alpha)] = 1
	state := nucnet.State{T: 3e9, Rho: 1e6, X: x}
	end := must(net.Burn(context.Background(), state, []float64{1e-3}, nucnet.Options{})).End
	fmt.Printf("X(he4) = %.2f after %g s\n", end.X[net.Index(nuclide.Alpha)], end.Time)

	state.T = -1
	_, err := net.Burn(context.Background(), state, []float64{1e-3}, nucnet.Options{})
	fmt.Println(errors.Is(err, nucnet.ErrState))
	// Output:
	// X(he4) = 0.97 after 0.001 s
	// true
}

// Every sample has its energies: what neutrinos did not carry away is left in the matter.
func ExampleSample() {
	net := must(nucnet.Stock("mesa_80"))
	state := nucnet.State{T: 6e9, Rho: 1e9, X: matter(net, "si28=1")}
	s := must(net.Burn(context.Background(), state, []float64{1}, nucnet.Options{})).Samples[0]
	fmt.Printf("after %g s: Ye = %.2f, energy was released: %t\n", s.Time, s.Ye, s.Q > 0)
	fmt.Println(s.EpsNuc == s.Q-s.EpsNuIntegral)
	// Output:
	// after 1 s: Ye = 0.48, energy was released: true
	// true
}

// The result of a burn has a sample for each time, and tells what it took.
func ExampleResult() {
	net := must(nucnet.Stock("mesa_80"))
	state := nucnet.State{T: 2e9, Rho: 1e6, X: matter(net, "c12=0.5,o16=0.5")}
	r := must(net.Burn(context.Background(), state, []float64{1e-6, 1}, nucnet.Options{}))
	fmt.Println(len(r.Samples), "samples, the last at", r.End.Time, "s")
	fmt.Println("a Jacobian for every step:", r.Stats.Jacobians <= r.Stats.Steps+r.Stats.Rejected)
	// Output:
	// 2 samples, the last at 1 s
	// a Jacobian for every step: true
}

// The zero value stands for the best physics. Whoever wants to compare with others may switch parts of it off.
func ExampleOptions() {
	net := must(nucnet.Stock("mesa_80"))
	state := nucnet.State{T: 5e9, Rho: 1e9, X: matter(net, "si28=1")}
	for _, opt := range []nucnet.Options{
		{},
		{Weak: nucnet.NoWeak},
		{Weak: nucnet.NoWeak, Screening: rate.Unscreened, DetailedBalance: rate.R2305},
	} {
		s := must(net.Burn(context.Background(), state, []float64{1}, opt)).End
		fmt.Printf("%-8v %-6v %-7v: Ye = %.2f, X(si28) = %.1f\n", opt.Screening, opt.Weak, opt.DetailedBalance,
			s.Ye, s.X[net.Index(must(nuclide.Parse("si28")))])
	}
	// Output:
	// chugunov tables correct: Ye = 0.48, X(si28) = 0.0
	// chugunov none   correct: Ye = 0.50, X(si28) = 0.0
	// none     none   r2305  : Ye = 0.50, X(si28) = 0.9
}

// Names on a command line or in a file become options.
func ExampleWeak() {
	for _, name := range []string{"none", "tables", "some"} {
		weak, err := nucnet.ParseWeak(name)
		fmt.Println(weak, err == nil, errors.Is(err, nucnet.ErrOption))
	}
	// Output:
	// none true false
	// tables true false
	// tables false true
}

// Energy that stays heats the matter. At constant pressure it expands.
func ExampleHeating() {
	net := must(nucnet.Stock("approx21"))
	state := nucnet.State{T: 2.5e9, Rho: 1e7, X: matter(net, "c12=0.5,o16=0.5")}
	for _, h := range []nucnet.Heating{nucnet.NoHeating, nucnet.Isochoric, nucnet.Isobaric} {
		s := must(net.Burn(context.Background(), state, []float64{1e-2}, nucnet.Options{Heating: h})).End
		fmt.Printf("%v: %.1f GK, %.1e g/cm3\n", h, s.T/1e9, s.Rho)
	}
	// Output:
	// none: 2.5 GK, 1.0e+07 g/cm3
	// isochoric: 4.5 GK, 1.0e+07 g/cm3
	// isobaric: 3.6 GK, 5.8e+06 g/cm3
}

// Matter that expands and cools keeps what it has when its reactions become too slow.
func ExampleTrajectory() {
	tr := must(nucnet.ReadTrajectory("expansion.txt", strings.NewReader(`
# t T rho
0    6e9   1e7
0.2  3e9   1.25e6
0.6  1e9   4.6e4
1    1e8   46`)))
	net := must(nucnet.Stock("approx21"))
	r := must(net.BurnAlong(context.Background(), tr, matter(net, "si28=1"), []float64{0.1, 0.6, 1}, nucnet.Options{}))
	for _, s := range r.Samples {
		fmt.Printf("%.1f s, %.2f GK: X(he4) = %.1f, X(ni56) = %.1f\n", s.Time, s.T/1e9,
			s.X[net.Index(nuclide.Alpha)], s.X[net.Index(must(nuclide.Parse("ni56")))])
	}
	_, err := nucnet.ReadTrajectory("expansion.txt", strings.NewReader("0 6e9 1e7\n0 3e9 1e6"))
	fmt.Println(err)
	// Output:
	// 0.1 s, 4.24 GK: X(he4) = 0.1, X(ni56) = 0.7
	// 0.6 s, 1.00 GK: X(he4) = 0.1, X(ni56) = 0.9
	// 1.0 s, 0.10 GK: X(he4) = 0.1, X(ni56) = 0.9
	// expansion.txt:2: invalid trajectory: time 0 s after 0 s, want increasing times
}

// A burn that ends early says how far it came and what to try.
func ExampleStopped() {
	net := must(nucnet.Stock("mesa_80"))
	state := nucnet.State{T: 5e9, Rho: 1e9, X: matter(net, "si28=1")}
	r, err := net.Burn(context.Background(), state, []float64{1e-12, 1}, nucnet.Options{MaxSteps: 50})
	var stopped *nucnet.Stopped
	if errors.As(err, &stopped) {
		fmt.Println(errors.Is(err, ode.ErrMaxSteps), stopped.Time == r.End.Time, len(r.Samples))
		first, _, _ := strings.Cut(stopped.Advice, ",")
		fmt.Println("try", first)
	}
	// Output:
	// true true 1
	// try more steps than 50
}

// Reactions print as a physicist writes them, and know where their rates are from.
func ExampleReaction() {
	net := must(nucnet.New("helium", must(nuclide.ParseList("he4 c12 o16"))))
	for _, r := range net.Reactions() {
		fmt.Printf("%v  (%s, %s) %+.2f MeV\n", r, r.Kind, r.Source, r.Q)
	}
	// Output:
	// c12 + he4 -> o16  (strong, nac2) +7.16 MeV
	// o16 -> c12 + he4  (reverse, nac2) -7.16 MeV
	// he4 + he4 + he4 -> c12  (strong, fy05) +7.27 MeV
	// c12 -> he4 + he4 + he4  (reverse, fy05) -7.27 MeV
}

// Where the rates of a network come from.
func ExampleKind() {
	net := must(nucnet.Stock("mesa_80"))
	count := map[nucnet.Kind]int{}
	for _, r := range net.Reactions() {
		count[r.Kind]++
	}
	for _, k := range []nucnet.Kind{nucnet.Strong, nucnet.Reverse, nucnet.WeakTable, nucnet.WeakFit} {
		fmt.Println(k, count[k])
	}
	// Output:
	// strong 280
	// reverse 280
	// weak table 38
	// weak fit 8
}

// The Jacobian is sparse, and stays so when it is factorised in a good order.
func ExampleJacobianPattern() {
	net := must(nucnet.Stock("mesa_151"))
	p := net.Jacobian()
	all := net.Len() * net.Len()
	fmt.Printf("%d of %d entries, %d after factorisation\n", p.NonZeros, all, p.LUNonZeros)
	// Output: 2366 of 22801 entries, 4540 after factorisation
}

// The fastest links are nearly in balance: what is left of their flows is small.
func ExampleFlow() {
	net := must(nucnet.Stock("mesa_80"))
	opt := nucnet.Options{Screening: rate.Salpeter, RTol: 1e-9, ATol: 1e-18}
	state := nucnet.State{T: 5e9, Rho: 1e8, X: matter(net, "si28=1")}
	state.X = must(net.Burn(context.Background(), state, []float64{1e-3}, opt)).End.X
	flows := must(net.Flows(state, opt))
	slices.SortFunc(flows, nucnet.CompareGross)
	for _, f := range flows[:2] {
		fmt.Printf("%v: less than a millionth is left: %t\n", f.Reaction, math.Abs(f.Net()) < 1e-6*f.Gross())
	}
	// Output:
	// p31 + h1 -> si28 + he4: less than a millionth is left: true
	// fe54 + h1 -> co55: less than a millionth is left: true
}
