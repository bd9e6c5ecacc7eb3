package build

import (
	"bytes"
	"debug/elf"
	"os"
	"slices"
)

// Where the runtime's table of functions says that their names begin, and that they end.
const (
	funcnamesBegin = 32
	funcnamesEnd   = 40
)

// restoreFunctions gives the functions of a plugin the names that rename makes of them, none of them longer, so that
// tracebacks and runtime.FuncForPC show what the user wrote. A file that is no ELF file of a 64-bit machine stays as it is.
func restoreFunctions(plugin string, rename func(string) string) error {
	file, err := os.OpenFile(plugin, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	f, err := elf.NewFile(file)
	if err != nil || f.Class != elf.ELFCLASS64 {
		return nil
	}
	i := slices.IndexFunc(f.Sections, func(s *elf.Section) bool { return s.Name == ".gopclntab" || s.Name == ".data.rel.ro.gopclntab" })
	if i < 0 {
		return nil
	}
	table, err := f.Sections[i].Data()
	if err != nil {
		return err
	}
	if len(table) < funcnamesEnd+8 {
		return nil
	}
	from, to := f.ByteOrder.Uint64(table[funcnamesBegin:]), f.ByteOrder.Uint64(table[funcnamesEnd:])
	if from > to || to > uint64(len(table)) {
		return nil
	}
	names := table[from:to]
	renameAll(names, rename)
	_, err = file.WriteAt(names, int64(f.Sections[i].Offset+from))
	return err
}

// renameAll changes names in their places; each ends with a zero.
func renameAll(names []byte, rename func(string) string) {
	for len(names) > 0 {
		end := bytes.IndexByte(names, 0)
		if end < 0 {
			return
		}
		if name := string(names[:end]); name != "" {
			if renamed := rename(name); len(renamed) < len(name) {
				clear(names[copy(names, renamed):end])
			}
		}
		names = names[end+1:]
	}
}
