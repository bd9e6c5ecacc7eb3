package nnlib

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"nuclab/nnlib/op"
	"nuclab/nucnet"
	"nuclab/nucnet/dataset"
	"nuclab/nucnet/sample"
)

// physicalTargets are the columns of a target behind ln X, see op.BurnSum.
const physicalTargets = 8

// TrainPhysical learns one net for all times that lie between two states of a run
// in the data sets, whose starts count as states: sets with many times teach
// states that have already relaxed, and long times as well as short ones. The
// sets must be of one network. Whole runs are dealt out to training and
// validation. As Train does, it returns the best network so far together with an
// error.
//
// Half of the samples are steps of relaxed matter, those that last at most twice
// as long as the burn before them, or that begin on a track of a star; the other
// half are all others.
func TrainPhysical(ctx context.Context, cfg Config, sets []*dataset.Set, hooks Hooks) (*Net, *History, error) {
	if len(sets) == 0 {
		return nil, nil, fmt.Errorf("nnlib: no data set to learn")
	}
	cfg.Net = or(cfg.Net, "physical")
	cfg, err := cfg.forData(sets[0].Network)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Net != "physical" {
		return nil, nil, fmt.Errorf("nnlib: net = %s: want physical", cfg.Net)
	}
	if err := cfg.fits(len(sets[0].Nuclides), maxValidation, lessonBytes(sets)); err != nil {
		return nil, nil, err
	}
	net, err := newNet(cfg, sets[0].Nuclides, 0, cfg.random(useWeights))
	if err != nil {
		return nil, nil, err
	}
	l := &lesson{cfg: cfg, physics: net.physics}
	seen, digest := &survey{}, sha256.New()
	var commands []string
	for _, set := range sets {
		if err := sameNuclides(l.physics.nuclides, set.Nuclides); err != nil {
			return nil, nil, err
		}
		if a, b := physicsOf(set), physicsOf(sets[0]); !reflect.DeepEqual(a, b) {
			return nil, nil, fmt.Errorf("nnlib: %w: sets of burns with different physics: %+v and %+v", ErrData, b, a)
		}
		if set.Protocol != dataset.Train {
			return nil, nil, fmt.Errorf("nnlib: a data set of protocol %s: its targets do not follow its initial states", set.Protocol)
		}
		manifest, err := json.Marshal(set.Manifest)
		if err != nil {
			return nil, nil, err
		}
		digest.Write(manifest)
		commands = append(commands, generateCommand(set.Recipe))
		table, err := set.Load()
		if err != nil {
			return nil, nil, err
		}
		if err := l.add(ctx, table, relaxedStarts(set.Recipe.Generator), seen); err != nil {
			return nil, nil, err
		}
	}
	if len(l.training[0])+len(l.training[1]) == 0 || len(l.validation) == 0 {
		return nil, nil, fmt.Errorf("nnlib: %d samples to learn and %d to judge by: training and validation need one each at least",
			len(l.training[0])+len(l.training[1]), len(l.validation))
	}
	l.measure()
	net.prepare(seen)
	net.Time, net.Span = l.span[1], l.span
	net.Data = fmt.Sprintf("%x", digest.Sum(nil))
	net.Origin.DataCommand = strings.Join(commands, "\n")
	return net, net.History, newTrainer(net, newPairSource(l), l.judge(net), hooks).run(ctx)
}

// physicsOf returns the settings of a set's burns apart from their solver and its accuracy.
func physicsOf(s *dataset.Set) dataset.Burn {
	b := s.Recipe.Burn
	b.Solver, b.RTol, b.ATol, b.MaxSteps = "", 0, 0, 0
	return b
}

// relaxedStarts reports whether all states of a generator have burnt before.
func relaxedStarts(generator string) bool {
	for part := range strings.SplitSeq(generator, ",") {
		name, _, _ := strings.Cut(part, ":")
		switch sample.Generator(name) {
		case sample.Track, sample.Core, sample.Burnt:
		default:
			return false
		}
	}
	return true
}

// lesson is what the physical emulator learns from: the states of many runs, and
// pairs of them.
type lesson struct {
	cfg      Config
	physics  *physics
	starts   []start
	training [2][]pair // others, and steps of relaxed matter
	// A part of the pairs of the runs that are not learnt.
	validation []pair
	span       [2]float64 // least and greatest time, s
	// Mean |dYe| and |q| [erg/g] of the steps of relaxed matter by decade of time.
	change, energy map[int]float64
}

