package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzFile: a file, however damaged, makes the reader do nothing but return an error or the rows.
func FuzzFile(f *testing.F) {
	all, err := reference()
	if err != nil {
		f.Fatal(err)
	}
	good := all["part-000000.parquet"]
	// A few bytes anywhere are replaced, and the file is cut. The footer, where mistakes do most, is at the end.
	f.Add(uint32(len(good)), uint32(0), []byte{})
	f.Add(uint32(len(good)/2), uint32(0), []byte{})
	f.Add(uint32(0), uint32(0), []byte{})
	for _, fromEnd := range []uint32{4, 5, 8, 9, 100, 3000, uint32(len(good)) / 2, uint32(len(good)) - 100} {
		f.Add(uint32(len(good)), fromEnd, []byte{0xff, 0xff, 0xff, 0xff})
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, manifestName), all[manifestName], 0o644); err != nil {
		f.Fatal(err)
	}
	m, err := readManifest(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, size, fromEnd uint32, bytes []byte) {
		b := slices.Clone(good[:min(int(size), len(good))])
		if at := len(b) - int(fromEnd); at >= 0 && at < len(b) {
			copy(b[at:], bytes)
		}
		set := Set{Dir: t.TempDir(), Manifest: *m}
		set.Files = m.Files[:1]
		if err := os.WriteFile(filepath.Join(set.Dir, set.Files[0].Name), b, 0o644); err != nil {
			t.Fatal(err)
		}
		table, err := set.Load()
		if err == nil && table.Len() != set.Files[0].Samples {
			t.Errorf("%d rows without an error", table.Len())
		}
	})
}
