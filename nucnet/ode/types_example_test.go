package ode_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"

	"nuclab/nucnet/ode"
)

// must returns v, or ends the program with the error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// robertson is the problem of Robertson (1966): three substances, rates from 0.04 to 3e7. Their sum is an invariant.
func robertson() *ode.Problem {
	pattern := must(ode.NewPattern(3, [][2]int{{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 1}}))
	return &ode.Problem{
		Structure: must(ode.NewStructure(pattern, ode.Invariant{Weights: []float64{1, 1, 1}})),
		Func: func(_ float64, y, dst []float64) {
			slow, fast, third := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
			dst[0], dst[1], dst[2] = fast-slow, slow-fast-third, third
		},
		Jacobian: func(_ float64, y, dst []float64) {
			set := func(row, col int, v float64) { dst[pattern.Index(row, col)] = v }
			set(0, 0, -0.04)
			set(0, 1, 1e4*y[2])
			set(0, 2, 1e4*y[1])
			set(1, 0, 0.04)
			set(1, 1, -1e4*y[2]-6e7*y[1])
			set(1, 2, -1e4*y[1])
			set(2, 1, 6e7*y[1])
			set(2, 2, 0)
		},
	}
}

// solve integrates Robertson's problem up to t = 40 and prints the first component, 0.7158 in the literature.
func solve(m ode.Method) {
	y := []float64{1, 0, 0}
	must(ode.Solve(context.Background(), m, robertson(), 0, y, []float64{40}, ode.Settings{RTol: 1e-7, ATol: 1e-12}, nil))
	fmt.Printf("%v: %.4f\n", m, y[0])
}

// Methods are interchangeable.
func ExampleMethod() {
	for _, m := range []ode.Method{&ode.Rodas5P{}, &ode.BDF{}} {
		solve(m)
	}
	// Output:
	// rodas5p: 0.7158
	// bdf: 0.7158
}

func ExampleRodas5P() {
	solve(&ode.Rodas5P{})
	// Output: rodas5p: 0.7158
}

func ExampleRodas4() {
	solve(&ode.Rodas4{})
	// Output: rodas4: 0.7158
}

func ExampleBDF() {
	solve(&ode.BDF{MaxOrder: 4})
	// Output: bdf: 0.7158
}

// Of first order, but sturdy: coarse tolerances suit it.
func ExampleBackwardEuler() {
	y := []float64{1, 0, 0}
	m := &ode.BackwardEuler{}
	must(ode.Solve(context.Background(), m, robertson(), 0, y, []float64{40}, ode.Settings{RTol: 1e-4, ATol: 1e-8}, nil))
	fmt.Printf("%v: %.2f\n", m, y[0])
	// Output: backward-euler: 0.72
}

func ExampleBaderDeuflhard() {
	solve(&ode.BaderDeuflhard{})
	// Output: bader-deuflhard: 0.7158
}

// A problem may depend on time: then it also has a derivative by it.
func ExampleProblem() {
	p := &ode.Problem{ // y' = -1000 (y - cos t), which follows the cosine
		Structure:      must(ode.NewStructure(ode.Dense(1))),
		Func:           func(t float64, y, dst []float64) { dst[0] = -1000 * (y[0] - math.Cos(t)) },
		Jacobian:       func(_ float64, _, dst []float64) { dst[0] = -1000 },
		TimeDerivative: func(t float64, _, dst []float64) { dst[0] = -1000 * math.Sin(t) },
	}
	y := []float64{0}
	must(ode.Solve(context.Background(), &ode.Rodas5P{}, p, 0, y, []float64{1}, ode.Settings{}, nil))
	fmt.Printf("%.4f, cos 1 + sin 1/1000 = %.4f\n", y[0], math.Cos(1)+math.Sin(1)/1000)
	// Output: 0.5411, cos 1 + sin 1/1000 = 0.5411
}

// Tolerances are those of one step, relative and absolute.
func ExampleSettings() {
	for _, rtol := range []float64{1e-3, 1e-9} {
		y := []float64{1, 0, 0}
		stats := must(ode.Solve(context.Background(), &ode.Rodas5P{}, robertson(), 0, y, []float64{40}, ode.Settings{RTol: rtol, ATol: 1e-6 * rtol}, nil))
		fmt.Printf("%g: %.4f, fewer than 50 steps: %t\n", rtol, y[0], stats.Steps < 50)
	}
	// Output:
	// 0.001: 0.7158, fewer than 50 steps: true
	// 1e-09: 0.7158, fewer than 50 steps: false
}

// What an integration took. A Rosenbrock method needs one Jacobian and one factorisation for a step.
func ExampleStats() {
	y := []float64{1, 0, 0}
	s := must(ode.Solve(context.Background(), &ode.Rodas5P{}, robertson(), 0, y, []float64{40}, ode.Settings{}, nil))
	fmt.Println(s.Jacobians <= s.Steps+1, s.Factorizations == s.Steps+s.Rejected, s.Solves >= 8*s.Steps)
	// Output: true true true
}

// An integration that ends early says where and why.
func ExampleError() {
	y := []float64{1, 0, 0}
	_, err := ode.Solve(context.Background(), &ode.Rodas5P{}, robertson(), 0, y, []float64{1e6}, ode.Settings{MaxSteps: 10}, nil)
	var stopped *ode.Error
	fmt.Println(errors.As(err, &stopped), errors.Is(err, ode.ErrMaxSteps), stopped.Time > 0)
	// Output: true true true
}

// A good order of elimination fills few of the empty places: an arrow stays an arrow.
func ExamplePattern() {
	var entries [][2]int
	for i := 1; i < 100; i++ {
		entries = append(entries, [2]int{0, i}, [2]int{i, 0})
	}
	p := must(ode.NewPattern(100, entries))
	last, first := ode.Markowitz(p, nil), make([]int, 100)
	for i := range first {
		first[i] = i
	}
	fill := func(order []int) int { n, _ := p.Fill(order); return n }
	fmt.Println(p.NonZeros(), fill(last), fill(first))
	// Output: 298 298 10000
}

// The structure of a problem is analysed once and shared by all that differ in numbers alone.
func ExampleStructure() {
	s := must(ode.NewStructure(ode.Dense(3)))
	fmt.Println(s.Dim(), s.Pattern().NonZeros())
	// Output: 3 9
}

// An invariant is kept to rounding.
func ExampleInvariant() {
	y := []float64{1, 0, 0}
	must(ode.Solve(context.Background(), &ode.Rodas5P{}, robertson(), 0, y, []float64{1e6}, ode.Settings{}, nil))
	fmt.Println(math.Abs(y[0]+y[1]+y[2]-1) < 1e-14)
	// Output: true
}
