package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostileManifests: a manifest that nothing but a slip or malice could have written is refused before its numbers are
// used, and one that promises a billion files more does not have each of them named.
func TestHostileManifests(t *testing.T) {
	dir := quickSet(t)
	path := filepath.Join(dir, manifestName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(change func(m map[string]any)) {
		t.Helper()
		var m map[string]any
		if err := json.Unmarshal(good, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := func(key string, value any) func(map[string]any) {
		return func(m map[string]any) { m["files"].([]any)[1].(map[string]any)[key] = value }
	}
	set := func(key string, value any) func(map[string]any) { return func(m map[string]any) { m[key] = value } }
	for name, change := range map[string]func(map[string]any){
		"samples":       set("samples", 1<<62),
		"negative":      set("samples", -1),
		"per file":      set("per_file", 0),
		"huge files":    set("per_file", 1<<40),
		"bits":          set("float", 3),
		"nuclides":      set("nuclides", []string{}),
		"times":         set("times_s", []float64{}),
		"steps":         set("steps_s", []float64{1}),
		"shard":         set("shard", "5/4"),
		"huge shard":    set("shard", "1/9000000000000000000"),
		"other shard":   set("shard", "1/2"),
		"rows":          file("samples", 1<<40),
		"negative rows": file("samples", -4),
		"name":          file("name", "../part-000001.parquet"),
		"first":         file("first", -4),
	} {
		write(change)
		if _, err := Open(dir); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	write(func(m map[string]any) { m["samples"], m["per_file"] = 1<<40, 1; m["files"] = []any{} })
	if err := Verify(context.Background(), dir); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "1099511627756 more files are missing") {
		t.Errorf("a billion files more: %v", err)
	}
}

// TestEmptyPart: a part that no file falls to is a set like any other.
func TestEmptyPart(t *testing.T) {
	s := quick()
	s.Shard = Shard{4, 5}
	dir := t.TempDir()
	m, err := Generate(context.Background(), dir, s, nil)
	if err != nil || !m.Complete || len(m.Files) != 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := errors.Join(Verify(context.Background(), dir), Reburn(context.Background(), dir, 2, 1)); err != nil {
		t.Error(err)
	}
	if card := string(files(t, dir)[cardName]); strings.Contains(card, "Inf") || strings.Contains(card, "to NaN") {
		t.Errorf("its card says\n%s", card)
	}
	if _, err := Merge(context.Background(), filepath.Join(t.TempDir(), "all"), quickSet(t), dir); err != nil {
		t.Error(err)
	}
}
