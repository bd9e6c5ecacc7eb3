package dataset

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"nuclab/nucnet"
	"nuclab/nucnet/rate"
	"nuclab/nucnet/sample"
)

// Errors that callers may want to tell apart.
var (
	ErrSettings  = errors.New("bad settings")
	ErrExists    = errors.New("output folder is not empty")
	ErrDifferent = errors.New("made with other settings")
	ErrNoDataset = errors.New("not a data set")
	ErrDamaged   = errors.New("damaged data set")
)

// Settings describe a data set. The zero values of all but Network and Samples stand for the defaults given.
type Settings struct {
	Network   string         // a stock network
	Samples   int            // rows
	Seed      uint64         // of the Sobol scrambling and the compositions
	Generator string         // of compositions, see package sample; empty: "paper"
	Design    sample.Design  // further settings of the sampling; its Nuclides, Seed and Generator are set from here
	Times     []float64      // s, rising; empty: 1e-6, 1e-5, ... 1e2
	Steps     []float64      // s, for eps_nuc_row; empty: from one of Times to the next, the first from 0
	Protocol  Protocol       // what the set is for; empty: Train
	Burn      nucnet.Options // physics and accuracy
	MESA      bool           // MESA's choice of fits: Exothermic, OneWay and ListedNeutrinos of rate.Rules
	Suzuki    bool           // weak rates of Suzuki et al., see rate.Rules
	Rates     string         // fits in the format of REACLIB that replace those of the network, or stand beside them
	States    string         // of the generator "list", see sample.ReadList; the manifest keeps them
	Float     int            // bits of a stored number, 32 or 64; 0: 64
	PerFile   int            // samples in one file; 0: 2048
	Workers   int            // burns at a time; 0: one for each processor. Without effect on the result
	Shard     Shard          // part of the files to make; zero: all
	Resume    bool           // go on with what an earlier, interrupted call left in the folder
}

// Shard is part K of M, K from 1 to M. Files are dealt out to the parts in turn.
type Shard struct{ K, M int }

// has reports whether file number f, counted from 0, belongs to the part.
func (s Shard) has(f int) bool { return s.M == 0 || f%s.M == s.K-1 }

// String returns "2/4", or "" for the zero value.
func (s Shard) String() string {
	if s.M == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.K, s.M)
}

// ParseShard reads "K/M", K from 1 to M; "" stands for the whole set. The error wraps ErrSettings.
func ParseShard(s string) (Shard, error) {
	if s == "" {
		return Shard{}, nil
	}
	var shard Shard
	if _, err := fmt.Sscanf(s, "%d/%d", &shard.K, &shard.M); err != nil || shard.M < 1 || shard.K < 1 || shard.K > shard.M ||
		shard.String() != s {
		return Shard{}, fmt.Errorf("dataset: %w: shard %q, want K/M with K from 1 to M", ErrSettings, s)
	}
	return shard, nil
}

// Limits against slips of the keyboard.
const (
	maxSamples = 1 << 40
	maxPerFile = 1 << 24
	maxTimes   = 10_000
	maxStates  = 16 << 20 // bytes
)

// withDefaults returns the settings with every zero replaced by what it stands for.
func (s Settings) withDefaults() Settings {
	if s.Protocol == "" {
		s.Protocol = Train
	}
	if s.Generator == "" {
		s.Generator = string(sample.Paper)
		if s.Protocol != Train {
			s.Generator = string(sample.SmallNet)
		}
	}
	if len(s.Times) == 0 {
		s.Times = nucnet.Decades(1e-6, 1e2)
	}
	s.Times = slices.Clone(s.Times)
	if len(s.Steps) == 0 {
		last := 0.0
		for _, t := range s.Times {
			s.Steps = append(s.Steps, t-last)
			last = t
		}
	}
	s.Burn = s.Burn.WithDefaults()
	if s.Float == 0 {
		s.Float = 64
	}
	if s.PerFile == 0 {
		s.PerFile = 2048
	}
	return s
}

