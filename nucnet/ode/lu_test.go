package ode

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// arrow is the pattern whose elimination in the wrong order fills everything:
// first row, first column and diagonal.
func arrow(tb testing.TB, n int) *Pattern {
	tb.Helper()
	var entries [][2]int
	for i := range n {
		entries = append(entries, [2]int{0, i}, [2]int{i, 0})
	}
	p, err := NewPattern(n, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestMarkowitzKeepsArrowSparse(t *testing.T) {
	const n = 30
	p := arrow(t, n)
	natural := make([]int, n)
	for i := range natural {
		natural[i] = i
	}
	if nonzeros, operations := p.Fill(natural); nonzeros != n*n || operations != (n-1)*n*(2*n-1)/6 {
		t.Errorf("in the natural order %d entries by %d operations, want a full matrix", nonzeros, operations)
	}
	if nonzeros, operations := p.Fill(Markowitz(p, nil)); nonzeros != 3*n-2 || operations != n-1 {
		t.Errorf("in Markowitz's order %d entries by %d operations, want %d by %d", nonzeros, operations, 3*n-2, n-1)
	}
	order := Markowitz(p, []int{7, 3})
	if last := order[n-2:]; last[0]+last[1] != 10 {
		t.Errorf("the last components are %v, want 3 and 7", last)
	}
}

// TestSolve checks c I - A times the solution against the right-hand side, on
// random matrices with and without invariants.
func TestSolve(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		n := 3 + r.IntN(30)
		var entries [][2]int
		for range 3 * n {
			entries = append(entries, [2]int{r.IntN(n), r.IntN(n)})
		}
		p, err := NewPattern(n, entries)
		if err != nil {
			t.Fatal(err)
		}
		var invariants []Invariant
		for range r.IntN(3) {
			w := make([]float64, n)
			for i := range w {
				w[i] = 0.5 + r.Float64()
			}
			invariants = append(invariants, Invariant{Weights: w})
		}
		s, err := NewStructure(p, invariants...)
		if err != nil {
			t.Fatal(err)
		}
		values, y := make([]float64, p.NonZeros()), make([]float64, n)
		for i := range values {
			values[i] = r.NormFloat64()
		}
		for i := range y {
			y[i] = r.ExpFloat64()
		}
		var l linear
		l.init(s, new(Stats))
		l.evaluate(&Problem{Structure: s, Jacobian: func(_ float64, _, dst []float64) { copy(dst, values) }}, 0, y)
		const c = 20
		if err := l.factor(c); err != nil {
			t.Fatal(err)
		}
		b, x := make([]float64, n), make([]float64, n)
		for i := range b {
			b[i] = r.NormFloat64()
		}
		for range 2 { // the second solve takes the path without a check
			copy(x, b)
			if err := l.solve(x, nil); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				sum, want := c*x[i], b[i]
				for e := p.start[i]; e < p.start[i+1]; e++ {
					sum -= values[e] * x[p.cols[e]]
				}
				if k := slices.Index(l.choice.rows, i); k >= 0 {
					sum, want = floats.Dot(l.full[k], x), 0
				}
				if math.Abs(sum-want) > 1e-11 {
					t.Fatalf("row %d of %d: %g, want %g", i, n, sum, want)
				}
			}
		}
	}
}

func TestSingular(t *testing.T) {
	s, err := NewStructure(Dense(2))
	if err != nil {
		t.Fatal(err)
	}
	var l linear
	l.init(s, new(Stats))
	l.evaluate(&Problem{Structure: s, Jacobian: func(_ float64, _, dst []float64) { copy(dst, []float64{1, 0, 0, 1}) }}, 0, []float64{1, 1})
	if err := l.factor(1); err == nil {
		t.Error("1 - 1 was factorised")
	}
}

func TestPattern(t *testing.T) {
	p, err := NewPattern(3, [][2]int{{0, 2}, {2, 0}, {0, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if p.NonZeros() != 5 || p.Index(0, 2) != 1 || p.Index(1, 0) != -1 || p.Index(2, 2) != 4 {
		t.Errorf("%+v", p)
	}
	if _, err := NewPattern(2, [][2]int{{0, 2}}); err == nil {
		t.Error("an entry outside the matrix was taken")
	}
}
