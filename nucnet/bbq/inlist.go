package bbq

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"nuclab/nucnet/rate"
)

// Mode is what BBQ does with a network.
type Mode int

// The modes, in the order in which BBQ looks for the one that is asked for.
const (
	NoMode      Mode = iota
	FromFile         // use_input_file: samples from a file
	FromRandom       // use_random_sampling: random samples
	OnProfile        // use_profile: along a profile of temperature and density
	InHydrostat      // use_hydrostatic: one step after the other at the same temperature and density
)

// Inlist holds what a file of namelists asks for. Fields are named after the keys; files are relative to Dir.
type Inlist struct {
	File, Dir string
	Mode      Mode

	NetName                     string
	Eps, Odescal                float64 // relative error of a step, and the Y below which it is absolute
	MaxSteps                    int
	JustWriteIsos, WriteIsoList bool
	IsoListFilename             string

	Sampling    Sampling
	Random      Random
	Profile     Profile
	Hydrostatic Hydrostatic

	Screening      rate.Screening
	WeakRateFactor float64
	// Electrons are captured by fe56 in the small networks at FakeFactor times the rate of ni56 -> co56, from FakeFrom (K)
	// on: fe56ec_fake_factor, min_T_for_fe56ec_fake_factor.
	FakeFactor, FakeFrom float64
	Blend                rate.Blend
	Suzuki               bool // use_suzuki_weak_rates
	SpecialFactors       []SpecialFactor

	// Warnings name what the file asks for and does not get, with the line.
	Warnings []string
}

// Sampling is the namelist of FromFile.
type Sampling struct {
	InputFilename, OutputFilename string
	UniformComposition            bool // all nuclides have the same X; lines then hold no composition
}

// Profile is the namelist of OnProfile.
type Profile struct {
	InputFilename, InputCompositionFilename, OutputFilename string
	ReflectiveBoundaries, WriteCompEveryLoop                bool
	NumLoops                                                int
	RestartFrom                                             int // the loop after which to go on, 0 from the start
}

// Hydrostatic is the namelist of InHydrostat.
type Hydrostatic struct {
	InputFilename, InputCompositionFilename, OutputFilename string
	TimesFromFile, LogTime                                  bool
	MinTime, MaxTime                                        float64 // s, or their logarithms to base 10
	NumTimes                                                int
	LogT, LogRho                                            float64
}

// SpecialFactor multiplies the rate of one reaction, in the named direction alone.
type SpecialFactor struct {
	Reaction string // MESA's name for it
	Factor   float64
	line     int
}

// noMode is what an inlist lacks that asks for nothing, or for a list of isotopes alone without saying so.
const noMode = "no mode is on: want use_input_file, use_random_sampling, use_profile or use_hydrostatic"

// maxSpecialFactors is the most special factors that BBQ has room for.
const maxSpecialFactors = 20

// ReadInlist reads a file of namelists. Errors wrap [ErrSyntax] or are those of reading.
func ReadInlist(path string) (*Inlist, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bbq: %w", err)
	}
	return ParseInlist(path, string(text))
}

// ParseInlist reads the text of a file of namelists; path stands for it in errors, and its folder becomes Dir.
func ParseInlist(path, text string) (*Inlist, error) {
	groups, err := parseNamelists(path, text)
	if err != nil {
		return nil, err
	}
	in := defaults()
	in.File, in.Dir = path, filepath.Dir(path)
	d := decoder{file: path, in: in, keys: in.keys()}
	found := false
	for _, g := range groups {
		found = found || g.name == "bbq"
		if err := d.group(g); err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, fmt.Errorf("bbq: %s: %w: no namelist &bbq", path, ErrSyntax)
	}
	return in, d.finish()
}

func defaults() *Inlist {
	return &Inlist{
		NetName: "approx21.net", Eps: 1e-8, Odescal: 1e-10, MaxSteps: 1_000_000, IsoListFilename: "isos.txt",
		Random:      Random{NumSamples: 1, LogTime: [2]float64{0, 1}, LogTemp: [2]float64{0, 1}, LogRho: [2]float64{0, 1}, LogXa: [2]float64{0, 1}, NeutProtLimitFrac: 0.05, Seed: 42, SyncFreq: -1},
		Profile:     Profile{ReflectiveBoundaries: true, NumLoops: 1},
		Hydrostatic: Hydrostatic{NumTimes: -1},
		Screening:   rate.Chugunov, WeakRateFactor: 1, FakeFactor: 1e-7, FakeFrom: 3e9,
	}
}

// decoder fills an Inlist.
type decoder struct {
	file  string
	in    *Inlist
	keys  map[string]map[string]any
	modes [5]bool
	count int // num_special_rate_factors
	names map[int]string
	by    map[int]float64
	lines map[int]int
}

// unused is a key that is known but has no counterpart here, with its default: only another value is worth a warning.
type unused string

// array is a key with an index that decoder keeps.
type array func(d *decoder, index int, v value) error

// silent is a key that has no effect, in BBQ or in what it stands for here.
type silent struct{}

