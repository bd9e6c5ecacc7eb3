package nnlib

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of fields and types in onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
const (
	modelIRVersion, modelProducer, modelGraph, modelOperators, modelMetadata = 1, 2, 7, 8, 14
	operatorsVersion                                                         = 2
	graphNode, graphName, graphTensor, graphInput, graphOutput               = 1, 2, 5, 11, 12
	nodeInput, nodeOutput, nodeName, nodeType, nodeAttribute                 = 1, 2, 3, 4, 5
	attributeName, attributeInteger, attributeGraph, attributeType           = 1, 3, 6, 20
	attributeFloat, attributeIntegers                                        = 2, 8
	tensorDims, tensorType, tensorNameField, tensorRaw                       = 1, 2, 8, 9
	valueName, valueType                                                     = 1, 2
	typeTensor, tensorElement, tensorShape, shapeDim, dimValue, dimName      = 1, 1, 2, 1, 1, 2
	entryKey, entryValue                                                     = 1, 2

	onnxFloat, onnxInt64, onnxBool, onnxDouble                          = 1, 7, 9, 11
	floatAttribute, integerAttribute, graphAttribute, integersAttribute = 1, 2, 5, 7
	irVersion                                                           = 8
	operatorSet                                                         = 17
)

// onnxGraph is a graph as it grows, in protocol buffers' wire format.
type onnxGraph struct {
	b     []byte
	named int // values that got a number for a name
}

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

func attribute(name string, kind int, value func(m *message)) onnxAttribute {
	var m message
	m.text(attributeName, name)
	value(&m)
	m.number(attributeType, kind)
	return onnxAttribute(m)
}

func onnxInteger(name string, v int) onnxAttribute {
	return attribute(name, integerAttribute, func(m *message) { m.number(attributeInteger, v) })
}

func onnxIntegers(name string, list ...int) onnxAttribute {
	return attribute(name, integersAttribute, func(m *message) {
		for _, v := range list {
			m.number(attributeIntegers, v)
		}
	})
}

func onnxNumber(name string, v float32) onnxAttribute {
	return attribute(name, floatAttribute, func(m *message) {
		*m = protowire.AppendFixed32(protowire.AppendTag(*m, attributeFloat, protowire.Fixed32Type), math.Float32bits(v))
	})
}

func (g *onnxGraph) add(field protowire.Number, m message) {
	all := message(g.b)
	all.bytes(field, m)
	g.b = all
}

// node adds an operation that makes a value from the given ones, which are what
// operation takes.
func (g *onnxGraph) node(kind, out string, in ...any) { g.operation(kind, []string{out}, in...) }

// operation adds an operation that makes values from others: names, terms, or
// constants, which are a number, a row of them, or a list of integers. Attributes
// stand among them.
func (g *onnxGraph) operation(kind string, out []string, in ...any) {
	var m message
	for _, v := range in {
		switch v := v.(type) {
		case string:
			m.text(nodeInput, v)
		case term:
			m.text(nodeInput, v.name)
		case int:
			m.text(nodeInput, g.matrix([]int{}, float64(v)).name)
		case float64:
			m.text(nodeInput, g.matrix([]int{}, v).name)
		case []float64:
			m.text(nodeInput, g.matrix([]int{1, len(v)}, v...).name)
		case []int:
			raw := make([]byte, 0, 8*len(v))
			for _, i := range v {
				raw = binary.LittleEndian.AppendUint64(raw, uint64(i))
			}
			name := g.name()
			g.constant(name, []int{len(v)}, onnxInt64, raw)
			m.text(nodeInput, name)
		case onnxAttribute:
			m.bytes(nodeAttribute, v)
		default:
			panic(fmt.Sprintf("nnlib: onnx: an operand of type %T", v))
		}
	}
	for _, name := range out {
		m.text(nodeOutput, name)
	}
	m.text(nodeName, out[0])
	m.text(nodeType, kind)
	g.add(graphNode, m)
}

// name returns a name that no other value has.
func (g *onnxGraph) name() string {
	g.named++
	return fmt.Sprint("v", g.named)
}

// tensor adds a constant of float32.
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

func (g *onnxGraph) input(name string, dims ...any) {
	g.add(graphInput, value(name, onnxFloat, shape(dims)))
}

func (g *onnxGraph) output(name string, dims ...any) {
	g.add(graphOutput, value(name, onnxFloat, shape(dims)))
}

// shape describes dimensions, which are numbers or names.
func shape(dims []any) message {
	var s message
	for _, d := range dims {
		var dim message
		switch d := d.(type) {
		case int:
			dim.number(dimValue, d)
		case string:
			dim.text(dimName, d)
		}
		s.bytes(shapeDim, dim)
	}
	return s
}

// value describes a tensor, nil of any shape.
func value(name string, element int, shape message) message {
	var tensor, kind, m message
	tensor.number(tensorElement, element)
	if shape != nil {
		tensor.bytes(tensorShape, shape)
	}
	kind.bytes(typeTensor, tensor)
	m.text(valueName, name)
	m.bytes(valueType, kind)
	return m
}

// loop makes new values of float64 from old ones until another round is not
// wanted, a bool, or there were so many rounds.
func (g *onnxGraph) loop(rounds int, state []term, body func(state []term) (next []term, again term)) []term {
	outer := g.b
	g.b = nil
	var before, after []term
	begin := func(element int, shape message) term {
		v := term{g, g.name()}
		g.add(graphInput, value(v.name, element, shape))
		return v
	}
	scalar := message{}
	begin(onnxInt64, scalar) // the number of the round
	begin(onnxBool, scalar)
	for range state {
		before = append(before, begin(onnxDouble, nil))
	}
	next, again := body(before)
	g.add(graphOutput, value(again.name, onnxBool, scalar))
	for _, v := range next {
		g.add(graphOutput, value(v.name, onnxDouble, nil))
	}
	inner := message(g.b)
	inner.text(graphName, "body")
	g.b = outer

	in := []any{[]int{rounds}, ""}
	var out []string
	for _, v := range state {
		in = append(in, v)
		after = append(after, term{g, g.name()})
		out = append(out, after[len(after)-1].name)
	}
	in = append(in, attribute("body", graphAttribute, func(m *message) { m.bytes(attributeGraph, inner) }))
	g.operation("Loop", out, in...)
	return after
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
	for _, k := range slices.Sorted(maps.Keys(metadata)) {
		var e message
		e.text(entryKey, k)
		e.text(entryValue, metadata[k])
		m.bytes(modelMetadata, e)
	}
	return m
}
