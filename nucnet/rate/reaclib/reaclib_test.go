package reaclib

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"nuclab/nucnet/nuclide/table"
)

// heading builds the second line of a set from label and flags in five or six characters, Q, and nuclides.
func heading(label, q string, names ...string) string {
	var fields [Names]any
	for i := range fields {
		fields[i] = ""
		if i < len(names) {
			fields[i] = names[i]
		}
	}
	return fmt.Sprintf("     "+strings.Repeat("%5s", Names), fields[:]...) + fmt.Sprintf("        %-6s   %12s          \n", label, q)
}

// Sets in the fixed columns of REACLIB-2; numbers touch where they are negative.
var (
	c12ag = "4\n" + heading("nac2r", "7.16192e+00", "he4", "c12", "o16") +
		" 2.546340e+02-1.840970e+00 1.034110e+02-4.205670e+02                      \n" +
		" 6.408740e+01-1.246240e+01 1.373030e+02                                   \n"
	ecap = "1\n" + heading("  ecw", "-1.90000e-02", "he3", "t") +
		"-3.246200e+01-2.133800e-01-8.215810e-01 1.112410e+01                      \n" +
		"-5.773380e-01 2.904710e-02-2.627050e-01                                   \n"
	isomer = "5\n" + heading("chw0r", "4.78700e+00", "n", "al-6", "p", "mg26") +
		" 1.000000e+00 0.000000e+00 0.000000e+00 0.000000e+00                      \n" +
		" 0.000000e+00 0.000000e+00 0.000000e+00                                   \n"
)

func TestParse(t *testing.T) {
	sets, isomers, err := Parse(strings.NewReader(c12ag+"\n"+isomer+strings.ReplaceAll(ecap, "\n", "\r\n")), "test")
	if err != nil {
		t.Fatal(err)
	}
	if len(sets) != 2 || isomers != 1 {
		t.Fatalf("%d sets, %d isomers, want 2 and 1", len(sets), isomers)
	}
	s := sets[0]
	want := Fit{254.634, -1.84097, 103.411, -420.567, 64.0874, -12.4624, 137.303}
	if s.Fit != want || s.Label != "nac2" || s.Kind != 'r' || s.Reverse || s.Q != 7.16192 || s.ElectronCapture() {
		t.Errorf("%+v", s)
	}
	if in, out := s.In(), s.Out(); len(in) != 2 || in[0] != NewCode(2, 4) || in[1] != NewCode(6, 12) || len(out) != 1 || out[0] != NewCode(8, 16) {
		t.Errorf("in %v, out %v", in, out)
	}
	if s := sets[1]; !s.ElectronCapture() || s.Kind != 'w' || s.Fit[1] != -0.21338 || !s.Key().Weak() {
		t.Errorf("%+v", s)
	}
}

func TestParseErrors(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(c12ag, old) {
			t.Fatalf("no %q to change", old)
		}
		return strings.Replace(c12ag, old, new, 1)
	}
	for _, c := range []struct{ text, line, why string }{
		{change("4\n", "12\n"), "1", "chapter 12"},
		{change("4\n", "x\n"), "1", "no chapter"},
		{change(" c12", " c1x"), "2", "nuclide"},
		{change(" c12", "xx12"), "2", "nuclide"},
		{change(" c12", " c13"), "2", "mass number"},
		{change("  c12  o16", "  o16     "), "2", "fewer nuclides"},
		{change("  c12  o16", "       o16"), "2", "empty field"},
		{change("  o16          ", "  he4  c12   p"), "2", "more nuclides"},
		{change("nac2r ", "nac2q "), "2", "kind"},
		{change("nac2r ", "nac2rx"), "2", "reverse"},
		{change("7.16192e+00", "7.1619xe+00"), "2", "columns 53-64"},
		{change(" 7.16192e+00", " \x00.16192e+00"), "2", "printable"},
		{change("-1.840970e+00", "-1.84O970e+00"), "3", "columns 14-26"},
		{change("-1.840970e+00", "          NaN"), "3", "columns 14-26"},
		{change(" 1.373030e+02", "             "), "4", "columns 27-39"},
		{c12ag + "4\n     he4  c12", "6", "ends within a set"},
		{c12ag + "4\n" + strings.Repeat("x", 1<<17), "6", "too long"},
	} {
		_, _, err := Parse(strings.NewReader(c.text), "file")
		if !errors.Is(err, ErrSyntax) || !strings.HasPrefix(err.Error(), "file:"+c.line+":") || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%q: error %v, want line %s and %q", c.text, err, c.line, c.why)
		}
	}
}

func TestPack(t *testing.T) {
	sets, _, err := Parse(strings.NewReader(c12ag+ecap), "test")
	if err != nil {
		t.Fatal(err)
	}
	sets[1].Reverse = true
	sets[0].Fit[3] = -1.234567e-30 // beyond the powers that one division covers
	payload, err := Pack(sets)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Unpack(payload)
	if err != nil {
		t.Fatal(err)
	}
	if len(back) != 2 || back[0] != sets[0] || back[1] != sets[1] {
		t.Errorf("got %+v, want %+v", back, sets)
	}
	for n := range len(payload) {
		if _, err := Unpack(payload[:n]); !errors.Is(err, table.ErrFormat) {
			t.Errorf("cut off at %d: error %v", n, err)
		}
	}
	sets[0].Fit[0] = math.Pi
	if _, err := Pack(sets); err == nil {
		t.Error("a number of more than seven digits was packed")
	}
}

// Each number of seven digits comes back as strconv would read it.
func TestSplitJoin(t *testing.T) {
	for _, m := range []int{1, 1000001, 1234567, 9999999, -7654321} {
		for e := -40; e <= 40; e++ {
			var x float64
			if _, err := fmt.Sscanf(fmt.Sprintf("%de%d", m, e), "%g", &x); err != nil {
				t.Fatal(err)
			}
			a, b, err := split(x)
			if err != nil {
				t.Fatal(err)
			}
			if back := join(a, b); back != x {
				t.Errorf("%de%d: %v, want %v", m, e, back, x)
			}
		}
	}
}

func TestKey(t *testing.T) {
	p, a, c := NewCode(1, 1), NewCode(2, 4), NewCode(6, 12)
	k := NewKey([]Code{c, p, a}, []Code{a})
	if k != NewKey([]Code{a, c, p}, []Code{a}) || k.Reverse() != NewKey([]Code{a}, []Code{p, a, c}) || k.Reverse().Reverse() != k {
		t.Errorf("keys depend on the order within a side: %v", k)
	}
	if c.Z() != 6 || c.A() != 12 {
		t.Errorf("Z = %d, A = %d", c.Z(), c.A())
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(c12ag + ecap))
	f.Add([]byte(isomer))
	f.Add([]byte("8\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sets, _, err := Parse(strings.NewReader(string(data)), "fuzz")
		if err != nil {
			if !errors.Is(err, ErrSyntax) || !strings.HasPrefix(err.Error(), "fuzz:") {
				t.Errorf("error %v", err)
			}
			return
		}
		payload, err := Pack(sets)
		if err != nil {
			return // numbers of other precision
		}
		back, err := Unpack(payload)
		if err != nil || len(back) != len(sets) {
			t.Fatalf("%d of %d sets come back, %v", len(back), len(sets), err)
		}
		for i := range sets {
			if back[i] != sets[i] {
				t.Errorf("set %d: %+v, want %+v", i, back[i], sets[i])
			}
		}
	})
}
