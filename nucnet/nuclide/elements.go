package nuclide

// symbols holds the chemical symbols in lower case; the index is Z. The neutron takes place 0.
var symbols = [...]string{"neut",
	"h", "he", "li", "be", "b", "c", "n", "o", "f", "ne",
	"na", "mg", "al", "si", "p", "s", "cl", "ar", "k", "ca",
	"sc", "ti", "v", "cr", "mn", "fe", "co", "ni", "cu", "zn",
	"ga", "ge", "as", "se", "br", "kr", "rb", "sr", "y", "zr",
	"nb", "mo", "tc", "ru", "rh", "pd", "ag", "cd", "in", "sn",
	"sb", "te", "i", "xe", "cs", "ba", "la", "ce", "pr", "nd",
	"pm", "sm", "eu", "gd", "tb", "dy", "ho", "er", "tm", "yb",
	"lu", "hf", "ta", "w", "re", "os", "ir", "pt", "au", "hg",
	"tl", "pb", "bi", "po", "at", "rn", "fr", "ra", "ac", "th",
	"pa", "u", "np", "pu", "am", "cm", "bk", "cf", "es", "fm",
	"md", "no", "lr", "rf", "db", "sg", "bh", "hs", "mt", "ds",
	"rg", "cn", "nh", "fl", "mc", "lv", "ts", "og",
}

// MaxZ is the largest charge number that has a symbol.
const MaxZ = len(symbols) - 1

// Symbol returns the chemical symbol of charge number z in lower case, "neut" for 0 and "" outside 0..MaxZ.
func Symbol(z int) string {
	if z < 0 || z > MaxZ {
		return ""
	}
	return symbols[z]
}

// ChargeNumber returns the charge number of a lower-case chemical symbol.
func ChargeNumber(symbol string) (int, bool) {
	for z := 1; z <= MaxZ; z++ {
		if symbols[z] == symbol {
			return z, true
		}
	}
	return 0, false
}
