package kernel

import (
	"errors"
	"fmt"
	"go/format"
	"go/scanner"
	"strings"

	"nuclab/kernel/cell"
)

// formatCell formats the Go code of a cell as gofmt does. Its lines of commands stay as they are.
//
// Gofmt takes declarations or statements, a cell mixes them: each run of chunks of one sort is formatted by itself,
// with the comments above it.
func formatCell(code string) (string, error) {
	n := commandLines(code)
	commands, code := code[:n], code[n:]
	chunks, open, problem := cell.Split(code)
	if problem != nil {
		line, column, _ := locate(code, problem.Offset)
		return "", fmt.Errorf("line %d:%d: %s", line, column, problem.Text)
	}
	if open {
		return "", errors.New("the code is not complete")
	}
	var b strings.Builder
	b.WriteString(commands)
	for from, begin := 0, 0; from < len(chunks); {
		to := from + 1
		for to < len(chunks) && declares(chunks[to]) == declares(chunks[from]) {
			to++
		}
		end := len(code)
		if to < len(chunks) {
			// Comments between two runs go with the second; what follows on the line of the first stays there.
			if end = chunks[to-1].End; chunks[to].Start > end {
				if i := strings.IndexByte(code[end:chunks[to].Start], '\n'); i >= 0 {
					end += i + 1
				} else {
					end = chunks[to].Start
				}
			}
		}
		text, err := format.Source([]byte(code[begin:end]))
		if err != nil {
			return "", inCell(err, strings.Count(commands+code[:begin], "\n"))
		}
		b.Write(text)
		from, begin = to, end
	}
	if len(chunks) == 0 {
		b.WriteString(code)
	}
	return b.String(), nil
}

// declares reports whether a chunk may stand only outside functions.
func declares(c cell.Chunk) bool { return c.Kind != cell.Code }

// inCell adds the lines above a piece of a cell to the positions of an error.
func inCell(err error, above int) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return err
	}
	return fmt.Errorf("line %d:%d: %s", list[0].Pos.Line+above, list[0].Pos.Column, list[0].Msg)
}
