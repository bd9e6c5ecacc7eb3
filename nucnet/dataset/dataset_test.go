package dataset

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"nuclab/nucnet"
	"nuclab/nucnet/sample"
)

// quick is a set whose burns are over soon, in three files.
func quick() Settings {
	return Settings{Network: "mesa_80", Samples: 10, PerFile: 4, Seed: 7, Times: []float64{1e-13, 1e-12, 1e-11}}
}

// files returns the contents of a folder.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// reference holds the files of the quick set made by one worker in one go.
var reference = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "nuclab-dataset-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s := quick()
	s.Workers = 1
	if _, err := Generate(context.Background(), dir, s, nil); err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	return all, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all[name], err = os.ReadFile(filepath.Join(dir, name))
		}
		return err
	})
})

// quickSet writes the reference into a new folder.
func quickSet(t testing.TB) string {
	t.Helper()
	all, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range all {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func requireSame(t *testing.T, dir string) {
	t.Helper()
	want, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	got := files(t, dir)
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Fatalf("files %v, want %v", g, w)
	}
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs from that of a set made by one worker in one go", name)
		}
	}
}

// TestRoundTrip: what is read is what was drawn and burnt.
func TestRoundTrip(t *testing.T) {
	dir := quickSet(t)
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := set.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := quick()
	if table.Len() != s.Samples || len(table.OK()) != s.Samples || !slices.Equal(table.Times, s.Times) {
		t.Fatalf("%d samples, %d of them good, times %v", table.Len(), len(table.OK()), table.Times)
	}
	net, err := nucnet.Stock(s.Network)
	if err != nil {
		t.Fatal(err)
	}
	sampler, err := sample.New(sample.Design{Nuclides: net.Nuclides(), Seed: s.Seed})
	if err != nil {
		t.Fatal(err)
	}
	n := net.Len()
	for i := range table.Len() {
		p, err := sampler.At(context.Background(), uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		if table.Index[i] != int64(i) || table.T[i] != p.T || table.Rho[i] != p.Rho || table.Ye[i] != p.Ye ||
			!slices.Equal(table.X[i*n:(i+1)*n], p.X) {
			t.Errorf("sample %d does not start where the design says", i)
		}
		r, err := net.Burn(context.Background(), nucnet.State{T: p.T, Rho: p.Rho, X: p.X}, s.Times, nucnet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		q := 0.0
		for k, e := range table.Ends {
			b := r.Samples[k]
			if !slices.Equal(e.X[i*n:(i+1)*n], b.X) || e.Ye[i] != b.Ye || e.Q[i] != b.Q || e.EpsNu[i] != b.EpsNu || e.EpsNuIntegral[i] != b.EpsNuIntegral {
				t.Errorf("sample %d, time %d: not the state that a burn gives", i, k)
			}
			step := s.Times[k]
			if k > 0 {
				step -= s.Times[k-1]
			}
			if want := b.Q - q - b.EpsNu*step; e.EpsNucRow[i] != want {
				t.Errorf("sample %d, time %d: eps_nuc_row %g, want %g", i, k, e.EpsNucRow[i], want)
			}
			q = b.Q
		}
	}
	two, err := set.Load(2, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(two.Times, []float64{s.Times[2], s.Times[0]}) || !reflect.DeepEqual(two.Ends, []End{table.Ends[2], table.Ends[0]}) ||
		!slices.Equal(two.X, table.X) || !slices.Equal(two.Status, table.Status) {
		t.Error("two times alone are not those of the whole table")
	}
	for _, bad := range [][]int{{3}, {-1}, {1, 1}} {
		if _, err := set.Load(bad...); !errors.Is(err, ErrSettings) {
			t.Errorf("loading times %v: %v", bad, err)
		}
	}
	if err := Verify(context.Background(), dir); err != nil {
		t.Error(err)
	}
	card := string(files(t, dir)[cardName])
	for _, want := range []string{"mesa_80, 80 nuclides", "| failed burns | 0 |", "eps_nuc_row", "| detailed balance | correct |"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card does not say %q:\n%s", want, card)
		}
	}
}

func TestWorkersGiveTheSameBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	s := quick()
	s.Workers = 3
	last := 0
	m, err := Generate(context.Background(), dir, s, func(done, total int) {
		if done != last+1 || total != 10 {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Complete || m.Failed != 0 || len(m.Files) != 3 || last != 10 {
		t.Errorf("complete %v, %d failed, %d files, progress ended at %d", m.Complete, m.Failed, len(m.Files), last)
	}
	requireSame(t, dir)
}

// TestResume: a set that was interrupted goes on to the same bytes, whatever moment the interruption came at.
func TestResume(t *testing.T) {
	interrupted := func(t *testing.T, after int) (string, Settings) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s := quick()
		s.Workers = 2
		_, err := Generate(ctx, dir, s, func(done, _ int) {
			if done == after {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want that of the context", err)
		}
		for name := range files(t, dir) {
			if strings.HasPrefix(name, ".tmp") {
				t.Errorf("%s was left behind", name)
			}
		}
		s.Resume = true
		return dir, s
	}
	t.Run("between", func(t *testing.T) {
		dir, s := interrupted(t, 6)
		if _, ok := files(t, dir)["part-000000.parquet"]; !ok {
			t.Error("the finished file is gone")
		}
		if err := Verify(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "part-000002.parquet is missing") {
			t.Errorf("Verify of an unfinished set: %v", err)
		}
		if _, err := Generate(context.Background(), dir, s, nil); err != nil {
			t.Fatal(err)
		}
		requireSame(t, dir)
	})
	t.Run("killed", func(t *testing.T) {
		// As after kill -9: a half-written file, and a finished one that the manifest does not list yet.
		dir := quickSet(t)
		m, err := readManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		m.Files, m.Complete = m.Files[:1], false
		if err := m.write(dir); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(dir, "part-000002.parquet"))
		os.Remove(filepath.Join(dir, cardName))
		os.WriteFile(filepath.Join(dir, ".tmp-part-000002.parquet-1"), []byte("PAR1"), 0o600)
		s := quick()
		s.Resume = true
		first := -1
		if _, err := Generate(context.Background(), dir, s, func(done, _ int) {
			if first < 0 {
				first = done
			}
		}); err != nil {
			t.Fatal(err)
		}
		if first != 4 {
			t.Errorf("the first report counts %d samples, want the 4 of the first file", first)
		}
		requireSame(t, dir)
	})
	t.Run("at once", func(t *testing.T) {
		// Killed before the manifest had its name.
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, ".tmp-"+manifestName+"-1"), []byte("{"), 0o600)
		s := quick()
		if _, err := Generate(context.Background(), dir, s, nil); !errors.Is(err, ErrExists) {
			t.Errorf("error %v, want %v", err, ErrExists)
		}
		s.Resume = true
		if _, err := Generate(context.Background(), dir, s, nil); err != nil {
			t.Fatal(err)
		}
		requireSame(t, dir)
	})
	t.Run("finished", func(t *testing.T) {
		dir := quickSet(t)
		path := filepath.Join(dir, manifestName)
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		s := quick()
		s.Resume = true
		m, err := Generate(context.Background(), dir, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Error("the manifest of a finished set was written again")
		}
		if want, err := readManifest(dir); err != nil || !reflect.DeepEqual(m, want) {
			t.Errorf("manifest %+v, want that on disk", m)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		dir := quickSet(t)
		flip(t, filepath.Join(dir, "part-000001.parquet"), 3000)
		s := quick()
		s.Resume = true
		if _, err := Generate(context.Background(), dir, s, nil); err != nil {
			t.Fatal(err)
		}
		requireSame(t, dir)
	})
}

func TestMerge(t *testing.T) {
	root := t.TempDir()
	var parts []string
	for k := 1; k <= 2; k++ {
		s := quick()
		s.Shard = Shard{k, 2}
		dir := filepath.Join(root, s.Shard.String())
		if _, err := Generate(context.Background(), dir, s, nil); err != nil {
			t.Fatal(err)
		}
		if err := Verify(context.Background(), dir); err != nil {
			t.Error(err)
		}
		parts = append(parts, dir)
	}
	out := filepath.Join(root, "all")
	if _, err := Merge(context.Background(), out, parts[0]); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "part-000001.parquet") {
		t.Errorf("merging one half: %v", err)
	}
	if _, err := Merge(context.Background(), out, parts...); err != nil {
		t.Fatal(err)
	}
	requireSame(t, out)
	if _, err := Merge(context.Background(), out, parts...); !errors.Is(err, ErrExists) {
		t.Errorf("merging into a full folder: %v", err)
	}
	if _, err := Merge(context.Background(), filepath.Join(root, "twice"), parts[0], parts[1], parts[0]); err != nil {
		t.Errorf("merging a part twice: %v", err)
	}
	other := quick()
	other.Seed, other.Shard = 8, Shard{2, 2}
	foreign := filepath.Join(root, "foreign")
	if _, err := Generate(context.Background(), foreign, other, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(context.Background(), filepath.Join(root, "mixed"), parts[0], foreign); !errors.Is(err, ErrDifferent) || !strings.Contains(err.Error(), "seed 8 instead of 7") {
		t.Errorf("merging parts of two sets: %v", err)
	}
	// A file of another set under the name and the hash of one of ours.
	path := filepath.Join(parts[1], "part-000001.parquet")
	if err := os.WriteFile(path, files(t, foreign)["part-000001.parquet"], 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := readManifest(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if m.Files[0].Bytes, m.Files[0].SHA256, err = hashFile(path); err != nil {
		t.Fatal(err)
	}
	if err := m.write(parts[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(context.Background(), filepath.Join(root, "smuggled"), parts...); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "another data set") {
		t.Errorf("merging another set's file: %v", err)
	}
	if set, err := Open(filepath.Join(root, "smuggled")); err == nil && set.Complete {
		t.Error("a merge that failed left a set that says it is complete")
	}
	if err := Verify(context.Background(), parts[1]); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "another data set") {
		t.Errorf("another set's file with its own hash: %v", err)
	}
	flip(t, path, 2000)
	if _, err := Merge(context.Background(), filepath.Join(root, "again"), parts...); !errors.Is(err, ErrDamaged) {
		t.Errorf("merging an altered file: %v", err)
	}
}

// flip changes one bit of a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	const part = "part-000001.parquet"
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"flipped bit": {func(t *testing.T, dir string) { flip(t, filepath.Join(dir, part), 5000) }, part + " has been altered"},
		"cut short":   {func(t *testing.T, dir string) { os.Truncate(filepath.Join(dir, part), 5000) }, part + " is cut or grown"},
		"missing":     {func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, part)) }, part + " is missing"},
		"foreign":     {func(t *testing.T, dir string) { os.WriteFile(filepath.Join(dir, "x.parquet"), nil, 0o644) }, "x.parquet does not belong"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := quickSet(t)
			c.damage(t, dir)
			err := Verify(context.Background(), dir)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "part-000000") {
				t.Errorf("a good file is blamed: %v", err)
			}
		})
	}
	t.Run("load", func(t *testing.T) {
		dir := quickSet(t)
		os.Truncate(filepath.Join(dir, part), 5000)
		set, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.Load(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), part) {
			t.Errorf("loading a cut file: %v", err)
		}
	})
	t.Run("version", func(t *testing.T) {
		dir := quickSet(t)
		path := filepath.Join(dir, manifestName)
		b, _ := os.ReadFile(path)
		os.WriteFile(path, bytes.Replace(b, []byte("nuclab.dataset/1"), []byte("nuclab.dataset/9"), 1), 0o644)
		if _, err := Open(dir); !errors.Is(err, ErrNoDataset) || !strings.Contains(err.Error(), "nuclab.dataset/9") {
			t.Errorf("a manifest from the future: %v", err)
		}
	})
}

