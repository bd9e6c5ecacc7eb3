package nucnet

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"nuclab/nucnet/approx21"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
)

// Errors that callers may want to tell apart with errors.Is.
var (
	ErrUnknownNetwork = errors.New("unknown network")
	ErrMembers        = rate.ErrMembers
	ErrNotMember      = errors.New("not a nuclide of the network")
	ErrState          = errors.New("invalid state")
	ErrTimes          = errors.New("invalid times")
	ErrOption         = errors.New("invalid option")
)

// Network is a list of nuclides with all reactions among them. It does not
// change once made, and many goroutines may burn with it at once.
type Network struct {
	name     string
	members  []nuclide.Nuclide
	index    map[nuclide.Nuclide]int
	a, z     []float64
	dm       []float64         // atomic mass excess, MeV
	recipe   recipe            // of its reactions
	small    *approx21.Network // nil unless it is one of those
	correct  *rate.Links       // with balance Correct, which defines what Reactions lists; nil for a small network
	fill     [2]int            // entries and multiply-subtracts of the factors
	nonzeros int

	mu    sync.Mutex
	links map[rate.Balance]*rate.Links
	plans map[planKey]*plan
}

// New returns the network of the given nuclides, sorted by Z, then A, with all
// reactions that the class rules of package rate find among them. Errors wrap
// [ErrMembers] or nuclide.ErrUnknown.
func New(name string, members []nuclide.Nuclide) (*Network, error) {
	return NewBy(name, members, rate.Rules{})
}

// cook returns a network with the reactions of a recipe.
func cook(name string, members []nuclide.Nuclide, r recipe) (*Network, error) {
	if len(members) == 0 {
		return nil, fmt.Errorf("nucnet: %s: %w: a network needs at least one", name, ErrMembers)
	}
	n := newNetwork(name, members)
	n.recipe = r
	var err error
	if n.correct, err = n.linksFor(rate.Correct); err != nil {
		return nil, fmt.Errorf("nucnet: %s: %w", name, err)
	}
	p, err := ode.NewPattern(len(n.members), n.dependencies(n.correct))
	if err != nil {
		return nil, err
	}
	n.eliminate(p)
	return n, nil
}

func newNetwork(name string, members []nuclide.Nuclide) *Network {
	n := &Network{
		name:    name,
		members: slices.Clone(members),
		index:   map[nuclide.Nuclide]int{},
		links:   map[rate.Balance]*rate.Links{},
		plans:   map[planKey]*plan{},
	}
	nuclide.Sort(n.members)
	for i, m := range n.members {
		n.index[m] = i
		n.a = append(n.a, float64(m.A()))
		n.z = append(n.z, float64(m.Z()))
		n.dm = append(n.dm, m.MassExcess())
	}
	return n
}

// eliminate counts what elimination takes with derivatives by abundances of the
// pattern p.
func (n *Network) eliminate(p *ode.Pattern) {
	n.nonzeros = p.NonZeros()
	n.fill[0], n.fill[1] = p.Fill(ode.Markowitz(p, n.lightest()))
}

// linksFor returns the reactions with reverse rates of the given kind.
func (n *Network) linksFor(b rate.Balance) (*rate.Links, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.links[b]; l != nil {
		return l, nil
	}
	l, err := n.recipe.links(n.members, b)
	if err != nil {
		return nil, err
	}
	n.links[b] = l
	return l, nil
}

// dependencies lists where d(dY_i/dt)/dY_j at fixed screening and weak rates
// may differ from zero.
func (n *Network) dependencies(l *rate.Links) (entries [][2]int) {
	add := func(r rate.Reaction, from []nuclide.Nuclide) {
		change := map[nuclide.Nuclide]int{}
		for _, m := range r.In {
			change[m]--
		}
		for _, m := range r.Out {
			change[m]++
		}
		for m, c := range change {
			if c == 0 {
				continue
			}
			for _, by := range from {
				entries = append(entries, [2]int{n.index[m], n.index[by]})
			}
		}
	}
	for i := range l.Strong {
		r := l.Strong[i].Reaction
		add(r, r.In)
		add(r, r.Out)
	}
	for i := range l.Tables {
		add(l.Tables[i].Reaction, l.Tables[i].In)
	}
	for i := range l.Fits {
		add(l.Fits[i].Reaction, l.Fits[i].In)
	}
	return entries
}

