package rate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nuclab/nucnet/nuclide"
)

// ErrReaction is wrapped by errors about text that is not a reaction.
var ErrReaction = errors.New("not a reaction")

// ErrNotFound is wrapped by errors about reactions that have neither a fit nor a table.
var ErrNotFound = errors.New("no rate known")

// ErrMembers is wrapped by errors about a list of nuclides that cannot make a network.
var ErrMembers = errors.New("invalid list of nuclides")

// Reaction is what goes in and what comes out. Both sides are sorted heaviest first, identical nuclides repeated.
type Reaction struct{ In, Out []nuclide.Nuclide }

// NewReaction returns the reaction with both sides sorted. The arguments are not changed.
func NewReaction(in, out []nuclide.Nuclide) Reaction {
	r := Reaction{In: slices.Clone(in), Out: slices.Clone(out)}
	heaviestFirst := func(a, b nuclide.Nuclide) int { return b.Compare(a) }
	slices.SortFunc(r.In, heaviestFirst)
	slices.SortFunc(r.Out, heaviestFirst)
	return r
}

// ParseReaction reads "c12 + he4 -> o16" or "c12(a,g)o16". A "+ gamma" is ignored, as is a g in the short form;
// leptons need not be named. Either side may hold up to four nuclides, also as "3 he4 -> c12". Mass numbers must balance,
// and charges too unless one nuclide decays or captures or two fuse into one. Errors wrap ErrReaction or
// nuclide.ErrUnknown.
func ParseReaction(s string) (Reaction, error) {
	in, out, err := sides(s)
	if err != nil {
		return Reaction{}, err
	}
	r := NewReaction(in, out)
	dz, da := 0, 0
	for _, n := range r.In {
		dz, da = dz-n.Z(), da-n.A()
	}
	for _, n := range r.Out {
		dz, da = dz+n.Z(), da+n.A()
	}
	if da != 0 {
		return Reaction{}, fmt.Errorf("rate: %q: %w: mass number changes by %+d", s, ErrReaction, da)
	}
	if dz < -2 || dz > 1 {
		return Reaction{}, fmt.Errorf("rate: %q: %w: charge changes by %+d", s, ErrReaction, dz)
	}
	return r, nil
}

func sides(s string) (in, out []nuclide.Nuclide, err error) {
	fail := func(why string) ([]nuclide.Nuclide, []nuclide.Nuclide, error) {
		return nil, nil, fmt.Errorf("rate: %q: %w: %s", s, ErrReaction, why)
	}
	left, right, long := strings.Cut(s, "->")
	if !long {
		target, rest, ok1 := strings.Cut(s, "(")
		inner, residual, ok2 := strings.Cut(rest, ")")
		projectile, ejectile, ok3 := strings.Cut(inner, ",")
		if !ok1 || !ok2 || !ok3 {
			return fail("want c12 + he4 -> o16 or c12(a,g)o16")
		}
		left, right = target+"+"+projectile, residual+"+"+ejectile
	}
	if in, err = side(left); err != nil {
		return nil, nil, fmt.Errorf("rate: %q: %w", s, err)
	}
	if out, err = side(right); err != nil {
		return nil, nil, fmt.Errorf("rate: %q: %w", s, err)
	}
	if len(in) == 0 || len(out) == 0 || len(in) > maxSide || len(out) > maxSide {
		return fail("want one to four nuclides on either side")
	}
	return in, out, nil
}

// maxSide is the largest number of nuclides on one side of a reaction, that of REACLIB's chapters.
const maxSide = 4

func side(s string) ([]nuclide.Nuclide, error) {
	var list []nuclide.Nuclide
	for _, word := range strings.Split(s, "+") {
		word = strings.TrimSpace(word)
		count := 1
		if number, name, ok := strings.Cut(word, " "); ok && len(number) == 1 && number[0] >= '1' && number[0] <= '4' {
			count, word = int(number[0]-'0'), strings.TrimSpace(name)
		} else if len(word) == 2 && word[0] >= '2' && word[0] <= '4' && strings.IndexByte("npadt", word[1]) >= 0 {
			count, word = int(word[0]-'0'), word[1:] // 2n, 3a: no nuclide has such a name
		}
		switch strings.ToLower(word) {
		case "g", "gamma", "γ", "e", "e+", "e-", "nu", "":
			continue
		}
		n, err := nuclide.Parse(word)
		if err != nil {
			return nil, err
		}
		for range count {
			list = append(list, n)
		}
		if len(list) > maxSide {
			break
		}
	}
	return list, nil
}

// String writes the reaction as "c12 + he4 -> o16".
func (r Reaction) String() string {
	var b strings.Builder
	for i, n := range r.In {
		if i > 0 {
			b.WriteString(" + ")
		}
		b.WriteString(n.String())
	}
	b.WriteString(" -> ")
	for i, n := range r.Out {
		if i > 0 {
			b.WriteString(" + ")
		}
		b.WriteString(n.String())
	}
	return b.String()
}

// Reverse returns the reaction with its sides exchanged.
func (r Reaction) Reverse() Reaction { return Reaction{In: r.Out, Out: r.In} }

// Q returns the energy released in MeV, from atomic mass excesses.
func (r Reaction) Q() float64 {
	var q float64
	for _, n := range r.In {
		q += n.MassExcess()
	}
	for _, n := range r.Out {
		q -= n.MassExcess()
	}
	return q
}

// Weak reports whether the reaction changes the sum of charge numbers.
func (r Reaction) Weak() bool {
	dz := 0
	for _, n := range r.In {
		dz += n.Z()
	}
	for _, n := range r.Out {
		dz -= n.Z()
	}
	return dz != 0
}
