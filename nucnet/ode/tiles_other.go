//go:build !amd64

package ode

const vectorised = false

func eliminateTiles(tiles, inverse *tile, targets []target, products *product) bool { return false }

func forwardTiles(x [][tileSize]float64, tiles *tile, start *int32, terms *term) {}

func backTiles(x [][tileSize]float64, inverse, tiles *tile, start *int32, terms *term) {}

func combineBlocks(dst, y *float64, blocks int, a []float64, x *float64, stride int) {}

func dotVectors(x, y []float64) float64 { return 0 }
