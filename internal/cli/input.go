package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"nuclab/nucnet/nuclide"
)

// readInput reads a file that a flag names; "-" is standard input.
func readInput(path string) (string, error) {
	if path == "-" {
		text, err := io.ReadAll(os.Stdin)
		return string(text), err
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// parseComposition reads "si28=0.9,ne22=0.1" or, after "@", a file of lines "name value" or of one JSON object.
func parseComposition(s string) (nuclide.Composition, error) {
	path, ok := strings.CutPrefix(s, "@")
	if !ok {
		return nuclide.ParseComposition(s)
	}
	text, err := readInput(path)
	if err != nil {
		return nuclide.Composition{}, err
	}
	c := mixture{path: path, seen: map[nuclide.Nuclide]bool{}}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		err = c.readObject(text)
	} else {
		err = c.readLines(text)
	}
	if err == nil && len(c.X) == 0 {
		err = fmt.Errorf("%s: no mass fractions in it", path)
	}
	return c.Composition, err
}

// mixture is what has been read of a composition in a file.
type mixture struct {
	nuclide.Composition
	path string
	seen map[nuclide.Nuclide]bool
}

func (c *mixture) fail(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", c.path, line, fmt.Errorf(format, args...))
}

func (c *mixture) add(line int, name, value string) error {
	n, err := nuclide.Parse(name)
	if err != nil {
		return c.fail(line, "%w", err)
	}
	x, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		return c.fail(line, "%q is not a number", value)
	case !(x >= 0 && x <= maxFraction):
		return c.fail(line, "X(%s) = %g, want a number from 0 to 1", n, x)
	case c.seen[n]:
		return c.fail(line, "%s is named twice", n)
	}
	c.seen[n] = true
	c.Nuclides, c.X = append(c.Nuclides, n), append(c.X, x)
	return nil
}

// maxFraction bounds what --normalize makes mass fractions of.
const maxFraction = 1e100

func (c *mixture) readLines(text string) error {
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch len(fields) {
		case 0:
		case 2:
			if err := c.add(i+1, fields[0], fields[1]); err != nil {
				return err
			}
		default:
			return c.fail(i+1, "%.60q is not a name and a mass fraction", strings.TrimSpace(line))
		}
	}
	return nil
}

func (c *mixture) readObject(text string) error {
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	line := func() int { return 1 + strings.Count(text[:min(int(in.InputOffset()), len(text))], "\n") }
	name := ""
	for first := true; ; first = false {
		token, err := in.Token()
		if err != nil {
			return c.fail(line(), "not a JSON object of mass fractions: %w", err)
		}
		switch v := token.(type) {
		case json.Delim:
			if first {
				continue
			}
			if v == '}' {
				if _, err := in.Token(); err != io.EOF {
					return c.fail(line(), "something comes after the JSON object")
				}
				return nil
			}
			return c.fail(line(), "%s: %v is not a mass fraction", name, v)
		case string:
			if name != "" {
				return c.fail(line(), "%s: %q is not a number", name, v)
			}
			name = v
		case json.Number:
			if err := c.add(line(), name, v.String()); err != nil {
				return err
			}
			name = ""
		default:
			return c.fail(line(), "%s: %v is not a number", name, v)
		}
	}
}

// parseNames reads nuclides separated by commas and white space from a file's text.
func parseNames(path, text string) (list []nuclide.Nuclide, err error) {
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		some, err := nuclide.ParseList(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		list = append(list, some...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no nuclides in it", path)
	}
	return list, nil
}
