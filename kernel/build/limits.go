package build

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// limits are how many bytes are kept of what lies in the cache; of more, what was used longest ago goes.
var limits = []struct {
	pattern string
	bytes   int64
}{
	{"build/cells/*", 1 << 30},
	{"build/libraries/*", 2 << 30},
	{"build/worker-*", 256 << 20},
	{"modules/*", 64 << 20},
}

// Prune keeps the cache within its limits. What another kernel uses meanwhile was used last, and is made anew if it is
// missed all the same.
func (m *Module) Prune() error {
	var errs []error
	for _, l := range limits {
		errs = append(errs, prune(filepath.Join(filepath.Dir(m.cache), filepath.FromSlash(l.pattern)), l.bytes))
	}
	return errors.Join(errs...)
}

// prune removes the files and directories of a pattern that were used longest ago until at most limit bytes are left.
func prune(pattern string, limit int64) error {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	type entry struct {
		path string
		used time.Time
		size int64
	}
	var list []entry
	var total int64
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil {
			continue // somebody else removed it
		}
		e := entry{path, info.ModTime(), size(path)}
		list = append(list, e)
		total += e.size
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.path, b.path)) })
	for _, e := range list {
		if total <= limit {
			break
		}
		if err := os.RemoveAll(e.path); err != nil {
			return err
		}
		total -= e.size
	}
	return nil
}

// size is how many bytes a file, or what lies in a directory, has.
func size(path string) int64 {
	var total int64
	filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// touch notes that something in the cache was used.
func touch(path string) {
	now := time.Now()
	os.Chtimes(path, now, now)
}

// Clean removes everything from a cache that sessions build again when they need it, and returns how many bytes that were.
func Clean(cache string) (int64, error) {
	var freed int64
	for _, name := range []string{"build", "modules"} {
		dir := filepath.Join(cache, name)
		n := size(dir)
		if err := os.RemoveAll(dir); err != nil {
			return freed, err
		}
		freed += n
	}
	return freed, nil
}
