package nuclide

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrComposition is wrapped by errors about mass fractions that are negative or do not add up to one.
var ErrComposition = errors.New("bad composition")

// SumTolerance is how far the mass fractions of a Composition may add up from one.
const SumTolerance = 1e-6

// Composition is a mixture of nuclides by mass fraction. X[i] belongs to Nuclides[i].
type Composition struct {
	Nuclides []Nuclide
	X        []float64
}

// NewComposition returns the mixture after checking that each mass fraction is finite and not negative, that no
// nuclide comes twice and that they add up to one within SumTolerance. The error wraps ErrComposition.
func NewComposition(nuclides []Nuclide, x []float64) (Composition, error) {
	c := Composition{Nuclides: nuclides, X: x}
	if err := c.check(); err != nil {
		return Composition{}, err
	}
	if s := c.Sum(); math.Abs(s-1) > SumTolerance {
		return Composition{}, fmt.Errorf("nuclide: %w: mass fractions add up to %.9g, want 1", ErrComposition, s)
	}
	return c, nil
}

// ParseComposition reads "si28=0.9,ne22=0.1". It does not look at the sum, so that the caller may Normalize first;
// NewComposition checks it.
func ParseComposition(s string) (Composition, error) {
	var c Composition
	for _, field := range strings.Split(s, ",") {
		name, value, ok := strings.Cut(field, "=")
		if !ok {
			return Composition{}, fmt.Errorf("nuclide: %w: %q: want name=fraction as in si28=0.9", ErrComposition, field)
		}
		n, err := Parse(name)
		if err != nil {
			return Composition{}, err
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return Composition{}, fmt.Errorf("nuclide: %w: %s: %q is not a number", ErrComposition, n, value)
		}
		c.Nuclides = append(c.Nuclides, n)
		c.X = append(c.X, x)
	}
	if err := c.check(); err != nil {
		return Composition{}, err
	}
	return c, nil
}

func (c Composition) check() error {
	if len(c.Nuclides) != len(c.X) {
		return fmt.Errorf("nuclide: %w: %d nuclides but %d mass fractions", ErrComposition, len(c.Nuclides), len(c.X))
	}
	seen := make(map[Nuclide]bool, len(c.X))
	for i, n := range c.Nuclides {
		if x := c.X[i]; !(x >= 0) || math.IsInf(x, 1) {
			return fmt.Errorf("nuclide: %w: X(%s) = %g, want a number from 0 to 1", ErrComposition, n, x)
		}
		if seen[n] {
			return fmt.Errorf("nuclide: %w: %s is named twice", ErrComposition, n)
		}
		seen[n] = true
	}
	return nil
}

// Normalize returns the mixture with its mass fractions divided by their sum.
func (c Composition) Normalize() Composition {
	sum := c.Sum()
	x := make([]float64, len(c.X))
	for i := range x {
		x[i] = c.X[i] / sum
	}
	return Composition{Nuclides: c.Nuclides, X: x}
}

// Sum returns the sum of the mass fractions.
func (c Composition) Sum() float64 {
	var s float64
	for _, x := range c.X {
		s += x
	}
	return s
}

// Y returns the molar abundances X/A in mol/g, in the order of c.Nuclides.
func (c Composition) Y() []float64 {
	y := make([]float64, len(c.X))
	for i, n := range c.Nuclides {
		y[i] = c.X[i] / float64(n.A())
	}
	return y
}

// Fraction returns the mass fraction of n, 0 if it is not in the mixture.
func (c Composition) Fraction(n Nuclide) float64 {
	for i, m := range c.Nuclides {
		if m == n {
			return c.X[i]
		}
	}
	return 0
}

// Moments returns the sums over the mixture that plasma physics asks for.
func (c Composition) Moments() Moments {
	return MomentsOf(c.Nuclides, c.X)
}

// Ye returns the electron fraction, the sum of X Z/A.
func (c Composition) Ye() float64 { return c.Moments().Ye }

// Abar returns the mean mass number, 1 over the sum of Y.
func (c Composition) Abar() float64 { return c.Moments().Abar }

// Zbar returns the mean charge number over all nuclei, neutrons included.
func (c Composition) Zbar() float64 { return c.Moments().Zbar }

// Z2bar returns the mean square charge number over all nuclei, neutrons included.
func (c Composition) Z2bar() float64 { return c.Moments().Z2bar }

// Moments holds means of a mixture by number: Abar = 1/sum Y, Zbar = Abar sum Z Y, Z2bar = Abar sum Z^2 Y, and the
// electron fraction Ye = sum Z Y.
type Moments struct{ Abar, Zbar, Z2bar, Ye float64 }

// MomentsOf returns the moments of mass fractions x of the given nuclides; both have the same length.
func MomentsOf(nuclides []Nuclide, x []float64) Moments {
	var sy, szy, szzy float64
	for i, n := range nuclides {
		y, z := x[i]/float64(n.A()), float64(n.Z())
		sy += y
		szy += z * y
		szzy += z * z * y
	}
	return Moments{Abar: 1 / sy, Zbar: szy / sy, Z2bar: szzy / sy, Ye: szy}
}
