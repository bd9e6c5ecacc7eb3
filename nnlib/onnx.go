package nnlib

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// WriteONNX writes the model as an ONNX graph with the whole way from a state to
// what becomes of it. All is float32. Inputs are T [K], rho [g/cm3] and t [s],
// each [batch], and X [batch, nuclides]; t must be a time of the model, else the
// answer is not a number. Outputs are X_end [batch, nuclides], ye_end, q [erg/g]
// and eps_nu [erg/g/s], each [batch]. The metadata hold nuclides, comma-separated
// in order, times and network.
//
// The format is that of https://onnx.ai/onnx/intro/concepts.html, operator set 13.
func (m *Model) WriteONNX(w io.Writer) error {
	if err := m.check(); err != nil {
		return err
	}
	if m.Nets[0].physical() {
		return errors.New("nnlib: onnx: a physical net: its guesses need equilibria and weak rates, which are not written yet")
	}
	g := &onnxGraph{}
	list := m.Nuclides()
	n := len(list)
	g.input("T", "batch")
	g.input("rho", "batch")
	g.input("t", "batch")
	g.input("X", "batch", n)
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
	for k, net := range m.Nets {
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
	var names, times []string
	for _, v := range list {
		names = append(names, v.String())
	}
	for _, t := range m.Times() {
		times = append(times, fmt.Sprint(t))
	}
	_, err := w.Write(g.model(map[string]string{"nuclides": strings.Join(names, ","), "times": strings.Join(times, ","), "network": m.Network()}))
	if err != nil {
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

// Numbers of fields and types in onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
const (
	modelIRVersion, modelProducer, modelGraph, modelOperators, modelMetadata = 1, 2, 7, 8, 14
	operatorsVersion                                                         = 2
	graphNode, graphName, graphTensor, graphInput, graphOutput               = 1, 2, 5, 11, 12
	nodeInput, nodeOutput, nodeName, nodeType, nodeAttribute                 = 1, 2, 3, 4, 5
	attributeName, attributeInteger, attributeType                           = 1, 3, 20
	tensorDims, tensorType, tensorNameField, tensorRaw                       = 1, 2, 8, 9
	valueName, valueType                                                     = 1, 2
	typeTensor, tensorElement, tensorShape, shapeDim, dimValue, dimName      = 1, 1, 2, 1, 1, 2
	entryKey, entryValue                                                     = 1, 2

	onnxFloat, onnxInt64 = 1, 7
	integerAttribute     = 2
	irVersion            = 8
	operatorSet          = 13
)

// onnxGraph is a graph as it grows, in protocol buffers' wire format.
type onnxGraph struct{ b []byte }

type message []byte

func (m *message) number(field protowire.Number, v int) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), v)
}

func (m *message) text(field protowire.Number, v string) { m.bytes(field, []byte(v)) }

// onnxAttribute is an attribute of a node.
type onnxAttribute message

func onnxInteger(name string, v int) onnxAttribute {
	var m message
	m.text(attributeName, name)
	m.number(attributeInteger, v)
	m.number(attributeType, integerAttribute)
	return onnxAttribute(m)
}

func (g *onnxGraph) add(field protowire.Number, m message) {
	all := message(g.b)
	all.bytes(field, m)
	g.b = all
}

// node adds an operation that makes a value from the given ones, which are names
// or, at the end, attributes.
func (g *onnxGraph) node(kind, out string, in ...any) {
	var m message
	for _, v := range in {
		switch v := v.(type) {
		case string:
			m.text(nodeInput, v)
		case onnxAttribute:
			m.bytes(nodeAttribute, v)
		}
	}
	m.text(nodeOutput, out)
	m.text(nodeName, out)
	m.text(nodeType, kind)
	g.add(graphNode, m)
}

// tensor adds a constant.
func (g *onnxGraph) tensor(name string, shape []int, x []float32) {
	raw := make([]byte, 0, 4*len(x))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	g.constant(name, shape, onnxFloat, raw)
}

func (g *onnxGraph) numbers(name string, shape []int, x ...float64) {
	all := make([]float32, len(x))
	for i, v := range x {
		all[i] = float32(v)
	}
	g.tensor(name, shape, all)
}

// integers adds a list of one constant integer.
func (g *onnxGraph) integers(name string, v int) {
	g.constant(name, []int{1}, onnxInt64, binary.LittleEndian.AppendUint64(nil, uint64(v)))
}

func (g *onnxGraph) constant(name string, shape []int, element int, raw []byte) {
	var m message
	for _, d := range shape {
		m.number(tensorDims, d)
	}
	m.number(tensorType, element)
	m.text(tensorNameField, name)
	m.bytes(tensorRaw, raw)
	g.add(graphTensor, m)
}

func (g *onnxGraph) input(name string, dims ...any)  { g.add(graphInput, value(name, dims)) }
func (g *onnxGraph) output(name string, dims ...any) { g.add(graphOutput, value(name, dims)) }

// value describes a float tensor, whose dimensions are numbers or names.
func value(name string, dims []any) message {
	var shape, tensor, kind, m message
	for _, d := range dims {
		var dim message
		switch d := d.(type) {
		case int:
			dim.number(dimValue, d)
		case string:
			dim.text(dimName, d)
		}
		shape.bytes(shapeDim, dim)
	}
	tensor.number(tensorElement, onnxFloat)
	tensor.bytes(tensorShape, shape)
	kind.bytes(typeTensor, tensor)
	m.text(valueName, name)
	m.bytes(valueType, kind)
	return m
}

// model returns the whole file.
func (g *onnxGraph) model(metadata map[string]string) []byte {
	graph := message(g.b)
	graph.text(graphName, "nuclab")
	var operators, m message
	operators.number(operatorsVersion, operatorSet)
	m.number(modelIRVersion, irVersion)
	m.text(modelProducer, "nuclab")
	m.bytes(modelGraph, graph)
	m.bytes(modelOperators, operators)
	for _, k := range []string{"nuclides", "times", "network"} {
		var e message
		e.text(entryKey, k)
		e.text(entryValue, metadata[k])
		m.bytes(modelMetadata, e)
	}
	return m
}
