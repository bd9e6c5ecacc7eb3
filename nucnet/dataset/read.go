package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"nuclab/nucnet/nuclide"
)

// Set is a data set on disk.
type Set struct {
	Dir string
	Manifest
}

// Open reads the manifest of a data set. The error wraps ErrNoDataset if there is none.
func Open(dir string) (*Set, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	return &Set{Dir: dir, Manifest: *m}, nil
}

// Table holds samples in memory, column by column. In a failed sample all numbers after the start are NaN.
type Table struct {
	Network  string
	Nuclides []nuclide.Nuclide
	Times    []float64 // s
	Index    []int64   // number of the sample
	T        []float64 // K
	Rho      []float64 // g/cm3
	Ye       []float64
	X        []float64 // mass fractions at the start, [samples][nuclides], row after row
	Ends     []End     // one for each of Times
	Status   []string  // "ok", or that the burn was retried and why, or why it failed

	// Test sets alone, see Protocol: the time that the emulator under test was made for, beside each of Times, and the
	// nuclides of the small network, in the order of SmallX and of End.Small.X.
	Labels        []float64 // s
	SmallNuclides []nuclide.Nuclide
	SmallX        []float64 // mass fractions at the start in the small network, [samples][small nuclides]
}

// End holds the samples at one time.
type End struct {
	X             []float64 // mass fractions, [samples][nuclides], row after row
	Ye            []float64
	Q             []float64 // erg/g released since the start, neutrinos included
	EpsNu         []float64 // erg/g/s lost to neutrinos at that time
	EpsNuIntegral []float64 // erg/g lost to neutrinos since the start
	// EpsNucRow is the energy released during the last step, less EpsNu times its length, in erg/g: what one row of a
	// consecutive burn by BBQ prints. The step is that of Settings.Steps, for decades the time since the one before.
	EpsNucRow []float64

	// Test sets alone: the state that an emulator starts from, and what the small network gives for the end.
	Age     []float64 // of the run at that state, s
	Input   []float64 // its mass fractions, [samples][nuclides]
	InputYe []float64
	Small   *End
}

// Len returns the number of samples.
func (t *Table) Len() int { return len(t.Index) }

// OK returns the places of the samples whose burn reached its end, be it with the sturdy solver.
func (t *Table) OK() []int {
	var ok []int
	for i, s := range t.Status {
		if reachedEnd(s) {
			ok = append(ok, i)
		}
	}
	return ok
}

// Load reads all samples of the set into memory, in order of their number: those of all times, or of the places in
// Manifest.Times given, which the table then holds in that order. The error wraps ErrDamaged and names the file if one
// is missing, cut short or not of this set; it does not compare hashes, see Verify.
func (s *Set) Load(times ...int) (*Table, error) {
	rows := 0
	for _, f := range s.Files {
		rows += f.Samples
	}
	t, err := s.table(times, rows)
	if err != nil {
		return nil, err
	}
	at := 0
	for _, f := range s.Files {
		p, err := openPart(filepath.Join(s.Dir, f.Name), s.Recipe, f)
		if err != nil {
			return nil, err
		}
		err = p.fill(t, s.layout(), 0, len(p.RowGroups()), at, times)
		if err = errors.Join(err, p.Close()); err != nil {
			return nil, err
		}
		at += f.Samples
	}
	return t, nil
}

// table returns an empty table for rows of the times at the places given, of all times if there are none. The error wraps
// ErrSettings.
func (s *Set) table(times []int, rows int) (*Table, error) {
	want := places(times, len(s.Times))
	for k := range want {
		if k < 0 || k >= len(s.Times) || len(times) > 0 && len(want) != len(times) {
			return nil, fmt.Errorf("dataset: %w: times number %v of a set with %d", ErrSettings, times, len(s.Times))
		}
	}
	if len(times) == 0 {
		for k := range s.Times {
			times = append(times, k)
		}
	}
	return newTable(s.Recipe, times, rows), nil
}

// places returns where a table keeps the times at the places given in a set of so many: all of them if there are none.
func places(times []int, all int) map[int]int {
	at := map[int]int{}
	for i, k := range times {
		at[k] = i
	}
	if len(times) == 0 {
		for k := range all {
			at[k] = k
		}
	}
	return at
}

