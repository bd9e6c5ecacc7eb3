package rate

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/nuclide/table"
	"nuclab/nucnet/rate/data"
	"nuclab/nucnet/rate/reaclib"
)

// Library holds fits and weak tables to look reactions up in. It does not change once made and may be used concurrently.
type Library struct {
	sets []reaclib.Set // in the order of keys
	keys []reaclib.Key
	weak map[[2]reaclib.Code]*namedTable // parent and daughter
	user map[reaclib.Key][]reaclib.Set   // fits that stand in for those of sets, nil if there are none
}

// Default returns the library of the embedded data: REACLIB default2 of 2025-03-30, and the weak rates of Langanke &
// Martinez-Pinedo (2001, ADNDT 79, 1), Oda et al. (1994, ADNDT 56, 231) and Fuller, Fowler & Newman (1982, ApJ 252, 715),
// the first that has a pair. It is decoded when first asked for. An error means that the program file is damaged.
func Default() (*Library, error) { return defaultLibrary() }

var defaultLibrary = sync.OnceValues(func() (*Library, error) {
	if err := nuclide.Load(); err != nil {
		return nil, err
	}
	_, payload, err := table.Decode(data.Reaclib)
	if err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	sets, err := reaclib.Unpack(payload)
	if err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	_, payload, err = table.Decode(data.Weak)
	if err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	weak, err := unpackWeak(payload)
	if err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	l := &Library{sets: sets, keys: make([]reaclib.Key, len(sets)), weak: weak}
	for i := range sets {
		l.keys[i] = sets[i].Key()
	}
	if !slices.IsSortedFunc(l.keys, reaclib.Key.Compare) {
		return nil, fmt.Errorf("rate: %w: fits are not sorted", table.ErrFormat)
	}
	return l, nil
})

// WithFits returns a library in which fits read from REACLIB-2 text replace those for the same reactions, and for
// their reverses. name stands for the text in errors, which wrap reaclib.ErrSyntax. It also returns the reactions
// replaced or added.
func (l *Library) WithFits(r io.Reader, name string) (*Library, []Reaction, error) {
	sets, _, err := reaclib.Parse(r, name)
	if err != nil {
		return nil, nil, fmt.Errorf("rate: %w", err)
	}
	c, list, err := l.withSets(sets)
	if err != nil {
		return nil, nil, fmt.Errorf("rate: %s: %w", name, err)
	}
	return c, list, nil
}

// Own is a rate of a user's own: coefficients of one or more sets that add up, in the form and units of REACLIB.
type Own struct {
	Reaction
	Label  string // up to four letters that say where it is from; "ec" means that it is to be multiplied by rho Ye
	Coeffs [][7]float64
}

// WithOwn returns a library in which the given rates replace those for the same reactions and for their reverses.
// Errors wrap ErrReaction.
func (l *Library) WithOwn(rates ...Own) (*Library, error) {
	var sets []reaclib.Set
	for _, r := range rates {
		if len(r.Coeffs) == 0 {
			return nil, fmt.Errorf("rate: %s: %w with coefficients", r.Reaction, ErrReaction)
		}
		for _, c := range r.Coeffs {
			for i, a := range c {
				if math.IsNaN(a) || math.IsInf(a, 0) {
					return nil, fmt.Errorf("rate: %s: %w: a%d = %g", r.Reaction, ErrReaction, i, a)
				}
			}
			s, err := reaclib.NewSet(codes(r.In), codes(r.Out), r.Label, c)
			if err != nil {
				return nil, fmt.Errorf("rate: %s: %w: %w", r.Reaction, ErrReaction, err)
			}
			sets = append(sets, s)
		}
	}
	c, _, err := l.withSets(sets)
	if err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	return c, nil
}

func codes(list []nuclide.Nuclide) (c []reaclib.Code) {
	for _, n := range list {
		c = append(c, reaclib.CodeOf(n))
	}
	return c
}

func (l *Library) withSets(sets []reaclib.Set) (*Library, []Reaction, error) {
	c := *l
	c.user = make(map[reaclib.Key][]reaclib.Set)
	for k, v := range l.user {
		c.user[k] = v
	}
	fresh := make(map[reaclib.Key]bool)
	var list []Reaction
	for _, s := range sets {
		k := s.Key()
		if !fresh[k] {
			reaction, err := reactionOf(&s)
			if err != nil {
				return nil, nil, err
			}
			list = append(list, reaction)
			fresh[k] = true
			c.user[k] = nil
			if !fresh[k.Reverse()] {
				c.user[k.Reverse()] = nil
			}
		}
		c.user[k] = append(c.user[k], s)
	}
	return &c, list, nil
}

func reactionOf(s *reaclib.Set) (Reaction, error) {
	var sides [2][]nuclide.Nuclide
	for i, codes := range [][]reaclib.Code{s.In(), s.Out()} {
		for _, c := range codes {
			n, err := nuclide.New(c.Z(), c.A())
			if err != nil {
				return Reaction{}, err
			}
			sides[i] = append(sides[i], n)
		}
	}
	return NewReaction(sides[0], sides[1]), nil
}

// find returns the sets for a key.
func (l *Library) find(k reaclib.Key) []reaclib.Set {
	if sets, ok := l.user[k]; ok {
		return sets
	}
	i, ok := slices.BinarySearchFunc(l.keys, k, reaclib.Key.Compare)
	if !ok {
		return nil
	}
	j := i
	for j < len(l.keys) && l.keys[j] == k {
		j++
	}
	return l.sets[i:j]
}

// fits returns the fits of the sets for k that keep lets through, and their labels.
func (l *Library) fits(k reaclib.Key, keep func(*reaclib.Set) bool) (fits []reaclib.Fit, label string) {
	sets := l.find(k)
	for i := range sets {
		if keep(&sets[i]) {
			fits = append(fits, sets[i].Fit)
			label = joinLabel(label, sets[i].Label)
		}
	}
	return fits, label
}

func joinLabel(label, more string) string {
	switch {
	case label == "":
		return more
	case slices.Contains(strings.Split(label, "+"), more):
		return label
	}
	return label + "+" + more
}

func keyOf(r Reaction) reaclib.Key {
	var in, out [maxSide]reaclib.Code
	for i, n := range r.In {
		in[i] = reaclib.CodeOf(n)
	}
	for i, n := range r.Out {
		out[i] = reaclib.CodeOf(n)
	}
	return reaclib.NewKey(in[:len(r.In)], out[:len(r.Out)])
}

// Headers returns origin and hash of every embedded data table: nuclides, fits and weak rates of both kinds.
func Headers() ([]table.Header, error) {
	first, err := nuclide.Header()
	if err != nil {
		return nil, fmt.Errorf("rate: %w", err)
	}
	list := []table.Header{first}
	for _, d := range []string{data.Reaclib, data.Weak, data.Suzuki} {
		h, _, err := table.ReadHeader(d)
		if err != nil {
			return nil, fmt.Errorf("rate: %w", err)
		}
		list = append(list, h)
	}
	return list, nil
}
