package bbq

import (
	"context"
	"fmt"
	"math"
)

// Run runs the mode that the inlist asks for and writes its files, line by line: what is finished stays when it ends
// early.
func (r *Runner) Run(ctx context.Context) error {
	in := r.in
	if in.JustWriteIsos || in.WriteIsoList {
		if in.IsoListFilename == "" {
			return r.missing("bbq", "iso_list_filename")
		}
		if err := r.writeIsos(r.path(in.IsoListFilename)); err != nil || in.JustWriteIsos {
			return err
		}
	}
	switch in.Mode {
	case FromFile:
		return r.sample(ctx)
	case FromRandom:
		return r.random(ctx)
	case OnProfile:
		return r.profile(ctx)
	case InHydrostat:
		return r.hydrostatic(ctx)
	}
	return fmt.Errorf("bbq: %s: %w: %s", in.File, ErrSyntax, noMode)
}

func (r *Runner) missing(namelist, key string) error {
	return fmt.Errorf("bbq: %s: %w: %s: %s is not given", r.in.File, ErrSyntax, namelist, key)
}

// need reports which of pairs of key and value has no value.
func (r *Runner) need(namelist string, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			return r.missing(namelist, pairs[i])
		}
	}
	return nil
}

func (r *Runner) progress(done, total int) {
	if r.opt.Progress != nil {
		r.opt.Progress(done, total)
	}
}

// sample burns the samples of a file: time, log T, log rho and, unless it is uniform, the composition on every line.
func (r *Runner) sample(ctx context.Context) error {
	s := &r.in.Sampling
	if err := r.need("sampling", "input_filename", s.InputFilename, "output_filename", s.OutputFilename); err != nil {
		return err
	}
	path := r.path(s.InputFilename)
	lines, err := numbersOf(path)
	if err != nil {
		return err
	}
	want := 3 + r.net.Len()
	if s.UniformComposition {
		want = 3
	}
	for i, line := range lines {
		switch {
		case len(line) == 0 && i > 0:
			// BBQ then burns what it read before.
			lines[i] = lines[i-1]
			r.warn(fmt.Sprintf("%s:%d: a blank line burns the sample before it once more, as in BBQ", path, i+1))
		case len(line) < want || len(line) > want && !s.UniformComposition:
			return fmt.Errorf("bbq: %s:%d: %w: %d numbers, want %d: time, log T, log rho and %d mass fractions", path, i+1, ErrSyntax, len(line), want, want-3)
		}
	}
	out, err := create(r.path(s.OutputFilename), "id eps_nuc eps_neu", r.net.Nuclides())
	if err != nil {
		return err
	}
	defer out.close()
	burn := func(ctx context.Context, id int) (Burnt, error) {
		line := lines[id-1]
		z := Zone{line[0], line[1], line[2], line[3:]}
		if s.UniformComposition {
			z.X = uniform(r.net.Nuclides())
		}
		b, err := r.Burn(ctx, z)
		if err != nil {
			err = fmt.Errorf("%s:%d: %w", path, id, err)
		}
		return b, err
	}
	return ordered(ctx, r.opt.Workers, 1, len(lines), burn, func(id int, b Burnt) error {
		r.progress(id, len(lines))
		return out.row(id, []float64{b.EpsNuc, b.EpsNu}, b.X)
	})
}

// random burns random samples.
func (r *Runner) random(ctx context.Context) error {
	in := &r.in.Random
	if err := r.need("random", "output_starting_filename", in.OutputStartingFilename, "output_ending_filename", in.OutputEndingFilename); err != nil {
		return err
	}
	nuclides := r.net.Nuclides()
	paths := []string{r.path(in.OutputStartingFilename), r.path(in.OutputEndingFilename)}
	var tables []*table
	done := 0
	if in.Restartable {
		var err error
		if tables, done, err = reopen(paths...); err != nil {
			return err
		}
	}
	if tables == nil {
		done = 0
		for i, columns := range []string{"id dt logt logrho", "id eps_nuc eps_neu"} {
			t, err := create(paths[i], columns, nuclides)
			if err != nil {
				return err
			}
			tables = append(tables, t)
		}
	}
	for _, t := range tables {
		defer t.close()
	}
	last := in.NumSamples
	if last <= 0 {
		last = -1
	} else if done >= last {
		return nil
	}
	seed := in.seed()
	type pair struct {
		z Zone
		b Burnt
	}
	burn := func(ctx context.Context, id int) (pair, error) {
		z := in.Draw(seed, id, nuclides)
		b, err := r.Burn(ctx, z)
		if err != nil {
			err = fmt.Errorf("sample %d: %w", id, err)
		}
		return pair{z, b}, err
	}
	return ordered(ctx, r.opt.Workers, done+1, last, burn, func(id int, p pair) error {
		if err := tables[1].row(id, []float64{p.b.EpsNuc, p.b.EpsNu}, p.b.X); err != nil {
			return err
		}
		if err := tables[0].row(id, []float64{p.z.Time, p.z.LogT, p.z.LogRho}, p.z.X); err != nil {
			return err
		}
		if in.SyncFreq > 0 && id%in.SyncFreq == 0 {
			for _, t := range tables {
				if err := t.file.Sync(); err != nil {
					return fmt.Errorf("bbq: %w", err)
				}
			}
		}
		r.progress(id, max(last, 0))
		return nil
	})
}

