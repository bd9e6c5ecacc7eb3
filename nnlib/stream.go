package nnlib

import (
	"context"
	"fmt"
	"iter"

	"nuclab/nucnet/dataset"
)

// TrainSet is Train for one of the times of a data set on disk, which need not fit in memory: training samples are read
// again in every pass, in an order shuffled by dataset.Set.Batches, while the steps are made. Samples are dealt out to
// training and validation by their number, those of validation are kept in memory. A set so small that this leaves one of
// the two without samples is loaded and trained on by Train.
func TrainSet(ctx context.Context, cfg Config, set *dataset.Set, timeIndex int, hooks Hooks) (*Net, *History, error) {
	cfg, err := cfg.forTime(set.Network)
	switch {
	case err != nil:
		return nil, nil, err
	case set.Protocol != dataset.Train:
		return nil, nil, fmt.Errorf("nnlib: %w: the data set is a test of protocol %s: its targets do not follow its initial states", ErrData, set.Protocol)
	case timeIndex < 0 || timeIndex >= len(set.Times):
		return nil, nil, fmt.Errorf("nnlib: time %d of the data set: it has %d", timeIndex, len(set.Times))
	}
	if err := cfg.fits(len(set.Nuclides), set.Samples, 0); err != nil {
		return nil, nil, err
	}
	sel := dataset.Selection{Times: []int{timeIndex}, Split: dataset.Split{Validation: cfg.Validation, Seed: cfg.Seed},
		Role: dataset.Training, Batch: cfg.Batch, Seed: cfg.Seed}
	seen := &survey{}
	for t, err := range set.Batches(ctx, sel, 0) {
		if err != nil {
			return nil, nil, err
		}
		if seen.add(t, every(t.Len())); seen.err != nil {
			return nil, nil, seen.err
		}
	}
	held := sel
	held.Role = dataset.Validation
	var net *Net
	validation := &samples{cols: len(set.Nuclides) + 2}
	for t, err := range set.Batches(ctx, held, 0) {
		if err != nil {
			return nil, nil, err
		}
		if seen.rows == 0 {
			break
		}
		if net == nil {
			if net, err = cfg.newNet(set.Nuclides, set.Times[timeIndex], seen); err != nil {
				return nil, nil, err
			}
		}
		if err := validation.add(ctx, cfg, net.Scaling, t, 0, every(t.Len())); err != nil {
			return nil, nil, err
		}
	}
	if net == nil {
		table, err := set.Load(timeIndex)
		if err != nil {
			return nil, nil, err
		}
		net, history, err := Train(ctx, cfg, table, 0, hooks)
		if net != nil {
			net.Origin.DataCommand = generateCommand(set.Recipe)
		}
		return net, history, err
	}
	s := &stream{set: set, sel: sel, cfg: cfg, scaling: net.Scaling, count: seen.rows}
	defer s.close()
	if net.Data, err = manifestHash(set); err != nil {
		return nil, nil, err
	}
	net.Origin.DataCommand = generateCommand(set.Recipe)
	return net, net.History, newTrainer(net, s, net.judge(validation), hooks).run(ctx)
}

// stream is a source on disk.
type stream struct {
	set     *dataset.Set
	sel     dataset.Selection
	cfg     Config
	scaling Scaling
	count   int

	epoch int // that next reads
	batch *samples
	at    int
	pull  func() (*dataset.Table, error, bool)
	stop  func()
}

func (s *stream) rows() int { return s.count }

func (s *stream) next(ctx context.Context, rows [][]float32) error {
	for s.batch == nil || s.at == s.batch.rows() {
		if s.pull == nil {
			s.pull, s.stop = iter.Pull2(s.set.Batches(ctx, s.sel, s.epoch))
			s.epoch++
		}
		t, err, more := s.pull()
		if err != nil {
			return err
		}
		if !more {
			s.close()
			continue
		}
		if s.batch == nil {
			s.batch = &samples{cols: len(s.set.Nuclides) + 2}
		}
		s.batch.x, s.batch.target, s.at = s.batch.x[:0], s.batch.target[:0], 0
		if err := s.batch.add(ctx, s.cfg, s.scaling, t, 0, every(t.Len())); err != nil {
			return err
		}
	}
	cols := s.batch.cols
	copy(rows[0], s.batch.x[s.at*cols:])
	copy(rows[1], s.batch.target[s.at*cols:])
	s.at++
	return nil
}

// skip begins with the pass that the next sample is in, and reads what comes before it there.
func (s *stream) skip(ctx context.Context, n int) error {
	s.epoch = n / s.count
	cols := len(s.set.Nuclides) + 2
	rows := [][]float32{make([]float32, cols), make([]float32, cols)}
	for range n % s.count {
		if err := s.next(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

// close ends the pass.
func (s *stream) close() {
	if s.stop != nil {
		s.stop()
	}
	s.pull, s.stop = nil, nil
}
