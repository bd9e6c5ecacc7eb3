package importer

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
	"nuclab/nucnet/rate/reaclib"
)

// weakFile describes an original file of weak rates: blocks of a heading, which names the daughters, and rows over
// temperature and density with nine fields that end at fixed columns: T9, log10(rho Ye), the chemical potential, then
// log10 of beta+ decay, electron capture and neutrino loss, then of beta- decay, positron capture and
// antineutrino loss. Losses are in MeV/s.
type weakFile struct {
	name   string // in the package directory
	split  string // prefix of the files that pynucastro has split it into
	source rate.WeakSource
	ends   [9]int // columns where the fields end
	hot    bool   // has rows at T9 = 100, which are not used
}

// weakFiles is in the order of preference.
var weakFiles = []weakFile{
	{"data/tabular/langanke/1-s2.0-S0092640X01908654-mmc01.txt", "data/tabular/langanke/langanke-", rate.LMP,
		[9]int{6, 11, 19, 28, 37, 46, 55, 64, 73}, true},
	{"data/tabular/oda/odarates.dat", "data/tabular/oda/oda-", rate.Oda,
		[9]int{10, 20, 30, 40, 50, 60, 70, 80, 90}, false},
	{"data/tabular/ffn/ffnrates.dat", "data/tabular/ffn/ffn-", rate.FFN,
		[9]int{6, 11, 18, 26, 34, 43, 51, 59, 68}, true},
}

// weakBlock is the part of a file about two isobars. The daughter of beta- decay is the upper one, that of beta+
// decay the lower.
type weakBlock struct {
	upper, lower za
	rows         int
	plus, minus  rate.WeakRow
}

func (f weakFile) temperatures() []float64 {
	t := rate.WeakT9()
	if f.hot {
		t = append(t, 100)
	}
	return t
}

// parse returns both directions of every block.
func (f weakFile) parse(b []byte) ([]rate.WeakRow, error) {
	var list []rate.WeakRow
	seen := make(map[za]bool) // lower and A tell a block
	var block *weakBlock
	t9 := f.temperatures()
	want := len(t9) * rate.WeakNodes / len(rate.WeakT9())
	finish := func() error {
		if block == nil || block.rows == 0 {
			return nil
		}
		if block.rows != want {
			return fmt.Errorf("%d rows before this line, want %d", block.rows, want)
		}
		if seen[block.lower] {
			return fmt.Errorf("second table for Z=%d A=%d", block.lower.z, block.lower.a)
		}
		seen[block.lower] = true
		list = append(list, block.plus, block.minus)
		block = nil
		return nil
	}
	err := lines(b, f.name, func(line string) error {
		text := strings.TrimSpace(line)
		if kind, name, ok := strings.Cut(text, " daughter "); ok && (kind == "neg." || kind == "pos.") {
			if err := finish(); err != nil {
				return err
			}
			if block == nil {
				block = &weakBlock{}
			}
			return block.heading(kind, name)
		}
		if block == nil || text == "" || text == "end" || strings.ContainsAny(text, ">") || strings.HasPrefix(strings.ToLower(text), "t9") {
			return nil // the introduction, or a heading
		}
		return block.row(line, f.ends, t9)
	})
	if err == nil {
		if err = finish(); err != nil {
			err = fmt.Errorf("%s: at the end: %w: %w", f.name, ErrSource, err)
		}
	}
	for i := range list {
		list[i].Source = f.source
	}
	return list, err
}

// heading reads " neg. daughter Sc45 z=..." or " pos. daughter  O 17 z=...". Only the name counts: charge, neutron and mass
// numbers and Q are wrong in places.
func (b *weakBlock) heading(kind, rest string) error {
	name, _, ok := strings.Cut(rest, "z=")
	if !ok {
		return fmt.Errorf("want a name and z= after daughter")
	}
	var n za
	var err error
	if name = strings.TrimSpace(name); name == "N01" {
		n = za{0, 1} // the neutron
	} else if n, err = parseZA(name); err != nil {
		return err
	}
	if kind == "neg." {
		b.upper = n
		return nil
	}
	b.lower = n
	if b.upper == (za{}) { // Oda et al. name the lower one alone
		b.upper = za{n.z + 1, n.a}
	}
	if b.upper != (za{n.z + 1, n.a}) {
		return fmt.Errorf("daughters with Z=%d A=%d and Z=%d A=%d are not neighbours", b.upper.z, b.upper.a, n.z, n.a)
	}
	upper, lower := reaclib.NewCode(b.upper.z, b.upper.a), reaclib.NewCode(n.z, n.a)
	b.plus.Parent, b.plus.Daughter = upper, lower
	b.minus.Parent, b.minus.Daughter = lower, upper
	return nil
}

