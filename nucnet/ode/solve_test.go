package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

func methods() []Method { return []Method{&Rodas5P{}, &Rodas4{}, &BDF{}, &BaderDeuflhard{}} }

// endOf integrates to the single time t.
func endOf(tb testing.TB, m Method, p *Problem, y0 []float64, t float64, s Settings) ([]float64, Stats) {
	tb.Helper()
	y := append([]float64(nil), y0...)
	stats, err := Solve(context.Background(), m, p, 0, y, []float64{t}, s, func(int, float64, []float64) error { return nil })
	if err != nil {
		tb.Fatal(err)
	}
	return y, stats
}

func TestPublishedSolutions(t *testing.T) {
	for _, m := range methods() {
		for _, ref := range references() {
			t.Run(fmt.Sprint(m, "/", ref.name), func(t *testing.T) {
				y, stats := endOf(t, m, ref.problem, ref.y0, ref.t, Settings{RTol: 1e-10, ATol: 1e-18})
				t.Logf("%+v", stats)
				for i := range y {
					if math.Abs(y[i]/ref.want[i]-1) > 1e-7 {
						t.Errorf("y[%d] = %.16g, published %.16g", i, y[i], ref.want[i])
					}
				}
			})
		}
	}
}

// TestProtheroRobinson has the solution cos t for any stiffness.
func TestProtheroRobinson(t *testing.T) {
	for _, m := range methods() {
		for _, k := range []float64{1, 1e3, 1e6, 1e9} {
			y, _ := endOf(t, m, protheroRobinson(k), []float64{1}, 10, Settings{RTol: 1e-8, ATol: 1e-8})
			if math.Abs(y[0]-math.Cos(10)) > 1e-6 {
				t.Errorf("%v, k = %g: %.12g, want %.12g", m, k, y[0], math.Cos(10))
			}
		}
	}
}

// decay is dy0/dt = -k y0, dy1/dt = k y0.
func decay(tb testing.TB, k float64) *Problem {
	tb.Helper()
	p, err := NewPattern(2, [][2]int{{1, 0}})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := NewStructure(p, Invariant{Weights: []float64{1, 1}})
	if err != nil {
		tb.Fatal(err)
	}
	return &Problem{
		Structure: s,
		Func:      func(_ float64, y, dst []float64) { dst[0], dst[1] = -k*y[0], k*y[0] },
		Jacobian:  func(_ float64, _, dst []float64) { dst[0], dst[1], dst[2] = -k, k, 0 },
	}
}

