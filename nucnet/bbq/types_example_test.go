package bbq_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"nuclab/nucnet/bbq"
	"nuclab/nucnet/nuclide"
)

// inlist reads the text of an inlist.
func inlist(text string) *bbq.Inlist {
	in, err := bbq.ParseInlist("inlist", text)
	if err != nil {
		log.Fatal(err)
	}
	return in
}

// Keys of an inlist become fields; what is asked for in vain is named.
func ExampleInlist() {
	in := inlist("&bbq net_name='mesa_80', use_profile=.true., eps=1d-7 /\n&nuclear screening_mode='salpeter' /")
	fmt.Println(in.NetName, in.Mode, in.Eps, in.Screening, len(in.Warnings))

	_, err := bbq.ParseInlist("inlist", "&bbq\n eps = small\n/")
	fmt.Println(errors.Is(err, bbq.ErrSyntax), err)
	// Output:
	// mesa_80 use_profile 1e-07 salpeter 0
	// true bbq: inlist:2: malformed: bbq: eps: "small" is not a number
}

// The first of these keys that an inlist sets decides what is done.
func ExampleMode() {
	for _, m := range []bbq.Mode{bbq.FromFile, bbq.FromRandom, bbq.OnProfile, bbq.InHydrostat} {
		fmt.Println(m)
	}
	// Output:
	// use_input_file
	// use_random_sampling
	// use_profile
	// use_hydrostatic
}

// Samples from a file hold a time, a temperature, a density and, unless it is uniform, a composition.
func ExampleSampling() {
	in := inlist("&bbq use_input_file=.true. /\n&sampling input_filename='zones', uniform_composition=.true. /")
	fmt.Println(in.Sampling.InputFilename, in.Sampling.UniformComposition)
	// Output: zones true
}

// A profile may be run through several times, back and forth.
func ExampleProfile() {
	in := inlist("&bbq use_profile=.true. /\n&profile reflective_boundaries=.true., num_loops=3 /")
	fmt.Println(in.Profile.ReflectiveBoundaries, in.Profile.NumLoops)
	// Output: true 3
}

// Steps are linear in time or in its logarithm. Each is the length of one burn.
func ExampleHydrostatic() {
	in := inlist("&bbq use_hydrostatic=.true. /\n&hydrostatic min_time=-3, max_time=0, num_times=4, log_time=.true. /")
	for _, dt := range in.Hydrostatic.Steps() {
		fmt.Printf("%.3g s\n", dt)
	}
	// Output:
	// 0.001 s
	// 0.01 s
	// 0.1 s
	// 1 s
}

// Rates of single reactions are scaled by MESA's names for them.
func ExampleSpecialFactor() {
	in := inlist("&bbq use_input_file=.true. /\n&nuclear num_special_rate_factors=1, reaction_for_special_factor(1)='r_c12_ag_o16', special_rate_factor(1)=1.5 /")
	for _, f := range in.SpecialFactors {
		fmt.Println(f.Reaction, f.Factor)
	}
	// Output: r_c12_ag_o16 1.5
}

// What an inlist does not say: which release of MESA to imitate, and how.
func ExampleOptions() {
	in := inlist("&bbq net_name='mesa_80', use_input_file=.true. /")
	for _, opt := range []bbq.Options{{}, {DetailedBalance: "correct", Solver: "bdf"}, {DetailedBalance: "r1"}} {
		_, err := bbq.New(in, opt)
		fmt.Println(err == nil)
	}
	// Output:
	// true
	// true
	// false
}

// A zone is a state and how long it burns.
func ExampleZone() {
	r, err := bbq.New(inlist("&bbq use_input_file=.true. /"), bbq.Options{})
	if err != nil {
		log.Fatal(err)
	}
	x := make([]float64, r.Network().Len())
	x[r.Network().Index(nuclide.Alpha)] = 1
	_, err = r.Burn(context.Background(), bbq.Zone{Time: 1, LogT: 12, LogRho: 8, X: x})
	fmt.Println(errors.Is(err, bbq.ErrZone))
	// Output: true
}

// Mass fractions are those of BBQ's files: none below 1e-30, with a sum of one.
func ExampleBurnt() {
	r, err := bbq.New(inlist("&bbq use_input_file=.true., eps=1d-6 /"), bbq.Options{})
	if err != nil {
		log.Fatal(err)
	}
	x := make([]float64, r.Network().Len())
	x[r.Network().Index(nuclide.Alpha)] = 1
	b, err := r.Burn(context.Background(), bbq.Zone{Time: 1e-6, LogT: 9.4, LogRho: 6, X: x})
	if err != nil {
		log.Fatal(err)
	}
	least := 1.0
	for _, x := range b.X {
		least = min(least, x)
	}
	fmt.Printf("least X = %.0e, energy released: %t\n", least, b.EpsNuc > 0)
	// Output: least X = 1e-30, energy released: true
}
