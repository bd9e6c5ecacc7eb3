package cell

import (
	"maps"
	"slices"
)

// Clone returns a notebook with the same definitions, in which cells can be tried that n is not to know of yet.
func (n *Notebook) Clone() *Notebook {
	c := *n
	c.names, c.home, c.pointers = maps.Clone(n.names), maps.Clone(n.home), maps.Clone(n.pointers)
	c.imports, c.dots, c.cells = maps.Clone(n.imports), slices.Clone(n.dots), maps.Clone(n.cells)
	c.texts, c.needs, c.lost = maps.Clone(n.texts), maps.Clone(n.needs), maps.Clone(n.lost)
	c.waiting = maps.Clone(n.waiting)
	return &c
}
