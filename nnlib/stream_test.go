package nnlib

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nuclab/nucnet/dataset"
)

// onDisk makes a small data set.
func onDisk(t *testing.T, samples int, p dataset.Protocol) *dataset.Set {
	t.Helper()
	return generated(t, dataset.Settings{Network: "approx21_cr60_plus_co56", Samples: samples, PerFile: 25, Seed: 2, Protocol: p, Times: []float64{1e-9, 1e-6}})
}

// generated makes the data set that the settings describe.
func generated(t *testing.T, s dataset.Settings) *dataset.Set {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	if _, err := dataset.Generate(t.Context(), dir, s, nil); err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The samples that come from a disk are those that a table of the same training samples gives, each once in a pass.
func TestStream(t *testing.T) {
	set := onDisk(t, 70, dataset.Train)
	c := Config{Batch: 16, Seed: 3, Validation: 0.2}.withDefaults()
	split := dataset.Split{Validation: 0.2, Seed: 3}
	table, err := set.Load(1)
	if err != nil {
		t.Fatal(err)
	}
	rows := slices.DeleteFunc(good(table), func(r int) bool { return split.Of(table.Index[r]) != dataset.Training })
	want, err := read(t.Context(), c, Scaling{}, table, 0, rows)
	if err != nil {
		t.Fatal(err)
	}
	sorted := func(rows [][]float32) [][]float32 {
		slices.SortFunc(rows, func(a, b []float32) int { return slices.Compare(a, b) })
		return rows
	}
	var all [][]float32
	for r := range rows {
		all = append(all, slices.Concat(want.x[r*want.cols:(r+1)*want.cols], want.target[r*want.cols:(r+1)*want.cols]))
	}
	sorted(all)
	s := &stream{set: set, cfg: c, count: len(rows),
		sel: dataset.Selection{Times: []int{1}, Split: split, Role: dataset.Training, Batch: 16, Seed: 3}}
	defer s.close()
	var passes [2][][]float32
	for p := range passes {
		for range s.rows() {
			v := make([]float32, 2*want.cols)
			if err := s.next(t.Context(), [][]float32{v[:want.cols], v[want.cols:]}); err != nil {
				t.Fatal(err)
			}
			passes[p] = append(passes[p], v)
		}
	}
	if reflect.DeepEqual(passes[0], passes[1]) {
		t.Error("two passes in the same order")
	}
	for p := range passes {
		if !reflect.DeepEqual(sorted(passes[p]), all) {
			t.Errorf("pass %d does not bring each of the %d training samples once", p, len(all))
		}
	}
}

// A net learns from a set on disk as from one in memory, in the same way each time.
func TestTrainSet(t *testing.T) {
	set := onDisk(t, 70, dataset.Train)
	c := Config{Width: 32, Layers: 1, Batch: 16, LR: 3e-3, Epochs: 12, Seed: 3, Validation: 0.2, Inputs: "scaled"}
	net, history, err := TrainSet(t.Context(), c, set, 1, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	first, last := history.Epochs[0], history.Epochs[len(history.Epochs)-1]
	if len(history.Epochs) != 12 || !(last.Training.Total < 0.95*first.Training.Total) || net.Time != 1e-6 || net.Domain.LogT[1] <= 9.2 {
		t.Errorf("%d epochs, loss from %g to %g, time %g, domain %+v", len(history.Epochs), first.Training.Total, last.Training.Total, net.Time, net.Domain)
	}
	_, again, err := TrainSet(t.Context(), c, set, 1, Hooks{})
	if err != nil || !reflect.DeepEqual(again, history) {
		t.Errorf("the same settings and data took another course: %v", err)
	}
	// Too few for the shares of validation.
	if _, _, err := TrainSet(t.Context(), c, onDisk(t, 2, dataset.Train), 1, Hooks{}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := TrainSet(ctx, c, set, 1, Hooks{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	if _, _, err := TrainSet(t.Context(), c, set, 2, Hooks{}); err == nil || !strings.Contains(err.Error(), "time 2") {
		t.Errorf("a time that the set does not have: %v", err)
	}
	if _, _, err := TrainSet(t.Context(), c, onDisk(t, 1, dataset.CleanTest), 0, Hooks{}); err == nil || !strings.Contains(err.Error(), "clean") {
		t.Errorf("training on a test: %v", err)
	}
}
