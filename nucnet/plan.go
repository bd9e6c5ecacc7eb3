package nucnet

import (
	"cmp"
	"slices"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/ode"
	"nuclab/nucnet/rate"
)

// planKey names what a plan depends on.
type planKey struct {
	balance   rate.Balance
	screening rate.Screening
	weak      Weak
	heated    bool
}

func (o Options) key() planKey {
	return planKey{o.DetailedBalance, o.Screening, o.Weak, o.Heating != NoHeating}
}

// plan is a network compiled for integration: what every burn with the same
// physics shares. The components of the solution are
//
//	Y_i                  molar abundances, mol/g
//	change               of Ye by weak reactions since the start: Ye = Ye(0) + change
//	loss                 energy that neutrinos have carried away, MeV mol/g
//	released             rest-mass energy released since the start, MeV mol/g
//	sums of the plasma   sum Y, and sum Z^2 Y where screening asks for it
//	energy               internal energy or enthalpy, MeV mol/g, where it determines the temperature
//
// The last four kinds make explicit how screening, weak rates and temperature
// depend on the composition: the right-hand side sees it through them alone, so that the
// Jacobian stays sparse and is still exact.
type plan struct {
	net      *Network
	links    *rate.Links    // nil for a small network
	screener *rate.Screener // nil without screening
	n        int            // number of nuclides
	dim      int            // number of components
	change   int
	loss     int
	released int
	sumY     int // -1 without screening and heating
	sumZZ    int // -1 unless screening asks for it
	energy   int // -1 without heating

	pairs  []flow // two nuclides in, one or two out, sorted by partners
	groups []partners
	hot    []pair  // what the innermost loops need of pairs
	places []int32 // of pairs in the values of the Jacobian
	wide   []pair  // those that vector code takes together, with the first of their nuclides
	lanes  []int32 // of pairs among the rates of these: wide x (forward, reverse) x width
	others []flow
	weak   []decay
	plain  []plainDecay // what the innermost loop needs of the first ones
	small  *smallPlan   // nil unless the network is small

	structure *ode.Structure
	jacobian  jacobianPlaces
	pool      chan *worker
}

// flow is a strong link, In -> Out by the forward rate. Unused places of in
// and out hold plan.n, where the workers keep an abundance of 1.
type flow struct {
	link             int // place in links.Strong
	in, out          [4]int32
	nIn, nOut        int
	twins            bool    // two of a kind go in
	forward, reverse float64 // 1/(product of factorials of multiplicities)
	// Places of the enhancement factors of the two directions.
	channelIn, channelOut int32
	// Places in the values of the Jacobian, rows and columns (in..., out...);
	// nil for pairs.
	places []int32
}

// pair is the part of a flow a + b -> c + d that the innermost loops read: the
// heavier nuclides of the two sides and the places of the enhancement factors.
type pair struct{ a, c, in, out uint16 }

// partners are the lighter nuclides b and d that a group of pairs shares, so
// that what concerns them can stay in registers. In captures d is plan.n.
type partners struct {
	b, d     uint16
	from, to int // in pairs
	wide     int // so many of plan.wide
	places   int // of the first pair; each has 8 or, with d, 12
	// Places of the entries of the Jacobian between partners.
	bb, bd, db, dd int
}

// decay is a weak reaction.
type decay struct {
	in, out   [4]int32
	nIn, nOut int
	symmetry  float64
	charge    float64 // change of the sum of charge numbers
	// Places for rows (in..., out..., change, loss), columns (in...).
	places []int32
}

// plainDecay is the part of a decay of one nuclide into one.
type plainDecay struct {
	in, out uint16
	charge  float64
}

// jacobianPlaces holds where dense columns are in the values of the Jacobian:
// row i of the column is at places[i], -1 if it is not there.
type jacobianPlaces struct {
	columns  [4][]int32 // change, sum Y, sum Z^2 Y, energy
	nonzeros int
}