// lightest lists the nuclides with A <= 4: they react with all others, so they
// are eliminated last.
func (n *Network) lightest() []int {
	var list []int
	for i, m := range n.members {
		if m.A() <= 4 {
			list = append(list, i)
		}
	}
	return list
}

// String describes the network in a few words.
func (n *Network) String() string {
	return fmt.Sprintf("%s: %d nuclides, %d reactions", n.name, len(n.members), len(n.Reactions()))
}

// Name returns the name given to New.
func (n *Network) Name() string { return n.name }

// Nuclides returns the members, sorted by Z, then A. This is the order of all
// vectors X.
func (n *Network) Nuclides() []nuclide.Nuclide { return slices.Clone(n.members) }

// Len returns the number of nuclides.
func (n *Network) Len() int { return len(n.members) }

// Index returns the place of a nuclide in vectors X, -1 if it is not a member.
func (n *Network) Index(m nuclide.Nuclide) int {
	if i, ok := n.index[m]; ok {
		return i
	}
	return -1
}

// Vector returns mass fractions in the order of the network. The error wraps
// [ErrNotMember] if the composition holds a nuclide that is not a member.
func (n *Network) Vector(c nuclide.Composition) ([]float64, error) {
	if len(c.X) != len(c.Nuclides) {
		return nil, fmt.Errorf("nucnet: %w: %d nuclides but %d mass fractions", nuclide.ErrComposition, len(c.Nuclides), len(c.X))
	}
	x := make([]float64, len(n.members))
	for i, m := range c.Nuclides {
		k := n.Index(m)
		if k < 0 {
			return nil, n.notMember(m)
		}
		x[k] += c.X[i]
	}
	return x, nil
}

// notMember says that m is no member, and which members have names like it.
func (n *Network) notMember(m nuclide.Nuclide) error {
	names := make([]string, len(n.members))
	for i, m := range n.members {
		names[i] = m.String()
	}
	return fmt.Errorf("nucnet: %s: %w %s%s", m, ErrNotMember, n.name, nearest(nuclide.Similar(m.String(), names)))
}

// JacobianPattern describes the derivatives of dY/dt with respect to Y and
// their sparse factorisation.
type JacobianPattern struct {
	NonZeros          int // entries that may differ from zero
	LUNonZeros        int // the same after factorisation
	MultiplySubtracts int // of one factorisation
}

// Jacobian returns the size of the Jacobian's pattern.
func (n *Network) Jacobian() JacobianPattern {
	return JacobianPattern{n.nonzeros, n.fill[0], n.fill[1]}
}

// Kind says where the rate of a reaction comes from.
type Kind string

// Strong reactions carry a fit, Reverse ones follow from them by detailed
// balance; weak ones have a table or a fit.
const (
	Strong    Kind = "strong"
	Reverse   Kind = "reverse"
	WeakTable Kind = "weak table"
	WeakFit   Kind = "weak fit"
)

// Reaction is one directed reaction of a network.
type Reaction struct {
	rate.Reaction
	Kind   Kind
	Source string  // label in REACLIB, or the name of the table
	Q      float64 // energy released, MeV, from atomic masses
}

// Reactions lists all directed reactions: strong ones each followed by its
// reverse, then weak ones.
//
// Those of a small network are its net reactions. Behind each stand several
// elementary ones, which Source names.
func (n *Network) Reactions() []Reaction {
	if n.small != nil {
		return n.smallReactions()
	}
	l := n.correct
	if l == nil {
		return nil // the zero value, which has no nuclides either
	}
	list := make([]Reaction, 0, l.Directions())
	for i := range l.Strong {
		s := &l.Strong[i]
		list = append(list, Reaction{s.Reaction, Strong, s.Label, s.Q})
		if !s.OneWay {
			list = append(list, Reaction{s.Reaction.Reverse(), Reverse, s.Label, -s.Q})
		}
	}
	for i := range l.Tables {
		t := &l.Tables[i]
		list = append(list, Reaction{t.Reaction, WeakTable, t.Source, t.Q})
	}
	for i := range l.Fits {
		f := &l.Fits[i]
		list = append(list, Reaction{f.Reaction, WeakFit, f.Label, f.Q})
	}
	return list
}