// keys lists where every key of every namelist goes.
func (in *Inlist) keys() map[string]map[string]any {
	r, p, h, b := &in.Random, &in.Profile, &in.Hydrostatic, &in.Blend
	mode := func(m Mode) any { return m }
	nuclear := map[string]any{
		"screening_mode": screening{}, "weak_rate_factor": &in.WeakRateFactor,
		"fe56ec_fake_factor": &in.FakeFactor, "min_t_for_fe56ec_fake_factor": &in.FakeFrom,
		"t9_weaklib_full_off": &b.Off, "t9_weaklib_full_on": &b.On, "weaklib_blend_hi_z": &b.HeavyZ,
		"t9_weaklib_full_off_hi_z": &b.HeavyOff, "t9_weaklib_full_on_hi_z": &b.HeavyOn,
		"num_special_rate_factors": counter{},
		"reaction_for_special_factor": array(func(d *decoder, i int, v value) error {
			d.names[i] = strings.TrimSpace(v.text)
			return nil
		}),
		"special_rate_factor": array(func(d *decoder, i int, v value) (err error) {
			d.by[i], err = parseReal(v.text)
			return err
		}),
		"filename_of_special_rate": unused(""), "use_suzuki_weak_rates": &in.Suzuki, "use_3a_fl87": unused("false"),
		"use_special_weak_rates": unused("false"), "special_weak_states_file": silent{}, "special_weak_transitions_file": silent{},
		"ion_coulomb_corrections": unused("none"), "electron_coulomb_corrections": unused("none"),
		"net_reaction_filename": unused("reactions.list"), "jina_reaclib_filename": unused(""), "jina_reaclib_min_t9": unused("-1"),
		"rate_tables_dir": unused("rate_tables"), "rate_cache_suffix": silent{}, "net_logtcut_lo": unused("-1"),
		"net_logtcut_lim": unused("-1"), "max_logt_for_net": unused("10.2"), "warn_rates_for_high_temp": silent{},
		"max_safe_logt_for_rates": unused("10"),
	}
	return map[string]map[string]any{
		"bbq": {
			"net_name": &in.NetName, "eps": &in.Eps, "odescal": &in.Odescal, "max_steps": &in.MaxSteps, "stptry": silent{},
			"just_write_isos": &in.JustWriteIsos, "write_iso_list": &in.WriteIsoList, "iso_list_filename": &in.IsoListFilename,
			"use_input_file": mode(FromFile), "use_random_sampling": mode(FromRandom), "use_profile": mode(OnProfile),
			"use_hydrostatic": mode(InHydrostat),
			// Older versions had these here.
			"screening_mode": screening{}, "weak_rate_factor": &in.WeakRateFactor,
		},
		"sampling": {"input_filename": &in.Sampling.InputFilename, "output_filename": &in.Sampling.OutputFilename,
			"uniform_composition": &in.Sampling.UniformComposition},
		"random": {
			"output_starting_filename": &r.OutputStartingFilename, "output_ending_filename": &r.OutputEndingFilename,
			"num_samples": &r.NumSamples, "seed": &r.Seed, "restartable": &r.Restartable, "sync_freq": &r.SyncFreq,
			"log_time_min": &r.LogTime[0], "log_time_max": &r.LogTime[1], "log_temp_min": &r.LogTemp[0], "log_temp_max": &r.LogTemp[1],
			"log_rho_min": &r.LogRho[0], "log_rho_max": &r.LogRho[1], "log_xa_min": &r.LogXa[0], "log_xa_max": &r.LogXa[1],
			"neut_prot_limit_frac": &r.NeutProtLimitFrac,
		},
		"profile": {
			"input_filename": &p.InputFilename, "input_composition_filename": &p.InputCompositionFilename,
			"output_filename": &p.OutputFilename, "reflective_boundaries": &p.ReflectiveBoundaries, "num_loops": &p.NumLoops,
			"write_comp_every_loop": &p.WriteCompEveryLoop, "restart_from": &p.RestartFrom,
		},
		"hydrostatic": {
			"times_from_file": &h.TimesFromFile, "min_time": &h.MinTime, "max_time": &h.MaxTime, "num_times": &h.NumTimes,
			"log_time": &h.LogTime, "logt": &h.LogT, "logrho": &h.LogRho, "input_filename": &h.InputFilename,
			"input_composition_filename": &h.InputCompositionFilename, "output_filename": &h.OutputFilename,
		},
		"nuclear": nuclear,
	}
}

type screening struct{}
type counter struct{}

func (d *decoder) warn(line int, format string, args ...any) {
	d.in.Warnings = append(d.in.Warnings, fmt.Sprintf("%s:%d: ", d.file, line)+fmt.Sprintf(format, args...))
}

