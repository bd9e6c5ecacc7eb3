package dataset

import (
	"context"
	"os"
	"testing"
)

// A set is made once for its settings, and settings that change the rows lead to another.
func TestCached(t *testing.T) {
	root := t.TempDir()
	s := Settings{Network: "mesa_80", Samples: 2, Seed: 3, Times: []float64{1e-6}}
	burnt := 0
	get := func(s Settings) *Set {
		t.Helper()
		burnt = 0
		set, err := Cached(context.Background(), root, s, func(done, _ int) { burnt = done })
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	first := get(s)
	before, err := os.Stat(first.Dir)
	if err != nil || burnt != 2 {
		t.Fatalf("%d burns, %v", burnt, err)
	}
	s.Workers = 1
	if again := get(s); again.Dir != first.Dir {
		t.Errorf("the number of workers moved the set to %s", again.Dir)
	}
	if after, err := os.Stat(first.Dir); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("a set that was there was made again: %v", err)
	}
	s.Seed = 4
	if other := get(s); other.Dir == first.Dir {
		t.Error("another seed led to the same set")
	}
	s.Samples = 0
	if _, err := Cached(context.Background(), root, s, nil); err == nil {
		t.Error("a set of no samples was made")
	}
}
