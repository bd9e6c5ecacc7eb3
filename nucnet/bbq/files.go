package bbq

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide"
)

// appendReal writes a number as Fortran's 1pe26.16 does, where an exponent of three digits takes the place of the E.
func appendReal(b []byte, x float64) []byte {
	s := strconv.FormatFloat(x, 'E', 16, 64)
	switch mantissa, exponent, ok := strings.Cut(s, "E"); {
	case ok && len(exponent) > 3:
		s = mantissa + exponent
	case !ok && len(s) == 4: // +Inf, -Inf
		s = strings.Replace(s[:1], "+", "", 1) + "Infinity"
	}
	return fmt.Appendf(b, "%26s", s)
}

// table is a file that BBQ writes: a line of names, then lines of numbers, the first of which may be an id.
type table struct {
	file *os.File
	line []byte
}

// create starts a table anew. Columns come before those of the nuclides.
func create(path string, columns string, nuclides []nuclide.Nuclide) (*table, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("bbq: %w", err)
	}
	t := &table{file: f}
	t.line = append(append(t.line, columns...), ' ')
	for _, n := range nuclides {
		t.line = append(append(t.line, n.String()...), ' ')
	}
	return t, t.end()
}

// row adds a line. id stands first unless it is 0.
func (t *table) row(id int, values []float64, x []float64) error {
	if id > 0 {
		t.line = append(strconv.AppendInt(t.line, int64(id), 10), ' ')
	}
	for _, list := range [][]float64{values, x} {
		for _, v := range list {
			t.line = append(appendReal(t.line, v), ' ')
		}
	}
	return t.end()
}

// end writes the line, as a whole, so that what is finished is in the file.
func (t *table) end() error {
	t.line = append(t.line, '\n')
	_, err := t.file.Write(t.line)
	t.line = t.line[:0]
	if err != nil {
		return fmt.Errorf("bbq: %w", err)
	}
	return nil
}

func (t *table) close() error { return t.file.Close() }

// reopen goes on with tables that are there, and returns how many lines of numbers all of them have; what some have
// beyond that, a line cut short too, is cut off. It returns no tables if one is missing or empty.
func reopen(paths ...string) (tables []*table, lines int, err error) {
	defer func() {
		if err != nil || len(tables) < len(paths) {
			for _, t := range tables {
				t.close()
			}
			tables = nil
		}
	}()
	lines = -1
	ends := make([][]int, len(paths)) // of lines
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil, 0, nil
		} else if err != nil {
			return nil, 0, fmt.Errorf("bbq: %w", err)
		}
		for at := bytes.IndexByte(text, '\n'); at >= 0; {
			ends[i] = append(ends[i], at+1)
			next := bytes.IndexByte(text[at+1:], '\n')
			if next < 0 {
				break
			}
			at += 1 + next
		}
		if len(ends[i]) == 0 {
			return nil, 0, nil
		}
		if n := len(ends[i]) - 1; lines < 0 || n < lines {
			lines = n
		}
	}
	for i, path := range paths {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return tables, 0, fmt.Errorf("bbq: %w", err)
		}
		tables = append(tables, &table{file: f})
		end := int64(ends[i][lines])
		if err := f.Truncate(end); err != nil {
			return tables, 0, fmt.Errorf("bbq: %w", err)
		}
		if _, err := f.Seek(end, 0); err != nil {
			return tables, 0, fmt.Errorf("bbq: %w", err)
		}
	}
	return tables, lines, nil
}

// numbersOf reads a file with numbers, separated by blanks or commas, on every line; text behind an exclamation mark does
// not count. It returns the numbers of each line, none for a blank one, and no line for the end of the file.
func numbersOf(path string) ([][]float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bbq: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(text) == 0 {
		lines = nil
	}
	list := make([][]float64, len(lines))
	for i, line := range lines {
		line, _, _ = strings.Cut(line, "!")
		for _, w := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r,", r) }) {
			x, err := parseReal(w)
			if err != nil {
				return nil, fmt.Errorf("bbq: %s:%d: %w: %w", path, i+1, ErrSyntax, err)
			}
			list[i] = append(list[i], x)
		}
	}
	return list, nil
}

// composition reads a file with one mass fraction on each line, in the order of the network.
func (r *Runner) composition(path string) ([]float64, error) {
	lines, err := numbersOf(path)
	if err != nil {
		return nil, err
	}
	var x []float64
	for i, line := range lines {
		if len(line) == 0 {
			continue
		}
		if len(x) == r.net.Len() {
			return nil, fmt.Errorf("bbq: %s:%d: %w: more mass fractions than the %d nuclides of %s", path, i+1, ErrSyntax, len(x), r.net.Name())
		}
		x = append(x, line[0])
	}
	if len(x) < r.net.Len() {
		return nil, fmt.Errorf("bbq: %s:%d: %w: %d mass fractions for the %d nuclides of %s", path, len(lines), ErrSyntax, len(x), r.net.Len(), r.net.Name())
	}
	if _, err := clean(x, 0); err != nil {
		return nil, fmt.Errorf("bbq: %s: %w", path, err)
	}
	return x, nil
}

// writeIsos writes the names of the nuclides, each on a line of eight characters.
func (r *Runner) writeIsos(path string) error {
	var b []byte
	for _, n := range r.net.Nuclides() {
		b = fmt.Appendf(b, "%-8s\n", n)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		return fmt.Errorf("bbq: %w", err)
	}
	return nil
}

// writeComposition writes one mass fraction on each line.
func writeComposition(path string, x []float64) error {
	var b []byte
	for _, v := range x {
		b = append(appendReal(b, v), " \n"...)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		return fmt.Errorf("bbq: %w", err)
	}
	return nil
}
