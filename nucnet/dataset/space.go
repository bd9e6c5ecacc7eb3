package dataset

import (
	"errors"
	"fmt"
	"syscall"
)

// ErrSpace is wrapped by errors about disks without room for a set.
var ErrSpace = errors.New("not enough space")

// Bytes returns an estimate of the size of a set's files on disk. Digits of burns hardly compress; the exponents do.
func (r Recipe) Bytes() int64 {
	const shrinks = 0.9
	return int64(float64(r.Samples) * float64(r.layout().numbers()*r.Float/8) * shrinks)
}

// checkSpace compares what the files yet to be made will take with what the disk has.
func (g *generator) checkSpace(dir string, done map[string]File) error {
	free, ok := freeSpace(dir)
	if need := g.missing(done); ok && need > free {
		return fmt.Errorf("dataset: %s: %w: the set needs about %s more, the disk has %s: make fewer samples, or --float 32 for half",
			dir, ErrSpace, size(need), size(free))
	}
	return nil
}

// missing returns about how many bytes the files take that are not done.
func (g *generator) missing(done map[string]File) int64 {
	rows := g.manifest.Samples / max(g.settings.Shard.M, 1)
	for _, f := range done {
		rows -= f.Samples
	}
	return max(int64(float64(g.manifest.Bytes())*float64(rows)/float64(g.manifest.Samples)), 0)
}

// explainSpace says how much is needed where a disk got full, or a limit of the user's was reached.
func (g *generator) explainSpace(err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) && !errors.Is(err, syscall.EFBIG) {
		return err
	}
	done := map[string]File{}
	for _, f := range g.manifest.Files {
		done[f.Name] = f
	}
	return fmt.Errorf("%w: %w: the set needs about %s more; what is finished is kept", err, ErrSpace, size(g.missing(done)))
}

// size writes a number of bytes for people.
func size(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB", "PB"}
	v, i := float64(n), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return fmt.Sprintf("%.3g %s", v, units[i])
}