// pair is a state and what becomes of it.
type pair struct {
	from, to  int32
	dt        float32 // s
	mean, end float32 // neutrino loss over the time and at its end, erg/g/s
	q         float32 // rest-mass energy released, erg/g
}

// maxValidation is how many pairs judge a physical net.
const maxValidation = 8192

// lessonBytes estimates what the data sets take: tables of float64 as they are
// read, ln X of each state and of its equilibrium, what else is known of a state,
// and pairs.
func lessonBytes(sets []*dataset.Set) (bytes int64) {
	const state, pair = 100, 24
	for _, s := range sets {
		states := int64(1 + len(s.Times))
		bytes += int64(s.Samples) * states * (int64(len(s.Nuclides))*16 + state + states/2*pair)
	}
	return bytes
}

// add takes a table's runs in; relaxed says that they start from states that have
// burnt before.
func (l *lesson) add(ctx context.Context, t *dataset.Table, relaxed bool, seen *survey) error {
	for k := range t.Ends {
		if err := checkTable(t, k); err != nil {
			return err
		}
	}
	n := len(t.Nuclides)
	split := dataset.Split{Validation: l.cfg.Validation, Seed: l.cfg.Seed}
	rows := good(t)
	states := 1 + len(t.Ends)
	first := len(l.starts)
	l.starts = append(l.starts, make([]start, len(rows)*states)...)
	ln := make([]float32, 2*n*len(rows)*states)
	var learnt []int
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(or(l.cfg.Threads, runtime.GOMAXPROCS(0)))
	for i, r := range rows {
		g.Go(func() error {
			for k := range states {
				if err := gctx.Err(); err != nil {
					return err
				}
				x := t.X
				if k > 0 {
					x = t.Ends[k-1].X
				}
				at := i*states + k
				s, err := l.physics.start(nucnet.State{T: t.T[r], Rho: t.Rho[r], X: x[r*n : (r+1)*n]}, ln[2*n*at:2*n*at+n], ln[2*n*at+n:2*n*(at+1)])
				if err != nil {
					return err
				}
				l.starts[first+at] = s
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, r := range rows {
		held := split.Of(t.Index[r]) == dataset.Validation
		if !held {
			learnt = append(learnt, r)
		}
		for a := -1; a < len(t.Ends); a++ {
			before, lost, released := 0.0, 0.0, 0.0
			if a >= 0 {
				before, lost, released = t.Times[a], t.Ends[a].EpsNuIntegral[r], t.Ends[a].Q[r]
			}
			if a >= 0 && l.cfg.without(withoutRelaxed) {
				break
			}
			for b := a + 1; b < len(t.Ends); b++ {
				e, dt := &t.Ends[b], t.Times[b]-before
				if dt <= 0 {
					continue
				}
				p := pair{int32(first + i*states + a + 1), int32(first + i*states + b + 1), float32(dt),
					float32((e.EpsNuIntegral[r] - lost) / dt), float32(e.EpsNu[r]), float32(e.Q[r] - released)}
				if math.IsNaN(float64(p.mean + p.end + p.q)) {
					return fmt.Errorf("nnlib: sample %d of the data set, time %g s, is not a number", t.Index[r], t.Times[b])
				}
				if l.span[1] == 0 {
					l.span = [2]float64{dt, dt}
				}
				l.span = [2]float64{min(l.span[0], dt), max(l.span[1], dt)}
				step := 0
				if relaxed || a >= 0 && dt <= 2*before {
					step = 1
				}
				if held {
					l.validation = append(l.validation, p)
				} else {
					l.training[step] = append(l.training[step], p)
				}
			}
		}
	}
	// Every state but the last of a run is one to begin from.
	for k := range states - 1 {
		from := *t
		if k > 0 {
			from.X = t.Ends[k-1].X
		}
		seen.add(&from, learnt)
	}
	return seen.err
}

func decade(dt float32) int { return int(math.Round(math.Log10(float64(dt)))) }

// measure finds what is usual of steps of relaxed matter, or of all pairs where
// there are none, and draws the pairs that judge.
func (l *lesson) measure() {
	l.change, l.energy = map[int]float64{}, map[int]float64{}
	count := map[int]float64{}
	steps := l.training[1]
	if len(steps) == 0 {
		steps = l.training[0]
	}
	for _, p := range steps {
		k := decade(p.dt)
		count[k]++
		l.change[k] += math.Abs(l.starts[p.to].ye - l.starts[p.from].ye)
		l.energy[k] += math.Abs(float64(p.q))
	}
	for k, c := range count {
		l.change[k] /= c
		l.energy[k] /= c
	}
	if k := len(l.validation); k > maxValidation {
		l.cfg.random(useSplit).Shuffle(k, func(i, j int) { l.validation[i], l.validation[j] = l.validation[j], l.validation[i] })
		l.validation = l.validation[:maxValidation]
	}
}

// Rows that change little are held to a stricter measure: differences count in
// units of the true change plus these.
const (
	leastChange = 1e-7 // of Ye
	leastEnergy = 1e12 // erg/g
	leastLnX    = 0.2  // mean |dln X|
	leastX      = 0.05 // sum |dX|
)

// target writes what is to be learnt of a pair.
func (l *lesson) target(p pair, t []float32) {
	from, to := &l.starts[p.from], &l.starts[p.to]
	n := len(from.ln)
	copy(t, to.ln)
	t = t[n:]
	change := to.ye - from.ye
	var lnX, x float64
	for j, v := range to.ln {
		lnX += math.Abs(float64(v - from.ln[j]))
		x += math.Abs(math.Exp(float64(v)) - math.Exp(float64(from.ln[j])))
	}
	t[0], t[1], t[2], t[3] = float32(to.ye), lnLoss(float64(p.end)), lnLoss(float64(p.mean)), asinhChange(change)
	k := decade(p.dt)
	usual := [4]float64{leastLnX, leastX, max(l.change[k], leastChange), max(l.energy[k], leastEnergy)}
	own := [4]float64{lnX / float64(n), x, math.Abs(change), math.Abs(float64(p.q))}
	if l.cfg.without(withoutRelative) {
		usual[0], usual[1] = 1, 0.2 // about what they change in the mean
		clear(own[:])
	}
	for i := range usual {
		t[4+i] = float32(1 / (usual[i] + own[i]))
	}
}

// pairSource draws pairs of both kinds in turn.
type pairSource struct {
	*lesson
	orders []*order
	lists  [][]pair
	turn   int
}

func newPairSource(l *lesson) *pairSource {
	s := &pairSource{lesson: l}
	random := l.cfg.random(useOrder)
	for _, list := range l.training {
		if len(list) > 0 {
			s.lists = append(s.lists, list)
			s.orders = append(s.orders, newOrder(len(list), random))
		}
	}
	return s
}

// rows counts every step of relaxed matter once, and as many others.
func (s *pairSource) rows() int {
	if len(s.lists) == 1 {
		return len(s.lists[0])
	}
	return 2 * min(len(s.lists[0]), len(s.lists[1]))
}

func (s *pairSource) next(_ context.Context, rows [][]float32) error {
	k := s.turn % len(s.lists)
	s.turn++
	p := s.lists[k][s.orders[k].next()]
	s.starts[p.from].fill(float64(p.dt), rows[0], rows[1])
	s.target(p, rows[2])
	return nil
}

func (s *pairSource) skip(_ context.Context, n int) error {
	for range n {
		s.orders[s.turn%len(s.lists)].skip(1)
		s.turn++
	}
	return nil
}

func (s *pairSource) close() {}

// judge returns what judges a net by the pairs that are not learnt.
func (l *lesson) judge(net *Net) judge {
	n, rows := len(l.physics.nuclides), len(l.validation)
	x, base, wide := physicalInputs(n), guessed(n), n+physicalTargets
	in := [][]float32{make([]float32, rows*x), make([]float32, rows*base)}
	target, out := make([]float32, rows*wide), make([]float32, rows*(n+quantities+2))
	for i, p := range l.validation {
		l.starts[p.from].fill(float64(p.dt), in[0][i*x:(i+1)*x], in[1][i*base:(i+1)*base])
		l.target(p, target[i*wide:(i+1)*wide])
	}
	return func(ctx context.Context) (Loss, error) {
		if err := net.run(ctx, rows, in, out); err != nil {
			return Loss{}, err
		}
		sum := func(w op.BurnWeights) float64 { return op.BurnSum(w, l.physics.perX, rows, out, target) }
		w := burnWeights
		return Loss{Total: sum(w), Composition: sum(op.BurnWeights{LnX: w.LnX, X: w.X}), Energy: sum(op.BurnWeights{Q: 1})}, nil
	}
}
