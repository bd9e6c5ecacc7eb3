package ode

import "golang.org/x/sys/cpu"

// vectorised says that the processor has instructions for the columns of tiles.
var vectorised = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// updateTile is update.
//
//go:noescape
func updateTile(c, tiles *tile, products []product, inverse *tile)

// forwardTiles is forward.
//
//go:noescape
func forwardTiles(x [][tileSize]float64, tiles *tile, start *int32, terms *term)

// backTiles is back.
//
//go:noescape
func backTiles(x [][tileSize]float64, inverse, tiles *tile, start *int32, terms *term)

// combineBlocks adds the sum over j of a[j] x[j stride:] to y and what is behind
// it in its last block.
//
//go:noescape
func combineBlocks(y, a []float64, x *float64, stride int)
