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
	OneWay  bool    // has no reverse, as Rules may ask for
	fits    []reaclib.Fit
	balance balance
	in, out []int // places of In and Out in the list of members
}

// WeakTable is a weak reaction of one nuclide into another with a tabulated rate.
type WeakTable struct {
	Reaction
	Q      float64    // MeV released, from atomic masses: the annihilation of a positron is in it
	Source string     // "lmp", "oda", "ffn" or "suzuki"
	table  *weakTable // nil if there is only the other one
	fine   *fineTable // nil unless Rules ask for it
	low    float64    // rate in 1/s at low temperature, 0 if none is known
	lowNu  float64    // MeV to neutrinos per reaction at low temperature, where the table has none
	// T9 where the table's share begins and over which it rises to 1.
	tableFrom, tableWidth float64
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

	fine        bool         // some of Tables have a fine table
	factors     [][2]float64 // on the rates of Strong in their two directions, nil if all are 1
	weakFactors []float64    // on those of Tables, then Fits
}

// Weak returns the number of weak reactions, tables and fits.
func (l *Links) Weak() int { return len(l.Tables) + len(l.Fits) }

// Directions returns the number of directed reactions: twice the strong links, but for those of one way, and once the
// weak ones.
func (l *Links) Directions() int {
	n := 2*len(l.Strong) + l.Weak()
	for i := range l.Strong {
		if l.Strong[i].OneWay {
			n--
		}
	}
	return n
}

// Scaled returns the same links with rates multiplied by factors, 0 or more. factor is called for every directed
// reaction, also for the reverse of a strong one, which is not scaled with it by itself. Factors of earlier calls
// count too.
func (l *Links) Scaled(factor func(Reaction) float64) *Links {
	s := *l
	s.factors = make([][2]float64, len(l.Strong))
	for i := range s.factors {
		r := l.Strong[i].Reaction
		s.factors[i] = [2]float64{factor(r), factor(r.Reverse())}
		if l.factors != nil {
			s.factors[i][0] *= l.factors[i][0]
			s.factors[i][1] *= l.factors[i][1]
		}
	}
	s.weakFactors = make([]float64, l.Weak())
	for i := range s.weakFactors {
		if i < len(l.Tables) {
			s.weakFactors[i] = factor(l.Tables[i].Reaction)
		} else {
			s.weakFactors[i] = factor(l.Fits[i-len(l.Tables)].Reaction)
		}
		if l.weakFactors != nil {
			s.weakFactors[i] *= l.weakFactors[i]
		}
	}
	return &s
}

// Without returns the links without the directed reactions that drop reports; a strong link goes if either of its
// directions does. Factors of [Links.Scaled] go with it: scale afterwards.
func (l *Links) Without(drop func(Reaction) bool) *Links {
	w := Links{Members: l.Members, Balance: l.Balance, fine: l.fine}
	for _, s := range l.Strong {
		if !drop(s.Reaction) && !drop(s.Reaction.Reverse()) {
			w.Strong = append(w.Strong, s)
		}
	}
	for _, t := range l.Tables {
		if !drop(t.Reaction) {
			w.Tables = append(w.Tables, t)
		}
	}
	for _, f := range l.Fits {
		if !drop(f.Reaction) {
			w.Fits = append(w.Fits, f)
		}
	}
	return &w
}
