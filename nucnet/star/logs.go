package star

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ErrFormat is wrapped by errors about files that are not as MESA writes them.
var ErrFormat = errors.New("not a log of MESA")

// ErrColumn is wrapped by errors about columns or items of the header that a file does not have.
var ErrColumn = errors.New("no such column")

// Logs is a file from the LOGS folder of a MESA run: a history, with a row for every model, or a profile, with a row
// for every zone from the surface inward. Units are those of MESA, named in its lists of columns: star_age is in years,
// star_mass in solar masses, names that start with log_ or log are decimal logarithms.
type Logs struct {
	name    string
	header  map[string]string
	names   []string
	index   map[string]int
	columns [][]float64
}

// OpenLogs reads the file at path.
func OpenLogs(path string) (*Logs, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("star: %w", err)
	}
	defer f.Close()
	return ReadLogs(f, path)
}

// maxLine is the longest line read: a thousand columns have some 40 kB.
const maxLine = 1 << 24

// ReadLogs reads a log. Its first three lines hold numbers, names and values of a header, a blank one follows, then
// numbers and names of columns, and then rows. Errors about the contents wrap ErrFormat and begin with name and the
// line.
func ReadLogs(r io.Reader, name string) (*Logs, error) {
	in := logReader{Scanner: bufio.NewScanner(r), name: name}
	in.Buffer(nil, maxLine)
	l := &Logs{name: name, header: map[string]string{}, index: map[string]int{}}
	if err := in.readHeader(l.header); err != nil {
		return nil, err
	}
	var err error
	if l.names, err = in.readNames("columns"); err != nil {
		return nil, err
	}
	l.columns = make([][]float64, len(l.names))
	for i, n := range l.names {
		// Of columns of one name MESA counts the first.
		if _, ok := l.index[n]; !ok {
			l.index[n] = i
		}
	}
	for in.Scan() {
		in.line++
		fields := strings.Fields(in.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) != len(l.names) {
			return nil, in.errorf("%d numbers for %d columns; a line cut short may be the last of a run that was stopped", len(fields), len(l.names))
		}
		for i, f := range fields {
			v, err := parseFortran(f)
			if err != nil {
				return nil, in.errorf("column %s: %q is not a number", l.names[i], f)
			}
			l.columns[i] = append(l.columns[i], v)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("star: %s:%d: %w", name, in.line+1, err)
	}
	return l, nil
}

// logReader reads a file by lines and knows where it is.
type logReader struct {
	*bufio.Scanner
	name string
	line int
}

func (in *logReader) errorf(format string, args ...any) error {
	return fmt.Errorf("star: %s:%d: %w: %s", in.name, in.line, ErrFormat, fmt.Sprintf(format, args...))
}

// next returns the fields of the next line.
func (in *logReader) next(what string) ([]string, error) {
	in.line++
	if !in.Scan() {
		if err := in.Err(); err != nil {
			return nil, fmt.Errorf("star: %s:%d: %w", in.name, in.line, err)
		}
		return nil, in.errorf("the file ends before the %s", what)
	}
	fields, err := splitQuoted(in.Text())
	if err != nil {
		return nil, in.errorf("%v", err)
	}
	return fields, nil
}

// readNames reads a line of numbers 1, 2, 3, ... and one of as many names.
func (in *logReader) readNames(what string) ([]string, error) {
	numbers, err := in.next("numbers of the " + what)
	if err != nil {
		return nil, err
	}
	for i, s := range numbers {
		if s != strconv.Itoa(i+1) {
			return nil, in.errorf("%q where the numbers of the %s have %d", shorten(s), what, i+1)
		}
	}
	if len(numbers) == 0 {
		return nil, in.errorf("a blank line in place of the numbers of the %s", what)
	}
	names, err := in.next("names of the " + what)
	if err != nil {
		return nil, err
	}
	if len(names) != len(numbers) {
		return nil, in.errorf("%d names for %d %s", len(names), len(numbers), what)
	}
	return names, nil
}

func (in *logReader) readHeader(header map[string]string) error {
	names, err := in.readNames("header")
	if err != nil {
		return err
	}
	values, err := in.next("values of the header")
	if err != nil {
		return err
	}
	if len(values) != len(names) {
		return in.errorf("%d values for the %d names of the header", len(values), len(names))
	}
	for i, n := range names {
		header[n] = values[i]
	}
	blank, err := in.next("columns")
	if err == nil && len(blank) != 0 {
		err = in.errorf("%q where a blank line ends the header", shorten(blank[0]))
	}
	return err
}

// splitQuoted splits a line at blanks; text between quotation marks is one field.
func splitQuoted(line string) (fields []string, err error) {
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" {
			return fields, nil
		}
		if line[0] == '"' {
			text, rest, ok := strings.Cut(line[1:], `"`)
			if !ok {
				return nil, fmt.Errorf("a quotation mark without its partner")
			}
			fields, line = append(fields, text), rest
			continue
		}
		end := strings.IndexAny(line, " \t\r")
		if end < 0 {
			end = len(line)
		}
		fields, line = append(fields, line[:end]), line[end:]
	}
}

