package ode

// Rodas4 is a Rosenbrock method of order 4 with six stages, stiffly accurate
// and L-stable, with an embedded solution of order 3.
//
// E. Hairer, G. Wanner, Solving Ordinary Differential Equations II (1996),
// section IV.7; coefficients of their code RODAS.
type Rodas4 struct{ rosenbrock }

// String returns "rodas4".
func (*Rodas4) String() string { return "rodas4" }

func (r *Rodas4) start(it *integration) error { return r.begin(it, &rodas4) }

var rodas4 = tableau{
	order:    4,
	embedded: 3,
	gamma:    0.25,
	a: [][]float64{
		{1.544},
		{0.9466785280815826, 0.2557011698983284},
		{3.314825187068521, 2.896124015972201, 0.9986419139977817},
		{1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950},
	},
	c: [][]float64{
		{-5.6688},
		{-2.430093356833875, -0.2063599157091915},
		{-0.1073529058151375, -9.594562251023355, -20.47028614809616},
		{7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160},
		{8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054},
	},
	alpha: []float64{0, 0.386, 0.21, 0.63, 1, 1},
	d:     []float64{0.25, -0.1043, 0.1035, -0.0362, 0, 0},
}
