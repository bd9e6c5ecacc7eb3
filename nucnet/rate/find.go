package rate

import (
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate/reaclib"
)

// special lists the reactions outside the classes of capture and exchange that belong to a network if all their
// nuclides do. It is MESA's list without three that it runs one way only and that so break detailed balance: t + he3
// -> n + p + he4, he3 + li7 -> n + p + 2 he4 and t + be7 -> n + p + 2 he4.
var special = []string{
	"h1 + h1 -> h2", "n + p + p -> p + d", "d + d -> p + t", "d + d -> n + he3", "p + he3 -> he4", "d + d -> he4",
	"d + t -> n + he4", "d + he3 -> p + he4", "t + he3 -> d + he4", "t + t -> n + n + he4", "he3 + he3 -> p + p + he4",
	"li6 -> n + p + he4", "d + li7 -> n + 2 he4", "t + li7 -> n + n + 2 he4", "p + li7 -> d + li6",
	"d + be7 -> p + 2 he4", "n + be7 -> 2 he4", "he3 + be7 -> p + p + 2 he4", "n + be7 -> d + li6",
	"n + be9 -> t + li7", "be9 -> n + 2 he4", "p + be9 -> d + 2 he4", "n + b8 -> p + 2 he4", "n + b11 -> t + be9",
	"n + c11 -> 3 he4", "3 he4 -> c12", "n + n14 -> d + c13", "n + n15 -> d + c14", "he4 + o13 -> p + p + o15",
	"c12 + c12 -> he4 + ne20", "c12 + c12 -> p + na23", "n + mg23 -> c12 + c12", "c12 + o16 -> he4 + mg24",
	"c12 + o16 -> p + al27", "n + si27 -> c12 + o16", "o16 + o16 -> he4 + si28", "c12 + ne20 -> he4 + si28",
	"o16 + o16 -> p + p31", "c12 + ne20 -> p + p31", "o16 + o16 -> n + s31", "c12 + ne20 -> n + s31",
	"he4 + ca36 -> p + p + ca38", "p + b11 -> 3 he4",
	"s27 -> p + p + al25", "ar31 -> p + p + p29", "c9 -> p + 2 he4", "b8 -> 2 he4",
}

// Links returns the reactions among members, found by MESA's rules: capture of n, p and he4 on every nuclide,
// exchange of one of these for another, weak reactions between isobars and with emission of p or he4, and a list of
// others, mostly between light nuclides. Reactions that a user's own fits add are among them. Reactions without rate
// data are left out.
//
// A strong link takes the fits of the direction that REACLIB gives without use of detailed balance; which one that is
// does not depend on the sign of Q. Errors wrap ErrMembers, for members named twice, without a spin, prot, or too
// many, or nuclide.ErrUnknown.
func (l *Library) Links(members []nuclide.Nuclide, kind Balance) (*Links, error) {
	return l.LinksBy(members, kind, Rules{})
}

// LinksBy is Links by other rules.
func (l *Library) LinksBy(members []nuclide.Nuclide, kind Balance, rules Rules) (*Links, error) {
	f, err := newFinder(l, members, kind)
	if err != nil {
		return nil, err
	}
	f.rules = rules
	if rules.Suzuki {
		if f.fine, err = suzuki(); err != nil {
			return nil, err
		}
	}
	sorted := slices.Clone(members)
	nuclide.Sort(sorted)
	for _, x := range sorted {
		f.strongOf(x)
	}
	for _, x := range sorted {
		f.weakOf(x)
	}
	for _, s := range special {
		r, err := ParseReaction(s)
		if err != nil {
			continue // one of its nuclides is unknown, so it is not a member either
		}
		f.add(r)
	}
	if rules.OneWay {
		f.addOneWay()
	}
	f.addOwn()
	if rules.All {
		f.addAll()
	}
	return f.links, nil
}

type finder struct {
	library *Library
	rules   Rules
	fine    map[[2]reaclib.Code]*fineTable
	links   *Links
	place   map[nuclide.Nuclide]int
	byCode  map[reaclib.Code]nuclide.Nuclide
	seen    map[reaclib.Key]bool
}

func newFinder(l *Library, members []nuclide.Nuclide, kind Balance) (*finder, error) {
	if len(members) > maxMembers {
		return nil, fmt.Errorf("rate: %w: %d, want at most %d", ErrMembers, len(members), maxMembers)
	}
	f := &finder{
		library: l,
		links:   &Links{Members: slices.Clone(members), Balance: kind},
		place:   make(map[nuclide.Nuclide]int),
		byCode:  make(map[reaclib.Code]nuclide.Nuclide),
		seen:    make(map[reaclib.Key]bool),
	}
	for i, n := range members {
		switch _, twice := f.place[n]; {
		case n == nuclide.Prot:
			return nil, fmt.Errorf("rate: %w: prot: only the fixed small networks tell it from h1", ErrMembers)
		case twice:
			return nil, fmt.Errorf("rate: %w: %s is named twice", ErrMembers, n)
		case math.IsNaN(n.MassExcess()):
			return nil, fmt.Errorf("rate: %q: %w", n, nuclide.ErrUnknown)
		case math.IsNaN(n.Spin()):
			return nil, fmt.Errorf("rate: %w: %s: spin unknown, which detailed balance needs", ErrMembers, n)
		}
		f.place[n] = i
		f.byCode[reaclib.CodeOf(n)] = n
	}
	return f, nil
}

