package importer

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/nuclide/table"
	"nuclab/nucnet/rate"
	"nuclab/nucnet/rate/reaclib"
)

// suzukiName is the name of a file with one direction of the tables of Suzuki et al. (2016).
var suzukiName = regexp.MustCompile(`^suzuki-(\d+[a-z]+)-(\d+[a-z]+)_(electroncapture|betadecay)\.dat$`)

func (im *importer) suzuki() (table.Header, []byte, error) {
	const dir = "data/tabular/suzuki"
	entries, err := os.ReadDir(filepath.Join(im.dir, filepath.FromSlash(dir)))
	if err != nil {
		return table.Header{}, nil, fmt.Errorf("importer: %w", err)
	}
	var rows []rate.FineRow
	for _, e := range entries {
		m := suzukiName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		name := dir + "/" + e.Name()
		b, err := im.read(name)
		if err != nil {
			return table.Header{}, nil, err
		}
		row, err := parseFine(b, name)
		if err == nil {
			err = namePair(&row, m[1], m[2], m[3] == "betadecay")
		}
		if err != nil {
			return table.Header{}, nil, fmt.Errorf("importer: %s: %w: %w", name, ErrSource, err)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b rate.FineRow) int {
		return slices.Compare([]reaclib.Code{a.Parent, a.Daughter}, []reaclib.Code{b.Parent, b.Daughter})
	})
	if len(rows) == 0 {
		return table.Header{}, nil, fmt.Errorf("importer: %s: %w: no tables of Suzuki and others", dir, ErrSource)
	}
	return table.Header{
		Name:      "weak rates of sd-shell nuclei",
		Citations: []string{"Suzuki, Toki & Nomoto 2016, ApJ 817, 163"},
		Notes:     []string{fmt.Sprintf("%d directed pairs, decay and capture added up, with screening", len(rows))},
	}, rate.PackFine(rows), nil
}

// namePair stores parent and daughter, given as 23na and 23ne.
func namePair(row *rate.FineRow, parent, daughter string, up bool) error {
	var codes [2]reaclib.Code
	for i, name := range []string{parent, daughter} {
		n, err := nuclide.Parse(name)
		if err != nil {
			return err
		}
		codes[i] = reaclib.CodeOf(n)
	}
	if change := codes[1].Z() - codes[0].Z(); codes[0].A() != codes[1].A() || change != map[bool]int{true: 1, false: -1}[up] {
		return fmt.Errorf("%s and %s are not parent and daughter", parent, daughter)
	}
	row.Parent, row.Daughter = codes[0], codes[1]
	return nil
}

// faintest is log10 of what counts as no rate at all; the files go down to 1e-500.
const faintest = -100

// parseFine reads rows of log10(rho Ye), log10 T, three columns that are not used, log10 of the rate in 1/s and of the
// neutrino loss in erg/s, and a last one that is not used. They have to be on the grid, temperature first.
func parseFine(b []byte, name string) (rate.FineRow, error) {
	var row rate.FineRow
	rhoYe, temperature := rate.FineGrid()
	row.Rate, row.Loss = make([]int32, rate.FineNodes), make([]int32, rate.FineNodes)
	node := 0
	err := lines(b, name, func(line string) error {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "!") {
			return nil
		}
		if len(words) != 8 || node == rate.FineNodes {
			return fmt.Errorf("%d columns in row %d, want 8 and %d rows", len(words), node+1, rate.FineNodes)
		}
		var v [8]float64
		for i, w := range words {
			var err error
			if v[i], err = number(w); err != nil {
				return err
			}
		}
		if r, t := rhoYe[node/len(temperature)], temperature[node%len(temperature)]; math.Abs(v[0]-r) > 1e-9 || math.Abs(v[1]-t) > 1e-9 {
			return fmt.Errorf("log10(rho Ye) = %g and log10 T = %g, want %g and %g", v[0], v[1], r, t)
		}
		for to, x := range map[*int32]float64{&row.Rate[node]: v[5], &row.Loss[node]: v[6]} {
			x = max(x, faintest)
			if math.Abs(x) > 1000 {
				return fmt.Errorf("%g: want a magnitude below 1000", x)
			}
			*to = int32(math.Round(x * rate.FineUnit))
		}
		node++
		return nil
	})
	if err == nil && node != rate.FineNodes {
		err = fmt.Errorf("%d rows, want %d", node, rate.FineNodes)
	}
	return row, err
}
