package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// mostNamed is how many missing files of an unfinished set are named.
const mostNamed = 20

// Verify checks a data set on disk: that every file listed is there with the SHA-256 of the manifest, belongs to the
// set, holds the rows it should, all numbered and with mass fractions that add up to one; that no file is missing and
// none is there that does not belong. The error wraps ErrDamaged and names every file with something wrong.
func Verify(ctx context.Context, dir string) error {
	s, err := Open(dir)
	if err != nil {
		return err
	}
	var wrong []error
	add := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("dataset: %s: %w: "+format, append([]any{dir, ErrDamaged}, args...)...))
	}
	listed := map[string]bool{manifestName: true, cardName: true}
	failed, retried := 0, 0
	for _, f := range s.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		listed[f.Name] = true
		failed, retried = failed+f.Failed, retried+f.Retried
		size, sum, err := hashFile(filepath.Join(dir, f.Name))
		switch {
		case errors.Is(err, os.ErrNotExist):
			add("%s is missing", f.Name)
		case err != nil:
			add("%s: %w", f.Name, err)
		case size != f.Bytes:
			add("%s is cut or grown: %d bytes, want %d", f.Name, size, f.Bytes)
		case sum != f.SHA256:
			add("%s has been altered: its SHA-256 is %s, want %s", f.Name, sum, f.SHA256)
		default:
			if n, err := checkContents(filepath.Join(dir, f.Name), s.Recipe, f); err != nil {
				wrong = append(wrong, err)
			} else if want := (counts{f.Failed, f.Retried}); n != want {
				add("%s holds %d failed and %d retried burns, the manifest says %d and %d", f.Name, n.failed, n.retried, want.failed, want.retried)
			}
		}
	}
	if failed != s.Failed || retried != s.Retried {
		add("the files count %d failed and %d retried burns, the manifest %d and %d", failed, retried, s.Failed, s.Retried)
	}
	first, step := 0, 1
	if shard, err := ParseShard(s.Shard); err == nil && shard.M > 0 {
		first, step = shard.K-1, shard.M
	}
	left := max(s.fileCount()-first+step-1, 0)/step - len(s.Files) // that the manifest does not list
	for f, shown := first, 0; f < s.fileCount() && left > 0; f += step {
		name := s.file(f).Name
		switch {
		case listed[name]:
			continue
		case shown == mostNamed:
			add("%d more files are missing: the set is not finished", left)
			left = 0
		default:
			add("%s is missing: the set is not finished", name)
			shown, left = shown+1, left-1
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	for _, e := range entries {
		if !listed[e.Name()] && !isTimings(e.Name()) {
			add("%s does not belong to it", e.Name())
		}
	}
	return errors.Join(wrong...)
}

// checkContents reads a whole file and returns how its burns went. The error wraps ErrDamaged.
func checkContents(path string, r Recipe, want File) (n counts, err error) {
	p, err := openPart(path, r, want)
	if err != nil {
		return n, err
	}
	defer p.Close()
	l := r.layout()
	sums := make([]float64, want.Samples)
	bad := ""
	err = p.eachColumn(func(c, row int, v parquet.Value) {
		switch {
		case c == 0 && v.Int64() != int64(want.First+row):
			bad = fmt.Sprintf("row %d holds sample %d", row, v.Int64())
		case c == l.numbers()+1:
			n.add(string(v.ByteArray()))
		case c > l.start() && c <= l.start()+l.nuclides:
			sums[row] += number(v)
		}
	})
	if err == nil && bad == "" {
		tolerance := 1e-12
		if r.Float == 32 {
			tolerance = 1e-5
		}
		if i := slices.IndexFunc(sums, func(s float64) bool { return !(s > 1-tolerance && s < 1+tolerance) }); i >= 0 {
			bad = fmt.Sprintf("the mass fractions of sample %d add up to %.9g", want.First+i, sums[i])
		}
	}
	if bad != "" {
		err = errors.New(bad)
	}
	if err != nil {
		return n, fmt.Errorf("dataset: %s: %w: %w", path, ErrDamaged, err)
	}
	return n, nil
}
