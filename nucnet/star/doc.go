// Package star knows what stars around burning matter look like: it reads the logs of the stellar evolution code MESA
// and has a one-zone model of a contracting core.
//
// OpenLogs reads a history.data or profile.data file, whose columns go by name; Logs.Track takes from a history what
// happens at the centre, Logs.Zones the layers of a profile. Core follows temperature, density and composition of one
// zone from the end of oxygen burning to collapse. Both histories and cores come as a Track.
package star

import "nuclab/nucnet/nuclide"

// Track is what happens to one piece of matter in the course of time.
type Track struct {
	Nuclides []nuclide.Nuclide // in the order of each Point's X
	Points   []Point           // in the order of time
}

// Point is a moment of a Track.
type Point struct {
	Time float64   // s since the start of the track
	Dt   float64   // the step of the calculation that led here, s; 0 if unknown
	T    float64   // K
	Rho  float64   // g/cm3
	Ye   float64   // electron fraction; NaN if unknown
	X    []float64 // mass fractions in the order of Track.Nuclides
}

// Year is the Julian year in s, in which MESA's logs count time since the releases of 2021; before, it was the sidereal
// one, longer by 2e-5.
const Year = 365.25 * 86400
