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
	Status   []string  // "ok" or why the burn failed
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
}

// Len returns the number of samples.
func (t *Table) Len() int { return len(t.Index) }

// OK returns the places of the samples whose burn reached its end.
func (t *Table) OK() []int {
	var ok []int
	for i, s := range t.Status {
		if s == statusOK {
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
	l := layout{len(s.Nuclides), len(s.Times)}
	t := newTable(s.Recipe, times, rows)
	var only []string
	for c, name := range columnNames(s.Nuclides, len(s.Times)) {
		if k := l.timeOf(c); k < 0 {
			only = append(only, name)
		} else if _, ok := want[k]; ok {
			only = append(only, name)
		}
	}
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

func newTable(r Recipe, times []int, rows int) *Table {
	t := &Table{Network: r.Network, Nuclides: slices.Clone(r.Nuclides), Index: make([]int64, rows), Status: make([]string, rows),
		Ends: make([]End, len(times))}
	for _, k := range times {
		t.Times = append(t.Times, r.Times[k])
	}
	column := func() []float64 { return make([]float64, rows) }
	t.T, t.Rho, t.Ye = column(), column(), column()
	t.X = make([]float64, rows*len(r.Nuclides))
	for k := range t.Ends {
		t.Ends[k] = End{X: make([]float64, rows*len(r.Nuclides)), Ye: column(), Q: column(), EpsNu: column(), EpsNuIntegral: column(), EpsNucRow: column()}
	}
	return t
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
	x := v.Double()
	if v.Kind() == parquet.Float {
		x = float64(v.Float())
	}
	c--
	switch {
	case c < l.start():
		[][]float64{t.T, t.Rho, t.Ye}[c][row] = x
	case c < l.start()+l.nuclides:
		t.X[row*l.nuclides+c-l.start()] = x
	default:
		c -= l.start() + l.nuclides
		e, c := &t.Ends[place[c/l.perTime()]], c%l.perTime()
		switch {
		case c == 0: // the time itself, which Times holds
		case c <= l.nuclides:
			e.X[row*l.nuclides+c-1] = x
		default:
			[][]float64{e.Ye, e.Q, e.EpsNu, e.EpsNuIntegral, e.EpsNucRow}[c-1-l.nuclides][row] = x
		}
	}
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
	if !slices.Equal(columns, columnNames(r.Nuclides, len(r.Times))) {
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
