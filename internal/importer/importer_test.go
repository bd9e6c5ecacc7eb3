package importer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nuclab/internal/testenv"
	"nuclab/nucnet/nuclide/table"
	"nuclab/nucnet/rate"
	"nuclab/nucnet/rate/reaclib"
)

// pynucastro returns the package directory, from the interpreter that NUCLAB_TEST_PYTHON names or the tests' own
// environment.
func pynucastro(t *testing.T) string {
	t.Helper()
	python := os.Getenv("NUCLAB_TEST_PYTHON")
	if python == "" {
		python = testenv.Python(t, "pynucastro")
	}
	dir, err := Find(python)
	if err != nil {
		testenv.Require(t, "python", err.Error())
	}
	return dir
}

// The embedded tables are what the importer makes of pynucastro's files. The payloads are compared: how they are
// compressed may change with the version of Go.
func TestImport(t *testing.T) {
	tables, err := Import(pynucastro(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 4 {
		t.Errorf("%d tables", len(tables))
	}
	for path, b := range tables {
		embedded, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		oldHeader, old, err := table.Decode(string(embedded))
		if err != nil {
			t.Fatal(err)
		}
		newHeader, fresh, err := table.Decode(string(b))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(old, fresh) || fmt.Sprint(oldHeader) != fmt.Sprint(newHeader) {
			t.Errorf("%s is not what the importer makes now: run go generate ./nucnet/rate/data\nembedded %+v\nnow      %+v", path, oldHeader, newHeader)
		}
	}
}

// Source files that are cut off or changed are refused with file, line and reason.
func TestImportDamaged(t *testing.T) {
	from := pynucastro(t)
	type step func(*importer) (table.Header, []byte, error)
	var nuclides, fits, weak step = (*importer).nuclides, (*importer).reaclib, (*importer).weak
	for _, c := range []struct {
		step   step
		file   string
		damage func([]byte) []byte
		want   []string
	}{
		{nuclides, massDir + "mass_excess2020.txt", replace("13.135722895", "13.1357x"), []string{"mass_excess2020.txt:8:", "13.1357x"}},
		{nuclides, massDir + "spins2020.txt", replace("    1/2                            2 ", "    1/2                            x "), []string{"spins2020.txt:5:", `"x"`}},
		{nuclides, massDir + "halflife2020.txt", replace("609.8", "609.8 s"), []string{"halflife2020.txt:6:", "4 columns"}},
		{nuclides, "nucdata/PartitionFunction/frdm_low.txt", cut(1000), []string{"frdm_low.txt", "want 24"}},
		{nuclides, "nucdata/PartitionFunction/part_frdm.asc.txt", cut(100000), []string{"part_frdm.asc.txt", "cut off"}},
		{fits, "data/reaclib_default2_20250330", cut(1000), []string{"reaclib_default2_20250330:", "ends within a set"}},
		{fits, "data/reaclib_default2_20250330", replace("-6.781610e+00", "-6.78l610e+00"), []string{"reaclib_default2_20250330:3:", "columns 1-13"}},
		{weak, weakFiles[0].name, cut(60000), []string{"mmc01.txt:825:", "columns 29-37"}},
		{weak, weakFiles[1].name, replace("-1.986", "-1.987"), []string{"oda-17f-17o_electroncapture.dat:", "log10 rate"}},
		{weak, weakFiles[2].name, replace("z=11", "-=11"), []string{"ffnrates.dat:2:", "z="}},
	} {
		dir := t.TempDir()
		if err := mirror(dir, from, c.file, c.damage); err != nil {
			t.Fatal(err)
		}
		_, _, err := c.step(&importer{dir: dir})
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q in it", c.file, err, want)
			}
		}
	}
}

func replace(old, new string) func([]byte) []byte {
	return func(b []byte) []byte {
		if !bytes.Contains(b, []byte(old)) {
			panic("nothing to replace: " + old)
		}
		return bytes.Replace(b, []byte(old), []byte(new), 1)
	}
}

func cut(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }

