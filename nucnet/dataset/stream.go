package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"

	"nuclab/nucnet/nuclide"
)

// Role is what a sample serves for.
type Role int

// A Split gives every sample one of the last three; All are the samples of all of them.
const (
	All Role = iota
	Training
	Validation
	Testing
)

// Split deals samples out to training, validation and test by their number alone: all times of a sample go the same way,
// and a sample keeps its role when a set grows. The zero value trains with everything.
type Split struct {
	Validation, Test float64 // shares of the samples
	Seed             uint64
}

// Of returns the role of a sample.
func (s Split) Of(index int64) Role {
	switch u := float64(mix(s.Seed^mix(uint64(index)))>>11) / (1 << 53); {
	case u < s.Test:
		return Testing
	case u < s.Test+s.Validation:
		return Validation
	}
	return Training
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014) behind an odd constant.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Selection says which samples of a set are read, and how.
type Selection struct {
	Times []int // places in Manifest.Times; empty: all
	Split Split
	Role  Role
	// Keep, unless nil, tells whether to use a sample, given the table that holds it and its place there. Samples whose
	// burn failed are never used.
	Keep func(t *Table, row int) bool

	Batch  int    // samples in a batch, but perhaps the last; 0: 512
	Buffer int    // samples that are shuffled among each other, at least a batch; 0: 16 batches
	Seed   uint64 // of the shuffling
}

// Batches returns the samples selected in batches, in an order that depends on Selection.Seed and on epoch, for a loop to
// range over. The groups of rows that files consist of come in random order, and those in the buffer are shuffled among
// each other; memory holds about twice the buffer and a group of rows for each of up to eight processors, whatever the
// size of the set. Those read ahead while the loop works.
//
// A batch is overwritten by the next. An error comes alone and ends the loop: one that wraps ErrSettings, ErrDamaged with
// the name of the file, or that of ctx.
func (s *Set) Batches(ctx context.Context, sel Selection, epoch int) iter.Seq2[*Table, error] {
	return func(yield func(*Table, error) bool) {
		if sel.Batch == 0 {
			sel.Batch = 512
		}
		if sel.Buffer == 0 {
			sel.Buffer = 16 * sel.Batch
		}
		if sel.Batch < 0 || sel.Buffer < sel.Batch {
			yield(nil, fmt.Errorf("dataset: %w: batches of %d samples from a buffer of %d", ErrSettings, sel.Batch, sel.Buffer))
			return
		}
		rng := rand.New(rand.NewPCG(sel.Seed, uint64(epoch)))
		blocks, err := s.blocks()
		if err != nil {
			yield(nil, err)
			return
		}
		rng.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })

		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		type outcome struct {
			t   *Table
			err error
		}
		const most = 8
		ahead := make(chan chan outcome, min(runtime.GOMAXPROCS(0), most)-1) // decoded while the loop uses others
		go func() {
			defer close(ahead)
			for _, b := range blocks {
				read := make(chan outcome, 1)
				select {
				case ahead <- read:
				case <-ctx.Done():
					return
				}
				go func() {
					t, err := s.block(b, sel.Times)
					read <- outcome{t, err}
				}()
			}
		}()

		pool, err := s.table(sel.Times, sel.Buffer)
		if err != nil {
			yield(nil, err)
			return
		}
		batch, _ := s.table(sel.Times, sel.Batch)
		filled := 0
		// deal hands out batches from the pool and leaves what does not fill one, unless it is the end.
		deal := func(end bool) bool {
			rng.Shuffle(filled, func(i, j int) { pool.swap(i, j) })
			for filled >= sel.Batch || end && filled > 0 {
				n := min(sel.Batch, filled)
				out := batch.first(n)
				for i := range n {
					out.copyRow(i, pool, filled-n+i)
				}
				filled -= n
				if !yield(out, nil) {
					return false
				}
			}
			return true
		}
		for read := range ahead {
			r := <-read
			if err := errors.Join(r.err, ctx.Err()); err != nil {
				yield(nil, err)
				return
			}
			for i, index := range r.t.Index {
				if !reachedEnd(r.t.Status[i]) || sel.Role != All && sel.Split.Of(index) != sel.Role || sel.Keep != nil && !sel.Keep(r.t, i) {
					continue
				}
				if filled == sel.Buffer && !deal(false) {
					return
				}
				pool.copyRow(filled, r.t, i)
				filled++
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return
		}
		deal(true)
	}
}

