package bbq

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/rate"
)

func TestInlistDefaults(t *testing.T) {
	in, err := ParseInlist("some/inlist", "&bbq use_profile=T /")
	if err != nil {
		t.Fatal(err)
	}
	want := &Inlist{File: "some/inlist", Dir: "some", Mode: OnProfile, NetName: "approx21.net", Eps: 1e-8, Odescal: 1e-10,
		MaxSteps: 1000000, IsoListFilename: "isos.txt", WeakRateFactor: 1, FakeFactor: 1e-7, FakeFrom: 3e9,
		Random: Random{NumSamples: 1, LogTime: [2]float64{0, 1}, LogTemp: [2]float64{0, 1}, LogRho: [2]float64{0, 1},
			LogXa: [2]float64{0, 1}, NeutProtLimitFrac: 0.05, Seed: 42, SyncFreq: -1},
		Profile: Profile{ReflectiveBoundaries: true, NumLoops: 1}, Hydrostatic: Hydrostatic{NumTimes: -1}}
	if a, b := fmt.Sprintf("%+v", in), fmt.Sprintf("%+v", want); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

// Every key of BBQ's default inlists is known, and its default gives no warning.
func TestInlistKnowsAllKeys(t *testing.T) {
	const text = `
&bbq
 net_name='approx21.net', max_steps=1000000, eps=1d-8, odescal=1d-10, stptry=0, use_input_file=.true.
 use_random_sampling=.false., use_profile=.false., use_hydrostatic=.false., just_write_isos=.false.
 write_iso_list=.false., iso_list_filename='isos.txt' /
&sampling input_filename='', output_filename='', uniform_composition=.false. /
&random
 output_starting_filename='', output_ending_filename='', num_samples=1, log_time_min=0, log_time_max=1
 log_temp_min=0, log_temp_max=1, log_rho_min=0, log_rho_max=1, log_xa_min=0, log_xa_max=1
 neut_prot_limit_frac=0.05, seed=42, sync_freq=-1, restartable=.false. /
&profile
 input_filename='', input_composition_filename='', output_filename='', reflective_boundaries=.true., num_loops=1
 write_comp_every_loop=.false., restart_from=-1 /
&hydrostatic
 times_from_file=.false., min_time=0, max_time=0, num_times=-1, log_time=.false., logT=0, logRho=0
 input_filename='', output_filename='', input_composition_filename='' /
&nuclear
 num_special_rate_factors=0, reaction_for_special_factor(:)='', special_rate_factor(:)=1, filename_of_special_rate(:)=''
 use_3a_fl87=.false., net_reaction_filename='reactions.list', jina_reaclib_filename='', jina_reaclib_min_T9=-1
 rate_tables_dir='rate_tables', rate_cache_suffix='0', T9_weaklib_full_off=0.01d0, T9_weaklib_full_on=0.02d0
 weaklib_blend_hi_Z=26, T9_weaklib_full_off_hi_Z=0.063d0, T9_weaklib_full_on_hi_Z=0.073d0
 use_suzuki_weak_rates=.false., use_special_weak_rates=.false.
 special_weak_states_file='special_weak_rates.states', special_weak_transitions_file='special_weak_rates.transitions'
 ion_coulomb_corrections='none', electron_coulomb_corrections='none', net_logTcut_lo=-1, net_logTcut_lim=-1
 max_logT_for_net=10.2d0, screening_mode='chugunov', fe56ec_fake_factor=1d-7, min_T_for_fe56ec_fake_factor=3d9
 warn_rates_for_high_temp=.true., max_safe_logT_for_rates=10d0, weak_rate_factor=1 /
&eos
/
`
	in, err := ParseInlist("inlist", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Warnings) != 0 {
		t.Errorf("warnings %q", in.Warnings)
	}
}

func TestInlistWarnings(t *testing.T) {
	const text = `&bbq
 use_input_file = .true.
 use_profile = .true.
 colour = 'red'
/
&sampling input_filename='a', output_filename='b' /
&nuclear
 use_3a_fl87 = .true.
 filename_of_special_rate(1) = 'r_c12_ag_o16_kunz.txt'
 screening_mode = ''
/
&eos use_FreeEOS = .false.
/
&pgstar x = 1
/
`
	in, err := ParseInlist("inlist", text)
	if err != nil {
		t.Fatal(err)
	}
	if in.Mode != FromFile || in.Screening != rate.Unscreened {
		t.Errorf("mode %v, screening %v", in.Mode, in.Screening)
	}
	for _, want := range []string{"inlist:4: bbq: unknown key colour", "inlist:8: nuclear: use_3a_fl87 = .true.",
		"inlist:9: nuclear: filename_of_special_rate = r_c12_ag_o16_kunz.txt", "inlist:12: eos: use_freeeos",
		"inlist:14: unknown namelist &pgstar", "use_profile is left out"} {
		if !slices.ContainsFunc(in.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("%q is not among the warnings %q", want, in.Warnings)
		}
	}
	if len(in.Warnings) != 6 {
		t.Errorf("%d warnings, want 6: %q", len(in.Warnings), in.Warnings)
	}
}

func TestBadInlists(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "no namelist &bbq",
		"&sampling /":                           "no namelist &bbq",
		"&bbq\n/":                               "no mode",
		"&bbq\n use_profile = 3/":               "f:2: malformed: bbq: use_profile",
		"&bbq use_profile=T\n eps = 'small'\n/": "f:2:",
		"&bbq use_profile=T\n eps = 1, 2\n/":    "f:2:",
		"&bbq use_profile=T\n eps = 2\n/":       "eps",
		"&bbq use_profile=T\n net_name = mesa_80\n/":                     "f:2:",
		"&bbq use_profile=T\n max_steps = 1.5\n/":                        "f:2:",
		"&bbq use_profile=T\n":                                           "f:1:",
		"&bbq use_profile=T /\n&nuclear\n screening_mode='deep' /":       "f:3:",
		"&bbq use_profile=T /\n&nuclear num_special_rate_factors = 21 /": "at most 20",
		"&bbq use_profile=T /\n&nuclear num_special_rate_factors = 1\n reaction_for_special_factor(1)='r_c12_ag_o16', special_rate_factor(1)=-1 /": "f:3:",
	} {
		_, err := ParseInlist("f", text)
		if !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

// The defaults imitate MESA r23.05.1, with its one-way reaction.
func TestRunnerPhysics(t *testing.T) {
	runner := func(nuclear string, o Options) (*Runner, error) {
		in, err := ParseInlist(filepath.Join(t.TempDir(), "inlist"),
			"&bbq net_name='mesa_80.net', use_profile=T, eps=1d-6, odescal=1d-3, max_steps=77 /\n&nuclear "+nuclear+" /")
		if err != nil {
			t.Fatal(err)
		}
		return New(in, o)
	}
	r, err := runner("", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Network().Reactions()); n != 607 {
		t.Errorf("%d reactions, want MESA's 607", n)
	}
	if b := r.burn; b.DetailedBalance != rate.R2305 || b.RTol != 1e-6 || math.Abs(b.ATol/1e-9-1) > 1e-12 || b.MaxSteps != 77 || b.Screening != rate.Chugunov {
		t.Errorf("options %+v", b)
	}
	if r, err = runner("screening_mode='extended'", Options{DetailedBalance: "r2604"}); err != nil || r.burn.DetailedBalance != rate.R2604 || r.burn.Screening != rate.Extended {
		t.Errorf("%v, %v", r, err)
	}
	if r, err = runner("use_suzuki_weak_rates=.true.", Options{}); err != nil || !slices.ContainsFunc(r.Network().Reactions(), func(x nucnet.Reaction) bool { return x.Source == "suzuki" }) {
		t.Errorf("no rates of Suzuki et al.: %v, %v", r, err)
	}
	if r, err = runner("", Options{DetailedBalance: "correct"}); err != nil || len(r.Network().Reactions()) != 606 {
		t.Errorf("%v, %v", r, err)
	}
	for _, o := range []Options{{DetailedBalance: "r1"}, {Solver: "magic"}} {
		if _, err := runner("", o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := runner("num_special_rate_factors=1, reaction_for_special_factor(1)='r_fe56_pg_co57'", Options{}); !errors.Is(err, nucnet.ErrNoReaction) {
		t.Errorf("a factor on a reaction that is not there: %v", err)
	}
}

// Factors act on the named direction alone, weak_rate_factor on all weak reactions.
func TestFactors(t *testing.T) {
	flows := func(nuclear string) map[string][2]float64 {
		t.Helper()
		in, err := ParseInlist(filepath.Join(t.TempDir(), "inlist"), "&bbq net_name='mesa_80.net', use_profile=T /\n&nuclear "+nuclear+" /")
		if err != nil {
			t.Fatal(err)
		}
		r, err := New(in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := uniform(r.Network().Nuclides())
		list, err := r.Network().Flows(nucnet.State{T: 3e9, Rho: 1e7, X: x}, r.burn)
		if err != nil {
			t.Fatal(err)
		}
		m := map[string][2]float64{}
		for _, f := range list {
			m[f.Reaction.String()] = [2]float64{f.Forward, f.Reverse}
		}
		return m
	}
	plain := flows("")
	changed := flows(`weak_rate_factor = 0.5d0, num_special_rate_factors = 2
		reaction_for_special_factor(1) = 'r_c12_ag_o16', 'r_si28_ga_mg24'
		special_rate_factor(1) = 3d0, special_rate_factor(2) = 0`)
	for name, f := range plain {
		want := f
		switch r, _ := rate.ParseReaction(name); {
		case name == "c12 + he4 -> o16":
			want[0] *= 3
		case name == "mg24 + he4 -> si28":
			want[1] = 0
		case r.Weak():
			want[0] *= 0.5
		}
		got := changed[name]
		for k := range got {
			if math.Abs(got[k]-want[k]) > 1e-14*want[k] {
				t.Errorf("%s: flows %v, want %v", name, got, want)
			}
		}
	}
	if plain["mg24 + he4 -> si28"][1] == 0 {
		t.Error("nothing flows from si28 to mg24")
	}
}

// TestSmallNetworkFactors burns approx21 with factors on rates, where nothing else happens than what they change.
func TestSmallNetworkFactors(t *testing.T) {
	burn := func(nuclear string, z Zone) (map[string]float64, []string) {
		dir := folder(t, "inlist", "&bbq use_profile=.true. /\n&nuclear\n"+nuclear+"\n/\n")
		in, err := ReadInlist(filepath.Join(dir, "inlist"))
		if err != nil {
			t.Fatal(err)
		}
		var warnings []string
		r, err := New(in, Options{Warn: func(s string) { warnings = append(warnings, s) }})
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Burn(context.Background(), z)
		if err != nil {
			t.Fatal(err)
		}
		x := map[string]float64{}
		for i, n := range r.Network().Nuclides() {
			x[n.String()] = b.X[i]
		}
		return x, warnings
	}
	pure := func(name string) []float64 {
		x := make([]float64, 21)
		for i, n := range strings.Fields("neut h1 prot he3 he4 c12 n14 o16 ne20 mg24 si28 s32 ar36 ca40 ti44 cr48 cr56 fe52 fe54 fe56 ni56") {
			if n == name {
				x[i] = 1
			}
		}
		return x
	}
	for _, c := range []struct {
		nuclear string
		z       Zone
		made    string
		factor  float64
	}{
		{"num_special_rate_factors=1, reaction_for_special_factor(1)='r_he4_he4_he4_to_c12', special_rate_factor(1)=3d0", Zone{1e-3, 8.5, 5, pure("he4")}, "c12", 3},
		{"weak_rate_factor=2d0", Zone{1e-2, 8.5, 5, pure("ni56")}, "fe56", 2},
		{"fe56ec_fake_factor=1d-5", Zone{1e-6, 9.5, 8, pure("fe56")}, "cr56", 100},
		{"min_T_for_fe56ec_fake_factor=4d9", Zone{1e-6, 9.5, 8, pure("fe56")}, "cr56", 0},
	} {
		plain, _ := burn("", c.z)
		changed, warnings := burn(c.nuclear, c.z)
		if got := changed[c.made] / plain[c.made]; plain[c.made] < 1e-18 || math.Abs(got-c.factor) > 1e-4 || len(warnings) > 0 {
			t.Errorf("%s: X(%s) goes from %g to %g, want a factor %g; warnings %q", c.nuclear, c.made, plain[c.made], changed[c.made], c.factor, warnings)
		}
	}
	for nuclear, want := range map[string]string{
		"num_special_rate_factors=1, reaction_for_special_factor='r1616'": "r1616 is left out", "T9_weaklib_full_on=0.03": "weak tables set in",
	} {
		if _, warnings := burn(nuclear, Zone{1e-3, 8.5, 5, pure("he4")}); len(warnings) != 1 || !strings.Contains(warnings[0], want) {
			t.Errorf("%s: warnings %q", nuclear, warnings)
		}
	}
	in, err := ParseInlist("inlist", "&bbq use_profile=T /\n&nuclear num_special_rate_factors=1, reaction_for_special_factor='r_si28_ng_si29' /")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(in, Options{}); !errors.Is(err, nucnet.ErrNoReaction) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a reaction that is not there: %v", err)
	}
}

// TestIsosWithoutMode is BBQ's own test template: no mode, but a list of isotopes, which is written before the error.
func TestIsosWithoutMode(t *testing.T) {
	dir := folder(t, "inlist", "&bbq write_iso_list = .true., iso_list_filename = 'iso.list' /\n")
	if _, err := run(t, dir, "inlist", Options{}); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "no mode is on") {
		t.Errorf("%v", err)
	}
	if list, err := os.ReadFile(filepath.Join(dir, "iso.list")); err != nil || !strings.HasPrefix(string(list), "neut    \nh1      \nprot    \n") {
		t.Errorf("%q, %v", list, err)
	}
}

func TestBurnRefuses(t *testing.T) {
	in, err := ParseInlist(filepath.Join(folder(t, "alphas.net", alphas), "inlist"), "&bbq net_name='alphas.net', use_profile=T /")
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := []float64{0.5, 0.25, 0.25}
	for _, z := range []Zone{{-1, 9, 5, x}, {1, 11.1, 5, x}, {1, 9, 5, x[:2]}, {1, 9, 5, []float64{0.5, 0.5, 0.5}},
		{1, 9, 5, []float64{1.1, -0.1, 0}}, {math.NaN(), 9, 5, x}, {1, math.NaN(), 5, x}} {
		if _, err := r.Burn(context.Background(), z); !errors.Is(err, ErrZone) {
			t.Errorf("%+v: %v", z, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Burn(ctx, Zone{1, 9, 5, x}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// Colder than any rate knows.
	if b, err := r.Burn(context.Background(), Zone{1, 0.5, 5, x}); err != nil || math.Abs(b.X[0]-0.5) > 1e-15 {
		t.Errorf("%v, %v", b, err)
	}
}

func TestBadInputFiles(t *testing.T) {
	inlist := strings.ReplaceAll(ni56Inlist, "ni56.net", "alphas.net")
	for input, want := range map[string]string{
		"1 9 5 1 0 0\n1 9 5 1 0\n":  "input.txt:2:",
		"1 9 5 1 0 0 0\n":           "input.txt:1:",
		"1 9 5 one 0 0\n":           "input.txt:1:",
		"\n1 9 5 1 0 0\n":           "input.txt:1:",
		"1 9 5 1 0 0\n1 12 5 1 0 0": "input.txt:2:",
		"1 9 5 1 1 1":               "input.txt:1:",
	} {
		dir := folder(t, "inlist", inlist, "alphas.net", alphas, "input.txt", input)
		if _, err := run(t, dir, "inlist", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", input, err, want)
		}
	}
	dir := folder(t, "inlist", inlist, "alphas.net", "add_isos(\nxx1)\n", "input.txt", "")
	if _, err := run(t, dir, "inlist", Options{}); !errors.Is(err, nucnet.ErrNetFile) || !strings.Contains(err.Error(), "alphas.net:2:") {
		t.Errorf("malformed network: %v", err)
	}
	uniform := strings.Replace(inlist, "'output.txt'", "'output.txt', uniform_composition=.true.", 1)
	dir = folder(t, "inlist", uniform, "alphas.net", alphas, "input.txt", "1d-10 8.0 5.0\n")
	if _, err := run(t, dir, "inlist", Options{}); err != nil {
		t.Fatal(err)
	}
	if _, rows := output(t, filepath.Join(dir, "output.txt")); math.Abs(rows[0][3]-1./3) > 1e-12 {
		t.Errorf("uniform composition: %v", rows[0])
	}
}