func TestVersion(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"__version__ = version = '3.0.0'\n": "want pynucastro 3.1.0, this is 3.0.0",
		"version = 3":                       "no line with __version__",
	} {
		if err := os.WriteFile(filepath.Join(dir, "_version.py"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Import(dir); !errors.Is(err, ErrSource) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := Import(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "not an installed pynucastro") {
		t.Errorf("error %v", err)
	}
}

// mirror fills dir with links to what lies in the package directory from, and a damaged copy of one file.
func mirror(dir, from, damaged string, damage func([]byte) []byte) error {
	first, rest, nested := strings.Cut(damaged, "/")
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != first {
			if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	from, dir = filepath.Join(from, first), filepath.Join(dir, first)
	if nested {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		return mirror(dir, from, rest, damage)
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(dir, damage(b), 0o644)
}

// block writes a table as Langanke & Martinez-Pinedo print it. Every value tells its column.
func block(upper, lower string) string {
	var b strings.Builder
	fmt.Fprintf(&b, " neg. daughter %-4s z=99 n=99 a=99 Q=  0.7678\n pos. daughter %-4s z=98 n=99 a=99 Q= -0.7678\n", upper, lower)
	fmt.Fprintf(&b, "                      +++ %s --> %s +++      --- %s --> %s ---\n   t9   lrho    uf    lbeta+    leps-    lrnu    lbeta-    leps+  lrnubar\n",
		upper, lower, lower, upper)
	for rho := 1; rho <= 11; rho++ {
		for _, t9 := range append(rate.WeakT9(), 100) {
			fmt.Fprintf(&b, "%6.2f%5.1f%8.3f%9.3f%9.3f%9.3f%9.3f%9.3f%9.3f\n", t9, float64(rho), 0.5, -1.0, -2.25, -3.125, -1234.567/10, -5.5, -99.999)
		}
	}
	return b.String() + "     end\n"
}

func TestParseWeak(t *testing.T) {
	f := weakFiles[0]
	rows, err := f.parse([]byte("     Q values are the mass differences (parent - daughter)\n\n" + block("Sc45", "Ca45") + block("H1", "N01")))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 4 || rows[0].Parent != reaclib.NewCode(21, 45) || rows[0].Daughter != reaclib.NewCode(20, 45) ||
		rows[3].Parent != reaclib.NewCode(0, 1) || rows[3].Daughter != reaclib.NewCode(1, 1) {
		t.Fatalf("%d tables: %v", len(rows), rows)
	}
	for k := range rate.WeakNodes {
		if rows[0].Decay[k] != -1000 || rows[0].Capture[k] != -2250 || rows[0].Neutrino[k] != -3125 ||
			rows[1].Decay[k] != -123457 || rows[1].Capture[k] != -5500 || rows[1].Neutrino[k] != -99999 {
			t.Fatalf("node %d", k)
		}
	}
	good := block("Sc45", "Ca45")
	lines := strings.SplitAfter(good, "\n")
	for _, c := range []struct{ text, want string }{
		{strings.Join(lines[:50], ""), "at the end"},
		{strings.Join(lines[:50], "") + good, "mmc01.txt:51:"},
		{good + good, "at the end"},
		{strings.Replace(good, "-2.250", "-2.25x", 1), "mmc01.txt:5:"},
		{strings.Replace(good, "  0.10  1.0", "  0.11  1.0", 1), "want 0.1 and 1"},
		{strings.Replace(good, "daughter Ca45", "daughter Ca46", 1), "not neighbours"},
		{strings.Replace(good, "daughter Sc45", "daughter Xx45", 1), "mmc01.txt:1:"},
		{strings.Replace(good, " pos. daughter Ca45", " pos, daughter Ca45", 1), "mmc01.txt:2:"},
		{strings.Replace(good, "z=98", "z 98", 1), "mmc01.txt:2:"},
	} {
		if _, err := f.parse([]byte(c.text)); !errors.Is(err, ErrSource) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	if _, err := Find(filepath.Join(t.TempDir(), "python3")); !errors.Is(err, ErrNoPynucastro) {
		t.Errorf("error %v", err)
	}
}
