package rate

import (
	"errors"
	"math"
	"strings"
	"testing"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate/reaclib"
)

func TestParseReaction(t *testing.T) {
	for s, want := range map[string]string{
		"c12(a,g)o16":              "c12 + he4 -> o16",
		"he4 + c12 -> o16 + gamma": "c12 + he4 -> o16",
		"C12 (p, g) N13":           "c12 + h1 -> n13",
		"3 he4 -> c12":             "he4 + he4 + he4 -> c12",
		"he4 + he4 + he4 -> c12":   "he4 + he4 + he4 -> c12",
		"o16(c12,a)mg24":           "o16 + c12 -> mg24 + he4",
		"p + p -> d":               "h1 + h1 -> h2",
		"p + p + e- -> d + nu":     "h1 + h1 -> h2",
		"28Si(g,a)mg24":            "si28 -> mg24 + he4",
		"t + li7 -> 2n + 2a":       "li7 + h3 -> he4 + he4 + neut + neut",
		"ni56 -> co56":             "ni56 -> co56",
		"neut -> h1 + e-":          "neut -> h1",
		"al27(p,a)mg24":            "al27 + h1 -> mg24 + he4",
	} {
		r, err := ParseReaction(s)
		if err != nil || r.String() != want {
			t.Errorf("%q: %s, %v, want %s", s, r, err, want)
		}
	}
	for _, c := range []struct{ s, why string }{
		{"", "want c12 + he4 -> o16"}, {"c12 + he4", "want c12"}, {"c12 + he4 -> ", "one to four"}, {"-> o16", "one to four"},
		{"c12 + he4 -> ne20", "mass number changes by +4"}, {"c14 -> o14", "charge changes by +2"},
		{"c12 + xx4 -> o16", "unknown nuclide"}, {"c12(a,g)", "one to four"}, {"c12(2a)o16", "want c12"}, {"n(n,g)", "one to four"}, {"p+p+p+p+p -> he4 + p", "one to four"},
		{"o16 -> si16", "unknown nuclide"}, {"9 p -> be9", "unknown nuclide"},
	} {
		_, err := ParseReaction(c.s)
		if err == nil || !strings.Contains(err.Error(), c.why) || !errors.Is(err, ErrReaction) && !errors.Is(err, nuclide.ErrUnknown) {
			t.Errorf("%q: error %v, want %q", c.s, err, c.why)
		}
	}
}

func TestQ(t *testing.T) {
	// Energies from AME2020.
	for s, want := range map[string]float64{"c12(a,g)o16": 7.16192, "3 he4 -> c12": 7.27475, "p(n,g)d": 2.22457, "ni56 -> co56": 2.13287} {
		if s := single(t, s, Correct); math.Abs(s.Q-want) > 2e-4 {
			t.Errorf("%s: Q = %.5f MeV, want %.5f", s.Reaction, s.Q, want)
		}
	}
}

func TestNotFound(t *testing.T) {
	l := library(t)
	for _, s := range []string{"c13(a,g)o17", "fe52 -> mn50 + p + n", "be9(a,g)c13", "si28(c12,g)ca40", "fe54 -> p + cr53"} {
		r, err := ParseReaction(s)
		if err != nil {
			t.Error(err)
			continue
		}
		if single, err := l.Reaction(r, Correct); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, error %v", s, single, err)
		}
	}
}

// Fits given in text replace those for the same reaction and its reverse, and nothing else.
func TestWithFits(t *testing.T) {
	const text = "1\n" +
		"       o16  c12  he4                       testn    -7.16192e+00          \n" +
		" 1.000000e+00 0.000000e+00 0.000000e+00 0.000000e+00                      \n" +
		" 0.000000e+00 0.000000e+00 0.000000e+00                                   \n"
	if _, _, err := library(t).WithFits(strings.NewReader(text), "fits"); !errors.Is(err, reaclib.ErrSyntax) || !strings.Contains(err.Error(), "fits:2:") {
		t.Errorf("chapter 1 with three nuclides: error %v", err)
	}
	good := "2" + text[1:]
	l, list, err := library(t).WithFits(strings.NewReader(good), "fits")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].String() != "o16 -> c12 + he4" {
		t.Errorf("replaced %v", list)
	}
	s, err := l.Reaction(list[0].Reverse(), Correct)
	if err != nil {
		t.Fatal(err)
	}
	v := s.Eval(3e9, 0)
	if s.Kind != KindReverse || s.Source != "test" || math.Abs(v.Reverse-math.E) > 1e-12 {
		t.Errorf("%s %s %+v", s.Kind, s.Source, v)
	}
	// The ratio of the two directions is that of the fits it replaces.
	near(t, "ratio", v.Reverse/v.Lambda, 1/func() float64 {
		v := single(t, "c12(a,g)o16", Correct).Eval(3e9, 0)
		return v.Lambda / v.Reverse
	}(), 1e-9)
	other, err := l.Reaction(single(t, "o16(a,g)ne20", Correct).Reaction, Correct)
	if err != nil || other.Eval(3e9, 0) != single(t, "o16(a,g)ne20", Correct).Eval(3e9, 0) {
		t.Errorf("another reaction changed: %v", err)
	}
}

func TestOptions(t *testing.T) {
	for _, b := range []Balance{Correct, R2305, R2408, R2604} {
		if back, err := ParseBalance(strings.ToUpper(b.String())); err != nil || back != b {
			t.Errorf("%s: %v, %v", b, back, err)
		}
	}
	for _, s := range []Screening{Chugunov, Extended, Salpeter, Unscreened} {
		if back, err := ParseScreening(s.String()); err != nil || back != s {
			t.Errorf("%s: %v, %v", s, back, err)
		}
	}
	if _, err := ParseBalance("best"); err == nil || !strings.Contains(err.Error(), "r2305") {
		t.Errorf("error %v does not say what is right", err)
	}
}

func TestHeaders(t *testing.T) {
	headers, err := Headers()
	if err != nil {
		t.Fatal(err)
	}
	if len(headers) != 4 {
		t.Errorf("%d tables", len(headers))
	}
	for _, h := range headers {
		if h.Producer != "pynucastro 3.1.0" || len(h.SHA256) != 64 || len(h.Citations) == 0 || len(h.Sources) == 0 {
			t.Errorf("%+v", h)
		}
	}
}

func FuzzParseReaction(f *testing.F) {
	for _, s := range []string{"c12(a,g)o16", "3 he4 -> c12", "2n + 2a -> t + li7", "p + p -> d", "(,)->"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseReaction(s)
		if err != nil {
			return
		}
		if back, err := ParseReaction(r.String()); err != nil || back.String() != r.String() {
			t.Errorf("%q: %s comes back as %s, %v", s, r, back, err)
		}
	})
}
