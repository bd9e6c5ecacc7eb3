//go:build unix

package kernel

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup starts a program in a process group of its own.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends a process and those it started.
func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }

// signalled says which signal ended a process, "" when none did.
func signalled(s *os.ProcessState) string {
	w, ok := s.Sys().(syscall.WaitStatus)
	switch {
	case !ok || !w.Signaled():
		return ""
	case w.Signal() == syscall.SIGKILL:
		return "it was killed (signal 9), perhaps because the memory was exhausted"
	}
	return "signal " + w.Signal().String()
}

// readNow reads what is there; later means that nothing is there yet, n of 0 that nothing will come.
func readNow(fd uintptr, buf []byte) (n int, later bool) {
	for {
		n, err := syscall.Read(int(fd), buf)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return 0, true
		}
		return n, false
	}
}
