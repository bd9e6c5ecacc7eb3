package nnlib

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"reflect"
	"strings"
	"testing"

	"nuclab/nucnet/dataset"
)

// Physical nets are swept over once for all times, from several data sets, beside
// one another and to the bits of single trainings; what was interrupted goes on.
func TestSweepOfPhysicalNets(t *testing.T) {
	var sets []*dataset.Set
	for seed := range uint64(2) {
		sets = append(sets, generated(t, dataset.Settings{Network: "mesa_80", Samples: 15, Seed: seed + 1, Generator: "small-net", Times: []float64{1e-6, 2e-6}}))
	}
	settings, err := Grid(tinyPhysical, "width=8,12")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	s := Sweep{Settings: settings, Dir: t.TempDir(), Workers: 2, Progress: func(p SweepProgress) {
		if steps++; steps == 20 {
			cancel()
		}
	}}
	if runs, err := s.Run(ctx, sets...); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v\n%v", err, runs)
	}
	var last SweepProgress
	s.Progress = func(p SweepProgress) { last = p }
	runs, err := s.Run(t.Context(), sets...)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 2 || last.Ended != 2 || last.Failed != 0 || last.Flops < 0.9999*last.Total || last.Flops > 1.0001*last.Total {
		t.Fatalf("%d runs, %+v", len(runs), last)
	}
	for i, r := range runs {
		want, history, err := TrainPhysical(t.Context(), settings[i], sets, Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Net()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r.History, history) || r.Time != 0 || got.Span != want.Span || !reflect.DeepEqual(data(got.weights[0]), data(want.weights[0])) {
			t.Errorf("run %d is not the training by itself: %+v", i, r)
		}
	}
	var text bytes.Buffer
	if err := runs.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 3 || strings.Join(rows[0][:3], " ") != "t width weights" || rows[1][0] != "all" || rows[2][1] != "12" {
		t.Errorf("%v, %v", err, rows)
	}
}

// Only physical nets learn from several sets; there must be one.
func TestSweepOfTheWrongSets(t *testing.T) {
	set := onDisk(t, 5, dataset.Train)
	s := Sweep{Settings: []Config{small}, Dir: t.TempDir()}
	if _, err := s.Run(t.Context(), set, set); err == nil || !strings.Contains(err.Error(), "2 data sets") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "without a data set") {
		t.Errorf("error %v", err)
	}
}
