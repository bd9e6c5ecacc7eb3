package rate

import (
	"maps"
	"slices"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate/reaclib"
)

// Rules say which reactions among its members belong to a network, and how weak tables end towards low temperature.
// The zero value stands for the classes of [Library.Links].
type Rules struct {
	// All adds every reaction of REACLIB whose nuclides are all members.
	All bool
	// OneWay adds the three reactions that MESA has without their reverse: t + he3 -> n + p + he4, he3 + li7 -> n + p
	// + 2 he4 and t + be7 -> n + p + 2 he4. They break detailed balance.
	OneWay bool
	// Exothermic gives every strong link the fits of its exothermic direction, as MESA does, even where REACLIB made
	// these by detailed balance, without partition functions, from a measured or computed rate of the other direction.
	Exothermic bool
	// ListedNeutrinos lets neutrinos carry nothing away from weak reactions that have neither a table nor a mean energy
	// in MESA's list, as in MESA. Without it, that energy is estimated.
	ListedNeutrinos bool
	// Suzuki prefers the weak rates of Suzuki, Toki & Nomoto (2016, ApJ 817, 163) for A = 17 to 28, decay and capture
	// together, where log10(rho Ye) is 7 to 11 and log10 T 7 to 9.65. Outside, other tables hold where there are any,
	// and the values at the edge elsewhere.
	Suzuki bool
	// Blend replaces the temperatures at which weak tables give way to constant rates.
	Blend Blend
}

// Blend is where a weak table gives way to the constant rate that holds at low temperature, in units of 1e9 K: up to
// Off that one holds alone, from On the table. Parents with charge number HeavyZ or more have their own temperatures.
// Zero values stand for MESA's: 0.01, 0.02, 0.063, 0.073, 26.
type Blend struct {
	Off, On, HeavyOff, HeavyOn float64
	HeavyZ                     int
}

// of returns where the share of a table for a parent of charge number z begins, and over what T9 it rises to 1.
func (b Blend) of(z int) (from, width float64) {
	pick := func(x, standard float64) float64 {
		if x > 0 {
			return x
		}
		return standard
	}
	off, on := pick(b.Off, 0.01), pick(b.On, 0.02)
	if heavy := b.HeavyZ; z >= heavy && (heavy > 0 || z >= 26) {
		off, on = pick(b.HeavyOff, 0.063), pick(b.HeavyOn, 0.073)
	}
	return off, max(on-off, 1e-9)
}

var oneWay = []string{"t + he3 -> n + p + he4", "he3 + li7 -> n + p + 2 he4", "t + be7 -> n + p + 2 he4"}

func (f *finder) addOneWay() {
	for _, s := range oneWay {
		r, err := ParseReaction(s)
		if err != nil {
			continue
		}
		before := len(f.links.Strong)
		f.add(r)
		if links := f.links.Strong; len(links) > before {
			links[before].OneWay = true
		}
	}
}

// addOwn adds the reactions of a user's own fits.
func (f *finder) addOwn() {
	for _, k := range slices.SortedFunc(maps.Keys(f.library.user), reaclib.Key.Compare) {
		if sets := f.library.user[k]; len(sets) > 0 {
			f.addSet(&sets[0])
		}
	}
}

// addAll adds all that REACLIB has.
func (f *finder) addAll() {
	l := f.library
	for i := range l.sets {
		if i == 0 || l.keys[i] != l.keys[i-1] {
			f.addSet(&l.sets[i])
		}
	}
}

// addSet adds the reaction of a set if its nuclides are members.
func (f *finder) addSet(s *reaclib.Set) {
	var sides [2][]nuclide.Nuclide
	for i, codes := range [][]reaclib.Code{s.In(), s.Out()} {
		for _, c := range codes {
			n, ok := f.byCode[c]
			if !ok {
				return
			}
			sides[i] = append(sides[i], n)
		}
	}
	f.add(NewReaction(sides[0], sides[1]))
}
