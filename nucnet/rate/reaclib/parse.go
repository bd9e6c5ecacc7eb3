package reaclib

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide"
)

// ErrSyntax is wrapped by errors about text that is not REACLIB-2.
var ErrSyntax = errors.New("not in REACLIB format")

// ErrIsomer is wrapped by the error for a set that names a state of Al26 apart from the other, as al-6 and al*6 do.
var ErrIsomer = errors.New("isomer")

// Parse reads a REACLIB-2 file: for every set a line with its chapter and three lines in fixed columns. Sets that name the
// isomers of Al26 are left out and counted. Blank lines between sets are skipped. name stands for the file in errors,
// which wrap ErrSyntax and tell the line.
func Parse(r io.Reader, name string) (sets []Set, isomers int, err error) {
	in := bufio.NewScanner(r)
	var block [4]string
	line := 0
	for in.Scan() {
		line++
		first := strings.TrimRight(in.Text(), " \r")
		if first == "" {
			continue
		}
		block[0] = first
		n := 1
		for n < len(block) && in.Scan() {
			line++
			block[n] = strings.TrimRight(in.Text(), "\r")
			n++
		}
		if n < len(block) {
			break // Scan's error, or the end of the file in the middle of a set
		}
		set, at, err := parseSet(&block)
		switch {
		case errors.Is(err, ErrIsomer):
			isomers++
		case err != nil:
			return nil, 0, fmt.Errorf("%s:%d: %w: %w", name, line-3+at, ErrSyntax, err)
		default:
			sets = append(sets, set)
		}
		block = [4]string{}
	}
	if err := in.Err(); err != nil {
		return nil, 0, fmt.Errorf("%s:%d: %w: %w", name, line+1, ErrSyntax, err)
	}
	if block[0] != "" {
		return nil, 0, fmt.Errorf("%s:%d: %w: file ends within a set, want four lines", name, line, ErrSyntax)
	}
	return sets, isomers, nil
}

// parseSet reads the four lines of a set. at tells which of them, from 0, an error is about.
func parseSet(block *[4]string) (s Set, at int, err error) {
	if s.Chapter, err = strconv.Atoi(strings.TrimSpace(block[0])); err != nil {
		return s, 0, fmt.Errorf("%q is no chapter", block[0])
	}
	if s.Chapter < 1 || s.Chapter >= len(chapters) {
		return s, 0, fmt.Errorf("chapter %d, want 1 to %d", s.Chapter, len(chapters)-1)
	}
	head := block[1]
	for i := range head {
		if head[i] < ' ' || head[i] > '~' {
			return s, 1, fmt.Errorf("column %d: %q is not printable ASCII", i+1, head[i])
		}
	}
	var isomer error
	for i := range s.Nuclide {
		word := strings.TrimSpace(columns(head, 5+5*i, 5))
		if word == "" {
			continue
		}
		if i > 0 && s.Nuclide[i-1] == 0 {
			return s, 1, fmt.Errorf("%q comes after an empty field", word)
		}
		s.Nuclide[i], err = parseName(word)
		if errors.Is(err, ErrIsomer) {
			isomer = err
		} else if err != nil {
			return s, 1, err
		}
	}
	s.Label = strings.TrimSpace(columns(head, 43, 4))
	s.Kind = ' '
	if kind := columns(head, 47, 1); kind != "" {
		s.Kind = kind[0]
	}
	if strings.IndexByte(" nrws", s.Kind) < 0 {
		return s, 1, fmt.Errorf("%q is no kind of set, want n, r, w, s or blank", s.Kind)
	}
	switch reverse := columns(head, 48, 1); reverse {
	case "v":
		s.Reverse = true
	case " ", "":
	default:
		return s, 1, fmt.Errorf("%q is no reverse flag, want v or blank", reverse)
	}
	if s.Q, err = parseNumber(head, 52, 12); err != nil {
		return s, 1, err
	}
	for i := range s.Fit {
		at = 2 + i/4
		if s.Fit[i], err = parseNumber(block[at], 13*(i%4), 13); err != nil {
			return s, at, err
		}
	}
	if err := s.check(); err != nil {
		return s, 1, err
	}
	return s, 1, isomer
}

// columns returns n characters of line from column i, fewer where the line ends.
func columns(line string, i, n int) string { return line[min(i, len(line)):min(i+n, len(line))] }

func parseNumber(line string, i, n int) (float64, error) {
	word := strings.TrimSpace(columns(line, i, n))
	x, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("columns %d-%d: %q is not a number", i+1, i+n, word)
	}
	return x, nil
}

// parseName reads a name as REACLIB writes it. An isomer's code is that of its nuclide.
func parseName(word string) (Code, error) {
	switch word {
	case "n":
		return NewCode(0, 1), nil
	case "p":
		return NewCode(1, 1), nil
	case "d":
		return NewCode(1, 2), nil
	case "t":
		return NewCode(1, 3), nil
	case "al-6", "al*6":
		return NewCode(13, 26), fmt.Errorf("%s: %w", word, ErrIsomer)
	}
	symbol := strings.TrimRight(word, "0123456789")
	a, err := strconv.Atoi(word[len(symbol):])
	if err != nil || a < 1 || a >= 1<<massBits {
		return 0, fmt.Errorf("%q is not a nuclide", word)
	}
	z, ok := nuclide.ChargeNumber(symbol)
	if !ok || z > a {
		return 0, fmt.Errorf("%q is not a nuclide", word)
	}
	return NewCode(z, a), nil
}
