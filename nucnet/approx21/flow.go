package approx21

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// Flow is a net reaction between members. Its flux, in mol/g/s, counts how often what Text says happens.
type Flow struct {
	Text   string  // "n14 + 1.5 he4 -> ne20"
	Source string  // where the rate comes from, and what the flow passes through
	Q      float64 // MeV released each time, from atomic masses
	QNu    float64 // MeV of it that neutrinos carry away
	TwoWay bool    // there is a reverse

	Tabulated bool // the rate is that of a weak table

	in, out []term
	charge  float64 // change of the sum of charge numbers
	forward drive
	reverse drive
	columns []int // members that the fluxes depend on
	rows    []term
	places  []int // of rows x columns among the entries of the Jacobian
}

// term is a member, or a row of the Jacobian, with a coefficient.
type term struct {
	place       int
	coefficient float64
}

// drive is what makes a flow go: flux = factor x rate x product of the abundances of the members in of. A solver may
// step below zero. If one abundance or several are negative, the flux is: it fills up what is missing, where the plain
// product of two such abundances would use it up ever faster.
type drive struct {
	rate    func(*state[plain]) plain
	dual    func(*state[dual]) dual // the same with derivatives
	factor  float64
	of      []int
	columns []int      // places of of among the flow's columns
	named   [named]int // place of a named abundance that the rate depends on among the columns, -1 where it does not
}

// Weak reports whether the flow changes the sum of charge numbers.
func (f *Flow) Weak() bool { return f.charge != 0 }

// Reaction returns the flow as a reaction of whole nuclides of the network n, and how often it has to happen for that:
// twice where Text has a half.
func (n *Network) Reaction(f *Flow) (r rate.Reaction, times float64) {
	times = 1
	for _, t := range slices.Concat(f.in, f.out) {
		if t.coefficient != float64(int(t.coefficient)) {
			times = 2
		}
	}
	side := func(list []term) (all []nuclide.Nuclide) {
		for _, t := range list {
			all = append(all, slices.Repeat(n.members[t.place:t.place+1], int(times*t.coefficient))...)
		}
		return all
	}
	return rate.NewReaction(side(f.in), side(f.out)), times
}

// spec describes a flow: Text, the rates of its two directions, and what differs from the obvious.
type spec[T number[T]] struct {
	text             string
	source           string
	forward, reverse func(*state[T]) T
	of, reverseOf    string  // members whose abundances multiply the rates, unless those on the left and right side
	factor           float64 // of the forward flux, unless 1
	by               []int   // named abundances that the rates depend on
	nu               float64
	tabulated        bool
}

// flow compiles a spec; d is the same with derivatives.
func (n *Network) flow(s spec[plain], d spec[dual]) (Flow, error) {
	f := Flow{Text: s.text, Source: s.source, QNu: s.nu, TwoWay: s.reverse != nil, Tabulated: s.tabulated}
	left, right, ok := strings.Cut(s.text, " -> ")
	if !ok {
		return f, fmt.Errorf("approx21: %q has no arrow", s.text)
	}
	var err error
	if f.in, err = n.side(left); err != nil {
		return f, err
	}
	if f.out, err = n.side(right); err != nil {
		return f, err
	}
	change := make([]float64, len(n.members))
	for _, t := range f.in {
		change[t.place] -= t.coefficient
	}
	for _, t := range f.out {
		change[t.place] += t.coefficient
	}
	for i, c := range change {
		if c != 0 {
			f.rows = append(f.rows, term{i, c})
			f.charge += c * float64(n.members[i].Z())
			f.Q -= c * n.members[i].MassExcess()
		}
	}
	if f.charge != 0 {
		f.rows = append(f.rows, term{n.changeRow(), f.charge})
	}
	if f.QNu != 0 {
		f.rows = append(f.rows, term{n.lossRow(), f.QNu})
	}
	of, reverseOf := f.in, f.out
	if s.of != "" {
		if of, err = n.side(s.of); err != nil {
			return f, err
		}
	}
	if s.reverseOf != "" {
		if reverseOf, err = n.side(s.reverseOf); err != nil {
			return f, err
		}
	}
	factor := s.factor
	if factor == 0 {
		factor = 1
	}
	f.forward = f.drive(n, s.forward, d.forward, factor, of, s.by)
	if s.reverse != nil {
		f.reverse = f.drive(n, s.reverse, d.reverse, 1, reverseOf, s.by)
	}
	return f, nil
}

// drive adds what a drive depends on to the columns of the flow.
func (f *Flow) drive(n *Network, rate func(*state[plain]) plain, rateDual func(*state[dual]) dual, factor float64, of []term, by []int) drive {
	d := drive{rate: rate, dual: rateDual, factor: factor}
	column := func(member int) int {
		k := slices.Index(f.columns, member)
		if k < 0 {
			k = len(f.columns)
			f.columns = append(f.columns, member)
		}
		return k
	}
	for _, t := range of {
		for range int(t.coefficient) {
			d.of = append(d.of, t.place)
			d.columns = append(d.columns, column(t.place))
		}
	}
	for k := range d.named {
		d.named[k] = -1
		if slices.Contains(by, k) {
			d.named[k] = column(n.named[k])
		}
	}
	return d
}

// side reads "n14 + 1.5 he4".
func (n *Network) side(s string) ([]term, error) {
	var list []term
	for _, field := range strings.Split(s, " + ") {
		t := term{coefficient: 1}
		if count, name, ok := strings.Cut(field, " "); ok {
			var err error
			if t.coefficient, err = strconv.ParseFloat(count, 64); err != nil {
				return nil, fmt.Errorf("approx21: %q: %w", s, err)
			}
			field = name
		}
		m, err := nuclide.Parse(field)
		if err != nil {
			return nil, fmt.Errorf("approx21: %q: %w", s, err)
		}
		if t.place = slices.Index(n.members, m); t.place < 0 {
			return nil, fmt.Errorf("approx21: %q: %s is not a member of %s", s, m, n.name)
		}
		list = append(list, t)
	}
	return list, nil
}

// flux returns the flux that the drive makes, 0 if it is none.
func (d *drive) flux(s *state[plain], y []float64) float64 {
	if d.rate == nil {
		return 0
	}
	x, sign := d.factor*float64(d.rate(s)), 1.0
	for _, i := range d.of {
		if v := y[i]; v < 0 {
			x, sign = x*-v, -1
		} else {
			x *= v
		}
	}
	return sign * x
}

// gradient adds the derivatives of scale times the flux by the flow's columns, and by the means of the plasma.
func (d *drive) gradient(s *state[dual], y []float64, scale float64, columns []float64, plasma *[3]float64) {
	if d.dual == nil {
		return
	}
	rate := d.dual(s)
	scale *= d.factor
	all := scale
	for _, i := range d.of {
		if y[i] < 0 {
			all = -scale
		}
	}
	for j, column := range d.columns {
		others := all * rate.v
		if y[d.of[j]] < 0 {
			others = -others
		}
		for k, i := range d.of {
			if k != j {
				others *= math.Abs(y[i])
			}
		}
		columns[column] += others
	}
	for _, i := range d.of {
		all *= math.Abs(y[i])
	}
	for k, column := range d.named {
		if column >= 0 {
			columns[column] += all * rate.d[k]
		}
	}
	for k := range plasma {
		plasma[k] += all * rate.d[byYe+k]
	}
}
