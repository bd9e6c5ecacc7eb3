package dataset

import (
	"fmt"
	"math"
)

// PaperTimes returns the nine times at which the training data of arXiv:2503.00115 were read for a network, in s, and
// the length of the step that ends at each. That data came from consecutive burns of 501 step lengths, spaced evenly in
// their logarithm from 1e-10 s to 1e2 s (mesa_80) or 1e4 s (mesa_151); a time is the sum of the steps up to a row.
func PaperTimes(network string) (times, steps []float64, err error) {
	var decades float64
	var rows []int // counted from 0
	switch network {
	case "mesa_80":
		decades, rows = 12, []int{114, 156, 198, 239, 281, 323, 364, 406, 448}
	case "mesa_151":
		decades, rows = 14, []int{100, 136, 172, 207, 243, 279, 315, 350, 386}
	default:
		return nil, nil, fmt.Errorf("dataset: %w: no paper's times for network %q, only for mesa_80 and mesa_151", ErrSettings, network)
	}
	age := 0.0
	for row := 0; len(rows) > 0; row++ {
		step := math.Pow(10, -10+decades*float64(row)/500)
		age += step
		if row == rows[0] {
			times, steps, rows = append(times, age), append(steps, step), rows[1:]
		}
	}
	return times, steps, nil
}

// burnTimes returns every time needed to fill a row: the times themselves and, where the step before one does not begin
// at 0 or at the time before, its beginning. at[k] is the place of Times[k] and before[k] that of its step's beginning,
// -1 for the start of the burn.
func (s Settings) burnTimes() (all []float64, at, before []int) {
	for k, t := range s.Times {
		last := 0.0
		if k > 0 {
			last = s.Times[k-1]
		}
		begin := t - s.Steps[k]
		switch {
		case begin <= t*1e-12: // the whole time
			before = append(before, -1)
		case k > 0 && math.Abs(begin-last) <= t*1e-12:
			before = append(before, at[k-1])
		default:
			// A step may begin before the time before it: times asked of a burn must rise, so keep all in order.
			i := len(all)
			for i > 0 && all[i-1] > begin {
				i--
			}
			all = append(all, 0)
			copy(all[i+1:], all[i:])
			all[i] = begin
			for j := range at {
				if at[j] >= i {
					at[j]++
				}
			}
			for j := range before {
				if before[j] >= i {
					before[j]++
				}
			}
			before = append(before, i)
		}
		all = append(all, t)
		at = append(at, len(all)-1)
	}
	return all, at, before
}
