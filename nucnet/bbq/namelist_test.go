package bbq

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestNamelists(t *testing.T) {
	const text = `
This line is of no group, nor is the next
x = 3
&first  ! a comment with 'quotes' and a / slash
   a = 1, b=2d0 ! c = 3
   Name = 'it''s here/', "two"
   flags(2) = .true.
   many = 3*0.5 , 7
   empty =
   last = -1.5E-3 /
between
&second
&end
&third /`
	groups, err := parseNamelists("inlist", text)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		got = append(got, fmt.Sprintf("&%s:%d", g.name, g.line))
		for _, a := range g.assigns {
			got = append(got, fmt.Sprint(a))
		}
	}
	want := []string{"&first:4", "{a 1 5 [{1 false}]}", "{b 1 5 [{2d0 false}]}", "{name 1 6 [{it's here/ true} {two true}]}",
		"{flags 2 7 [{.true. false}]}", "{many 1 8 [{0.5 false} {0.5 false} {0.5 false} {7 false}]}", "{empty 1 9 []}",
		"{last 1 10 [{-1.5E-3 false}]}", "&second:12", "&third:14"}
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func TestMalformedNamelists(t *testing.T) {
	for text, line := range map[string]int{
		"&a\n x = 1\n":             1,
		"\n&a\n x = 'open\n/":      3,
		"&a\n x 1\n/":              2,
		"&a\n x = 1\n&b\n/":        3,
		"&a\n\n = 3\n/":            3,
		"&a\n x(q) = 3\n/":         2,
		"&a\n x(0) = 3\n/":         2,
		"&\n/":                     1,
		"&a\n x = 5 = 6\n/":        2,
		"&a\n x = -2*3\n/":         2,
		"&a\n x = 1\n y = (1,2)\n": 3,
	} {
		_, err := parseNamelists("inlist", text)
		if !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), fmt.Sprintf("inlist:%d: ", line)) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want an error on line %d", text, err, line)
		}
	}
}

func TestParseReal(t *testing.T) {
	for s, want := range map[string]float64{"1d-8": 1e-8, "1.5D+3": 1500, "2E2": 200, "-3": -3, ".5": 0.5, "1.25-100": 1.25e-100, "1.+2": 100} {
		if x, err := parseReal(s); err != nil || x != want {
			t.Errorf("%s: %g, %v, want %g", s, x, err, want)
		}
	}
	for _, s := range []string{"", "x", "1e", "--1", "1d2d3"} {
		if x, err := parseReal(s); err == nil {
			t.Errorf("%q: %g, want an error", s, x)
		}
	}
}

func FuzzNamelists(f *testing.F) {
	f.Add("&a x=1, y(2)='z' ! c\n/")
	f.Add("&a x = 3*1d0 &end")
	f.Fuzz(func(t *testing.T, text string) {
		groups, err := parseNamelists("f", text)
		if err != nil && !errors.Is(err, ErrSyntax) {
			t.Errorf("%v is not of syntax", err)
		}
		_ = groups
	})
}
