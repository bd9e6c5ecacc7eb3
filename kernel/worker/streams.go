package worker

import (
	"errors"
	"os"
	"slices"
)

// standard is one of the streams that cells print to.
type standard struct {
	fd       int
	file     **os.File // os.Stdout or os.Stderr
	original *os.File  // what it was at the start
	spare    int       // a copy of the descriptor
}

func newStandard(fd int, file **os.File) *standard {
	return &standard{fd: fd, file: file, original: *file, spare: spare(fd)}
}

// reopen undoes that a cell closed the stream: what later cells print would be lost.
func (s *standard) reopen() {
	restore(s.fd, s.spare)
	if *s.file == nil {
		return
	}
	if _, err := (*s.file).Stat(); !errors.Is(err, os.ErrClosed) {
		return
	}
	if *s.file == s.original {
		s.original = os.NewFile(uintptr(s.fd), (*s.file).Name())
	}
	*s.file = s.original
}

// surroundings are the working directory and, if it has changed since the last call, the environment.
func (w *worker) surroundings() (dir string, env []string) {
	dir, _ = os.Getwd() // none when it was removed
	now := os.Environ()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(now, w.env) {
		w.env, env = now, now
	}
	return dir, env
}
