package lab

import (
	"os"
	"os/exec"
	"syscall"
)

// separate gives a command a process group of its own.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate ends a process: Windows knows no request to end.
func terminate(p *os.Process) { p.Kill() }
