package nucnet

import (
	"context"
	"errors"
	"math"
	"testing"

	"nuclab/nucnet/ode"
)

func TestWrongInput(t *testing.T) {
	n := stock(t, "mesa_80")
	x := pure(t, n, "si28")
	half := pure(t, n, "si28")
	half[3] = -0.5
	half[5] = 0.5
	nan := pure(t, n, "si28")
	nan[0] = math.NaN()
	good := []float64{1}
	for _, c := range []struct {
		name  string
		s     State
		times []float64
		o     Options
		want  error
	}{
		{"T", State{-1, 1e8, x}, good, Options{}, ErrState},
		{"T", State{math.NaN(), 1e8, x}, good, Options{}, ErrState},
		{"T", State{2e11, 1e8, x}, good, Options{}, ErrState},
		{"rho", State{1e9, 0, x}, good, Options{}, ErrState},
		{"rho", State{1e9, math.Inf(1), x}, good, Options{}, ErrState},
		{"length", State{1e9, 1e8, x[1:]}, good, Options{}, ErrState},
		{"sum", State{1e9, 1e8, make([]float64, len(x))}, good, Options{}, ErrState},
		{"negative", State{1e9, 1e8, half}, good, Options{}, ErrState},
		{"nan", State{1e9, 1e8, nan}, good, Options{}, ErrState},
		{"no times", State{1e9, 1e8, x}, nil, Options{}, ErrTimes},
		{"order", State{1e9, 1e8, x}, []float64{1, 0.5}, Options{}, ErrTimes},
		{"negative time", State{1e9, 1e8, x}, []float64{-1}, Options{}, ErrTimes},
		{"nan time", State{1e9, 1e8, x}, []float64{math.NaN()}, Options{}, ErrTimes},
		{"solver", State{1e9, 1e8, x}, good, Options{Solver: "euler"}, ErrOption},
		{"rtol", State{1e9, 1e8, x}, good, Options{RTol: -1}, ErrOption},
		{"atol", State{1e9, 1e8, x}, good, Options{ATol: math.NaN()}, ErrOption},
		{"screening", State{1e9, 1e8, x}, good, Options{Screening: 17}, ErrOption},
	} {
		if _, err := n.Burn(context.Background(), c.s, c.times, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestEarlyEnd(t *testing.T) {
	n := stock(t, "mesa_80")
	s := State{5e9, 1e9, pure(t, n, "si28")}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := n.Burn(ctx, s, []float64{1}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
	r, err := n.Burn(context.Background(), s, []float64{1e-12, 1}, Options{MaxSteps: 50})
	var stopped *ode.Error
	if !errors.Is(err, ode.ErrMaxSteps) || !errors.As(err, &stopped) || !(stopped.Time > 1e-12 && stopped.Time < 1) {
		t.Errorf("%v, want ode.ErrMaxSteps at a time on the way", err)
	}
	if len(r.Samples) != 1 {
		t.Errorf("%d samples before the end, want 1", len(r.Samples))
	}
	var end *Stopped
	if !errors.As(err, &end) || end.Advice == "" || end.Time != stopped.Time || r.End.Time != stopped.Time {
		t.Errorf("%+v, want advice, and the state reached at %g s, not %g s", end, stopped.Time, r.End.Time)
	}
	if x := burn(t, n, s, []float64{r.End.Time}, Options{})[0].X[n.Index(n.members[0])]; math.Abs(r.End.X[0]-x) > 1e-4*x {
		t.Errorf("X(neut) = %g at the end, want %g", r.End.X[0], x)
	}
}

func TestTimes(t *testing.T) {
	if got := Decades(1e-6, 1e2); len(got) != 9 || got[0] != 1e-6 || got[8] != 100 {
		t.Errorf("Decades: %v", got)
	}
	if got := LogTimes(1e-3, 10, 5); len(got) != 5 || got[0] != 1e-3 || got[4] != 10 || math.Abs(got[2]-0.1) > 1e-12 {
		t.Errorf("LogTimes: %v", got)
	}
	if Decades(0, 1) != nil || LogTimes(1, 0.5, 3) != nil {
		t.Error("times from 0, or backwards")
	}
}
