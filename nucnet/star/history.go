package star

import (
	"fmt"
	"math"

	"nuclab/nucnet/nuclide"
)

// spelling is a name that MESA has for a quantity, and the way from its unit to ours.
type spelling struct {
	column string
	factor float64
	log    bool // the column holds the decimal logarithm
}

// What MESA calls the quantities of a track (history_columns.list) and of a zone (profile_columns.list). The first one
// that a file has counts.
var (
	ages = []spelling{
		{"star_age_sec", 1, false}, {"star_age_min", 60, false}, {"star_age_hr", 3600, false},
		{"star_age_day", 86400, false}, {"day", 86400, false}, {"star_age", Year, false},
		{"log_star_age_sec", 1, true}, {"log_star_age", Year, true},
	}
	steps = []spelling{
		{"time_step_sec", 1, false}, {"time_step_days", 86400, false}, {"time_step", Year, false},
		{"log_dt_sec", 1, true}, {"log_dt_days", 86400, true}, {"log_dt", Year, true},
	}
	centreT   = []spelling{{"log_center_T", 1, true}, {"log_cntr_T", 1, true}, {"center_T", 1, false}}
	centreRho = []spelling{{"log_center_Rho", 1, true}, {"log_cntr_Rho", 1, true}, {"center_Rho", 1, false}}
	centreYe  = []spelling{{"center_ye", 1, false}}
	zoneMass  = []spelling{{"mass", 1, false}, {"logM", 1, true}}
	zoneT     = []spelling{{"logT", 1, true}, {"temperature", 1, false}}
	zoneRho   = []spelling{{"logRho", 1, true}, {"rho", 1, false}}
	zoneYe    = []spelling{{"ye", 1, false}}
)

// quantity returns the column of the first spelling that the file has, in our unit.
func (l *Logs) quantity(spellings []spelling) ([]float64, error) {
	for _, s := range spellings {
		if !l.Has(s.column) {
			continue
		}
		values, err := l.Column(s.column)
		for i, v := range values {
			if s.log {
				v = math.Pow(10, v)
			}
			values[i] = v * s.factor
		}
		return values, err
	}
	return nil, fmt.Errorf("star: %s: %q: %w, nor any of its other names", l.name, spellings[0].column, ErrColumn)
}

// optional returns the column of the first spelling that the file has, or one of the given value.
func (l *Logs) optional(spellings []spelling, value float64) []float64 {
	values, err := l.quantity(spellings)
	if err != nil {
		values = make([]float64, l.Len())
		for i := range values {
			values[i] = value
		}
	}
	return values
}

// abundances returns the nuclides that have columns of the form prefix + name, and these columns.
func (l *Logs) abundances(prefix string) (list []nuclide.Nuclide, columns [][]float64) {
	for i, name := range l.names {
		if len(name) <= len(prefix) || name[:len(prefix)] != prefix || l.index[name] != i {
			continue
		}
		// MESA writes names in full and small: what else means a nuclide to Parse, as "p", is another quantity.
		n, err := nuclide.Parse(name[len(prefix):])
		if err == nil && n.String() == name[len(prefix):] {
			list, columns = append(list, n), append(columns, l.columns[i])
		}
	}
	return list, columns
}

// Track returns what a history says about the centre of the star: temperature and density, in any of MESA's names for
// them, and where there are columns for it the time step, Ye and mass fractions (center_si28, ...). Replaced models
// are left out. Times count from the first row: the end of a star's life is some seconds of millions of years, so
// that only a column in seconds or hours resolves it. Errors wrap ErrColumn or, for times that fall, ErrFormat.
func (l *Logs) Track() (Track, error) {
	l = l.WithoutBackups()
	times, err := l.quantity(ages)
	if err != nil {
		return Track{}, err
	}
	temperatures, err := l.quantity(centreT)
	if err != nil {
		return Track{}, err
	}
	densities, err := l.quantity(centreRho)
	if err != nil {
		return Track{}, err
	}
	dt, ye := l.optional(steps, 0), l.optional(centreYe, math.NaN())
	t := Track{Points: make([]Point, len(times))}
	var columns [][]float64
	t.Nuclides, columns = l.abundances("center_")
	for i := range t.Points {
		if i > 0 && !(times[i] >= times[i-1]) {
			return Track{}, fmt.Errorf("star: %s: %w: time falls from %g s to %g s at row %d", l.name, ErrFormat, times[i-1], times[i], i+1)
		}
		t.Points[i] = Point{Time: times[i] - times[0], Dt: dt[i], T: temperatures[i], Rho: densities[i], Ye: ye[i], X: row(columns, i)}
	}
	return t, nil
}

// Zone is a layer of a star.
type Zone struct {
	Mass float64   // in solar masses: that within the layer's outer boundary
	T    float64   // K
	Rho  float64   // g/cm3
	Ye   float64   // NaN if unknown
	X    []float64 // mass fractions
}

// Zones returns the layers of a profile from the surface inward, as MESA writes them, with the nuclides that have
// columns, in the order of each Zone's X. Errors wrap ErrColumn.
func (l *Logs) Zones() ([]nuclide.Nuclide, []Zone, error) {
	masses, err := l.quantity(zoneMass)
	if err != nil {
		return nil, nil, err
	}
	temperatures, err := l.quantity(zoneT)
	if err != nil {
		return nil, nil, err
	}
	densities, err := l.quantity(zoneRho)
	if err != nil {
		return nil, nil, err
	}
	ye := l.optional(zoneYe, math.NaN())
	list, columns := l.abundances("")
	zones := make([]Zone, len(masses))
	for i := range zones {
		zones[i] = Zone{Mass: masses[i], T: temperatures[i], Rho: densities[i], Ye: ye[i], X: row(columns, i)}
	}
	return list, zones, nil
}

// row returns the i-th numbers of columns.
func row(columns [][]float64, i int) []float64 {
	x := make([]float64, len(columns))
	for k, c := range columns {
		x[k] = c[i]
	}
	return x
}
