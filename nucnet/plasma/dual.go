package plasma

import "math"

// The variables that a dual is differentiated with respect to.
const (
	lnT = iota
	lnRho
	lnAbar
	lnYe
	variables
)

// dual is a number with its derivatives with respect to the logarithms of the state's variables: forward-mode
// differentiation (Wengert 1964, CACM 7, 463). Logarithms stay finite where a power of a variable vanishes.
type dual struct {
	v float64
	d [variables]float64
}

// variable returns a number v > 0 that is itself the i-th variable.
func variable(v float64, i int) dual {
	x := dual{v: v}
	x.d[i] = v
	return x
}

// chain returns f(x) from its value and derivative.
func (x dual) chain(v, slope float64) dual {
	x.v = v
	for i := range x.d {
		x.d[i] *= slope
	}
	return x
}

func (x dual) add(y dual) dual {
	x.v += y.v
	for i := range x.d {
		x.d[i] += y.d[i]
	}
	return x
}

func (x dual) sub(y dual) dual { return x.add(y.scale(-1)) }

func (x dual) mul(y dual) dual {
	for i := range x.d {
		x.d[i] = x.d[i]*y.v + x.v*y.d[i]
	}
	x.v *= y.v
	return x
}

func (x dual) div(y dual) dual {
	x.v /= y.v
	for i := range x.d {
		x.d[i] = (x.d[i] - x.v*y.d[i]) / y.v
	}
	return x
}

// occupation returns 1/(exp(x)+1).
func (x dual) occupation() dual {
	f := 1 / (math.Exp(x.v) + 1)
	return x.chain(f, -f*(1-f))
}

func (x dual) plus(c float64) dual  { x.v += c; return x }
func (x dual) scale(c float64) dual { return x.chain(c*x.v, c) }
func (x dual) exp() dual            { e := math.Exp(x.v); return x.chain(e, e) }
func (x dual) log10() dual          { return x.chain(math.Log10(x.v), 1/(math.Ln10*x.v)) }
func (x dual) square() dual         { return x.chain(x.v*x.v, 2*x.v) }
func (x dual) inv() dual            { return x.chain(1/x.v, -1/(x.v*x.v)) }

// pow returns x^p for x >= 0. At 0 it keeps the derivative 0 of a power of a variable with respect to its logarithm.
func (x dual) pow(p float64) dual {
	if x.v == 0 {
		return dual{}
	}
	v := math.Pow(x.v, p)
	return x.chain(v, p*v/x.v)
}

func (x dual) sqrt() dual {
	if x.v == 0 {
		return dual{}
	}
	v := math.Sqrt(x.v)
	return x.chain(v, 0.5/v)
}

// poly returns c[0] + c[1] x + c[2] x^2 + ...
func (x dual) poly(c ...float64) dual {
	v, slope := 0.0, 0.0
	for i := len(c) - 1; i >= 0; i-- {
		slope = slope*x.v + v
		v = v*x.v + c[i]
	}
	return x.chain(v, slope)
}
