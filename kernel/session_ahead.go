package kernel

import (
	"context"
	"strings"

	"nuclab/kernel/build"
	"nuclab/kernel/cell"
)

// Ahead compiles cells that wait, in their order, behind one that runs, so that they find their plugins in the cache when
// their turn comes. It changes nothing else and ends at the first cell that does not compile, or whose commands may change
// what the cells behind it mean. Call it when the running cell is prepared.
func (s *Session) Ahead(ctx context.Context, codes []string) {
	if len(codes) == 0 || s.ready(ctx) != nil {
		return
	}
	s.bookMu.Lock()
	book := s.book.Clone()
	s.bookMu.Unlock()
	for _, code := range codes {
		if strings.TrimSpace(code) == "" {
			continue
		}
		if code, ok := goOnly(code); !ok || !s.tryAhead(ctx, book, code) {
			return
		}
	}
}

// tryAhead compiles one cell over a book of its own.
func (s *Session) tryAhead(ctx context.Context, book *cell.Notebook, code string) bool {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if ctx.Err() != nil {
		return false
	}
	c, problems := book.Analyse(code)
	if len(problems) > 0 {
		return false
	}
	if !c.Empty {
		// The end of the running cell is no reason to stop: now the next one needs it.
		if _, err := s.module.Build(s.life, source(c)); err != nil {
			return false
		}
	}
	book.Commit(c)
	return true
}

// source is what is compiled of a cell.
func source(c *cell.Cell) build.Source {
	return build.Source{Path: c.Path, Text: c.Source, Imports: c.Imports, Inert: c.Inert, Mark: cell.Mark, Tag: cell.HiddenTag, Func: cell.FuncName}
}

// goOnly returns the Go code of a cell as it is executed, false when the cell has commands.
func goOnly(code string) (string, bool) {
	blank := 0
	for rest := code; ; blank++ {
		line, after, more := strings.Cut(rest, "\n")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" && more {
			rest = after
			continue
		}
		if strings.HasPrefix(trimmed, "%") || strings.HasPrefix(trimmed, "$") {
			return "", false
		}
		return strings.Repeat("\n", blank) + rest, true
	}
}
