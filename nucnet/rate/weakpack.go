package rate

import (
	"encoding/binary"
	"fmt"
	"math"

	"nuclab/nucnet/nuclide/table"
	"nuclab/nucnet/rate/reaclib"
)

// WeakSource tells which evaluation a weak table is from.
type WeakSource byte

// The sources in the order in which they are preferred.
const (
	LMP WeakSource = iota // Langanke & Martinez-Pinedo 2001, A = 45 to 65 and the nucleon
	Oda                   // Oda et al. 1994, A = 17 to 39
	FFN                   // Fuller, Fowler & Newman 1982, A = 21 to 60
)

// String returns "lmp", "oda" or "ffn".
func (s WeakSource) String() string { return nameOf([]string{"lmp", "oda", "ffn"}, int(s)) }

// WeakNodes is the number of nodes of a weak table: T9 over 0.01, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2, 3, 5, 10, 30, running
// fastest, times log10(rho Ye) over 1, 2, ..., 11.
const WeakNodes = len(weakT9) * weakDensities

// WeakRow is one weak table as the importer writes it: decimal logarithms, in thousandths, of the decay rate and the
// capture rate (1/s) and of the neutrino loss (MeV/s) at each node.
type WeakRow struct {
	Parent, Daughter         reaclib.Code
	Source                   WeakSource
	Decay, Capture, Neutrino [WeakNodes]int32
}

// WeakT9 returns the temperatures of the weak tables in 1e9 K.
func WeakT9() []float64 { return append([]float64(nil), weakT9[:]...) }

// PackWeak writes the payload of the table of weak rates.
func PackWeak(rows []WeakRow) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(len(rows)))
	for i := range rows {
		b = le.AppendUint16(b, uint16(rows[i].Parent))
		b = le.AppendUint16(b, uint16(rows[i].Daughter))
		b = append(b, byte(rows[i].Source))
		for _, q := range rows[i].columns() {
			for _, v := range q {
				b = le.AppendUint32(b, uint32(v))
			}
		}
	}
	return b
}

func (r *WeakRow) columns() [3]*[WeakNodes]int32 {
	return [3]*[WeakNodes]int32{&r.Decay, &r.Capture, &r.Neutrino}
}

// namedTable is a decoded weak table with its source.
type namedTable struct {
	weakTable
	source WeakSource
}

// unpackWeak reads what PackWeak wrote. Errors wrap table.ErrFormat.
func unpackWeak(payload []byte) (map[[2]reaclib.Code]*namedTable, error) {
	in := table.NewReader(payload)
	n := in.Count(5 + 12*WeakNodes)
	weak := make(map[[2]reaclib.Code]*namedTable, n)
	for range n {
		pair := [2]reaclib.Code{reaclib.Code(in.Uint16()), reaclib.Code(in.Uint16())}
		t := &namedTable{source: WeakSource(in.Uint8())}
		for _, q := range []*[WeakNodes]float64{&t.decay, &t.capture, &t.neutrino} {
			for k := range q {
				q[k] = float64(int32(in.Uint32())) / 1000
			}
		}
		if dz := pair[0].Z() - pair[1].Z(); in.Err() == nil && (pair[0].A() != pair[1].A() || math.Abs(float64(dz)) != 1 || weak[pair] != nil) {
			return nil, fmt.Errorf("%w: weak table of Z=%d A=%d into Z=%d A=%d", table.ErrFormat,
				pair[0].Z(), pair[0].A(), pair[1].Z(), pair[1].A())
		}
		weak[pair] = t
	}
	return weak, in.End()
}
