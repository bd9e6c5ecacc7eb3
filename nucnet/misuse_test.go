package nucnet

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// TestMisuse: whatever a caller hands in, there is an error that can be told apart, and no panic.
func TestMisuse(t *testing.T) {
	ctx := context.Background()
	net, small, zero := stock(t, "mesa_80"), stock(t, "approx21"), &Network{}
	x := pure(t, net, "si28")
	good := State{T: 3e9, Rho: 1e7, X: x}
	at := []float64{1e-9}
	nan := math.NaN()
	track := Trajectory{Time: []float64{0, 1}, T: []float64{3e9, 2e9}, Rho: []float64{1e7, 1e6}}
	unknown := rate.Reaction{In: []nuclide.Nuclide{{}}, Out: []nuclide.Nuclide{{}}}
	capture := parse(t, "c12(a,g)o16")
	of := func(_ any, err error) error { return err }
	for name, c := range map[string]struct {
		do   func() error
		want error // nil: any
	}{
		"stock network without a name": {func() error { return of(Stock("")) }, ErrUnknownNetwork},
		"no nuclides":                  {func() error { return of(New("", nil)) }, ErrMembers},
		"no nuclide at all":            {func() error { return of(New("", []nuclide.Nuclide{{}})) }, nuclide.ErrUnknown},
		"a nuclide twice":              {func() error { return of(New("", []nuclide.Nuclide{nuclide.Alpha, nuclide.Alpha})) }, ErrMembers},
		"prot":                         {func() error { return of(New("", []nuclide.Nuclide{nuclide.Prot})) }, ErrMembers},
		"no file":                      {func() error { return of(ReadNet("", rate.Rules{})) }, nil},
		"zero network":                 {func() error { return of(zero.Burn(ctx, State{}, at, Options{})) }, ErrState},
		"zero network, batch":          {func() error { return of(zero.BurnBatch(ctx, []State{{}}, at, Options{})) }, ErrState},
		"zero network along":           {func() error { return of(zero.BurnAlong(ctx, track, nil, at, Options{})) }, ErrState},
		"zero network, flows":          {func() error { return of(zero.Flows(State{}, Options{})) }, ErrState},
		"zero network, by":             {func() error { return of(zero.By(rate.Rules{})) }, ErrFixed},
		"zero network, vector": {func() error {
			return of(zero.Vector(nuclide.Composition{Nuclides: []nuclide.Nuclide{nuclide.Alpha}, X: []float64{1}}))
		}, ErrNotMember},
		"vector of unlike lengths": {func() error {
			return of(net.Vector(nuclide.Composition{Nuclides: []nuclide.Nuclide{nuclide.Alpha}}))
		}, nuclide.ErrComposition},
		"composition of unlike lengths": {func() error { return of(nuclide.NewComposition([]nuclide.Nuclide{nuclide.Alpha}, nil)) }, nuclide.ErrComposition},
		"composition of NaN":            {func() error { return of(nuclide.NewComposition([]nuclide.Nuclide{nuclide.Alpha}, []float64{nan})) }, nuclide.ErrComposition},
		"no state":                      {func() error { return of(net.Burn(ctx, State{}, at, Options{})) }, ErrState},
		"no mass fractions":             {func() error { return of(net.Burn(ctx, State{T: 3e9, Rho: 1e7}, at, Options{})) }, ErrState},
		"no times":                      {func() error { return of(net.Burn(ctx, good, nil, Options{})) }, ErrTimes},
		"times that fall":               {func() error { return of(net.Burn(ctx, good, []float64{1, 0.5}, Options{})) }, ErrTimes},
		"a time of NaN":                 {func() error { return of(net.Burn(ctx, good, []float64{nan}, Options{})) }, ErrTimes},
		"unknown solver":                {func() error { return of(net.Burn(ctx, good, at, Options{Solver: "euler"})) }, ErrOption},
		"unknown heating":               {func() error { return of(net.Burn(ctx, good, at, Options{Heating: -1})) }, ErrOption},
		"unknown screening":             {func() error { return of(net.Burn(ctx, good, at, Options{Screening: 99})) }, ErrOption},
		"unknown balance":               {func() error { return of(net.Flows(good, Options{DetailedBalance: -3})) }, ErrOption},
		"tolerance of NaN":              {func() error { return of(net.Burn(ctx, good, at, Options{RTol: nan})) }, ErrOption},
		"negative steps":                {func() error { return of(net.Burn(ctx, good, at, Options{MaxSteps: -1})) }, ErrOption},
		"batch with one bad state":      {func() error { return of(net.BurnBatch(ctx, []State{good, {}}, at, Options{})) }, ErrState},
		"no trajectory":                 {func() error { return of(net.BurnAlong(ctx, Trajectory{}, x, at, Options{})) }, ErrTrajectory},
		"trajectory of unlike lengths":  {func() error { return of(net.BurnAlong(ctx, Trajectory{Time: []float64{0}}, x, at, Options{})) }, ErrTrajectory},
		"trajectory of NaN": {func() error {
			return of(net.BurnAlong(ctx, Trajectory{Time: []float64{nan}, T: []float64{1e9}, Rho: []float64{1e7}}, x, at, Options{}))
		}, ErrTrajectory},
		"beyond the trajectory":   {func() error { return of(net.BurnAlong(ctx, track, x, []float64{2}, Options{})) }, ErrTimes},
		"no times on it":          {func() error { return of(net.BurnAlong(ctx, track, x, nil, Options{})) }, ErrTimes},
		"heating on it":           {func() error { return of(net.BurnAlong(ctx, track, x, at, Options{Heating: Isobaric})) }, ErrOption},
		"no trajectory to read":   {func() error { return of(ReadTrajectory("", strings.NewReader(""))) }, ErrTrajectory},
		"without an unknown one":  {func() error { return of(net.Without(unknown)) }, ErrNoReaction},
		"without an empty one":    {func() error { return of(net.Without(rate.Reaction{})) }, ErrNoReaction},
		"scaled by NaN":           {func() error { return of(net.Scaled(nan, capture)) }, ErrOption},
		"own rate of nothing":     {func() error { return of(net.Replace(rate.Own{})) }, rate.ErrReaction},
		"own rate of no nuclides": {func() error { return of(net.Replace(rate.Own{Reaction: unknown, Coeffs: [][7]float64{{}}})) }, rate.ErrReaction},
		"own rate of NaN":         {func() error { return of(net.Replace(rate.Own{Reaction: capture, Coeffs: [][7]float64{{nan}}})) }, rate.ErrReaction},
		"own rate, small network": {func() error { return of(small.Replace(rate.Own{Reaction: capture, Coeffs: [][7]float64{{}}})) }, ErrFixed},
		"fits that are not":       {func() error { _, _, err := net.ReplaceFrom(strings.NewReader("x"), "f"); return err }, nil},
		"a weak name":             {func() error { return of(ParseWeak("")) }, ErrOption},
		"a heating name":          {func() error { return of(ParseHeating("")) }, ErrOption},
		"a reaction of nothing":   {func() error { l, _ := rate.Default(); return of(l.Reaction(rate.Reaction{}, rate.Correct)) }, rate.ErrReaction},
		"a reaction of many": {func() error {
			l, _ := rate.Default()
			return of(l.Reaction(rate.Reaction{In: make([]nuclide.Nuclide, 9), Out: make([]nuclide.Nuclide, 1)}, rate.Correct))
		}, rate.ErrReaction},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("panic: %v", p)
				}
			}()
			if err := c.do(); err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// TestNothingChanged: no reactions are named, so none are changed; and what asks for nothing gets nothing.
