package reaclib

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide/table"
)

// numbers is the number of numbers in a set: seven coefficients and Q.
const numbers = len(Fit{}) + 1

// Pack writes sets as columns: what each set is for, then one column for each number. Numbers are kept exactly, as
// a signed mantissa of up to seven digits and a power of ten, which is how the files write them; a number that
// does not fit is an error. The bytes of a column are grouped by significance, which lets DEFLATE halve them.
func Pack(sets []Set) ([]byte, error) {
	labels := make(map[string]int)
	var names []string
	for i := range sets {
		if _, ok := labels[sets[i].Label]; !ok {
			labels[sets[i].Label] = len(names)
			names = append(names, sets[i].Label)
		}
	}
	if len(names) > math.MaxUint16 {
		return nil, fmt.Errorf("reaclib: %d labels are too many", len(names))
	}
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(len(names)))
	for _, l := range names {
		b = append(append(b, byte(len(l))), l...)
	}
	b = le.AppendUint32(b, uint32(len(sets)))
	for i := range sets {
		b = append(b, byte(sets[i].Chapter))
	}
	for i := range sets {
		reverse := byte(0)
		if sets[i].Reverse {
			reverse = 1
		}
		b = append(b, sets[i].Kind&0x7f|reverse<<7)
	}
	for i := range sets {
		b = le.AppendUint16(b, uint16(labels[sets[i].Label]))
	}
	for j := range Names {
		for i := range sets {
			b = le.AppendUint16(b, uint16(sets[i].Nuclide[j]))
		}
	}
	for j := range numbers {
		var planes [5][]byte
		for i := range sets {
			m, e, err := split(sets[i].number(j))
			if err != nil {
				return nil, err
			}
			for k := range 4 {
				planes[k] = append(planes[k], byte(uint32(m)>>(8*k)))
			}
			planes[4] = append(planes[4], byte(e))
		}
		for _, p := range planes {
			b = append(b, p...)
		}
	}
	return b, nil
}

// number returns coefficient j, or Q after the last.
func (s *Set) number(j int) float64 {
	if j < len(s.Fit) {
		return s.Fit[j]
	}
	return s.Q
}

// split returns m and e with x = m 10^e, m of at most seven digits.
func split(x float64) (m int32, e int8, err error) {
	if x == 0 {
		return 0, 0, nil
	}
	text := strconv.FormatFloat(x, 'e', 6, 64)
	if back, _ := strconv.ParseFloat(text, 64); back != x {
		return 0, 0, fmt.Errorf("reaclib: %v has more than seven digits", x)
	}
	mantissa, exponent, _ := strings.Cut(text, "e")
	i, err1 := strconv.ParseInt(strings.Replace(mantissa, ".", "", 1), 10, 32)
	k, err2 := strconv.ParseInt(exponent, 10, 8)
	if err1 != nil || err2 != nil || k < -100 || k > 100 {
		return 0, 0, fmt.Errorf("reaclib: %v is out of range", x)
	}
	return int32(i), int8(k - 6), nil
}

// join is the inverse of split. Mantissa and power are exact up to 10^22, so that one division or product rounds as
// reading the decimal number would.
func join(m int32, e int8) float64 {
	switch {
	case m == 0:
		return 0
	case e >= -22 && e < 0:
		return float64(m) / tens[-e]
	case e >= 0 && e <= 22:
		return float64(m) * tens[e]
	}
	x, _ := strconv.ParseFloat(fmt.Sprintf("%de%d", m, e), 64)
	return x
}

var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// Unpack reads what Pack wrote. Errors wrap table.ErrFormat.
func Unpack(payload []byte) ([]Set, error) {
	in := table.NewReader(payload)
	names := make([]string, in.Count(1))
	for i := range names {
		names[i] = in.String()
	}
	const setSize = 1 + 1 + 2 + 2*Names + 5*numbers
	sets := make([]Set, in.Count(setSize))
	n := len(sets)
	chapter, kind, label := in.Bytes(n), in.Bytes(n), in.Bytes(2*n)
	var codes [Names][]byte
	for j := range codes {
		codes[j] = in.Bytes(2 * n)
	}
	var planes [numbers][5][]byte
	for j := range planes {
		for k := range planes[j] {
			planes[j][k] = in.Bytes(n)
		}
	}
	if err := in.End(); err != nil {
		return nil, fmt.Errorf("reaclib: %w", err)
	}
	le := binary.LittleEndian
	for i := range sets {
		s := &sets[i]
		s.Chapter, s.Kind, s.Reverse = int(chapter[i]), kind[i]&0x7f, kind[i]&0x80 != 0
		l := int(le.Uint16(label[2*i:]))
		if l >= len(names) {
			return nil, fmt.Errorf("reaclib: %w: set %d: label %d of %d", table.ErrFormat, i, l, len(names))
		}
		s.Label = names[l]
		for j := range codes {
			s.Nuclide[j] = Code(le.Uint16(codes[j][2*i:]))
		}
		for j := range planes {
			p := &planes[j]
			m := int32(uint32(p[0][i]) | uint32(p[1][i])<<8 | uint32(p[2][i])<<16 | uint32(p[3][i])<<24)
			x := join(m, int8(p[4][i]))
			if j < len(s.Fit) {
				s.Fit[j] = x
			} else {
				s.Q = x
			}
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("reaclib: %w: set %d: %w", table.ErrFormat, i, err)
		}
	}
	return sets, nil
}
