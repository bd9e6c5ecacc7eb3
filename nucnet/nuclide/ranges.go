package nuclide

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseRanges reads a list of isotopes by element, such as "n; h1-2; fe52-54,56": entries are separated by
// semicolons, each an element with mass numbers and ranges of them. Errors wrap ErrUnknown.
func ParseRanges(s string) ([]Nuclide, error) {
	var list []Nuclide
	for _, entry := range strings.Split(s, ";") {
		entry = strings.TrimSpace(entry)
		symbol := strings.TrimRight(entry, "0123456789-, ")
		numbers := entry[len(symbol):]
		if numbers == "" {
			n, err := Parse(entry)
			if err != nil {
				return nil, err
			}
			list = append(list, n)
			continue
		}
		for _, span := range strings.Split(numbers, ",") {
			from, to, isSpan := strings.Cut(strings.TrimSpace(span), "-")
			if !isSpan {
				to = from
			}
			first, err1 := strconv.ParseUint(from, 10, 9)
			last, err2 := strconv.ParseUint(to, 10, 9)
			if err1 != nil || err2 != nil || first > last {
				return nil, fmt.Errorf("nuclide: %q: %w: want mass numbers as in fe52-54,56", entry, ErrUnknown)
			}
			for a := first; a <= last; a++ {
				n, err := Parse(symbol + strconv.FormatUint(a, 10))
				if err != nil {
					return nil, err
				}
				list = append(list, n)
			}
		}
	}
	return list, nil
}
