// Package bbq burns what the code BBQ burns, from the same files and into the same files: R. Farmer's one-zone burner
// on top of MESA (Paxton et al. 2011, ApJS 192, 3; the burner itself: Jermyn et al. 2023, ApJS 265, 15, section 10.2).
//
// An [Inlist] is a file of Fortran namelists that chooses a network, tolerances, physics and one of four modes: samples
// from a file, random samples, a profile of temperature and density that may be followed to and fro, and hydrostatic
// burning. A [Runner] made of it burns single zones, or runs the mode and writes the files that BBQ writes.
//
// Physics is MESA's unless asked otherwise: reverse rates as in the release r23.05.1, with the three reactions that
// have no reverse there, no neutrinos where MESA lists no energy for them, and energies as BBQ prints them. The solver
// bader-deuflhard imitates MESA's own, down to the loss by neutrinos that BBQ prints, which is that of the last state
// before extrapolation. Two things are not imitated: in the small networks MESA counts the he4 out of he3 + he4 twice,
// so that mass fractions no longer add up to 1 until BBQ makes them; and masses and rates are newer here.
package bbq
