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

// number is what the formulas for rates compute with: [plain] for the right-hand side, [dual] for its derivatives.
type number[T any] interface {
	add(T) T
	mul(T) T
	scale(float64) T
	plus(float64) T
	inverse(least float64) T // 1/x, 0 where x is not above least
	value() float64
}

// plain is a number without derivatives.
type plain float64

func (a plain) add(b plain) plain     { return a + b }
func (a plain) mul(b plain) plain     { return a * b }
func (a plain) scale(s float64) plain { return a * plain(s) }
func (a plain) plus(c float64) plain  { return a + plain(c) }
func (a plain) inverse(least float64) plain {
	if !(a > plain(least)) {
		return 0
	}
	return 1 / a
}
func (a plain) value() float64 { return float64(a) }

// dual is a number with its derivatives by all variables.
type dual struct {
	v float64
	d [variables]float64
}

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

func (a dual) plus(c float64) dual {
	a.v += c
	return a
}

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

func (a dual) value() float64 { return a.v }