func TestGenerateErrors(t *testing.T) {
	full := quickSet(t)
	plain := filepath.Join(t.TempDir(), "file")
	os.WriteFile(plain, nil, 0o644)
	for name, c := range map[string]struct {
		dir    string
		change func(*Settings)
		want   error
		says   string
	}{
		"network":       {"", func(s *Settings) { s.Network = "mesa_8" }, nucnet.ErrUnknownNetwork, "mesa_80"},
		"no samples":    {"", func(s *Settings) { s.Samples = 0 }, ErrSettings, "0 samples"},
		"generator":     {"", func(s *Settings) { s.Generator = "papr" }, sample.ErrGenerator, "papr"},
		"times":         {"", func(s *Settings) { s.Times = []float64{1, 0.1} }, ErrSettings, "0.1 s"},
		"float":         {"", func(s *Settings) { s.Float = 16 }, ErrSettings, "16 bits"},
		"shard":         {"", func(s *Settings) { s.Shard = Shard{5, 4} }, ErrSettings, "5/4"},
		"Ye":            {"", func(s *Settings) { s.Design.Ye = [2]float64{0, 0.5} }, sample.ErrRange, "Ye"},
		"solver":        {"", func(s *Settings) { s.Burn.Solver = "euler" }, nucnet.ErrOption, "euler"},
		"rates":         {"", func(s *Settings) { s.Rates = "nonsense" }, ErrSettings, "rates:1"},
		"rates of none": {"", func(s *Settings) { s.Rates = fit("u238", "h1", "np239") }, ErrSettings, "mesa_80"},
		"full folder":   {full, func(*Settings) {}, ErrExists, full},
		"other seed":    {full, func(s *Settings) { s.Resume, s.Seed = true, 8 }, ErrDifferent, "seed 8 instead of 7"},
		"other times":   {full, func(s *Settings) { s.Resume, s.Times = true, []float64{1} }, ErrDifferent, "times_s [1]"},
		"other physics": {full, func(s *Settings) { s.Resume, s.Burn.Weak = true, nucnet.NoWeak }, ErrDifferent, "burn"},
		"other shard":   {full, func(s *Settings) { s.Resume, s.Shard = true, Shard{1, 2} }, ErrDifferent, "1/2"},
		"not a folder":  {plain, func(*Settings) {}, fs.ErrInvalid, plain},
		"under a file":  {filepath.Join(plain, "x"), func(*Settings) {}, fs.ErrInvalid, plain},
		"no data set":   {filepath.Dir(plain), func(s *Settings) { s.Resume = true }, ErrNoDataset, manifestName},
	} {
		t.Run(name, func(t *testing.T) {
			if c.dir == "" {
				c.dir = t.TempDir()
			}
			s := quick()
			c.change(&s)
			_, err := Generate(context.Background(), c.dir, s, nil)
			if err == nil || !strings.Contains(err.Error(), c.says) || c.want != fs.ErrInvalid && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v that says %q", err, c.want, c.says)
			}
		})
	}
}

