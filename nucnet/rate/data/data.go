// Package data embeds the tables of reaction rates. It is a package of its own so that programs built beside this
// library, as notebook cells are, need not embed them again.
package data

import _ "embed"

//go:generate go run nuclab/internal/importer/run -out ../../..

// Reaclib is the table of fits, Weak that of weak rates and Suzuki that of the finer ones for A = 17 to 28, all in the
// format of nuclide/table.
var (
	//go:embed reaclib.bin
	Reaclib string
	//go:embed weak.bin
	Weak string
	//go:embed suzuki.bin
	Suzuki string
)