// check reports what is wrong with settings after withDefaults; the error wraps ErrSettings.
func (s Settings) check() error {
	switch {
	case !slices.Contains(Protocols(), s.Protocol):
		return fmt.Errorf("dataset: %w: protocol %q, want one of %v", ErrSettings, s.Protocol, Protocols())
	case s.Protocol != Train && s.Generator != string(sample.SmallNet):
		return fmt.Errorf("dataset: %w: test runs of protocol %q start from the generator %q, not %q", ErrSettings, s.Protocol, sample.SmallNet, s.Generator)
	case len(s.States) > maxStates:
		return fmt.Errorf("dataset: %w: a list of states of %d bytes, want at most %d", ErrSettings, len(s.States), maxStates)
	case s.Samples < 1 || s.Samples > maxSamples:
		return fmt.Errorf("dataset: %w: %d samples, want 1 to %d", ErrSettings, s.Samples, maxSamples)
	case s.Float != 32 && s.Float != 64:
		return fmt.Errorf("dataset: %w: numbers of %d bits, want 32 or 64", ErrSettings, s.Float)
	case s.PerFile < 1 || s.PerFile > maxPerFile:
		return fmt.Errorf("dataset: %w: %d samples in a file, want 1 to %d", ErrSettings, s.PerFile, maxPerFile)
	case s.Workers < 0:
		return fmt.Errorf("dataset: %w: %d workers", ErrSettings, s.Workers)
	case s.Shard != (Shard{}) && (s.Shard.M < 1 || s.Shard.K < 1 || s.Shard.K > s.Shard.M):
		return fmt.Errorf("dataset: %w: shard %v, want K/M with K from 1 to M", ErrSettings, s.Shard)
	case len(s.Times) > maxTimes:
		return fmt.Errorf("dataset: %w: %d times, want at most %d", ErrSettings, len(s.Times), maxTimes)
	case len(s.Steps) != len(s.Times):
		return fmt.Errorf("dataset: %w: %d steps for %d times", ErrSettings, len(s.Steps), len(s.Times))
	}
	for k, t := range s.Times {
		if !(t > 0) || math.IsInf(t, 1) || k > 0 && t <= s.Times[k-1] {
			return fmt.Errorf("dataset: %w: time %g s, want finite times above 0 in rising order", ErrSettings, t)
		}
		if step := s.Steps[k]; !(step > 0 && step <= t) {
			return fmt.Errorf("dataset: %w: a step of %g s before time %g s", ErrSettings, step, t)
		}
	}
	return nil
}

// network returns what is burnt, and the reactions that have rates of the user's own.
func (s Settings) network() (*nucnet.Network, []rate.Reaction, error) {
	net, err := nucnet.Stock(s.Network)
	rules := rate.Rules{Suzuki: s.Suzuki, OneWay: s.MESA, Exothermic: s.MESA, ListedNeutrinos: s.MESA}
	if err == nil && rules != (rate.Rules{}) {
		net, err = net.By(rules)
	}
	if err != nil || s.Rates == "" {
		return net, nil, err
	}
	net, own, err := net.ReplaceFrom(strings.NewReader(s.Rates), "rates")
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("dataset: %w: %w", ErrSettings, err)
	case len(own) == 0:
		return nil, nil, fmt.Errorf("dataset: %w: none of the rates is between nuclides of %s", ErrSettings, s.Network)
	}
	return net, own, nil
}

// sampler returns what draws the initial states for a network.
func (s Settings) sampler(net *nucnet.Network) (*sample.Sampler, error) {
	d := s.Design
	d.Nuclides, d.Seed, d.Generator, d.Network, d.Options = net.Nuclides(), s.Seed, sample.Generator(s.Generator), net, s.Burn
	if s.Generator == string(sample.Listed) {
		var err error
		if d.List, err = sample.ReadList(strings.NewReader(s.States), "states", d.Nuclides); err != nil {
			return nil, err
		}
		if s.Samples > len(d.List) {
			return nil, fmt.Errorf("dataset: %w: %d samples of a list of %d states", ErrSettings, s.Samples, len(d.List))
		}
	}
	return sample.New(d)
}
