package ode

// LinearSystem opens the linear algebra to tests outside the package.
type LinearSystem struct{ linear }

// Factor factorises c I - J with the given values of the Jacobian.
func (l *LinearSystem) Factor(s *Structure, c float64, jacobian, y []float64) error {
	if l.st == nil {
		l.init(s, new(Stats))
		l.evaluate(&Problem{Jacobian: func(_ float64, _, dst []float64) { copy(dst, jacobian) }}, 0, y)
	}
	return l.factor(c)
}

// Solve overwrites b by the solution.
func (l *LinearSystem) Solve(b []float64) { l.factors.solve(b) }
