// Package rate holds the reactions between nuclides and how fast they go: the fits of REACLIB (Cyburt et al. 2010,
// ApJS 189, 240), their reverses by detailed balance, tabulated weak rates, and screening.
//
// A Library gives for a list of member nuclides the Links between them. Links evaluates all rates at a temperature,
// a Screener all enhancement factors of a plasma, both without allocating. Rates lambda are N_A^(n-1)<sigma v> for n
// reactants: s^-1, cm3 mol^-1 s^-1, cm6 mol^-2 s^-1, and so on; a reaction with multiplicities n_k then runs at
//
//	R = f lambda rho^(n-1) prod_k Y_k^(n_k)/n_k!     mol g^-1 s^-1
package rate
