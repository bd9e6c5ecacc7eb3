package nucnet

import (
	"errors"
	"slices"
	"testing"

	"nuclab/nucnet/nuclide"
)

func stock(tb testing.TB, name string) *Network {
	tb.Helper()
	n, err := Stock(name)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// TestStock compares with the counts that MESA's rules give with REACLIB of
// 2025-03-30: nuclides, links, tables, fits, entries of the Jacobian, and for
// the small networks the factorisation with the light nuclides last.
func TestStock(t *testing.T) {
	for _, c := range []struct {
		name                          string
		nuclides, links, tables, fits int
		nonzeros, lu, operations      int
	}{
		{"mesa_80", 80, 280, 38, 8, 1082, 1522, 7331},
		{"mesa_128", 128, 0, 0, 0, 0, 0, 0},
		{"mesa_151", 151, 672, 164, 9, 2366, 4540, 37339},
		{"mesa_201", 201, 919, 238, 18, 3213, 0, 0},
		{"mesa_330", 330, 1710, 404, 110, 5728, 0, 0},
		{"mesa_495", 495, 2597, 408, 258, 8664, 0, 0},
		{"mesa_833", 833, 0, 0, 0, 0, 0, 0},
	} {
		if testing.Short() && c.nuclides > 201 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			n := stock(t, c.name)
			if n.Len() != c.nuclides {
				t.Errorf("%d nuclides, want %d", n.Len(), c.nuclides)
			}
			count := map[Kind]int{}
			for _, r := range n.Reactions() {
				count[r.Kind]++
			}
			if c.links > 0 && (count[Strong] != c.links || count[Reverse] != c.links || count[WeakTable] != c.tables || count[WeakFit] != c.fits) {
				t.Errorf("%v, want %d links both ways, %d tables, %d fits", count, c.links, c.tables, c.fits)
			}
			j := n.Jacobian()
			if c.nonzeros > 0 && j.NonZeros != c.nonzeros {
				t.Errorf("Jacobian with %d entries, want %d", j.NonZeros, c.nonzeros)
			}
			if c.lu > 0 && (j.LUNonZeros != c.lu || j.MultiplySubtracts != c.operations) {
				t.Errorf("factors with %d entries by %d operations, want %d by %d", j.LUNonZeros, j.MultiplySubtracts, c.lu, c.operations)
			}
		})
	}
}

func TestNuclidesOfMesa80(t *testing.T) {
	n := stock(t, "mesa_80")
	for _, name := range []string{"fe55", "h3"} {
		if m, err := nuclide.Parse(name); err != nil || n.Index(m) >= 0 {
			t.Errorf("mesa_80 has %s, which MESA's does not: %v", name, err)
		}
	}
	if first := n.Nuclides()[0]; first != nuclide.Neutron {
		t.Errorf("the first nuclide is %v", first)
	}
	if !slices.IsSortedFunc(n.Nuclides(), nuclide.Nuclide.Compare) {
		t.Error("nuclides are not sorted")
	}
	for i, m := range n.Nuclides() {
		if n.Index(m) != i {
			t.Errorf("Index(%v) = %d, want %d", m, n.Index(m), i)
		}
	}
}

func TestReactionsBalance(t *testing.T) {
	for _, r := range stock(t, "mesa_80").Reactions() {
		a, z := 0, 0
		for _, m := range r.In {
			a, z = a+m.A(), z+m.Z()
		}
		for _, m := range r.Out {
			a, z = a-m.A(), z-m.Z()
		}
		if weak := r.Kind == WeakTable || r.Kind == WeakFit; a != 0 || (z != 0) != weak {
			t.Errorf("%v (%s) changes A by %d and Z by %d", r, r.Kind, -a, -z)
		}
		if r.Source == "" {
			t.Errorf("%v names no source", r)
		}
	}
}

func TestUnknownNetwork(t *testing.T) {
	if _, err := Stock("mesa_81"); !errors.Is(err, ErrUnknownNetwork) {
		t.Errorf("%v, want ErrUnknownNetwork", err)
	}
	if _, err := New("none", nil); err == nil {
		t.Error("a network without nuclides was made")
	}
	fe56, err := nuclide.Parse("fe56")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New("twice", []nuclide.Nuclide{fe56, fe56}); err == nil {
		t.Error("a network with fe56 twice was made")
	}
}

func TestVector(t *testing.T) {
	n := stock(t, "mesa_80")
	c, err := nuclide.ParseComposition("si28=0.9,ne22=0.1")
	if err != nil {
		t.Fatal(err)
	}
	x, err := n.Vector(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range n.Nuclides() {
		if x[i] != c.Fraction(m) {
			t.Errorf("X(%v) = %g, want %g", m, x[i], c.Fraction(m))
		}
	}
	c, err = nuclide.ParseComposition("fe55=1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Vector(c); !errors.Is(err, ErrNotMember) {
		t.Errorf("%v, want ErrNotMember", err)
	}
}