// zas is a list of charge and mass numbers.
type zas [][2]int

// try adds the reaction if all its nuclides are members.
func (f *finder) try(in, out zas) {
	var sides [2][]nuclide.Nuclide
	for i, list := range [2]zas{in, out} {
		for _, za := range list {
			if za[0] < 0 || za[1] < 1 {
				return
			}
			n, ok := f.byCode[reaclib.NewCode(za[0], za[1])]
			if !ok {
				return
			}
			sides[i] = append(sides[i], n)
		}
	}
	f.add(NewReaction(sides[0], sides[1]))
}

func (f *finder) strongOf(x nuclide.Nuclide) {
	z, a := x.Z(), x.A()
	n, p, he4 := [2]int{0, 1}, [2]int{1, 1}, [2]int{2, 4}
	f.try(zas{{z, a}, n}, zas{{z, a + 1}})
	f.try(zas{{z, a}, p}, zas{{z + 1, a + 1}})
	f.try(zas{{z, a}, he4}, zas{{z + 2, a + 4}})
	f.try(zas{{z, a}, he4}, zas{p, {z + 1, a + 3}})
	f.try(zas{{z, a}, n}, zas{p, {z - 1, a}})
	f.try(zas{{z, a}, he4}, zas{n, {z + 2, a + 3}})
}

func (f *finder) weakOf(x nuclide.Nuclide) {
	z, a := x.Z(), x.A()
	f.try(zas{{z, a}}, zas{{z - 1, a}})
	f.try(zas{{z, a}}, zas{{z + 1, a}})
	f.try(zas{{z, a}}, zas{{1, 1}, {z - 2, a - 1}})
	f.try(zas{{z, a}}, zas{{2, 4}, {z - 3, a - 4}})
}

// add puts a reaction into the links unless it is there, has a nuclide outside the members, or has no data.
func (f *finder) add(r Reaction) {
	for _, n := range slices.Concat(r.In, r.Out) {
		if _, ok := f.place[n]; !ok {
			return
		}
	}
	k := keyOf(r)
	if k == k.Reverse() || f.seen[k] {
		return
	}
	f.seen[k] = true
	if r.Weak() {
		f.addWeak(r)
		return
	}
	f.seen[k.Reverse()] = true
	f.addStrong(r)
}

func (f *finder) addStrong(r Reaction) {
	keep := func(s *reaclib.Set) bool { return f.rules.Exothermic || !s.Reverse }
	if r.Q() < 0 {
		r = r.Reverse()
	}
	fits, label := f.library.fits(keyOf(r), keep)
	if _, own := f.library.user[keyOf(r)]; fits == nil && (!f.rules.Exothermic || own) {
		r = r.Reverse()
		fits, label = f.library.fits(keyOf(r), keep)
	}
	if fits == nil {
		return
	}
	link := Link{Reaction: r, Q: r.Q(), Label: label, fits: fits, balance: newBalance(r, f.links.Balance)}
	for _, n := range r.In {
		link.in = append(link.in, f.place[n])
	}
	for _, n := range r.Out {
		link.out = append(link.out, f.place[n])
	}
	f.links.Strong = append(f.links.Strong, link)
}

func (f *finder) addWeak(r Reaction) {
	k := keyOf(r)
	plain := func(s *reaclib.Set) bool { return !s.ElectronCapture() }
	if len(r.In) == 1 && len(r.Out) == 1 && len(f.library.user[k]) == 0 {
		pair := [2]reaclib.Code{reaclib.CodeOf(r.In[0]), reaclib.CodeOf(r.Out[0])}
		if t, fine := f.library.weak[pair], f.fine[pair]; t != nil || fine != nil {
			w := WeakTable{Reaction: r, Q: r.Q(), fine: fine}
			if t != nil {
				w.Source, w.table = t.source.String(), &t.weakTable
			}
			if fine != nil {
				w.Source = "suzuki"
				f.links.fine = true
			}
			w.tableFrom, w.tableWidth = f.rules.Blend.of(r.In[0].Z())
			fits, _ := f.library.fits(k, plain)
			w.low, w.lowNu = coldRate(r, fits), f.rules.meanNeutrino(r, false)
			f.links.Tables = append(f.links.Tables, w)
			return
		}
	}
	for _, electron := range []bool{false, true} {
		fits, label := f.library.fits(k, func(s *reaclib.Set) bool { return s.ElectronCapture() == electron })
		if fits != nil {
			f.links.Fits = append(f.links.Fits, WeakFit{Reaction: r, Q: r.Q(), QNu: f.rules.meanNeutrino(r, electron),
				Label: label, Electron: electron, fits: fits})
		}
	}
}
