package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Timings of a test set lie beside its files, in text: they differ from run to run, so that no hash may cover them.

func isTimings(name string) bool { return strings.HasPrefix(name, "timings-") }

func timingsName(f File) string {
	number := strings.TrimSuffix(strings.TrimPrefix(f.Name, "part-"), ".parquet")
	return "timings-" + number + ".csv"
}

func writeTimings(dir string, f File, timings []Timing) error {
	if len(timings) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("index,time,cpu_s,small_cpu_s\n")
	for _, t := range timings {
		fmt.Fprintf(&b, "%d,%d,%.6g,%.6g\n", t.Index, t.Time, t.CPU, t.SmallCPU)
	}
	return writeFile(filepath.Join(dir, timingsName(f)), b.Bytes())
}

// Timings returns the processor times of a test set's burns, nothing for other sets. The error wraps ErrDamaged for files
// that are not as they were written.
func (s *Set) Timings() ([]Timing, error) {
	var all []Timing
	for _, f := range s.Files {
		path := filepath.Join(s.Dir, timingsName(f))
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		records, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil || len(records) == 0 {
			return nil, fmt.Errorf("dataset: %s: %w: %w", path, ErrDamaged, err)
		}
		for _, r := range records[1:] {
			if len(r) != 4 {
				return nil, fmt.Errorf("dataset: %s: %w: %d fields", path, ErrDamaged, len(r))
			}
			var t Timing
			var e [4]error
			t.Index, e[0] = strconv.Atoi(r[0])
			t.Time, e[1] = strconv.Atoi(r[1])
			t.CPU, e[2] = strconv.ParseFloat(r[2], 64)
			t.SmallCPU, e[3] = strconv.ParseFloat(r[3], 64)
			if err := errors.Join(e[:]...); err != nil {
				return nil, fmt.Errorf("dataset: %s: %w: %w", path, ErrDamaged, err)
			}
			all = append(all, t)
		}
	}
	return all, nil
}
