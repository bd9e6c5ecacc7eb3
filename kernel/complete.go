package kernel

import (
	"os"
	"path/filepath"
	"sort"
	"strings"

	"nuclab/kernel/cell"
)

// Complete lists what may stand at the cursor, a byte of the code, which may be unfinished. It works while a cell runs.
func (s *Session) Complete(code string, cursor int) Completion {
	cursor = max(0, min(cursor, len(code)))
	if c, ok := s.completeCommand(code, cursor); ok {
		return c
	}
	none := Completion{Start: cursor, End: cursor}
	select {
	case <-s.started:
	default:
		return none
	}
	if s.startErr != nil {
		return none
	}
	code = blankCommands(code)
	if c, ok := s.completeImport(code, cursor); ok {
		return c
	}
	s.bookMu.Lock()
	defer s.bookMu.Unlock()
	symbols, start, end := s.book.Complete(code, cursor)
	c := Completion{Start: start, End: end}
	seen := make(map[string]bool)
	for _, sym := range symbols {
		c.Matches = append(c.Matches, Match{Text: sym.Name, Type: sym.Kind})
		seen[sym.Name] = true
	}
	// Packages that need no import.
	if typed := code[start:cursor]; start <= cursor && len(typed) >= 2 && !member(code[:start]) {
		for _, name := range s.module.StdNames() {
			if strings.HasPrefix(name, typed) && !seen[name] {
				c.Matches = append(c.Matches, Match{Text: name, Type: "package"})
			}
		}
	}
	return c
}

// member reports whether what follows a text is selected from something.
func member(before string) bool { return strings.HasSuffix(strings.TrimSpace(before), ".") }

// IsComplete judges code that is being typed: "complete", "incomplete" with the indentation of the next line, or
// "invalid".
func (s *Session) IsComplete(code string) (status, indent string) {
	if _, ok := helpSubject(code); ok {
		return "complete", ""
	}
	return cell.IsComplete(blankCommands(code))
}

// commandLines returns how many bytes at the start of a cell are command lines.
func commandLines(code string) int {
	n := 0
	for n < len(code) {
		line, _, more := strings.Cut(code[n:], "\n")
		t := strings.TrimSpace(line)
		if t != "" && t[0] != '%' && t[0] != '$' {
			return n
		}
		n += len(line)
		if more {
			n++
		}
	}
	return n
}

// blankCommands replaces the command lines of a cell by spaces, so that positions stay.
func blankCommands(code string) string {
	b := []byte(code)
	for i := range commandLines(code) {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
	return string(b)
}

// completeCommand completes the name of a command, or a file after one that takes files.
func (s *Session) completeCommand(code string, cursor int) (Completion, bool) {
	begin := strings.LastIndexByte(code[:cursor], '\n') + 1
	typed := strings.TrimLeft(code[begin:cursor], " \t")
	if begin > commandLines(code) || !strings.HasPrefix(typed, "%") && !strings.HasPrefix(typed, "$") {
		return Completion{}, false
	}
	blank := strings.LastIndexAny(typed, " \t=<>|;&")
	switch name, _, _ := strings.Cut(typed, " "); {
	case strings.HasPrefix(typed, "$"):
		return s.completeFile(typed[max(blank+1, 1):], cursor, false), true
	case blank >= 0 && (name == "%cd" || name == "%load" || name == "%save"):
		return s.completeFile(typed[blank+1:], cursor, name == "%cd"), true
	case blank >= 0:
		return Completion{Start: cursor, End: cursor}, name != "%time" && name != "%bench" // those have Go behind them
	}
	c := Completion{Start: cursor - len(typed), End: cursor}
	for _, name := range commandNames() {
		if strings.HasPrefix(name, typed) {
			c.Matches = append(c.Matches, Match{Text: name, Type: "command"})
		}
	}
	return c, true
}

// completeFile completes the path of a file, or of a directory only.
func (s *Session) completeFile(typed string, cursor int, onlyDirs bool) Completion {
	c := Completion{Start: cursor - len(typed), End: cursor}
	dir, base := filepath.Split(typed)
	entries, err := os.ReadDir(s.path(dir))
	if err != nil {
		return c
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && name[0] == '.' || strings.ContainsAny(name, " \t\n") {
			continue
		}
		info, err := os.Stat(filepath.Join(s.path(dir), name))
		switch {
		case err == nil && info.IsDir():
			c.Matches = append(c.Matches, Match{Text: dir + name + "/", Type: "path"})
		case !onlyDirs:
			c.Matches = append(c.Matches, Match{Text: dir + name, Type: "path"})
		}
	}
	return c
}

// completeImport completes a path inside the quotes of an import.
func (s *Session) completeImport(code string, cursor int) (Completion, bool) {
	begin := strings.LastIndexByte(code[:cursor], '\n') + 1
	line := code[begin:cursor]
	quote := strings.LastIndexByte(line, '"')
	if quote < 0 || strings.Count(line, `"`)%2 == 0 {
		return Completion{}, false
	}
	head := strings.Fields(line[:quote])
	inBlock := false
	if open := strings.LastIndex(code[:begin], "import ("); open >= 0 {
		inBlock = !strings.Contains(code[open:begin], ")")
	}
	if !(len(head) > 0 && head[0] == "import" || inBlock && len(head) <= 1) {
		return Completion{}, false
	}
	typed := line[quote+1:]
	c := Completion{Start: cursor - len(typed), End: cursor}
	paths := append(s.module.StdPaths(), s.module.LoadedPaths()...)
	sort.Strings(paths)
	last := ""
	for _, p := range paths {
		if strings.HasPrefix(p, typed) && p != last {
			c.Matches = append(c.Matches, Match{Text: p, Type: "package"})
		}
		last = p
	}
	return c, true
}
