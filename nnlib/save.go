package nnlib

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"nuclab/nucnet/nuclide"
)

const (
	formatName = "nuclab.model"
	format     = formatName + "/1"
)

// netRecord is what the metadata say about each net.
type netRecord struct {
	Time    float64    `json:"time"`
	Span    [2]float64 `json:"span,omitzero"`
	Config  Config     `json:"config"`
	Scaling Scaling    `json:"scaling"`
	Domain  Domain     `json:"domain"`
	History *History   `json:"history"`
	Data    string     `json:"data,omitempty"`
	Origin  Origin     `json:"origin"`
}

// Save writes the model to one safetensors file: the weights of net k and layer
// l as net<k>.layer<l>.weight [inputs, outputs] and .bias [outputs], and as
// metadata the format, the nuclides in order, the SHA-256 of the weights, and
// for each net its time, settings, scaling, training domain, history and origin as JSON. A file
// of that name is replaced only once the new one is whole.
func (m *Model) Save(path string) error { return m.save(path, single) }

// SaveFloat16 is Save with weights rounded to 11 bits, in half the space. A
// weight of 65520 or more does not fit.
func (m *Model) SaveFloat16(path string) error { return m.save(path, half) }

func (m *Model) save(path string, p precision) error {
	if err := m.check(); err != nil {
		return err
	}
	var names []string
	for _, n := range m.Nuclides() {
		names = append(names, n.String())
	}
	var records []netRecord
	var tensors []namedTensor
	for k, n := range m.Nets {
		records = append(records, netRecord{n.Time, n.Span, n.Config, n.Scaling, n.Domain, n.History, n.Data, n.Origin})
		for i, w := range n.weights {
			values := data(w)
			if p == half {
				rounded, ok := roundHalf(values)
				if !ok {
					return fmt.Errorf("nnlib: saving %s: net %d has a weight that is too large for float16", path, k)
				}
				values = rounded
			}
			tensors = append(tensors, namedTensor{tensorName(k, n.tensors[i]), slices.Clone([]int(w.Shape())), values})
		}
	}
	nets, err := json.Marshal(records)
	if err != nil {
		return fmt.Errorf("nnlib: saving %s: %w", path, err)
	}
	metadata := map[string]string{
		"format": format, "network": m.Network(), "nuclides": strings.Join(names, ","), "nets": string(nets), "sha256": digest(tensors),
	}
	if err := writeSafetensors(path, metadata, tensors, p); err != nil {
		return fmt.Errorf("nnlib: saving %s: %w", path, err)
	}
	return nil
}

func tensorName(net int, w weight) string { return fmt.Sprintf("net%d.%s", net, w.name) }

func digest(tensors []namedTensor) string {
	h := sha256.New()
	buf := make([]byte, 0, 1<<16)
	for _, t := range tensors {
		for _, v := range t.data {
			if buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v)); len(buf) == cap(buf) {
				h.Write(buf)
				buf = buf[:0]
			}
		}
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(nil))
}

// Load reads a model that Save wrote.
func Load(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("nnlib: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("nnlib: %w", err)
	}
	metadata, tensors, err := readSafetensors(f, info.Size())
	if err == nil {
		var m *Model
		if m, err = decode(metadata, tensors); err == nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("nnlib: %s: %w", path, err)
}

func decode(metadata map[string]string, tensors map[string]namedTensor) (*Model, error) {
	switch got := metadata["format"]; {
	case !strings.HasPrefix(got, formatName+"/"):
		return nil, errors.New("a safetensors file, but not a model of nuclab")
	case got != format:
		return nil, fmt.Errorf("format %s; this version reads %s", got, format)
	}
	var nuclides []nuclide.Nuclide
	for name := range strings.SplitSeq(metadata["nuclides"], ",") {
		n, err := nuclide.Parse(name)
		if err != nil {
			return nil, err
		}
		nuclides = append(nuclides, n)
	}
	var records []netRecord
	if err := json.Unmarshal([]byte(metadata["nets"]), &records); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	m := &Model{}
	var all []namedTensor
	for k, r := range records {
		c := r.Config.withDefaults()
		if err := c.Check(); err != nil {
			return nil, err
		}
		if len(r.Domain.XMax) != len(nuclides) {
			return nil, fmt.Errorf("net %d: a domain of %d nuclides, not %d", k, len(r.Domain.XMax), len(nuclides))
		}
		scaled := 0
		if c.Inputs == "scaled" {
			scaled = len(nuclides) + 2
		}
		if len(r.Scaling.Mean) != scaled || len(r.Scaling.Deviation) != scaled {
			return nil, fmt.Errorf("net %d: a scaling of %d and %d inputs, not %d", k, len(r.Scaling.Mean), len(r.Scaling.Deviation), scaled)
		}
		// The file's tensors, not its settings, decide how much memory is taken.
		for _, w := range c.tensors(len(nuclides)) {
			name := tensorName(k, w)
			t, ok := tensors[name]
			if !ok || !slices.Equal(t.shape, w.shape) {
				return nil, fmt.Errorf("tensor %s: shape %v, the settings ask for %v", name, t.shape, w.shape)
			}
			all = append(all, t)
		}
		n, err := emptyNet(c, nuclides, r.Time)
		if err != nil {
			return nil, err
		}
		n.Span = r.Span
		n.Scaling, n.Domain, n.History, n.Data, n.Origin = r.Scaling, r.Domain, or(r.History, &History{}), r.Data, r.Origin
		for i, w := range n.weights {
			copy(data(w), tensors[tensorName(k, n.tensors[i])].data)
		}
		m.Nets = append(m.Nets, n)
	}
	if len(all) != len(tensors) {
		return nil, fmt.Errorf("%d tensors, the settings ask for %d", len(tensors), len(all))
	}
	if digest(all) != metadata["sha256"] {
		return nil, errors.New("the weights are damaged: their SHA-256 is not the recorded one")
	}
	return m, m.check()
}
