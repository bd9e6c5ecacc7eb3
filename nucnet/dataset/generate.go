package dataset

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/parquet-go/parquet-go"

	"nuclab/nucnet"
	"nuclab/nucnet/sample"
)

// Generate makes a data set in the folder dir and returns its manifest. It calls progress, if not nil, after each
// sample with the number done, earlier ones included, and the number to do. When ctx ends it stops within one step of
// the burns, keeps the files that are finished and returns the error of ctx; a later call with Resume goes on.
//
// The error wraps ErrSettings (or an error of nucnet or sample) for settings that cannot be, ErrExists for a folder with
// something in it, ErrDifferent for one that holds a set with other settings. A burn that fails does not end the call:
// its row says why, and the manifest counts it.
func Generate(ctx context.Context, dir string, s Settings, progress func(done, total int)) (*Manifest, error) {
	g, err := newGenerator(s)
	if err != nil {
		return nil, err
	}
	s, m := g.settings, g.manifest
	if !s.Resume { // states that cannot be are an error before there is a folder
		if _, err := g.sampler.At(ctx, 0); err != nil {
			return nil, err
		}
	}
	old, done, err := prepare(dir, m, s.Resume)
	if err != nil {
		return nil, err
	}
	if old != nil {
		m.Code = old.Code
	}
	if err := g.checkSpace(dir, done); err != nil {
		return nil, err
	}
	for f := range m.fileCount() {
		if s.Shard.has(f) {
			g.total += m.file(f).Samples
		}
	}
	g.report = func(n int) {
		g.done += n
		if progress != nil {
			progress(g.done, g.total)
		}
	}
	made := false
	for f := range m.fileCount() {
		if !s.Shard.has(f) {
			continue
		}
		file, ok := done[m.file(f).Name]
		if ok {
			g.report(file.Samples)
		} else if file, err = g.makeFile(ctx, dir, f); err != nil {
			return nil, g.explainSpace(err)
		}
		m.Files = append(m.Files, file)
		m.Failed += file.Failed
		m.Retried += file.Retried
		if made = made || !ok; made {
			if err := m.write(dir); err != nil {
				return nil, g.explainSpace(err)
			}
		}
	}
	m.Complete = true
	if _, err := os.Stat(filepath.Join(dir, cardName)); err == nil && !made && old != nil && old.Complete {
		return m, nil // there is nothing to write, and perhaps no right to
	}
	if err := m.write(dir); err != nil {
		return nil, err
	}
	return m, writeCard(dir, m)
}

// prepare makes the folder with a manifest in it or, to resume, returns the manifest that is there and the finished
// files, and removes what an interrupted call left.
func prepare(dir string, m *Manifest, resume bool) (old *Manifest, done map[string]File, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	syncDir(filepath.Dir(dir))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	if resume {
		kept := entries[:0]
		for _, e := range entries {
			if !isTemporary(e.Name()) {
				kept = append(kept, e)
			} else if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, nil, fmt.Errorf("dataset: %w", err)
			}
		}
		entries = kept
	}
	if len(entries) == 0 {
		return nil, nil, m.write(dir)
	}
	if !resume {
		return nil, nil, fmt.Errorf("dataset: %s: %w: name another, or resume the data set in it", dir, ErrExists)
	}
	if old, err = readManifest(dir); err != nil {
		return nil, nil, err
	}
	if d := old.Recipe.differences(m.Recipe); d != "" {
		return nil, nil, fmt.Errorf("dataset: %s: %w: %s", dir, ErrDifferent, d)
	}
	if old.Shard != m.Shard {
		return nil, nil, fmt.Errorf("dataset: %s: %w: shard %q instead of %q", dir, ErrDifferent, m.Shard, old.Shard)
	}
	listed := map[string]File{}
	for _, f := range old.Files {
		listed[f.Name] = f
	}
	done = map[string]File{}
	for f := range m.fileCount() {
		want := m.file(f)
		path := filepath.Join(dir, want.Name)
		size, sum, err := hashFile(path)
		if err != nil {
			continue // not made yet
		}
		if l, ok := listed[want.Name]; ok {
			if l.Bytes == size && l.SHA256 == sum {
				done[want.Name] = l
			} // else damaged since: made again
			continue
		}
		// Finished, but not yet listed when the call was interrupted. The file itself tells.
		if c, err := checkContents(path, m.Recipe, want); err == nil {
			want.Failed, want.Retried, want.Bytes, want.SHA256 = c.failed, c.retried, size, sum
			done[want.Name] = want
		}
	}
	return old, done, nil
}

// generator makes the files of a data set.
type generator struct {
	settings Settings
	net      *nucnet.Network
	sampler  *sample.Sampler
	manifest *Manifest
	layout   layout

	all        []float64       // times asked of a burn
	at, before []int           // see Settings.burnTimes
	spans      []span          // of a test set
	small      *nucnet.Network // beside it

	done, total int
	report      func(n int)
}

