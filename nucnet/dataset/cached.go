package dataset

import (
	"context"
	"fmt"
	"path/filepath"
)

// Cached returns the data set that the settings describe, kept in a folder below root that is named after them: other
// settings get another folder. What is missing of it, all of it or what an interrupted call left undone, is made
// first, with calls of progress as in Generate. Resume and Shard of the settings do not matter.
func Cached(ctx context.Context, root string, s Settings, progress func(done, total int)) (*Set, error) {
	s.Resume, s.Shard = true, Shard{}
	g, err := newGenerator(s)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, fmt.Sprintf("%s-%.12s", s.Network, g.manifest.ID()))
	if _, err := Generate(ctx, dir, s, progress); err != nil {
		return nil, err
	}
	return Open(dir)
}
