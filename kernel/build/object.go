package build

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	archiveMagic  = "!<arch>\n"
	archiveHeader = 60
	objectStart   = "\n!\n" // between the text before an object and the object
)

// editArchive makes an archive of which the object is what edit makes of it; edit may change the object that it gets. Files
// for which drop is true are left out.
func editArchive(archive []byte, drop func(name string) bool, edit func(o *object) ([]byte, error)) ([]byte, error) {
	if !bytes.HasPrefix(archive, []byte(archiveMagic)) {
		return nil, errObject
	}
	out := bytes.NewBufferString(archiveMagic)
	for at := len(archiveMagic); at+archiveHeader <= len(archive); {
		header := archive[at : at+archiveHeader]
		size, err := strconv.Atoi(strings.TrimSpace(string(header[48:58])))
		if err != nil || size < 0 || at+archiveHeader+size > len(archive) {
			return nil, errObject
		}
		data := archive[at+archiveHeader : at+archiveHeader+size]
		at += archiveHeader + size + size&1
		name := strings.TrimSpace(string(header[:16]))
		if drop != nil && drop(name) {
			continue
		}
		if name == "_go_.o" {
			o, err := parseObject(data)
			if err != nil {
				return nil, err
			}
			if data, err = edit(o); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(out, "%s%-10d%s", header[:48], len(data), header[58:])
		out.Write(data)
		if len(data)&1 != 0 {
			out.WriteByte(0)
		}
	}
	return out.Bytes(), nil
}

// Relocations: 4 bytes offset, 1 size, 2 type, 8 addend, 8 symbol.
const (
	relocSize     = 23
	relocSymbolAt = 15
)

// Package indices of symbols that a package does not know by its own index; a reference is such an index and the index of
// the symbol there.
const (
	noPackage       = 1<<31 - 1 // known by name
	hashed64Package = noPackage - 1
	hashedPackage   = noPackage - 2
	selfPackage     = noPackage - 4
)

// object is a Go object file.
type object struct {
	before []byte // text
	data   []byte
	blocks [blockCount]int
	defs   int // symbols that it defines
}

func parseObject(file []byte) (*object, error) {
	if !bytes.HasPrefix(file, []byte("go object ")) {
		return nil, errObject
	}
	i := bytes.Index(file, []byte(objectStart+objectMagic))
	if i < 0 {
		return nil, errObject
	}
	o := &object{before: file[:i], data: file[i+len(objectStart):]}
	header := len(objectMagic) + 8 + 4
	if len(o.data) < header+4*blockCount {
		return nil, errObject
	}
	for b := range o.blocks {
		o.blocks[b] = o.u32(header + 4*b)
		if o.blocks[b] > len(o.data) || b > 0 && o.blocks[b] < o.blocks[b-1] {
			return nil, errObject
		}
	}
	o.defs = (o.blocks[blockNonpkgref] - o.blocks[blockSymdef]) / symbolSize
	if o.blocks[blockAuxIdx]-o.blocks[blockRelocIdx] != 4*(o.defs+1) || o.blocks[blockReloc]-o.blocks[blockDataIdx] != 4*(o.defs+1) ||
		o.blocks[blockAux]-o.blocks[blockReloc] != relocSize*o.u32(o.blocks[blockAuxIdx]-4) {
		return nil, errObject
	}
	return o, nil
}

func (o *object) u32(at int) int { return int(binary.LittleEndian.Uint32(o.data[at:])) }

// name is that of an entry of a symbol: 8 bytes name, 2 ABI, type, two bytes flags, 4 size, 4 alignment.
func (o *object) name(symbol []byte) string {
	n, off := int(binary.LittleEndian.Uint32(symbol)), int(binary.LittleEndian.Uint32(symbol[4:]))
	if off+n > len(o.data) {
		return ""
	}
	return string(o.data[off : off+n])
}

// relocs are the relocations of the i-th symbol.
func (o *object) relocs(i int) []byte {
	at := o.blocks[blockRelocIdx] + 4*i
	from, to := o.blocks[blockReloc]+relocSize*o.u32(at), o.blocks[blockReloc]+relocSize*o.u32(at+4)
	return o.data[from:to]
}

// symbol is the entry of the i-th symbol.
func (o *object) symbol(i int) []byte {
	at := o.blocks[blockSymdef] + i*symbolSize
	return o.data[at : at+symbolSize]
}

// content is the data of the i-th symbol.
func (o *object) content(i int) []byte {
	at := o.blocks[blockDataIdx] + 4*i
	return o.data[o.blocks[blockData]+o.u32(at) : o.blocks[blockData]+o.u32(at+4)]
}

// sections are the package indices by which symbols that the object defines are referred to, in the order of definition,
// with the first symbol of each.
func (o *object) sections() [4][2]int {
	first := func(block int) int { return (o.blocks[block] - o.blocks[blockSymdef]) / symbolSize }
	return [4][2]int{{selfPackage, 0}, {hashed64Package, first(blockHashed64)}, {hashedPackage, first(blockHashed)}, {noPackage, first(blockNonpkgdef)}}
}

// target is the symbol that a relocation is about, -1 when the object does not define it.
func (o *object) target(reloc []byte) int {
	pkg, index := int(binary.LittleEndian.Uint32(reloc[relocSymbolAt:])), int(binary.LittleEndian.Uint32(reloc[relocSymbolAt+4:]))
	for _, s := range o.sections() {
		if i := s[1] + index; s[0] == pkg && i < o.defs {
			return i
		}
	}
	return -1
}

// reference is how a relocation refers to the i-th symbol.
func (o *object) reference(i int) []byte {
	var in [2]int
	for _, s := range o.sections() {
		if s[1] <= i {
			in = s
		}
	}
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(in[0])), uint32(i-in[1]))
}

// withRelocs is the object with other relocations, listed by symbol.
func (o *object) withRelocs(relocs [][]byte) []byte {
	all := bytes.Join(relocs, nil)
	head := bytes.Clone(o.data[:o.blocks[blockReloc]])
	n := 0
	for i := range o.defs + 1 {
		binary.LittleEndian.PutUint32(head[o.blocks[blockRelocIdx]+4*i:], uint32(n))
		if i < o.defs {
			n += len(relocs[i]) / relocSize
		}
	}
	grown := len(all) - (o.blocks[blockAux] - o.blocks[blockReloc])
	for b := blockAux; b <= blockEnd; b++ {
		putBlock(head, b, o.blocks[b]+grown)
	}
	return slices.Concat(o.before, []byte(objectStart), head, all, o.data[o.blocks[blockAux]:])
}

func putBlock(header []byte, block, at int) {
	binary.LittleEndian.PutUint32(header[len(objectMagic)+8+4+4*block:], uint32(at))
}
