package ode

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// Problem is a system dy/dt = f(t, y). Its functions are called from one
// goroutine at a time, with y and dst of length Structure.Dim() that they must
// not keep.
type Problem struct {
	// Structure says where the Jacobian has entries.
	Structure *Structure

	// Func stores f(t, y) in dst.
	Func func(t float64, y, dst []float64)

	// Jacobian stores df_i/dy_j in dst, for every entry of the pattern in the
	// pattern's numbering.
	Jacobian func(t float64, y, dst []float64)

	// TimeDerivative stores the partial derivative df/dt in dst. It is nil
	// for an autonomous system.
	TimeDerivative func(t float64, y, dst []float64)

	// BeginStep, if not nil, is called with the state at which a step begins,
	// before Func and Jacobian at that state, and not again when the step is
	// tried with another size. A problem may prepare there what it
	// approximates within a step.
	BeginStep func(t float64, y []float64)

	// Admissible, if not nil, is asked at the end of a step that passed the
	// error test. Where it says no, the step is repeated with half its size,
	// unless the state where it began is not admissible either. Where that does
	// not help, the integration ends with ErrNotAdmissible.
	Admissible func(y []float64) bool
}

// Invariant is a linear first integral: the sum of Weights[i] y[i] keeps its
// initial value along every solution.
//
// Within linear systems the invariant takes the place of one equation that is
// redundant beside it, the one in which it has most of its weight, chosen anew
// as the solution moves.
type Invariant struct {
	Weights []float64

	// Rows lists the components whose equation may be replaced; nil means any
	// of them. With a single component the invariant is what defines that
	// component: its row of the Jacobian is never looked at, nor what Func gives
	// for it but to begin with. If no equation
	// depends on it, such a component costs next to nothing, and as it adds up
	// the changes of others, it is exact to rounding even where these are much
	// smaller than what changes.
	Rows []int
}

// Structure is what does not change from state to state, nor from one problem
// to another that differs in numbers alone: the pattern of the Jacobian, the
// invariants. It keeps the symbolic
// factorisations made for it and may be used by several goroutines at once.
type Structure struct {
	pattern     *Pattern
	invariants  []Invariant
	coupled     []int // components that linear systems are solved for
	quadratures []quadrature
	derived     []Invariant // those that define a component that nothing depends on

	mu    sync.Mutex
	known map[string]*symbolic
	size  int // entries of all that is known
}

// quadrature is a component that no equation but its own depends on, and where the
// pattern has its diagonal.
type quadrature struct{ component, diagonal int }

// maxKnown bounds the entries kept in symbolic factorisations, to some 64 MB.
const maxKnown = 8 << 20

// NewStructure returns the structure of a problem.
func NewStructure(p *Pattern, invariants ...Invariant) (*Structure, error) {
	n := p.Dim()
	for _, inv := range invariants {
		if len(inv.Weights) != n {
			return nil, fmt.Errorf("ode: an invariant has %d weights for %d components", len(inv.Weights), n)
		}
		for _, r := range inv.Rows {
			if r < 0 || r >= n {
				return nil, fmt.Errorf("ode: an invariant names component %d of %d", r, n)
			}
		}
	}
	s := &Structure{pattern: p, known: map[string]*symbolic{}}
	needed := make([]int, n) // by so many invariants, and equations of other components
	for i := range n {
		for _, j := range p.row(i) {
			if int(j) != i {
				needed[j]++
			}
		}
		for _, inv := range invariants {
			if inv.Weights[i] != 0 {
				needed[i]++
			}
		}
	}
	defined := make([]bool, n)
	for _, inv := range invariants {
		if len(inv.Rows) == 1 && inv.Weights[inv.Rows[0]] != 0 && needed[inv.Rows[0]] == 1 {
			s.derived = append(s.derived, inv)
			defined[inv.Rows[0]] = true
		} else {
			s.invariants = append(s.invariants, inv)
		}
	}
	if len(s.invariants) > maxTail {
		return nil, fmt.Errorf("ode: %d invariants, want at most %d", len(s.invariants), maxTail)
	}
	for i := range n {
		switch {
		case defined[i]:
		case needed[i] > 0:
			s.coupled = append(s.coupled, i)
		default:
			s.quadratures = append(s.quadratures, quadrature{i, p.Index(i, i)})
		}
	}
	return s, nil
}

