package dataset

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzFile: no file, however damaged, makes the reader do anything but return an error or the rows.
func FuzzFile(f *testing.F) {
	all, err := reference()
	if err != nil {
		f.Fatal(err)
	}
	good := all["part-000000.parquet"]
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("PAR1"))
	f.Add([]byte{})
	for _, at := range []int{4, 100, len(good) / 2, len(good) - 100, len(good) - 9, len(good) - 5} {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0x40
		f.Add(bad)
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, manifestName), all[manifestName], 0o644); err != nil {
		f.Fatal(err)
	}
	m, err := readManifest(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
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
