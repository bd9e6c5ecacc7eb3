package build

import (
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Blocks of a Go object file, as cmd/internal/goobj numbers them.
const (
	objectMagic    = "\x00go120ld"
	blockSymdef    = 3 // definitions of symbols, in four blocks one after the other
	blockNonpkgdef = 6
	blockNonpkgref = 7
	blockRefFlags  = 8
	blockHash64    = 9
	blockHash      = 10
	blockRelocIdx  = 11
	blockAuxIdx    = 12
	blockDataIdx   = 13
	blockReloc     = 14
	blockAux       = 15
	blockData      = 16
	blockRefName   = 17
	blockEnd       = 18
	blockCount     = 19
	symbolSize     = 21
)

// Flags of a name in Go's type data (internal/abi.Name).
const (
	nameHasTag  = 1 << 1
	nameHasPath = 1 << 2
)

var errObject = errors.New("build: this compiler writes object files of an unknown form")

// restoreNames removes mark from the names of types, fields and methods in a compiled package, and drop from the tags in
// the texts of types, so that values, panics and reflection show what the user wrote. A name becomes shorter in its place,
// followed by zeros. The compiler has resolved everything else by then, and its export data keeps the marks.
func restoreNames(archive []byte, mark, drop string) error {
	start := bytes.Index(archive, []byte(objectMagic))
	header := start + len(objectMagic) + 8 + 4
	if start < 0 || len(archive) < header+4*blockCount {
		return errObject
	}
	object := archive[start:]
	u32 := func(at int) int {
		if at < 0 || at+4 > len(object) {
			return -1
		}
		return int(binary.LittleEndian.Uint32(object[at:]))
	}
	block := func(i int) int { return u32(header - start + 4*i) }
	quoted := strconv.Quote(drop)
	count := (block(blockNonpkgref) - block(blockSymdef)) / symbolSize
	for i := range count {
		at := block(blockSymdef) + i*symbolSize
		n, off := u32(at), u32(at+4)
		if n < 0 || off < 0 || off+n > len(object) {
			return errObject
		}
		if !bytes.HasPrefix(object[off:off+n], []byte("type:.namedata.")) {
			continue
		}
		from, to := u32(block(blockDataIdx)+4*i), u32(block(blockDataIdx)+4*i+4)
		from, to = from+block(blockData), to+block(blockData)
		if from < 0 || to < from || to > len(object) {
			return errObject
		}
		restoreName(object[from:to], mark, " "+quoted)
	}
	return nil
}

// cellPackage is a cell's package before a type argument of a generic type.
var cellPackage = regexp.MustCompile(`cell/[0-9a-f]{16}\.`)

// restoreName shortens one name: flags, length, text, then length and text of a tag. A name with a package path stays as
// it is, since a relocation fills that path in at a fixed place; no marked name has one.
func restoreName(data []byte, mark, drop string) {
	if len(data) == 0 || data[0]&nameHasPath != 0 {
		return
	}
	n, size := binary.Uvarint(data[1:])
	if size <= 0 || 1+size+int(n) > len(data) {
		return
	}
	name := string(data[1+size : 1+size+int(n)])
	restored := cellPackage.ReplaceAllString(strings.ReplaceAll(strings.ReplaceAll(name, mark, ""), drop, ""), "main.")
	if restored == name {
		return
	}
	rest := slices.Clone(data[1+size+int(n):])
	if data[0]&nameHasTag == 0 {
		rest = nil
	}
	short := binary.AppendUvarint([]byte{data[0]}, uint64(len(restored)))
	short = append(append(short, restored...), rest...)
	clear(data[copy(data, short):])
}