func TestOutputTimes(t *testing.T) {
	times := []float64{0, 1e-3, 0.1, 0.1, 0.5, 2, 2.0000001, 30}
	for _, m := range methods() {
		y := []float64{1, 0}
		seen := 0
		_, err := Solve(context.Background(), m, decay(t, 1), 0, y, times, Settings{RTol: 1e-9, ATol: 1e-14},
			func(k int, at float64, y []float64) error {
				if k != seen || at != times[k] {
					t.Errorf("%v: call %d is for time %d, %g", m, seen, k, at)
				}
				seen++
				if want := math.Exp(-at); math.Abs(y[0]-want) > 1e-7*want+1e-13 {
					t.Errorf("%v: y(%g) = %.12g, want %.12g", m, at, y[0], want)
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if seen != len(times) || math.Abs(y[0]-math.Exp(-30)) > 1e-13 {
			t.Errorf("%v: %d times, ends with %g", m, seen, y[0])
		}
	}
}

// TestInvariant asks for a loose tolerance and an invariant that holds all the
// same, where the rounding of the Jacobian alone would be 1e4 times larger
// than the slow rate.
func TestInvariant(t *testing.T) {
	const fast, slow = 1e20, 1.
	p := dense(3, []Invariant{{Weights: []float64{1, 1, 1}}},
		func(y, f []float64) {
			a, b := fast*(y[0]-2*y[1]), slow*y[1]
			f[0], f[1], f[2] = -a, a-b, b
		},
		func(y []float64, set func(int, int, float64)) {
			set(0, 0, -fast)
			set(0, 1, 2*fast)
			set(1, 0, fast)
			set(1, 1, -2*fast-slow)
			set(2, 1, slow)
		})
	for _, m := range methods() {
		y, _ := endOf(t, m, p, []float64{1, 0, 0}, 3, Settings{RTol: 1e-4, ATol: 1e-10})
		if d := y[0] + y[1] + y[2] - 1; math.Abs(d) > 1e-13 {
			t.Errorf("%v: the sum moved by %g", m, d)
		}
		// A third of what is left sits in the second component.
		if want := -math.Expm1(-1.); math.Abs(y[2]-want) > 1e-3 {
			t.Errorf("%v: %g has decayed, want %g", m, y[2], want)
		}
	}
}

func TestErrors(t *testing.T) {
	ignore := func(int, float64, []float64) error { return nil }
	for _, m := range methods() {
		solve := func(ctx context.Context, p *Problem, times []float64, s Settings) error {
			_, err := Solve(ctx, m, p, 0, []float64{1, 0}, times, s, ignore)
			return err
		}
		if err := solve(context.Background(), decay(t, 1), []float64{1}, Settings{MaxSteps: 3}); !errors.Is(err, ErrMaxSteps) {
			t.Errorf("%v: %v, want ErrMaxSteps", m, err)
		}
		if err := solve(context.Background(), decay(t, math.Inf(1)), []float64{1}, Settings{}); !errors.Is(err, ErrNotFinite) {
			t.Errorf("%v: %v, want ErrNotFinite", m, err)
		}
		if err := solve(context.Background(), decay(t, 1), []float64{1}, Settings{RTol: -1}); !errors.Is(err, ErrSettings) {
			t.Errorf("%v: %v, want ErrSettings", m, err)
		}
		if err := solve(context.Background(), decay(t, 1), []float64{2, 1}, Settings{}); err == nil {
			t.Errorf("%v: took times that decrease", m)
		}
		ctx, cancel := context.WithCancel(context.Background())
		p := decay(t, 1)
		calls, plain := 0, p.Func
		p.Func = func(at float64, y, dst []float64) {
			if calls++; calls == 20 {
				cancel()
			}
			plain(at, y, dst)
		}
		err := solve(ctx, p, []float64{1e3}, Settings{RTol: 1e-10})
		var stopped *Error
		if !errors.Is(err, context.Canceled) || !errors.As(err, &stopped) || calls > 40 {
			t.Errorf("%v: %v after %d calls, want a prompt context.Canceled", m, err, calls)
		}
		// A solution that ends: y' = y^2 has a pole at t = 1.
		pole := dense(2, nil, func(y, f []float64) { f[0], f[1] = y[0]*y[0], 0 },
			func(y []float64, set func(int, int, float64)) { set(0, 0, 2*y[0]) })
		if err := solve(context.Background(), pole, []float64{2}, Settings{}); !errors.As(err, &stopped) || math.Abs(stopped.Time-1) > 1e-3 {
			t.Errorf("%v: %v, want an error at the pole", m, err)
		}
	}
}

// TestAdmissible forbids what the solution leads to, and what only errors do.
func TestAdmissible(t *testing.T) {
	for _, m := range append(methods(), &BackwardEuler{}) {
		p := decay(t, 1)
		p.Admissible = func(y []float64) bool { return y[0] > 0.5 }
		y := []float64{1, 0}
		_, err := Solve(context.Background(), m, p, 0, y, []float64{1}, Settings{RTol: 1e-4}, func(int, float64, []float64) error { return nil })
		var stopped *Error
		if !errors.Is(err, ErrNotAdmissible) || !errors.As(err, &stopped) || !(y[0] > 0.5 && y[0] < 0.51) {
			t.Errorf("%v: %v at %g, want ErrNotAdmissible at 0.5", m, err, y)
		}
		p.Admissible = func(y []float64) bool { return y[0] >= 0 }
		y = []float64{1, 0}
		if _, err := Solve(context.Background(), m, p, 0, y, []float64{12}, Settings{RTol: 1e-2, ATol: 1e-3}, func(int, float64, []float64) error { return nil }); err != nil || y[0] < 0 {
			t.Errorf("%v: %v at %g", m, err, y)
		}
	}
}

// TestSameBits runs a method on another problem in between.
func TestSameBits(t *testing.T) {
	for _, m := range methods() {
		refs := references()
		first, _ := endOf(t, m, refs[1].problem, refs[1].y0, 1e3, Settings{})
		endOf(t, m, refs[2].problem, refs[2].y0, 10, Settings{})
		endOf(t, m, refs[1].problem, []float64{0, 0.5, 0.5}, 10, Settings{})
		again, _ := endOf(t, m, refs[1].problem, refs[1].y0, 1e3, Settings{})
		if !slices.Equal(first, again) {
			t.Errorf("%v: %v, then %v", m, first, again)
		}
	}
}

// TestClip sees no state beyond the bounds, but for that in which a step ends.
func TestClip(t *testing.T) {
	const least = 1e-30
	p := decay(t, 1)
	plain := p.Func
	p.Func = func(at float64, y, dst []float64) {
		if y[0] < least || y[1] < least {
			t.Errorf("f(%g, %g)", at, y)
		}
		plain(at, y, dst)
	}
	m := &BaderDeuflhard{Clip: func(y []float64) {
		for i, v := range y {
			y[i] = max(v, least)
		}
	}}
	y, _ := endOf(t, m, p, []float64{1, 0}, 1e3, Settings{RTol: 1e-8, ATol: 1e-18, InitialStep: 1e-16})
	if math.Abs(y[0]) > 1e-20 || math.Abs(y[1]-1) > 1e-8 {
		t.Errorf("ends with %g", y)
	}
}

// TestDerived adds up a change that is lost beside the components themselves:
// of dy/dt = -1e-12 y, y(0) = 1, after a time so short that y stays 1.
func TestDerived(t *testing.T) {
	pattern, err := NewPattern(2, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewStructure(pattern, Invariant{Weights: []float64{3, 1}, Rows: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	p := &Problem{
		Structure: s,
		Func:      func(_ float64, y, dst []float64) { dst[0], dst[1] = -1e-12*y[0], 3e-12*y[0] },
		Jacobian:  func(_ float64, _, dst []float64) { dst[0], dst[1] = -1e-12, 0 },
	}
	for _, m := range append(methods(), &BackwardEuler{}) {
		for _, end := range []float64{1e-6, 1e12} {
			y, _ := endOf(t, m, p, []float64{1, 0}, end, Settings{RTol: 1e-9, ATol: 1e-12})
			if want := -3 * math.Expm1(-1e-12*end); math.Abs(y[1]/want-1) > 1e-8 && m.String() != "backward-euler" || math.Abs(y[1]/want-1) > 1e-3 {
				t.Errorf("%v, t = %g: %.12g, want %.12g", m, end, y[1], want)
			}
		}
	}
}
