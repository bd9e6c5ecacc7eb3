//go:build !amd64

package ode

const vectorised = false

func updateTile(c, tiles *tile, products []product, inverse *tile) {}

func forwardTiles(x [][tileSize]float64, tiles *tile, start *int32, terms *term) {}

func backTiles(x [][tileSize]float64, inverse, tiles *tile, start *int32, terms *term) {}

func combineBlocks(y, a []float64, x *float64, stride int) {}
