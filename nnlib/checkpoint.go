package nnlib

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"reflect"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/vm"
)

// ErrCheckpoint is wrapped by the error for a checkpoint of another training.
var ErrCheckpoint = errors.New("a checkpoint of another training")

const checkpointFormat = "nuclab.training/1"

// position is where a training stands.
type position struct {
	Step int `json:"step"` // made so far, of all epochs
	// Sums of the unfinished epoch's losses over its steps.
	Sum     Loss     `json:"sum"`
	Least   float64  `json:"least"` // composition loss of the best epoch
	Since   int      `json:"since"` // epochs without a better one
	History *History `json:"history"`
}

// checkpointRecord says what a checkpoint belongs to.
type checkpointRecord struct {
	Time     float64  `json:"time"`
	Config   Config   `json:"config"`
	Data     string   `json:"data"`
	Position position `json:"position"`
}

// checkpointEvery is how long a training runs without writing a checkpoint at
// the end of an epoch: one takes five times the room of the weights.
const checkpointEvery = 30 * time.Second

// save writes the state of the training to the file that its settings name.
func (t *trainer) save() error {
	path := t.net.Config.Checkpoint
	if path == "" {
		return nil
	}
	if err := t.machine.Fetch(t.graph.parameters...); err != nil {
		return err
	}
	state, err := t.optimizer.State()
	if err != nil {
		return err
	}
	p := t.position
	if math.IsInf(p.Least, 1) {
		p.Least = -1 // JSON has no infinity
	}
	record, err := json.Marshal(checkpointRecord{t.net.Time, t.net.Config, t.net.Data, p})
	if err != nil {
		return err
	}
	var tensors []namedTensor
	add := func(kind string, i int, x []float32) {
		tensors = append(tensors, namedTensor{fmt.Sprint(kind, ".", i), []int{len(x)}, x})
	}
	for i, w := range t.net.weights {
		add("weight", i, data(w))
		add("m", i, state.M[i].Data().([]float32))
		add("v", i, state.V[i].Data().([]float32))
		if state.Average != nil {
			add("average", i, state.Average[i].Data().([]float32))
		}
		if t.best != nil {
			add("best", i, t.best[i])
		}
	}
	metadata := map[string]string{"format": checkpointFormat, "training": string(record), "sha256": digest(tensors)}
	if err := writeSafetensors(path, metadata, tensors, single); err != nil {
		return fmt.Errorf("nnlib: checkpoint %s: %w", path, err)
	}
	t.saved = time.Now()
	return nil
}

// resume goes on from the checkpoint that the settings name, if there is one.
func (t *trainer) resume(ctx context.Context) error {
	path := t.net.Config.Checkpoint
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("nnlib: checkpoint: %w", err)
	}
	defer f.Close()
	if err := t.restart(ctx, f); err != nil {
		return fmt.Errorf("nnlib: checkpoint %s: %w", path, err)
	}
	return nil
}

func (t *trainer) restart(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	metadata, tensors, err := readSafetensors(f, info.Size())
	if err != nil {
		return err
	}
	if metadata["format"] != checkpointFormat {
		return fmt.Errorf("%w: format %q, want %s", ErrCheckpoint, metadata["format"], checkpointFormat)
	}
	var r checkpointRecord
	if err := json.Unmarshal([]byte(metadata["training"]), &r); err != nil {
		return err
	}
	if err := t.belongs(r); err != nil {
		return err
	}
	var order []namedTensor // as they were written
	read := func(kind string) ([][]float32, error) {
		var all [][]float32
		for i, w := range t.net.weights {
			x, ok := tensors[fmt.Sprint(kind, ".", i)]
			if !ok && i == 0 {
				return nil, nil
			}
			if !ok || len(x.data) != len(data(w)) {
				return nil, fmt.Errorf("tensor %s.%d is missing or has another size", kind, i)
			}
			all = append(all, x.data)
		}
		return all, nil
	}
	parts := map[string][][]float32{}
	for _, kind := range []string{"weight", "m", "v", "average", "best"} {
		if parts[kind], err = read(kind); err != nil {
			return err
		}
	}
	for i := range t.net.weights {
		for _, kind := range []string{"weight", "m", "v", "average", "best"} {
			if parts[kind] != nil {
				order = append(order, namedTensor{data: parts[kind][i]})
			}
		}
	}
	if parts["weight"] == nil || parts["m"] == nil || parts["v"] == nil || digest(order) != metadata["sha256"] {
		return errors.New("damaged: its SHA-256 is not the recorded one")
	}
	for i, w := range t.net.weights {
		copy(data(w), parts["weight"][i])
	}
	if err := t.optimizer.Restore(vm.State{M: values(parts["m"]), V: values(parts["v"]), Average: values(parts["average"])}); err != nil {
		return err
	}
	t.best = parts["best"]
	t.position = r.Position
	if t.Least < 0 {
		t.Least = math.Inf(1)
	}
	t.net.History = t.History
	t.optimizer.T = t.Step
	t.first = t.Step
	return t.training.skip(ctx, t.Step*t.batch)
}

func values(x [][]float32) []gorgonia.Value {
	var all []gorgonia.Value
	for _, v := range x {
		all = append(all, tensor.New(tensor.WithBacking(v)))
	}
	return all
}

// belongs reports in which way a checkpoint is not of this training.
func (t *trainer) belongs(r checkpointRecord) error {
	switch {
	case r.Time != t.net.Time:
		return fmt.Errorf("%w: it is for dt = %g s, not %g s", ErrCheckpoint, r.Time, t.net.Time)
	case r.Data != t.net.Data:
		return fmt.Errorf("%w: it learns other data", ErrCheckpoint)
	}
	was, is := reflect.ValueOf(r.Config), reflect.ValueOf(t.net.Config)
	for i, f := range reflect.VisibleFields(was.Type()) {
		if f.Tag.Get("json") == "-" {
			continue // does not change the result
		}
		if was.Field(i).Interface() != is.Field(i).Interface() {
			return fmt.Errorf("%w: %s was %v, not %v", ErrCheckpoint, key(f), was.Field(i), is.Field(i))
		}
	}
	return nil
}

// fingerprint returns the SHA-256 of all that is learnt.
func fingerprint(sets ...*samples) string {
	h := sha256.New()
	buf := make([]byte, 0, 1<<16)
	for _, s := range sets {
		for _, x := range [][]float32{s.x, s.target} {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(len(x)))
			for _, v := range x {
				if buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v)); len(buf) > cap(buf)-8 {
					h.Write(buf)
					buf = buf[:0]
				}
			}
		}
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(nil))
}
