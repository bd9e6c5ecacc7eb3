package sample

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide"
)

// ReadList reads points for Listed: a line of column names, "T rho si28 fe54 ..." with or without "X_" before nuclides,
// then a line for each point, fields separated by blanks, tabs or commas; # starts a comment. Nuclides without a column
// have X = 0. X must add up to 1 within 1e-6 and is divided by its sum. The error wraps ErrRange and begins with name and
// the line.
func ReadList(r io.Reader, name string, nuclides []nuclide.Nuclide) ([]Point, error) {
	var points []Point
	var places []int // of a column: in X, or -1 for T, -2 for rho
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for line := 1; lines.Scan(); line++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' })
		bad := func(format string, args ...any) error {
			return fmt.Errorf("sample: %s:%d: %w: %s", name, line, ErrRange, fmt.Sprintf(format, args...))
		}
		switch {
		case len(fields) == 0:
		case places == nil:
			for _, f := range fields {
				place := map[string]int{"T": -1, "rho": -2}[f]
				if place == 0 {
					n, err := nuclide.Parse(strings.TrimPrefix(f, "X_"))
					if err != nil {
						return nil, bad("column %q is none of T, rho and nuclides", f)
					}
					if place = slices.Index(nuclides, n); place < 0 {
						return nil, bad("%s is not a nuclide of the network", n)
					}
				}
				if slices.Contains(places, place) {
					return nil, bad("column %q is there twice", f)
				}
				places = append(places, place)
			}
			if !slices.Contains(places, -1) || !slices.Contains(places, -2) {
				return nil, bad("want columns T (K) and rho (g/cm3)")
			}
		case len(fields) != len(places):
			return nil, bad("%d fields, want %d", len(fields), len(places))
		default:
			p := Point{X: make([]float64, len(nuclides))}
			sum := 0.0
			for i, f := range fields {
				v, err := strconv.ParseFloat(f, 64)
				if err != nil {
					return nil, bad("%q is not a number", f)
				}
				switch places[i] {
				case -1:
					p.T = v
				case -2:
					p.Rho = v
				default:
					if !(v >= 0 && v <= 1) {
						return nil, bad("a mass fraction of %g", v)
					}
					p.X[places[i]] = v
					sum += v
				}
			}
			if math.Abs(sum-1) > 1e-6 {
				return nil, bad("mass fractions add up to %.9g, want 1", sum)
			}
			for i := range p.X {
				p.X[i] /= sum
			}
			sumToOne(p.X)
			points = append(points, p)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("sample: %s: %w", name, err)
	}
	if len(points) == 0 {
		return nil, fmt.Errorf("sample: %s: %w: no points", name, ErrRange)
	}
	return points, nil
}

// checkList holds the points of a list to what burns accept.
func (s *Sampler) checkList() error {
	if len(s.List) == 0 {
		return fmt.Errorf("sample: %w: the list of points is empty", ErrRange)
	}
	for i, p := range s.List {
		if !(p.T >= 1e3 && p.T <= 1e11) || !(p.Rho >= 1e-10 && p.Rho <= 1e12) || len(p.X) != len(s.z) {
			return fmt.Errorf("sample: %w: point %d of the list: T = %g K, rho = %g g/cm3, %d mass fractions", ErrRange, i, p.T, p.Rho, len(p.X))
		}
	}
	return nil
}
