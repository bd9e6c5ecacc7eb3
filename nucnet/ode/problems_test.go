package ode

import "math"

// reference is a stiff problem with a published solution at one time.
type reference struct {
	name    string
	problem *Problem
	y0      []float64
	t       float64
	want    []float64
}

func dense(n int, invariants []Invariant, f func(y, dst []float64), jac func(y []float64, set func(i, j int, v float64))) *Problem {
	s, err := NewStructure(Dense(n), invariants...)
	if err != nil {
		panic(err)
	}
	return &Problem{
		Structure: s,
		Func:      func(_ float64, y, dst []float64) { f(y, dst) },
		Jacobian: func(_ float64, y, dst []float64) {
			clear(dst)
			jac(y, func(i, j int, v float64) { dst[i*n+j] += v })
		},
	}
}

// references are from the test set of F. Mazzia and C. Magherini, Test Set for
// Initial Value Problem Solvers, release 2.4 (2008), with the solutions printed
// there.
func references() []reference {
	return []reference{
		{"Robertson", robertson(nil), []float64{1, 0, 0}, 1e11,
			[]float64{0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050}},
		{"Robertson with its invariant", robertson([]Invariant{{Weights: []float64{1, 1, 1}}}), []float64{1, 0, 0}, 1e11,
			[]float64{0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050}},
		{"HIRES", hires(), []float64{1, 0, 0, 0, 0, 0, 0, 0.0057}, 321.8122,
			[]float64{0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
				0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2}},
		{"OREGO", orego(), []float64{1, 2, 3}, 360,
			[]float64{0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3}},
		{"van der Pol", vanDerPol(1e-6), []float64{2, 0}, 2,
			[]float64{0.1706167732170483e1, -0.8928097010247975}},
	}
}

func robertson(invariants []Invariant) *Problem {
	return dense(3, invariants,
		func(y, dst []float64) {
			a, b, c := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
			dst[0], dst[1], dst[2] = b-a, a-b-c, c
		},
		func(y []float64, set func(int, int, float64)) {
			set(0, 0, -0.04)
			set(0, 1, 1e4*y[2])
			set(0, 2, 1e4*y[1])
			set(1, 0, 0.04)
			set(1, 1, -1e4*y[2]-6e7*y[1])
			set(1, 2, -1e4*y[1])
			set(2, 1, 6e7*y[1])
		})
}

func hires() *Problem {
	return dense(8, nil,
		func(y, f []float64) {
			f[0] = -1.71*y[0] + 0.43*y[1] + 8.32*y[2] + 0.0007
			f[1] = 1.71*y[0] - 8.75*y[1]
			f[2] = -10.03*y[2] + 0.43*y[3] + 0.035*y[4]
			f[3] = 8.32*y[1] + 1.71*y[2] - 1.12*y[3]
			f[4] = -1.745*y[4] + 0.43*y[5] + 0.43*y[6]
			f[5] = -280*y[5]*y[7] + 0.69*y[3] + 1.71*y[4] - 0.43*y[5] + 0.69*y[6]
			f[6] = 280*y[5]*y[7] - 1.81*y[6]
			f[7] = -f[6]
		},
		func(y []float64, set func(int, int, float64)) {
			for _, e := range []struct {
				i, j int
				v    float64
			}{
				{0, 0, -1.71}, {0, 1, 0.43}, {0, 2, 8.32}, {1, 0, 1.71}, {1, 1, -8.75},
				{2, 2, -10.03}, {2, 3, 0.43}, {2, 4, 0.035}, {3, 1, 8.32}, {3, 2, 1.71}, {3, 3, -1.12},
				{4, 4, -1.745}, {4, 5, 0.43}, {4, 6, 0.43},
				{5, 3, 0.69}, {5, 4, 1.71}, {5, 5, -280*y[7] - 0.43}, {5, 6, 0.69}, {5, 7, -280 * y[5]},
				{6, 5, 280 * y[7]}, {6, 6, -1.81}, {6, 7, 280 * y[5]},
				{7, 5, -280 * y[7]}, {7, 6, 1.81}, {7, 7, -280 * y[5]},
			} {
				set(e.i, e.j, e.v)
			}
		})
}

func orego() *Problem {
	const s, w, q = 77.27, 0.161, 8.375e-6
	return dense(3, nil,
		func(y, f []float64) {
			f[0] = s * (y[1] + y[0]*(1-q*y[0]-y[1]))
			f[1] = (y[2] - (1+y[0])*y[1]) / s
			f[2] = w * (y[0] - y[2])
		},
		func(y []float64, set func(int, int, float64)) {
			set(0, 0, s*(1-2*q*y[0]-y[1]))
			set(0, 1, s*(1-y[0]))
			set(1, 0, -y[1]/s)
			set(1, 1, -(1+y[0])/s)
			set(1, 2, 1/s)
			set(2, 0, w)
			set(2, 2, -w)
		})
}

func vanDerPol(eps float64) *Problem {
	return dense(2, nil,
		func(y, f []float64) {
			f[0] = y[1]
			f[1] = ((1-y[0]*y[0])*y[1] - y[0]) / eps
		},
		func(y []float64, set func(int, int, float64)) {
			set(0, 1, 1)
			set(1, 0, (-2*y[0]*y[1]-1)/eps)
			set(1, 1, (1-y[0]*y[0])/eps)
		})
}

// protheroRobinson is dy/dt = -k (y - cos t) - sin t with the solution cos t,
// whatever k: order is lost here first.
func protheroRobinson(k float64) *Problem {
	s, err := NewStructure(Dense(1))
	if err != nil {
		panic(err)
	}
	return &Problem{
		Structure:      s,
		Func:           func(t float64, y, dst []float64) { dst[0] = -k*(y[0]-math.Cos(t)) - math.Sin(t) },
		Jacobian:       func(_ float64, _, dst []float64) { dst[0] = -k },
		TimeDerivative: func(t float64, _, dst []float64) { dst[0] = -k*math.Sin(t) - math.Cos(t) },
	}
}
