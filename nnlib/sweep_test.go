package nnlib

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nuclab/nucnet/dataset"
)

func TestGrid(t *testing.T) {
	base := Config{Width: 8}
	all, err := Grid(base, "layers=1..3", "inputs = raw, scaled")
	if err != nil {
		t.Fatal(err)
	}
	var got [][2]any
	for _, c := range all {
		got = append(got, [2]any{c.Layers, c.Inputs})
		if c.Width != 8 {
			t.Errorf("width %d", c.Width)
		}
	}
	if want := [][2]any{{1, "raw"}, {1, "scaled"}, {2, "raw"}, {2, "scaled"}, {3, "raw"}, {3, "scaled"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if one, err := Grid(base); err != nil || !reflect.DeepEqual(one, []Config{base}) {
		t.Errorf("no axes: %v, %v", one, err)
	}
	for _, bad := range [][]string{
		{"layers", "layers=3,6,9"}, {"layers=", "empty"}, {"layers=3,,4", "empty"}, {"layers=5..3", "5..3"}, {"layers=1..x", "1..x"},
		{"witdh=3", `"width"`}, {"layers=3,0x", "0x"}, {"lr=1e-3,-1", "lr = -1"}, {"layers=3,3", "are the same"},
		{"layers=0,3", "are the same"}, // 0 stands for 3
	} {
		if _, err := Grid(base, bad[0]); err == nil || !strings.Contains(err.Error(), bad[1]) {
			t.Errorf("%s: %v", bad[0], err)
		}
	}
	if _, err := Grid(base, "layers=1", "layers=2"); err == nil || !strings.Contains(err.Error(), "two axes") {
		t.Errorf("an axis twice: %v", err)
	}
}

var small = Config{Layers: 1, Width: 16, Batch: 8, LR: 3e-3, Epochs: 6, Validation: 0.2, Inputs: "scaled", Seed: 4}

// A sweep brings what trainings one by one bring, for any number of workers, and says so in its tables.
func TestSweep(t *testing.T) {
	set := onDisk(t, 40, dataset.Train)
	settings, err := Grid(small, "layers=1,2", "lr=3e-3,1e-3")
	if err != nil {
		t.Fatal(err)
	}
	var first Runs
	for _, workers := range []int{1, 3} {
		var last SweepProgress
		s := Sweep{Settings: settings, Times: []int{1}, Dir: t.TempDir(), Workers: workers, Command: "swept",
			Progress: func(p SweepProgress) {
				if p.Flops < last.Flops || p.Ended < last.Ended || p.Flops > 1.0001*p.Total || last.Over {
					t.Errorf("%+v after %+v", p, last)
				}
				last = p
			}}
		runs, err := s.Run(t.Context(), set)
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) != 4 || last.Runs != 4 || last.Ended != 4 || last.Failed != 0 || last.Flops < 0.9999*last.Total || !last.Over {
			t.Fatalf("%d runs, %+v", len(runs), last)
		}
		for i, r := range runs {
			want, history, err := TrainSet(t.Context(), settings[i], set, 1, Hooks{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Net()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(r.History, history) || !reflect.DeepEqual(*r.Best, history.Epochs[history.Best-1]) ||
				r.Weights != want.Parameters() || r.Time != 1e-6 || !reflect.DeepEqual(data(got.weights[0]), data(want.weights[0])) {
				t.Errorf("run %d is not the training by itself: %+v", i, r)
			}
			if got.Origin.Command != "swept" || got.Data != want.Data {
				t.Errorf("origin %+v, data %s", got.Origin, got.Data)
			}
			if left, _ := filepath.Glob(filepath.Join(s.Dir, "*.training")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		}
		// What is there is not done again.
		s.Progress = func(SweepProgress) { t.Error("a step of a finished sweep") }
		again, err := s.Run(t.Context(), set)
		if err != nil || !reflect.DeepEqual(again, runs) {
			t.Errorf("again: %v, %v", err, again)
		}
		for i := range runs {
			runs[i].Model = ""
		}
		if first != nil && !reflect.DeepEqual(runs, first) {
			t.Error("another number of workers, other results")
		}
		first = runs
	}

	var text bytes.Buffer
	if err := first.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 5 || strings.Join(rows[0][:5], " ") != "t layers lr weights epochs" || strings.Join(rows[4][:3], " ") != "1e-06 2 0.001" {
		t.Errorf("%v, %v", err, rows)
	}
	if table := first.Markdown(); strings.Count(table, "\n") != 6 || !strings.HasPrefix(table, "| layers | lr | weights |") {
		t.Errorf("%s", table)
	}
	if table := first.String(); !strings.Contains(table, "layers  lr ") {
		t.Errorf("%s", table)
	}
	var doc struct {
		Schema string
		Runs   []Run
	}
	text.Reset()
	if err := first.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text.Bytes(), &doc); err != nil || doc.Schema != "nuclab.sweep/1" || !reflect.DeepEqual(doc.Runs, []Run(first)) {
		t.Errorf("%v, %+v", err, doc)
	}
}

// A sweep that was interrupted in the middle of a run goes on with it, to the same bits.
func TestSweepGoesOn(t *testing.T) {
	set := onDisk(t, 40, dataset.Train)
	settings, err := Grid(small, "layers=1,2")
	if err != nil {
		t.Fatal(err)
	}
	steps := func(n *int) func(SweepProgress) {
		before := 0.0
		return func(p SweepProgress) {
			if p.Flops > before {
				*n++
			}
			before = p.Flops
		}
	}
	want, made := 0, 0
	whole, err := Sweep{Settings: settings, Times: []int{0}, Dir: t.TempDir(), Progress: steps(&want)}.Run(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	count := steps(&made)
	s := Sweep{Settings: settings, Times: []int{0}, Dir: t.TempDir(), Workers: 1, Progress: func(p SweepProgress) {
		if count(p); made == want*2/3 {
			cancel()
		}
	}}
	runs, err := s.Run(ctx, set)
	if !errors.Is(err, context.Canceled) || len(runs) != 1 {
		t.Fatalf("%v, %d runs finished", err, len(runs))
	}
	rest := 0
	s.Progress = steps(&rest)
	if runs, err = s.Run(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	if rest == 0 || rest > want-made+2 { // what a run did not need to do counts at its end
		t.Errorf("%d steps, then %d, of %d in all", made, rest, want)
	}
	for i := range whole {
		if !reflect.DeepEqual(runs[i].History, whole[i].History) {
			t.Errorf("run %d took another course", i)
		}
	}
}

// A run that diverges has its reason in the table, is not done again, and leaves the others alone.
func TestSweepWithAFailure(t *testing.T) {
	set := onDisk(t, 40, dataset.Train)
	wild := small
	wild.LR, wild.Layers = 10, 60
	s := Sweep{Settings: []Config{wild, small}, Times: []int{1}, Dir: t.TempDir()}
	for range 2 {
		runs, err := s.Run(t.Context(), set)
		if err != nil {
			t.Fatal(err)
		}
		if r := runs[0]; !strings.Contains(r.Failed, "diverged") || !strings.Contains(r.Failed, "step") || r.Model != "" {
			t.Errorf("%+v", r)
		}
		if r := runs[1]; r.Failed != "" || r.Model == "" || r.Best == nil {
			t.Errorf("%+v", r)
		}
		if _, err := runs[0].Net(); err == nil || !strings.Contains(err.Error(), "diverged") {
			t.Errorf("the net of a failure: %v", err)
		}
		if table := runs.Markdown(); !strings.Contains(table, "diverged") {
			t.Errorf("%s", table)
		}
		s.Progress = func(SweepProgress) { t.Error("a failure was done again") }
	}
}

// Nothing is trained, and no folder made, for a sweep with something wrong in it.
func TestBadSweep(t *testing.T) {
	set := onDisk(t, 5, dataset.Train)
	huge := small
	huge.Width, huge.Layers = 1<<16, 1000
	other := small
	other.Network = "mesa_151"
	bad := small
	bad.Epochs = -1
	for want, change := range map[string]func(*Sweep){
		"no settings":                       func(s *Sweep) { s.Settings = nil },
		"settings 2 of the sweep":           func(s *Sweep) { s.Settings = append(s.Settings, bad) },
		"network = mesa_151":                func(s *Sweep) { s.Settings = append(s.Settings, other) },
		"are the same":                      func(s *Sweep) { s.Settings = append(s.Settings, s.Settings[0]) },
		"width = 65536":                     func(s *Sweep) { s.Settings = append(s.Settings, huge) },
		"time 7":                            func(s *Sweep) { s.Times = []int{7} },
		"-1 workers":                        func(s *Sweep) { s.Workers = -1 },
		"a sweep needs a folder for its mo": func(s *Sweep) { s.Dir = "" },
	} {
		if strings.Contains(want, "width") && availableMemory() == 0 {
			continue // not known on this system
		}
		dir := filepath.Join(t.TempDir(), "sweep")
		s := Sweep{Settings: []Config{small}, Dir: dir}
		change(&s)
		if _, err := s.Run(t.Context(), set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: made a folder", want)
		}
	}
}

// As many at once as fit whichever they are, and one in any case.
func TestFitting(t *testing.T) {
	var runs []*sweepRun
	for _, m := range []int64{5, 1, 3, 1} {
		runs = append(runs, &sweepRun{memory: m})
	}
	for memory, want := range map[int64]int{0: 4, 1: 1, 5: 1, 7: 1, 8: 2, 9: 3, 10: 4, 99: 4} {
		if got := fitting(runs, memory); got != want {
			t.Errorf("%d at once in %d, want %d", got, memory, want)
		}
	}
}
