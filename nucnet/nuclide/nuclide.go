// Package nuclide knows the nuclides of a reaction network: their names, atomic masses, ground-state
// spins, half-lives and partition functions, and mixtures of them.
//
// Masses, spins and half-lives are those of AME2020 and NUBASE2020 (Wang et al. 2021, Chin. Phys. C 45, 030003;
// Kondev et al. 2021, Chin. Phys. C 45, 030001), partition functions the FRDM ones of Rauscher & Thielemann
// (2000, ADNDT 75, 1). They are embedded in the program and decoded once, when first asked for.
package nuclide

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ErrUnknown is wrapped by the error for a name that is not a nuclide, or is one without a known mass.
var ErrUnknown = errors.New("unknown nuclide")

// Nuclide is a nuclear species, a small comparable value. The zero value is no nuclide.
type Nuclide struct {
	z, a uint16
	prot bool // the second proton species of the small networks
}

// The lightest nuclides, which take part in most reactions.
var (
	Neutron  = Nuclide{z: 0, a: 1}
	Proton   = Nuclide{z: 1, a: 1}
	Deuteron = Nuclide{z: 1, a: 2}
	Triton   = Nuclide{z: 1, a: 3}
	Helium3  = Nuclide{z: 2, a: 3}
	Alpha    = Nuclide{z: 2, a: 4}
	// Prot is a proton that some small networks follow apart from h1: it takes part in photodisintegration and
	// the iron group alone. Its properties are those of the proton.
	Prot = Nuclide{z: 1, a: 1, prot: true}
)

// New returns the nuclide with charge number z and mass number a. The error wraps ErrUnknown if no mass is known.
func New(z, a int) (Nuclide, error) {
	if z >= 0 && z <= MaxZ && a >= 1 && a < 1<<9 {
		n := Nuclide{z: uint16(z), a: uint16(a)}
		if n.known() {
			return n, nil
		}
	}
	if s := Symbol(z); s != "" {
		return Nuclide{}, fmt.Errorf("nuclide: %s%d: %w: no mass in AME2020", s, a, ErrUnknown)
	}
	return Nuclide{}, fmt.Errorf("nuclide: Z=%d A=%d: %w", z, a, ErrUnknown)
}

// Parse reads a nuclide's name in any of the usual spellings and any case: "n", "neut", "p", "h1", "d", "t", "a",
// "alpha", "he4", "Fe56", "28Si", "si-28", and "prot" for the second proton of the small networks. The error wraps
// ErrUnknown.
func Parse(s string) (Nuclide, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	switch name {
	case "n", "neut", "neutron", "n1", "1n": // with A = 1 it cannot be nitrogen
		return Neutron, nil
	case "p", "proton", "h":
		return Proton, nil
	case "prot":
		return Prot, nil
	case "d":
		return Deuteron, nil
	case "t":
		return Triton, nil
	case "a", "alpha":
		return Alpha, nil
	}
	symbol := strings.Trim(name, "0123456789")
	digits := strings.TrimPrefix(name, symbol)
	if symbol != "" && digits == name { // the number comes first
		digits = strings.TrimSuffix(name, symbol)
	}
	symbol = strings.Trim(symbol, "-")
	z, ok := ChargeNumber(symbol)
	if !ok {
		return Nuclide{}, fmt.Errorf("nuclide: %q: %w: want a name like neut, h1, he4 or fe56%s", s, ErrUnknown, similar(s))
	}
	a, err := strconv.ParseUint(digits, 10, 9)
	if err != nil || a == 0 {
		return Nuclide{}, fmt.Errorf("nuclide: %q: %w: want a mass number as in %s%d%s", s, ErrUnknown, symbol, 2*max(z, 1), similar(s))
	}
	n, err := New(z, int(a))
	if err != nil {
		return Nuclide{}, fmt.Errorf("nuclide: %q: %w: no mass in AME2020%s", s, ErrUnknown, similar(s))
	}
	return n, nil
}

