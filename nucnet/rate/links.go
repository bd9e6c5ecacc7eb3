package rate

import (
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/rate/reaclib"
)

// Link is a strong reaction with its reverse. In -> Out is the direction that the fit is for, of either sign of Q.
type Link struct {
	Reaction
	Q       float64 // MeV released by In -> Out
	Label   string  // source of the fit in REACLIB, such as "nac2"; several are joined by "+"
	fits    []reaclib.Fit
	balance balance
	in, out []int // places of In and Out in the list of members
}

// WeakTable is a weak reaction of one nuclide into another with a tabulated rate.
type WeakTable struct {
	Reaction
	Q         float64 // MeV released, from atomic masses: the annihilation of a positron is in it
	Source    string  // "lmp", "oda" or "ffn"
	table     *weakTable
	low       float64 // rate in 1/s at low temperature, 0 if none is known
	lowNu     float64 // MeV to neutrinos per reaction at low temperature, where the table has none
	tableFrom float64 // T9 where the table's share begins
}

// WeakFit is a weak reaction with a fitted or constant rate.
type WeakFit struct {
	Reaction
	Q        float64 // MeV released, from atomic masses
	QNu      float64 // MeV of it that neutrinos carry away
	Label    string  // source of the fit in REACLIB
	Electron bool    // captures an electron: lambda holds a factor rho Ye
	fits     []reaclib.Fit
}

// Links holds all reactions among a list of nuclides. It does not change once made and may be used concurrently.
type Links struct {
	Members []nuclide.Nuclide
	Balance Balance
	Strong  []Link
	Tables  []WeakTable
	Fits    []WeakFit
}

// Weak returns the number of weak reactions, tables and fits.
func (l *Links) Weak() int { return len(l.Tables) + len(l.Fits) }

// Directions returns the number of directed reactions: twice the strong links and once the weak ones.
func (l *Links) Directions() int { return 2*len(l.Strong) + l.Weak() }
