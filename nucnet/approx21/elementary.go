package approx21

import (
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// link is an elementary strong reaction with its reverse, by its place in elementary.
type link int

// direction is one direction of a link: 2 link forward, 2 link + 1 reverse.
type direction int

func (l link) forward() direction { return direction(2 * l) }
func (l link) reverse() direction { return direction(2*l + 1) }

// Elementary strong links. Those of the first group, members to members, and of the second, by way of nuclides that
// are not followed, run both ways; of the others only the forward direction is used.
const (
	tripleAlpha link = iota
	c12ag
	o16ag
	ne20ag
	mg24ag
	si28ag
	s32ag
	ar36ag
	ca40ag
	ti44ag
	cr48ag
	fe52ag

	mg24ap
	si28ap
	s32ap
	ar36ap
	ca40ap
	ti44ap
	cr48ap
	fe52ap
	al27pg
	p31pg
	cl35pg
	k39pg
	sc43pg
	v47pg
	mn51pg
	co55pg
	fe54pg
	fe52ng
	fe53ng
	fe54ng
	fe55ng
	fe54ap
	fe56pg
	h1ng
	h2pg
	he3ng

	n15pa
	n15pg
	h1h1
	he3he3
	he3ag
	be7pg
	c12pg
	n14pg
	o16pg
	n14ag
	c12c12
	c12o16
	o16o16p
	o16o16a
	links
)

// elementary lists the reactions in the direction that is called forward here, and the analytic rate that stands in
// for REACLIB's fit, if any. Where MESA does not take the reverse of such a rate from detailed balance, it is
// reverse.a T9^(3/2) exp(-reverse.b/T9) times the rate.
var elementary = [links]struct {
	reaction string
	analytic func(t9 float64) float64
	source   string // of analytic
	reverse  ratio
}{
	tripleAlpha: {reaction: "3 he4 -> c12"},
	c12ag:       {reaction: "c12(a,g)o16"},
	o16ag:       {reaction: "o16(a,g)ne20", analytic: nacreO16a.at, source: "nacre", reverse: ratio{5.653e10, 54.886}},
	ne20ag:      {reaction: "ne20(a,g)mg24"},
	mg24ag:      {reaction: "mg24(a,g)si28"},
	si28ag:      {reaction: "si28(a,g)s32"},
	s32ag:       {reaction: "s32(a,g)ar36"},
	ar36ag:      {reaction: "ar36(a,g)ca40"},
	ca40ag:      {reaction: "ca40(a,g)ti44"},
	ti44ag:      {reaction: "ti44(a,g)cr48"},
	cr48ag:      {reaction: "cr48(a,g)fe52"},
	fe52ag:      {reaction: "fe52(a,g)ni56"},

	mg24ap: {reaction: "mg24(a,p)al27"},
	si28ap: {reaction: "si28(a,p)p31"},
	s32ap:  {reaction: "s32(a,p)cl35"},
	ar36ap: {reaction: "ar36(a,p)k39"},
	ca40ap: {reaction: "ca40(a,p)sc43"},
	ti44ap: {reaction: "ti44(a,p)v47"},
	cr48ap: {reaction: "cr48(a,p)mn51"},
	fe52ap: {reaction: "fe52(a,p)co55"},
	al27pg: {reaction: "al27(p,g)si28"},
	p31pg:  {reaction: "p31(p,g)s32"},
	cl35pg: {reaction: "cl35(p,g)ar36"},
	k39pg:  {reaction: "k39(p,g)ca40"},
	sc43pg: {reaction: "sc43(p,g)ti44"},
	v47pg:  {reaction: "v47(p,g)cr48"},
	mn51pg: {reaction: "mn51(p,g)fe52"},
	co55pg: {reaction: "co55(p,g)ni56"},
	fe54pg: {reaction: "fe54(p,g)co55"},
	fe52ng: {reaction: "fe52(n,g)fe53"},
	fe53ng: {reaction: "fe53(n,g)fe54"},
	fe54ng: {reaction: "fe54(n,g)fe55"},
	fe55ng: {reaction: "fe55(n,g)fe56"},
	fe54ap: {reaction: "fe54(a,p)co57"},
	fe56pg: {reaction: "fe56(p,g)co57"},
	h1ng:   {reaction: "h1(n,g)h2", analytic: protonNeutron, source: "skm93", reverse: ratio{4.71e9, 25.82}},
	h2pg:   {reaction: "h2(p,g)he3", analytic: deuteronProton, source: "nacre", reverse: ratio{1.63e10, 63.749}},
	he3ng:  {reaction: "he3(n,g)he4", analytic: heliumNeutron, source: "cf88", reverse: ratio{2.61e10, 238.81}},

	n15pa:   {reaction: "n15(p,a)c12"},
	n15pg:   {reaction: "n15(p,g)o16"},
	h1h1:    {reaction: "h1 + h1 -> h2", analytic: nacrePP.at, source: "nacre"},
	he3he3:  {reaction: "he3 + he3 -> he4 + h1 + h1", analytic: nacreHe3He.at, source: "nacre"},
	he3ag:   {reaction: "he3(a,g)be7", analytic: nacreHe3a.at, source: "nacre"},
	be7pg:   {reaction: "be7(p,g)b8", analytic: nacreBe7p.at, source: "nacre"},
	c12pg:   {reaction: "c12(p,g)n13", analytic: nacreC12p.at, source: "nacre"},
	n14pg:   {reaction: "n14(p,g)o15", analytic: nacreN14p.at, source: "nacre"},
	o16pg:   {reaction: "o16(p,g)f17", analytic: oxygenProton, source: "nacre"},
	n14ag:   {reaction: "n14(a,g)f18"},
	c12c12:  {reaction: "c12 + c12 -> he4 + ne20", analytic: carbonCarbon, source: "cf88"},
	c12o16:  {reaction: "c12 + o16 -> he4 + mg24", analytic: carbonOxygen, source: "cf88"},
	o16o16p: {reaction: "o16 + o16 -> h1 + p31"},
	o16o16a: {reaction: "o16 + o16 -> he4 + si28"},
}

// ratio of a reverse rate to the forward one: a T9^(3/2) exp(-b/T9).
type ratio struct{ a, b float64 }

// Weak rates, by their places in what EvalWeak fills.
const (
	weakNi56 = iota // ni56 -> co56, table
	weakCo56        // co56 -> fe56, table
	weakBe7         // be7 -> li7, fit
	weakProton
	weakNeutron
	weakRates
)

// rates holds the elementary reactions of one kind of detailed balance. It does not change once made.
type rates struct {
	reactions [links]rate.Reaction // in the direction that is called forward
	strong    *rate.Links          // in the order of their parent, with one more for every link that REACLIB lacks
	place     [links]int           // of a link in strong
	flip      [links]bool          // strong has it the other way around
	source    [links]string
	weak      *rate.Links // two tables and the fits of be7
	cold      [2]float64  // what the tables pass over to at low temperature, 1/s
}

// Decays at low temperature, 1/s.
var cold = [...]float64{weakNi56: math.Ln2 / 5.27e5, weakCo56: math.Ln2 / 6.663e6}

func newRates(l *rate.Library, balance rate.Balance) (*rates, error) {
	var wanted [links]rate.Reaction
	var members []nuclide.Nuclide
	for i, e := range elementary {
		r, err := rate.ParseReaction(e.reaction)
		if err != nil {
			return nil, err
		}
		wanted[i] = rate.NewReaction(r.In, r.Out)
		members = append(members, r.In...)
		members = append(members, r.Out...)
	}
	nuclide.Sort(members)
	members = slices.Compact(members)
	// MESA's releases differ from it in the direction that a fit is taken from as well; the small networks are theirs.
	all, err := l.LinksBy(members, balance, rate.Rules{Exothermic: balance != rate.Correct})
	if err != nil {
		return nil, err
	}
	r := &rates{reactions: wanted, strong: &rate.Links{Members: members, Balance: balance}}
	for i, w := range wanted {
		k := slices.IndexFunc(all.Strong, func(s rate.Link) bool {
			return s.String() == w.String() || s.Reverse().String() == w.String()
		})
		r.place[i] = len(r.strong.Strong)
		switch {
		case k >= 0:
			r.flip[i] = all.Strong[k].String() != w.String()
			r.source[i] = all.Strong[k].Label
			r.strong.Strong = append(r.strong.Strong, all.Strong[k])
		case elementary[i].analytic != nil:
			// A reaction without a fit, here only for the screening of its channels.
			r.strong.Strong = append(r.strong.Strong, rate.Link{Reaction: w})
		default:
			return nil, fmt.Errorf("%s: %w", w, rate.ErrNotFound)
		}
		if elementary[i].analytic != nil {
			r.source[i] = elementary[i].source
		}
	}
	if r.weak, err = weakLinks(l); err != nil {
		return nil, err
	}
	var buffer [3][weakProton]float64
	r.weak.EvalWeak(coldest, 1, buffer[0][:], buffer[1][:], buffer[2][:])
	copy(r.cold[:], buffer[0][:])
	return r, nil
}

// Where a table passes over to the decay at low temperature, K.
const (
	coldest  = 0.063e9
	tabulate = 0.073e9
)

// evalWeak fills lambda with the weak rates of nuclei, and slope with their derivatives by ln(rhoYe). MESA's half-lives
// in this network differ by half a percent from the decays in REACLIB, which package rate passes over to.
func (r *rates) evalWeak(t, rhoYe float64, lambda, slope []float64) {
	var qnu [weakProton]float64
	r.weak.EvalWeak(t, rhoYe, lambda[:weakProton], qnu[:], slope[:weakProton])
	if share := min((tabulate-t)/(tabulate-coldest), 1); share > 0 {
		for i, c := range cold {
			lambda[i] += share * (c - r.cold[i])
		}
	}
}

// weakLinks returns the tables of ni56 and co56 and the fit of be7, in this order.
func weakLinks(l *rate.Library) (*rate.Links, error) {
	list := &rate.Links{}
	for _, s := range []string{"ni56 -> co56", "co56 -> fe56", "be7 -> li7"} {
		r, err := rate.ParseReaction(s)
		if err != nil {
			return nil, err
		}
		found, err := l.Links(slices.Concat(r.In, r.Out), rate.Correct)
		if err != nil {
			return nil, err
		}
		for _, t := range found.Tables {
			if t.String() == s {
				list.Tables = append(list.Tables, t)
			}
		}
		for _, f := range found.Fits {
			if f.String() == s {
				list.Fits = append(list.Fits, f)
			}
		}
	}
	if len(list.Tables) != 2 || len(list.Fits) != 1 {
		return nil, fmt.Errorf("%w: %d weak tables and %d fits, want ni56, co56 and be7", rate.ErrNotFound,
			len(list.Tables), len(list.Fits))
	}
	return list, nil
}

// eval fills raw with the unscreened rates of all directions at temperature t (K) times the powers of the density
// (g/cm3) that they come with.
func (r *rates) eval(t, rho float64, raw *[2 * links]float64) {
	var buffer [2][links]float64
	r.strong.EvalStrong(t, buffer[0][:], buffer[1][:], nil, nil)
	t9 := min(t/1e9, 10)
	for i := range links {
		k := r.place[i]
		s := &r.strong.Strong[k]
		forward, reverse := buffer[0][k], buffer[1][k]
		in, out := len(s.In), len(s.Out)
		if r.flip[i] {
			forward, reverse, in, out = reverse, forward, out, in
		}
		if f := elementary[i].analytic; f != nil && t9 >= 0.01 {
			x := 0.0
			if own := elementary[i].reverse; own.a > 0 && r.strong.Balance != rate.Correct {
				x = own.a * t9 * math.Sqrt(t9) * math.Exp(-own.b/t9)
			} else if forward > 0 {
				x = reverse / forward
			}
			forward = f(t9)
			reverse = x * forward
		}
		raw[i.forward()] = forward * math.Pow(rho, float64(in-1))
		raw[i.reverse()] = reverse * math.Pow(rho, float64(out-1))
	}
}
