package dataset

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"nuclab/nucnet"
	"nuclab/nucnet/sample"
)

// statusOK is the status of a burn that reached its end, statusRetried begins that of one that did so with the sturdy
// solver after the one asked for had failed. The reason follows.
const (
	statusOK      = "ok"
	statusRetried = "retried with "
)

// reachedEnd reports whether a status is that of a burn with results.
func reachedEnd(status string) bool {
	return status == statusOK || strings.HasPrefix(status, statusRetried)
}

// burn makes one row. Its error is one that no other sample will escape, or that of ctx.
func (g *generator) burn(ctx context.Context, index int) (row, error) {
	p, err := g.sampler.At(ctx, uint64(index))
	if err != nil {
		return row{}, err
	}
	return g.burnFrom(ctx, index, p)
}

// burnFrom makes the row of a sample that starts from p.
func (g *generator) burnFrom(ctx context.Context, index int, p sample.Point) (r row, err error) {
	l := g.layout
	r = row{index: int64(index), numbers: make([]float64, l.numbers()), status: statusOK}
	r.numbers[0], r.numbers[1], r.numbers[2] = p.T, p.Rho, p.Ye
	copy(r.numbers[l.start():], p.X)
	copy(r.numbers[l.smallStart():l.time(0)], p.Small)
	switch {
	case g.spans != nil:
		err = g.test(ctx, p, &r)
	default:
		err = g.train(ctx, p, &r)
	}
	return r, err
}

// train burns a point and fills the row with its states.
func (g *generator) train(ctx context.Context, p sample.Point, r *row) error {
	l := g.layout
	result, status, err := g.solve(ctx, g.net, nucnet.State{T: p.T, Rho: p.Rho, X: p.X}, g.all)
	if err != nil {
		return err
	}
	r.status = status
	if !reachedEnd(status) {
		r.fail(l, g.manifest.Times)
		return nil
	}
	for k, t := range g.manifest.Times {
		var before nucnet.Sample
		if g.before[k] >= 0 {
			before = result.Samples[g.before[k]]
		}
		r.numbers[l.time(k)] = t
		s := result.Samples[g.at[k]]
		l.putEnd(r.numbers[l.end(k):], s, s.Q-before.Q-s.EpsNu*g.manifest.Steps[k])
	}
	return nil
}

// putEnd writes a sample as the columns of a time hold it.
func (l layout) putEnd(dst []float64, s nucnet.Sample, row float64) {
	n := copy(dst, s.X)
	copy(dst[n:], []float64{s.Ye, s.Q, s.EpsNu, s.EpsNuIntegral, row})
}

// test follows a run of the small network's nuclides with both networks and fills the row with inputs and targets.
func (g *generator) test(ctx context.Context, p sample.Point, r *row) error {
	l := g.layout
	r.fail(l, g.manifest.Times)
	var inputs []float64
	for _, c := range g.spans {
		inputs = append(inputs, c.input)
	}
	run, status, err := g.solve(ctx, g.net, nucnet.State{T: p.T, Rho: p.Rho, X: p.X}, inputs)
	if err != nil {
		return err
	}
	if r.status = status; !reachedEnd(status) {
		return nil
	}
	problem := ""
	for k, c := range g.spans {
		in := run.Samples[k]
		at := r.numbers[l.input(k):]
		at[0], at[1] = c.input, in.Ye
		copy(at[2:], in.X)

		times, target := []float64{c.length}, 0
		if c.step < c.length*(1-1e-12) {
			times, target = []float64{c.length - c.step, c.length}, 1
		}
		burnt, cpu, status, err := g.timed(ctx, g.net, nucnet.State{T: p.T, Rho: p.Rho, X: in.X}, times)
		switch {
		case err != nil:
			return err
		case !reachedEnd(status):
			r.fail(l, g.manifest.Times)
			r.status = status
			return nil
		case status != statusOK:
			r.status = status
		}
		end, before := burnt.Samples[target], nucnet.Sample{}
		if target == 1 {
			before = burnt.Samples[0]
		}
		l.putEnd(r.numbers[l.end(k):], end, end.Q-before.Q-end.EpsNu*c.step)

		// The small network follows the run from its own start.
		ages := []float64{c.input, max(c.input, c.input+c.length-c.step), c.input + c.length}
		small, smallCPU, status, err := g.timed(ctx, g.small, nucnet.State{T: p.T, Rho: p.Rho, X: p.Small}, ages)
		switch {
		case err != nil:
			return err
		case !reachedEnd(status):
			problem = "small network: " + status
		default:
			s := small.Samples[2]
			energy := s.Q - small.Samples[1].Q - s.EpsNu*c.step
			s.Q -= small.Samples[0].Q
			s.EpsNuIntegral -= small.Samples[0].EpsNuIntegral
			l.putEnd(r.numbers[l.smallEnd(k):], s, energy)
		}
		r.timings = append(r.timings, Timing{int(r.index), k, cpu, smallCPU})
	}
	if problem != "" {
		r.status = problem
	}
	return nil
}

// timed is solve with the processor time it took, in s.
func (g *generator) timed(ctx context.Context, net *nucnet.Network, s nucnet.State, times []float64) (*nucnet.Result, float64, string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := threadTime()
	result, status, err := g.solve(ctx, net, s, times)
	return result, (threadTime() - start).Seconds(), status, err
}

// solve burns and, where the solver asked for gives up, burns again with the sturdy one: at the tolerances asked for, if
// need be at 1e-4, with up to a hundred times the steps. The status tells what came of it. The error is one that no other
// sample will escape, or that of ctx.
func (g *generator) solve(ctx context.Context, net *nucnet.Network, s nucnet.State, times []float64) (_ *nucnet.Result, status string, _ error) {
	opt := g.settings.Burn
	result, err := net.Burn(ctx, s, times, opt)
	if err == nil {
		return result, statusOK, nil
	}
	reason := err.Error()
	opt.Solver, opt.LikeMESA, opt.MaxSteps = nucnet.Fallback, false, max(opt.MaxSteps, min(100*opt.MaxSteps, 1_000_000))
	for _, rtol := range []float64{opt.RTol, max(opt.RTol, 1e-4)} {
		if stopped := (*nucnet.Stopped)(nil); ctx.Err() != nil || !errors.As(err, &stopped) {
			break
		}
		opt.RTol = rtol
		if result, err = net.Burn(ctx, s, times, opt); err == nil {
			return result, fmt.Sprintf("%s%s at a relative tolerance of %g: %s", statusRetried, nucnet.Fallback, rtol, reason), nil
		}
	}
	if ctx.Err() != nil {
		return nil, "", context.Cause(ctx)
	}
	if stopped := (*nucnet.Stopped)(nil); !errors.As(err, &stopped) {
		return nil, "", err
	}
	return nil, fmt.Sprintf("%s; and again: %v", reason, err), nil
}
