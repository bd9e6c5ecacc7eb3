// Package sample chooses where to burn: initial states spread evenly over temperature, density and electron fraction,
// with random compositions made for their electron fraction.
//
// Every draw depends on (seed, index) alone. Any worker, on any machine and in any order, makes the same state for the
// same index.
package sample
