package paper

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"nuclab/kernel/nb"
)

// lockEvery is how often one who waits for a lock looks again.
const lockEvery = 50 * time.Millisecond

// lock waits until no other program is making what a file stands for, and keeps them from it until unlock is called or
// this program ends. While it waits it says for what.
func lock(ctx context.Context, path, label string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	var waiting *nb.Progress
	defer func() {
		if waiting != nil {
			waiting.Done()
		}
	}()
	for {
		taken, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("paper: lock %s: %w", path, err)
		}
		if !taken {
			return func() { f.Close() }, nil
		}
		if waiting == nil {
			waiting = nb.NewProgress(label+": made by another notebook at this moment", 0)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(lockEvery):
		}
	}
}

// bar is a progress bar that is not there before anything was done.
func bar(label string) *progress { return &progress{label: label} }

type progress struct {
	label string
	once  sync.Once
	bar   *nb.Progress
}

func (p *progress) set(done, total int) {
	p.once.Do(func() { p.bar = nb.NewProgress(p.label, total) })
	p.bar.Set(done)
}

func (p *progress) done() {
	if p.bar != nil {
		p.bar.Done()
	}
}