// fill reads groups of rows of the file into the table, from row at on. The error wraps ErrDamaged.
//
// No method of an exported type names a type of package parquet: every package that uses the type, a cell of a notebook,
// say, would have all of that package's generics compiled into it.
func (p *part) fill(t *Table, l layout, group, groups, at int, times []int) error {
	place := places(times, l.times)
	err := p.eachPage(p.RowGroups()[group:group+groups], func(c, row int, v encoding.Values) {
		put(t, l, c, at+row, v, place)
	}, p.recipe.columnsOf(place)...)
	if err != nil {
		return fmt.Errorf("dataset: %s: %w: %w", p.path, ErrDamaged, err)
	}
	return nil
}

// columnsOf returns the columns of the times wanted and those that belong to no time, sorted by name.
func (r Recipe) columnsOf(want map[int]int) []string {
	l := r.layout()
	var names []string
	for c, name := range r.columns() {
		if k := l.timeOf(c); k < 0 {
			names = append(names, name)
		} else if _, ok := want[k]; ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func newTable(r Recipe, times []int, rows int) *Table {
	t := &Table{Network: r.Network, Nuclides: slices.Clone(r.Nuclides), Index: make([]int64, rows), Status: make([]string, rows),
		Ends: make([]End, len(times)), SmallNuclides: slices.Clone(r.Small)}
	for _, k := range times {
		t.Times = append(t.Times, r.Times[k])
		if len(r.Labels) > 0 {
			t.Labels = append(t.Labels, r.Labels[k])
		}
	}
	column := func() []float64 { return make([]float64, rows) }
	matrix := func(n int) []float64 { return make([]float64, rows*n) }
	end := func(n int) End {
		return End{X: matrix(n), Ye: column(), Q: column(), EpsNu: column(), EpsNuIntegral: column(), EpsNucRow: column()}
	}
	t.T, t.Rho, t.Ye = column(), column(), column()
	t.X, t.SmallX = matrix(len(r.Nuclides)), matrix(len(r.Small))
	for k := range t.Ends {
		t.Ends[k] = end(len(r.Nuclides))
		if n := len(r.Small); n > 0 {
			e, small := &t.Ends[k], end(n)
			e.Age, e.InputYe, e.Input, e.Small = column(), column(), matrix(len(r.Nuclides)), &small
		}
	}
	return t
}

// column returns where the table keeps number c, counted as in layout, of row i: at i*stride+offset of values. Place tells
// where it keeps the times; the times themselves, which are the same in all rows, are kept nowhere.
func (t *Table) column(l layout, c int, place map[int]int) (values []float64, offset, stride int) {
	switch {
	case c < l.start():
		return [][]float64{t.T, t.Rho, t.Ye}[c], 0, 1
	case c < l.smallStart():
		return t.X, c - l.start(), l.nuclides
	case c < l.time(0):
		return t.SmallX, c - l.smallStart(), l.small
	}
	c -= l.time(0)
	e, c := &t.Ends[place[c/l.perTime()]], c%l.perTime()-1
	if c < 0 {
		return nil, 0, 0
	}
	end := func(e *End, n int) ([]float64, int, int) {
		if c < n {
			return e.X, c, n
		}
		return [...][]float64{e.Ye, e.Q, e.EpsNu, e.EpsNuIntegral, e.EpsNucRow}[c-n], 0, 1
	}
	if c < l.nuclides+len(endQuantities) {
		return end(e, l.nuclides)
	}
	if c -= l.nuclides + len(endQuantities); c < 2 {
		return [...][]float64{e.Age, e.InputYe}[c], 0, 1
	}
	if c -= 2; c < l.nuclides {
		return e.Input, c, l.nuclides
	}
	c -= l.nuclides
	return end(e.Small, l.small)
}

// put stores values of column c, counted as in Recipe.columns, from one row on.
func put(t *Table, l layout, c, row int, v encoding.Values, place map[int]int) {
	switch c {
	case 0:
		copy(t.Index[row:], v.Int64())
		return
	case l.numbers() + 1:
		data, offsets := v.ByteArray()
		for i := range len(offsets) - 1 {
			t.Status[row+i] = string(data[offsets[i]:offsets[i+1]])
		}
		return
	}
	values, offset, stride := t.column(l, c-1, place)
	if values == nil {
		return
	}
	at := row*stride + offset
	if v.Kind() == encoding.Float {
		for _, x := range v.Float() {
			values[at] = float64(x)
			at += stride
		}
		return
	}
	for _, x := range v.Double() {
		values[at] = x
		at += stride
	}
}

// number returns a stored number of either width.
func number(v parquet.Value) float64 {
	if v.Kind() == parquet.Float {
		return float64(v.Float())
	}
	return v.Double()
}

// part is an open file of a data set.
type part struct {
	path   string
	file   *os.File
	recipe Recipe
	*parquet.File
}

func (p *part) Close() error { return p.file.Close() }

// openPart opens a file and checks that it belongs to the recipe and holds as many rows as want says. The error wraps
// ErrDamaged.
func openPart(path string, r Recipe, want File) (_ *part, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w: %w", ErrDamaged, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			err = fmt.Errorf("dataset: %s: %w: %w", path, ErrDamaged, err)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p, err := openParquet(f, info.Size())
	if err != nil {
		return nil, err
	}
	if id, _ := p.Lookup("nuclab.id"); id != r.ID() {
		return nil, errors.New("the file belongs to another data set")
	}
	var columns []string
	for _, f := range p.Schema().Fields() {
		columns = append(columns, f.Name())
	}
	if !slices.Equal(columns, r.columns()) {
		return nil, errors.New("the file has other columns than its data set")
	}
	if first, _ := p.Lookup("nuclab.first"); first != fmt.Sprint(want.First) || p.NumRows() != int64(want.Samples) {
		return nil, fmt.Errorf("the file holds %d samples from number %s, want %d from %d", p.NumRows(), first, want.Samples, want.First)
	}
	return &part{path: path, file: f, recipe: r, File: p}, nil
}

// openParquet is parquet.OpenFile for files that may be damaged: a panic of the decoder becomes an error.
func openParquet(f io.ReaderAt, size int64) (p *parquet.File, err error) {
	defer recovered(&err)
	return parquet.OpenFile(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
}

func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("cannot be decoded: %v", p)
	}
}

// eachColumn calls visit for every value, column after column within each group of rows. Columns named in only, sorted, if
// any are, are the only ones read.
func (p *part) eachColumn(visit func(column, row int, v parquet.Value), only ...string) error {
	return p.eachPage(p.RowGroups(), func(c, row int, v encoding.Values) {
		switch v.Kind() {
		case encoding.Int64:
			for i, x := range v.Int64() {
				visit(c, row+i, parquet.Int64Value(x))
			}
		case encoding.Float:
			for i, x := range v.Float() {
				visit(c, row+i, parquet.FloatValue(x))
			}
		case encoding.Double:
			for i, x := range v.Double() {
				visit(c, row+i, parquet.DoubleValue(x))
			}
		case encoding.ByteArray:
			data, offsets := v.ByteArray()
			for i := range len(offsets) - 1 {
				visit(c, row+i, parquet.ByteArrayValue(data[offsets[i]:offsets[i+1]]))
			}
		}
	}, only...)
}

// eachPage calls visit with consecutive values of a column, column after column within each of the groups of rows. Rows
// count from the first of those groups. Columns named in only, sorted, if any are, are the only ones read.
func (p *part) eachPage(groups []parquet.RowGroup, visit func(column, row int, v encoding.Values), only ...string) (err error) {
	defer recovered(&err)
	fields := p.Schema().Fields()
	wanted := make([]bool, len(fields))
	for c, f := range fields {
		wanted[c] = len(only) == 0
		if !wanted[c] {
			_, wanted[c] = slices.BinarySearch(only, f.Name())
		}
	}
	first := 0
	for _, g := range groups {
		for c, chunk := range g.ColumnChunks() {
			if !wanted[c] {
				continue
			}
			row := first
			pages := chunk.Pages()
			for {
				page, err := pages.ReadPage()
				if err == io.EOF {
					break
				}
				if err != nil {
					pages.Close()
					return fmt.Errorf("column %s: %w", fields[c].Name(), err)
				}
				n := int(page.NumValues())
				if row+n-first > int(g.NumRows()) || page.Dictionary() != nil {
					parquet.Release(page)
					pages.Close()
					return fmt.Errorf("column %s: not as it was written", fields[c].Name())
				}
				visit(c, row, page.Data())
				row += n
				parquet.Release(page)
			}
			pages.Close()
			if row-first != int(g.NumRows()) {
				return fmt.Errorf("column %s: %d values in a group of %d rows", fields[c].Name(), row-first, g.NumRows())
			}
		}
		first += int(g.NumRows())
	}
	return nil
}