// planFor returns the plan for a kind of physics, made on first use.
func (n *Network) planFor(k planKey) (*plan, error) {
	var links *rate.Links
	if n.small == nil {
		var err error
		if links, err = n.linksFor(k.balance); err != nil {
			return nil, err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.plans[k]; p != nil {
		return p, nil
	}
	p, err := n.newPlan(k, links)
	if err != nil {
		return nil, err
	}
	n.plans[k] = p
	return p, nil
}

func (n *Network) newPlan(k planKey, links *rate.Links) (*plan, error) {
	p := &plan{net: n, links: links, n: len(n.members), sumY: -1, sumZZ: -1, energy: -1}
	p.change, p.loss, p.released = p.n, p.n+1, p.n+2
	p.dim = p.n + 3
	if n.small != nil {
		var err error
		if p.small, err = newSmallPlan(n.small, k); err != nil {
			return nil, err
		}
	}
	if k.screening != rate.Unscreened {
		if p.small != nil {
			p.screener = p.small.screener
		} else {
			p.screener = links.Screener(k.screening)
		}
		p.sumY = p.dim
		p.dim++
		if k.screening != rate.Chugunov {
			p.sumZZ = p.dim
			p.dim++
		}
	}
	if k.heated {
		if p.sumY < 0 {
			p.sumY = p.dim
			p.dim++
		}
		p.energy = p.dim
		p.dim++
	}
	if p.small == nil {
		p.addLinks(k.weak)
	}
	return p, p.build()
}

func (p *plan) addLinks(weak Weak) {
	links := p.links
	for i := range links.Strong {
		f := flow{link: i}
		r := links.Strong[i].Reaction
		f.in, f.nIn, f.forward = p.side(r.In)
		f.out, f.nOut, f.reverse = p.side(r.Out)
		f.twins = f.nIn == 2 && f.in[0] == f.in[1]
		if p.screener != nil {
			f.channelIn, f.channelOut = p.channel(p.screener.Forward[i]), p.channel(p.screener.Reverse[i])
		}
		if f.nIn == 2 && f.nOut <= 2 {
			p.pairs = append(p.pairs, f)
		} else {
			p.others = append(p.others, f)
		}
	}
	slices.SortStableFunc(p.pairs, func(a, b flow) int {
		return cmp.Or(cmp.Compare(b.out[1], a.out[1]), cmp.Compare(a.in[1], b.in[1]))
	})
	for i := range p.pairs {
		f := &p.pairs[i]
		p.hot = append(p.hot, pair{uint16(f.in[0]), uint16(f.out[0]), uint16(f.channelIn), uint16(f.channelOut)})
		b, d := uint16(f.in[1]), uint16(f.out[1])
		if k := len(p.groups) - 1; k < 0 || p.groups[k].b != b || p.groups[k].d != d {
			p.groups = append(p.groups, partners{b: b, d: d, from: i})
		}
		p.groups[len(p.groups)-1].to = i + 1
	}
	p.widen()
	if weak == WeakRates {
		for i := range links.Tables {
			p.weak = append(p.weak, p.newDecay(links.Tables[i].Reaction))
		}
		for i := range links.Fits {
			p.weak = append(p.weak, p.newDecay(links.Fits[i].Reaction))
		}
		for i := 0; i < len(p.weak) && p.weak[i].nIn == 1 && p.weak[i].nOut == 1; i++ {
			d := &p.weak[i]
			p.plain = append(p.plain, plainDecay{uint16(d.in[0]), uint16(d.out[0]), d.charge})
		}
	}
}

// widen groups the pairs of partners that vector code takes together: those whose
// nuclides a and c lie at most width-1 behind the first ones, with the same
// distance and the same enhancement factors. That has gaps, which do not matter.
func (p *plan) widen() {
	p.lanes = make([]int32, len(p.pairs))
	for k := range p.groups {
		g := &p.groups[k]
		var found []pair
		where := make([]int, g.to-g.from) // in found, by pair
		for i, f := range p.hot[g.from:g.to] {
			where[i] = slices.IndexFunc(found, func(o pair) bool {
				return f.a >= o.a && f.a < o.a+width && f.a-o.a == f.c-o.c && f.in == o.in && f.out == o.out
			})
			if where[i] < 0 {
				where[i] = len(found)
				found = append(found, f)
			}
		}
		order := apart(found)
		for i, f := range p.hot[g.from:g.to] {
			at := len(p.wide) + slices.Index(order, where[i])
			p.lanes[g.from+i] = int32(2*width*at + int(f.a-found[where[i]].a))
		}
		for _, i := range order {
			p.wide = append(p.wide, found[i])
		}
		g.wide = len(found)
	}
}

// apart returns an order in which none shares nuclides with the last few before it,
// as far as that goes: what was just written to memory is not ready to be read,
// least of all together with its neighbours.
func apart(list []pair) []int {
	const few = 5
	near := func(x, y uint16) bool { return x < y+width && y < x+width }
	var order []int
	left := make([]int, len(list))
	for i := range left {
		left[i] = i
	}
	for len(left) > 0 {
		best, longest := 0, -1
		for k, i := range left {
			d := 0
			for d < few && (d >= len(order) ||
				!near(list[i].a, list[order[len(order)-1-d]].a) && !near(list[i].c, list[order[len(order)-1-d]].c)) {
				d++
			}
			if d > longest {
				best, longest = k, d
			}
		}
		order = append(order, left[best])
		left = slices.Delete(left, best, best+1)
	}
	return order
}

func (p *plan) side(list []nuclide.Nuclide) (places [4]int32, count int, symmetry float64) {
	for i := range places {
		places[i] = int32(p.n)
	}
	symmetry = 1
	multiplicity := 1.0
	for i, m := range list {
		places[i] = int32(p.net.index[m])
		if multiplicity++; i == 0 || m != list[i-1] {
			multiplicity = 1
		}
		symmetry /= multiplicity
	}
	return places, len(list), symmetry
}

func (p *plan) newDecay(r rate.Reaction) decay {
	var d decay
	d.in, d.nIn, d.symmetry = p.side(r.In)
	d.out, d.nOut, _ = p.side(r.Out)
	for _, m := range r.Out {
		d.charge += float64(m.Z())
	}
	for _, m := range r.In {
		d.charge -= float64(m.Z())
	}
	return d
}

// screened reports whether screening changes the flux of a link.
func (p *plan) screened(link int) bool {
	return p.screener != nil && (p.screener.Forward[link] >= 0 || p.screener.Reverse[link] >= 0)
}

// channel returns the place of an enhancement factor: that of the screener,
// or one beyond for the factor 1.
func (p *plan) channel(c int) int32 {
	if c < 0 {
		return int32(p.screener.Channels)
	}
	return int32(c)
}

// rows lists the components that a reaction changes: entrance, then exit.
func rows(in, out [4]int32, nIn, nOut int) []int32 {
	return append(append([]int32(nil), in[:nIn]...), out[:nOut]...)
}

// build makes the pattern of the Jacobian, the places of all terms in it and
// the structure for the solver.
func (p *plan) build() error {
	var entries [][2]int
	for _, list := range [][]flow{p.pairs, p.others} {
		for i := range list {
			f := &list[i]
			all := rows(f.in, f.out, f.nIn, f.nOut)
			for _, r := range all {
				for _, c := range all {
					entries = append(entries, [2]int{int(r), int(c)})
				}
				if p.screened(f.link) {
					entries = append(entries, [2]int{int(r), p.change}, [2]int{int(r), p.sumY})
					if p.sumZZ >= 0 {
						entries = append(entries, [2]int{int(r), p.sumZZ})
					}
				}
			}
		}
	}
	for i := range p.weak {
		d := &p.weak[i]
		all := append(rows(d.in, d.out, d.nIn, d.nOut), int32(p.change), int32(p.loss))
		for _, r := range all {
			for _, c := range append(d.in[:d.nIn:d.nIn], int32(p.change)) {
				entries = append(entries, [2]int{int(r), int(c)})
			}
		}
	}
	if p.small != nil {
		entries = append(entries, p.small.dependencies(p)...)
	}
	if p.energy >= 0 {
		entries = append(entries, p.denseColumns()...)
	}
	pattern, err := ode.NewPattern(p.dim, entries)
	if err != nil {
		return err
	}
	at := func(r, c int) int32 { return int32(pattern.Index(r, c)) }
	for k := range p.groups {
		p.place(&p.groups[k], pattern)
	}
	for i := range p.others {
		f := &p.others[i]
		all := rows(f.in, f.out, f.nIn, f.nOut)
		for _, r := range all {
			for _, c := range all {
				f.places = append(f.places, at(int(r), int(c)))
			}
		}
	}
	for i := range p.weak {
		d := &p.weak[i]
		all := append(rows(d.in, d.out, d.nIn, d.nOut), int32(p.change), int32(p.loss))
		for _, r := range all {
			for _, c := range d.in[:d.nIn] {
				d.places = append(d.places, at(int(r), int(c)))
			}
		}
	}
	if p.small != nil {
		for _, e := range p.small.net.Entries() {
			p.small.places = append(p.small.places, at(e[0], e[1]))
		}
	}
	column := func(c int) []int32 {
		if c < 0 {
			return nil
		}
		list := make([]int32, p.dim)
		for r := range list {
			list[r] = at(r, c)
		}
		return list
	}
	p.jacobian = jacobianPlaces{
		[4][]int32{column(p.change), column(p.sumY), column(p.sumZZ), column(p.energy)},
		pattern.NonZeros(),
	}
	p.structure, err = ode.NewStructure(pattern, p.invariants()...)
	p.pool = make(chan *worker, 64)
	return err
}

// denseColumns lists the entries of nuclides and integrals in the columns that
// may touch all of them.
func (p *plan) denseColumns() (entries [][2]int) {
	for row := range p.n + 2 {
		for _, column := range []int{p.change, p.sumY, p.sumZZ, p.energy} {
			if column >= 0 {
				entries = append(entries, [2]int{row, column})
			}
		}
	}
	return entries
}

// place finds the entries of a group of pairs.
func (p *plan) place(g *partners, pattern *ode.Pattern) {
	b, d := int(g.b), int(g.d)
	g.places = len(p.places)
	g.bb = pattern.Index(b, b)
	if d != p.n {
		g.bd, g.db, g.dd = pattern.Index(b, d), pattern.Index(d, b), pattern.Index(d, d)
	}
	for _, f := range p.hot[g.from:g.to] {
		a, c := int(f.a), int(f.c)
		list := [][2]int{{a, a}, {a, b}, {a, c}, {b, a}, {b, c}, {c, a}, {c, b}, {c, c}, {a, d}, {c, d}, {d, a}, {d, c}}
		if d == p.n {
			list = list[:8]
		}
		for _, e := range list {
			p.places = append(p.places, int32(pattern.Index(e[0], e[1])))
		}
	}
}

// invariants returns the conservation of baryon number and charge, the
// definitions of the sums and of the energy released, and the conservation of
// energy.
func (p *plan) invariants() []ode.Invariant {
	species := make([]int, p.n)
	mass, charge := make([]float64, p.dim), make([]float64, p.dim)
	sumY, sumZZ := make([]float64, p.dim), make([]float64, p.dim)
	energy, released := make([]float64, p.dim), make([]float64, p.dim)
	alike := true // all nuclides have the same Z/A
	for i := range species {
		species[i] = i
		a, z := p.net.a[i], p.net.z[i]
		mass[i], charge[i], sumY[i], sumZZ[i] = a, z, 1, z*z
		energy[i], released[i] = -p.net.dm[i], -p.net.dm[i]
		alike = alike && z*p.net.a[0] == a*p.net.z[0]
	}
	list := []ode.Invariant{{Weights: mass, Rows: species}}
	if !alike {
		charge[p.change] = -1
		list = append(list, ode.Invariant{Weights: charge, Rows: species})
	}
	energy[p.loss] = -1
	for _, s := range []struct {
		component int
		weights   []float64
	}{{p.sumY, sumY}, {p.sumZZ, sumZZ}, {p.energy, energy}, {p.released, released}} {
		if s.component >= 0 {
			s.weights[s.component] = -1
			list = append(list, ode.Invariant{Weights: s.weights, Rows: []int{s.component}})
		}
	}
	return list
}
