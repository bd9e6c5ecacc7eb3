//go:build unix

package worker

import "syscall"

// closeOnExec keeps a descriptor from the programs that cells start.
func closeOnExec(fd int) { syscall.CloseOnExec(fd) }
