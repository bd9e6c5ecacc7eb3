package rate

import (
	"fmt"
	"strings"
)

// Balance says how a reverse rate follows from a forward one.
type Balance int

// Correct is detailed balance with the phase space of every particle and the factors for identical ones. The others
// reproduce what releases of MESA do instead, named after the first release: R2305 stands for r15140 to r24.03.1.
const (
	Correct Balance = iota
	R2305
	R2408
	R2604
)

var balanceNames = []string{"correct", "r2305", "r2408", "r2604"}

// String returns the name that ParseBalance reads.
func (b Balance) String() string { return nameOf(balanceNames, int(b)) }

// ParseBalance reads "correct", "r2305", "r2408" or "r2604".
func ParseBalance(s string) (Balance, error) {
	i, err := indexOf(balanceNames, "detailed balance", s)
	return Balance(i), err
}

// Screening is a model for how the plasma enhances reactions between charged nuclei.
type Screening int

// Chugunov is Chugunov, DeWitt & Yakovlev (2007, PRD 76, 025028) in the multi-component form of MESA; Extended joins
// weak screening of Graboske et al. (1973, ApJ 181, 457) to strong screening of Alastuey & Jancovici (1978, ApJ 226,
// 1034) with Itoh et al. (1979, ApJ 234, 1079); Salpeter is the weak limit alone; Unscreened switches screening off.
const (
	Chugunov Screening = iota
	Extended
	Salpeter
	Unscreened
)

var screeningNames = []string{"chugunov", "extended", "salpeter", "none"}

// String returns the name that ParseScreening reads.
func (s Screening) String() string { return nameOf(screeningNames, int(s)) }

// ParseScreening reads "chugunov", "extended", "salpeter" or "none".
func ParseScreening(s string) (Screening, error) {
	i, err := indexOf(screeningNames, "screening", s)
	return Screening(i), err
}

func nameOf(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%d", i)
	}
	return names[i]
}

func indexOf(names []string, what, s string) (int, error) {
	for i, n := range names {
		if strings.EqualFold(n, s) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("rate: %q: unknown %s, want one of %s", s, what, strings.Join(names, ", "))
}
