package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scripted is a cell of a notebook in testdata, with what it must do.
type scripted struct {
	file  string
	line  int
	code  string
	out   string   // stdout and the text of the value
	fails []string // parts of the error
	err   bool     // it fails
	notes []string // parts of stderr; a cell without must leave it empty
}

// readScript reads a notebook. Cells start with a line "-- cell", what they print with "-- out"; the lines after "-- fails"
// are each part of the error, and those after "-- note" of stderr.
func readScript(t *testing.T, file string) []scripted {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cells []scripted
	var code, out []string
	part := ""
	finish := func() {
		if len(cells) > 0 {
			c := &cells[len(cells)-1]
			c.code, c.out = strings.Join(code, "\n"), strings.Join(out, "\n")
		}
		code, out = nil, nil
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		switch line {
		case "-- cell":
			finish()
			cells = append(cells, scripted{file: filepath.Base(file), line: i + 1})
			part = line
			continue
		case "-- out", "-- fails", "-- note":
			part = line
			cells[len(cells)-1].err = cells[len(cells)-1].err || line == "-- fails"
			continue
		}
		switch part {
		case "-- cell":
			code = append(code, line)
		case "-- out":
			out = append(out, line)
		case "-- fails":
			cells[len(cells)-1].fails = append(cells[len(cells)-1].fails, line)
		case "-- note":
			cells[len(cells)-1].notes = append(cells[len(cells)-1].notes, line)
		}
	}
	finish()
	if len(cells) == 0 {
		t.Fatalf("%s: no cells", file)
	}
	return cells
}

// check runs the cell and says what is wrong.
func (c scripted) check(b *notebook) {
	b.t.Helper()
	res, r := b.run(c.code)
	wrong := func(format string, args ...any) {
		b.t.Helper()
		b.t.Errorf("%s:%d: %s\n%s", c.file, c.line, c.code, fmt.Sprintf(format, args...))
	}
	if res.Err != nil {
		text := colour.ReplaceAllString(res.Err.Name+": "+res.Err.Value+"\n"+strings.Join(res.Err.Traceback, "\n"), "")
		if !c.err {
			wrong("fails: %s", text)
			return
		}
		for _, f := range c.fails {
			if !strings.Contains(text, f) {
				wrong("fails without saying %q: %s", f, text)
			}
		}
	} else if c.err {
		wrong("does not fail; stdout %q", r.out.String())
	}
	out := r.out.String()
	if res.Value != nil {
		out += fmt.Sprint(res.Value.Data["text/plain"])
	}
	if strings.TrimSuffix(out, "\n") != c.out {
		wrong("gives\n%s\nwant\n%s\nstderr: %s", out, c.out, r.err.String())
	}
	if errs := r.err.String(); len(c.notes) == 0 && errs != "" {
		wrong("stderr: %s", errs)
	} else {
		for _, n := range c.notes {
			if !strings.Contains(errs, n) {
				wrong("stderr %q lacks %q", errs, n)
			}
		}
	}
}

// TestLanguage runs notebooks of what Go programmers type, the nasty things included. The cells of one file share a session.
func TestLanguage(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a few hundred cells")
	}
	files, err := filepath.Glob("testdata/language/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			cells := readScript(t, file)
			b := newNotebook(t)
			for _, c := range cells {
				c.check(b)
			}
		})
	}
}
