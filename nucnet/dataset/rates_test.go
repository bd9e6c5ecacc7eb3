package dataset

import (
	"context"
	"fmt"
	"testing"
)

// fit returns a set of REACLIB with a rate of 1 at all temperatures.
func fit(a, b, c string) string {
	return fmt.Sprintf("4\n     %5s%5s%5s%15s        mine     1.00000e+00\n", a, b, c, "") +
		" 0.000000e+00 0.000000e+00 0.000000e+00 0.000000e+00\n 0.000000e+00 0.000000e+00 0.000000e+00\n"
}

// TestOwnRates: the manifest keeps a user's own rates, so that the rows can be burnt again.
func TestOwnRates(t *testing.T) {
	ctx, s := context.Background(), quick()
	s.Samples, s.Suzuki, s.Rates = 4, true, fit("n", "p", "d")+fit("u238", "p", "np239")
	dir := t.TempDir()
	if _, err := Generate(ctx, dir, s, nil); err != nil {
		t.Fatal(err)
	}
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if own := set.Burn.OwnRates; len(own) != 1 || own[0] != "h1 + neut -> h2" || set.Burn.Rates != s.Rates || !set.Burn.Suzuki {
		t.Errorf("the manifest says %+v", set.Burn)
	}
	if err := Reburn(ctx, dir, 2, 1); err != nil {
		t.Error(err)
	}
	m := set.Manifest
	m.Burn.Rates, m.Burn.OwnRates = "", nil
	if err := m.write(dir); err != nil {
		t.Fatal(err)
	}
	if err := Reburn(ctx, dir, 2, 1); err == nil {
		t.Error("burnt again with other rates, the rows are the same")
	}
}
