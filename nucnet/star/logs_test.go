package star

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A history and a profile as MESA lays them out: every field 41 characters wide, right-aligned.
func log(rows ...[]string) string {
	var b strings.Builder
	line := func(fields []string) {
		for _, f := range fields {
			fmt.Fprintf(&b, "%41s", f)
		}
		b.WriteString(" \n")
	}
	numbers := func(n int) []string {
		var s []string
		for i := range n {
			s = append(s, fmt.Sprint(i+1))
		}
		return s
	}
	line(numbers(len(rows[0])))
	line(rows[0])
	line(rows[1])
	b.WriteString("\n")
	line(numbers(len(rows[2])))
	for _, r := range rows[2:] {
		line(r)
	}
	return b.String()
}

// history goes back from model 12 to 11, as a run does that is taken up again.
var history = log(
	strings.Fields("version_number compiler burn_min1 date"),
	[]string{`"r23.05.1"`, `"gfortran 12.2"`, "5.0000000000000000E+001", `"20230801"`},
	strings.Fields("model_number num_zones star_age_sec log_dt log_center_T log_center_Rho center_ye center_o16 center_si28 log_LH"),
	strings.Fields("10 900 1.0000E+005 -3.0 9.30102999566 7.0 0.495 1.0000000000000000-104 9.0E-001 -99.0"),
	strings.Fields("11 901 2.0000E+005 -3.1 9.32 7.1 0.494 1E-5 8.0E-001 -99.0"),
	strings.Fields("12 902 3.0000E+005 -3.2 9.34 7.2 0.493 1E-6 7.0E-001 -99.0"),
	strings.Fields("11 901 2.5000E+005 -3.3 9.33 7.15 0.4935 1D-5 7.5E-001 NaN"),
	strings.Fields("12 902 3.5000E+005 -3.4 9.35 7.25 0.4925 1E-6 6.5E-001 -Infinity"),
)

