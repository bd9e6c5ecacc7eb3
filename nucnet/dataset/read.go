package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

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
	// nuclides of the small network, in the order of End.Small.X.
	Labels        []float64 // s
	SmallNuclides []nuclide.Nuclide
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
	if len(times) == 0 {
		for k := range s.Times {
			times = append(times, k)
		}
	}
	want := map[int]int{} // place in the table by place in the set
	for i, k := range times {
		if _, twice := want[k]; k < 0 || k >= len(s.Times) || twice {
			return nil, fmt.Errorf("dataset: %w: times number %v of a set with %d", ErrSettings, times, len(s.Times))
		}
		want[k] = i
	}
	rows := 0
	for _, f := range s.Files {
		rows += f.Samples
	}
	l := s.layout()
	t := newTable(s.Recipe, times, rows)
	only := s.columnsOf(want)
	at := 0
	for _, f := range s.Files {
		p, err := openPart(filepath.Join(s.Dir, f.Name), s.Recipe, f)
		if err != nil {
			return nil, err
		}
		err = p.eachColumn(func(c int, row int, v parquet.Value) {
			t.put(l, c, at+row, v, want)
		}, only...)
		if err = errors.Join(err, p.Close()); err != nil {
			return nil, fmt.Errorf("dataset: %s: %w: %w", p.path, ErrDamaged, err)
		}
		at += f.Samples
	}
	return t, nil
}

// columnsOf returns the columns of the times wanted and those that belong to no time.
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
	t.X = matrix(len(r.Nuclides))
	for k := range t.Ends {
		t.Ends[k] = end(len(r.Nuclides))
		if n := len(r.Small); n > 0 {
			e, small := &t.Ends[k], end(n)
			e.Age, e.InputYe, e.Input, e.Small = column(), column(), matrix(len(r.Nuclides)), &small
		}
	}
	return t
}

// cell returns where the table keeps number c, counted as in layout, of a row. Place tells where it keeps the times; the
// times themselves, which are the same in all rows, have no cell.
func (t *Table) cell(l layout, row, c int, place map[int]int) *float64 {
	switch {
	case c < l.start():
		return &[][]float64{t.T, t.Rho, t.Ye}[c][row]
	case c < l.time(0):
		return &t.X[row*l.nuclides+c-l.start()]
	}
	c -= l.time(0)
	e, c := &t.Ends[place[c/l.perTime()]], c%l.perTime()-1
	scalar := func(e *End, c int) *float64 {
		return &[...][]float64{e.Ye, e.Q, e.EpsNu, e.EpsNuIntegral, e.EpsNucRow}[c][row]
	}
	if c < 0 {
		return nil
	}
	if c < l.nuclides {
		return &e.X[row*l.nuclides+c]
	}
	if c -= l.nuclides; c < len(endQuantities) {
		return scalar(e, c)
	}
	if c -= len(endQuantities); c < 2 {
		return &[...][]float64{e.Age, e.InputYe}[c][row]
	}
	if c -= 2; c < l.nuclides {
		return &e.Input[row*l.nuclides+c]
	}
	if c -= l.nuclides; c < l.small {
		return &e.Small.X[row*l.small+c]
	}
	return scalar(e.Small, c-l.small)
}

// put stores the value of column c, counted as in columnNames, of one row. Place tells where the table keeps the times.
func (t *Table) put(l layout, c, row int, v parquet.Value, place map[int]int) {
	switch c {
	case 0:
		t.Index[row] = v.Int64()
		return
	case l.numbers() + 1:
		t.Status[row] = string(v.ByteArray())
		return
	}
	if cell := t.cell(l, row, c-1, place); cell != nil {
		*cell = number(v)
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
	path string
	file *os.File
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
	return &part{path: path, file: f, File: p}, nil
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

// eachColumn calls visit for every value, column after column within each group of rows. Columns named in only, if any
// are, are the only ones read.
func (p *part) eachColumn(visit func(column, row int, v parquet.Value), only ...string) (err error) {
	defer recovered(&err)
	fields := p.Schema().Fields()
	wanted := make([]bool, len(fields))
	for c, f := range fields {
		wanted[c] = len(only) == 0 || slices.Contains(only, f.Name())
	}
	first := 0
	var buffer [1024]parquet.Value
	for _, g := range p.RowGroups() {
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
				values := page.Values()
				for {
					n, err := values.ReadValues(buffer[:])
					for _, v := range buffer[:n] {
						visit(c, row, v)
						row++
					}
					if err == io.EOF {
						break
					}
					if err != nil {
						parquet.Release(page)
						pages.Close()
						return fmt.Errorf("column %s: %w", fields[c].Name(), err)
					}
				}
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
