package vm

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nuclab/nnlib/op"
)

// Plan is a graph in the order of its execution, with every value assigned to
// a buffer. Buffers are numbered from 0.
type Plan struct {
	// Dtype of all buffers: tensor.Float32 or tensor.Float64.
	Dtype tensor.Dtype
	// Buffers that the steps work on.
	Buffers []Buffer
	// Steps in order.
	Steps []Step
	// Inputs are the buffers of the graph's variables, Outputs those of the
	// wanted nodes.
	Inputs, Outputs []int
}

// Buffer is memory for one or, at different times, several values.
type Buffer struct {
	// Len is the number of elements.
	Len int
	// Node is the variable, constant or wanted node whose value the buffer
	// holds all the time; nil for a scratch buffer.
	Node *G.Node
}

// Step is one operation. Its output may share a buffer with one input only
// where that is legal for the operation.
type Step struct {
	// Op is the operation, an *op.Op where it is one of ours.
	Op G.Op
	// In and Out number buffers.
	In  []int
	Out int
	// Shapes of the inputs and of the output; a scalar's is empty.
	InShape  []tensor.Shape
	OutShape tensor.Shape
}

// children returns the inputs of a node's operation in order.
func children(n *G.Node) []*G.Node {
	var c []*G.Node
	for it := n.Graph().From(n.ID()); it.Next(); {
		c = append(c, it.Node().(*G.Node))
	}
	return c
}

// needed collects the nodes that the targets depend on, ordered by their
// numbers, which is the order in which they were built.
func needed(targets []*G.Node) []*G.Node {
	seen := map[*G.Node]bool{}
	var all []*G.Node
	for todo := slices.Clone(targets); len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		all = append(all, n)
		todo = append(todo, children(n)...)
	}
	slices.SortFunc(all, func(a, b *G.Node) int { return int(a.ID() - b.ID()) })
	return all
}

// schedule puts every node after its inputs, oldest first: gradients are built
// from the last layer to the first, so that a layer's are computed together
// and its buffers become free again early.
func schedule(nodes []*G.Node) ([]*G.Node, error) {
	waits := map[*G.Node]map[*G.Node]bool{}
	for _, n := range nodes {
		waits[n] = map[*G.Node]bool{}
		for _, c := range children(n) {
			waits[n][c] = true
		}
	}
	var order []*G.Node
	for len(nodes) > 0 {
		i := slices.IndexFunc(nodes, func(n *G.Node) bool { return len(waits[n]) == 0 })
		if i < 0 {
			return nil, fmt.Errorf("vm: the graph has a cycle")
		}
		n := nodes[i]
		order = append(order, n)
		nodes = slices.Delete(nodes, i, i+1)
		for _, w := range waits {
			delete(w, n)
		}
	}
	return order, nil
}

// size is the number of elements of a node's value; a scalar has one.
func size(n *G.Node) int {
	if n.IsScalar() {
		return 1
	}
	return n.Shape().TotalSize()
}

// inPlace returns the input that an operation may overwrite with its output,
// -1 if none. All of these work element by element or row by row.
func inPlace(o *op.Op) int {
	if o == nil {
		return -1
	}
	switch o.Kind {
	case op.Head, op.Affine, op.ScaleColumns, op.LayerNorm, op.Tilt:
		return 0
	case op.ActGrad, op.HeadGrad, op.TiltGrad:
		return 1
	case op.LayerNormGrad:
		return 2
	}
	return -1
}

// ours returns the operation of ours that a step is, nil if it is another. The sum
// by which gorgonia.Grad collects the gradients of a value that is used more than
// once is one.
func ours(o G.Op, in []*G.Node) *op.Op {
	if our, ok := o.(*op.Op); ok {
		return our
	}
	if o.String() == "+ false" && len(in) == 2 && in[0].Dims() == 2 && in[0].Shape().Eq(in[1].Shape()) {
		return &op.Op{Kind: op.Affine}
	}
	return nil
}

// NewPlan orders the operations that the targets need and assigns buffers.
func NewPlan(targets ...*G.Node) (*Plan, error) {
	if len(targets) == 0 {
		return nil, fmt.Errorf("vm: no target nodes")
	}
	order, err := schedule(needed(targets))
	if err != nil {
		return nil, err
	}
	p := &Plan{Dtype: targets[0].Dtype()}
	if p.Dtype != tensor.Float32 && p.Dtype != tensor.Float64 {
		return nil, fmt.Errorf("vm: values of type %v; only float32 and float64 are run", p.Dtype)
	}
	uses := map[*G.Node]int{} // how many steps still read the value
	for _, n := range order {
		if n.Dtype() != p.Dtype {
			return nil, fmt.Errorf("vm: node %v has type %v, others %v", n, n.Dtype(), p.Dtype)
		}
		for _, c := range children(n) {
			uses[c]++
		}
	}
	at := map[*G.Node]int{}
	keep := func(n *G.Node) int {
		p.Buffers = append(p.Buffers, Buffer{Len: size(n), Node: n})
		at[n] = len(p.Buffers) - 1
		return at[n]
	}
	var free []int
	for _, n := range order {
		in := children(n)
		wanted := slices.Contains(targets, n)
		if len(in) == 0 {
			if n.Op() != nil && n.Value() == nil {
				return nil, fmt.Errorf("vm: %v: an operation without inputs that is not a constant", n.Op())
			}
			b := keep(n)
			if n.Op() == nil {
				p.Inputs = append(p.Inputs, b)
			}
			if wanted {
				p.Outputs = append(p.Outputs, b)
			}
			continue
		}
		s := Step{Op: n.Op(), OutShape: n.Shape().Clone()}
		our := ours(n.Op(), in)
		if our != nil {
			s.Op = our
		}
		for _, c := range in {
			s.In = append(s.In, at[c])
			s.InShape = append(s.InShape, c.Shape().Clone())
			uses[c]--
		}
		// dead says that nothing else will read the buffer of an input.
		dead := func(c *G.Node) bool { return uses[c] == 0 && p.Buffers[at[c]].Node == nil }
		switch i := inPlace(our); {
		case wanted:
			s.Out = keep(n)
			p.Outputs = append(p.Outputs, s.Out)
		case our == nil: // stock operations want values, which live with their nodes
			s.Out = keep(n)
		case i >= 0 && dead(in[i]):
			s.Out = at[in[i]]
		default:
			s.Out = p.take(&free, size(n))
		}
		at[n] = s.Out
		p.Steps = append(p.Steps, s)
		for i, c := range in {
			if dead(c) && s.In[i] != s.Out && !slices.Contains(free, s.In[i]) {
				free = append(free, s.In[i])
			}
		}
	}
	return p, nil
}

// take returns the free scratch buffer that fits best, grows the largest when
// none fits, or adds one.
func (p *Plan) take(free *[]int, n int) int {
	best := -1
	for i, b := range *free {
		have := p.Buffers[b].Len
		if best < 0 {
			best = i
			continue
		}
		current := p.Buffers[(*free)[best]].Len
		if current < n && have > current || have >= n && have < current {
			best = i
		}
	}
	if best < 0 {
		p.Buffers = append(p.Buffers, Buffer{Len: n})
		return len(p.Buffers) - 1
	}
	b := (*free)[best]
	*free = slices.Delete(*free, best, best+1)
	p.Buffers[b].Len = max(p.Buffers[b].Len, n)
	return b
}
