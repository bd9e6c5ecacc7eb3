package dataset

import (
	"fmt"
	"math"
	"slices"

	"nuclab/nucnet"
	"nuclab/nucnet/sample"
)

// Protocol is what a set is for: to train emulators, or to test them.
type Protocol string

const (
	// Train is a set of burns from random states: every time counts from the start.
	Train Protocol = "train"
	// PaperTest imitates the test of arXiv:2503.00115 as it was run. Each sample is a run of 1001 consecutive steps that
	// starts from nuclides of the small network. The input of the test for a time dt is the run's state at the row after
	// the one nearest below dt, its target the row 13 further on, 0.83 dt later; energies are those of the target's own
	// step. Settings.Times are the times of the networks under test.
	PaperTest Protocol = "paper"
	// CleanTest has the same inputs; targets lie exactly Settings.Times later, and energies cover that time.
	CleanTest Protocol = "clean"
)

// Protocols lists the protocols, the default first.
func Protocols() []Protocol { return []Protocol{Train, PaperTest, CleanTest} }

// The rows of a test run: step lengths of 10^(-10 + row/50) s, an age being their sum.
const (
	testRows    = 1001
	testFurther = 13 // rows from input to target in PaperTest
)

func testStep(row int) float64 { return math.Pow(10, -10+float64(row)/50) }

// span is the part of a test run that a test for one time looks at.
type span struct {
	input  float64 // age of the state that the emulator starts from, s
	length float64 // from there to the target, s
	step   float64 // of the target's energy, s
}

// spans returns what the tests for all times look at. A time within a tenth of a power of ten, as those of the paper's
// nets are, has its input near that power.
func (s Settings) spans() ([]span, error) {
	ages := make([]float64, testRows)
	sum := 0.0
	for r := range ages {
		sum += testStep(r)
		ages[r] = sum
	}
	var spans []span
	for _, t := range s.Times {
		dt := math.Pow(10, math.Round(math.Log10(t)))
		if math.Abs(t/dt-1) > 0.1 {
			dt = t
		}
		row, _ := slices.BinarySearch(ages, dt) // the first at or above dt
		if row == 0 || row+testFurther >= testRows {
			return nil, fmt.Errorf("dataset: %w: a test run has no state near %g s", ErrSettings, t)
		}
		c := span{input: ages[row], length: t, step: t}
		if s.Protocol == PaperTest {
			c.length, c.step = ages[row+testFurther]-ages[row], testStep(row+testFurther)
		}
		spans = append(spans, c)
	}
	return spans, nil
}

// Timing is the processor time that one test took, for the network of the set and for the small one: from the input to
// the target, and from the start of the run to the target.
type Timing struct {
	Index         int     // of the sample
	Time          int     // place in Manifest.Labels
	CPU, SmallCPU float64 // s
}

// smallNet returns the network whose answers stand beside those of a test set.
func smallNet() (*nucnet.Network, error) { return nucnet.Stock(sample.SmallNetwork) }
