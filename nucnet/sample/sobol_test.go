package sample

import (
	"encoding/json"
	"math"
	"os/exec"
	"slices"
	"testing"

	"nuclab/internal/testenv"
)

// TestSobolFirstPoints holds the ten points that Joe and Kuo print as the output of their program for three dimensions.
func TestSobolFirstPoints(t *testing.T) {
	want := [][]float64{
		{0, 0, 0},
		{0.5, 0.5, 0.5},
		{0.75, 0.25, 0.25},
		{0.25, 0.75, 0.75},
		{0.375, 0.375, 0.625},
		{0.875, 0.875, 0.125},
		{0.625, 0.125, 0.875},
		{0.125, 0.625, 0.375},
		{0.1875, 0.3125, 0.9375},
		{0.6875, 0.8125, 0.4375},
	}
	s, err := NewSobol(3, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 3)
	for i, w := range want {
		if s.At(uint64(i), got); !slices.Equal(got, w) {
			t.Errorf("point %d = %v, want %v", i, got, w)
		}
	}
}

// TestSobolStratified: in every dimension each of 2^m equal intervals holds exactly one of the first 2^m points,
// scrambled or not, and for the first two dimensions so does each cell of any 2^a by 2^b partition with a+b = m,
// because the first two dimensions form a (0, 2)-sequence.
func TestSobolStratified(t *testing.T) {
	const m = 8
	for _, seed := range []uint64{0, 1, 2, 1 << 60} {
		s, err := NewSobol(MaxDim, seed)
		if err != nil {
			t.Fatal(err)
		}
		points := make([][]float64, 1<<m)
		for i := range points {
			points[i] = s.At(uint64(i), make([]float64, MaxDim))
		}
		for d := range MaxDim {
			var seen [1 << m]int
			for _, p := range points {
				seen[int(p[d]*(1<<m))]++
			}
			for cell, n := range seen {
				if n != 1 {
					t.Fatalf("seed %d, dimension %d: %d points in interval %d", seed, d+1, n, cell)
				}
			}
		}
		for a := range m + 1 {
			seen := map[[2]int]int{}
			for _, p := range points {
				seen[[2]int{int(p[0] * float64(int(1)<<a)), int(p[1] * float64(int(1)<<(m-a)))}]++
			}
			if len(seen) != 1<<m {
				t.Errorf("seed %d: 2^%d x 2^%d cells: only %d of %d hit", seed, a, m-a, len(seen), 1<<m)
			}
		}
	}
}

// TestSobolIntegral: prod (1 + (u_d - 1/2)/d) integrates to 1. Scrambled Sobol points do it far better than the
// 1/sqrt(n) of random points, whose standard deviation here is 0.32/sqrt(n) = 0.005.
func TestSobolIntegral(t *testing.T) {
	const n, dim = 4096, 6
	for seed := uint64(1); seed <= 4; seed++ {
		s, err := NewSobol(dim, seed)
		if err != nil {
			t.Fatal(err)
		}
		u := make([]float64, dim)
		sum := 0.0
		for i := range n {
			s.At(uint64(i), u)
			f := 1.0
			for d, x := range u {
				f *= 1 + (x-0.5)/float64(d+1)
			}
			sum += f
		}
		if e := math.Abs(sum/n - 1); e > 1e-4 {
			t.Errorf("seed %d: the integral is off by %g", seed, e)
		}
	}
}

// TestOwenUniform: under scrambling one fixed point is uniform over seeds, so its mean is 1/2 and its variance 1/12.
func TestOwenUniform(t *testing.T) {
	const n = 20000
	var sum, sum2, cross float64
	for seed := uint64(1); seed <= n; seed++ {
		s, err := NewSobol(2, seed)
		if err != nil {
			t.Fatal(err)
		}
		u := s.At(5, make([]float64, 2))
		sum += u[0]
		sum2 += u[0] * u[0]
		cross += (u[0] - 0.5) * (u[1] - 0.5)
	}
	mean := sum / n
	variance := sum2/n - mean*mean
	// Five standard deviations of each estimate.
	if math.Abs(mean-0.5) > 5*math.Sqrt(1./12/n) || math.Abs(variance-1./12) > 5*math.Sqrt(1./180/n) ||
		math.Abs(cross/n) > 5./12/math.Sqrt(n) {
		t.Errorf("mean %g, variance %g, covariance %g: want 1/2, 1/12, 0", mean, variance, cross/n)
	}
}

