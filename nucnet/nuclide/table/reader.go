package table

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Reader walks through a payload. After the first read beyond the end every read returns zero and Err tells where
// the payload was cut off.
type Reader struct {
	data []byte
	pos  int
	err  error
}

// NewReader returns a Reader at the start of payload.
func NewReader(payload []byte) *Reader { return &Reader{data: payload} }

// Err returns the first error, which wraps ErrFormat.
func (r *Reader) Err() error { return r.err }

// End returns Err, or an error if bytes are left over.
func (r *Reader) End() error {
	if r.err == nil && r.pos != len(r.data) {
		r.err = fmt.Errorf("table: %w: %d bytes left over at %d", ErrFormat, len(r.data)-r.pos, r.pos)
	}
	return r.err
}

// Bytes returns the next n bytes, which share memory with the payload.
func (r *Reader) Bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.data)-r.pos {
		r.err = fmt.Errorf("table: %w: cut off at byte %d, %d more wanted", ErrFormat, r.pos, n)
		return nil
	}
	r.pos += n
	return r.data[r.pos-n : r.pos]
}

// Uint8 reads one byte.
func (r *Reader) Uint8() uint8 {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads two bytes.
func (r *Reader) Uint16() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads four bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Float64 reads eight bytes.
func (r *Reader) Float64() float64 {
	if b := r.Bytes(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// Uvarint reads an unsigned integer of variable length.
func (r *Reader) Uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.data[r.pos:])
	if n <= 0 {
		r.err = fmt.Errorf("table: %w: bad integer at byte %d", ErrFormat, r.pos)
		return 0
	}
	r.pos += n
	return v
}

// Count reads a uint32 that counts items of at least size bytes each and refuses one that cannot fit in the rest.
func (r *Reader) Count(size int) int {
	n := r.Uint32()
	if r.err == nil && uint64(n)*uint64(size) > uint64(len(r.data)-r.pos) {
		r.err = fmt.Errorf("table: %w: count of %d before byte %d is more than the rest can hold", ErrFormat, n, r.pos)
		return 0
	}
	return int(n)
}

// String reads a byte count and that many bytes.
func (r *Reader) String() string { return string(r.Bytes(int(r.Uint8()))) }
