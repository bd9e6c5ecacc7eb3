// Package data embeds the nuclide table. It is a package of its own so that programs built beside this library, as
// notebook cells are, need not embed it again.
package data

import _ "embed"

// Nuclides is the table of masses, spins, half-lives and partition functions, in the format of package table.
//
//go:embed nuclides.bin
var Nuclides string
