package nnlib

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// WriteONNX writes the model as an ONNX graph with the whole way from a state to
// what becomes of it. What goes in and comes out is float32. Inputs are T [K], rho
// [g/cm3] and t [s], each [batch], and X [batch, nuclides]; t must be a time of
// the model, else the answer is not a number. Outputs are X_end [batch, nuclides],
// ye_end, q [erg/g] and eps_nu [erg/g/s], each [batch]; of a physical net also
// ye_change, that by weak reactions, and expected_error (WeakChange and
// Uncertainty of a Prediction). The metadata hold nuclides, comma-separated in
// order, times, of a physical net their span, and network.
//
// The graph of a physical net holds what it knows of equilibrium and of weak
// rates, and searches for equilibrium in loops, in float64.
//
// The format is that of https://onnx.ai/onnx/intro/concepts.html, operator set 17.
func (m *Model) WriteONNX(w io.Writer) error {
	if err := m.check(); err != nil {
		return err
	}
	g := &onnxGraph{}
	g.input("T", "batch")
	g.input("rho", "batch")
	g.input("t", "batch")
	g.input("X", "batch", len(m.Nuclides()))
	metadata := map[string]string{"network": m.Network()}
	if n := m.Nets[0]; n.physical() {
		g.physical(n)
		metadata["span"] = fmt.Sprintf("%g,%g", n.Span[0], n.Span[1])
	} else {
		g.paper(m.Nets)
	}
	var names, times []string
	for _, v := range m.Nuclides() {
		names = append(names, v.String())
	}
	for _, t := range m.Times() {
		times = append(times, fmt.Sprint(t))
	}
	metadata["nuclides"], metadata["times"] = strings.Join(names, ","), strings.Join(times, ",")
	if _, err := w.Write(g.model(metadata)); err != nil {
		return fmt.Errorf("nnlib: onnx: %w", err)
	}
	return nil
}

// SaveONNX writes WriteONNX to a file, which is replaced only once the new one is
// whole.
func (m *Model) SaveONNX(path string) error {
	if err := replaceFile(path, m.WriteONNX); err != nil {
		return fmt.Errorf("nnlib: saving %s: %w", path, err)
	}
	return nil
}

// paper adds nets of the paper's kind, in float32, and the outputs.
func (g *onnxGraph) paper(nets []*Net) {
	list := nets[0].Nuclides
	n := len(list)
	g.integers("column", 1)
	g.numbers("per_ln10", []int{}, 1/math.Ln10)
	for _, name := range []string{"T", "rho"} {
		g.node("Log", "ln_"+name, name)
		g.node("Mul", "log_"+name, "ln_"+name, "per_ln10")
		g.node("Unsqueeze", "input_"+name, "log_"+name, "column")
	}
	g.node("Concat", "input", "input_T", "input_rho", "X", onnxInteger("axis", 1))
	g.node("Unsqueeze", "time", "t", "column")
	g.integers("first", 0)
	g.integers("nuclides", n)
	g.integers("loss", n+1)
	g.integers("end", n+2)
	x, loss := "none", "none"
	g.numbers("none", []int{1, 1}, math.NaN())
	for k, net := range nets {
		x, loss = g.net(fmt.Sprint("net", k), net, x, loss)
	}
	za, released := perX(list)
	g.numbers("za", []int{n, 1}, za...)
	g.numbers("released", []int{n, 1}, released...)
	g.node("Identity", "X_end", x)
	g.node("MatMul", "ye_column", x, "za")
	g.node("Squeeze", "ye_end", "ye_column", "column")
	g.node("Sub", "change", x, "X")
	g.node("MatMul", "q_column", "change", "released")
	g.node("Squeeze", "q", "q_column", "column")
	g.node("Squeeze", "eps_nu", loss, "column")
	g.output("X_end", "batch", n)
	for _, name := range []string{"ye_end", "q", "eps_nu"} {
		g.output(name, "batch")
	}
}

// net adds a net, whose answer replaces x and loss where the time is its own, and
// returns the names of what results.
func (g *onnxGraph) net(name string, net *Net, x, loss string) (string, string) {
	id := func(s string) string { return name + "_" + s }
	h := "input"
	if len(net.Scaling.Mean) > 0 {
		g.numbers(id("mean"), []int{1, len(net.Scaling.Mean)}, net.Scaling.Mean...)
		g.numbers(id("deviation"), []int{1, len(net.Scaling.Deviation)}, net.Scaling.Deviation...)
		g.node("Sub", id("centred"), h, id("mean"))
		h = id("scaled")
		g.node("Div", h, id("centred"), id("deviation"))
	}
	layers := len(net.dims) - 1
	for l := range layers {
		weight, bias, z := id(fmt.Sprint("weight", l)), id(fmt.Sprint("bias", l)), id(fmt.Sprint("layer", l))
		g.tensor(weight, net.dims[l:l+2], data(net.weights[2*l]))
		g.tensor(bias, net.dims[l+1:l+2], data(net.weights[2*l+1]))
		g.node("Gemm", z, h, weight, bias)
		if h = z; l+1 < layers {
			h = id(fmt.Sprint("active", l))
			g.node("Relu", h, z)
		}
	}
	g.node("Slice", id("logits"), h, "first", "nuclides", "column")
	g.node("Softmax", id("X"), id("logits"), onnxInteger("axis", 1))
	g.node("Slice", id("loss"), h, "loss", "end", "column")
	g.numbers(id("unit"), []int{}, net.Config.NeutrinoScale)
	g.node("Mul", id("eps_nu"), id("loss"), id("unit"))

	g.numbers(id("time"), []int{}, net.Time)
	g.numbers(id("tolerance"), []int{}, 1e-6*net.Time)
	g.node("Sub", id("off"), "time", id("time"))
	g.node("Abs", id("distance"), id("off"))
	g.node("Less", id("mine"), id("distance"), id("tolerance"))
	g.node("Where", id("X_so_far"), id("mine"), id("X"), x)
	g.node("Where", id("loss_so_far"), id("mine"), id("eps_nu"), loss)
	return id("X_so_far"), id("loss_so_far")
}