// block is a group of rows of a file.
type block struct {
	file  int // place in Manifest.Files
	group int
}

// blocks lists the groups of rows of all files. Groups hold rowsPerGroup rows, but for the last of a file.
func (s *Set) blocks() ([]block, error) {
	var blocks []block
	for f, file := range s.Files {
		if file.Samples < 0 {
			return nil, fmt.Errorf("dataset: %s: %w: %s with %d samples", s.Dir, ErrDamaged, file.Name, file.Samples)
		}
		for g := range (file.Samples + rowsPerGroup - 1) / rowsPerGroup {
			blocks = append(blocks, block{f, g})
		}
	}
	return blocks, nil
}

// block reads a group of rows.
func (s *Set) block(b block, times []int) (*Table, error) {
	f := s.Files[b.file]
	t, err := s.table(times, min(rowsPerGroup, f.Samples-b.group*rowsPerGroup))
	if err != nil {
		return nil, err
	}
	p, err := openPart(filepath.Join(s.Dir, f.Name), s.Recipe, f)
	if err != nil {
		return nil, err
	}
	groups := p.RowGroups()
	if b.group >= len(groups) || groups[b.group].NumRows() != int64(t.Len()) {
		return nil, errors.Join(fmt.Errorf("dataset: %s: %w: other groups of rows than this program writes", p.path, ErrDamaged), p.Close())
	}
	err = p.fill(t, s.layout(), b.group, 1, 0, times)
	return t, errors.Join(err, p.Close())
}

// swap exchanges two rows.
func (t *Table) swap(i, j int) {
	if i == j {
		return
	}
	t.Index[i], t.Index[j] = t.Index[j], t.Index[i]
	t.Status[i], t.Status[j] = t.Status[j], t.Status[i]
	t.each(func(v []float64, n int) {
		a, b := v[i*n:(i+1)*n], v[j*n:(j+1)*n]
		for k := range a {
			a[k], b[k] = b[k], a[k]
		}
	})
}

// copyRow overwrites row i with row j of a table of the same columns.
func (t *Table) copyRow(i int, from *Table, j int) {
	t.Index[i], t.Status[i] = from.Index[j], from.Status[j]
	var source [][]float64
	from.each(func(v []float64, _ int) { source = append(source, v) })
	k := 0
	t.each(func(v []float64, n int) {
		copy(v[i*n:(i+1)*n], source[k][j*n:(j+1)*n])
		k++
	})
}

// each calls f for every column of numbers, or matrix of n to a row.
func (t *Table) each(f func(values []float64, n int)) {
	n, small := len(t.Nuclides), len(t.SmallNuclides)
	f(t.T, 1)
	f(t.Rho, 1)
	f(t.Ye, 1)
	f(t.X, n)
	f(t.SmallX, small)
	end := func(e *End, n int) {
		f(e.X, n)
		for _, v := range [...][]float64{e.Ye, e.Q, e.EpsNu, e.EpsNuIntegral, e.EpsNucRow} {
			f(v, 1)
		}
	}
	for k := range t.Ends {
		e := &t.Ends[k]
		end(e, n)
		if e.Small != nil {
			f(e.Age, 1)
			f(e.InputYe, 1)
			f(e.Input, n)
			end(e.Small, small)
		}
	}
}