// newGenerator checks settings and gets ready to burn.
func newGenerator(s Settings) (*generator, error) {
	s = s.withDefaults()
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.Workers == 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	net, own, err := s.network()
	if err != nil {
		return nil, err
	}
	sampler, err := s.sampler(net)
	if err != nil {
		return nil, err
	}
	g := &generator{settings: s, net: net, sampler: sampler}
	if s.Protocol == Train {
		g.all, g.at, g.before = s.burnTimes()
	} else {
		if g.spans, err = s.spans(); err != nil {
			return nil, err
		}
		if g.small, err = smallNet(); err != nil {
			return nil, err
		}
	}
	g.manifest = &Manifest{Schema: schemaName, Code: codeVersion(), Recipe: s.recipe(g, own), Shard: s.Shard.String(), Files: []File{}}
	g.layout = g.manifest.layout()
	return g, nil
}

// makeFile burns the samples of file number f and writes them.
func (g *generator) makeFile(ctx context.Context, dir string, f int) (File, error) {
	file := g.manifest.file(f)
	path := filepath.Join(dir, file.Name)
	err := atomically(path, func(w *os.File) error {
		return g.rows(ctx, file, func(rows <-chan row) error {
			counts, timings, err := writeParquet(w, g.manifest.Recipe, file, rows, g.report)
			if err != nil {
				return fmt.Errorf("dataset: cannot write %s: %w", path, err)
			}
			file.Failed, file.Retried = counts.failed, counts.retried
			return writeTimings(dir, file, timings)
		})
	})
	if err != nil {
		return file, err
	}
	file.Bytes, file.SHA256, err = hashFile(path)
	if err != nil {
		return file, fmt.Errorf("dataset: %w", err)
	}
	return file, nil
}

// rows burns the samples of a file on all workers and hands them to write in order. It holds no more than a few samples
// for each worker in memory.
func (g *generator) rows(ctx context.Context, file File, write func(<-chan row) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type job struct {
		index  int
		result chan row
	}
	workers := g.settings.Workers
	jobs := make(chan job)
	queue := make(chan chan row, 4*workers) // results in order of index
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for j := range jobs {
				r, err := g.burn(ctx, j.index)
				if err != nil {
					cancel(err)
				}
				j.result <- r
			}
		})
	}
	group.Go(func() {
		defer close(jobs)
		defer close(queue)
		for i := range file.Samples {
			j := job{file.First + i, make(chan row, 1)}
			select {
			case <-ctx.Done():
				return
			case queue <- j.result:
			}
			jobs <- j
		}
	})
	ordered := make(chan row)
	group.Go(func() {
		defer close(ordered)
		for result := range queue {
			select {
			case <-ctx.Done():
			case r := <-result:
				select {
				case <-ctx.Done():
				case ordered <- r:
				}
			}
		}
	})
	err := write(ordered)
	if err != nil {
		cancel(err)
	}
	for range ordered { // let the others end
	}
	group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// rowsPerGroup is the number of samples that lie together in a file, column by column: some 14 MB for mesa_80 at nine
// times, of which a reader needs only the columns it asks for.
const rowsPerGroup = 2048

// pageBytes is what the writer sets aside for each column. It holds the numbers of a group; the default would take a
// quarter of a gigabyte and more for the thousand columns of a set.
const pageBytes = 2 * 8 * rowsPerGroup

// counts are those of the burns of a file that did not go as asked.
type counts struct{ failed, retried int }

func (c *counts) add(status string) {
	switch {
	case status == statusOK:
	case reachedEnd(status):
		c.retried++
	default:
		c.failed++
	}
}

// writeParquet writes rows as they come and returns what became of the burns, and the timings of a test set.
func writeParquet(w io.Writer, r Recipe, file File, rows <-chan row, report func(int)) (c counts, timings []Timing, err error) {
	options := []parquet.WriterOption{
		schemaOf(r.columns(), r.Float),
		parquet.CreatedBy("nuclab", "1", ""),
		parquet.MaxRowsPerRowGroup(rowsPerGroup),
		parquet.PageBufferSize(pageBytes),
		parquet.KeyValueMetadata("nuclab.schema", schemaName),
		parquet.KeyValueMetadata("nuclab.recipe", string(r.json())),
		parquet.KeyValueMetadata("nuclab.id", r.ID()),
		parquet.KeyValueMetadata("nuclab.code", codeVersion()),
		parquet.KeyValueMetadata("nuclab.first", fmt.Sprint(file.First)),
	}
	out := parquet.NewWriter(w, options...)
	var values parquet.Row
	n := 0
	for row := range rows {
		values = append(values[:0], parquet.Int64Value(row.index).Level(0, 0, 0))
		for i, v := range row.numbers {
			if r.Float == 32 {
				values = append(values, parquet.FloatValue(float32(v)).Level(0, 0, i+1))
			} else {
				values = append(values, parquet.DoubleValue(v).Level(0, 0, i+1))
			}
		}
		values = append(values, parquet.ByteArrayValue([]byte(row.status)).Level(0, 0, len(row.numbers)+1))
		if _, err := out.WriteRows([]parquet.Row{values}); err != nil {
			return c, timings, err
		}
		c.add(row.status)
		timings = append(timings, row.timings...)
		n++
		report(1)
	}
	if n < file.Samples {
		return c, timings, fmt.Errorf("only %d of %d samples came", n, file.Samples) // interrupted; the cause is reported
	}
	return c, timings, out.Close()
}
