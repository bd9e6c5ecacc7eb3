package vm

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// deviceMoments are Adam's on a device. What changes from step to step lies in a
// control block there, so that the commands stay the same.
type deviceMoments struct {
	r       *deviceProgram
	w, g    []int // buffers
	m, v    []pointer
	average []pointer // nil until an average is wanted
	arena   arena
	pieces  pointer // the table of them
	count   int     // of pieces
	partial pointer // the sum of squares of each
	verdict pointer
	control pointer
	steps   map[bool]*sequence // by whether gradients are clipped
}

// devicePiece is struct piece of the kernels.
type devicePiece struct {
	w, g, m, v, a pointer
	n             int64
}

// pieceElements are worth a block.
const pieceElements = 1 << 13

// controlBlock has the settings of a step as the kernels read them.
type controlBlock [16]float32

const controlBytes = 64

// controlOf returns the settings of step t; the result is kept in that slot.
func controlOf(s Adam, t, slot int) controlBlock {
	step, root := s.factors(t)
	unscale, past := 1.0, 0.0
	if s.LossScale != 0 {
		unscale = 1 / s.LossScale
	}
	if s.Average > 0 {
		past = min(s.Average, 1-1/float64(t))
	}
	var c controlBlock
	for i, v := range []float64{s.Beta1, s.Beta2, step, root, s.Epsilon, 1 - s.Rate*s.Decay, s.Clip, unscale, past, float64(slot)} {
		c[i] = float32(v)
	}
	return c
}

// NewAdam implements Program.
func (r *deviceProgram) NewAdam(parameters, gradients []int) (Moments, error) {
	a := &deviceMoments{r: r, w: parameters, g: gradients, steps: map[bool]*sequence{}}
	return a, r.dev.do(func() error {
		var bytes int64
		for _, w := range a.w {
			n := r.plan.Buffers[w].Len
			bytes += 8 * int64(n)
			a.count += blocks(n, pieceElements)
		}
		if err := enough(r.dev, bytes, "the optimiser", "a smaller network needs less"); err != nil {
			return err
		}
		a.arena.dev = r.dev
		r.parts = append(r.parts, a)
		return a.allocate()
	})
}

// allocate makes the moments, which are 0.
func (a *deviceMoments) allocate() error {
	var err error
	if a.m, err = a.zeros(); err != nil {
		return err
	}
	if a.v, err = a.zeros(); err != nil {
		return err
	}
	for _, s := range []struct {
		p     *pointer
		bytes int64
	}{{&a.pieces, 48 * int64(a.count)}, {&a.partial, 8 * int64(a.count)}, {&a.verdict, 8}, {&a.control, controlBytes}} {
		if *s.p, err = a.arena.alloc(s.bytes); err != nil {
			return err
		}
	}
	if err := a.r.dev.zero(a.verdict, 8); err != nil {
		return err
	}
	return a.writePieces()
}

