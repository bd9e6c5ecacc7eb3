package reaclib

import (
	"fmt"

	"nuclab/nucnet/nuclide"
)

// Code packs charge and mass number as Z<<9 | A. 0 is no nuclide.
type Code uint16

const massBits = 9

// NewCode returns the code of a charge and a mass number.
func NewCode(z, a int) Code { return Code(z<<massBits | a) }

// CodeOf returns the code of n.
func CodeOf(n nuclide.Nuclide) Code { return NewCode(n.Z(), n.A()) }

// Z returns the charge number.
func (c Code) Z() int { return int(c >> massBits) }

// A returns the mass number.
func (c Code) A() int { return int(c & (1<<massBits - 1)) }

// Names is the most nuclides that a set can hold.
const Names = 6

// Set is one set of coefficients with what it is for.
type Set struct {
	Chapter int         // 1 to 11, gives the number of nuclides on each side
	Nuclide [Names]Code // what goes in, then what comes out, in the order of the file
	Label   string      // source of the fit
	Kind    byte        // 'n' or ' ' not resonant, 'r' resonant, 'w' weak, 's' special
	Reverse bool        // computed from detailed balance without partition functions
	Q       float64     // MeV
	Fit     Fit
}

// chapters holds the number of nuclides on each side for chapters 1 to 11.
var chapters = [...]struct{ in, out int }{
	1: {1, 1}, 2: {1, 2}, 3: {1, 3}, 4: {2, 1}, 5: {2, 2}, 6: {2, 3},
	7: {2, 4}, 8: {3, 1}, 9: {3, 2}, 10: {4, 2}, 11: {1, 4},
}

// NewSet returns a set that is not of REACLIB. Sides hold as many nuclides as one of the chapters does.
func NewSet(in, out []Code, label string, fit Fit) (Set, error) {
	for chapter := 1; chapter < len(chapters); chapter++ {
		if c := chapters[chapter]; c.in == len(in) && c.out == len(out) {
			s := Set{Chapter: chapter, Label: label, Kind: ' ', Fit: fit}
			copy(s.Nuclide[:], in)
			copy(s.Nuclide[c.in:], out)
			return s, s.check()
		}
	}
	return Set{}, fmt.Errorf("%d nuclides in and %d out, which no chapter has", len(in), len(out))
}

// In returns what goes in.
func (s *Set) In() []Code { return s.Nuclide[:chapters[s.Chapter].in] }

// Out returns what comes out.
func (s *Set) Out() []Code {
	c := chapters[s.Chapter]
	return s.Nuclide[c.in : c.in+c.out]
}

// ElectronCapture reports whether the rate is to be multiplied by rho Ye.
func (s *Set) ElectronCapture() bool { return s.Label == "ec" }

func (s *Set) check() error {
	if s.Chapter < 1 || s.Chapter >= len(chapters) {
		return fmt.Errorf("chapter %d, want 1 to %d", s.Chapter, len(chapters)-1)
	}
	c := chapters[s.Chapter]
	a := 0
	for i, n := range s.Nuclide {
		switch {
		case i < c.in:
			a += n.A()
		case i < c.in+c.out:
			a -= n.A()
		case n != 0:
			return fmt.Errorf("more nuclides than the %d of chapter %d", c.in+c.out, s.Chapter)
		}
		if i < c.in+c.out && n.A() == 0 {
			return fmt.Errorf("fewer nuclides than the %d of chapter %d", c.in+c.out, s.Chapter)
		}
	}
	if a != 0 {
		return fmt.Errorf("mass number is not conserved")
	}
	return nil
}
