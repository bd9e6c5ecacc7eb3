package bbq

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nuclab/nucnet/nuclide"
)

// ranges are those of BBQ's own tests.
var ranges = Random{NumSamples: 5, LogTime: [2]float64{-12, 0}, LogTemp: [2]float64{8, 10}, LogRho: [2]float64{0, 10},
	LogXa: [2]float64{-30, 0}, NeutProtLimitFrac: 0.05, Seed: 42}

func TestDrawRanges(t *testing.T) {
	list, err := nuclide.ParseList("neut h1 prot he4 c12")
	if err != nil {
		t.Fatal(err)
	}
	const n = 4000
	means := make([]float64, 3+len(list))
	for id := 1; id <= n; id++ {
		z := ranges.Draw(42, id, list)
		// Fractions before their sum was made 1 cannot be told, but ratios can.
		values := []float64{math.Log10(z.Time), z.LogT, z.LogRho}
		for i, r := range [][2]float64{ranges.LogTime, ranges.LogTemp, ranges.LogRho} {
			if values[i] < r[0]-1e-9 || values[i] > r[1]+1e-9 {
				t.Fatalf("sample %d: value %d is %g, want it in %v", id, i, values[i], r)
			}
			means[i] += values[i] / n
		}
		sum := 0.0
		for i, x := range z.X {
			sum += x
			means[3+i] += math.Log10(x/z.X[len(z.X)-1]) / n
		}
		if math.Abs(sum-1) > 1e-14 {
			t.Fatalf("sample %d: X add up to %.17g", id, sum)
		}
	}
	// Uniform in the logarithm: the mean is in the middle, within five times its error. neut and prot end at 0.05.
	low := math.Log10(0.05) / 2
	for i, want := range []float64{-6, 9, 5, low, 0, low, 0, 0} {
		width := []float64{12, 2, 10, 42, 42, 42, 42, 42}[i]
		if math.Abs(means[i]-want) > 5*width/math.Sqrt(12*n) {
			t.Errorf("value %d: mean %g, want %g", i, means[i], want)
		}
	}
}

// Draws come in the order of BBQ: a range of no width uses up its draw all the same, so what comes after it stays.
func TestDrawOrder(t *testing.T) {
	list, err := nuclide.ParseList("neut h1 he4")
	if err != nil {
		t.Fatal(err)
	}
	whole := ranges.Draw(1, 1, list)
	narrow := ranges
	narrow.LogTime, narrow.LogRho = [2]float64{-3, -3}, [2]float64{6, 6}
	z := narrow.Draw(1, 1, list)
	if z.Time != 1e-3 || z.LogRho != 6 || z.LogT != whole.LogT || fmt.Sprint(z.X) != fmt.Sprint(whole.X) {
		t.Errorf("%v and %v differ in more than time and density", z, whole)
	}
	fewer := ranges.Draw(1, 1, list[:2])
	if math.Abs(fewer.X[0]/fewer.X[1]/(whole.X[0]/whole.X[1])-1) > 1e-14 || fewer.LogRho != whole.LogRho {
		t.Error("composition is not drawn in the order of the nuclides")
	}
}

func randomInlist(net string, samples int, more string) string {
	return fmt.Sprintf(`&bbq
  net_name = '%s'
  use_random_sampling = .true.
/
&random
  output_starting_filename = 'start.txt'
  output_ending_filename = 'out.txt'
  num_samples = %d
  log_time_min = -12, log_time_max = 0
  log_temp_min = 8, log_temp_max = 10
  log_rho_min = 0, log_rho_max = 10
  log_xa_min = -30, log_xa_max = 0
  %s
/
`, net, samples, more)
}

// TestRestart cuts a run off and lets it go on: both files are what they would have been.
func TestRestart(t *testing.T) {
	dir := folder(t, "alphas.net", alphas, "all", randomInlist("alphas.net", 6, ""),
		"some", randomInlist("alphas.net", 4, "restartable = .true."), "rest", randomInlist("alphas.net", 6, "restartable = .true., sync_freq = 2"))
	read := func() (s [2]string) {
		for i, name := range []string{"start.txt", "out.txt"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			s[i] = string(text)
		}
		return s
	}
	do := func(inlist string, workers int) {
		t.Helper()
		if _, err := run(t, dir, inlist, Options{Workers: workers}); err != nil {
			t.Fatal(err)
		}
	}
	do("all", 1)
	want := read()
	for i, head := range []string{"id dt logt logrho he4 c12 o16 \n1 ", "id eps_nuc eps_neu he4 c12 o16 \n1 "} {
		if !strings.HasPrefix(want[i], head) || strings.Count(want[i], "\n") != 7 {
			t.Errorf("file %d: %q", i, want[i])
		}
	}
	os.Remove(filepath.Join(dir, "start.txt"))
	do("some", 3)
	// A line that was cut short, and a sample that only one file has.
	text := read()
	if err := os.WriteFile(filepath.Join(dir, "start.txt"), []byte(text[0][:len(text[0])-40]), 0o644); err != nil {
		t.Fatal(err)
	}
	do("rest", 3)
	if got := read(); got != want {
		t.Errorf("after a restart\n%s\nwant\n%s", got, want)
	}
	do("rest", 2)
	if got := read(); got != want {
		t.Error("a run that is complete went on")
	}
	// What burnt stands in both files under the same id.
	_, start := output(t, filepath.Join(dir, "start.txt"))
	_, end := output(t, filepath.Join(dir, "out.txt"))
	in, err := ReadInlist(filepath.Join(dir, "all"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range start {
		b, err := r.Burn(context.Background(), Zone{s[1], s[2], s[3], s[4:]})
		if err != nil {
			t.Fatal(err)
		}
		for k, x := range b.X {
			if math.Abs(end[i][3+k]-x) > 1e-7*x+1e-12 {
				t.Errorf("sample %g: X %v, burnt from the file %v", s[0], end[i][3:], b.X)
				break
			}
		}
	}
}

// TestRandomStates burns what BBQ's tests draw for its default network and for mesa_80.
func TestRandomStates(t *testing.T) {
	for net, samples := range map[string]int{"approx21.net": 30, "mesa_80.net": 20} {
		if testing.Short() {
			samples /= 5
		}
		dir := folder(t, "inlist", randomInlist(net, samples, ""))
		if _, err := run(t, dir, "inlist", Options{}); err != nil {
			t.Errorf("%s: %v", net, err)
		}
		if _, rows := output(t, filepath.Join(dir, "out.txt")); len(rows) != samples {
			t.Errorf("%s: %d samples, want %d", net, len(rows), samples)
		}
	}
}