// ParseList reads nuclides separated by commas or white space.
func ParseList(s string) ([]Nuclide, error) {
	var list []Nuclide
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' || r == '\r' }) {
		n, err := Parse(f)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// String returns the name in lower case: "neut", "h1", "prot", "fe56"; "" for the zero value.
func (n Nuclide) String() string {
	switch {
	case n == Nuclide{}:
		return ""
	case n == Neutron:
		return "neut"
	case n.prot:
		return "prot"
	}
	return Symbol(n.Z()) + strconv.Itoa(n.A())
}

// Z returns the charge number.
func (n Nuclide) Z() int { return int(n.z) }

// A returns the mass number.
func (n Nuclide) A() int { return int(n.a) }

// N returns the neutron number.
func (n Nuclide) N() int { return int(n.a) - int(n.z) }

// Compare orders nuclides by Z, then A, with h1 before prot: the neutron comes first.
func (n Nuclide) Compare(m Nuclide) int {
	if c := cmp.Or(cmp.Compare(n.z, m.z), cmp.Compare(n.a, m.a)); c != 0 {
		return c
	}
	switch {
	case n.prot == m.prot:
		return 0
	case m.prot:
		return -1
	}
	return 1
}

// Sort orders the list in place by Z, then A, neutron first: the column order of stellar-evolution networks.
func Sort(list []Nuclide) { slices.SortFunc(list, Nuclide.Compare) }

// MarshalText returns the name, so that nuclides can be keys and values in JSON.
func (n Nuclide) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what Parse reads.
func (n *Nuclide) UnmarshalText(b []byte) error {
	m, err := Parse(string(b))
	if err == nil {
		*n = m
	}
	return err
}

// MassExcess returns the atomic mass excess in MeV, NaN for a nuclide without one.
func (n Nuclide) MassExcess() float64 {
	if e := n.entry(); e != nil {
		return e.massExcess
	}
	return math.NaN()
}

// MassEstimated reports whether the mass is missing from AME2020 and was taken from the Q values of REACLIB instead.
func (n Nuclide) MassEstimated() bool {
	e := n.entry()
	return e != nil && e.estimated
}

// Mass returns the atomic mass in u.
func (n Nuclide) Mass() float64 { return float64(n.a) + n.MassExcess()/AtomicMassMeV }

// Binding returns the nuclear binding energy in MeV, Z times the hydrogen atom plus N neutrons less the atom.
func (n Nuclide) Binding() float64 {
	return float64(n.Z())*Proton.MassExcess() + float64(n.N())*Neutron.MassExcess() - n.MassExcess()
}

// Spin returns the statistical weight 2J+1 of the ground state, NaN where neither NUBASE2020 nor FRDM has a J.
func (n Nuclide) Spin() float64 {
	if e := n.entry(); e != nil && e.weight > 0 {
		return float64(e.weight)
	}
	return math.NaN()
}

// HalfLife returns the half-life of the ground state in s, +Inf for a stable one and NaN where none is known.
func (n Nuclide) HalfLife() float64 {
	if e := n.entry(); e != nil {
		return e.halfLife
	}
	return math.NaN()
}

// PartitionFunction returns the nuclear partition function at temperature t (K), normalised to the ground state, and
// the derivative of its natural logarithm in 1/K. The logarithm is linear in t between the tabulated temperatures,
// 0 below 1e7 K and held above 1e10 K. Nuclides without a table, among them all with Z < 8, have 1.
func (n Nuclide) PartitionFunction(t float64) (g, dlng float64) {
	ln, dlng := n.LnPartition(t)
	return math.Exp(ln), dlng
}

// LnPartition is PartitionFunction with the logarithm of the function in place of the function.
func (n Nuclide) LnPartition(t float64) (lng, dlng float64) {
	e := n.entry()
	if e == nil || e.lnG == nil {
		return 0, 0
	}
	grid := partitionGrid()
	if !(t >= grid[0]) {
		return 0, 0
	}
	last := len(grid) - 1
	if t >= grid[last] {
		return e.lnG[last], 0
	}
	i, found := slices.BinarySearch(grid, t)
	if !found {
		i--
	}
	dlng = (e.lnG[i+1] - e.lnG[i]) / (grid[i+1] - grid[i])
	return e.lnG[i] + dlng*(t-grid[i]), dlng
}

// PartitionTemperatures returns the temperatures in K at which partition functions are tabulated.
func PartitionTemperatures() []float64 { return slices.Clone(partitionGrid()) }
