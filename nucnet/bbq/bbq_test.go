package bbq

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// folder writes files, given by name and text in turn, into a new folder.
func folder(t testing.TB, namesAndTexts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(namesAndTexts); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, namesAndTexts[i]), []byte(namesAndTexts[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs the inlist of a folder and returns its warnings.
func run(t testing.TB, dir, inlist string, o Options) (warnings []string, err error) {
	t.Helper()
	o.Warn = func(s string) { warnings = append(warnings, s) }
	in, err := ReadInlist(filepath.Join(dir, inlist))
	if err != nil {
		return nil, err
	}
	r, err := New(in, o)
	if err != nil {
		return warnings, err
	}
	return warnings, r.Run(context.Background())
}

// output reads a table: its heading and the numbers of its lines.
func output(t testing.TB, path string) (head string, rows [][]float64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, line := range lines[1:] {
		var row []float64
		for _, f := range strings.Fields(line) {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, x)
		}
		rows = append(rows, row)
	}
	return lines[0], rows
}

const (
	ni56Net    = "add_isos_and_reactions(\n\nneut\nh1\nhe4\n\nfe56\nni56\nco56\n\n)\n"
	ni56Inlist = `&bbq
    ! Tolerances
    net_name = 'ni56.net'
    max_steps = 1000000
    eps = 1d-8
    odescal = 1d-10
    stptry = 0
    use_input_file = .true.
    write_iso_list = .true.
    iso_list_filename = 'iso.txt'
/
&sampling ! the file to read and the one to write
    input_filename = 'input.txt'
    output_filename = 'output.txt'
/
&profile
/
&eos
/
&nuclear
/
`
)

// TestNi56 is BBQ's own test of that name: decay of ni56 over 1 s to 1e9 s in steps of decades. The abundances and
// energies are BBQ's. Its masses are older: they differ by 4 keV for ni56, 0.2 % of the energy of the first decay. What
// is left of a nuclide after many half-lives has an error of up to 2e-5 there, which shows against exp(-lambda t), and
// its loss by neutrinos is that of a state some way before the end, 1 % at 1e8 s. Both are there as well with BBQ's own
// method.
func TestNi56(t *testing.T) {
	var input strings.Builder
	for k := range 10 {
		fmt.Fprintf(&input, "1d%d 3.0 3.0 0.0 0.0 0.0 0.0 0.0 1.0\n", k)
	}
	dir := folder(t, "inlist", ni56Inlist, "ni56.net", ni56Net, "input.txt", input.String()+"\n")
	for _, c := range []struct {
		solver                    string
		x, left, neu, neuAtTheEnd float64 // tolerances
	}{
		{"", 1e-6, 3e-5, 1e-4, 1e-2},
		{"bader-deuflhard", 1e-9, 1e-6, 1e-6, 1e-5},
	} {
		warnings, err := run(t, dir, "inlist", Options{Solver: c.solver})
		if err != nil {
			t.Fatal(err)
		}
		if len(warnings) != 1 || !strings.Contains(warnings[0], "input.txt:11: a blank line") {
			t.Errorf("warnings %q", warnings)
		}
		head, rows := output(t, filepath.Join(dir, "output.txt"))
		if head != "id eps_nuc eps_neu neut h1 he4 fe56 co56 ni56 " {
			t.Errorf("heading %q", head)
		}
		if len(rows) != 11 {
			t.Fatalf("%d rows, want 11", len(rows))
		}
		for _, w := range []struct {
			row                        int
			nuc, neu, fe56, co56, ni56 float64
		}{
			{0, 3.9104359135189331e10, 9.4759628863660927e9, 6.8602483701012932e-14, 1.3202351251955114e-6, 9.9999867976480616e-1},
			{3, 3.9088190283248531e13, 9.4654990090777836e9, 6.8569960073712247e-8, 1.3192963671222425e-3, 9.9868063506291771e-1},
			{5, 3.7531842912890640e15, 8.4931243185310993e9, 6.5451129652221475e-4, 1.2302518075072874e-1, 8.7632030795274896e-1},
			{6, 2.6881557774634612e16, 3.5899576548007798e9, 4.4517376234267339e-2, 6.8841037574422903e-1, 2.6707224802150364e-1},
			{7, 7.9347523658977296e16, 5.9142622259270227e8, 6.1605613977166929e-1, 3.8394201395115518e-1, 1.8462771755510594e-6},
			{8, 1.1545910141854019e17, 5.0807330264206328e4, 9.9996671735293230e-1, 3.3282647067577129e-5, 5.6011773337182333e-29},
		} {
			got := rows[w.row]
			if got[0] != float64(w.row+1) {
				t.Errorf("row %d has id %g", w.row, got[0])
			}
			for i, want := range []float64{w.nuc, w.neu, 0, 0, 0, w.fe56, w.co56, w.ni56} {
				tolerance := c.x * want
				switch {
				case i == 0:
					tolerance = 2e-3 * want
				case i == 1 && w.row == 8:
					tolerance = c.neuAtTheEnd * want
				case i == 1:
					tolerance = c.neu * want
				case want < 1e-20:
					tolerance = 1e-25
				case want < 1e-5:
					tolerance = c.left * want
				}
				if math.Abs(got[i+1]-want) > tolerance {
					t.Errorf("solver %q: id %g, column %d: %.10g, BBQ has %.10g", c.solver, got[0], i+1, got[i+1], want)
				}
			}
		}
	}
	isos, err := os.ReadFile(filepath.Join(dir, "iso.txt"))
	if want := "neut    \nh1      \nhe4     \nfe56    \nco56    \nni56    \n"; err != nil || string(isos) != want {
		t.Errorf("list of isotopes %q, %v", isos, err)
	}
}

// A line of numbers is laid out as Fortran's I0,1X and 1pe26.16,1X.
func TestLayout(t *testing.T) {
	for x, want := range map[float64]string{
		0: "    0.0000000000000000E+00", 1: "    1.0000000000000000E+00", -0.375: "   -3.7500000000000000E-01",
		3.9104359135189331e10: "    3.9104359135189331E+10", 1.25e-100: "    1.2500000000000000-100",
	} {
		if got := string(appendReal(nil, x)); got != want {
			t.Errorf("%g is written %q, want %q", x, got, want)
		}
	}
	dir := folder(t, "inlist", ni56Inlist, "ni56.net", ni56Net, "input.txt", "1d0 3.0 3.0 0 0 0 0 0 1\n")
	if _, err := run(t, dir, "inlist", Options{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "output.txt"))
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Split(string(text), "\n")[1]
	if len(line) != 2+8*27 || !strings.HasPrefix(line, "1     3.9") || !strings.HasSuffix(line, "E-01 ") {
		t.Errorf("%q", line)
	}
}

// Nothing in a file is less than 1e-30, and fractions add up to 1.
func TestFloor(t *testing.T) {
	dir := folder(t, "inlist", ni56Inlist, "ni56.net", ni56Net, "input.txt", "1d9 3.0 3.0 0 0 0 0 0 1\n")
	if _, err := run(t, dir, "inlist", Options{}); err != nil {
		t.Fatal(err)
	}
	_, rows := output(t, filepath.Join(dir, "output.txt"))
	sum := 0.0
	for _, x := range rows[0][3:] {
		sum += x
		if x < 1e-30 {
			t.Errorf("X = %g", x)
		}
	}
	if math.Abs(sum-1) > 1e-15 {
		t.Errorf("X add up to %.17g", sum)
	}
}

const alphas = "add_isos_and_reactions(\nhe4\nc12\no16\n)\n"

func TestHydrostatic(t *testing.T) {
	inlist := func(more string) string {
		return "&bbq net_name='alphas.net', use_hydrostatic=.true. /\n&hydrostatic\n logT = 8.9\n logRho = 5.0\n" + more +
			"\n input_composition_filename = 'comp.txt'\n output_filename = 'output.txt' /\n"
	}
	dir := folder(t, "alphas.net", alphas, "comp.txt", "0.9\n0.1\n0.0\n", "times.txt", "1d-1\n1.0 second\n\n2\n",
		"log", inlist("min_time=-2, max_time=2, num_times=5, log_time=.true."),
		"linear", inlist("min_time=1, max_time=3, num_times=3"),
		"file", inlist("times_from_file=.true., input_filename='times.txt'"),
		"none", inlist(""))
	for _, c := range []struct {
		inlist string
		steps  []float64
	}{{"log", []float64{0.01, 0.1, 1, 10, 100}}, {"linear", []float64{1, 2, 3}}} {
		if _, err := run(t, dir, c.inlist, Options{}); err != nil {
			t.Fatal(err)
		}
		head, rows := output(t, filepath.Join(dir, "output.txt"))
		if head != "age dt eps_nuc eps_neu he4 c12 o16 " || len(rows) != len(c.steps)+1 {
			t.Fatalf("%s: heading %q, %d rows", c.inlist, head, len(rows))
		}
		if first := rows[0]; first[0] != 0 || first[2] != 0 || first[3] != 0 || first[4] != 0.9 || first[5] != 0.1 || first[6] != 0 {
			t.Errorf("%s: first row %v", c.inlist, first)
		}
		age := 0.0
		for i, step := range c.steps {
			age += step
			if got := rows[i+1]; math.Abs(got[0]/age-1) > 1e-14 || math.Abs(got[1]/step-1) > 1e-14 || !(got[2] > 0) || !(got[4] < rows[i][4]) {
				t.Errorf("%s: row %v after %v, want age %g", c.inlist, got, rows[i], age)
			}
		}
	}
	// Steps of 1, 2 and 3 s come to what one of 6 s does.
	_, rows := output(t, filepath.Join(dir, "output.txt"))
	in, err := ReadInlist(filepath.Join(dir, "linear"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Burn(context.Background(), Zone{6, 8.9, 5, []float64{0.9, 0.1, 0}})
	if err != nil {
		t.Fatal(err)
	}
	energy := 0.0
	for _, row := range rows[1:] {
		energy += row[2] // no neutrinos here
	}
	if math.Abs(energy/b.EpsNuc-1) > 1e-6 {
		t.Errorf("energy of the steps %g, of one %g", energy, b.EpsNuc)
	}
	for i, x := range b.X {
		if math.Abs(rows[3][4+i]-x) > 1e-7 {
			t.Errorf("X after steps %v, after one %v", rows[3][4:], b.X)
			break
		}
	}
	if _, err := run(t, dir, "file", Options{}); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "times.txt:2:") {
		t.Errorf("word in a file of times: %v", err)
	}
	if _, err := run(t, dir, "none", Options{}); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "num_times") {
		t.Errorf("no times: %v", err)
	}
}

func TestProfile(t *testing.T) {
	inlist := func(more string) string {
		return "&bbq\n net_name='alphas.net'\n use_profile=.true.\n/\n&profile\n input_filename='input.txt'\n" +
			" input_composition_filename='comp.txt'\n output_filename='output.txt'\n" + more + "\n/\n"
	}
	dir := folder(t, "alphas.net", alphas, "comp.txt", "0.9\n0.1\n0.0\n", "input.txt", "1.0 8.5 5.0\n2.0 8.6 5.1\n0.5 8.7 5.2\n0.25 8.8 5.3\n",
		"once", inlist("reflective_boundaries=.false., num_loops=7, write_comp_every_loop=.true."),
		"loops", inlist("num_loops=2, write_comp_every_loop=.true."),
		"restart", inlist("num_loops=2, write_comp_every_loop=.true., restart_from=1"))
	check := func(inlist string, order ...int) [][]float64 {
		t.Helper()
		if _, err := run(t, dir, inlist, Options{}); err != nil {
			t.Fatal(err)
		}
		head, rows := output(t, filepath.Join(dir, "output.txt"))
		if head != "age dt logt logrho he4 c12 o16 " || len(rows) != len(order)+1 {
			t.Fatalf("%s: heading %q, %d rows, want %d", inlist, head, len(rows), len(order)+1)
		}
		zones := [][3]float64{{1, 8.5, 5}, {2, 8.6, 5.1}, {0.5, 8.7, 5.2}, {0.25, 8.8, 5.3}}
		if got := rows[0]; got[0] != 0 || got[1] != 1 || got[2] != 8.5 || got[3] != 5 || got[4] != 0.9 {
			t.Errorf("%s: first row %v", inlist, got)
		}
		age := 0.0
		for i, k := range order {
			age += zones[k][0]
			if got := rows[i+1]; got[0] != age || got[1] != zones[k][0] || got[2] != zones[k][1] || got[3] != zones[k][2] {
				t.Errorf("%s: row %d is %v, want age %g and line %d of the profile", inlist, i+1, got[:4], age, k+1)
			}
		}
		return rows
	}
	once := check("once", 0, 1, 2, 3)
	if _, err := os.Stat(filepath.Join(dir, "comp_1.txt")); err == nil {
		t.Error("a composition was written though there is no loop")
	}
	// There and back, without the last line twice, and again.
	loops := check("loops", 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1)
	if a, b := fmt.Sprint(once), fmt.Sprint(loops[:5]); a != b {
		t.Error("the first way there differs")
	}
	text, err := os.ReadFile(filepath.Join(dir, "comp_2.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var last []string
	for _, x := range loops[12][4:] {
		last = append(last, string(appendReal(nil, x)))
	}
	if got := strings.Split(string(text), " \n"); strings.Join(got[:3], ",") != strings.Join(last, ",") {
		t.Errorf("composition after two loops %q, last row %q", got, last)
	}
	os.Remove(filepath.Join(dir, "comp_2.txt"))
	check("restart", 0, 1, 2, 3, 2, 1)
	if again, err := os.ReadFile(filepath.Join(dir, "comp_2.txt")); err != nil || string(again) != string(text) {
		t.Errorf("composition after a restart %q, want %q, %v", again, text, err)
	}
}

// TestHydrostaticReference is BBQ's own test of that name: approx21, equal mass fractions, 1e9 K and 1e5 g/cm3. The mass
// fractions are BBQ's, of 22.11.1; those of neut, cr56 and the iron group, which hardly change, are left out.
func TestHydrostaticReference(t *testing.T) {
	dir := folder(t, "comp.txt", strings.Repeat("0.047619047619047616\n", 21), "inlist", `&bbq
 net_name = 'approx21.net', use_hydrostatic = .true. /
&hydrostatic
 min_time = -5, max_time = -2.6d0, log_time = .true., num_times = 25
 logT = 9.0, logRho = 5.0
 input_composition_filename = 'comp.txt', output_filename = 'output.txt' /
`)
	if _, err := run(t, dir, "inlist", Options{}); err != nil {
		t.Fatal(err)
	}
	head, rows := output(t, filepath.Join(dir, "output.txt"))
	names := strings.Fields(head)
	if len(rows) != 26 || rows[0][1] != 1e-5 {
		t.Fatalf("%d rows, the first %v", len(rows), rows[0])
	}
	for _, c := range []struct {
		row int
		age float64
		x   map[string]float64
	}{
		{1, 1e-5, map[string]float64{"h1": 5.5551266778151753e-2, "he3": 1.2859047927190006e-5, "he4": 7.9287799940964201e-2,
			"c12": 8.5433136436914380e-11, "n14": 1.0301809422281753e-1, "o16": 4.7614346682885590e-2, "ne20": 4.7846899675276430e-2}},
		{10, 3.4759044844754597e-4, map[string]float64{"h1": 5.5555370461849253e-2, "he3": 3.6998958365066399e-7, "he4": 7.7040800779320170e-2,
			"c12": 8.0762117061469021e-11, "n14": 9.7884414722763324e-2, "ne20": 5.5318128963019950e-2, "mg24": 4.7662585922853343e-2}},
		{25, 1.2174462283656746e-2, map[string]float64{"h1": 5.5554110020438613e-2, "he3": 1.0508412399785427e-8, "he4": 4.4874584389526614e-2,
			"c12": 2.1294544298500549e-11, "n14": 2.6871210095070108e-2, "ne20": 1.5816111026627938e-1, "mg24": 5.0963707944309704e-2}},
	} {
		got := rows[c.row]
		if math.Abs(got[0]/c.age-1) > 1e-14 {
			t.Errorf("row %d: age %.17g, want %.17g", c.row, got[0], c.age)
		}
		for i, name := range names {
			if want, ok := c.x[name]; ok && math.Abs(got[i]/want-1) > 1e-6 {
				t.Errorf("row %d: X(%s) = %.10g, BBQ has %.10g", c.row, name, got[i], want)
			}
		}
	}
}
