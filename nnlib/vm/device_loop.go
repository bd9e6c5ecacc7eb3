package vm

import (
	"context"
	"errors"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
)

// Samples are all rows of a data set that a batch of a variable is taken from.
type Samples struct {
	// Node [B,C] is the variable.
	Node *G.Node
	// Data [.., C] are the rows, one after the other.
	Data []float32
}

// Loop makes training steps: it takes a batch of a data set, runs the graph and
// updates the parameters. On a GPU the data set lies in its memory if it has room
// for it, a step is queued by a single call, and nothing waits for its end but
// Losses. On the CPU it does the same, one after the other.
//
// After a step whose first loss is not a number no step moves the parameters.
type Loop struct {
	machine   *Machine
	optimizer *Optimizer
	samples   []Samples
	losses    []*G.Node
	queue     stepQueue // nil on the CPU
	done      [][]float64
	stopped   bool
}

// stepQueue is what a Program has that makes whole steps by itself.
type stepQueue interface {
	// step queues a step on a batch of rows; if the samples do not lie on the device,
	// or rows is nil, on the values of the variables.
	step(s Adam, t int, rows []int32) error
	// resident says that the samples lie on the device.
	resident() bool
	// losses waits for the steps made and returns what they recorded.
	losses() ([][]float64, error)
}

// queuer is a Program that makes whole steps.
type queuer interface {
	// newQueue takes samples with the buffers that their batches go to, the inputs
	// that change from step to step, and the buffers of the losses.
	newQueue(mo Moments, samples []Samples, buffers, inputs, losses []int) (stepQueue, error)
}

// NewLoop returns the loop of an optimiser of this machine. samples may be empty:
// batches are then the values that the variables have. losses are scalars among
// the machine's targets, that to be watched first.
func (m *Machine) NewLoop(o *Optimizer, samples []Samples, losses ...*G.Node) (*Loop, error) {
	l := &Loop{machine: m, optimizer: o, samples: samples, losses: losses}
	if len(losses) == 0 {
		return nil, errors.New("vm: a loop without a loss")
	}
	var buffers, watched []int
	for _, s := range samples {
		i, ok := m.buffer[s.Node]
		if !ok || s.Node.Op() != nil || s.Node.Dims() != 2 {
			return nil, fmt.Errorf("vm: %q is no matrix that this machine is given", s.Node.Name())
		}
		cols := s.Node.Shape()[1]
		if len(s.Data)%cols != 0 || len(s.Data)/cols != len(samples[0].Data)/samples[0].Node.Shape()[1] {
			return nil, fmt.Errorf("vm: samples of %q: %d numbers are not as many rows of %d as the others", s.Node.Name(), len(s.Data), cols)
		}
		buffers = append(buffers, i)
	}
	for _, n := range losses {
		i, ok := m.buffer[n]
		if !ok || !n.IsScalar() {
			return nil, fmt.Errorf("vm: %q is no scalar of this machine", n.Name())
		}
		watched = append(watched, i)
	}
	if err := m.bindAll(); err != nil {
		return nil, err
	}
	if q, ok := m.program.(queuer); ok {
		var inputs []int
		for _, i := range m.plan.Inputs {
			if !m.kept[i] {
				inputs = append(inputs, i)
			}
		}
		var err error
		if l.queue, err = q.newQueue(o.Moments, samples, buffers, inputs, watched); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Step makes or queues a step on a batch of the samples with those numbers, one
// for each row of the batch; without samples rows is nil. The settings are
// those of the optimiser.
func (l *Loop) Step(ctx context.Context, rows []int32) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.check(rows); err != nil {
		return err
	}
	if l.queue != nil {
		if rows != nil && !l.queue.resident() {
			l.gather(rows)
			rows = nil
		}
		l.optimizer.T++
		return l.queue.step(l.optimizer.Adam, l.optimizer.T, rows)
	}
	l.gather(rows)
	if err := l.machine.Run(ctx); err != nil {
		return err
	}
	var all []float64
	for _, n := range l.losses {
		all = append(all, scalarValue(n.Value()))
	}
	l.done = append(l.done, all)
	l.stopped = l.stopped || math.IsNaN(all[0]) || math.IsInf(all[0], 0)
	if l.stopped {
		return nil
	}
	return l.optimizer.Update()
}

// Losses waits for the steps that were made since the last call, and returns the
// losses of each, before its update.
func (l *Loop) Losses() ([][]float64, error) {
	if l.queue != nil {
		return l.queue.losses()
	}
	done := l.done
	l.done = nil
	return done, nil
}

func (l *Loop) check(rows []int32) error {
	if (rows == nil) != (len(l.samples) == 0) {
		return fmt.Errorf("vm: a step on %d rows of %d sets of samples", len(rows), len(l.samples))
	}
	if rows == nil {
		return nil
	}
	shape := l.samples[0].Node.Shape()
	if len(rows) != shape[0] {
		return fmt.Errorf("vm: %d rows for a batch of %d", len(rows), shape[0])
	}
	n := len(l.samples[0].Data) / shape[1]
	for _, r := range rows {
		if r < 0 || int(r) >= n {
			return fmt.Errorf("vm: row %d of %d samples", r, n)
		}
	}
	return nil
}

// gather copies rows of the samples to the variables' values.
func (l *Loop) gather(rows []int32) {
	for _, s := range l.samples {
		cols := s.Node.Shape()[1]
		to := s.Node.Value().Data().([]float32)
		for i, r := range rows {
			copy(to[i*cols:(i+1)*cols], s.Data[int(r)*cols:])
		}
	}
}

func scalarValue(v G.Value) float64 {
	switch x := v.Data().(type) {
	case float32:
		return float64(x)
	case float64:
		return x
	}
	return math.NaN()
}
