package paper

import (
	"fmt"
	"strconv"
)

// Value is a number that the paper published, or the range in which its numbers lie.
type Value struct {
	Figure   string // "fig4"
	Quantity string // "Ye", "e_nuc", "e_nu", "A", "X", "time", "layers"
	// Of says what was measured: "NNN" and "approx21" are errors, relative but for X; "approx21/NNN" and "burner/NNN" how
	// many times larger the first is than the second.
	Of      string
	Network string // "" for both together
	// From and To are the time steps it holds for, s; zeros where there are none.
	From, To  float64
	Low, High float64
	// Source is "print" for the text and figures of the paper; "data" for what an audit of its data package found, with its
	// own nets (https://github.com/raw-asparagus/gnn-nucleosynthesis); "computed" for what follows from these.
	Source string
}

// published has the numbers of arXiv:2503.00115, sections 3 to 5 and appendix C, and of the audit of its data.
var published = []Value{
	{"fig3", "X", "NNN", "mesa_80", 1e-3, 1e-3, 3.2e-3, 3.2e-3, "data"}, // the median; nine tenths lie from 1e-4 to 0.1
	{"fig3", "X", "NNN", "mesa_151", 1, 1, 7.8e-4, 7.8e-4, "data"},      // four fifths

	{"fig4", "Ye", "NNN", "mesa_80", 1e-6, 100, 0.00332, 0.00535, "data"},
	{"fig4", "Ye", "NNN", "mesa_151", 1e-6, 100, 0.00548, 0.00726, "data"},
	{"fig4", "Ye", "NNN", "", 1e-6, 100, 0.004, 0.0075, "print"},
	{"fig4", "Ye", "approx21", "mesa_80", 1e-6, 100, 0.0125, 0.035, "computed"},
	{"fig4", "Ye", "approx21", "mesa_151", 1e-6, 100, 0.015, 0.028, "computed"},
	{"fig4", "e_nuc", "NNN", "mesa_80", 1e-6, 100, 0.7, 0.9, "print"},
	{"fig4", "e_nuc", "NNN", "mesa_151", 1e-6, 10, 0.6, 1, "print"},
	{"fig4", "e_nuc", "NNN", "mesa_151", 100, 100, 3.6, 3.6, "print"},
	{"fig4", "e_nuc", "approx21", "", 1e-6, 100, 2, 10, "print"},
	{"fig4", "e_nu", "NNN", "", 1e-6, 0.1, 1, 1, "print"}, // "around 100 %"; it grows after that

	{"fig5", "Ye", "approx21/NNN", "mesa_80", 1e-6, 100, 3.77, 6.51, "data"},
	{"fig5", "Ye", "approx21/NNN", "mesa_151", 1e-6, 100, 2.77, 3.90, "data"},
	{"fig5", "Ye", "approx21/NNN", "mesa_80", 1e-6, 100, 3.9, 6.6, "print"},
	{"fig5", "Ye", "approx21/NNN", "mesa_151", 1e-6, 100, 2.8, 4, "print"},
	{"fig5", "A", "approx21/NNN", "mesa_80", 1e-6, 100, 1.49, 2.91, "data"},
	{"fig5", "A", "approx21/NNN", "mesa_151", 1e-6, 100, 2.56, 3.57, "data"},
	{"fig5", "e_nuc", "approx21/NNN", "mesa_80", 1e-6, 100, 2.49, 4.19, "data"},
	{"fig5", "e_nuc", "approx21/NNN", "mesa_151", 1e-6, 100, 2.84, 7.72, "data"},
	{"fig5", "e_nuc", "approx21/NNN", "mesa_80", 1e-6, 100, 2.5, 4.5, "print"},
	{"fig5", "e_nuc", "approx21/NNN", "mesa_151", 1e-6, 100, 2.8, 7.5, "print"},
	{"fig5", "e_nu", "approx21/NNN", "", 1e-6, 0.1, 1.08, 1.3e4, "data"},
	{"fig5", "e_nu", "approx21/NNN", "", 1, 100, 0.03, 0.93, "data"},

	{"fig6", "Ye", "NNN", "mesa_80", 0.1, 0.1, 0.004, 0.004, "print"},

	{"fig7", "time", "burner/NNN", "mesa_80", 1e-6, 100, 20, 27, "print"},
	{"fig7", "time", "burner/NNN", "mesa_151", 1e-6, 100, 25, 34, "print"},
	{"fig7", "time", "approx21/NNN", "", 1e-6, 100, 1.5, 4, "print"},

	{"figA3", "layers", "NNN", "mesa_80", 0.1, 0.1, 12, 12, "print"}, // the best number; the text of section 2.3 swaps the two
	{"figA3", "layers", "NNN", "mesa_151", 0.1, 0.1, 9, 9, "print"},
}

// Published returns the numbers that the paper published for a figure, "fig4" say, and a network; of those for both
// networks together too. An empty name stands for all.
func Published(figure, network string) (all []Value) {
	for _, v := range published {
		if (figure == "" || v.Figure == figure) && (network == "" || v.Network == network || v.Network == "") {
			all = append(all, v)
		}
	}
	return all
}

// String returns the range, errors but for those of X in percent: "0.332 to 0.535 %".
func (v Value) String() string {
	scale, unit := 1., ""
	if (v.Of == "NNN" || v.Of == "approx21") && v.Quantity != "X" && v.Quantity != "layers" {
		scale, unit = 100, " %"
	}
	number := func(x float64) string { return strconv.FormatFloat(x*scale, 'g', 3, 64) }
	if v.Low == v.High {
		return number(v.Low) + unit
	}
	return fmt.Sprintf("%s to %s%s", number(v.Low), number(v.High), unit)
}
