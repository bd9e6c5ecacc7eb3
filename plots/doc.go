// Package plots draws the figures of nuclear burning on gonum/plot: nuclide charts, abundances against time, training
// curves, comparisons of one composition with another, flows between nuclides, tracks of stellar cores, rates against
// temperature.
//
// A figure starts as a plain struct that the caller fills (Chart, Flows, Abundances, Evolution, Curves, Training,
// Comparison, Parity); its Figure method checks the numbers and returns a *Figure, which a notebook shows by itself and
// Export writes as PDF, SVG, PNG, CSV and JSON. Sizes are those of the printed journal page: one column is 3.5 inches
// wide, two are 7.1.
//
// Text in figures knows a little markup: ^{56}Ni, *Y*_{e} (superscript, subscript, italic).
package plots
