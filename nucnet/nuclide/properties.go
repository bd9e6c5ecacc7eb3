package nuclide

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"nuclab/nucnet/nuclide/data"
	"nuclab/nucnet/nuclide/table"
)

// Properties is one row of the nuclide table as the importer writes it.
type Properties struct {
	Z, A       int
	MassExcess float64   // MeV, atomic
	Estimated  bool      // the mass is not from AME2020
	Weight     int       // 2J+1 of the ground state, 0 if unknown
	HalfLife   float64   // s, +Inf if stable, NaN if unknown
	Partition  []float64 // at the temperatures of the table, empty if there are none
}

// entry is a decoded row.
type entry struct {
	massExcess, halfLife float64
	weight               int
	estimated            bool
	lnG                  []float64
}

// rows is the decoded table. index holds 1 + the place in entries of Z*512+A, 0 for nuclides that are not there.
type rows struct {
	entries []entry
	index   []int16
	grid    []float64 // K
}

const massNumbers = 1 << 9 // A lies below

var loaded = sync.OnceValues(func() (*rows, error) {
	_, payload, err := table.Decode(data.Nuclides)
	if err != nil {
		return &rows{}, fmt.Errorf("nuclide: %w", err)
	}
	r, err := decodeProperties(payload)
	if err != nil {
		return &rows{}, fmt.Errorf("nuclide: %w", err)
	}
	return r, nil
})

// Load decodes the embedded table if that has not been done yet and returns the error of a damaged one. Nothing needs
// to call it: without a good table no name parses.
func Load() error {
	_, err := loaded()
	return err
}

func (n Nuclide) entry() *entry {
	r, _ := loaded()
	if i := int(n.z)*massNumbers + int(n.a); n.a < massNumbers && i < len(r.index) && r.index[i] > 0 {
		return &r.entries[r.index[i]-1]
	}
	return nil
}

func (n Nuclide) known() bool { return n.entry() != nil }

func partitionGrid() []float64 {
	r, _ := loaded()
	return r.grid
}

// All returns every nuclide with a known mass, sorted.
func All() []Nuclide {
	r, _ := loaded()
	list := make([]Nuclide, 0, len(r.entries))
	for i, k := range r.index {
		if k > 0 {
			list = append(list, Nuclide{z: uint16(i / massNumbers), a: uint16(i % massNumbers)})
		}
	}
	return list
}

// Header returns the origin of the embedded nuclide table.
func Header() (table.Header, error) {
	h, _, err := table.ReadHeader(data.Nuclides)
	return h, err
}

// EncodeProperties writes the payload of the nuclide table: the temperatures of the partition functions in K, then
// the nuclides. Partition functions are stored exactly to six decimals, the precision of their source.
func EncodeProperties(temperatures []float64, list []Properties) ([]byte, error) {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(len(temperatures)))
	for _, t := range temperatures {
		b = le.AppendUint64(b, math.Float64bits(t))
	}
	b = le.AppendUint32(b, uint32(len(list)))
	for _, p := range list {
		if p.Z < 0 || p.Z > MaxZ || p.A < 1 || p.A >= massNumbers || p.Weight < 0 || p.Weight > 255 {
			return nil, fmt.Errorf("nuclide: Z=%d A=%d 2J+1=%d: out of range", p.Z, p.A, p.Weight)
		}
		if len(p.Partition) != 0 && len(p.Partition) != len(temperatures) {
			return nil, fmt.Errorf("nuclide: Z=%d A=%d: %d partition functions at %d temperatures", p.Z, p.A, len(p.Partition), len(temperatures))
		}
		var flags byte
		if p.Estimated {
			flags |= flagEstimated
		}
		if len(p.Partition) > 0 {
			flags |= flagPartition
		}
		b = append(b, byte(p.Z), byte(p.A), byte(p.A>>8), byte(p.Weight), flags)
		b = le.AppendUint64(b, math.Float64bits(p.MassExcess))
		b = le.AppendUint64(b, math.Float64bits(p.HalfLife))
		for i, g := range p.Partition {
			micro := math.Round(g * 1e6)
			if !(micro > 0 && micro < 1<<53) || micro/1e6 != g {
				return nil, fmt.Errorf("nuclide: Z=%d A=%d: partition function %g at %g K is not a positive number of six decimals", p.Z, p.A, g, temperatures[i])
			}
			b = binary.AppendUvarint(b, uint64(micro))
		}
	}
	return b, nil
}

const (
	flagEstimated = 1 << iota
	flagPartition
)

func decodeProperties(payload []byte) (*rows, error) {
	in := table.NewReader(payload)
	r := &rows{grid: make([]float64, in.Count(8)), index: make([]int16, (MaxZ+1)*massNumbers)}
	for i := range r.grid {
		r.grid[i] = in.Float64()
		if i > 0 && !(r.grid[i] > r.grid[i-1]) {
			return nil, fmt.Errorf("%w: temperatures do not increase", table.ErrFormat)
		}
	}
	const rowSize = 21
	r.entries = make([]entry, 0, in.Count(rowSize))
	for len(r.entries) < cap(r.entries) {
		z, a, weight, flags := int(in.Uint8()), int(in.Uint16()), int(in.Uint8()), in.Uint8()
		e := entry{weight: weight, estimated: flags&flagEstimated != 0, massExcess: in.Float64(), halfLife: in.Float64()}
		if flags&flagPartition != 0 {
			e.lnG = make([]float64, len(r.grid))
			for i := range e.lnG {
				e.lnG[i] = math.Log(float64(in.Uvarint()) / 1e6)
			}
		}
		if err := in.Err(); err != nil {
			return nil, err
		}
		if z > MaxZ || a < 1 || a >= massNumbers || len(r.entries) >= math.MaxInt16 {
			return nil, fmt.Errorf("%w: Z=%d A=%d", table.ErrFormat, z, a)
		}
		r.entries = append(r.entries, e)
		r.index[z*massNumbers+a] = int16(len(r.entries))
	}
	return r, in.End()
}