// first returns the table of the first n rows. It shares their numbers.
func (t *Table) first(n int) *Table {
	if n == t.Len() {
		return t
	}
	c := *t
	c.Index, c.Status = t.Index[:n], t.Status[:n]
	c.T, c.Rho, c.Ye = t.T[:n], t.Rho[:n], t.Ye[:n]
	c.X, c.SmallX = t.X[:n*len(t.Nuclides)], t.SmallX[:n*len(t.SmallNuclides)]
	end := func(e End, nuclides int) End {
		e.X = e.X[:n*nuclides]
		for _, v := range []*[]float64{&e.Ye, &e.Q, &e.EpsNu, &e.EpsNuIntegral, &e.EpsNucRow} {
			*v = (*v)[:n]
		}
		return e
	}
	c.Ends = make([]End, len(t.Ends))
	for k, e := range t.Ends {
		c.Ends[k] = end(e, len(t.Nuclides))
		if e.Small != nil {
			small := end(*e.Small, len(t.SmallNuclides))
			c.Ends[k].Small = &small
			c.Ends[k].Age, c.Ends[k].InputYe, c.Ends[k].Input = e.Age[:n], e.InputYe[:n], e.Input[:n*len(t.Nuclides)]
		}
	}
	return &c
}

// Moments are the mean and the standard deviation of a number over samples.
type Moments struct{ Mean, SD float64 }

// Statistics are what inputs and outputs of an emulator are normalised with.
type Statistics struct {
	Samples      int
	Nuclides     []nuclide.Nuclide
	LogT, LogRho Moments // of log10 T/K and log10 rho/(g/cm3)
	Ye           Moments
	LnX          []Moments // of ln max(X, floor) at the start, in the order of Nuclides
	Ends         []EndStatistics
}

// EndStatistics are those at one time.
type EndStatistics struct {
	LnX      []Moments
	YeChange Moments // of Ye less that at the start
	Q        Moments // erg/g
	EpsNu    Moments // of ln max(eps_nu, 1), eps_nu in erg/g/s
}

// Statistics reads the samples selected once and returns their means and standard deviations, with mass fractions below
// floor taken to be floor. Memory does not grow with the set.
func (s *Set) Statistics(ctx context.Context, sel Selection, floor float64) (*Statistics, error) {
	if !(floor > 0) {
		return nil, fmt.Errorf("dataset: %w: floor %g of mass fractions, want more than 0", ErrSettings, floor)
	}
	times := sel.Times
	if len(times) == 0 {
		times = make([]int, len(s.Times))
	}
	n := len(s.Nuclides)
	st := &Statistics{Nuclides: s.Nuclides, LnX: make([]Moments, n), Ends: make([]EndStatistics, len(times))}
	for k := range st.Ends {
		st.Ends[k].LnX = make([]Moments, n)
	}
	// Welford's recurrence: SD holds the sum of squares about the mean until the end.
	add := func(m *Moments, x float64) {
		d := x - m.Mean
		m.Mean += d / float64(st.Samples)
		m.SD += d * (x - m.Mean)
	}
	for t, err := range s.Batches(ctx, sel, 0) {
		if err != nil {
			return nil, err
		}
		for i := range t.Len() {
			st.Samples++
			add(&st.LogT, math.Log10(t.T[i]))
			add(&st.LogRho, math.Log10(t.Rho[i]))
			add(&st.Ye, t.Ye[i])
			for j := range n {
				add(&st.LnX[j], math.Log(max(t.X[i*n+j], floor)))
			}
			for k := range t.Ends {
				e, o := &t.Ends[k], &st.Ends[k]
				for j := range n {
					add(&o.LnX[j], math.Log(max(e.X[i*n+j], floor)))
				}
				add(&o.YeChange, e.Ye[i]-t.Ye[i])
				add(&o.Q, e.Q[i])
				add(&o.EpsNu, math.Log(max(e.EpsNu[i], 1)))
			}
		}
	}
	finish := func(m *Moments) { m.SD = math.Sqrt(m.SD / float64(max(st.Samples, 1))) }
	for _, m := range []*Moments{&st.LogT, &st.LogRho, &st.Ye} {
		finish(m)
	}
	for j := range n {
		finish(&st.LnX[j])
	}
	for k := range st.Ends {
		o := &st.Ends[k]
		for j := range n {
			finish(&o.LnX[j])
		}
		for _, m := range []*Moments{&o.YeChange, &o.Q, &o.EpsNu} {
			finish(m)
		}
	}
	return st, nil
}
