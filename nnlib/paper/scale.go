package paper

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"nuclab/nnlib"
)

// Scale is how much of the experiment is done. A zero stands for what the paper did.
type Scale struct {
	Name string
	// Networks that nets emulate.
	Networks []string
	// Samples are the burns that a network's nets learn, validation included; 0: 1,000,000.
	Samples int
	// Tests is the number of test runs; 0: 684 of mesa_80 and 824 of mesa_151.
	Tests int
	// Times after which nets predict, one net for each: powers of ten, s. Nil: 1e-6 to 100, nine. The burns are read at the
	// paper's times nearest to these, see dataset.PaperTimes.
	Times []float64

	// Layers is the number of hidden layers; 0: 11 for mesa_80 and 8 for mesa_151. With the output layer, as the paper
	// counts, there is one more.
	Layers int
	// Width of the hidden layers and of the First of them; 0: 2048 and 1024.
	Width, First int
	// Epochs at most, and Patience, after how many of them without a better composition a training ends; 0: 2000 and 100,
	// see nnlib.Paper.
	Epochs, Patience int
	// Batch is the number of samples of a step and LR the learning rate; 0: 512 and 1e-4.
	Batch int
	LR    float64

	// Depths are the numbers of linear layers, output included, of the nets of the scan; nil: 3 to 20. Scanned are the
	// networks that it is made for, and ScanTime for which time, s; 0: 0.1.
	Depths   []int
	Scanned  []string
	ScanTime float64
}

// Demo is a scale for two processors and some minutes: burns and nets are fewer and smaller, the loss and the optimiser those
// of the paper. Its 30 epochs of batches of 512 would be 900 steps, too few at a rate of 1e-4 to learn anything: batches are
// smaller, and the rate is larger.
func Demo() Scale {
	return Scale{
		Name: "demo", Networks: []string{"mesa_80", "mesa_151"}, Samples: 16384, Tests: 256, Times: []float64{1e-6, 1e-3, 1},
		Layers: 3, Width: 512, First: 512, Epochs: 30, Batch: 16, LR: 1e-3,
		Depths: []int{3, 4, 6}, Scanned: []string{"mesa_80"}, ScanTime: 1,
	}
}

// Full is what the paper did: 18 nets of up to 40 million weights, and 36 more for the scan.
func Full() Scale {
	return Scale{Name: "paper", Networks: []string{"mesa_80", "mesa_151"}, Scanned: []string{"mesa_80", "mesa_151"}}
}

// Tiny is a scale whose nets know nothing: it shows in seconds whether everything works.
func Tiny() Scale {
	return Scale{
		Name: "tiny", Networks: []string{"mesa_80", "mesa_151"}, Samples: 48, Tests: 6, Times: []float64{1e-6, 1e-3, 1},
		Layers: 2, Width: 16, First: 16, Epochs: 2, Batch: 16,
		Depths: []int{2, 3}, Scanned: []string{"mesa_80"}, ScanTime: 1,
	}
}

// Scales returns the names that ScaleOf knows.
func Scales() []string { return []string{"demo", "paper", "tiny"} }

// ScaleOf returns the scale of a name: Demo for "demo", Full for "paper", Tiny for "tiny".
func ScaleOf(name string) (Scale, error) {
	for _, s := range []Scale{Demo(), Full(), Tiny()} {
		if s.Name == name {
			return s, nil
		}
	}
	return Scale{}, fmt.Errorf("paper: no scale %q; there are %v", name, Scales())
}

// withDefaults replaces zeros by what they stand for with a network.
func (s Scale) withDefaults(network string) (Scale, error) {
	c, err := nnlib.Paper(network)
	if err != nil {
		return s, err
	}
	s.Samples = cmp.Or(s.Samples, 1_000_000)
	s.Tests = cmp.Or(s.Tests, map[string]int{"mesa_80": 684, "mesa_151": 824}[network])
	if len(s.Times) == 0 {
		s.Times = decades()
	}
	s.Layers, s.Width, s.First = cmp.Or(s.Layers, c.Layers), cmp.Or(s.Width, c.Width), cmp.Or(s.First, c.First)
	s.Batch, s.LR = cmp.Or(s.Batch, c.Batch), cmp.Or(s.LR, c.LR)
	if s.Epochs == 0 {
		s.Epochs, s.Patience = c.Epochs, cmp.Or(s.Patience, c.Patience)
	}
	if len(s.Depths) == 0 {
		for d := 3; d <= 20; d++ {
			s.Depths = append(s.Depths, d)
		}
	}
	s.ScanTime = cmp.Or(s.ScanTime, 0.1)
	for _, t := range append(slices.Clone(s.Times), s.ScanTime) {
		if _, err := place(t); err != nil {
			return s, err
		}
	}
	for _, d := range s.Depths {
		if d < 2 {
			return s, fmt.Errorf("paper: a net of %d linear layers: want 2 or more", d)
		}
	}
	return s, nil
}

// Nearest returns the one of the scale's times that is nearest to t, s, by their ratio: of two alike the shorter.
func (s Scale) Nearest(t float64) float64 {
	times := s.Times
	if len(times) == 0 {
		times = decades()
	}
	best := times[0]
	for _, c := range times[1:] {
		if math.Abs(math.Log(c/t)) < math.Abs(math.Log(best/t))-1e-9 {
			best = c
		}
	}
	return best
}

// decades are the nine times of the paper's nets, s.
func decades() (all []float64) {
	for k := -6; k <= 2; k++ {
		all = append(all, math.Pow10(k))
	}
	return all
}

// Decade returns the power of ten nearest to a time: the paper's label times lie a few percent above theirs.
func Decade(t float64) float64 { return math.Pow10(int(math.Round(math.Log10(t)))) }

// place returns the number of a time among the nine.
func place(t float64) (int, error) {
	k := int(math.Round(math.Log10(t))) + 6
	if !(t > 0) || k < 0 || k > 8 || math.Abs(t/Decade(t)-1) > 1e-9 {
		return 0, fmt.Errorf("paper: time %g s: want powers of ten from 1e-6 to 100", t)
	}
	return k, nil
}
