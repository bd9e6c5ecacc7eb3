package sample

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
)

// SmallNetwork is the network whose nuclides SmallNet draws.
const SmallNetwork = "approx21_cr60_plus_co56"

// smallNet draws compositions of the small network's nuclides.
type smallNet struct {
	size   int   // nuclides of the small network
	at     []int // of those drawn, in the small network
	to     []int // of those drawn, in the design: h1 for prot
	z, hi  []float64
	chosen []nuclide.Nuclide
}

func (s *Sampler) newSmallNet() (*smallNet, error) {
	net, err := nucnet.Stock(SmallNetwork)
	if err != nil {
		return nil, err
	}
	small := &smallNet{size: net.Len()}
	for i, n := range net.Nuclides() {
		to := slices.Index(s.Nuclides, n)
		if to < 0 && n == nuclide.Prot {
			to = slices.Index(s.Nuclides, nuclide.Proton)
		}
		if to >= 0 {
			small.at, small.to, small.chosen = append(small.at, i), append(small.to, to), append(small.chosen, n)
		}
	}
	if len(small.chosen) == 0 {
		return nil, fmt.Errorf("sample: %w: none of the nuclides is one of %s", ErrRange, SmallNetwork)
	}
	small.z, small.hi = s.bounds(small.chosen)
	return small, reach(s.Ye, small.z)
}

func (m *smallNet) compose(s *Sampler, rng *rand.Rand, p *Point) error {
	logs, x := make([]float64, len(m.z)), make([]float64, len(m.z))
	s.drawLogs(rng, logs, m.hi)
	if err := Tilt(x, logs, m.z, p.Ye); err != nil {
		return err
	}
	p.Small = make([]float64, m.size)
	for k, v := range x {
		p.Small[m.at[k]] = v
		p.X[m.to[k]] += v
	}
	sumToOne(p.X)
	return nil
}
