package nuclide

import (
	"errors"
	"strings"
	"testing"
)

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"fe56", "fe56", 0}, {"", "he4", 3}, {"he4", "", 3}, {"kitten", "sitting", 3}, {"sunday", "saturday", 3},
		{"fe65", "fe56", 1}, {"ef56", "fe56", 1}, {"ca", "abc", 3}, {strings.Repeat("x", 1000), "x", maxWord},
	} {
		if got := edits(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNearestNames(t *testing.T) {
	for name, want := range map[string]string{
		"sii28": "si28", "28sii": "si28", "fe560": "fe56", "f56": "fe56", "c99": "c9", "he44": "he4", "hee4": "he4", "protn": "prot", "ef56": "fe56",
	} {
		_, err := Parse(name)
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v, want ErrUnknown", name, err)
		}
		if !strings.Contains(err.Error(), "nearest: "+want) {
			t.Errorf("%v; want %s as the nearest name", err, want)
		}
	}
	if got := Similar("mesa_81", []string{"approx21", "mesa_80", "mesa_151"}); len(got) == 0 || got[0] != "mesa_80" {
		t.Errorf("like mesa_81: %v", got)
	}
	if got := Similar("zzz", []string{"abc", ""}); got != nil {
		t.Errorf("like zzz: %v", got)
	}
}
