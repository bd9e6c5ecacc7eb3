package paper

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"nuclab/nnlib"
)

// Check sets what the paper published beside ours.
type Check struct {
	Value
	// Protocol is how ours was tested. The published numbers come from the protocol "paper".
	Protocol string
	// Ours are the least and the greatest value of an evaluation at those of its times for which the published one holds.
	Ours [2]float64
}

// String returns our range, as Value.String does the published one.
func (c Check) String() string {
	c.Low, c.High = c.Ours[0], c.Ours[1]
	return c.Value.String()
}

// Row is a check as a notebook shows it in a table.
type Row struct {
	Network, Quantity, Of, Steps, Published, Source, Protocol, Ours string
}

// Row returns the check in words.
func (c Check) Row() Row {
	steps := fmt.Sprintf("%.0e s", c.From)
	if c.To > c.From {
		steps = fmt.Sprintf("%.0e to %.0e s", c.From, c.To)
	}
	return Row{c.Network, c.Quantity, c.Of, steps, c.Value.String(), c.Source, c.Protocol, c.String()}
}

// Compare returns what the paper published about the figures 3, 4 and 5 for the network of an evaluation, beside that
// evaluation. Left out are values of times that it does not have.
func Compare(e *nnlib.Evaluation) (all []Check) {
	for _, v := range Published("", e.Network) {
		c := Check{Value: v, Protocol: e.Protocol, Ours: [2]float64{math.Inf(1), math.Inf(-1)}}
		for _, at := range e.Times {
			if dt := Decade(at.T); dt < 0.99*v.From || dt > 1.01*v.To {
				continue
			}
			if ours, ok := measured(v, at); ok {
				c.Ours = [2]float64{min(c.Ours[0], ours), max(c.Ours[1], ours)}
			}
		}
		if c.Network = e.Network; c.Ours[0] <= c.Ours[1] {
			all = append(all, c)
		}
	}
	return all
}

// measured returns an evaluation's number for a published one at a time.
func measured(v Value, at nnlib.TimeErrors) (float64, bool) {
	of := func(e *nnlib.Errors) float64 {
		switch v.Quantity {
		case "Ye":
			return float64(e.Ye)
		case "e_nuc":
			return float64(e.EpsNuc)
		case "e_nu":
			return float64(e.EpsNu)
		case "A":
			return float64(e.Abar)
		case "X":
			return median(e.XMAE)
		}
		return math.NaN()
	}
	var ours float64
	switch figure := v.Figure; {
	case figure != "fig3" && figure != "fig4" && figure != "fig5", v.Of != "NNN" && at.Approx21 == nil:
		return 0, false
	case v.Of == "NNN":
		ours = of(at.NNN)
	case v.Of == "approx21":
		ours = of(at.Approx21)
	default:
		ours = of(at.Approx21) / of(at.NNN)
	}
	return ours, !math.IsNaN(ours) && !math.IsInf(ours, 0)
}

// median returns the median over the nuclides.
func median(errors map[string]float64) float64 {
	all := slices.Sorted(maps.Values(errors))
	if len(all) == 0 {
		return math.NaN()
	}
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
