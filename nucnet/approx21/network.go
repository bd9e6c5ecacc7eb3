package approx21

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// ErrUnknown is wrapped by the error for a name that is not one of the networks.
var ErrUnknown = errors.New("unknown small network")

// variant is what one of the networks has of its own.
type variant struct {
	name, members string
	fake          string // what electron captures on fe56 make
}

var variants = []variant{
	{"approx21", "n h1 prot he3 he4 c12 n14 o16 ne20 mg24 si28 s32 ar36 ca40 ti44 cr48 cr56 fe52 fe54 fe56 ni56",
		"fe56 -> cr56"},
	{"approx21_plus_co56", "n h1 prot he3 he4 c12 n14 o16 ne20 mg24 si28 s32 ar36 ca40 ti44 cr48 cr56 fe52 fe54 fe56 co56 ni56",
		"fe56 -> cr56"},
	{"approx21_cr60_plus_co56", "n h1 prot he3 he4 c12 n14 o16 ne20 mg24 si28 s32 ar36 ca40 ti44 cr48 cr60 fe52 fe54 fe56 co56 ni56",
		"fe56 + 4 neut -> cr60"},
}

// Names lists the networks: approx21 has 21 nuclides with cr56 for neutron-rich matter, approx21_plus_co56 has co56 as
// well, and approx21_cr60_plus_co56 has cr60 in place of cr56.
func Names() []string {
	var list []string
	for _, v := range variants {
		list = append(list, v.name)
	}
	return list
}

// Network is one of the small networks. It does not change once made and may be used concurrently.
type Network struct {
	name    string
	members []nuclide.Nuclide
	library *rate.Library
	named   [named]int // places of the members that rates depend on
	hasCo56 bool
	fake    string
	flows   []Flow
	entries [][2]int
	changes
	*cache
}

// cache holds the rates that a network and what is made of it share.
type cache struct {
	mu    sync.Mutex
	rates map[rate.Balance]*rates
}

// New returns the network of that name, one of [Names]. The error for another name wraps [ErrUnknown].
func New(name string) (*Network, error) {
	i := slices.IndexFunc(variants, func(v variant) bool { return v.name == name })
	if i < 0 {
		return nil, fmt.Errorf("approx21: %q: %w, want one of %s", name, ErrUnknown, strings.Join(Names(), ", "))
	}
	library, err := rate.Default()
	if err != nil {
		return nil, fmt.Errorf("approx21: %w", err)
	}
	n := &Network{name: name, fake: variants[i].fake, library: library, changes: unchanged(),
		cache: &cache{rates: map[rate.Balance]*rates{}}}
	if n.members, err = nuclide.ParseList(variants[i].members); err != nil {
		return nil, fmt.Errorf("approx21: %w", err)
	}
	nuclide.Sort(n.members)
	for k, s := range [named]string{byNeut: "neut", byProt: "prot", byH1: "h1", byHe4: "he4"} {
		n.named[k] = slices.IndexFunc(n.members, func(m nuclide.Nuclide) bool { return m.String() == s })
	}
	n.hasCo56 = slices.ContainsFunc(n.members, func(m nuclide.Nuclide) bool { return m.String() == "co56" })
	r, err := n.ratesFor(rate.Correct)
	if err != nil {
		return nil, fmt.Errorf("approx21: %w", err)
	}
	places := map[[2]int]int{}
	duals := specs[dual](n, r)
	for i, s := range specs[plain](n, r) {
		f, err := n.flow(s, duals[i])
		if err != nil {
			return nil, err
		}
		for _, row := range f.rows {
			for _, col := range f.columns {
				at := [2]int{row.place, col}
				k, ok := places[at]
				if !ok {
					k = len(n.entries)
					places[at] = k
					n.entries = append(n.entries, at)
				}
				f.places = append(f.places, k)
			}
		}
		n.flows = append(n.flows, f)
	}
	return n, nil
}

func (n *Network) ratesFor(b rate.Balance) (*rates, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r := n.rates[b]; r != nil {
		return r, nil
	}
	r, err := newRates(n.library, b)
	if err == nil {
		n.rates[b] = r
	}
	return r, err
}

// Name returns the name of the network.
func (n *Network) Name() string { return n.name }

// Nuclides returns the members, sorted by Z, then A, with h1 before prot. This is the order of abundances.
func (n *Network) Nuclides() []nuclide.Nuclide { return slices.Clone(n.members) }

// Flows returns all net reactions. They are shared and not to be changed.
func (n *Network) Flows() []Flow { return n.flows }

// Entries returns the (row, column) pairs at which the derivatives of the right-hand side by abundances may differ
// from zero. Columns are members; rows are members, followed by the change of the electron fraction and the loss by
// neutrinos.
func (n *Network) Entries() [][2]int { return slices.Clone(n.entries) }

// changeRow and lossRow are the rows behind those of the members.
func (n *Network) changeRow() int { return len(n.members) }
func (n *Network) lossRow() int   { return len(n.members) + 1 }

// Rows returns the number of rows of the right-hand side: the members and two more.
func (n *Network) Rows() int { return len(n.members) + 2 }
