package vm

import (
	"errors"
	"fmt"
	"slices"
)

// deviceQueue makes whole steps on a device: the batch is gathered, the graph
// run, the losses recorded and the parameters moved by one sequence of commands.
// What differs between steps, the settings and the numbers of the batch's rows,
// is sent before it in one block.
type deviceQueue struct {
	r       *deviceProgram
	mo      *deviceMoments
	arena   arena
	block   pointer // the control block, then the rows' numbers
	message []byte  // what is sent there
	inputs  []int   // buffers that are sent with each step, where no samples lie here
	rings   []pointer
	watched []int
	batch   int
	here    bool // the samples lie on the device
	steps   map[bool]*sequence
	gathers []*launch
	slot    int
	done    [][]float64
}

// ringSlots is how many steps are recorded before they are fetched.
const ringSlots = 256

// spareBytes of device memory are left to others when samples are put there.
const spareBytes = 256 << 20

// newQueue implements queuer.
func (r *deviceProgram) newQueue(mo Moments, samples []Samples, buffers, inputs, losses []int) (stepQueue, error) {
	q := &deviceQueue{r: r, watched: losses, inputs: inputs, steps: map[bool]*sequence{}}
	var ok bool
	if q.mo, ok = mo.(*deviceMoments); !ok || q.mo.r != r {
		return nil, errors.New("vm: the optimiser belongs to another machine")
	}
	err := r.dev.do(func() error {
		q.arena.dev = r.dev
		r.parts = append(r.parts, q)
		return q.allocate(samples, buffers)
	})
	return q, err
}

func (q *deviceQueue) allocate(samples []Samples, buffers []int) error {
	if len(samples) > 0 {
		q.batch = samples[0].Node.Shape()[0]
	}
	var err error
	q.message = make([]byte, controlBytes+4*q.batch)
	if q.block, err = q.arena.alloc(int64(len(q.message))); err != nil {
		return err
	}
	for range q.watched {
		ring, err := q.arena.alloc(4 * ringSlots)
		if err != nil {
			return err
		}
		q.rings = append(q.rings, ring)
	}
	var bytes int64
	for _, s := range samples {
		bytes += 4 * int64(len(s.Data))
	}
	free, _, err := q.r.dev.memory()
	if err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	q.here = len(samples) > 0 && bytes+spareBytes <= free
	for i, s := range samples {
		if !q.here {
			break
		}
		data, err := q.arena.put(bytesOf(s.Data))
		if err != nil {
			return err
		}
		n, cols := q.r.plan.Buffers[buffers[i]].Len, s.Node.Shape()[1]
		q.gathers = append(q.gathers, &launch{"gather", blocks(n, elementThreads), elementThreads,
			[]any{q.r.at[buffers[i]], data, q.block + controlBytes, int32(n), int32(cols)}})
	}
	if q.here {
		q.inputs = slices.DeleteFunc(q.inputs, func(i int) bool { return slices.Contains(buffers, i) })
	}
	return nil
}

// sequence returns the commands of a step.
func (q *deviceQueue) sequence(clip bool) (*sequence, error) {
	if q.steps[clip] != nil {
		return q.steps[clip], nil
	}
	s := &sequence{dev: q.r.dev}
	own := func(l *launch) error {
		c, err := q.r.dev.prepare(l)
		if err == nil {
			s.commands = append(s.commands, c)
		}
		return err
	}
	for _, l := range q.gathers {
		if err := own(l); err != nil {
			return nil, err
		}
	}
	for _, c := range q.r.steps.commands {
		s.commands = append(s.commands, borrowed{c})
	}
	for i, b := range q.watched {
		if err := own(&launch{"record", 1, 32, []any{q.rings[i], q.r.at[b], q.block}}); err != nil {
			return nil, err
		}
	}
	update, err := q.mo.commands(q.block, q.r.at[q.watched[0]], clip)
	if err != nil {
		return nil, err
	}
	s.commands = append(s.commands, update...)
	q.steps[clip] = s
	return s, nil
}

// borrowed is a command that another sequence releases.
type borrowed struct{ command }

func (borrowed) release() error { return nil }

func (q *deviceQueue) resident() bool { return q.here }

func (q *deviceQueue) step(s Adam, t int, rows []int32) error {
	return q.r.dev.do(func() error {
		if err := q.mo.wantAverage(s); err != nil {
			return err
		}
		all, err := q.sequence(s.Clip > 0)
		if err != nil {
			return err
		}
		if q.slot == ringSlots {
			if err := q.fetch(); err != nil {
				return err
			}
		}
		c := controlOf(s, t, q.slot)
		copy(q.message, bytesOf(c[:]))
		copy(q.message[controlBytes:], bytesOf(rows))
		if err := q.r.dev.upload(q.block, q.message); err != nil {
			return err
		}
		for _, i := range q.inputs {
			if err := q.r.dev.upload(q.r.at[i], bytesOf(q.r.host[i])); err != nil {
				return err
			}
		}
		q.slot++
		return all.run()
	})
}

// fetch takes over what the rings hold.
func (q *deviceQueue) fetch() error {
	if q.slot == 0 {
		return nil
	}
	first := len(q.done)
	for range q.slot {
		q.done = append(q.done, make([]float64, len(q.rings)))
	}
	values := make([]float32, q.slot)
	for k, ring := range q.rings {
		if err := q.r.dev.download(bytesOf(values), ring); err != nil {
			return err
		}
		for i, v := range values {
			q.done[first+i][k] = float64(v)
		}
	}
	q.slot = 0
	return nil
}

func (q *deviceQueue) losses() ([][]float64, error) {
	if err := q.r.dev.do(q.fetch); err != nil {
		return nil, err
	}
	done := q.done
	q.done = nil
	return done, nil
}

func (q *deviceQueue) release() error {
	var err error
	for _, s := range q.steps {
		err = errors.Join(err, s.release())
	}
	q.steps = map[bool]*sequence{}
	return errors.Join(err, q.arena.free())
}
