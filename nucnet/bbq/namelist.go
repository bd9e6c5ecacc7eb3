package bbq

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrSyntax is wrapped by errors about files that are not in the form BBQ reads. They tell file and line.
var ErrSyntax = errors.New("malformed")

// group is one namelist of a file.
type group struct {
	name    string
	line    int
	assigns []assign
}

// assign is one "key = value, value": keys in lower case, indices from 1, or 1 where none is given.
type assign struct {
	key    string
	index  int
	line   int
	values []value
}

// value is one value of an assignment as it stands in the file, without quotes.
type value struct {
	text   string
	quoted bool
}

// parseNamelists reads the namelists of a file. As in Fortran, what stands between them does not count.
func parseNamelists(name, text string) ([]group, error) {
	p := &parser{file: name, text: text, line: 1}
	var groups []group
	for {
		c := p.skip("")
		if c == 0 {
			return groups, nil
		}
		if c != '&' {
			p.restOfLine()
			continue
		}
		g, err := p.group()
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
}

type parser struct {
	file, text string
	at, line   int
}

func (p *parser) fail(line int, format string, args ...any) error {
	return fmt.Errorf("bbq: %s:%d: %w: %s", p.file, line, ErrSyntax, fmt.Sprintf(format, args...))
}

// peek returns the next character, 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) next() byte {
	c := p.peek()
	if c != 0 {
		p.at++
	}
	if c == '\n' {
		p.line++
	}
	return c
}

func (p *parser) restOfLine() {
	for c := p.peek(); c != 0 && c != '\n'; c = p.peek() {
		p.at++
	}
}

// skip passes white space, comments and the characters in more, and returns the next one.
func (p *parser) skip(more string) byte {
	for {
		c := p.peek()
		switch {
		case c == '!':
			p.restOfLine()
		case c != 0 && strings.IndexByte(" \t\r\n", c) >= 0, c != 0 && strings.IndexByte(more, c) >= 0:
			p.next()
		default:
			return c
		}
	}
}

// word reads a name or a number.
func (p *parser) word() string {
	from := p.at
	for {
		c := p.peek()
		if c == 0 || strings.IndexByte(" \t\r\n,=()/!&'\"", c) >= 0 {
			return p.text[from:p.at]
		}
		p.next()
	}
}

func (p *parser) group() (group, error) {
	g := group{line: p.line}
	p.next()
	if g.name = strings.ToLower(p.word()); g.name == "" {
		return g, p.fail(g.line, "& without the name of a namelist")
	}
	for {
		switch c := p.skip(","); c {
		case 0:
			return g, p.fail(g.line, "namelist &%s is not closed by /", g.name)
		case '/':
			p.next()
			return g, nil
		case '&':
			at := p.line
			p.next()
			if end := strings.ToLower(p.word()); end != "end" {
				return g, p.fail(at, "&%s begins before &%s of line %d is closed by /", end, g.name, g.line)
			}
			return g, nil
		}
		a, err := p.assign()
		if err != nil {
			return g, err
		}
		g.assigns = append(g.assigns, a)
	}
}

// assign reads "key = values" or "key(2) = values".
func (p *parser) assign() (assign, error) {
	a := assign{line: p.line, index: 1}
	if a.key = strings.ToLower(p.word()); a.key == "" || a.key[0] < 'a' || a.key[0] > 'z' {
		return a, p.fail(a.line, "%q where a key should be", a.key+p.text[p.at:min(p.at+1, len(p.text))])
	}
	if p.skip("") == '(' {
		p.next()
		p.skip("")
		index := p.word()
		n, err := strconv.Atoi(index)
		if index == ":" {
			n, err = 1, nil
		}
		if err != nil || n < 1 || p.skip("") != ')' {
			return a, p.fail(a.line, "%s(%s: want an index such as (1)", a.key, index)
		}
		a.index = n
		p.next()
	}
	if p.skip("") != '=' {
		return a, p.fail(a.line, "%s without =", a.key)
	}
	p.next()
	for {
		c := p.skip(",")
		switch c {
		case 0, '/', '&':
			return a, nil
		case '\'', '"':
			s, err := p.quoted()
			if err != nil {
				return a, err
			}
			a.values = append(a.values, value{s, true})
			continue
		case '=', '(', ')':
			return a, p.fail(p.line, "%s: %q where a value should be", a.key, c)
		}
		// A word before = or (...) is the next key.
		at, line := p.at, p.line
		w := p.word()
		if c := p.skip(""); c == '=' || c == '(' {
			p.at, p.line = at, line
			return a, nil
		}
		times := 1
		if count, rest, ok := strings.Cut(w, "*"); ok {
			n, err := strconv.Atoi(count)
			if err != nil || n < 1 || n > 1000 {
				return a, p.fail(line, "%s: %q: want a repeat count such as 3*0.5", a.key, w)
			}
			times, w = n, rest
		}
		for range times {
			a.values = append(a.values, value{w, false})
		}
	}
}

// quoted reads a string; a doubled quote stands for itself.
func (p *parser) quoted() (string, error) {
	line, quote := p.line, p.next()
	var b strings.Builder
	for {
		switch c := p.next(); c {
		case 0, '\n':
			return "", p.fail(line, "%c is not closed", quote)
		case quote:
			if p.peek() != quote {
				return b.String(), nil
			}
			b.WriteByte(p.next())
		default:
			b.WriteByte(c)
		}
	}
}

// parseReal reads a number as Fortran does: 1d-8 and 1-300 are numbers too.
func parseReal(s string) (float64, error) {
	t := strings.Map(func(r rune) rune {
		if strings.ContainsRune("dDqQE", r) {
			return 'e'
		}
		return r
	}, s)
	x, err := strconv.ParseFloat(t, 64)
	if err != nil {
		if i := strings.LastIndexAny(t, "+-"); i > 0 && !strings.Contains(t, "e") {
			if y, err := strconv.ParseFloat(t[:i]+"e"+t[i:], 64); err == nil {
				return y, nil
			}
		}
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return x, nil
}

// parseLogical reads .true., T, .false. and the like.
func parseLogical(s string) (bool, error) {
	switch strings.TrimPrefix(strings.ToLower(s), ".") {
	case "true.", "true", "t", "t.":
		return true, nil
	case "false.", "false", "f", "f.":
		return false, nil
	}
	return false, fmt.Errorf("%q is not .true. or .false. as it should be", s)
}