// row reads a row of the table and checks that it is the next node of the grid.
func (b *weakBlock) row(line string, ends [9]int, t9 []float64) error {
	if b.plus.Parent == 0 {
		return fmt.Errorf("row without a daughter of beta+ decay")
	}
	var value [9]float64
	start := 0
	for i, end := range ends {
		word := strings.TrimSpace(line[min(start, len(line)):min(end, len(line))])
		var err error
		if value[i], err = number(word); err != nil {
			return fmt.Errorf("columns %d-%d: %w", start+1, end, err)
		}
		start = end
	}
	it, ir := b.rows%len(t9), b.rows/len(t9)
	if value[0] != t9[it] || value[1] != float64(1+ir) {
		return fmt.Errorf("T9 = %g and log10(rho Ye) = %g, want %g and %d", value[0], value[1], t9[it], 1+ir)
	}
	b.rows++
	if t9[it] == 100 {
		return nil
	}
	node := ir*len(rate.WeakT9()) + it
	for i, to := range []*int32{&b.plus.Decay[node], &b.plus.Capture[node], &b.plus.Neutrino[node],
		&b.minus.Decay[node], &b.minus.Capture[node], &b.minus.Neutrino[node]} {
		v := math.Round(value[3+i] * 1000)
		if math.Abs(v/1000-value[3+i]) > 1e-9 || math.Abs(v) > 1e6 {
			return fmt.Errorf("%g: want three decimals and a magnitude below 1000", value[3+i])
		}
		*to = int32(v)
	}
	return nil
}

// splitTolerance is how far, in decimal logarithms, a split file may be from the original.
const splitTolerance = 2e-5

// compareSplit checks what was read against pynucastro's split files, in which decay and capture are added up. Every
// table must have its file, with the same values at all nodes.
func (im *importer) compareSplit(f weakFile, rows []rate.WeakRow) error {
	for i := range rows {
		r := &rows[i]
		kind := "electroncapture"
		if r.Daughter.Z() > r.Parent.Z() {
			kind = "betadecay"
		}
		name := f.split + splitName(r.Parent) + "-" + splitName(r.Daughter) + "_" + kind + ".dat"
		b, err := os.ReadFile(filepath.Join(im.dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if err := compareRow(b, name, r, f.temperatures()); err != nil {
			return err
		}
	}
	return nil
}

func splitName(c reaclib.Code) string {
	switch {
	case c.Z() == 0:
		return "n"
	case c.A() == 1:
		return "p"
	}
	return fmt.Sprintf("%d%s", c.A(), nuclide.Symbol(c.Z()))
}

func compareRow(b []byte, name string, r *rate.WeakRow, t9 []float64) error {
	row := 0
	cold := rate.WeakT9()
	err := lines(b, name, func(line string) error {
		word := strings.Fields(line)
		if len(word) == 0 || strings.HasPrefix(line, "!") {
			return nil
		}
		if len(word) != 8 {
			return fmt.Errorf("%d columns, want 8", len(word))
		}
		it, ir := row%len(t9), row/len(t9)
		row++
		it = slices.Index(cold, t9[it])
		if it < 0 {
			return nil
		}
		summed, err := number(word[5])
		if err != nil {
			return err
		}
		loss, err := number(word[6])
		if err != nil {
			return err
		}
		node := ir*len(cold) + it
		if node >= rate.WeakNodes {
			return fmt.Errorf("more rows than nodes")
		}
		ours := logSum(float64(r.Decay[node])/1000, float64(r.Capture[node])/1000)
		if !agree(ours, summed) {
			return fmt.Errorf("log10 rate %g, the original gives %g", summed, ours)
		}
		if ours := float64(r.Neutrino[node])/1000 + math.Log10(nuclide.MeV); !agree(ours, loss) {
			return fmt.Errorf("log10 neutrino loss %g, the original gives %g", loss, ours)
		}
		return nil
	})
	if err == nil && row != len(t9)*rate.WeakNodes/len(cold) {
		err = fmt.Errorf("%s: %w: %d rows", name, ErrSource, row)
	}
	return err
}

// agree compares logarithms; below 1e-90 both only say zero.
func agree(a, b float64) bool { return math.Abs(a-b) <= splitTolerance || max(a, b) < -90 }

func logSum(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Pow(10, b-a))/math.Ln10
}
