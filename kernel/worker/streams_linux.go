package worker

import "syscall"

// spare copies a descriptor.
func spare(fd int) int {
	n, err := syscall.Dup(fd)
	if err != nil {
		return -1
	}
	syscall.CloseOnExec(n)
	return n
}

// restore opens a descriptor again that is closed.
func restore(fd, spare int) {
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) == syscall.EBADF && spare >= 0 {
		syscall.Dup3(spare, fd, 0)
	}
}
