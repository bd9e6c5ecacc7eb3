package approx21

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate"
)

// Flow is a net reaction between members. Its flux, in mol/g/s, counts how often per second what Change lists happens.
type Flow struct {
	Text     string    // "n14 + 1.5 he4 -> ne20"
	Change   []float64 // of the number of each member by one reaction
	Source   string    // of its rate: labels of REACLIB, and what it passes through
	Q        float64   // MeV released by one reaction, from atomic masses
	QNu      float64   // MeV of it that neutrinos carry away
	TwoWay   bool      // there is a reverse
	charge   float64   // change of the sum of charge numbers
	forward  drive
	reverse  drive
	screened bool // the flux depends on enhancement factors
}

// Weak reports whether the flow changes the sum of charge numbers.
func (f *Flow) Weak() bool { return f.charge != 0 }

// Reaction returns the flow as a reaction between whole nuclides: one that Text writes with a half is doubled.
func (f *Flow) Reaction() rate.Reaction { return f.reaction }

// drive is what makes a flow go: flux = factor x rate x product of the abundances of members of.
type drive struct {
	rate    func(*state) dual
	factor  float64
	of      []int
	depends [named]bool // which abundances the rate itself depends on
}
