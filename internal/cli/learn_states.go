package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

// stateRow is one state of a file.
type stateRow struct {
	row  int    // from 1
	name string // for messages
	nucnet.State
	t float64 // s; not a number where the file has no times
}

// stateReader is a file of states, read in the order of its rows: CSV with a line of names, or Parquet. Columns are T (K),
// rho (g/cm3), X_<nuclide> for any of the nuclides, others being 0, and possibly t (s); what else there is does not matter.
type stateReader struct {
	path     string
	nuclides []nuclide.Nuclide
	places   []int // of T, rho, t and the nuclides in values, for each column; -1 for the others
	timed    bool  // there is a column t
	sum      bool  // divide X by its sum

	// next returns the next row's values by column, as long as they are not needed for longer than until the next call,
	// and what to call the row in a message; io.EOF behind the last one.
	next  func() (values []float64, name string, err error)
	close func() error
	row   int
}

// The first places of a row's values; those of the nuclides follow.
const (
	placeT = iota
	placeRho
	placeTime
	placeX
)

// openStates opens a file of states of the nuclides.
func openStates(path string, nuclides []nuclide.Nuclide, normalize bool) (*stateReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, badInput("--states: %v", err)
	}
	s := &stateReader{path: path, nuclides: nuclides, sum: normalize, close: f.Close}
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	if err == nil && string(magic[:]) == "PAR1" {
		err = s.openParquet(f)
	} else if _, err = f.Seek(0, io.SeekStart); err == nil {
		err = s.openCSV(f)
	}
	if err != nil {
		f.Close()
		return nil, badInput("--states %s: %v", path, err)
	}
	return s, nil
}

// columns finds out what is where.
func (s *stateReader) columns(names []string) error {
	seen := map[int]string{}
	for _, name := range names {
		place := -1
		switch x, isX := strings.CutPrefix(name, "X_"); {
		case name == "T":
			place = placeT
		case name == "rho":
			place = placeRho
		case name == "t":
			place, s.timed = placeTime, true
		case isX:
			n, err := nuclide.Parse(x)
			if err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
			i := slices.Index(s.nuclides, n)
			if i < 0 {
				return fmt.Errorf("column %s: the model has no %s", name, n)
			}
			place = placeX + i
		}
		if place >= 0 && seen[place] != "" {
			return fmt.Errorf("columns %s and %s are the same", seen[place], name)
		}
		if place >= 0 {
			seen[place] = name
		}
		s.places = append(s.places, place)
	}
	for place, name := range []string{"T", "rho"} {
		if seen[place] == "" {
			return fmt.Errorf("there is no column %s; states have T, rho, X_<nuclide>..., and possibly t", name)
		}
	}
	return nil
}

func (s *stateReader) openCSV(f *os.File) error {
	in := csv.NewReader(f)
	in.ReuseRecord = true
	in.TrimLeadingSpace = true
	head, err := in.Read()
	if err == io.EOF {
		return errors.New("the file is empty")
	}
	if err != nil {
		return err
	}
	if err := s.columns(slices.Clone(head)); err != nil {
		return err
	}
	head = slices.Clone(head)
	values := make([]float64, len(head))
	s.next = func() ([]float64, string, error) {
		record, err := in.Read()
		if err != nil {
			return nil, "", err
		}
		line, _ := in.FieldPos(0)
		name := fmt.Sprintf("line %d", line)
		for c, place := range s.places {
			if place < 0 {
				continue
			}
			if values[c], err = strconv.ParseFloat(strings.TrimSpace(record[c]), 64); err != nil {
				return nil, name, fmt.Errorf("%s = %q is not a number", head[c], record[c])
			}
		}
		return values, name, nil
	}
	return nil
}

func (s *stateReader) openParquet(f *os.File) (err error) {
	// The decoder panics over some damage.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be decoded: %v", p)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	var names []string
	for _, path := range p.Schema().Columns() {
		names = append(names, strings.Join(path, "."))
	}
	if err := s.columns(names); err != nil {
		return err
	}
	rows := parquet.MultiRowGroup(p.RowGroups()...).Rows()
	closeFile := s.close
	s.close = func() error { return errors.Join(rows.Close(), closeFile()) }
	buffer, at, have := make([]parquet.Row, 256), 0, 0
	values := make([]float64, len(names))
	end := error(nil)
	s.next = func() (_ []float64, name string, err error) {
		name = fmt.Sprintf("row %d", s.row+1)
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("cannot be decoded: %v", p)
			}
		}()
		for at == have {
			if end != nil {
				return nil, name, end
			}
			at = 0
			have, end = rows.ReadRows(buffer)
		}
		row := buffer[at]
		at++
		for _, v := range row {
			c := v.Column()
			if s.places[c] < 0 {
				continue
			}
			switch kind := v.Kind(); {
			case v.IsNull():
				return nil, name, fmt.Errorf("%s is missing", names[c])
			case kind == parquet.Double:
				values[c] = v.Double()
			case kind == parquet.Float:
				values[c] = float64(v.Float())
			case kind == parquet.Int32:
				values[c] = float64(v.Int32())
			case kind == parquet.Int64:
				values[c] = float64(v.Int64())
			default:
				return nil, name, fmt.Errorf("%s is not a number", names[c])
			}
		}
		return values, name, nil
	}
	return nil
}

// read returns up to n of the next states, none at the end.
func (s *stateReader) read(n int) ([]stateRow, error) {
	var states []stateRow
	for len(states) < n {
		values, name, err := s.next()
		if err == io.EOF {
			break
		}
		state := stateRow{row: s.row + 1, name: name}
		if err == nil {
			state.State, state.t, err = s.state(values)
		}
		if err != nil {
			if name != "" { // the reader of CSV says itself where it is
				err = fmt.Errorf("%s: %w", name, err)
			}
			return nil, badInput("--states %s: %v", s.path, err)
		}
		s.row++
		states = append(states, state)
	}
	return states, nil
}

// state makes a state of a row's values.
func (s *stateReader) state(values []float64) (state nucnet.State, t float64, err error) {
	all := make([]float64, placeX+len(s.nuclides))
	all[placeTime] = math.NaN()
	for c, place := range s.places {
		if place >= 0 {
			all[place] = values[c]
		}
	}
	state = nucnet.State{T: all[placeT], Rho: all[placeRho], X: all[placeX:]}
	t = all[placeTime]
	if err := errors.Join(inRange("T", state.T, minT, maxT, "K"), inRange("rho", state.Rho, minRho, maxRho, "g/cm3")); err != nil {
		return state, t, err
	}
	if s.timed && !(t > 0 && t <= math.MaxFloat64) {
		return state, t, fmt.Errorf("t = %g s", t)
	}
	sum := 0.0
	for i, x := range state.X {
		if !(x >= 0 && x <= maxFraction) {
			return state, t, fmt.Errorf("X(%s) = %g, want a number from 0 to 1", s.nuclides[i], x)
		}
		sum += x
	}
	if s.sum && sum > 0 {
		for i := range state.X {
			state.X[i] /= sum
		}
		sum = 1
	}
	if !(math.Abs(sum-1) <= nuclide.SumTolerance) {
		return state, t, fmt.Errorf("the mass fractions sum to %.10g, not 1; --normalize divides by the sum", sum)
	}
	return state, t, nil
}
