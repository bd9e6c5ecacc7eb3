// Package filelock lets one process at a time do a piece of work, such as filling a cache directory.
package filelock

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Lock is a lock held on a file. The operating system drops it when the process ends, however it ends.
type Lock struct{ file *os.File }

// Acquire waits until it holds the lock on the file at path, which it creates if need be together with its folder.
// It calls waiting once, if that is not nil, when another process holds the lock.
func Acquire(ctx context.Context, path string, waiting func()) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("filelock: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("filelock: %w", err)
	}
	for {
		ok, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("filelock: %s: %w", path, err)
		}
		if ok {
			return &Lock{f}, nil
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("filelock: %s: %w", path, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.file.Close() }