func TestSobolErrors(t *testing.T) {
	for _, dim := range []int{-1, 0, MaxDim + 1} {
		if _, err := NewSobol(dim, 0); err == nil {
			t.Errorf("NewSobol(%d) gave no error", dim)
		}
	}
	for _, text := range []string{"2 1 0\n", "3 1 0 1\n", "2 1 0 1 1\n", "2 x 0 1\n"} {
		if _, err := parseDirections(text); err == nil {
			t.Errorf("direction numbers %q gave no error", text)
		}
	}
}

func BenchmarkSobolAt(b *testing.B) {
	s, err := NewSobol(3, 7)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, 3)
	for i := range uint64(b.N) {
		s.At(i, dst)
	}
}

// centred returns the centred L2 discrepancy of points (Hickernell 1998, Math. Comput. 67, 299, eq. 5.8), squared.
func centred(points [][]float64) float64 {
	n, dim := float64(len(points)), len(points[0])
	sum := math.Pow(13./12, float64(dim))
	for _, x := range points {
		p := 1.0
		for _, u := range x {
			a := math.Abs(u - 0.5)
			p *= 1 + a/2 - a*a/2
		}
		sum -= 2 / n * p
		for _, y := range points {
			p := 1.0
			for k, u := range x {
				p *= 1 + (math.Abs(u-0.5)+math.Abs(y[k]-0.5)-math.Abs(u-y[k]))/2
			}
			sum += p / n / n
		}
	}
	return sum
}

// TestDiscrepancy: the discrepancies of our points are those of SciPy 1.17.1 (scipy.stats.qmc.discrepancy, method CD): for
// plain points the same number, for scrambled ones, whose randomness differs, the same mean over seeds. Random points have
// a hundred times as much in two and three dimensions and four times in ten.
func TestDiscrepancy(t *testing.T) {
	// The example of SciPy's documentation.
	space := [][]float64{{1, 3}, {2, 6}, {3, 2}, {4, 5}, {5, 1}, {6, 4}}
	for _, x := range space {
		x[0], x[1] = (x[0]-0.5)/6, (x[1]-0.5)/6
	}
	if got := centred(space); math.Abs(got-0.008142039609053464) > 1e-15 {
		t.Fatalf("discrepancy %.16g, SciPy has 0.008142039609053464", got)
	}
	const n = 256
	at := func(dim int, seed uint64) float64 {
		s, err := NewSobol(dim, seed)
		if err != nil {
			t.Fatal(err)
		}
		points := make([][]float64, n)
		for i := range points {
			points[i] = s.At(uint64(i), make([]float64, dim))
		}
		return centred(points)
	}
	for _, c := range []struct {
		dim                     int
		plain, scrambled, error float64 // error: the standard deviation over seeds
	}{
		{2, 1.663160380993567e-05, 1.1014e-05, 1.8e-07},
		{3, 4.4572872453851886e-05, 3.5607e-05, 4.4e-07},
		{10, 0.006430070961603196, 0.0061234, 4.7e-05},
		{100, 6203649245547.945, 1.9202e+07, 1.5e+06},
	} {
		if got := at(c.dim, 0); math.Abs(got-c.plain) > 1e-12*max(1, c.plain) {
			t.Errorf("%d dimensions: discrepancy %.16g, SciPy has %.16g", c.dim, got, c.plain)
		}
		const seeds = 32
		mean := 0.0
		for seed := range uint64(seeds) {
			mean += at(c.dim, seed+1) / seeds
		}
		if math.Abs(mean-c.scrambled) > 4*c.error/math.Sqrt(seeds) {
			t.Errorf("%d dimensions, scrambled: mean discrepancy %g, SciPy has %g +- %g", c.dim, mean, c.scrambled, c.error)
		}
	}
}

// TestSobolAgreesWithSciPy compares unscrambled points in every dimension with SciPy's, far into the sequence too.
func TestSobolAgreesWithSciPy(t *testing.T) {
	python := testenv.Python(t, "scipy")
	const script = `
import json
from scipy.stats import qmc
s = qmc.Sobol(256, scramble=False, bits=32)
first = s.random(16).tolist()
s.fast_forward(100000 - 16)
print(json.dumps(first + s.random(1).tolist()))`
	out, err := exec.Command(python, "-W", "ignore", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [][]float64
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	s, err := NewSobol(MaxDim, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		index := uint64(i)
		if i == len(want)-1 {
			index = 100_000
		}
		if got := s.At(index, make([]float64, MaxDim)); !slices.Equal(got, w) {
			t.Errorf("point %d = %v..., SciPy has %v...", index, got[:4], w[:4])
		}
	}
}
