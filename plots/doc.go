// Package plots draws the figures of nuclear burning on gonum/plot: nuclide charts, abundances against time, training
// curves, comparisons of one composition with another, flows between nuclides, tracks of stellar cores, errors against the
// time step in aligned panels, histograms, drawings of neural networks, rates against temperature.
//
// A figure starts as a plain struct that the caller fills (Chart, Flows, Abundances, ByMass, Evolution, Panels,
// Histogram, Architecture, Curves, Training, Comparison, Parity); its Figure method checks the numbers and returns a
// *Figure, which a notebook shows by itself and Export writes as PDF, SVG, PNG, CSV and JSON. Sizes are those of the
// printed journal page: one column is 3.5 inches wide, two are 7.1; Figure.For makes one for another page or a slide.
//
// Shown through a handle of kernel/nb, a figure is drawn again in its place:
//
//	h := nb.DisplayHandle(fig)
//	...
//	h.Update(nextFig)
//
// Text in figures knows a little markup: ^{56}Ni, *Y*_{e} (superscript, subscript, italic).
package plots
