package vm

import (
	"context"
	"errors"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Backend is a device that can run plans.
type Backend interface {
	// Name of the device and of the library it multiplies with.
	Name() string
	// Compile prepares a plan. Bound buffers (with a Node) get their memory
	// through Bind before the first Run.
	Compile(*Plan) (Program, error)
}

// Program is a plan on a device. It serves one caller at a time.
type Program interface {
	// Bind connects a buffer to a value in host memory: the CPU works on that
	// memory itself, another device copies it now.
	Bind(buffer int, v G.Value) error
	// Upload brings what changed in the bound value to the device, Download
	// brings the device's result to the bound value. Both do nothing on the CPU.
	Upload(buffer int) error
	Download(buffer int) error
	// Run executes all steps. When ctx ends it stops between two steps.
	Run(ctx context.Context) error
	// NewAdam makes the moments, 0 at first, of parameters and gradients given
	// as buffers in pairs.
	NewAdam(parameters, gradients []int) (Moments, error)
	// Close frees the device's memory.
	Close() error
}

// Moments is an optimiser's state on a device.
type Moments interface {
	// Step updates the parameters from the gradients of the last Run, which it may
	// change; t counts from 1.
	Step(a Adam, t int) error
	// State returns a copy of what the next step depends on beside the parameters.
	State() (State, error)
	// Restore puts back what State returned.
	Restore(State) error
}

// State holds, for each parameter, the first and second moments of its gradient
// and, where they are wanted, its average over the steps.
type State struct{ M, V, Average []G.Value }

// Machine runs one graph. It implements gorgonia.VM.
type Machine struct {
	plan    *Plan
	program Program
	bound   []G.Value // by buffer: the value that was bound last
	buffer  map[*G.Node]int
	kept    []bool // by buffer: Run does not copy it to or from the device
}

var _ G.VM = (*Machine)(nil)

// New prepares a machine that computes the targets and what they need. Every
// variable of the graph must have a value by the time it runs; the machine
// gives the targets theirs, whose memory stays the same from run to run.
func New(b Backend, targets ...*G.Node) (*Machine, error) {
	p, err := NewPlan(targets...)
	if err != nil {
		return nil, err
	}
	m := &Machine{plan: p, bound: make([]G.Value, len(p.Buffers)), buffer: map[*G.Node]int{}, kept: make([]bool, len(p.Buffers))}
	if m.program, err = b.Compile(p); err != nil {
		return nil, err
	}
	inputs := map[int]bool{}
	for _, i := range p.Inputs {
		inputs[i] = true
	}
	for i, buf := range p.Buffers {
		n := buf.Node
		if n == nil {
			continue
		}
		m.buffer[n] = i
		if inputs[i] || n.Op() != nil && len(children(n)) == 0 {
			continue // bound to the value it has when the machine runs
		}
		if err := G.UnsafeLet(n, empty(n, p.Dtype)); err != nil {
			return nil, errors.Join(fmt.Errorf("vm: %v: %w", n, err), m.Close())
		}
	}
	return m, nil
}

func empty(n *G.Node, dt tensor.Dtype) G.Value {
	switch {
	case !n.IsScalar():
		return tensor.New(tensor.WithShape(n.Shape()...), tensor.Of(dt))
	case dt == tensor.Float32:
		return G.NewF32(0)
	}
	return G.NewF64(0)
}

// bind connects buffer i to its node's value if that is a new one.
func (m *Machine) bind(i int) error {
	n := m.plan.Buffers[i].Node
	v := n.Value()
	if v == nil {
		return fmt.Errorf("vm: %q has no value", n.Name())
	}
	if v == m.bound[i] {
		return nil
	}
	if err := m.program.Bind(i, v); err != nil {
		return fmt.Errorf("vm: %q: %w", n.Name(), err)
	}
	m.bound[i] = v
	return nil
}

// Run executes the graph once. It stops between two operations when ctx ends.
func (m *Machine) Run(ctx context.Context) error {
	if err := m.bindAll(); err != nil {
		return err
	}
	if err := m.copy(m.plan.Inputs, m.program.Upload); err != nil {
		return err
	}
	if err := m.program.Run(ctx); err != nil {
		return err
	}
	return m.copy(m.plan.Outputs, m.program.Download)
}

func (m *Machine) bindAll() error {
	for i, b := range m.plan.Buffers {
		if b.Node != nil {
			if err := m.bind(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// copy copies those of the buffers that are not kept.
func (m *Machine) copy(buffers []int, one func(int) error) error {
	for _, i := range buffers {
		if !m.kept[i] {
			if err := one(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// Keep leaves the values of variables, such as a network's weights, on the
// device: what Run uses is their value as it was when the machine saw it first,
// or at the last Store. It makes no difference on the CPU, which has no memory of
// its own. NewAdam keeps parameters and gradients.
func (m *Machine) Keep(nodes ...*G.Node) error {
	return m.each(nodes, func(i int) error {
		m.kept[i] = true
		return nil
	})
}

// Fetch brings kept values from the device to the nodes: an optimiser's
// parameters, or gradients. It waits for the work that was queued before.
func (m *Machine) Fetch(nodes ...*G.Node) error { return m.each(nodes, m.program.Download) }

// Store brings what was changed in the nodes' values to the device.
func (m *Machine) Store(nodes ...*G.Node) error { return m.each(nodes, m.program.Upload) }

// each calls f for the buffers of nodes, which have values.
func (m *Machine) each(nodes []*G.Node, f func(buffer int) error) error {
	for _, n := range nodes {
		i, ok := m.buffer[n]
		if !ok {
			return fmt.Errorf("vm: %q is no value of this machine", n.Name())
		}
		if err := m.bind(i); err != nil {
			return err
		}
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

// RunAll implements gorgonia.VM.
func (m *Machine) RunAll() error { return m.Run(context.Background()) }

// Reset implements gorgonia.VM; there is nothing to reset.
func (m *Machine) Reset() {}

// Close implements gorgonia.VM.
func (m *Machine) Close() error { return m.program.Close() }

// Adam holds the settings of the optimiser of Kingma & Ba (arXiv:1412.6980).
type Adam struct {
	// Rate is the learning rate.
	Rate float64
	// Beta1, Beta2 and Epsilon; 0 means 0.9, 0.999 and 1e-8.
	Beta1, Beta2, Epsilon float64
	// Decay takes the part Rate Decay off each parameter before a step, as AdamW
	// does (arXiv:1711.05101).
	Decay float64
	// Clip is the largest norm of all gradients together; they are scaled down to
	// it. 0 means none.
	Clip float64
	// Average, if not 0, is the weight of the past in the exponential average of
	// the parameters that State returns: a += (1 - Average) (w - a) after a step.
	// While there are fewer steps than 1/(1 - Average) it is the mean of them all.
	Average float64
	// LossScale, if not 0, is what the graph multiplies its loss with, so that
	// small gradients are not lost in a short format; they are divided by it first.
	LossScale float64
}

func (a Adam) withDefaults() Adam {
	if a.Beta1 == 0 {
		a.Beta1 = 0.9
	}
	if a.Beta2 == 0 {
		a.Beta2 = 0.999
	}
	if a.Epsilon == 0 {
		a.Epsilon = 1e-8
	}
	return a
}

// factors returns the constants of step t: w -= step m / (sqrt(v) root + eps).
func (a Adam) factors(t int) (step, root float64) {
	return a.Rate / (1 - math.Pow(a.Beta1, float64(t))), 1 / math.Sqrt(1-math.Pow(a.Beta2, float64(t)))
}

// Optimizer updates the parameters of one machine.
type Optimizer struct {
	// Adam may be changed between steps (a schedule of the rate).
	Adam Adam
	// T is the number of steps made.
	T int
	// Moments on the device.
	Moments
}

// NewAdam returns an optimiser that after each Run moves the parameters along
// the gradients, which are what gorgonia.Grad returned and were targets. Both are
// kept on the device (see Keep).
func (m *Machine) NewAdam(a Adam, parameters, gradients G.Nodes) (*Optimizer, error) {
	if len(parameters) != len(gradients) {
		return nil, fmt.Errorf("vm: %d parameters, %d gradients", len(parameters), len(gradients))
	}
	var w, g []int
	for i := range parameters {
		wi, ok := m.buffer[parameters[i]]
		gi, ok2 := m.buffer[gradients[i]]
		if !ok || !ok2 {
			return nil, fmt.Errorf("vm: %q and its gradient are not both values of this machine", parameters[i].Name())
		}
		if err := m.Keep(parameters[i], gradients[i]); err != nil {
			return nil, err
		}
		w, g = append(w, wi), append(g, gi)
	}
	mo, err := m.program.NewAdam(w, g)
	if err != nil {
		return nil, err
	}
	return &Optimizer{Adam: a.withDefaults(), Moments: mo}, nil
}

// Update makes one step.
func (o *Optimizer) Update() error {
	o.T++
	return o.Moments.Step(o.Adam, o.T)
}