// TestReburn: rows burnt again are as stored; rows that were tampered with, or made with other physics, are not.
func TestReburn(t *testing.T) {
	dir := quickSet(t)
	ctx := context.Background()
	if err := Reburn(ctx, dir, 4, 1); err != nil {
		t.Error(err)
	}
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := set.Settings()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := newGenerator(s); err != nil || again.manifest.ID() != set.ID() {
		t.Errorf("the settings read back differ: %s, %v", set.Recipe.differences(again.manifest.Recipe), err)
	}
	m := set.Manifest
	m.Data = "other"
	if err := m.write(dir); err != nil {
		t.Fatal(err)
	}
	if err := Reburn(ctx, dir, 1, 1); !errors.Is(err, ErrDifferent) {
		t.Errorf("other nuclear data: %v", err)
	}
	// A file like the first one but for one number.
	g, err := newGenerator(quick())
	if err != nil {
		t.Fatal(err)
	}
	dir = quickSet(t)
	rows := make(chan row, 4)
	for i := range 4 {
		r, err := g.burn(ctx, i)
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			r.numbers[g.layout.scalars(1)+1] *= 1.001
		}
		rows <- r
	}
	close(rows)
	first := set.Files[0]
	err = atomically(filepath.Join(dir, first.Name), func(w *os.File) error {
		_, _, err := writeParquet(w, set.Recipe, first, rows, func(int) {})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := Reburn(ctx, dir, 10, 1); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "sample 2: t1_q is ") {
		t.Errorf("a forged number: %v", err)
	}
}

// TestFailedBurns: a burn that fails is a row with its reason, not a missing one.
func TestFailedBurns(t *testing.T) {
	dir := t.TempDir()
	s := quick()
	s.Samples, s.Times, s.Burn.MaxSteps, s.Float = 3, []float64{1e-12, 1e-2}, 1, 32
	m, err := Generate(context.Background(), dir, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Failed != 3 {
		t.Fatalf("%d failures, want 3 with so few steps allowed", m.Failed)
	}
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := set.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i, status := range table.Status {
		if !strings.Contains(status, "step") || !math.IsNaN(table.Ends[1].Q[i]) || math.IsNaN(table.X[i]) {
			t.Errorf("sample %d: status %q, q %g", i, status, table.Ends[1].Q[i])
		}
	}
	if len(table.OK()) != 0 {
		t.Error("failed burns pass for good ones")
	}
	if err := Verify(context.Background(), dir); err != nil {
		t.Error(err)
	}
	if card := string(files(t, dir)[cardName]); !strings.Contains(card, "| failed burns | 3 |") || !strings.Contains(card, "## Failures") {
		t.Errorf("the card does not tell of the failures:\n%s", card)
	}
}