// parseFortran reads a number as Fortran writes it: an exponent of three digits loses its letter, as in 1.5-104, and
// the letter may be a D.
func parseFortran(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return v, nil
	}
	s = strings.Map(func(r rune) rune {
		if r == 'd' || r == 'D' {
			return 'e'
		}
		return r
	}, s)
	if k := strings.LastIndexAny(s, "+-"); k > 0 && s[k-1] != 'e' && s[k-1] != 'E' {
		s = s[:k] + "e" + s[k:]
	}
	v, err = strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	return v, err
}

func shorten(s string) string {
	if len(s) > 20 {
		s = s[:20] + "..."
	}
	return s
}

// Len returns the number of rows.
func (l *Logs) Len() int { return len(l.columns[0]) }

// Columns returns the names of the columns in the order of the file.
func (l *Logs) Columns() []string { return slices.Clone(l.names) }

// Has reports whether there is a column of that name.
func (l *Logs) Has(name string) bool {
	_, ok := l.index[name]
	return ok
}

// Column returns a column, one number for every row. The error wraps ErrColumn and names columns that are similar.
func (l *Logs) Column(name string) ([]float64, error) {
	i, ok := l.index[name]
	if !ok {
		return nil, fmt.Errorf("star: %s: %q: %w%s", l.name, name, ErrColumn, similar(name, l.names))
	}
	return slices.Clone(l.columns[i]), nil
}

// Header returns an item of the header as it is written, without quotation marks. The error wraps ErrColumn.
func (l *Logs) Header(name string) (string, error) {
	s, ok := l.header[name]
	if !ok {
		return "", fmt.Errorf("star: %s: header %q: %w%s", l.name, name, ErrColumn, similar(name, slices.Sorted(maps.Keys(l.header))))
	}
	return s, nil
}

// HeaderNumber returns an item of the header that is a number.
func (l *Logs) HeaderNumber(name string) (float64, error) {
	s, err := l.Header(name)
	if err != nil {
		return 0, err
	}
	v, err := parseFortran(s)
	if err != nil {
		return 0, fmt.Errorf("star: %s: header %s: %w: %q is not a number", l.name, name, ErrFormat, s)
	}
	return v, nil
}

// similar lists names that contain the one asked for, or are part of it.
func similar(name string, among []string) string {
	var list []string
	low := strings.ToLower(name)
	for _, n := range among {
		if m := strings.ToLower(n); strings.Contains(m, low) || strings.Contains(low, m) && len(m) > 2 {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return fmt.Sprintf("; there are %d", len(among))
	}
	return "; similar: " + strings.Join(list[:min(len(list), 5)], ", ")
}

// WithoutBackups returns a history without the rows that a later one replaces: a run that goes back to an earlier
// model, or is taken up from one, goes on writing at the end of the file. Files without a column model_number are
// returned as they are.
func (l *Logs) WithoutBackups() *Logs {
	i, ok := l.index["model_number"]
	if !ok {
		return l
	}
	var keep []int
	least := math.Inf(1)
	for row, model := range slices.Backward(l.columns[i]) {
		if model < least {
			least = model
			keep = append(keep, row)
		}
	}
	slices.Reverse(keep)
	shorter := *l
	shorter.columns = make([][]float64, len(l.columns))
	for c := range l.columns {
		for _, row := range keep {
			shorter.columns[c] = append(shorter.columns[c], l.columns[c][row])
		}
	}
	return &shorter
}
