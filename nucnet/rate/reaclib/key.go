package reaclib

import "slices"

// Key says what a set is for: up to four codes that go in and up to four that come out, each side in increasing
// order behind zeros.
type Key [8]Code

// NewKey returns the key of a reaction; neither side has more than four codes.
func NewKey(in, out []Code) (k Key) {
	copy(k[4-len(in):4], in)
	copy(k[8-len(out):], out)
	slices.Sort(k[:4])
	slices.Sort(k[4:])
	return k
}

// Key returns what the set is for.
func (s *Set) Key() Key { return NewKey(s.In(), s.Out()) }

// Reverse returns the key with its sides exchanged.
func (k Key) Reverse() Key { return Key{k[4], k[5], k[6], k[7], k[0], k[1], k[2], k[3]} }

// Compare orders keys.
func (k Key) Compare(other Key) int { return slices.Compare(k[:], other[:]) }

// Weak reports whether the charge numbers of the sides differ.
func (k Key) Weak() bool {
	z := 0
	for _, c := range k[:4] {
		z += c.Z()
	}
	for _, c := range k[4:] {
		z -= c.Z()
	}
	return z != 0
}

// Sort brings sets into the order of their keys, those of the same key in the order they had.
func Sort(sets []Set) {
	slices.SortStableFunc(sets, func(a, b Set) int { return a.Key().Compare(b.Key()) })
}
