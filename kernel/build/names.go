package build

import (
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
	blockHashed64  = 4
	blockHashed    = 5
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
	nameExported = 1 << 0
	nameHasTag   = 1 << 1
	nameHasPath  = 1 << 2
	nameEmbedded = 1 << 3
)

var errObject = errors.New("build: this compiler writes object files of an unknown form")

// restoreNames gives a compiled package the type data of what the user wrote, so that values, panics and reflection show
// that: mark goes from the names of types, fields and methods, drop from tags; marked fields and methods are not exported,
// and the package is main. The compiler has resolved everything else by then, and its export data keeps the marks.
func restoreNames(archive []byte, mark, drop string) ([]byte, error) {
	return editArchive(archive, nil, func(o *object) ([]byte, error) {
		names := make(map[int]restored)
		path := -1
		for i := range o.defs {
			name, content := o.name(o.symbol(i)), o.content(i)
			switch {
			case strings.HasPrefix(name, typeNames):
				names[i] = restoreName(content, mark, drop)
			case strings.HasPrefix(name, typePaths):
				if restoreName(content, mark, drop).changed {
					path = i
				}
			}
		}
		return o.unexport(names, path), nil
	})
}

// Names of symbols in type data.
const (
	typeNames = "type:.namedata."
	typePaths = "type:.importpath."
)

// restored says what a name was.
type restored struct {
	changed bool
	marked  bool // begins with the mark
	field   bool // of a field that is lower-case in the user's text
}

// cellPackage is a cell's package: alone, or before a type argument of a generic type.
var cellPackage = regexp.MustCompile(`cell/[0-9a-f]{16}(\.|$)`)

// restoreName shortens one name: flags, length, text, then length and text of a tag. What is left of its place is zero. A
// name with a package path stays as it is, since a relocation fills that path in at a fixed place; no marked name has one.
func restoreName(data []byte, mark, drop string) restored {
	if len(data) == 0 || data[0]&nameHasPath != 0 {
		return restored{}
	}
	name, rest, ok := nameText(data[1:])
	tag := ""
	if ok && data[0]&nameHasTag != 0 {
		tag, _, ok = nameText(rest)
	}
	if !ok {
		return restored{}
	}
	short := strings.ReplaceAll(name, mark, "")
	// In the text of a type, tags are quoted.
	quoted := strconv.Quote(drop)
	short = strings.ReplaceAll(short, " "+quoted, "")
	short = strings.ReplaceAll(short, " "+quoted[:len(quoted)-1]+" ", ` "`)
	short = cellPackage.ReplaceAllString(short, "main$1")
	was := restored{changed: short != name, marked: mark != "" && strings.HasPrefix(name, mark)}
	if !was.changed {
		return was
	}
	own, hidden := strings.CutPrefix(tag, drop)
	flags := data[0]
	if was.field = was.marked && (tag != "" && hidden || flags&nameEmbedded != 0); was.field {
		tag = strings.TrimPrefix(own, " ")
		flags &^= nameExported
	}
	if tag == "" {
		flags &^= nameHasTag
	}
	out := append(binary.AppendUvarint([]byte{flags}, uint64(len(short))), short...)
	if tag != "" {
		out = append(binary.AppendUvarint(out, uint64(len(tag))), tag...)
	}
	clear(data[copy(data, out):])
	return was
}

// nameText is a text after its length, and what follows.
func nameText(data []byte) (text string, rest []byte, ok bool) {
	n, size := binary.Uvarint(data)
	if size <= 0 || n > uint64(len(data)-size) {
		return "", nil, false
	}
	end := size + int(n)
	return string(data[size:end]), data[end:], true
}

// Of internal/abi, for a machine of 64 bits. A type starts with what all types have; then comes what its kind has, and
// then, where the flag says so, its methods.
const (
	typeFlagsAt   = 20
	typeKindAt    = 23
	typeSize      = 48
	typeUncommon  = 1 << 0
	kindMask      = 1<<5 - 1
	kindArray     = 17
	kindChan      = 18
	kindFunc      = 19
	kindInterface = 20
	kindMap       = 21
	kindPointer   = 22
	kindSlice     = 23
	kindStruct    = 25
	structPathAt  = typeSize // of a struct, the package of its fields that are not exported
	exportedAt    = 6        // in the methods of a type: how many are exported, which come first
	methodsAt     = 8        // from the methods' header to their names
	methodsHeader = 16
	methodSize    = 16
)

// kindSize is what a type of a kind takes, without its methods.
var kindSize = map[byte]int{kindArray: 72, kindChan: 64, kindFunc: 56, kindInterface: 80, kindMap: 112, kindPointer: 56, kindSlice: 56, kindStruct: 80}

// unexport writes into types which of their fields and methods are not exported; path is the symbol of the package that
// structs of such fields name.
func (o *object) unexport(names map[int]restored, path int) []byte {
	relocs := make([][]byte, o.defs)
	for i := range o.defs {
		relocs[i] = o.relocs(i)
		name, content := o.name(o.symbol(i)), o.content(i)
		if !strings.HasPrefix(name, "type:") || strings.HasPrefix(name, "type:.") || len(content) < typeSize || strconv.IntSize != 64 {
			continue
		}
		kind := content[typeKindAt] & kindMask
		if kind == kindStruct && path >= 0 {
			relocs[i] = o.structPath(relocs[i], names, path)
		}
		if content[typeFlagsAt]&typeUncommon == 0 {
			continue
		}
		header := typeSize
		if size, ok := kindSize[kind]; ok {
			header = size
		}
		if header+methodsHeader > len(content) {
			continue
		}
		exported := content[header+exportedAt:]
		first := header + int(binary.LittleEndian.Uint32(content[header+methodsAt:]))
		for r := relocs[i]; len(r) >= relocSize; r = r[relocSize:] {
			n := int(binary.LittleEndian.Uint32(r)) - first
			if n >= 0 && n%methodSize == 0 && names[o.target(r)].marked && n/methodSize < int(binary.LittleEndian.Uint16(exported)) {
				binary.LittleEndian.PutUint16(exported, uint16(n/methodSize))
			}
		}
	}
	return o.withRelocs(relocs)
}

// structPath adds the relocation for the package of a struct's fields, if one of them is not exported.
func (o *object) structPath(relocs []byte, names map[int]restored, path int) []byte {
	var field []byte
	for r := relocs; len(r) >= relocSize; r = r[relocSize:] {
		switch {
		case binary.LittleEndian.Uint32(r) == structPathAt:
			return relocs
		case names[o.target(r)].field:
			field = r[:relocSize]
		}
	}
	if field == nil {
		return relocs
	}
	// It is of the kind that fills in the names.
	added := slices.Clone(field)
	binary.LittleEndian.PutUint32(added, structPathAt)
	copy(added[relocSymbolAt:], o.reference(path))
	// Relocations are in the order of their places.
	at := 0
	for at < len(relocs) && binary.LittleEndian.Uint32(relocs[at:]) < structPathAt {
		at += relocSize
	}
	return slices.Concat(relocs[:at], added, relocs[at:])
}
