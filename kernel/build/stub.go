package build

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// A plugin that the linker makes of whole packages holds a copy of everything that its code can reach, although the
// process that loads it has most of that already. A stub is a compiled package whose functions that the process has are
// empty: the linker leaves them to the dynamic linker, and does not follow what they need. What the process lacks stays,
// and so do types and variables, which the dynamic linker unites in any case.

// symbols are the names that the dynamic linker finds in a process.
type symbols map[string]bool

// readSymbols adds what a program or plugin defines.
func (s symbols) read(file string) error {
	f, err := elf.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := f.DynamicSymbols()
	if err != nil {
		return err
	}
	for _, sym := range all {
		if sym.Section != elf.SHN_UNDEF {
			s[sym.Name] = true
		}
	}
	return nil
}

// stubs keeps the stubs of packages for the processes that have loaded some files, in a directory of its own.
type stubs struct {
	dir     string
	program string
	plugins []string
	once    sync.Once
	symbols symbols
}

// newStubs prepares stubs for processes that run a program and have loaded some plugins; nil where the form of object
// files is not known.
func newStubs(t *Toolchain, dir, program string, plugins ...string) *stubs {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" || !strings.HasPrefix(t.Version+".", "go1.26.") {
		return nil
	}
	return &stubs{dir: dir, program: program, plugins: plugins}
}

// has returns the symbols of the processes.
func (s *stubs) has() symbols {
	s.once.Do(func() {
		s.symbols = make(symbols)
		for _, f := range append([]string{s.program}, s.plugins...) {
			s.symbols.read(f) // a file that cannot be read has nothing to offer
		}
	})
	return s.symbols
}

// file returns the stub of an archive, or the archive itself where there can be none.
func (s *stubs) file(archive string) string {
	path := filepath.Join(s.dir, digest(archive)+".a")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	b, err := os.ReadFile(archive)
	if err != nil {
		return archive
	}
	if b, err = stub(b, s.has()); err != nil || writeFile(path, b, 0o600) != nil {
		return archive
	}
	return path
}

// Of cmd/internal/objabi and goobj, for Go 1.26.
const (
	flagLocal      = 1 << 1
	kindText       = 1
	kindDwarf      = 11
	kindLastDwarf  = 20
	abiInternal    = 1
	relocCall      = 7
	relocInitOrder = 99
)

// stub makes the stub of a package.
func stub(archive []byte, has symbols) ([]byte, error) {
	forCompiler := func(name string) bool { return name == "__.PKGDEF" }
	return editArchive(archive, forCompiler, func(o *object) ([]byte, error) { return o.stub(has) })
}

// jump is the code of a function that is elsewhere, by architecture, with the relocation that completes it.
var jump = struct {
	code  []byte
	reloc []byte // offset, size, type, addend
}{[]byte{0xe9, 0, 0, 0, 0}, []byte{1, 0, 0, 0, 4, relocCall, 0, 0, 0, 0, 0, 0, 0, 0, 0}}

// stub makes the stub of an object.
func (o *object) stub(has symbols) ([]byte, error) {
	head := bytes.Clone(o.data[:o.blocks[blockNonpkgref]])
	named := (o.blocks[blockRefFlags] - o.blocks[blockNonpkgdef]) / symbolSize // symbols known by name
	var relocIdx, dataIdx, relocs, data, refs, names []byte
	var imports [][]string
	u32 := binary.LittleEndian.AppendUint32
	for i := range o.defs {
		relocIdx = u32(relocIdx, uint32(len(relocs)/relocSize))
		dataIdx = u32(dataIdx, uint32(len(data)))
		at := o.blocks[blockSymdef] + i*symbolSize
		s := head[at : at+symbolSize]
		name, content, all := o.name(s), o.content(i), o.relocs(i)
		switch {
		case s[10] >= kindDwarf && s[10] <= kindLastDwarf:
			continue // plugins are linked without
		case s[10] == kindText && binary.LittleEndian.Uint16(s[8:]) == abiInternal && has[name]:
			// A jump to the function of the process, under a name of its own that the directive connects.
			s[11] |= flagLocal
			binary.LittleEndian.PutUint32(s[13:], uint32(len(jump.code)))
			data = append(data, jump.code...)
			relocs = append(relocs, jump.reloc...)
			relocs = u32(u32(relocs, noPackage), uint32(named+len(imports)))
			local := importPrefix + name
			refs = u32(u32(refs, uint32(len(local))), uint32(len(names))) // moved below
			refs = append(refs, make([]byte, symbolSize-8)...)
			names = append(names, local...)
			imports = append(imports, []string{"cgo_import_dynamic", local, name})
			continue
		case strings.HasSuffix(name, "..inittask") && has[name]:
			// No functions to run: the package is initialised.
			content = make([]byte, 8)
			binary.LittleEndian.PutUint32(s[13:], 8)
			all = only(all, func(t int) bool { return t == relocInitOrder })
		}
		relocs = append(relocs, all...)
		data = append(data, content...)
	}
	relocIdx = u32(relocIdx, uint32(len(relocs)/relocSize))
	dataIdx = u32(dataIdx, uint32(len(data)))

	old := func(block int) []byte { return o.data[o.blocks[block]:o.blocks[block+1]] }
	refs = append(bytes.Clone(old(blockNonpkgref)), refs...)
	parts := [][]byte{refs, old(blockRefFlags), old(blockHash64), old(blockHash), relocIdx, old(blockAuxIdx), dataIdx, relocs, old(blockAux), data, old(blockRefName)}
	at := len(head)
	for i, p := range parts {
		putBlock(head, blockNonpkgref+i, at)
		at += len(p)
	}
	putBlock(head, blockEnd, at)
	for i := len(refs) - len(imports)*symbolSize; i < len(refs); i += symbolSize {
		off := refs[i+4 : i+8]
		binary.LittleEndian.PutUint32(off, binary.LittleEndian.Uint32(off)+uint32(at))
	}

	out := new(bytes.Buffer)
	before, directives, found := bytes.Cut(o.before, []byte(directivesStart))
	out.Write(before)
	if found {
		directives, _, _ = bytes.Cut(directives, []byte("\n$$"))
		var own [][]string
		if err := json.Unmarshal(directives, &own); err != nil {
			return nil, errObject
		}
		imports = append(own, imports...)
	}
	if len(imports) > 0 {
		b, err := json.Marshal(imports)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "%s%s\n\n$$\n", directivesStart, b)
	}
	out.WriteString(objectStart)
	out.Write(head)
	for _, p := range parts {
		out.Write(p)
	}
	out.Write(names)
	return out.Bytes(), nil
}

// directivesStart is before the directives of cgo in the text before an object.
const directivesStart = "\n\n$$  // cgo\n"

// importPrefix starts the name under which a stub refers to a function of the process.
const importPrefix = "process:"

// only keeps the relocations of some types.
func only(relocs []byte, want func(relocType int) bool) []byte {
	var kept []byte
	for r := relocs; len(r) > 0; r = r[relocSize:] {
		if want(int(binary.LittleEndian.Uint16(r[5:]))) {
			kept = append(kept, r[:relocSize]...)
		}
	}
	return kept
}