// zeros returns memory for one number for each of a parameter's.
func (a *deviceMoments) zeros() ([]pointer, error) {
	var all []pointer
	for _, w := range a.w {
		bytes := 4 * int64(a.r.plan.Buffers[w].Len)
		p, err := a.arena.alloc(bytes)
		if err != nil {
			return nil, err
		}
		if err := a.r.dev.zero(p, bytes); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// writePieces fills the table of pieces.
func (a *deviceMoments) writePieces() error {
	var table []devicePiece
	for i, w := range a.w {
		n := a.r.plan.Buffers[w].Len
		for at := 0; at < n; at += pieceElements {
			off := pointer(4 * at)
			p := devicePiece{a.r.at[w] + off, a.r.at[a.g[i]] + off, a.m[i] + off, a.v[i] + off, 0, int64(min(pieceElements, n-at))}
			if a.average != nil {
				p.a = a.average[i] + off
			}
			table = append(table, p)
		}
	}
	return a.r.dev.upload(a.pieces, bytesOf(table))
}

// commands returns those of a step whose settings are in the control block. With
// a loss nothing moves any more once that was not a number.
func (a *deviceMoments) commands(control, loss pointer, clip bool) ([]command, error) {
	var all []command
	var err error
	add := func(l *launch) {
		if err == nil {
			var c command
			if c, err = a.r.dev.prepare(l); err == nil {
				all = append(all, c)
			}
		}
	}
	sums := 0
	if clip {
		sums = a.count
		add(&launch{"squares", a.count, elementThreads, []any{a.partial, a.pieces}})
	}
	add(&launch{"judge", 1, elementThreads, []any{a.verdict, a.partial, control, loss, int32(sums)}})
	add(&launch{"adam", a.count, elementThreads, []any{a.pieces, control, a.verdict}})
	return all, err
}

// wantAverage starts the average when it is asked for the first time.
func (a *deviceMoments) wantAverage(s Adam) error {
	if s.Average == 0 || a.average != nil {
		return nil
	}
	var err error
	if a.average, err = a.zeros(); err != nil {
		return err
	}
	return a.writePieces()
}

// Step implements Moments. It queues the step.
func (a *deviceMoments) Step(s Adam, t int) error {
	return a.r.dev.do(func() error {
		if err := a.wantAverage(s); err != nil {
			return err
		}
		clip := s.Clip > 0
		if a.steps[clip] == nil {
			all, err := a.commands(a.control, 0, clip)
			if err != nil {
				return err
			}
			a.steps[clip] = &sequence{dev: a.r.dev, commands: all}
		}
		c := controlOf(s, t, 0)
		if err := a.r.dev.upload(a.control, bytesOf(c[:])); err != nil {
			return err
		}
		return a.steps[clip].run()
	})
}

// State implements Moments.
func (a *deviceMoments) State() (s State, err error) {
	err = a.r.dev.do(func() error {
		for _, part := range []struct {
			from []pointer
			to   *[]G.Value
		}{{a.m, &s.M}, {a.v, &s.V}, {a.average, &s.Average}} {
			for i, p := range part.from {
				x := make([]float32, a.r.plan.Buffers[a.w[i]].Len)
				if err := a.r.dev.download(bytesOf(x), p); err != nil {
					return err
				}
				*part.to = append(*part.to, tensor.New(tensor.WithBacking(x)))
			}
		}
		return nil
	})
	return s, err
}

// Restore implements Moments.
func (a *deviceMoments) Restore(s State) error {
	all := [][]G.Value{s.M, s.V}
	if s.Average != nil {
		all = append(all, s.Average)
	}
	var host [][][]float32
	for i, values := range all {
		x, err := a.fit(values)
		if err != nil {
			return fmt.Errorf("vm: %s: %w", []string{"first moments", "second moments", "averages"}[i], err)
		}
		host = append(host, x)
	}
	return a.r.dev.do(func() error {
		if s.Average != nil {
			if err := a.wantAverage(Adam{Average: 1}); err != nil {
				return err
			}
		}
		for i, to := range [][]pointer{a.m, a.v, a.average}[:len(host)] {
			for k, x := range host[i] {
				if err := a.r.dev.upload(to[k], bytesOf(x)); err != nil {
					return err
				}
			}
		}
		if s.Average == nil && a.average != nil {
			a.average = nil
			return a.writePieces()
		}
		return nil
	})
}

// fit returns the elements of values that are as many and as long as the parameters.
func (a *deviceMoments) fit(values []G.Value) ([][]float32, error) {
	if len(values) != len(a.w) {
		return nil, fmt.Errorf("those of %d parameters, not %d", len(values), len(a.w))
	}
	var all [][]float32
	for i, v := range values {
		x, ok := v.Data().([]float32)
		if !ok || len(x) != a.r.plan.Buffers[a.w[i]].Len {
			return nil, fmt.Errorf("those of parameter %d do not fit", i)
		}
		all = append(all, x)
	}
	return all, nil
}

// release frees the moments.
func (a *deviceMoments) release() error {
	var err error
	for _, s := range a.steps {
		err = errors.Join(err, s.release())
	}
	a.steps = map[bool]*sequence{}
	return errors.Join(err, a.arena.free())
}
