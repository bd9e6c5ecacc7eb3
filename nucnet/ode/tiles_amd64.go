package ode

import "golang.org/x/sys/cpu"

// vectorised says that the processor has instructions for the columns of tiles.
var vectorised = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// eliminateTiles is eliminate.
//
//go:noescape
func eliminateTiles(tiles, inverse *tile, targets []target, products *product) bool

// forwardTiles is forward.
//
//go:noescape
func forwardTiles(x [][tileSize]float64, tiles *tile, start *int32, terms *term)

// backTiles is back.
//
//go:noescape
func backTiles(x [][tileSize]float64, inverse, tiles *tile, start *int32, terms *term)

// combineBlocks is combine, with the vectors at x, x[stride:] and so on.
//
//go:noescape
func combineBlocks(dst, y *float64, blocks int, a []float64, x *float64, stride int)

// dotVectors is dot.
//
//go:noescape
func dotVectors(x, y []float64) float64
