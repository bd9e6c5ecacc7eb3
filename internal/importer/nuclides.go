package importer

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/nuclide/table"
)

type za struct{ z, a int }

// estimated lists the mass excesses in MeV of nuclides of the network mesa_833 that AME2020 lacks. They follow from
// the Q values that REACLIB gives for reactions with these nuclides.
var estimated = map[za]float64{{38, 72}: -26.1, {40, 76}: -25.2, {42, 80}: -24.75, {46, 89}: -29.9, {46, 88}: -23.0}

const massDir = "nucdata/AtomicMassEvaluation/"

func (im *importer) nuclides() (table.Header, []byte, error) {
	fail := func(err error) (table.Header, []byte, error) {
		return table.Header{}, nil, fmt.Errorf("importer: %w", err)
	}
	rows := make(map[za]*nuclide.Properties)
	if err := im.columns(massDir+"mass_excess2020.txt", 3, func(n za, word []string) error {
		dm, err := number(word[2])
		if err != nil {
			return err
		}
		if rows[n] != nil {
			return fmt.Errorf("second mass of Z=%d A=%d", n.z, n.a)
		}
		rows[n] = &nuclide.Properties{Z: n.z, A: n.a, MassExcess: dm, HalfLife: math.NaN()}
		return nil
	}); err != nil {
		return fail(err)
	}
	for n, dm := range estimated {
		if rows[n] != nil {
			return fail(fmt.Errorf("%w: Z=%d A=%d has a mass, no estimate is wanted", ErrSource, n.z, n.a))
		}
		rows[n] = &nuclide.Properties{Z: n.z, A: n.a, MassExcess: dm, Estimated: true, HalfLife: math.NaN()}
	}
	if err := im.columns(massDir+"spins2020.txt", 6, func(n za, word []string) error {
		weight, err := integer(word[3], 1, 255)
		if err == nil && rows[n] != nil {
			rows[n].Weight = weight
		}
		return err
	}); err != nil {
		return fail(err)
	}
	if err := im.columns(massDir+"halflife2020.txt", 3, func(n za, word []string) error {
		t := math.Inf(1)
		if word[2] != "stable" {
			var err error
			if t, err = number(word[2]); err != nil {
				return err
			}
		}
		if rows[n] != nil {
			rows[n].HalfLife = t
		}
		return nil
	}); err != nil {
		return fail(err)
	}
	grid, err := im.partitions(rows)
	if err != nil {
		return fail(err)
	}
	filled, err := im.frdmSpins(rows)
	if err != nil {
		return fail(err)
	}
	list := make([]nuclide.Properties, 0, len(rows))
	for _, p := range rows {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b nuclide.Properties) int { return cmp.Or(cmp.Compare(a.Z, b.Z), cmp.Compare(a.A, b.A)) })
	payload, err := nuclide.EncodeProperties(grid, list)
	if err != nil {
		return fail(err)
	}
	return table.Header{
		Name: "nuclides",
		Citations: []string{"Wang et al. 2021, Chin. Phys. C 45, 030003 (AME2020 masses)",
			"Kondev et al. 2021, Chin. Phys. C 45, 030001 (NUBASE2020 spins and half-lives)",
			"Rauscher & Thielemann 2000, ADNDT 75, 1 (FRDM partition functions)"},
		Notes: []string{fmt.Sprintf("%d nuclides, %d of them with a mass estimated from REACLIB's Q values", len(list), len(estimated)),
			fmt.Sprintf("%d spins that NUBASE2020 lacks are FRDM's", filled)},
	}, payload, nil
}

// columns reads a file of at least n blank-separated columns that begin with A and Z. Lines that begin with # or
// =, and blank ones, are headings.
func (im *importer) columns(name string, n int, f func(za, []string) error) error {
	b, err := im.read(name)
	if err != nil {
		return err
	}
	return lines(b, name, func(line string) error {
		word := strings.Fields(line)
		if len(word) == 0 || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "==") {
			return nil
		}
		if len(word) != n {
			return fmt.Errorf("%d columns, want %d", len(word), n)
		}
		a, err1 := integer(word[0], 1, 511)
		z, err2 := integer(word[1], 0, nuclide.MaxZ)
		if err := cmp.Or(err1, err2); err != nil {
			return err
		}
		return f(za{z, a}, word)
	})
}

func number(word string) (float64, error) {
	x, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0, fmt.Errorf("%q is not a number", word)
	}
	return x, nil
}

// partitions fills in the FRDM partition functions up to 1e10 K and returns their temperatures in K.
func (im *importer) partitions(rows map[za]*nuclide.Properties) (grid []float64, err error) {
	const name = "nucdata/PartitionFunction/frdm_low.txt"
	const points = 24
	b, err := im.read(name)
	if err != nil {
		return nil, err
	}
	var current *za
	err = lines(b, name, func(line string) error {
		word := strings.Fields(line)
		switch {
		case len(word) == 0 || strings.HasPrefix(line, "#"):
			return nil
		case len(word) == 1 && grid != nil && current == nil:
			n, err := parseZA(word[0])
			current = &n
			return err
		case len(word) != points:
			return fmt.Errorf("%d values, want %d", len(word), points)
		}
		values := make([]float64, points)
		for i := range values {
			if values[i], err = number(word[i]); err != nil {
				return err
			}
		}
		if grid == nil {
			grid = values
			return nil
		}
		if current == nil {
			return fmt.Errorf("values without a nuclide")
		}
		if p := rows[*current]; p != nil {
			p.Partition = values
		}
		current = nil
		return nil
	})
	if err == nil && (grid == nil || current != nil) {
		err = fmt.Errorf("%s: %w: cut off", name, ErrSource)
	}
	return grid, err
}

// frdmSpins fills in spins that are missing from the file of the partition functions, which assumes them, and counts
// them.
func (im *importer) frdmSpins(rows map[za]*nuclide.Properties) (filled int, err error) {
	const name = "nucdata/PartitionFunction/part_frdm.asc.txt"
	b, err := im.read(name)
	if err != nil {
		return 0, err
	}
	ended := false
	err = lines(b, name, func(line string) error {
		if strings.HasPrefix(line, "END OF TABLE") {
			ended = true
		}
		word := strings.Fields(line)
		if ended || len(word) != 3 || strings.Contains(word[0], ".") || word[0] == "Z" {
			return nil
		}
		z, err1 := integer(word[0], 0, 511)
		a, err2 := integer(word[1], 1, 511)
		j, err3 := number(word[2])
		if err := cmp.Or(err1, err2, err3); err != nil {
			return err
		}
		if p := rows[za{z, a}]; p != nil && p.Weight == 0 {
			if w := 2*j + 1; w == math.Trunc(w) && w >= 1 && w < 256 {
				p.Weight = int(w)
				filled++
				return nil
			}
			return fmt.Errorf("spin %g", j)
		}
		return nil
	})
	if err == nil && !ended {
		err = fmt.Errorf("%s: %w: cut off", name, ErrSource)
	}
	return filled, err
}

// parseZA reads a name with the number last, such as ni56, or first, such as 56Ni, in any case.
func parseZA(s string) (za, error) {
	name := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	symbol := strings.Trim(name, "0123456789")
	digits := strings.Replace(name, symbol, "", 1)
	z, ok := nuclide.ChargeNumber(symbol)
	if symbol == "" || !ok {
		return za{}, fmt.Errorf("%q is not a nuclide", s)
	}
	a, err := integer(digits, 1, 511)
	return za{z, a}, err
}
