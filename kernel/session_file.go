package kernel

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ran is a cell that succeeded.
type ran struct {
	count  int
	source string
}

// remember keeps a cell for %save. What reads and writes such files is no part of them.
func (s *Session) remember(count int, source string) {
	for line := range strings.Lines(source) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); name == "%save" || name == "%load" {
			return
		}
	}
	s.bookMu.Lock()
	defer s.bookMu.Unlock()
	s.cells = append(s.cells, ran{count, source})
}

// cellMark is the line before each cell in a file of cells.
var cellMark = regexp.MustCompile(`(?m)^// In\[\d+\]\n`)

// path is a file as the cells would open it.
func (s *Session) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return filepath.Join(s.cwd, name)
}

func (s *Session) saveCommand(_ context.Context, out *call, arg string) error {
	if arg == "" {
		return fmt.Errorf("name a file")
	}
	s.bookMu.Lock()
	cells := slices.Clone(s.cells)
	s.bookMu.Unlock()
	var b strings.Builder
	for _, c := range cells {
		fmt.Fprintf(&b, "// %s\n%s\n\n", place(c.count), strings.TrimSpace(c.source))
	}
	if err := os.WriteFile(s.path(arg), []byte(b.String()), 0o666); err != nil {
		return err
	}
	out.print(fmt.Sprintf("%d cells are in %s\n", len(cells), arg))
	return nil
}

// load runs a Go file, or the cells of a file that %save wrote one after the other.
func (s *Session) load(ctx context.Context, run *running, r Request, arg string) Result {
	b, err := os.ReadFile(s.path(arg))
	if err != nil {
		return failed("command error", fmt.Sprintf("%%load: %v", err))
	}
	var result Result
	for _, code := range cellMark.Split(string(b), -1) {
		if strings.TrimSpace(code) == "" {
			continue
		}
		r.Code = code
		if result = s.commands(ctx, run, r); result.Err != nil {
			return result
		}
	}
	return result
}

// benchmark is code that measures code. A bare expression is evaluated.
func benchmark(code string) string {
	if e, err := parser.ParseExpr(code); err == nil {
		if _, call := ast.Unparen(e).(*ast.CallExpr); !call {
			code = "_ = " + code
		}
	}
	return "nb.Bench(func() { " + code + "\n})"
}

func (s *Session) limitCommand(_ context.Context, c *call, arg string) error {
	s.mu.Lock()
	most := s.most
	s.mu.Unlock()
	if arg != "" {
		mb, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(mb >= 0) {
			return fmt.Errorf("%s is no number of megabytes", arg)
		}
		most = int(mb * (1 << 20))
		s.mu.Lock()
		s.most = most
		s.mu.Unlock()
		c.emit(func(k Sink) { k.(*limit).most = most })
	}
	if most == 0 {
		c.print("All text of a cell is shown.\n")
		return nil
	}
	c.print(fmt.Sprintf("Of more than %g MB of text the middle is cut out.\n", float64(most)/(1<<20)))
	return nil
}
