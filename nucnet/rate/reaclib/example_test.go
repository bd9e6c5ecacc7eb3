package reaclib_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"nuclab/nucnet/rate/reaclib"
)

const text = `4
       he4  c12  o16                       mine     7.16192e+00
 6.931472e-01 0.000000e+00 0.000000e+00 0.000000e+00
 0.000000e+00 0.000000e+00 0.000000e+00
`

// Files of REACLIB have fixed columns.
func ExampleSet() {
	sets, _, err := reaclib.Parse(strings.NewReader(text), "mine.txt")
	if err != nil {
		log.Fatal(err)
	}
	s := sets[0]
	fmt.Println(len(s.In()), "to", len(s.Out()), s.Label, s.Q)

	_, _, err = reaclib.Parse(strings.NewReader("99\n\n\n\n"), "other.txt")
	fmt.Println(errors.Is(err, reaclib.ErrSyntax), err)
	// Output:
	// 2 to 1 mine 7.16192
	// true other.txt:1: not in REACLIB format: chapter 99, want 1 to 11
}

// A fit is evaluated from powers of the temperature that all fits share.
func ExampleFit() {
	fit := reaclib.Fit{0, -1} // exp(-1/T9)
	p := reaclib.NewPowers(2)
	lambda, slope := fit.Eval(&p)
	fmt.Printf("%.4f, %.4f\n", lambda, slope)
	// Output: 0.6065, 0.1516
}

func ExamplePowers() {
	p := reaclib.NewPowers(8)
	fmt.Println(p.Cbrt, p.InvCbrt, p.FiveThirds)
	// Output: 2 0.5 32
}

// A code holds charge and mass number.
func ExampleCode() {
	c := reaclib.NewCode(26, 56)
	fmt.Println(c.Z(), c.A())
	// Output: 26 56
}

// Keys compare reactions whatever the order in which their nuclides are named.
func ExampleKey() {
	helium, carbon, oxygen := reaclib.NewCode(2, 4), reaclib.NewCode(6, 12), reaclib.NewCode(8, 16)
	a := reaclib.NewKey([]reaclib.Code{helium, carbon}, []reaclib.Code{oxygen})
	b := reaclib.NewKey([]reaclib.Code{carbon, helium}, []reaclib.Code{oxygen})
	fmt.Println(a == b, a == b.Reverse(), a.Weak())
	// Output: true false false
}
