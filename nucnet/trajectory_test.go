package nucnet

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestReadTrajectory(t *testing.T) {
	tr, err := ReadTrajectory("x", strings.NewReader("# a track\nt T rho\n0 1e9 1e6\n\n0.5, 2e9,\t1e7\n1 3e9 1e8\n"))
	if err != nil {
		t.Fatal(err)
	}
	if T, rho := tr.At(0.25); math.Abs(T/(math.Sqrt2*1e9)-1) > 1e-12 || math.Abs(rho/(math.Sqrt(10)*1e6)-1) > 1e-12 {
		t.Errorf("T = %g K, rho = %g g/cm3 half way", T, rho)
	}
	for _, at := range []struct{ t, T float64 }{{-1, 1e9}, {0, 1e9}, {0.5, 2e9}, {1, 3e9}, {7, 3e9}} {
		if T, _ := tr.At(at.t); T != at.T {
			t.Errorf("T(%g) = %g, want %g", at.t, T, at.T)
		}
	}
	for text, want := range map[string]string{
		"":                          "file: ",
		"0 1e9 1e6\n1 2e9\n":        "file:2: ",
		"t T rho\nt T rho\n":        "file:2: ",
		"0 1e9 rho\n":               "file:1: ",
		"0 1e9 1e6\n\n0 1e9 1e6\n":  "file:3: ",
		"#\n0 -1 1e6\n":             "file:2: ",
		"0 1e9 1e6\n1 1e9 1e6 7\n":  "file:2: ",
		"0 1e9 1e6\nnan 1e9 1e6\n":  "file:2: ",
		"0 1e9 1e6\n1 1e9 1e13\n":   "file:2: ",
		"0 1e9 1e6\n1e400 1e9 1e6 ": "file:2: ",
	} {
		if _, err := ReadTrajectory("file", strings.NewReader(text)); !errors.Is(err, ErrTrajectory) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want an error that starts with %s", text, err, want)
		}
	}
}

func FuzzReadTrajectory(f *testing.F) {
	f.Add("t T rho\n0 1e9 1e6\n1 1e9 1e6\n")
	f.Add("0,1e9,1e6")
	f.Fuzz(func(t *testing.T, text string) {
		tr, err := ReadTrajectory("x", strings.NewReader(text))
		if err == nil {
			if err := tr.check(); err != nil {
				t.Errorf("%q was read, but: %v", text, err)
			}
		}
	})
}

func TestWrongTrajectories(t *testing.T) {
	n := stock(t, "mesa_80")
	x := pure(t, n, "si28")
	good := Trajectory{[]float64{0, 1}, []float64{1e9, 1e9}, []float64{1e8, 1e8}}
	for _, c := range []struct {
		name  string
		tr    Trajectory
		times []float64
		o     Options
		want  error
	}{
		{"empty", Trajectory{}, []float64{0}, Options{}, ErrTrajectory},
		{"lengths", Trajectory{[]float64{0}, nil, nil}, []float64{0}, Options{}, ErrTrajectory},
		{"before", good, []float64{-1, 0}, Options{}, ErrTimes},
		{"beyond", good, []float64{2}, Options{}, ErrTimes},
		{"no times", good, nil, Options{}, ErrTimes},
		{"heating", good, []float64{1}, Options{Heating: Isobaric}, ErrOption},
	} {
		if _, err := n.BurnAlong(context.Background(), c.tr, x, c.times, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