func (d *decoder) group(g group) error {
	if d.names == nil {
		d.names, d.by, d.lines = map[int]string{}, map[int]float64{}, map[int]int{}
	}
	keys, known := d.keys[g.name]
	switch {
	case g.name == "eos":
		for _, a := range g.assigns {
			d.warn(a.line, "eos: %s has no effect: burns at fixed temperature and density need no equation of state", a.key)
		}
		return nil
	case !known:
		d.warn(g.line, "unknown namelist &%s is left out", g.name)
		return nil
	}
	for _, a := range g.assigns {
		target, ok := keys[a.key]
		if !ok {
			d.warn(a.line, "%s: unknown key %s is left out", g.name, a.key)
			continue
		}
		if err := d.assign(g.name, a, target); err != nil {
			return fmt.Errorf("bbq: %s:%d: %w: %s: %s: %w", d.file, a.line, ErrSyntax, g.name, a.key, err)
		}
	}
	return nil
}

func (d *decoder) assign(namelist string, a assign, target any) (err error) {
	if len(a.values) == 0 { // Fortran's null value: what was there stays
		return nil
	}
	v := a.values[0]
	if set, ok := target.(array); ok {
		for i, v := range a.values {
			d.lines[a.index+i] = a.line
			if err := set(d, a.index+i, v); err != nil {
				return err
			}
		}
		return nil
	}
	if _, ok := target.(unused); !ok && (len(a.values) > 1 || a.index != 1) {
		return fmt.Errorf("want a single value")
	}
	switch t := target.(type) {
	case *string:
		if !v.quoted {
			return fmt.Errorf("%s is not in quotes", v.text)
		}
		*t = strings.TrimSpace(v.text)
	case *float64:
		*t, err = parseReal(v.text)
	case *int:
		*t, err = strconv.Atoi(v.text)
	case *bool:
		*t, err = parseLogical(v.text)
	case Mode:
		d.modes[t], err = parseLogical(v.text)
	case counter:
		if d.count, err = strconv.Atoi(v.text); err == nil && d.count > maxSpecialFactors {
			err = fmt.Errorf("%d, want at most %d", d.count, maxSpecialFactors)
		}
	case screening:
		name := strings.TrimSpace(v.text)
		if name == "" {
			name = "none"
		}
		d.in.Screening, err = rate.ParseScreening(name)
	case unused:
		for _, v := range a.values {
			if !same(v, string(t)) {
				d.warn(a.line, "%s: %s = %s has no counterpart here and is left out", namelist, a.key, v.text)
				break
			}
		}
	}
	return err
}

// same reports whether a value is the default of a key.
func same(v value, standard string) bool {
	if v.quoted {
		return strings.TrimSpace(v.text) == standard
	}
	if x, err := parseReal(v.text); err == nil {
		y, err := parseReal(standard)
		return err == nil && x == y
	}
	b, err := parseLogical(v.text)
	return err == nil && strconv.FormatBool(b) == standard
}

// finish looks at what several keys say together.
func (d *decoder) finish() error {
	in := d.in
	for m, on := range d.modes {
		switch {
		case on && in.Mode == NoMode:
			in.Mode = Mode(m)
		case on:
			in.Warnings = append(in.Warnings, fmt.Sprintf("%s: %s is left out: a run has one mode, here %s", d.file, Mode(m), in.Mode))
		}
	}
	for i := 1; i <= d.count; i++ {
		if d.names[i] == "" {
			continue
		}
		f := SpecialFactor{Reaction: d.names[i], Factor: 1, line: d.lines[i]}
		if x, ok := d.by[i]; ok {
			f.Factor = x
		}
		if !(f.Factor >= 0) || math.IsInf(f.Factor, 0) {
			return fmt.Errorf("bbq: %s:%d: %w: nuclear: special_rate_factor(%d) = %g, want 0 or more", d.file, f.line, ErrSyntax, i, f.Factor)
		}
		in.SpecialFactors = append(in.SpecialFactors, f)
	}
	for _, c := range []struct {
		key string
		ok  bool
	}{
		{"eps: want more than 0 and less than 1", in.Eps > 0 && in.Eps < 1},
		{"odescal: want more than 0", in.Odescal > 0 && !math.IsInf(in.Odescal, 0)},
		{"max_steps: want more than 0", in.MaxSteps > 0},
		{"weak_rate_factor: want 0 or more", in.WeakRateFactor >= 0 && !math.IsInf(in.WeakRateFactor, 0)},
		{"fe56ec_fake_factor: want 0 or more", in.FakeFactor >= 0 && !math.IsInf(in.FakeFactor, 0)},
		{"min_T_for_fe56ec_fake_factor: want a temperature", !math.IsNaN(in.FakeFrom)},
		{noMode, in.Mode != NoMode || in.JustWriteIsos || in.WriteIsoList},
	} {
		if !c.ok {
			return fmt.Errorf("bbq: %s: %w: %s", d.file, ErrSyntax, c.key)
		}
	}
	return nil
}

// String returns the key that turns a mode on.
func (m Mode) String() string {
	names := []string{"no mode", "use_input_file", "use_random_sampling", "use_profile", "use_hydrostatic"}
	if m < 0 || int(m) >= len(names) {
		return fmt.Sprint(int(m))
	}
	return names[m]
}
