package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// part is a generator of a mixture.
type part struct {
	generator Generator
	upTo      float64 // the sum of the shares of it and those before it
}

// parseMixture reads a generator or "paper:2,nse:1", weights above 0; a generator without a weight has 1.
func parseMixture(g Generator) ([]part, error) {
	var parts []part
	sum := 0.0
	for _, item := range strings.Split(string(g), ",") {
		name, weight, weighted := strings.Cut(strings.TrimSpace(item), ":")
		w := 1.0
		if weighted {
			var err error
			if w, err = strconv.ParseFloat(weight, 64); err != nil || !(w > 0) || math.IsInf(w, 1) {
				return nil, fmt.Errorf("sample: %w: weight %q of %q, want a number above 0", ErrGenerator, weight, name)
			}
		}
		if known := append(Generators(), Listed); !slices.Contains(known, Generator(name)) {
			return nil, fmt.Errorf("sample: %w %q: want one of %v, or several with weights like paper:2,nse:1", ErrGenerator, name, known)
		}
		sum += w
		parts = append(parts, part{Generator(name), sum})
	}
	for i := range parts {
		parts[i].upTo /= sum
		if parts[i].generator == Listed && len(parts) > 1 {
			return nil, fmt.Errorf("sample: %w: a list has no part in a mixture", ErrGenerator)
		}
	}
	parts[len(parts)-1].upTo = 1
	return parts, nil
}

// choose returns the generator of a point. A generator alone takes no random number.
func (s *Sampler) choose(rng *rand.Rand) Generator {
	if len(s.parts) == 1 {
		return s.parts[0].generator
	}
	u := rng.Float64()
	i := slices.IndexFunc(s.parts, func(p part) bool { return u < p.upTo })
	return s.parts[i].generator
}
