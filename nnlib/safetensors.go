package nnlib

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// A safetensors file is the length of a JSON header as 8 little-endian bytes,
// the header, and the tensors' bytes without gaps
// (https://huggingface.co/docs/safetensors). The header has for each tensor its
// type, shape and place, and strings under "__metadata__".

// namedTensor is a float32 tensor in row-major order.
type namedTensor struct {
	name  string
	shape []int
	data  []float32
}

type tensorEntry struct {
	Dtype   precision `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]int64  `json:"data_offsets"`
}

const metadataKey = "__metadata__"

// precision is how the numbers of a file's tensors are stored.
type precision string

const (
	single precision = "F32"
	half   precision = "F16" // IEEE 754 binary16: 11 bits, 6e-5 to 65504 and coarser down to 6e-8
)

// bytes returns how many a number takes, 0 for a precision that is not read.
func (p precision) bytes() int64 {
	switch p {
	case single:
		return 4
	case half:
		return 2
	}
	return 0
}

// maxHeader is the limit of the format's own reader.
const maxHeader = 100 << 20

// writeSafetensors writes the file so that path is at any moment either the old
// file or the whole new one. Numbers are rounded to the precision.
func writeSafetensors(path string, metadata map[string]string, tensors []namedTensor, p precision) error {
	header := map[string]any{metadataKey: metadata}
	at := int64(0)
	for _, t := range tensors {
		end := at + p.bytes()*int64(len(t.data))
		header[t.name] = tensorEntry{p, t.shape, [2]int64{at, end}}
		at = end
	}
	h, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(h)%8 != 0 { // keeps the tensors aligned
		h = append(h, ' ')
	}
	return replaceFile(path, func(f io.Writer) error {
		w := bufio.NewWriterSize(f, 1<<20)
		binary.Write(w, binary.LittleEndian, uint64(len(h)))
		w.Write(h)
		var word [4]byte
		for _, t := range tensors {
			for _, v := range t.data {
				if p == half {
					binary.LittleEndian.PutUint16(word[:], toHalf(v))
				} else {
					binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
				}
				w.Write(word[:p.bytes()])
			}
		}
		return w.Flush() // reports what any of the writes met
	})
}

// replaceFile writes a file so that path is at any moment either the old file or
// the whole new one.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// readSafetensors reads a file's metadata and tensors. size is the length of
// the whole file, against which every claim of the header is checked.
func readSafetensors(r io.Reader, size int64) (map[string]string, map[string]namedTensor, error) {
	var length uint64
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return nil, nil, errors.New("too short for a safetensors file")
	}
	if length > maxHeader || int64(length) > size-8 {
		return nil, nil, fmt.Errorf("not a safetensors file, or cut short: its header would be %d bytes of %d", length, size)
	}
	h := make([]byte, length)
	if _, err := io.ReadFull(r, h); err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(h, &raw); err != nil {
		return nil, nil, fmt.Errorf("not a safetensors file: header: %w", err)
	}
	var metadata map[string]string
	if m, ok := raw[metadataKey]; ok {
		if err := json.Unmarshal(m, &metadata); err != nil {
			return nil, nil, fmt.Errorf("metadata: %w", err)
		}
		delete(raw, metadataKey)
	}
	type place struct {
		name string
		tensorEntry
	}
	var places []place
	for name, m := range raw {
		p := place{name: name}
		d := json.NewDecoder(bytes.NewReader(m))
		if err := d.Decode(&p.tensorEntry); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b place) int { return int(a.Offsets[0] - b.Offsets[0]) })
	data := size - 8 - int64(length)
	at := int64(0)
	tensors := map[string]namedTensor{}
	for _, p := range places {
		n := int64(1)
		for _, d := range p.Shape {
			if d < 0 || d > 1<<31 || n > data {
				return nil, nil, fmt.Errorf("tensor %q: shape %v", p.name, p.Shape)
			}
			n *= int64(d)
		}
		switch {
		case p.Dtype.bytes() == 0:
			return nil, nil, fmt.Errorf("tensor %q: type %s, only F32 and F16 are read", p.name, p.Dtype)
		case p.Offsets[0] != at || p.Offsets[1] != at+p.Dtype.bytes()*n:
			return nil, nil, fmt.Errorf("tensor %q: bytes %v do not fit shape %v at byte %d", p.name, p.Offsets, p.Shape, at)
		case p.Offsets[1] > data:
			return nil, nil, fmt.Errorf("cut short: tensor %q ends at byte %d of %d", p.name, p.Offsets[1], data)
		}
		at = p.Offsets[1]
	}
	if at != data {
		return nil, nil, fmt.Errorf("%d bytes follow the last tensor", data-at)
	}
	in := bufio.NewReaderSize(r, 1<<20)
	var err error
	for _, p := range places {
		n := (p.Offsets[1] - p.Offsets[0]) / p.Dtype.bytes()
		t := namedTensor{p.name, p.Shape, make([]float32, n)}
		if p.Dtype == half {
			bits := make([]uint16, n)
			err = binary.Read(in, binary.LittleEndian, bits)
			for i, b := range bits {
				t.data[i] = fromHalf(b)
			}
		} else {
			err = binary.Read(in, binary.LittleEndian, t.data)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", p.name, err)
		}
		tensors[p.name] = t
	}
	return metadata, tensors, nil
}