// Dim returns the number of components.
func (s *Structure) Dim() int { return s.pattern.Dim() }

// Pattern returns the pattern of the Jacobian.
func (s *Structure) Pattern() *Pattern { return s.pattern }

// symbolic returns the analysis for invariants in the place of the equations
// rows, which are eliminated last. Each set of rows is analysed once.
func (s *Structure) symbolic(rows []int) *symbolic {
	key := fmt.Sprint(rows)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sym := s.known[key]; sym != nil {
		return sym
	}
	head := make([]int, 0, len(s.coupled))
	for _, i := range s.coupled {
		if !slices.Contains(rows, i) {
			head = append(head, i)
		}
	}
	sym := newSymbolic(s.pattern, head, rows)
	if s.size += sym.size(); s.size > maxKnown {
		clear(s.known)
		s.size = sym.size()
	}
	s.known[key] = sym
	return sym
}

// chooser assigns to every invariant the equation that it replaces.
type chooser struct {
	rows    []int
	reduced [][]float64 // invariants after elimination of the earlier ones
	allowed [][]bool    // by invariant and component
}

// keep is the part of the largest entry that the entry of a present choice may
// fall to.
const keep = 0.01

// holds reports whether the present choice still does at another state.
func (c *chooser) holds(y []float64) bool {
	for k, w := range c.reduced {
		least := math.Abs(w[c.rows[k]]*y[c.rows[k]]) / keep
		for i, v := range w {
			if math.Abs(v*y[i]) > least && c.allowed[k][i] {
				return false
			}
		}
	}
	return true
}

// choose picks rows by elimination among the invariants with their weights
// multiplied by |y|, taking the largest entry as pivot, so that each invariant
// determines a component that is not small in it. The present choice stands
// while its entries are not much smaller than the largest. It reports whether
// the choice has changed.
func (c *chooser) choose(s *Structure, y []float64) bool {
	first := len(c.rows) != len(s.invariants)
	if first {
		c.rows = make([]int, len(s.invariants))
		c.reduced = growRows(nil, len(s.invariants), s.Dim())
		c.allowed = make([][]bool, len(s.invariants))
		for k, inv := range s.invariants {
			c.rows[k] = -1
			c.allowed[k] = make([]bool, s.Dim())
			for _, i := range inv.Rows {
				c.allowed[k][i] = true
			}
			if inv.Rows == nil {
				for i := range c.allowed[k] {
					c.allowed[k][i] = true
				}
			}
		}
	}
	if !first && !slices.Contains(c.rows, -1) && c.holds(y) {
		return false
	}
	changed := first
	for k, inv := range s.invariants {
		w := c.reduced[k]
		copy(w, inv.Weights)
		for p := range k {
			if m := w[c.rows[p]] / c.reduced[p][c.rows[p]]; m != 0 {
				for i, v := range c.reduced[p] {
					w[i] -= m * v
				}
			}
			w[c.rows[p]] = 0
		}
		best, size := -1, 0.0
		for i, v := range w {
			if v == 0 || !c.allowed[k][i] {
				continue
			}
			// Where all that it weighs is zero, the weights alone decide.
			if v := math.Abs(v) * (math.Abs(y[i]) + 1e-100); v > size {
				best, size = i, v
			}
		}
		if old := c.rows[k]; old >= 0 && math.Abs(w[old]*y[old]) > keep*size {
			continue
		}
		if best < 0 {
			// Nothing is left of this invariant: any row would be wrong. The
			// factorisation finds the matrix singular.
			best = max(c.rows[k], 0)
		}
		changed = changed || best != c.rows[k]
		c.rows[k] = best
	}
	return changed
}
