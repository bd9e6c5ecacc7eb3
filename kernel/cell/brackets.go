package cell

import (
	"go/token"
	"slices"
	"strings"
)

// mismatched reports a closing bracket that closes nothing. What the parser found before it is the cause rather: a missing
// comma or another bracket.
func (a *analysis) mismatched(p *Problem) {
	a.problems = slices.DeleteFunc(a.problems, func(q Problem) bool { return q.Offset >= p.Offset })
	if len(a.problems) == 0 {
		a.problem(p.Offset, "syntax error: %s", p.Text)
	}
}

// unclosed replaces what the parser says about the end of a cell whose brackets are not all closed.
func (a *analysis) unclosed() {
	var brackets []int
	scan(a.main.src, func(tok token.Token, at, _ int) {
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			brackets = append(brackets, at)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			brackets = brackets[:len(brackets)-1] // Split has seen that they match
		}
	})
	end := len(strings.TrimRight(a.main.src, " \t\r\n"))
	if len(brackets) == 0 || slices.ContainsFunc(a.problems, func(p Problem) bool { return p.Offset < end }) {
		return
	}
	last := brackets[len(brackets)-1]
	opening := a.main.src[last : last+1]
	closer := map[string]string{"(": ")", "[": "]", "{": "}"}[opening]
	a.problems = nil
	a.problem(end, "syntax error: expected %s for the %s of line %d, found the end of the cell", closer, opening,
		strings.Count(a.main.src[:last], "\n")+1)
}
