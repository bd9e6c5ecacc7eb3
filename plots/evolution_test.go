package plots

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func cores() Evolution {
	return Evolution{
		Tracks: []EvolutionTrack{
			{Name: "light", Time: []float64{0, 9e5, 999_999, 1e6}, T: []float64{2e9, 3e9, 5e9, 8e9}, Rho: []float64{1e7, 1e8, 1e9, 3e9},
				Dt: []float64{0, 1e4, 10, 1e-2}, Events: []Event{{"silicon gone", 9e5}, {"collapse", 1e6}}},
			{Name: "heavy", Time: []float64{0, 1e5}, T: []float64{2e9, 8e9}, Rho: []float64{1e6, 1e9}, Dt: []float64{0, 1},
				Events: []Event{{"collapse", 1e5}}},
		},
		ShadeT: [2]float64{2e9, 8e9}, ShadeRho: [2]float64{1e7, 1e9}, Steps: []float64{1e-3, 1},
	}
}

func TestEvolution(t *testing.T) {
	f, err := cores().Figure()
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, f)
	d.wants(t, "light", "heavy", "silicon gone", "collapse", "Time left (s)", "Time step (s)", "T", "(K)")
	// A shade in each of two panels.
	if d.fills["#E6E6E6"] != 2 {
		t.Errorf("%d shaded regions", d.fills["#E6E6E6"])
	}
	if want := []any{1, 9e5, 1e5, 3e9, 1e8, 1e4}; len(f.Data.Rows) != 6 || !slices.Equal(f.Data.Rows[1], want) {
		t.Errorf("data %v, want second %v", f.Data.Rows, want)
	}
	if !strings.Contains(f.Alt, "light: from 2e+09 K and 1e+07 g/cm3 to 8e+09 K") {
		t.Errorf("alt text %q", f.Alt)
	}
	one := cores()
	one.Tracks = one.Tracks[1:]
	one.Tracks[0].Name, one.Tracks[0].Events, one.Steps = "", nil, nil
	if f, err = one.Figure(); err != nil {
		t.Fatal(err)
	}
	if d := read(t, f); slices.Contains(d.texts, "heavy") || slices.Contains(d.texts, "collapse") {
		t.Errorf("a key without need: %q", d.texts)
	}
}

// TestFallingAxis: an axis from large to small has the ticks of one from small to large, in their places.
func TestFallingAxis(t *testing.T) {
	a := axis{min: 1e6, max: 1e-2, log: true}
	for v, want := range map[float64]float64{1e6: 0, 1e2: 0.5, 1e-2: 1} {
		if got := a.at(v); math.Abs(got-want) > 1e-12 {
			t.Errorf("%g stands at %g, want %g", v, got, want)
		}
	}
	if up := (axis{min: 1e-2, max: 1e6, log: true}); !slices.Equal(a.ticks(5), up.ticks(5)) {
		t.Errorf("ticks %v", a.ticks(5))
	}
}

func TestEvolutionBetweenPoints(t *testing.T) {
	e := cores().Tracks[1]
	for time, want := range map[float64]float64{0: 2e9, 5e4: 4e9, 1e5: 8e9} {
		if got := e.at(time, e.T); math.Abs(got/want-1) > 1e-12 {
			t.Errorf("T = %g at %g s, want %g", got, time, want)
		}
	}
}

func TestEvolutionErrors(t *testing.T) {
	for name, change := range map[string]func(*Evolution){
		"no tracks": func(e *Evolution) { e.Tracks = nil },
		"lengths":   func(e *Evolution) { e.Tracks[0].T = e.Tracks[0].T[1:] },
		"one point": func(e *Evolution) {
			e.Tracks[1] = EvolutionTrack{Time: []float64{1}, T: []float64{1}, Rho: []float64{1}, Dt: []float64{1}}
		},
		"falling times": func(e *Evolution) { e.Tracks[0].Time[1] = 2e6 },
		"no time":       func(e *Evolution) { e.Tracks[1].Time[1] = 0 },
		"zero":          func(e *Evolution) { e.Tracks[0].T[0] = 0 },
		"not a number":  func(e *Evolution) { e.Tracks[0].Rho[0] = math.NaN() },
		"negative step": func(e *Evolution) { e.Tracks[0].Dt[1] = -1 },
		"event outside": func(e *Evolution) { e.Tracks[0].Events[0].Time = 2e6 },
		"shade":         func(e *Evolution) { e.ShadeT = [2]float64{2, 1} },
		"step line":     func(e *Evolution) { e.Steps[0] = 0 },
		"right edge":    func(e *Evolution) { e.Left = 1e9 },
	} {
		e := cores()
		change(&e)
		if _, err := e.Figure(); err == nil || !strings.HasPrefix(err.Error(), "plots: evolution: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
