package dataset

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// madeUp is a set of numbers that no burn gave: sample i holds i in every column but the mass fractions, which are even.
// Every tenth burn has failed.
func madeUp(t testing.TB, samples, perFile int) *Set {
	t.Helper()
	g, err := newGenerator(Settings{Network: "mesa_80", Samples: samples, PerFile: perFile, Times: []float64{1e-3, 1}})
	if err != nil {
		t.Fatal(err)
	}
	set := &Set{Dir: t.TempDir(), Manifest: *g.manifest}
	l := g.layout
	for f := range set.fileCount() {
		file := set.file(f)
		rows := make(chan row)
		go func() {
			defer close(rows)
			for i := file.First; i < file.First+file.Samples; i++ {
				r := row{index: int64(i), numbers: make([]float64, l.numbers()), status: statusOK}
				for k := range r.numbers {
					r.numbers[k] = float64(i)
				}
				for k := range l.nuclides {
					r.numbers[l.start()+k] = 1 / float64(l.nuclides)
				}
				if i%10 == 9 {
					r.fail(l, set.Times)
					r.status = "failed"
				}
				rows <- r
			}
		}()
		if err := atomically(filepath.Join(set.Dir, file.Name), func(w *os.File) error {
			c, _, err := writeParquet(w, set.Recipe, file, rows, func(int) {})
			file.Failed = c.failed
			return err
		}); err != nil {
			t.Fatal(err)
		}
		set.Files = append(set.Files, file)
	}
	return set
}

// epoch collects the numbers of the samples that come.
func epoch(t *testing.T, s *Set, sel Selection, n int) []int64 {
	t.Helper()
	var got []int64
	for b, err := range s.Batches(context.Background(), sel, n) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Len() > sel.Batch || b.Len() == 0 {
			t.Fatalf("a batch of %d", b.Len())
		}
		for i, index := range b.Index {
			for k, e := range b.Ends {
				if e.Q[i] != float64(index) || e.X[i*len(b.Nuclides)+7] != float64(index) || b.T[i] != float64(index) {
					t.Fatalf("sample %d, time %d: Q %g, X %g, T %g", index, k, e.Q[i], e.X[i*len(b.Nuclides)+7], b.T[i])
				}
			}
		}
		got = append(got, b.Index...)
	}
	return got
}

// TestBatches: an epoch brings every good sample once, in another order than the one before, and the roles part the set.
func TestBatches(t *testing.T) {
	set := madeUp(t, 500, 120)
	sel := Selection{Batch: 32, Buffer: 100, Seed: 3}
	first := epoch(t, set, sel, 0)
	if again := epoch(t, set, sel, 0); !slices.Equal(again, first) {
		t.Error("the same epoch came in another order")
	}
	second := epoch(t, set, sel, 1)
	if slices.Equal(first, second) {
		t.Error("two epochs came in the same order")
	}
	var want []int64
	for i := range int64(500) {
		if i%10 != 9 {
			want = append(want, i)
		}
	}
	for _, got := range [][]int64{first, second} {
		if !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%d samples, want the %d good ones once each", len(got), len(want))
		}
	}

	var all []int64
	split := Split{Validation: 0.2, Test: 0.1, Seed: 5}
	for role, share := range map[Role]float64{Training: 0.7, Validation: 0.2, Testing: 0.1} {
		got := epoch(t, set, Selection{Batch: 32, Times: []int{1}, Split: split, Role: role}, 0)
		if n, sd := share*450, math.Sqrt(share*(1-share)*450); math.Abs(float64(len(got))-n) > 4*sd {
			t.Errorf("role %d: %d samples, want about %g", role, len(got), n)
		}
		all = append(all, got...)
	}
	if slices.Sort(all); !slices.Equal(all, want) {
		t.Errorf("the three roles hold %d samples, want each of %d once", len(all), len(want))
	}
	even := epoch(t, set, Selection{Batch: 32, Keep: func(t *Table, i int) bool { return t.Index[i]%2 == 0 }}, 0)
	if len(even) != 250 || slices.ContainsFunc(even, func(i int64) bool { return i%2 == 1 }) {
		t.Errorf("a filter for the even let %d through", len(even))
	}
}

func TestBatchesErrors(t *testing.T) {
	set := madeUp(t, 50, 25)
	fails := func(ctx context.Context, sel Selection, want error) {
		t.Helper()
		var last error
		for _, err := range set.Batches(ctx, sel, 0) {
			last = err
		}
		if !errors.Is(last, want) {
			t.Errorf("%+v: error %v, want %v", sel, last, want)
		}
	}
	fails(context.Background(), Selection{Batch: 8, Buffer: 4}, ErrSettings)
	fails(context.Background(), Selection{Times: []int{2}}, ErrSettings)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fails(ctx, Selection{}, context.Canceled)
	if err := os.Truncate(filepath.Join(set.Dir, set.Files[1].Name), 500); err != nil {
		t.Fatal(err)
	}
	fails(context.Background(), Selection{}, ErrDamaged)
}

// TestStatistics: mean and standard deviation of 0 ... n-1 are (n-1)/2 and sqrt((n^2-1)/12).
func TestStatistics(t *testing.T) {
	set := madeUp(t, 60, 25)
	st, err := set.Statistics(context.Background(), Selection{Keep: func(t *Table, i int) bool { return t.Index[i] < 9 }}, 1e-15)
	if err != nil {
		t.Fatal(err)
	}
	q := st.Ends[1].Q
	if st.Samples != 9 || math.Abs(q.Mean-4) > 1e-12 || math.Abs(q.SD-math.Sqrt(80./12)) > 1e-12 {
		t.Errorf("%d samples, q %+v", st.Samples, q)
	}
	if x := st.LnX[3]; math.Abs(x.Mean+math.Log(80)) > 1e-12 || x.SD > 1e-12 {
		t.Errorf("ln X %+v, want -ln 80 without spread", x)
	}
	if x := st.Ends[0].LnX[0]; x.Mean >= math.Log(8) || math.Abs(x.Mean-(math.Log(1e-15)+math.Log(40320))/9) > 1e-12 {
		t.Errorf("ln X at the end %+v: the floor is not kept", x)
	}
	if _, err := set.Statistics(context.Background(), Selection{}, 0); !errors.Is(err, ErrSettings) {
		t.Errorf("no floor: %v", err)
	}
}

// BenchmarkBatches streams a set of 8192 samples at two times, of which one is asked for, in shuffled batches of 512.
func BenchmarkBatches(b *testing.B) {
	const samples = 8192
	set := madeUp(b, samples, 2048)
	for b.Loop() {
		for _, err := range set.Batches(context.Background(), Selection{Times: []int{1}}, 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(samples*b.N)/b.Elapsed().Seconds(), "samples/s")
}
