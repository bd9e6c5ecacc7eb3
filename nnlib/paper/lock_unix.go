//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package paper

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock on an open file, which ends with the process that has it. It reports whether another has it.
func tryLock(f *os.File) (taken bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}