func readHistory(t *testing.T) *Logs {
	t.Helper()
	l, err := ReadLogs(strings.NewReader(history), "history.data")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestHeaderAndColumns(t *testing.T) {
	l := readHistory(t)
	if l.Len() != 5 || len(l.Columns()) != 10 {
		t.Errorf("%d rows, %d columns", l.Len(), len(l.Columns()))
	}
	for name, want := range map[string]string{"version_number": "r23.05.1", "compiler": "gfortran 12.2", "date": "20230801"} {
		if s, err := l.Header(name); s != want || err != nil {
			t.Errorf("header %s: %q, %v", name, s, err)
		}
	}
	if v, err := l.HeaderNumber("burn_min1"); v != 50 || err != nil {
		t.Errorf("burn_min1: %g, %v", v, err)
	}
	if _, err := l.HeaderNumber("compiler"); !errors.Is(err, ErrFormat) {
		t.Errorf("a compiler that is a number: %v", err)
	}
	x, err := l.Column("center_o16")
	if err != nil || !slices.Equal(x, []float64{1e-104, 1e-5, 1e-6, 1e-5, 1e-6}) {
		t.Errorf("center_o16: %g, %v", x, err)
	}
	x, _ = l.Column("log_LH")
	if !math.IsNaN(x[3]) || !math.IsInf(x[4], -1) {
		t.Errorf("numbers that are none: %g", x)
	}
	_, err = l.Column("center_SI28")
	if !errors.Is(err, ErrColumn) || !strings.Contains(err.Error(), "center_si28") || !strings.Contains(err.Error(), "history.data") {
		t.Errorf("unknown column: %v", err)
	}
	if _, err := l.Header("star_mass"); !errors.Is(err, ErrColumn) {
		t.Errorf("unknown item: %v", err)
	}
}

func TestTrackOfHistory(t *testing.T) {
	track, err := readHistory(t).Track()
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(track.Nuclides); s != "[o16 si28]" {
		t.Errorf("nuclides %s", s)
	}
	if len(track.Points) != 3 {
		t.Fatalf("%d points, want the three models that were not replaced", len(track.Points))
	}
	first, second := track.Points[0], track.Points[1]
	if first.Time != 0 || math.Abs(first.T/2e9-1) > 1e-10 || math.Abs(first.Rho/1e7-1) > 1e-14 || first.Ye != 0.495 || first.X[1] != 0.9 {
		t.Errorf("first point %+v", first)
	}
	if second.Time != 1.5e5 || second.X[1] != 0.75 || math.Abs(second.Dt/(math.Pow(10, -3.3)*365.25*86400)-1) > 1e-6 {
		t.Errorf("second point %+v", second)
	}
}

// TestNamesOfColumns: time may stand in any of MESA's units, temperature and density as they are or as logarithms.
func TestNamesOfColumns(t *testing.T) {
	for _, c := range []struct {
		columns, values string
		step, dt        float64
	}{
		{"star_age time_step center_T center_Rho", "1e-6 1e-7 3e9 1e8 2e-6 1e-7 3e9 1e8", 31.5576, 3.15576},
		{"star_age_day time_step_days log_cntr_T log_cntr_Rho", "1 0.5 9.4771212547 8 2 0.5 9.4771212547 8", 86400, 43200},
		{"log_star_age_sec log_dt_sec log_center_T log_center_Rho", "0 -3 9.4771212547 8 1 -3 9.4771212547 8", 9, 1e-3},
		{"star_age_hr num_zones center_T center_Rho", "0 1 3e9 1e8 1 1 3e9 1e8", 3600, 0},
	} {
		f := strings.Fields(c.values)
		l, err := ReadLogs(strings.NewReader(log([]string{"a"}, []string{"1"}, strings.Fields(c.columns), f[:4], f[4:])), "h")
		if err != nil {
			t.Fatal(err)
		}
		track, err := l.Track()
		if err != nil {
			t.Errorf("%s: %v", c.columns, err)
			continue
		}
		p := track.Points[1]
		if math.Abs(p.Time/c.step-1) > 1e-9 || math.Abs(p.Dt-c.dt) > 1e-9*c.dt || math.Abs(p.T/3e9-1) > 1e-9 || math.Abs(p.Rho/1e8-1) > 1e-9 || !math.IsNaN(p.Ye) {
			t.Errorf("%s: %+v", c.columns, p)
		}
	}
}

func TestZonesOfProfile(t *testing.T) {
	l, err := ReadLogs(strings.NewReader(log(
		strings.Fields("model_number star_mass"), strings.Fields("850 15.0"),
		strings.Fields("zone mass logT rho logP ye neut h1 si28 p"),
		strings.Fields("1 15.0 4.0 1e-9 5 0.86 0 0.7 1e-3 2"),
		strings.Fields("2 1.0 9.4771212547 1e8 25 0.49 1e-10 0 0.5 3"),
	)), "profile1.data")
	if err != nil {
		t.Fatal(err)
	}
	nuclides, zones, err := l.Zones()
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(nuclides); s != "[neut h1 si28]" {
		t.Errorf("nuclides %s; the column p is no proton", s)
	}
	if z := zones[1]; len(zones) != 2 || z.Mass != 1 || math.Abs(z.T/3e9-1) > 1e-9 || z.Rho != 1e8 || z.Ye != 0.49 || !slices.Equal(z.X, []float64{1e-10, 0, 0.5}) {
		t.Errorf("zones %+v", zones)
	}
	if _, err := l.Track(); !errors.Is(err, ErrColumn) {
		t.Errorf("a profile has no track: %v", err)
	}
	if _, _, err := readHistory(t).Zones(); !errors.Is(err, ErrColumn) {
		t.Errorf("a history has no zones: %v", err)
	}
}

func TestMalformedLogs(t *testing.T) {
	lines := strings.SplitAfter(history, "\n")
	change := func(line int, s string) string {
		c := slices.Clone(lines)
		c[line-1] = s
		return strings.Join(c, "")
	}
	for name, c := range map[string]struct {
		text string
		line int
	}{
		"empty":             {"", 1},
		"blank":             {"\n\n", 1},
		"ends in header":    {strings.Join(lines[:2], ""), 3},
		"ends after header": {strings.Join(lines[:4], ""), 5},
		"ends before names": {strings.Join(lines[:5], ""), 6},
		"cut short":         {history[:len(history)-60], 11},
		"another format":    {"time,T,rho\n1,2,3\n", 1},
		"header values":     {change(3, "1 2 3\n"), 3},
		"open quotation":    {change(3, "\"r23 1 2 3\n"), 3},
		"no blank line":     {change(4, "1\n"), 4},
		"column numbers":    {change(5, "1 2 4\n"), 5},
		"column names":      {change(6, "star_age\n"), 6},
		"a word":            {change(9, "12 902 3E5 x 9.34 7.2 0.493 1E-6 0.7 -99.0\n"), 9},
		"stars":             {change(9, "12 902 3E5 ******* 9.34 7.2 0.493 1E-6 0.7 -99.0\n"), 9},
	} {
		_, err := ReadLogs(strings.NewReader(c.text), "LOGS/history.data")
		if !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), fmt.Sprintf("star: LOGS/history.data:%d: ", c.line)) {
			t.Errorf("%s: error %v, want one about line %d", name, err, c.line)
		}
	}
	if _, err := OpenLogs(filepath.Join(t.TempDir(), "history.data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestTimeMustNotFall(t *testing.T) {
	text := log([]string{"a"}, []string{"1"}, strings.Fields("star_age center_T center_Rho"), strings.Fields("2 1e9 1e7"), strings.Fields("1 1e9 1e7"))
	l, err := ReadLogs(strings.NewReader(text), "h")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Track(); !errors.Is(err, ErrFormat) {
		t.Errorf("error %v", err)
	}
}

// FuzzReadLogs: whatever the file holds, there is an error or a table whose columns have one length.
func FuzzReadLogs(f *testing.F) {
	f.Add(history)
	f.Add("1\na\n\"\"\n\n1\nb\n1.5-3\n")
	f.Add("1\na\n1\n\n1 2\nb b\n1 +-2\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ReadLogs(strings.NewReader(text), "f")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "star: f:") {
				t.Errorf("error %q names no line", err)
			}
			return
		}
		for _, name := range l.Columns() {
			if c, err := l.Column(name); err != nil || len(c) != l.Len() {
				t.Errorf("column %q: %d numbers of %d, %v", name, len(c), l.Len(), err)
			}
		}
		l.Track()
		l.Zones()
	})
}
