// Package cell turns the text of a notebook cell into a Go package: it splits the text, resolves names over the earlier
// cells, checks types, and rewrites the code so that variables outlive the cell, loops can be interrupted, and the end
// of a program is not the end of the process. It compiles and runs nothing.
package cell

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode/utf8"
)

// Kind tells the parts of a cell apart that Go allows in different places.
type Kind int

const (
	Code    Kind = iota // statement, expression, or declaration of constants, types, variables
	Package             // package clause of a pasted program
	Import              // import declaration
	Func                // declaration of a function or method
)

// Chunk is a part of a cell between two semicolons outside all brackets.
type Chunk struct {
	Kind       Kind
	Start, End int  // bytes
	Semicolon  bool // ends with a semicolon that the user wrote
}

// Problem is an error in a cell, at a byte of its text.
type Problem struct {
	Offset int
	Text   string
}

// Split divides src at the semicolons, written or implied, that stand outside all brackets. The problem is an
// unmatched closing bracket, or nil; the last chunk then is all from where the trouble began. Unclosed brackets and strings are left to the parser, except that open reports
// them, since more text could complete the cell.
func Split(src string) (chunks []Chunk, open bool, problem *Problem) {
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), func(_ token.Position, msg string) {
		if strings.HasSuffix(msg, "not terminated") && !strings.HasPrefix(msg, "string") && !strings.HasPrefix(msg, "rune") {
			open = true
		}
	}, 0)

	var brackets []token.Token
	var tokens []token.Token // of the present chunk, as far as they tell its kind
	start, end := -1, 0
	finish := func(semicolon bool) {
		if start >= 0 {
			chunks = append(chunks, Chunk{kindOf(tokens), start, end, semicolon})
		}
		start, tokens = -1, tokens[:0]
	}
	unmatched := func(at int, text string) ([]Chunk, bool, *Problem) {
		end = len(strings.TrimRight(src, " \t\r\n"))
		finish(false)
		return chunks, false, &Problem{at, text}
	}
	for {
		pos, tok, lit := s.Scan()
		at := file.Offset(pos)
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON {
			switch {
			case len(brackets) == 0 && !(lit == ";" && hasHeader(tokens)):
				if lit == ";" {
					end = at + 1
				}
				finish(lit == ";")
			case lit == ";":
				end = at + 1
			}
			continue
		}
		if start < 0 {
			start = at
		}
		end = at + len(lit)
		if lit == "" {
			end = at + len(tok.String())
		} else if tok == token.STRING && lit[0] == '`' {
			// The scanner removes carriage returns from raw strings.
			end = rawEnd(src, at)
		} else if !strings.HasPrefix(src[at:], lit) {
			_, size := utf8.DecodeRuneInString(src[at:])
			end = at + size
		}
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			brackets = append(brackets, tok)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(brackets) == 0 {
				return unmatched(at, "unexpected "+tok.String())
			}
			opening := brackets[len(brackets)-1]
			if closing[opening] != tok {
				return unmatched(at, "unexpected "+tok.String()+", expected "+closing[opening].String())
			}
			brackets = brackets[:len(brackets)-1]
		}
		if len(brackets) == 0 || len(tokens) < 2 {
			if len(tokens) < 5 {
				tokens = append(tokens, tok)
			}
		}
	}
	finish(false)
	return chunks, open || len(brackets) > 0, nil
}

// hasHeader reports whether a statement may have semicolons before its block.
func hasHeader(tokens []token.Token) bool {
	if len(tokens) > 2 && tokens[0] == token.IDENT && tokens[1] == token.COLON {
		tokens = tokens[2:]
	}
	return len(tokens) > 0 && (tokens[0] == token.FOR || tokens[0] == token.IF || tokens[0] == token.SWITCH)
}

var closing = map[token.Token]token.Token{
	token.LPAREN: token.RPAREN,
	token.LBRACK: token.RBRACK,
	token.LBRACE: token.RBRACE,
}

func rawEnd(src string, at int) int {
	if i := strings.IndexByte(src[at+1:], '`'); i >= 0 {
		return at + 1 + i + 1
	}
	return len(src)
}

// kindOf decides by the first tokens outside brackets: func f, or func (receiver) name followed by a parameter list, is
// a declaration; func (parameters) ... is an expression.
func kindOf(tokens []token.Token) Kind {
	if len(tokens) == 0 {
		return Code
	}
	switch tokens[0] {
	case token.PACKAGE:
		return Package
	case token.IMPORT:
		return Import
	case token.FUNC:
		if len(tokens) > 1 && tokens[1] == token.IDENT {
			return Func
		}
		// func ( ) name ( : the opening bracket is the second token, the closing one the third.
		if len(tokens) > 4 && tokens[2] == token.RPAREN && tokens[3] == token.IDENT &&
			(tokens[4] == token.LPAREN || tokens[4] == token.RPAREN) {
			return Func
		}
	}
	return Code
}

// blank returns src with everything outside the kept chunks replaced by spaces; bytes and lines keep their places.
func blank(src string, chunks []Chunk, keep func(Chunk) bool) string {
	b := []byte(src)
	for i := range b {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
	for _, c := range chunks {
		if keep(c) {
			copy(b[c.Start:c.End], src[c.Start:c.End])
		}
	}
	return string(b)
}