func TestNothingChanged(t *testing.T) {
	net := stock(t, "mesa_80")
	for name, change := range map[string]func() (*Network, error){
		"without": func() (*Network, error) { return net.Without() },
		"scaled":  func() (*Network, error) { return net.Scaled(2) },
		"replace": func() (*Network, error) { return net.Replace() },
	} {
		n, err := change()
		if err != nil || len(n.Reactions()) != len(net.Reactions()) {
			t.Errorf("%s: %v, %v", name, n, err)
		}
	}
	zero := &Network{}
	if zero.Len() != 0 || len(zero.Nuclides()) != 0 || len(zero.Reactions()) != 0 || zero.Index(nuclide.Alpha) != -1 || zero.String() == "" || len(zero.Changes()) != 0 {
		t.Errorf("zero network: %v", zero)
	}
	if temperature, density := (&Trajectory{}).At(1); !math.IsNaN(temperature) || !math.IsNaN(density) {
		t.Errorf("no trajectory: %g K, %g g/cm3", temperature, density)
	}
	if from, to := (Flow{}).Ends(); from != to {
		t.Errorf("no flow: from %v to %v", from, to)
	}
	if r, err := net.BurnBatch(context.Background(), nil, []float64{1}, Options{}); err != nil || len(r) != 0 {
		t.Errorf("batch of nothing: %v, %v", r, err)
	}
}

// FuzzReadNet: whatever stands in a .net file, there is a network or an error that tells where.
func FuzzReadNet(f *testing.F) {
	for _, s := range []string{
		"add_isos_and_reactions(\n neut\n h 1 2\n he4 ! helium\n)", "include 'mesa_80.net'", "add_iso(c12)\nremove_iso(c12)",
		"add_isos_and_reactions(he4 c12 o16)\nremove_reaction(r_c12_ag_o16)\nadd_reactions(r_he4_he4_he4_to_c12)", "approx21(cr56)",
		"add_isos(", "add_isos(he 4", "(()", "add_isos(he 4 3000)", "include", "add_isos(he 4 -1)", "add_reactions(r__)", ")(",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := netFile{present: map[nuclide.Nuclide]int{}, reacting: map[nuclide.Nuclide]int{}, named: map[string]bool{}, gone: map[string]bool{}}
		if err := n.read("fuzz.net", text); err != nil {
			if !strings.Contains(err.Error(), "fuzz.net") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if len(n.present) > 100 {
			return // takes long
		}
		if net, err := n.network("fuzz", "fuzz.net", rate.Rules{}); err == nil && net.Len() == 0 {
			t.Errorf("%q: a network of nothing", text)
		}
	})
}