// profile burns the same matter along a profile, time, log T and log rho on every line. With reflective boundaries it
// then goes back to the second line, without the last, and starts again, in every loop; else it ends there.
func (r *Runner) profile(ctx context.Context) error {
	p := &r.in.Profile
	if err := r.need("profile", "input_filename", p.InputFilename, "input_composition_filename", p.InputCompositionFilename,
		"output_filename", p.OutputFilename); err != nil {
		return err
	}
	path := r.path(p.InputFilename)
	lines, err := numbersOf(path)
	if err != nil {
		return err
	}
	var zones []Zone
	for i, line := range lines {
		switch {
		case len(line) == 0:
		case len(line) < 3:
			return fmt.Errorf("bbq: %s:%d: %w: %d numbers, want time, log T and log rho", path, i+1, ErrSyntax, len(line))
		default:
			zones = append(zones, Zone{Time: line[0], LogT: line[1], LogRho: line[2]})
		}
	}
	if len(zones) == 0 {
		return fmt.Errorf("bbq: %s: %w: no time, log T and log rho in it", path, ErrSyntax)
	}
	x, err := r.composition(r.path(p.InputCompositionFilename))
	if err != nil {
		return err
	}
	after := x
	if p.RestartFrom >= 1 {
		if after, err = r.composition(r.path(loopFile(p.RestartFrom))); err != nil {
			return err
		}
	}
	out, err := create(r.path(p.OutputFilename), "age dt logt logrho", r.net.Nuclides())
	if err != nil {
		return err
	}
	defer out.close()
	age := 0.0
	row := func(z Zone, x []float64) error { return out.row(0, []float64{age, z.Time, z.LogT, z.LogRho}, x) }
	if err := row(zones[0], x); err != nil {
		return err
	}
	x = after
	there := zones
	var back []Zone
	if p.ReflectiveBoundaries {
		for i := len(zones) - 2; i >= 1; i-- {
			back = append(back, zones[i])
		}
	}
	steps := append(there[:len(there):len(there)], back...)
	first := max(p.RestartFrom, 0) + 1
	last := p.NumLoops
	if !p.ReflectiveBoundaries {
		last = min(last, first)
	}
	done, total := 0, len(steps)*(last-first+1)
	for loop := first; loop <= last; loop++ {
		for i, z := range steps {
			z.X = x
			b, err := r.Burn(ctx, z)
			if err != nil {
				return fmt.Errorf("loop %d, step %d: %w", loop, i+1, err)
			}
			x = b.X
			age += z.Time
			if err := row(z, x); err != nil {
				return err
			}
			done++
			r.progress(done, total)
		}
		if p.WriteCompEveryLoop && p.ReflectiveBoundaries {
			if err := writeComposition(r.path(loopFile(loop)), x); err != nil {
				return err
			}
		}
	}
	return nil
}

// loopFile is the name of the file with the composition after a loop.
func loopFile(loop int) string { return fmt.Sprintf("comp_%d.txt", loop) }

// Steps returns the lengths of the steps in s unless they come from a file: linear in time or in its logarithm.
func (h *Hydrostatic) Steps() []float64 {
	steps := make([]float64, max(h.NumTimes, 0))
	for i := range steps {
		steps[i] = h.MinTime
		if i > 0 {
			steps[i] += float64(i) * (h.MaxTime - h.MinTime) / float64(len(steps)-1)
		}
		if h.LogTime {
			steps[i] = math.Pow(10, steps[i])
		}
	}
	return steps
}

// hydrostatic burns the same matter for one step after the other. Every time listed is the length of a step; the age
// is their sum.
func (r *Runner) hydrostatic(ctx context.Context) error {
	h := &r.in.Hydrostatic
	if err := r.need("hydrostatic", "input_composition_filename", h.InputCompositionFilename, "output_filename", h.OutputFilename); err != nil {
		return err
	}
	steps := h.Steps()
	if h.TimesFromFile {
		if err := r.need("hydrostatic", "input_filename", h.InputFilename); err != nil {
			return err
		}
		lines, err := numbersOf(r.path(h.InputFilename))
		if err != nil {
			return err
		}
		steps = nil
		for _, line := range lines {
			if len(line) > 0 {
				steps = append(steps, line[0])
			}
		}
	}
	if len(steps) == 0 {
		return fmt.Errorf("bbq: %s: %w: hydrostatic: no times: num_times = %d", r.in.File, ErrSyntax, h.NumTimes)
	}
	x, err := r.composition(r.path(h.InputCompositionFilename))
	if err != nil {
		return err
	}
	out, err := create(r.path(h.OutputFilename), "age dt eps_nuc eps_neu", r.net.Nuclides())
	if err != nil {
		return err
	}
	defer out.close()
	if err := out.row(0, []float64{0, steps[0], 0, 0}, x); err != nil {
		return err
	}
	age := 0.0
	for i, step := range steps {
		b, err := r.Burn(ctx, Zone{step, h.LogT, h.LogRho, x})
		if err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
		x = b.X
		age += step
		if err := out.row(0, []float64{age, step, b.EpsNuc, b.EpsNu}, x); err != nil {
			return err
		}
		r.progress(i+1, len(steps))
	}
	return nil
}
