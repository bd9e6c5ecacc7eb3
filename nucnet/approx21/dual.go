package approx21

// Everything that a rate depends on beside temperature and density: four abundances by name, then the means of the
// plasma.
const (
	byNeut = iota
	byProt
	byH1
	byHe4
	byYe
	bySumY
	bySumZZ
	variables
)

// named is the number of variables that are abundances of members.
const named = byYe

// dual is a number with its derivatives by all variables.
type dual struct {
	v float64
	d [variables]float64
}

func constant(v float64) dual { return dual{v: v} }

func variable(v float64, by int) dual {
	x := dual{v: v}
	x.d[by] = 1
	return x
}

func (a dual) add(b dual) dual {
	a.v += b.v
	for i := range a.d {
		a.d[i] += b.d[i]
	}
	return a
}

func (a dual) mul(b dual) dual {
	for i := range a.d {
		a.d[i] = a.d[i]*b.v + a.v*b.d[i]
	}
	a.v *= b.v
	return a
}

func (a dual) scale(s float64) dual {
	a.v *= s
	for i := range a.d {
		a.d[i] *= s
	}
	return a
}

// inverse returns 1/a, or 0 where |a| is not above least.
func (a dual) inverse(least float64) dual {
	if !(a.v > least) {
		return dual{}
	}
	inv := 1 / a.v
	for i := range a.d {
		a.d[i] *= -inv * inv
	}
	a.v = inv
	return a
}
