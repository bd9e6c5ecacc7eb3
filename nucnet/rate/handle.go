package rate

import (
	"fmt"
	"slices"
	"strings"
)

// ParseHandle reads the name that MESA gives a reaction of REACLIB: r_c12_ag_o16 and others with two of p, n, a and g,
// r_ni56_wk_co56, r_fe59_wk-minus_co59, r_h1_h1_ec_h2, and r_ with what goes in, to, and what comes out, as in
// r_he4_he4_he4_to_c12. Errors wrap ErrReaction or nuclide.ErrUnknown.
func ParseHandle(s string) (Reaction, error) {
	words := strings.Split(strings.ToLower(strings.TrimSpace(s)), "_")
	arrow := slices.IndexFunc(words, func(w string) bool { return slices.Contains([]string{"to", "wk", "wk-minus", "ec"}, w) })
	text := ""
	switch {
	case words[0] != "r":
	case arrow > 1 && arrow < len(words)-1:
		text = strings.Join(words[1:arrow], "+") + "->" + strings.Join(words[arrow+1:], "+")
	case arrow < 0 && len(words) == 4 && len(words[2]) == 2 && strings.Trim(words[2], "pnag") == "":
		text = fmt.Sprintf("%s(%c,%c)%s", words[1], words[2][0], words[2][1], words[3])
	}
	if text == "" {
		return Reaction{}, fmt.Errorf("rate: %q: %w: want a name such as r_c12_ag_o16 or r_he4_he4_he4_to_c12", s, ErrReaction)
	}
	r, err := ParseReaction(text)
	if err != nil {
		return Reaction{}, fmt.Errorf("rate: %q: %w", s, err)
	}
	return r, nil
}
