package kernel

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"nuclab/kernel/cell"
	ipc "nuclab/kernel/worker/message"
)

func red(s string) string  { return "\x1b[31m" + s + "\x1b[0m" }
func bold(s string) string { return "\x1b[1m" + s + "\x1b[0m" }
func dim(s string) string  { return "\x1b[2m" + s + "\x1b[0m" }

// printable shows control characters by their codes: what a cell's text or a value holds is to give no orders to the terminal
// or front end that shows an error.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// place names a cell as the notebook does.
func place(count int) string { return fmt.Sprintf("In[%d]", count) }

// compileError shows all problems of a cell, each with its line and a caret.
func compileError(count int, src string, problems []cell.Problem) *CellError {
	e := &CellError{Name: "compile error"}
	var all []string
	for _, p := range problems {
		line, column, text := locate(src, p.Offset)
		problem := printable(p.Text)
		all = append(all, fmt.Sprintf("%s:%d:%d: %s", place(count), line, column, problem))
		first, rest, more := strings.Cut(problem, "\n")
		e.Traceback = append(e.Traceback, bold(fmt.Sprintf("%s:%d:%d: ", place(count), line, column))+red(first))
		if more {
			e.Traceback = append(e.Traceback, strings.Split(rest, "\n")...)
		}
		e.Traceback = append(e.Traceback, "    "+strings.ReplaceAll(printable(text), "\t", "    "), "    "+caret(text, column))
	}
	e.Value = strings.Join(all, "\n")
	return e
}

// locate finds line and column, both from 1 and the column in characters, of a byte, and the text of its line.
func locate(src string, offset int) (line, column int, text string) {
	offset = min(offset, len(src))
	begin := strings.LastIndexByte(src[:offset], '\n') + 1
	end := len(src)
	if i := strings.IndexByte(src[begin:], '\n'); i >= 0 {
		end = begin + i
	}
	return strings.Count(src[:offset], "\n") + 1, utf8.RuneCountInString(src[begin:offset]) + 1, strings.TrimSuffix(src[begin:end], "\r")
}

// caret points at a column of a line whose tabs are shown as four spaces.
func caret(text string, column int) string {
	var b strings.Builder
	for _, r := range text {
		if column--; column == 0 {
			break
		}
		width := utf8.RuneCountInString(printable(string(r)))
		if r == '\t' {
			width = 4
		}
		b.WriteString(strings.Repeat(" ", width))
	}
	return b.String() + red("^")
}

// runError shows how a running cell failed: the message, then the calls in cells with their lines, then the others.
func (s *Session) runError(f *ipc.Failure) *CellError {
	e := &CellError{Value: printable(cell.Unmark(f.Text))}
	switch f.Kind {
	case ipc.Panic:
		e.Name = "panic"
		if f.Note != "" {
			e.Name += " " + f.Note
		}
	case ipc.Interrupted:
		e.Name = "interrupted"
		if len(f.Frames) > 0 {
			e.Value = "interrupted; variables keep their values"
		}
	case ipc.Exit:
		e.Name = "exit"
		e.Value = e.Value + "; the program ended itself, the kernel keeps its variables"
	case ipc.Goexit:
		e.Name = "goexit"
	case ipc.Load:
		e.Name = "load error"
		if strings.Contains(f.Text, "different version of package") {
			e.Value = "a package that the cell uses changed on disk while the kernel was running; restart the kernel (%restart) to use the new one"
		}
	default:
		e.Name = f.Kind
	}
	e.Traceback = append(e.Traceback, red(e.Name+": ")+e.Value)
	var foreign []string
	repeated := 0
	for i, fr := range f.Frames {
		if i > 0 && fr == f.Frames[i-1] {
			repeated++
			continue
		}
		if repeated > 0 {
			e.Traceback = append(e.Traceback, dim(fmt.Sprintf("      and %d more calls of this kind", repeated)))
			repeated = 0
		}
		o, ok := s.originOf(fr.File)
		if !ok {
			if !runtimeCall.MatchString(fr.Func) && len(foreign) < maxForeign {
				foreign = append(foreign, dim(fmt.Sprintf("  %s:%d in %s", fr.File, fr.Line, fr.Func)))
			}
			continue
		}
		e.Traceback = append(e.Traceback, bold(fmt.Sprintf("  %s:%d", place(o.count), fr.Line))+inFunction(fr.Func))
		if lines := strings.Split(o.source, "\n"); fr.Line >= 1 && fr.Line <= len(lines) {
			e.Traceback = append(e.Traceback, "      "+printable(strings.TrimSpace(lines[fr.Line-1])))
		}
	}
	if repeated > 0 {
		e.Traceback = append(e.Traceback, dim(fmt.Sprintf("      and %d more calls of this kind", repeated)))
	}
	if len(foreign) > 0 {
		e.Traceback = append(append(e.Traceback, dim("  in packages, the innermost first:")), foreign...)
	}
	return e
}

// runtimeCall finds calls of which a Go programmer wants to know nothing.
var runtimeCall = regexp.MustCompile(`^((internal/)?runtime[./]|internal/sync\.fatal$)`)

// maxForeign is how many calls outside cells a traceback shows.
const maxForeign = 12

// originOf finds the cell that a file name of a traceback stands for.
func (s *Session) originOf(file string) (origin, bool) {
	s.bookMu.Lock()
	defer s.bookMu.Unlock()
	o, ok := s.origins[strings.TrimPrefix(path.Dir(file), "/")]
	return o, ok
}

// inFunction names the function of a frame in a cell; the cell itself has none.
func inFunction(name string) string {
	_, name, _ = strings.Cut(cell.FuncName(name), ".")
	switch {
	case name == "main":
		return ""
	case strings.HasPrefix(name, "main."):
		return " in a function literal"
	}
	return " in " + name
}
